package sheet

import (
	"bufio"
	"io"
	"strings"
)

// Layout of an export. The zero value is comma separated without a byte order mark.
type Layout struct {
	Comma byte // 0 is a comma; es-CO Excel wants ;
	BOM   bool // Excel reads UTF-8 only behind a byte order mark
}

// Sink takes the rows of an export, as CSV or otherwise.
type Sink interface {
	Write(cells ...string) error
	Flush() error
}

// Writer writes an export that a spreadsheet may open: a cell it would run as a formula gets an
// apostrophe in front. Lines end with CRLF, as RFC 4180 has it.
type Writer struct {
	w     *bufio.Writer
	comma byte
}

// NewWriter returns a writer to w. Nothing is written before the first row.
func NewWriter(w io.Writer, l Layout) *Writer {
	out := &Writer{w: bufio.NewWriterSize(w, 32<<10), comma: l.Comma}
	if out.comma == 0 {
		out.comma = ','
	}
	if l.BOM {
		out.w.WriteString("\xEF\xBB\xBF") // an error stays in the bufio.Writer and shows in Write and Flush
	}
	return out
}

// Write writes one row.
func (w *Writer) Write(cells ...string) error {
	for i, c := range cells {
		if i > 0 {
			w.w.WriteByte(w.comma)
		}
		w.cell(c, len(cells) == 1)
	}
	_, err := w.w.WriteString("\r\n")
	return err
}

// Flush writes what is still held back.
func (w *Writer) Flush() error { return w.w.Flush() }

// cell writes one cell. An empty cell that is alone in its row is quoted, as the row would be a blank line.
func (w *Writer) cell(s string, alone bool) {
	formula := Formula(s)
	if !w.needsQuotes(s) && (s != "" || !alone) {
		if formula {
			w.w.WriteByte('\'')
		}
		w.w.WriteString(s)
		return
	}
	w.w.WriteByte('"')
	if formula {
		w.w.WriteByte('\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		w.w.WriteString(s[:i+1])
		w.w.WriteByte('"')
		s = s[i+1:]
	}
	w.w.WriteString(s)
	w.w.WriteByte('"')
}

func (w *Writer) needsQuotes(s string) bool {
	if s == "" {
		return false
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return true
	}
	for i := range len(s) {
		switch s[i] {
		case '"', '\r', '\n', w.comma:
			return true
		}
	}
	return false
}

// Formula answers whether a spreadsheet would run s: it starts with = + - @, a tab or a carriage
// return and is not a plain number. Source: OWASP, CSV Injection.
func Formula(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		return !number(s[1:])
	}
	return strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠")
}

// number answers whether s has digits and the signs between them, and nothing else.
func number(s string) bool {
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c != '.' && c != ',':
			return false
		}
	}
	return digits > 0
}
