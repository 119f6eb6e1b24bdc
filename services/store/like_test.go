package store

import "testing"

func TestContaining(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"ana": `%ana%`, "100%": `%100\%%`, "a_b": `%a\_b%`, `a\b`: `%a\\b%`} {
		if got := Containing(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
