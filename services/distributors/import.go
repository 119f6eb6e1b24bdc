package distributors

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/imports"
	"pagaduria/services/store"
)

// ImportKind is the import of distributors, for the registry.
func (s *Service) ImportKind() imports.Kind {
	return imports.Kind{Name: "distributors", Columns: intake.DistributorColumns, Readings: 2, Run: s.Import}
}

// portion is how many rows of a file are held at a time.
const portion = 2000

// Import takes a file of distributors. It reads the file twice: once for the codes and documents, which
// rows must not share, once for the rows themselves. Good rows are created, updated or found unchanged
// in one transaction; whoever is new is unverified; faults come in order of lines. Imports wait for each other.
func (s *Service) Import(ctx context.Context, r io.ReadSeeker, o models.ImportOptions) (models.ImportResult, error) {
	var result models.ImportResult
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		result = models.ImportResult{}
		if !o.DryRun {
			if err := writers(tx); err != nil {
				return err
			}
		}
		i := &importing{tx: tx, options: o, result: &result, known: newKnown(tx)}
		if err := i.take(r); err != nil {
			return err
		}
		if o.DryRun {
			return i.report()
		}
		if err := writeStaged(tx, o.By); err != nil {
			return err
		}
		if err := i.recordChanges(); err != nil {
			return err
		}
		if err := i.report(); err != nil {
			return err
		}
		return imports.Applied(tx, "distributors", o, result)
	})
	return result, err
}

// importing is one run of Import.
type importing struct {
	tx      *gorm.DB
	options models.ImportOptions
	result  *models.ImportResult
	known   *known
	file    *intake.DistributorFile
	preview []models.ImportRow
	method  string // what the file calls the column of the payout method
	merged  int    // rows of records that are part of other ones
	faults  []faultRow
	seq     int
}

// faultRow is a fault on its way into the table where faults wait until the run cannot be undone by a
// neighbour any more.
type faultRow struct {
	severity models.ImportSeverity
	models.ImportFault
}

const createFaults = `
CREATE TEMPORARY TABLE staged_faults (seq integer NOT NULL, line integer NOT NULL, severity text NOT NULL, field text NOT NULL, code text NOT NULL, message text NOT NULL) ON COMMIT DROP`

// take reads the file into the stage and compares it with what is stored.
func (i *importing) take(r io.ReadSeeker) error {
	if err := exec(i.tx, createStage, createFaults); err != nil {
		return err
	}
	i.file = intake.NewDistributorFile(i.known.lookups())
	if err := i.readKeys(r); err != nil {
		return err
	}
	if err := i.readRows(r); err != nil {
		return err
	}
	if err := exec(i.tx, "CREATE UNIQUE INDEX ON staged (code)", "ANALYZE staged", compare, "ANALYZE staged"); err != nil {
		return err
	}
	return i.warnOfMethods()
}

const warnMethods = `
INSERT INTO staged_faults (seq, line, severity, field, code, message) SELECT $1, line, 'warning', $2, $3, $4 FROM staged WHERE 'method' = ANY(changed)`

// warnOfMethods says of every known distributor whose row has another method that it needs a second person; the rest
// of the row is taken.
func (i *importing) warnOfMethods() error {
	_, err := store.ExecTx(i.tx, warnMethods, i.seq, i.method, intake.CodeMethodNeedsConsent,
		"This distributor is paid another way. The row is taken, the method is not: ask for the change on the distributor's page, where a second person consents to it.")
	if err != nil {
		return fmt.Errorf("warn of changed methods: %w", err)
	}
	return exec(i.tx, keepMethods)
}

