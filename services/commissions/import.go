package commissions

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/imports"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
)

// chunkRows is how many lines are read, looked up and written at a time.
const chunkRows = 5000

// ImportKind is the import of commission statements, for the registry.
func (s *Service) ImportKind() imports.Kind {
	return imports.Kind{Name: "commissions", Columns: intake.CommissionColumns, Run: s.Import}
}

// record is one record of the file: a line, or why it is none.
type record struct {
	row   intake.CommissionRow
	skip  string
	fault *intake.Fault
	cells map[string]string
}

// Import takes a commission statement: each accepted line is stored as eligible and posted to the ledger, all
// in one transaction that waits for another import of commissions. A line that an earlier import brought is unchanged.
func (s *Service) Import(ctx context.Context, file io.ReadSeeker, o models.ImportOptions) (models.ImportResult, error) {
	run := &run{report: imports.Report{Options: o}, now: s.Now()}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		run.tx = tx
		if !o.DryRun {
			if err := imports.Lock(tx, "commissions"); err != nil {
				return err
			}
		}
		if err := run.read(ctx, file); err != nil || o.DryRun {
			return err
		}
		return imports.Applied(tx, "commissions", o, run.report.Result)
	})
	return run.report.Result, err
}

// run is one run over a file.
type run struct {
	report imports.Report
	tx     *gorm.DB
	now    time.Time
	judge  *intake.CommissionJudge
}

func (r *run) read(ctx context.Context, file io.ReadSeeker) error {
	in, err := imports.OpenSheet(file)
	if err != nil {
		return err
	}
	rules, err := intake.NewCommissions(in.Header(), r.report.Options.Mapping, r.report.Options.Today)
	if err != nil {
		return imports.Refusal(err)
	}
	r.report.Start(in.Header(), intake.CommissionColumns)
	r.judge = rules.NewCommissionJudge()
	read := 0
	fill := func(c *[]record) (more bool, err error) {
		*c = (*c)[:0]
		for len(*c) < chunkRows {
			if !in.Next() {
				return false, in.Err()
			}
			var rec record
			rec.skip, rec.fault = rules.Parse(in.Record(), &rec.row)
			if read++; read <= models.PreviewRows {
				rec.cells = r.report.Preview(in.Record())
			}
			*c = append(*c, rec)
		}
		return true, nil
	}
	return imports.InChunks(ctx, fill, r.take)
}

// accepted is a line to be stored.
type accepted struct {
	row           *intake.CommissionRow
	distributorID int64
	as            int64 // the record that the row named, 0 for the distributor itself
	flagged       bool
}

// take judges a chunk and stores what it brings.
func (r *run) take(chunk *[]record) error {
	known, err := lookUp(r.tx, *chunk)
	if err != nil {
		return err
	}
	var lines []accepted
	for i := range *chunk {
		rec := &(*chunk)[i]
		v := imports.Verdict{Line: rec.row.Line, Fault: rec.fault, Cells: rec.cells}
		switch {
		case rec.skip != "":
			v.Outcome = models.RowSkipped
		case rec.fault != nil:
			v.Outcome = models.RowRefused
		default:
			judged := r.judge.Judge(&rec.row, known)
			if v.Outcome, v.Fault = judged.Outcome, judged.Fault; v.Outcome == models.RowCreated {
				lines = append(lines, accepted{&rec.row, judged.DistributorID, judged.As, judged.Flagged})
			}
			if v.Fault == nil {
				v.Warnings = rec.row.Warnings
			}
		}
		if err := r.report.Count(v); err != nil {
			return err
		}
	}
	if r.report.Options.DryRun || len(lines) == 0 {
		return nil
	}
	if err := r.store(lines); err != nil {
		return err
	}
	r.judge.Stored()
	return nil
}

const takeIDs = `SELECT nextval(pg_get_serial_sequence('commission_lines', 'id')) FROM generate_series(1, $1)`

var lineCopy = []string{"id", "distributor_id", "order_number", "period", "concept", "amount", "note", "flags", "import_id", "line",
	"created_at", "updated_at", "merged_from"}

// store writes lines and their postings. The ids are taken first, because COPY does not tell them.
func (r *run) store(lines []accepted) error {
	ids, err := store.SelectTx[struct{ ID int64 }](r.tx, takeIDs, len(lines))
	if err != nil {
		return fmt.Errorf("take ids of commission lines: %w", err)
	}
	var importID *int64
	if r.report.Options.ImportID != 0 {
		importID = &r.report.Options.ImportID
	}
	_, err = store.Copy(r.tx, pgx.Identifier{"commission_lines"}, lineCopy, pgx.CopyFromSlice(len(lines), func(i int) ([]any, error) {
		row, flags := lines[i].row, []string{}
		if lines[i].flagged {
			flags = []string{"flag_cash_report"}
		}
		return []any{ids[i].ID, lines[i].distributorID, row.Order, row.Period, row.Concept, row.Amount.Minor, row.Note, flags, importID,
			row.Line, r.now, r.now, nullable(lines[i].as)}, nil
	}))
	if err != nil {
		return err
	}
	transfers := make([]models.Transfer, len(lines))
	for i, l := range lines {
		transfers[i] = posting(ids[i].ID, l.distributorID, l.row.Amount)
	}
	return ledger.Post(r.tx, transfers...)
}

func nullable(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// posting is what a new line means for the books: an expense that is owed to the distributor, or its reversal.
func posting(lineID, distributorID int64, amount models.Money) models.Transfer {
	t := models.Transfer{
		Kind:   models.EntryAccrual,
		Debit:  models.Account{Kind: models.AccountExpense},
		Credit: models.Account{Kind: models.AccountPayable, Party: distributorID},
		Amount: amount,
		Source: models.Source{Kind: "commission", ID: lineID, Step: 1},
	}
	if !amount.Positive() {
		t.Kind, t.Amount = models.EntryClawback, amount.Neg()
		t.Debit, t.Credit = t.Credit, t.Debit
	}
	return t
}
