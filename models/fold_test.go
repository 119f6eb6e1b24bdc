package models

import "testing"

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"  José   Gregorio ÑÁÑEZ ": "jose gregorio nanez",
		"DIS-288002":               "dis-288002",
		"王\u3000小明":                "王 小明",
		"ＡＢＣ\t1":                   "abc 1",
		"":                         "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}
