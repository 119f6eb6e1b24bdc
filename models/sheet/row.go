package sheet

import (
	"strconv"
	"time"
)

// Row builds the cells of a row in one piece of memory, so that a row of an export costs one allocation, not one a
// cell. It is used again for every row.
type Row struct {
	text  []byte
	ends  []int
	cells []string
}

// Text adds a cell.
func (r *Row) Text(s string) { r.text = append(r.text, s...); r.ends = append(r.ends, len(r.text)) }

// Bytes adds a cell; b may change afterwards.
func (r *Row) Bytes(b []byte) { r.text = append(r.text, b...); r.ends = append(r.ends, len(r.text)) }

// Int adds a cell with a whole number.
func (r *Row) Int(n int64) {
	r.text = strconv.AppendInt(r.text, n, 10)
	r.ends = append(r.ends, len(r.text))
}

// Moment adds a cell with a time as files have it.
func (r *Row) Moment(t time.Time) {
	r.text = t.AppendFormat(r.text, time.RFC3339)
	r.ends = append(r.ends, len(r.text))
}

// Cells answers the row and begins the next one. The slice is used again, the strings stay as they are.
func (r *Row) Cells() []string {
	all, from := string(r.text), 0
	r.cells = r.cells[:0]
	for _, to := range r.ends {
		r.cells = append(r.cells, all[from:to])
		from = to
	}
	r.text, r.ends = r.text[:0], r.ends[:0]
	return r.cells
}
