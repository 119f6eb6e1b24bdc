package sheet

import (
	"bytes"
	"encoding/csv"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzReader reads anything without a panic, with growing lines and never an endless file.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n1,2", "a;\"b\"\r\n\"x\ny\";\"\"\"", "sep=\t\na\tb\n\"", "\xEF\xBB\xBFa\n\xff\x00\"\r\r\n", "x\"\n\"\"\n\"a\"b\n"} {
		f.Add([]byte(s), 40, 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, size, lines int) {
		r, err := NewReader(bytes.NewReader(in), Options{MaxRecord: size % 1000, MaxLines: lines % 50})
		if err != nil {
			return
		}
		last, total := 0, bytes.Count(in, []byte("\n"))+1
		for r.Next() {
			rec := r.Record()
			if rec.Line <= last || rec.Line > total {
				t.Fatalf("line %d behind line %d of %d", rec.Line, last, total)
			}
			last = rec.Line
			for _, c := range rec.Cells() {
				if !utf8.ValidString(c) || strings.IndexByte(c, 0) >= 0 {
					t.Fatalf("cell %q is not clean text", c)
				}
			}
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
	})
}

// FuzzReaderAgreesWithCSV writes cells with encoding/csv and reads the same back as it does.
func FuzzReaderAgreesWithCSV(f *testing.F) {
	f.Add("a|b|c", "x\ny|\"q\"|;", "1||3", true)
	f.Add("uno|dos", "|", " x|\r\n", false)
	f.Fuzz(func(t *testing.T, head, one, two string, crlf bool) {
		if !utf8.ValidString(head) || !utf8.ValidString(one) || !utf8.ValidString(two) || strings.Contains(head+one+two, "\x00") || strings.HasPrefix(head, "\uFEFF") {
			return
		}
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.Comma, w.UseCRLF = ';', crlf
		rows := [][]string{strings.Split("h1|"+head, "|"), strings.Split("#1|"+one, "|"), strings.Split("#2|"+two, "|")}
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		if strings.Count(head+one+two, "\n") > defaultMaxLines || strings.Count(head+one+two, "|") > maxColumns-2 {
			return
		}
		c := csv.NewReader(bytes.NewReader(file.Bytes()))
		c.Comma, c.FieldsPerRecord = ';', -1
		want, err := c.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		_, got := readAll(t, bytes.NewReader(file.Bytes()), Options{Comma: ';'})
		if len(got) != len(want)-1 {
			t.Fatalf("got %d records, want %d", len(got), len(want)-1)
		}
		for i, g := range got {
			if g.damage != Whole || !reflect.DeepEqual(g.cells, want[i+1]) {
				t.Errorf("got %v, want %q", g, want[i+1])
			}
		}
	})
}

// FuzzWriter: what is written reads back the same but for the apostrophe, and nothing starts a formula.
func FuzzWriter(f *testing.F) {
	f.Add("=1+1", "-5", "a;b\n\"c\"")
	f.Add("@x", "+57*1", "")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var file strings.Builder
		w := NewWriter(&file, Layout{Comma: ';', BOM: true})
		for _, row := range [][]string{{"h"}, {a, b, c}} {
			if err := w.Write(row...); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.String(), "\uFEFF")))
		r.Comma, r.FieldsPerRecord = ';', -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%q: %v", file.String(), err)
		}
		for i, in := range []string{a, b, c} {
			want := strings.ReplaceAll(in, "\r\n", "\n")
			if Formula(in) {
				want = "'" + want
			}
			if got := rows[1][i]; got != want || Formula(got) && got != "\n" {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}
