package search

import (
	"slices"
	"testing"
	"unicode/utf8"
)

func TestParseForgives(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed                   string
		code, doc, phone, email string
		nit, dv                 string
		words                   int
	}{
		{typed: " p-2026-1120-7 ", code: "P-2026-1120-7", doc: "P202611207", words: 1},
		{typed: "#13003", code: "13003", doc: "13003", words: 1},
		{typed: "1.464.645.428", doc: "1464645428", phone: "+571464645428", nit: "146464542", dv: "8", words: 1},
		{typed: "900.652.348-7", doc: "9006523487", phone: "+579006523487", nit: "900652348", dv: "7", words: 1},
		{typed: "+57 320 437 32 61", phone: "+573204373261", doc: "573204373261", nit: "57320437326", dv: "1", words: 5},
		{typed: "Ana@Example.CO", email: "ana@example.co", words: 1},
		{typed: "José  Rivás", words: 2},
	} {
		q := parse(tt.typed)
		has := func(list []string, want string) bool { return want == "" || slices.Contains(list, want) }
		if !has(q.codes, tt.code) || !has(q.docs, tt.doc) || !has(q.phones, tt.phone) || q.email != tt.email || q.nit != tt.nit || q.dv != tt.dv || len(q.words) != tt.words {
			t.Errorf("%q: got %+v", tt.typed, q)
		}
	}
	if q := parse("ab"); q.searchable() != nil {
		t.Error("two letters are looked for in every name")
	}
	if q := parse("  "); len(q.codes) != 0 {
		t.Errorf("nothing was typed, got %+v", q)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"#1", "+57 300", "900.652.348-7", "José", "\xff", "a@b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		q := parse(typed)
		for _, s := range slices.Concat(q.codes, q.docs, q.phones, q.words, []string{q.email, q.nit, q.dv}) {
			if !utf8.ValidString(s) {
				t.Errorf("%q gives %q", typed, s)
			}
		}
		if len(q.words) > mostWords {
			t.Errorf("%d words", len(q.words))
		}
	})
}
