package store_test

import (
	"testing"

	"pagaduria/models"
	"pagaduria/services/store"
)

// FuzzParseCursor holds that every string is either refused as Invalid or read and written back alike.
func FuzzParseCursor(f *testing.F) {
	f.Add("")
	f.Add(store.Cursor{ID: 5}.String())
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := store.ParseCursor(s)
		if err != nil {
			if models.KindOf(err) != models.Invalid {
				t.Fatalf("%q: got %v, want Invalid", s, err)
			}
			return
		}
		if got := c.String(); got != s {
			t.Fatalf("%q read and written back as %q", s, got)
		}
	})
}
