package orders

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/models/sheet"
	"pagaduria/services/imports"
	"pagaduria/services/store"
)

// chunkRows is how many records are read, looked up and written at a time.
const chunkRows = 5000

// ImportKind is the import of order files, for the registry.
func (s *Service) ImportKind() imports.Kind {
	return imports.Kind{Name: "orders", Columns: intake.OrderColumns, Run: s.Import}
}

// orderRecord is one record of the file: an order, or why it is none.
type orderRecord struct {
	row   intake.OrderRow
	skip  string
	fault *intake.Fault
	cells map[string]string
}

// Import takes an order file: new orders go in by COPY, changed ones are brought up to date, all in one
// transaction that waits for another import of orders.
func (s *Service) Import(ctx context.Context, file io.ReadSeeker, o models.ImportOptions) (models.ImportResult, error) {
	carriers, err := s.Carriers(ctx)
	if err != nil {
		return models.ImportResult{}, err
	}
	run := &orderRun{report: imports.Report{Options: o}, orders: s, carriers: carriers}
	if o.DryRun {
		run.find = func(numbers []string) (map[string]intake.Stored, error) { return storedOrders(ctx, s.DB.Pool, numbers) }
		err := run.read(ctx, file)
		return run.report.Result, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := imports.Lock(tx, "orders"); err != nil {
			return err
		}
		var err error
		if run.rules, err = attributionInForceTx(tx); err != nil {
			return err
		}
		run.tx, run.find = tx, func(numbers []string) (map[string]intake.Stored, error) { return storedOrdersTx(tx, numbers) }
		if err := run.read(ctx, file); err != nil {
			return err
		}
		return imports.Applied(tx, "orders", o, run.report.Result)
	})
	return run.report.Result, err
}

// orderRun is one run over a file. tx is nil in a dry run, which finds out the same and writes nothing.
type orderRun struct {
	report imports.Report
	tx     *gorm.DB
	find   func(numbers []string) (map[string]intake.Stored, error)
	judge  *intake.OrderJudge
	orders *Service
	rules  models.AttributionVersion // in force when the file was taken

	carriers []string // the names of those that are known
}

func (r *orderRun) read(ctx context.Context, file io.ReadSeeker) error {
	in, err := imports.OpenSheet(file)
	if err != nil {
		return err
	}
	rules, err := intake.NewOrders(in.Header(), r.report.Options.Mapping, r.report.Options.Today, r.carriers)
	if err != nil {
		return imports.Refusal(err)
	}
	r.report.Start(in.Header(), intake.OrderColumns)
	r.judge = rules.NewOrderJudge()
	read := 0
	fill := func(c *[]orderRecord) (more bool, err error) {
		*c = (*c)[:0]
		for len(*c) < chunkRows {
			if !in.Next() {
				return false, in.Err()
			}
			read++
			*c = append(*c, r.parse(rules, in.Record(), read))
		}
		return true, nil
	}
	return imports.InChunks(ctx, fill, r.take)
}

func (r *orderRun) parse(rules *intake.Orders, rec *sheet.Record, n int) (o orderRecord) {
	o.skip, o.fault = rules.Parse(rec, &o.row)
	if n <= models.PreviewRows {
		o.cells = r.report.Preview(rec)
	}
	return o
}

// take judges a chunk and writes what it brings.
func (r *orderRun) take(chunk *[]orderRecord) error {
	records := *chunk
	numbers := make([]string, 0, len(records))
	for i := range records {
		if records[i].skip == "" && records[i].fault == nil {
			numbers = append(numbers, records[i].row.Number)
		}
	}
	known, err := r.find(numbers)
	if err != nil {
		return err
	}
	var created, updated []*intake.OrderRow
	for i := range records {
		rec := &records[i]
		v := r.verdict(rec, known)
		switch v.Outcome {
		case models.RowCreated:
			created = append(created, &rec.row)
		case models.RowUpdated:
			updated = append(updated, &rec.row)
		}
		if err := r.report.Count(v); err != nil {
			return err
		}
	}
	if r.tx == nil {
		return nil
	}
	whose, err := r.orders.attributeRows(r.tx, r.rules, created)
	if err != nil {
		return err
	}
	if err := copyOrders(r.tx, created, whose); err != nil {
		return err
	}
	if whose, err = r.orders.attributeRows(r.tx, r.rules, updated); err != nil {
		return err
	}
	return updateOrders(r.tx, updated, whose)
}

func (r *orderRun) verdict(rec *orderRecord, known map[string]intake.Stored) imports.Verdict {
	v := imports.Verdict{Line: rec.row.Line, Fault: rec.fault, Cells: rec.cells}
	switch {
	case rec.skip != "":
		v.Outcome = models.RowSkipped
	case rec.fault != nil:
		v.Outcome = models.RowRefused
	default:
		judged := r.judge.Judge(&rec.row, known[rec.row.Number])
		v.Outcome, v.Fault = judged.Outcome, judged.Fault
		if judged.Outcome == models.RowCreated || judged.Outcome == models.RowUpdated || judged.Outcome == models.RowUnchanged {
			v.Warnings = rec.row.Warnings
		}
	}
	return v
}

const selectStored = `SELECT number, fingerprint, shop_id IS NOT NULL FROM orders WHERE number = ANY($1)`

// storedOrders reads what is kept of the orders that are known already.
func storedOrders(ctx context.Context, q store.Querier, numbers []string) (map[string]intake.Stored, error) {
	rows, err := q.Query(ctx, selectStored, numbers)
	if err != nil {
		return nil, fmt.Errorf("look up orders: %w", err)
	}
	known := map[string]intake.Stored{}
	var number string
	var print int64
	var fromShop bool
	_, err = pgx.ForEachRow(rows, []any{&number, &print, &fromShop}, func() error {
		known[number] = intake.Stored{Known: true, Fingerprint: uint64(print), Shop: fromShop}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up orders: %w", err)
	}
	return known, nil
}

func storedOrdersTx(tx *gorm.DB, numbers []string) (known map[string]intake.Stored, err error) {
	err = store.Conn(tx, func(c *pgx.Conn) error {
		known, err = storedOrders(tx.Statement.Context, c, numbers)
		return err
	})
	return known, err
}
