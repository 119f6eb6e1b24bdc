// Package demo fills a database with a believable merchant: distributors, orders, commissions and a history of
// payouts whose books balance. The same seed and day give the same data at any size; rows are computed from their
// number and streamed, so memory stays constant.
package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Size is how much to make.
type Size struct {
	Distributors int
	Orders       int
	Payouts      int
	Seed         uint64
}

// Small is what serve --demo opens with.
var Small = Size{Distributors: 600, Orders: 1500, Payouts: 2400, Seed: 1}

// Cast are the staff and the connection that the history names.
type Cast struct {
	Maker, Checker models.Actor
	Connection     models.Connection
	Fees           models.FeeBook
}

// maxBatch is how many payouts the demo puts into a batch at most.
const maxBatch = 200

// detailed is for how many of the newest payouts every step and attempt is written; older ones keep their books.
const detailed = 20_000

// world computes every row from its number.
type world struct {
	Size
	cast  Cast
	start time.Time // when the first payout was made
	now   time.Time
	// first ids of each table
	distributor, method, order, batch, payout, line int64
}

// There answers whether the database holds demo data already.
func There(ctx context.Context, db *store.DB) (there bool, err error) {
	err = db.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM distributors WHERE code = $1)`, code(0)).Scan(&there)
	return there, err
}

// Fill writes the demo data in one transaction. It refuses a database that has it already.
func Fill(ctx context.Context, db *store.DB, size Size, cast Cast, now time.Time) error {
	there, err := There(ctx, db)
	if err != nil {
		return err
	}
	if there {
		return models.Errorf(models.Conflict, "The demo data is in this database already: use an empty one to make it anew.")
	}
	if size.Distributors < 10 {
		return models.Errorf(models.Invalid, "A demo needs at least 10 distributors.")
	}
	w := world{Size: size, cast: cast, now: now.UTC().Truncate(time.Minute)}
	w.start = w.now.AddDate(0, 0, -w.days())
	return db.InTx(ctx, func(tx *gorm.DB) error {
		if err := w.reserve(tx); err != nil {
			return err
		}
		for _, t := range w.tables() {
			if _, err := store.Copy(tx, pgx.Identifier{t.name}, t.columns, rowsOf(t.units, t.rows)); err != nil {
				return fmt.Errorf("demo: %w", err)
			}
			if t.after == "" {
				continue
			}
			if _, err := store.ExecTx(tx, t.after, t.args...); err != nil {
				return fmt.Errorf("demo: after %s: %w", t.name, err)
			}
		}
		return audit.Record(tx, audit.Entry{By: models.System("demo"), Action: "demo.fill", SubjectType: "demo", After: size})
	})
}

// days is how far back the history reaches: a batch every other day, at most two years.
func (w world) days() int { return min(max(2*(w.Payouts/w.perBatch()), 7), 730) }

// reserve takes a block of ids from each sequence, so that rows can name each other before they are written.
func (w *world) reserve(tx *gorm.DB) error {
	for _, r := range []struct {
		table string
		n     int
		first *int64
	}{
		{"distributors", w.Distributors, &w.distributor}, {"payout_methods", w.Distributors, &w.method}, {"orders", w.Orders, &w.order},
		{"batches", w.batches(), &w.batch}, {"payouts", w.Payouts, &w.payout}, {"commission_lines", w.lines(), &w.line},
	} {
		rows, err := store.SelectTx[struct{ First int64 }](tx, `SELECT nextval(pg_get_serial_sequence($1, 'id'))`, r.table)
		if err != nil {
			return fmt.Errorf("demo: reserve %s: %w", r.table, err)
		}
		*r.first = rows[0].First
		if _, err := store.ExecTx(tx, `SELECT setval(pg_get_serial_sequence($1, 'id'), $2)`, r.table, *r.first+int64(r.n)); err != nil {
			return fmt.Errorf("demo: reserve %s: %w", r.table, err)
		}
	}
	return nil
}

// table is one COPY. Unit i gives any number of rows.
type table struct {
	name    string
	columns []string
	units   int
	rows    func(i int) [][]any
	after   string // a statement that follows
	args    []any
}

// each makes a table's rows out of a function that gives one row a unit.
func each(row func(i int) []any) func(i int) [][]any {
	return func(i int) [][]any { return [][]any{row(i)} }
}

func rowsOf(units int, rows func(int) [][]any) pgx.CopyFromSource {
	i := 0
	var waiting [][]any
	return pgx.CopyFromFunc(func() ([]any, error) {
		for len(waiting) == 0 {
			if i >= units {
				return nil, nil
			}
			waiting = rows(i)
			i++
		}
		row := waiting[0]
		waiting = waiting[1:]
		return row, nil
	})
}

// pick is a hash of the seed, a purpose and a row's number, reduced to below n: the only source of chance.
func (w world) pick(purpose, i, n int) int {
	x := w.Seed*0x9e3779b97f4a7c15 + uint64(purpose)*0xbf58476d1ce4e5b9 + uint64(i)*0x94d049bb133111eb
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	return int(x % uint64(n))
}
