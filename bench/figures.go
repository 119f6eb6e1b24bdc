package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// target is what one figure is held against.
type target struct {
	what, against string
	floor, goal   float64
	most          bool // the figure should be at most that much, not at least
	unit          string
}

// targets by their number; 1 to 24 have those that were set for the product. Without floor and goal a figure is told and
// not judged, except that errors must be none. A figure without an "against" is held against a number of its own unit.
var targets = map[int]target{
	1:  {"webhook intake over HTTP, durable before the 200, 32 clients", "durable single-row insert, 32 clients", 0.7, 1.2, false, "/s"},
	2:  {"the same, 8 clients", "the same, 8 clients", 0.6, 1.0, false, "/s"},
	3:  {"the same, 1 client, p95", "the same, 1 client", 3, 1.7, true, "ms"},
	5:  {"first page of payouts, whole HTML, gzip, session checked: rate", "keyset SQL rate", 0.15, 0.30, false, "/s"},
	6:  {"the same, p95", "p95 of the page alone over HTTP + p95 of its SQL", 2, 1.2, true, "ms"},
	15: {"import of orders into the live table", "COPY into that table with its indexes", 0.5, 0.8, false, "rows/s"},
	16: {"import of orders to the checked preview", "COPY, primary key only", 0.5, 0.8, false, "rows/s"},
	18: {"peak memory during an import over HTTP", "idle resident set", 2, 1.3, true, "MB"},
	17: {"export of every payout, streamed over HTTP", "COPY out, joined and sorted", 0.7, 0.95, false, "rows/s"},
	19: {"approval of a batch in one transaction", "bare SQL that writes the same rows", 2, 1.2, true, "s"},
	20: {"memory after the page load run", "", 75, 40, true, "MB"},
	21: {"first visit of a list, nothing cached", "", 120, 60, true, "kB"},
	22: {"start to first 200, external database", "", 0.5, 0.1, true, "s"},
	23: {"page views beside intake at half of what figure 1 is to reach", "page views alone", 0.4, 0.5, false, "/s"},
	24: {"payout dispatch to a local simulator, one process", "", 300, 1500, false, "/s"},
	25: {"peak memory during exports over HTTP", "idle resident set", 2, 1.3, true, "MB"},
	26: {"composing and submitting a batch", "bare SQL that writes the same rows", 2, 1.2, true, "s"},
	27: {"slowest page of the app, p95", "", 30, 30, true, "ms"},
	28: {"200 signed-in people browsing at once: errors", "", 0, 0, true, ""},
	29: {"slowest page of the review of a batch, p95", "", 1000, 30, true, "ms"},
	30: {"preview of a batch, p95", "", 1000, 30, true, "ms"},
	31: {"export of every payout in the background, from form to file", "COPY out, joined and sorted", 0, 0, false, "rows/s"},
	32: {"200 signed-in people browsing at once: p95 of their pages", "", 0, 0, true, "ms"},
	33: {"200 signed-in people browsing at once: peak memory", "", 0, 0, true, "MB"},
	34: {"screening one name against both whole lists, in process, p95", "", 10, 2, true, "ms"},
	35: {"re-screening everybody after an update of a list, in process", "", 833, 5000, false, "/s"},
	36: {"what orders earn by a plan, counted and booked", "one set-based SQL that writes the same rows", 3, 3, true, "s"},
	37: {"orders of a shop by webhook, durable before the 200, 8 clients", "durable single-row insert, 8 clients", 0.5, 0.5, false, "/s"},
}

// figure is one line of the table. Ratio is what counts; where nothing stands against it, it is the figure itself.
type figure struct {
	Number  int     `json:"number"`
	What    string  `json:"what"`
	Against string  `json:"against,omitempty"`
	Unit    string  `json:"unit"`
	Ours    float64 `json:"ours"`
	Limit   float64 `json:"limit,omitempty"`
	Ratio   float64 `json:"ratio"`
	Floor   float64 `json:"floor"`
	Goal    float64 `json:"goal"`
	AtMost  bool    `json:"at_most"`
	Verdict string  `json:"verdict"` // goal, floor, short, "" without targets
}

