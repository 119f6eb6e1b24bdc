package sheet

import (
	"errors"
	"strings"
	"testing"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		layout Layout
		row    []string
		want   string
	}{
		{"plain", Layout{}, []string{"a", "b c", ""}, "a,b c,\r\n"},
		{"semicolon and byte order mark", Layout{Comma: ';', BOM: true}, []string{"a;b", "c,d"}, "\uFEFF\"a;b\";c,d\r\n"},
		{"quotes and line breaks", Layout{}, []string{`say "hi"`, "x\ny"}, "\"say \"\"hi\"\"\",\"x\ny\"\r\n"},
		{"formulas", Layout{}, []string{"=1+1", "@SUM(A1)", "+57*1", "-1+1", "\tx"}, "'=1+1,'@SUM(A1),'+57*1,'-1+1,'\tx\r\n"},
		{"quoted formula", Layout{}, []string{"=A1,B1", "\rx"}, "\"'=A1,B1\",\"'\rx\"\r\n"},
		{"numbers stay", Layout{Comma: ';'}, []string{"-1", "-1.234,50", "+573001234567", "-"}, "-1;-1.234,50;+573001234567;'-\r\n"},
		{"blanks at the ends", Layout{}, []string{" a", "b "}, "\" a\",\"b \"\r\n"},
		{"lone empty cell", Layout{}, []string{""}, "\"\"\r\n"},
		{"full-width signs", Layout{}, []string{"＝1"}, "'＝1\r\n"},
	}
	for _, tt := range tests {
		var out strings.Builder
		w := NewWriter(&out, tt.layout)
		if err := errors.Join(w.Write(tt.row...), w.Flush()); err != nil {
			t.Fatal(err)
		}
		if out.String() != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, out.String(), tt.want)
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	w := NewWriter(discard{}, Layout{Comma: ';'})
	for b.Loop() {
		if err := w.Write("18995", "2026-10-17 18:14", "Entregado", "María; José", "-59450", "=REF"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
