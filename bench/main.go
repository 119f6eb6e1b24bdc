// Command bench measures the product against what the machine can do: every figure is a ratio of two measurements of
// one run, the product's own over its public doors and the same work by the shortest way. `make bench` runs it.
//
// The product runs as a process of its own on a real Postgres with fsync, synchronous_commit and full_page_writes on.
// The database is filled once for each size and kept; every run works on a copy of it, so that runs are alike.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// scale is how much a size measures.
type scale struct {
	Payouts      int           `json:"payouts"`
	Orders       int           `json:"orders"`
	Distributors int           `json:"distributors"`
	Imported     int           `json:"imported"`   // rows of each order file
	Dispatched   int           `json:"dispatched"` // payouts of each batch sent, at least
	Batched      int           `json:"batched"`    // payouts of the batch composed and approved
	Runs         int           `json:"runs"`
	Each         time.Duration `json:"-"` // length of one run under load
}

// tiny shows that everything can be measured; its figures mean nothing.
var scales = map[string]scale{
	"tiny":  {Payouts: 5_000, Orders: 3_000, Distributors: 700, Imported: 3_000, Dispatched: 500, Batched: 2_000, Runs: 1, Each: 300 * time.Millisecond},
	"small": {Payouts: 150_000, Orders: 100_000, Distributors: 3_700, Imported: 100_000, Dispatched: 3_000, Batched: 20_000, Runs: 3, Each: time.Second},
	"full":  {Payouts: 1_000_000, Orders: 1_000_000, Distributors: 24_000, Imported: 1_000_000, Dispatched: 20_000, Batched: 100_000, Runs: 3, Each: 8 * time.Second},
}

// part is a group of figures measured together.
type part struct {
	numbers []int
	run     func(context.Context, *bench) error
}

// parts in the order they run: the database grows as they go, so the lists come first, and what is sent goes on
// occupying the product, so it comes last.
var parts = []part{
	{[]int{22}, measureStart},
	{[]int{21}, measureFirstVisit},
	{[]int{5, 6, 20}, measurePages},
	{[]int{28, 32, 33}, measureCrowd},
	{[]int{1, 2, 3}, measureIntake},
	{[]int{37}, measureShop},
	{[]int{23}, measureMix},
	{[]int{17, 25, 31}, measureExport},
	{[]int{18}, measureMemory},
	{[]int{15, 16}, measureImport},
	{[]int{27}, measureWalk},
	{[]int{24}, measureDispatch},
	{[]int{19, 26, 29, 30}, measureBatches},
	{[]int{34, 35}, measureScreening},
	{[]int{36}, measureAccrual},
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == bareWord {
		exit(serveBare(os.Args[2]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	size := flag.String("size", cmp.Or(os.Getenv("SIZE"), "small"), "small or full; tiny to see that it runs")
	only := flag.String("only", "", "numbers of the figures to measure, like 1,2,3; all when empty")
	out := flag.String("out", "bench.json", "file for the figures")
	readme := flag.String("readme", "", "file whose marked block gets the table")
	program := flag.String("program", "bin/pagaduria", "the product")
	flag.Parse()
	sc, ok := scales[*size]
	if !ok {
		exit(fmt.Errorf("there is no size %q: use small or full", *size))
	}
	wanted, err := numbers(*only)
	if err != nil {
		exit(err)
	}
	exit(run(ctx, *size, sc, wanted, *program, *out, *readme))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func numbers(list string) (wanted []int, err error) {
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("-only takes numbers like 1,2,3: %q is none", word)
		}
		wanted = append(wanted, n)
	}
	return wanted, nil
}

func run(ctx context.Context, size string, sc scale, wanted []int, program, out, readme string) (err error) {
	began := time.Now()
	b, err := open(ctx, size, sc, program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, p := range parts {
		if len(wanted) > 0 && !slices.ContainsFunc(p.numbers, func(n int) bool { return slices.Contains(wanted, n) }) {
			continue
		}
		started := time.Now()
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("figures %v: %w", p.numbers, err)
		}
		fmt.Printf("     (%.0f s for %v)\n", time.Since(started).Seconds(), p.numbers)
	}
	r, err := b.report(ctx, size, time.Since(began))
	if err != nil {
		return err
	}
	r.print(os.Stdout)
	if err := r.writeJSON(out); err != nil || readme == "" {
		return err
	}
	return r.writeBlock(readme)
}
