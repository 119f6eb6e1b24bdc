package sheet

import (
	"strings"
	"unicode/utf8"
)

// Damage says why a record could not be read as it stands.
type Damage string

// The damages a reader recovers from: the record is reported and reading goes on behind it.
const (
	Whole         Damage = ""
	UnclosedQuote Damage = "unclosed_quote"   // a quote is opened and never closed
	TooLarge      Damage = "record_too_large" // more bytes or columns than Options allow
)

// Record is one row of a sheet. The reader fills the same Record again and again; the strings it
// hands out are never overwritten and may be kept.
type Record struct {
	Line   int    // physical line where the record starts; the first line of the file is 1
	Damage Damage // a damaged record has the cells of its first line, or none
	Legacy bool   // bytes that are not UTF-8 were read as Windows-1252
	NUL    bool   // NUL bytes were left out

	text  string
	cells []string
}

// Len returns the number of cells.
func (r *Record) Len() int { return len(r.cells) }

// Get returns cell i as it stands in the file, or "" beyond the last one and for -1, the place of a
// column that the file lacks.
func (r *Record) Get(i int) string {
	if uint(i) >= uint(len(r.cells)) {
		return ""
	}
	return r.cells[i]
}

// Cells returns all cells. The slice is the reader's own and is reused by the next record.
func (r *Record) Cells() []string { return r.cells }

// Text returns all cells in one string, for looking at a record as a whole. What stands between the
// cells is not defined.
func (r *Record) Text() string { return r.text }

// Blank answers whether every cell is empty: an empty line, or one of delimiters alone.
func (r *Record) Blank() bool {
	for _, c := range r.cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// reset makes room for the record that starts at line.
func (r *Record) reset(line int) {
	r.Line, r.Damage, r.Legacy, r.NUL = line, Whole, false, false
	r.text, r.cells = "", r.cells[:0]
}

// split fills the record with one line that holds no quoted cell.
func (r *Record) split(line []byte, comma byte, maxColumns int) {
	r.text = r.clean(line)
	rest := r.text
	for {
		if len(r.cells) == maxColumns {
			r.Damage = TooLarge
			return
		}
		i := strings.IndexByte(rest, comma)
		if i < 0 {
			r.cells = append(r.cells, rest)
			return
		}
		r.cells = append(r.cells, rest[:i])
		rest = rest[i+1:]
	}
}

// fill takes cells that stand one behind the other in joined; ends has the end of each.
func (r *Record) fill(joined []byte, ends []int) {
	if printable(joined) {
		r.text = string(joined)
		start := 0
		for _, end := range ends {
			r.cells = append(r.cells, r.text[start:end])
			start = end
		}
		return
	}
	start := 0
	for _, end := range ends {
		r.cells = append(r.cells, r.clean(joined[start:end]))
		start = end
	}
	r.text = strings.Join(r.cells, "\n")
}

// clean turns bytes into text: NULs, which Postgres cannot store, are left out, and bytes that are not UTF-8
// are read as Windows-1252, the code page of Excel in Colombia.
func (r *Record) clean(b []byte) string {
	if printable(b) {
		return string(b)
	}
	out := make([]byte, 0, len(b)+len(b)/4)
	for len(b) > 0 {
		c, size := utf8.DecodeRune(b)
		switch {
		case b[0] == 0:
			r.NUL = true
		case c == utf8.RuneError && size == 1:
			r.Legacy = true
			out = utf8.AppendRune(out, windows1252(b[0]))
		default:
			out = append(out, b[:size]...)
		}
		b = b[size:]
	}
	return string(out)
}

// printable answers whether b needs no cleaning.
func printable(b []byte) bool {
	for _, c := range b {
		if c == 0 || c >= utf8.RuneSelf {
			return utf8.Valid(b) && !hasNUL(b)
		}
	}
	return true
}
