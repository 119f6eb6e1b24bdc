package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"pagaduria/models"
	"pagaduria/models/sanctions"
)

var screenCommand = command{name: "screen", args: "NAME [--kind person|company] [--document N] [--country C] [--json], or --csv FILE --json",
	says: "compares a name, or every name of a file, with the loaded sanctions lists", run: runScreen}

// screened is the object of the contract.
type screened struct {
	ID       string      `json:"id,omitempty"`
	Hits     []screenHit `json:"hits"`
	Decision string      `json:"decision"`
}

type screenHit struct {
	List      string  `json:"list"`
	Entry     string  `json:"entry"`
	Reference string  `json:"reference,omitempty"`
	Name      string  `json:"name"`
	Score     float64 `json:"score"`
	Reason    string  `json:"reason"`
}

func screenedOf(id string, hits []sanctions.Hit, t sanctions.Thresholds) screened {
	s := screened{ID: id, Hits: []screenHit{}, Decision: string(t.Worst(hits))}
	for _, h := range hits {
		s.Hits = append(s.Hits, screenHit{List: string(h.Entry.List), Entry: h.Entry.Number, Reference: h.Entry.Reference, Name: h.Entry.Name(),
			Score: float64(h.Score) / sanctions.Full, Reason: h.Reason()})
	}
	return s
}

func runScreen(ctx context.Context, t *terminal, args []string) (err error) {
	var kind, document, country, file string
	var asJSON bool
	words, err := flags("screen", args, func(f *flag.FlagSet) {
		f.StringVar(&kind, "kind", "", "")
		f.StringVar(&document, "document", "", "")
		f.StringVar(&country, "country", "", "")
		f.StringVar(&file, "csv", "", "")
		f.BoolVar(&asJSON, "json", false, "")
	})
	if err != nil {
		return err
	}
	k, known := screenKinds[kind]
	switch {
	case !known:
		return usageError{"--kind is person or company."}
	case file == "" && len(words) != 1, file != "" && (len(words) > 0 || !asJSON):
		return usageError{"screen takes one name, or --csv FILE with --json."}
	}
	a, err := openApp(ctx, t, "", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	search, err := a.h.Screening.SearchMany(ctx)
	if err != nil {
		return err
	}
	if file != "" {
		in, err := os.Open(file)
		if err != nil {
			return models.Errorf(models.Invalid, "The file cannot be read: %v.", err)
		}
		defer func() { _ = in.Close() }()
		return screenFile(in, t.out, search)
	}
	hits, thresholds := search(sanctions.Query{Name: words[0], Kind: k, DocumentNumber: document, Country: strings.ToUpper(country)})
	s := screenedOf("", hits, thresholds)
	if asJSON {
		return json.NewEncoder(t.out).Encode(s)
	}
	for _, h := range s.Hits {
		fmt.Fprintf(t.out, "%.3f  %s %s  %s: %s\n", h.Score, h.List, h.Entry, h.Name, h.Reason)
	}
	fmt.Fprintln(t.out, s.Decision)
	return nil
}

var screenKinds = map[string]sanctions.Kind{"": "", "person": sanctions.Person, "company": sanctions.Company}

// screenFile answers one object a line for every row.
func screenFile(in io.Reader, to io.Writer, search func(sanctions.Query) ([]sanctions.Hit, sanctions.Thresholds)) error {
	r := csv.NewReader(bufio.NewReader(in))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return models.Errorf(models.Invalid, "The file has no header line.")
	}
	at := map[string]int{}
	for i, name := range header {
		at[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	if _, ok := at["query_name"]; !ok {
		return models.Errorf(models.Invalid, "The file lacks the column query_name.")
	}
	out := bufio.NewWriter(to)
	encoder := json.NewEncoder(out)
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return errors.Join(out.Flush(), models.Errorf(models.Invalid, "The file cannot be read: %v.", err))
		}
		get := func(names ...string) string {
			for _, name := range names {
				if i, ok := at[name]; ok && i < len(row) && strings.TrimSpace(row[i]) != "" {
					return strings.TrimSpace(row[i])
				}
			}
			return ""
		}
		hits, thresholds := search(sanctions.Query{Name: get("query_name"), Kind: screenKinds[get("kind")], DocumentType: strings.ToUpper(get("doc_type")), DocumentNumber: get("doc_number")})
		if err := encoder.Encode(screenedOf(get("id", "query_id"), hits, thresholds)); err != nil {
			return err
		}
	}
}
