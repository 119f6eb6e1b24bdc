package imports

import (
	"fmt"
	"io"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/models/sheet"
)

// Row is one record of a file, read by our column names.
type Row struct {
	Line    int
	Damage  sheet.Damage // the record cannot be read
	Skip    bool         // a blank line, or the header once more
	rec     *sheet.Record
	columns []sheet.Column
	found   sheet.Columns
	place   map[string]int
}

// Get answers the cell of one of our columns, "" where the file lacks it.
func (r Row) Get(column string) string {
	n, ok := r.place[column]
	if !ok {
		return ""
	}
	return r.rec.Get(r.found.At[n])
}

// Column answers what the file calls one of our columns.
func (r Row) Column(column string) string {
	if n, ok := r.place[column]; ok {
		return r.found.Names[n]
	}
	return column
}

// Cells answers the cells that are not empty, by our column names.
func (r Row) Cells() map[string]string {
	cells := map[string]string{}
	for i, c := range r.columns {
		if s := r.rec.Get(r.found.At[i]); s != "" {
			cells[c.Name] = s
		}
	}
	return cells
}

// Fault is what is wrong with a record that cannot be read, nil for a whole one.
func (r Row) Fault() *intake.Fault {
	switch r.Damage {
	case sheet.Whole:
		return nil
	case sheet.UnclosedQuote:
		return &intake.Fault{Code: string(r.Damage), Message: "A quotation mark is opened in this row and never closed."}
	case sheet.TooLarge:
		return &intake.Fault{Code: string(r.Damage), Message: "This row is too long."}
	}
	return &intake.Fault{Code: string(r.Damage), Message: "This row cannot be read."}
}

// EachRow rewinds a file and reads its records. A file that cannot be read
// as a whole is refused with a sentence for a person.
func EachRow(f io.ReadSeeker, columns []sheet.Column, o models.ImportOptions, each func(Row) error) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind file: %w", err)
	}
	r, err := sheet.NewReader(f, sheet.Options{})
	if err != nil {
		return Refusal(err)
	}
	found, err := sheet.Match(r.Header(), columns, o.Mapping)
	if err != nil {
		return Refusal(err)
	}
	row := Row{rec: r.Record(), columns: columns, found: found, place: make(map[string]int, len(columns))}
	for i, c := range columns {
		row.place[c.Name] = i
	}
	for r.Next() {
		row.Line, row.Damage = row.rec.Line, row.rec.Damage
		row.Skip = row.Damage == sheet.Whole && (row.rec.Blank() || sheet.Repeats(r.Header(), row.rec))
		if err := each(row); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	return nil
}
