package models_test

import (
	"testing"

	"pagaduria/models"
)

func TestParsePercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want int
		ok   bool
	}{
		{"19", 1900, true}, {"1,9", 190, true}, {"1.95 %", 195, true}, {"0,05", 5, true}, {"", 0, true}, {" 100% ", 10_000, true},
		{"1,955", 0, false}, {"-1", 0, false}, {"a", 0, false}, {",5", 0, false}, {"1,2,3", 0, false}, {"1000", 0, false}, {"+1", 0, false},
	} {
		got, err := models.ParsePercent(tt.text)
		if (err == nil) != tt.ok || err == nil && got != tt.want {
			t.Errorf("%q: got %d, %v", tt.text, got, err)
		}
	}
	for _, bp := range []int{0, 5, 100, 190, 195, 1900, 10_000} {
		if got, err := models.ParsePercent(models.FormatPercent(bp)); err != nil || got != bp {
			t.Errorf("%d becomes %q, read as %d, %v", bp, models.FormatPercent(bp), got, err)
		}
	}
}
