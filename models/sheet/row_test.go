package sheet

import (
	"slices"
	"testing"
	"time"
)

func TestRow(t *testing.T) {
	t.Parallel()
	var r Row
	source := []byte("uno")
	r.Bytes(source)
	r.Text("")
	r.Int(-1234)
	r.Moment(time.Date(2026, 11, 20, 9, 30, 0, 0, time.FixedZone("", -5*3600)))
	first := slices.Clone(r.Cells())
	copy(source, "dos")
	r.Text("otra fila")
	if want := []string{"uno", "", "-1234", "2026-11-20T09:30:00-05:00"}; !slices.Equal(first, want) {
		t.Errorf("got %q, want %q", first, want)
	}
	if got := r.Cells(); !slices.Equal(got, []string{"otra fila"}) {
		t.Errorf("got %q", got)
	}
}