// add books a figure; limit 0 is none.
func (b *bench) add(number int, ours, limit float64) {
	t := targets[number]
	f := figure{Number: number, What: t.what, Against: t.against, Unit: t.unit, Ours: ours, Limit: limit, Ratio: ours,
		Floor: t.floor, Goal: t.goal, AtMost: t.most}
	if limit > 0 {
		f.Ratio = ours / limit
	}
	meets := func(bar float64) bool { return t.most && f.Ratio <= bar || !t.most && f.Ratio >= bar }
	switch {
	case t.floor == 0 && t.unit != "":
	case meets(t.goal):
		f.Verdict = "goal"
	case meets(t.floor):
		f.Verdict = "floor"
	default:
		f.Verdict = "short"
	}
	b.figures = append(b.figures, f)
	fmt.Fprintf(os.Stderr, "  %2d %s: %s\n", number, t.what, f.short())
}

func (f figure) short() string {
	if f.Limit == 0 {
		return fmt.Sprintf("%s %s (%s)", number(f.Ours), f.Unit, f.Verdict)
	}
	return fmt.Sprintf("%s of %s %s = %.2f (%s)", number(f.Ours), number(f.Limit), f.Unit, f.Ratio, f.Verdict)
}

// number writes a figure with as many digits as mean something.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// report is everything a run says.
type report struct {
	Size     string   `json:"size"`
	Scale    scale    `json:"scale"`
	Date     string   `json:"date"`
	Took     string   `json:"took"`
	Machine  machine  `json:"machine"`
	Figures  []figure `json:"figures"`
	Postgres string   `json:"postgres"`
	Go       string   `json:"go"`
}

type machine struct {
	Cores    int     `json:"cores"`
	MemoryMB int     `json:"memory_mb"`
	Load     float64 `json:"load"` // of the minute before the run: other work on the machine
}

func (b *bench) report(ctx context.Context, size string, took time.Duration) (report, error) {
	r := report{Size: size, Scale: b.scale, Date: time.Now().Format(time.RFC3339), Took: took.Round(time.Second).String(), Figures: b.figures,
		Go: runtime.Version(), Machine: machine{Cores: runtime.NumCPU(), MemoryMB: memoryMB(), Load: b.load}}
	slices.SortFunc(r.Figures, func(x, y figure) int { return x.Number - y.Number })
	return r, b.admin.QueryRow(ctx, `SELECT current_setting('server_version')`).Scan(&r.Postgres)
}

// table is the report in Markdown, which a terminal shows well enough.
func (r report) table() string {
	var s strings.Builder
	fmt.Fprintf(&s, "Size %s: %d payouts and %d orders in the lists, files of %d orders, batches of %d payouts and more sent, one of %d composed and approved, 8 clients unless said, median of %d runs.\n",
		r.Size, r.Scale.Payouts, r.Scale.Orders, r.Scale.Imported, r.Scale.Dispatched, r.Scale.Batched, r.Scale.Runs)
	fmt.Fprintf(&s, "%d cores, %.1f GB, %s, Postgres %s, load before the run %.2f, %s, took %s.\n\n",
		r.Machine.Cores, float64(r.Machine.MemoryMB)/1024, r.Go, r.Postgres, r.Machine.Load, r.Date[:10], r.Took)
	s.WriteString("| # | What | Ours | Against | Limit | Ratio | Floor | Goal | |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, f := range r.Figures {
		sign := ""
		if f.AtMost {
			sign = "≤ "
		}
		limit, ratio := "–", "–"
		if f.Limit > 0 {
			limit, ratio = number(f.Limit)+" "+f.Unit, fmt.Sprintf("%.2f", f.Ratio)
		}
		floor, goal := fmt.Sprintf("%s%g", sign, f.Floor), fmt.Sprintf("%s%g", sign, f.Goal)
		if f.Verdict == "" {
			floor, goal = "–", "–"
		}
		fmt.Fprintf(&s, "| %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", f.Number, f.What, strings.TrimSpace(number(f.Ours)+" "+f.Unit), or(f.Against, "–"), limit, ratio,
			floor, goal, f.Verdict)
	}
	return s.String()
}

func (r report) print(w io.Writer) { fmt.Fprintf(w, "\n%s\n", r.table()) }

func (r report) writeJSON(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// blockMark stands before and behind the table.
const blockMark = "<!-- bench -->"

// writeBlock puts the table between the marks of a file.
func (r report) writeBlock(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	parts := strings.SplitN(string(text), blockMark, 3)
	if len(parts) != 3 {
		return fmt.Errorf("%s has no block between two marks %s", file, blockMark)
	}
	parts[1] = "\n" + r.table()
	return os.WriteFile(file, []byte(strings.Join(parts, blockMark)), 0o644)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