// readKeys is the first reading.
func (i *importing) readKeys(r io.ReadSeeker) error {
	rows := make([]stagedRow, 0, portion)
	add := func() error {
		if err := i.known.learn(rows); err != nil {
			return err
		}
		for _, s := range rows {
			if i.known.byCode[s.row.RefCode].into == "" {
				s.row.UplineRef = i.known.survivor(s.row.UplineRef)
				i.file.Add(s.line, s.row)
			}
		}
		rows = rows[:0]
		return nil
	}
	err := imports.EachRow(r, intake.DistributorColumns, i.options, func(row imports.Row) error {
		if row.Damage != "" || row.Skip {
			return nil
		}
		parsed, fault, _ := intake.ParseDistributor(row.Get, i.options.Today)
		if fault != nil {
			return nil
		}
		if rows = append(rows, stagedRow{line: row.Line, row: parsed}); len(rows) == portion {
			return add()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return add()
}

// readRows is the second reading.
func (i *importing) readRows(r io.ReadSeeker) error {
	rows := make([]stagedRow, 0, portion)
	err := imports.EachRow(r, intake.DistributorColumns, i.options, func(row imports.Row) error {
		if staged, good := i.judge(row); good {
			rows = append(rows, staged)
		}
		if len(rows) < portion && len(i.faults) < portion {
			return nil
		}
		if err := i.flush(rows); err != nil {
			return err
		}
		rows = rows[:0]
		return nil
	})
	if err != nil {
		return err
	}
	return i.flush(rows)
}

// judge counts a row and notes its faults; good ones are to be staged.
func (i *importing) judge(row imports.Row) (s stagedRow, good bool) {
	i.result.Rows++
	if i.method == "" {
		i.method = row.Column("payout_method")
	}
	if row.Skip {
		i.result.Skipped++
		i.show(row, models.RowSkipped)
		return s, false
	}
	parsed, fault, warnings := intake.DistributorRow{}, row.Fault(), []intake.Warning(nil)
	if fault == nil {
		parsed, fault, warnings = intake.ParseDistributor(row.Get, i.options.Today)
	}
	if into := i.known.byCode[parsed.RefCode].into; fault == nil && into != "" {
		i.merged++
		i.note(models.ImportWarning, row, intake.Fault{Field: "ref_code", Code: intake.CodeMergedRecord,
			Message: "This record is part of " + into + " now. The row changes nothing: change that one."})
		i.show(row, models.RowUnchanged)
		return s, false
	}
	parsed.UplineRef = i.known.survivor(parsed.UplineRef)
	if fault == nil {
		fault = i.file.Fault(row.Line, parsed)
	}
	if fault != nil {
		i.note(models.ImportError, row, *fault)
		i.show(row, models.RowRefused)
		return s, false
	}
	for _, w := range warnings {
		i.note(models.ImportWarning, row, intake.Fault(w))
	}
	i.show(row, models.RowCreated)
	return stagedRow{row.Line, parsed, warningCodes(warnings)}, true
}

func (i *importing) note(severity models.ImportSeverity, row imports.Row, f intake.Fault) {
	i.faults = append(i.faults, faultRow{severity, models.ImportFault{Line: row.Line, Field: row.Column(f.Field), Code: f.Code, Message: f.Message}})
}

// show keeps the first rows for the preview; report corrects what becomes of the good ones.
func (i *importing) show(row imports.Row, outcome models.ImportOutcome) {
	if i.options.OnRow != nil && len(i.preview) < models.PreviewRows {
		i.preview = append(i.preview, models.ImportRow{Line: row.Line, Outcome: outcome, Cells: row.Cells()})
	}
}

func (i *importing) flush(rows []stagedRow) error {
	if err := stage(i.tx, rows); err != nil {
		return err
	}
	_, err := store.Copy(i.tx, pgx.Identifier{"staged_faults"}, []string{"seq", "line", "severity", "field", "code", "message"},
		pgx.CopyFromSlice(len(i.faults), func(n int) ([]any, error) {
			f := i.faults[n]
			return []any{i.seq + n, f.Line, string(f.severity), f.Field, f.Code, f.Message}, nil
		}))
	i.seq += len(i.faults)
	i.faults = i.faults[:0]
	return err
}

const recordUpdates = `
INSERT INTO audit_events (actor_id, actor_name, address, session_id, action, subject_type, subject_id, after)
SELECT @staff, @name, @address, @session, 'distributor.update', 'distributor', id, jsonb_build_object('changed', to_jsonb(changed), 'import', CAST(@import AS bigint), 'line', line)
FROM staged WHERE cardinality(changed) > 0 ORDER BY line`

// recordChanges writes one event a changed distributor. New ones are covered by the import's own event.
func (i *importing) recordChanges() error {
	by := i.options.By
	_, err := store.ExecTx(i.tx, recordUpdates, pgx.NamedArgs{"staff": by.StaffID, "name": by.Name, "address": by.Address,
		"session": by.SessionID, "import": i.options.ImportID})
	if err != nil {
		return fmt.Errorf("record changed distributors: %w", err)
	}
	return nil
}

const countOutcomes = `
SELECT count(*) FILTER (WHERE changed IS NULL), count(*) FILTER (WHERE cardinality(changed) > 0), count(*) FILTER (WHERE changed = '{}') FROM staged`

// report counts and hands on faults and preview. It is the last thing before the commit.
func (i *importing) report() error {
	type outcomes struct{ Created, Updated, Unchanged int }
	counts, err := store.SelectTx[outcomes](i.tx, countOutcomes)
	if err != nil {
		return fmt.Errorf("count import: %w", err)
	}
	i.result.Created, i.result.Updated, i.result.Unchanged = counts[0].Created, counts[0].Updated, counts[0].Unchanged+i.merged
	if err := i.handOnFaults(); err != nil {
		return err
	}
	return i.handOnPreview()
}

func (i *importing) handOnFaults() error {
	return store.Conn(i.tx, func(c *pgx.Conn) error {
		rows, err := c.Query(i.tx.Statement.Context, "SELECT severity, line, field, code, message FROM staged_faults ORDER BY line, seq")
		if err != nil {
			return fmt.Errorf("read faults: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var severity models.ImportSeverity
			var f models.ImportFault
			if err := rows.Scan(&severity, &f.Line, &f.Field, &f.Code, &f.Message); err != nil {
				return fmt.Errorf("read faults: %w", err)
			}
			if err := i.result.Fault(i.options, severity, f); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (i *importing) handOnPreview() error {
	if i.options.OnRow == nil {
		return nil
	}
	type outcome struct {
		Line    int
		Outcome models.ImportOutcome
	}
	found, err := store.SelectTx[outcome](i.tx, `SELECT line, CASE WHEN changed IS NULL THEN 'created' WHEN changed = '{}' THEN 'unchanged' ELSE 'updated' END
		FROM staged ORDER BY line LIMIT $1`, models.PreviewRows)
	if err != nil {
		return fmt.Errorf("preview import: %w", err)
	}
	outcomes := make(map[int]models.ImportOutcome, len(found))
	for _, f := range found {
		outcomes[f.Line] = f.Outcome
	}
	for _, row := range i.preview {
		if o, staged := outcomes[row.Line]; staged {
			row.Outcome = o
		}
		i.options.OnRow(row)
	}
	return nil
}
