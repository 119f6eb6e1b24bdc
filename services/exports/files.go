package exports

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"pagaduria/models/sheet"
)

// What the name of a column says about its cells.
func amounts(column string) bool { return strings.HasSuffix(column, "_cop") }
func moments(column string) bool {
	return column == "at" || strings.HasSuffix(column, "_at") || strings.HasSuffix(column, "_expiry")
}

// plainAmount takes the currency off an amount that has centavos: "COP 1234.50".
func plainAmount(cell string) string {
	_, number, ok := strings.Cut(cell, " ")
	if !ok {
		return cell
	}
	return number
}

// csvFile is CSV whose amounts have the decimal sign that the reader's spreadsheet wants.
type csvFile struct {
	*sheet.Writer
	decimal string
	amounts []bool // of the columns, once their names were written
}

func newCSV(w io.Writer, r Request) *csvFile {
	layout := sheet.Layout{BOM: len(r.Head) > 0}
	if r.Comma != "" {
		layout.Comma = r.Comma[0]
	}
	return &csvFile{Writer: sheet.NewWriter(w, layout), decimal: r.Decimal}
}

// Write writes one row. The first row with an amount's name in it names the columns.
func (f *csvFile) Write(cells ...string) error {
	if f.amounts == nil {
		if len(cells) > 2 { // lines above the table have two cells
			f.amounts = make([]bool, len(cells))
			for i, c := range cells {
				f.amounts[i] = amounts(c)
			}
		}
		return f.Writer.Write(cells...)
	}
	for i := range min(len(cells), len(f.amounts)) {
		if f.amounts[i] && strings.IndexByte(cells[i], '.') >= 0 {
			cells[i] = strings.Replace(plainAmount(cells[i]), ".", f.decimal, 1)
		}
	}
	return f.Writer.Write(cells...)
}

// sheetRows is how many rows a sheet of a workbook can have.
const sheetRows = 1 << 20

// workbook is an XLSX file whose rows go to the disk as they come. Text stays text, so that nothing is a formula.
type workbook struct {
	file    *excelize.File
	stream  *excelize.StreamWriter
	to      io.Writer
	row     int
	sheets  int
	names   []any // of the columns, repeated on every sheet
	columns []string
	money   int // styles
	moment  int
	values  []any
}

func newWorkbook(w io.Writer) (*workbook, error) {
	b := &workbook{file: excelize.NewFile(), to: w, sheets: 1}
	var err error
	if b.stream, err = b.file.NewStreamWriter("Sheet1"); err != nil {
		return nil, fmt.Errorf("begin workbook: %w", err)
	}
	thousands, moment := "#,##0", "yyyy-mm-dd hh:mm"
	if b.money, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &thousands}); err != nil {
		return nil, fmt.Errorf("begin workbook: %w", err)
	}
	if b.moment, err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &moment}); err != nil {
		return nil, fmt.Errorf("begin workbook: %w", err)
	}
	return b, nil
}

// Write writes one row; beyond a million and some it goes on on another sheet.
func (b *workbook) Write(cells ...string) error {
	if b.row == sheetRows {
		if err := b.turn(); err != nil {
			return err
		}
	}
	b.values = b.values[:0]
	for i, c := range cells {
		b.values = append(b.values, b.cell(i, c))
	}
	if b.columns == nil && len(cells) > 2 {
		b.columns = append(b.columns, cells...)
		b.names = append(b.names, b.values...)
	}
	return b.put(b.values)
}

func (b *workbook) put(values []any) error {
	b.row++
	if err := b.stream.SetRow("A"+strconv.Itoa(b.row), values); err != nil {
		return fmt.Errorf("write row of workbook: %w", err)
	}
	return nil
}

// turn ends a full sheet and begins the next one with the columns' names.
func (b *workbook) turn() error {
	if err := b.stream.Flush(); err != nil {
		return fmt.Errorf("end sheet of workbook: %w", err)
	}
	b.sheets++
	name := "Sheet" + strconv.Itoa(b.sheets)
	if _, err := b.file.NewSheet(name); err != nil {
		return fmt.Errorf("begin sheet of workbook: %w", err)
	}
	var err error
	if b.stream, err = b.file.NewStreamWriter(name); err != nil {
		return fmt.Errorf("begin sheet of workbook: %w", err)
	}
	b.row = 0
	return b.put(b.names)
}

// cell is a cell as its column wants it: a whole amount is a number, a moment a date, anything else text.
func (b *workbook) cell(i int, c string) any {
	if i >= len(b.columns) || c == "" {
		return c
	}
	switch column := b.columns[i]; {
	case amounts(column):
		if n, err := strconv.ParseInt(c, 10, 64); err == nil {
			return excelize.Cell{StyleID: b.money, Value: n}
		}
		return plainAmount(c)
	case moments(column):
		if t, err := time.Parse(time.RFC3339, c); err == nil {
			return excelize.Cell{StyleID: b.moment, Value: t}
		}
	}
	return c
}

// Flush ends the workbook and writes it out.
func (b *workbook) Flush() error {
	if err := b.stream.Flush(); err != nil {
		return fmt.Errorf("end workbook: %w", err)
	}
	if err := b.file.Write(b.to); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return b.file.Close()
}
