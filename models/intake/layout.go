package intake

import (
	"fmt"
	"strings"

	"pagaduria/models/sheet"
)

// The codes of rows that are passed over without being wrong.
const (
	SkipBlankLine      = "blank_line"
	SkipRepeatedHeader = "repeated_header"
	SkipExactDuplicate = "exact_duplicate"
)

// layout knows where the wanted columns of one file stand.
type layout struct {
	header  []string
	columns sheet.Columns
}

func newLayout(header []string, want []sheet.Column, mapping map[string]string) (layout, error) {
	columns, err := sheet.Match(header, want, mapping)
	return layout{header: header, columns: columns}, err
}

// cell returns what stands in a wanted column, without blanks around it.
func (l *layout) cell(rec *sheet.Record, column int) string {
	return strings.TrimSpace(rec.Get(l.columns.At[column]))
}

// fault refuses a row because of a wanted column, which it names as the file does.
func (l *layout) fault(column int, code, format string, args ...any) *Fault {
	return &Fault{Field: l.columns.Names[column], Code: code, Message: fmt.Sprintf(format, args...)}
}

// shape looks at a record as a whole: skip is the code of one to be passed over, fault refuses one
// that cannot be read.
func (l *layout) shape(rec *sheet.Record) (skip string, fault *Fault) {
	switch {
	case rec.Damage == sheet.UnclosedQuote:
		return "", &Fault{Code: string(rec.Damage), Message: "A quote is opened and never closed, so nobody can tell where the record ends. Close it."}
	case rec.Damage != sheet.Whole:
		return "", &Fault{Code: string(rec.Damage), Message: "The record is far too long. Is a quote or a line break missing?"}
	case rec.Blank():
		return SkipBlankLine, nil
	case rec.Len() == len(l.header) && rec.Get(0) == l.header[0] && sheet.Repeats(l.header, rec):
		return SkipRepeatedHeader, nil
	case rec.Len() != len(l.header):
		return "", &Fault{Code: "column_count", Message: fmt.Sprintf("The record has %d columns instead of %d.", rec.Len(), len(l.header))}
	}
	return "", nil
}

// encoding warns of bytes that had to be changed to become text.
func encoding(rec *sheet.Record) (warnings []Warning) {
	if rec.Legacy {
		warnings = append(warnings, Warning{Code: "windows_1252", Message: "The text is not UTF-8 and was read as Windows-1252. Check its accents."})
	}
	if rec.NUL {
		warnings = append(warnings, Warning{Code: "nul_byte", Message: "NUL bytes were left out."})
	}
	return warnings
}

// memo remembers what words mean, so that a column with few different words costs one look-up a row.
// It forgets everything when full, so that a hostile file cannot fill the memory.
type memo[K comparable, V any] struct {
	known map[K]V
	find  func(K) V
	keep  func(K) K // a copy that does not hold on to the record it was cut from
}

const memoSize = 4096

func (m *memo[K, V]) get(k K) V {
	if v, ok := m.known[k]; ok {
		return v
	}
	if m.known == nil || len(m.known) >= memoSize {
		m.known = make(map[K]V)
	}
	v := m.find(k)
	m.known[m.keep(k)] = v
	return v
}

// words returns a memo of words that are recognised by their sheet.Key; other words mean "".
func words(meaning map[string]string) memo[string, string] {
	return memo[string, string]{keep: strings.Clone, find: func(s string) string { return meaning[sheet.Key(s)] }}
}
