package imports

import (
	"context"
	"fmt"
	"io"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/models/sheet"
)

// Lock lets one import of a kind run at a time; others wait here until the transaction ends.
func Lock(tx *gorm.DB, kind string) error {
	if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtext('import'), hashtext(?))", kind).Error; err != nil {
		return fmt.Errorf("wait for other imports of %s: %w", kind, err)
	}
	return nil
}

// OpenSheet rewinds a file and reads its header. A file that cannot be read as a whole is refused with a
// sentence for a person.
func OpenSheet(f io.ReadSeeker) (*sheet.Reader, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("rewind file: %w", err)
	}
	r, err := sheet.NewReader(f, sheet.Options{})
	if err != nil {
		return nil, Refusal(err)
	}
	return r, nil
}

// chunksAhead is how many chunks are under way: one is written, one waits, one is read.
const chunksAhead = 3

// InChunks reads a file in chunks with fill and hands them to take in order, while the next ones are read. The
// chunks are used again and again, so that memory stays the same however long the file is. fill answers whether
// there is more; it runs beside take and has ended when InChunks returns.
func InChunks[C any](ctx context.Context, fill func(*C) (more bool, err error), take func(*C) error) error {
	type filled struct {
		chunk *C
		err   error
	}
	ctx, stop := context.WithCancel(ctx)
	free, full, ended := make(chan *C, chunksAhead), make(chan filled, chunksAhead), make(chan struct{})
	for range chunksAhead {
		free <- new(C)
	}
	defer func() { stop(); <-ended }()
	go func() {
		defer close(ended)
		defer close(full)
		for more := true; more; {
			select {
			case <-ctx.Done():
				return
			case c := <-free:
				var err error
				more, err = fill(c)
				full <- filled{c, err}
			}
		}
	}()
	for f := range full {
		if f.err != nil {
			return fmt.Errorf("read file: %w", f.err)
		}
		if err := take(f.chunk); err != nil {
			return err
		}
		free <- f.chunk
	}
	return ctx.Err()
}

// Report counts what becomes of the rows of a file and hands faults and the first rows on as they come: once,
// even when the transaction around it is tried again.
type Report struct {
	Options models.ImportOptions
	Result  models.ImportResult

	columns []sheet.Column
	found   sheet.Columns
	told    int // over all tries
	at      int // in this one
}

// Start begins a try over a file with this header.
func (r *Report) Start(header []string, columns []sheet.Column) {
	r.Result, r.at, r.columns = models.ImportResult{}, 0, columns
	r.found, _ = sheet.Match(header, columns, r.Options.Mapping) // what is missing, the kind's own rules refuse
}

// Preview answers the cells of a record for the preview, nil when none is wanted.
func (r *Report) Preview(rec *sheet.Record) map[string]string {
	if r.Options.OnRow == nil {
		return nil
	}
	cells := map[string]string{}
	for i, c := range r.columns {
		if s := rec.Get(r.found.At[i]); s != "" {
			cells[c.Name] = s
		}
	}
	return cells
}

// Verdict is what became of one row.
type Verdict struct {
	Line     int
	Outcome  models.ImportOutcome
	Fault    *intake.Fault // of a refused row
	Warnings []intake.Warning
	Cells    map[string]string // from Preview
}

// Count books a verdict.
func (r *Report) Count(v Verdict) error {
	r.Result.Rows++
	switch v.Outcome {
	case models.RowCreated:
		r.Result.Created++
	case models.RowUpdated:
		r.Result.Updated++
	case models.RowUnchanged:
		r.Result.Unchanged++
	case models.RowSkipped:
		r.Result.Skipped++
	}
	if r.Options.OnRow != nil && r.Result.Rows <= models.PreviewRows && r.first() {
		r.Options.OnRow(models.ImportRow{Line: v.Line, Outcome: v.Outcome, Cells: v.Cells})
	}
	if v.Fault != nil {
		return r.tell(models.ImportError, v.Line, *v.Fault)
	}
	for _, w := range v.Warnings {
		if err := r.tell(models.ImportWarning, v.Line, intake.Fault(w)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) tell(severity models.ImportSeverity, line int, f intake.Fault) error {
	o := r.Options
	if !r.first() {
		o.OnFault = nil
	}
	return r.Result.Fault(o, severity, models.ImportFault{Line: line, Field: f.Field, Code: f.Code, Message: f.Message})
}

// first answers whether the next thing to say was not said by an earlier try.
func (r *Report) first() bool {
	r.at++
	if r.at <= r.told {
		return false
	}
	r.told = r.at
	return true
}
