package plans

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models/plan"
	"pagaduria/services/imports"
	"pagaduria/services/store"
)

// AccrueArgs is the job that counts what happened to orders since it last ran, and books what became payable. It is safe
// to run twice and by two workers: each step is a transaction that one worker at a time does, and what is booked is the
// difference to what was booked before.
type AccrueArgs struct{}

// Kind names the job.
func (AccrueArgs) Kind() string { return "plans.accrue" }

// How much is done in one transaction.
const (
	marksAtOnce  = 50_000
	monthsAtOnce = 500
	ordersAtOnce = 20_000 // unless one seller's month has more
	linesAtOnce  = 10_000
)

// Accrue brings what orders earn up to date and books what is payable by now.
func (s *Service) Accrue(ctx context.Context) error {
	for _, step := range []func(tx *gorm.DB) (more bool, err error){s.gather, s.countSome, s.bookDue} {
		for more := true; more; {
			err := s.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
				// A statement that speaks of an order is taken in before or after, and nobody is made part of another record
				// meanwhile: both hold this lock.
				if err = imports.Lock(tx, "commissions"); err == nil {
					more, err = step(tx)
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("accrue: %w", err)
			}
		}
	}
	return nil
}

// gatherMarks makes of marked orders the months that are due: those the orders are of, and those that they were counted in.
const gatherMarks = `
WITH taken AS (
    DELETE FROM accrual_marks WHERE id IN (SELECT id FROM accrual_marks ORDER BY id LIMIT $1) RETURNING order_id
), named AS (SELECT DISTINCT order_id FROM taken), months AS (
    SELECT o.distributor_id AS seller_id, to_char(o.placed_at AT TIME ZONE 'America/Bogota', 'YYYY-MM') AS month
    FROM named n JOIN orders o ON o.id = n.order_id WHERE o.distributor_id IS NOT NULL
    UNION SELECT a.seller_id, a.month FROM named n JOIN accruals a ON a.order_id = n.order_id
), noted AS (
    INSERT INTO seller_months (seller_id, month, due) SELECT seller_id, month, true FROM months
    ON CONFLICT (seller_id, month) DO UPDATE SET due = true
)
SELECT count(*) FROM taken`

func (s *Service) gather(tx *gorm.DB) (more bool, err error) {
	n, err := store.SelectTx[struct{ N int64 }](tx, gatherMarks, marksAtOnce)
	if err != nil {
		return false, fmt.Errorf("gather changed orders: %w", err)
	}
	return n[0].N == marksAtOnce, nil
}

// standAbove is who stands above the sellers $1, up to level $2, from level 1 on. A seller who stands above themselves is not
// paid for that.
const standAbove = `up AS (
    SELECT d.id AS seller, d.upline_id AS who, 1 AS level FROM distributors d WHERE d.id = ANY($1) AND d.upline_id IS NOT NULL
    UNION ALL
    SELECT up.seller, d.upline_id, up.level + 1 FROM up JOIN distributors d ON d.id = up.who WHERE up.level < $2 AND d.upline_id IS NOT NULL AND d.upline_id <> up.seller
), found AS (
    SELECT up.seller, array_agg(up.who ORDER BY up.level) AS upline, array_agg(d.country ORDER BY up.level) AS countries
    FROM up JOIN distributors d ON d.id = up.who GROUP BY up.seller
)`

const (
	dueMonths = `
SELECT m.seller_id, m.month, (SELECT count(*) FROM orders o WHERE o.distributor_id = m.seller_id
    AND o.placed_at >= (m.month || '-01')::timestamp AT TIME ZONE 'America/Bogota'
    AND o.placed_at < ((m.month || '-01')::timestamp + interval '1 month') AT TIME ZONE 'America/Bogota')
FROM seller_months m WHERE m.due ORDER BY m.month, m.seller_id LIMIT $1 FOR UPDATE OF m`
	// Whoever stands above is kept as of the first time.
	fixUplines = `
WITH RECURSIVE ` + standAbove + `
UPDATE seller_months m SET upline = COALESCE(f.upline, '{}'), countries = COALESCE(f.countries, '{}')
FROM unnest($1::bigint[], $3::text[]) AS u(seller, month) LEFT JOIN found f ON f.seller = u.seller
WHERE m.seller_id = u.seller AND m.month = u.month AND m.upline IS NULL`
	readUplines = `
SELECT m.seller_id, m.month, m.upline, m.countries FROM unnest($1::bigint[], $2::text[]) AS u(seller, month)
JOIN seller_months m ON m.seller_id = u.seller AND m.month = u.month WHERE m.upline IS NOT NULL`
	monthsDone = `
UPDATE seller_months m SET due = false, counted_at = $3 FROM unnest($1::bigint[], $2::text[]) AS u(seller, month)
WHERE m.seller_id = u.seller AND m.month = u.month`
)

// countSome counts some of the months that are due, writes what changed and books it.
func (s *Service) countSome(tx *gorm.DB) (more bool, err error) {
	type due struct {
		sellerMonth
		Orders int64
	}
	found, err := store.SelectTx[due](tx, dueMonths, monthsAtOnce)
	if err != nil {
		return false, fmt.Errorf("read months that are due: %w", err)
	}
	var months []sellerMonth
	var orders int64
	for _, d := range found {
		if orders += d.Orders; len(months) > 0 && orders > ordersAtOnce {
			break
		}
		months = append(months, d.sellerMonth)
	}
	if len(months) == 0 {
		return false, nil
	}
	sellers, names := columnsOf(months)
	if _, err := store.ExecTx(tx, fixUplines, sellers, plan.MostLevels, names); err != nil {
		return false, fmt.Errorf("keep who stands above: %w", err)
	}
	var lines []monthLine
	err = store.Conn(tx, func(c *pgx.Conn) error {
		counted, err := count(tx.Statement.Context, c, months)
		for _, m := range months {
			for _, l := range counted[m].lines {
				lines = append(lines, monthLine{m, counted[m].plan.ID, l})
			}
		}
		return err
	})
	if err != nil {
		return false, err
	}
	now := s.Now()
	if err := writeLines(tx, months, lines, now); err != nil {
		return false, err
	}
	if _, err := store.ExecTx(tx, book+ofSellers+booking, now, sellers, names); err != nil {
		return false, fmt.Errorf("book what orders earn: %w", err)
	}
	if _, err := store.ExecTx(tx, monthsDone, sellers, names, now); err != nil {
		return false, fmt.Errorf("note months as counted: %w", err)
	}
	return true, nil
}

func columnsOf(months []sellerMonth) (sellers []int64, names []string) {
	sellers, names = make([]int64, len(months)), make([]string, len(months))
	for i, m := range months {
		sellers[i], names[i] = m.Seller, m.Month
	}
	return sellers, names
}

// counted is what a seller's month earns, by which plan.
type counted struct {
	plan  plan.Plan
	lines []plan.Line
}

// count reads some months and counts them from scratch. A month without a plan earns nothing.
func count(ctx context.Context, q store.Querier, months []sellerMonth) (map[sellerMonth]counted, error) {
	published, err := store.Select[plan.Plan](ctx, q, inForce)
	if err != nil {
		return nil, fmt.Errorf("read plans in force: %w", err)
	}
	facts, err := readFacts(ctx, q, months)
	if err != nil {
		return nil, err
	}
	sellers, names := columnsOf(months)
	rows, err := store.Select[struct {
		sellerMonth
		Upline    []int64
		Countries []string
	}](ctx, q, readUplines, sellers, names)
	if err != nil {
		return nil, fmt.Errorf("read who stands above: %w", err)
	}
	above := make(map[sellerMonth][]plan.Upline, len(rows))
	for _, r := range rows {
		for i, id := range r.Upline {
			above[r.sellerMonth] = append(above[r.sellerMonth], plan.Upline{DistributorID: id, Country: r.Countries[i]})
		}
	}
	all := make(map[sellerMonth]counted, len(months))
	for _, m := range months {
		if p, ok := plan.InForce(published, m.Month); ok {
			all[m] = counted{p, p.Terms.Accrue(m.Seller, above[m], facts[m])}
		}
	}
	return all, nil
}

// monthLine is a line with the month and the plan that it is of.
type monthLine struct {
	sellerMonth
	plan int64
	plan.Line
}

// accrualKey tells what of a month is one row.
type accrualKey struct {
	sellerMonth
	order int64
	level int
	who   int64
}

// storedLine is a row as it stands.
type storedLine struct {
	ID int64
	sellerMonth
	Order        int64
	Level        int
	Who          int64
	Plan         int64
	Base, Amount int64
	Due          *time.Time
	Wait, Void   string
	Postings     int
}

const (
	storedLines = `
SELECT a.id, a.seller_id, a.month, COALESCE(a.order_id, 0), a.level, a.earner_id, a.plan_id, a.base, a.amount, a.due_at, a.wait, a.void, a.postings
FROM unnest($1::bigint[], $2::text[]) AS u(seller, month) JOIN accruals a ON a.seller_id = u.seller AND a.month = u.month`
	saveLines = `
INSERT INTO accruals (seller_id, month, order_id, level, earner_id, plan_id, base, amount, due_at, wait, void, counted_at)
SELECT seller, month, NULLIF(order_id, 0), level, earner, plan, base, amount, due_at, wait, void, $12
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::smallint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::timestamptz[], $10::text[], $11::text[])
    AS u(seller, month, order_id, level, earner, plan, base, amount, due_at, wait, void)
ON CONFLICT (seller_id, month, COALESCE(order_id, 0), level, earner_id) DO UPDATE SET plan_id = excluded.plan_id, base = excluded.base, amount = excluded.amount,
    due_at = excluded.due_at, wait = excluded.wait, void = excluded.void, counted_at = excluded.counted_at`
	dropLines = `DELETE FROM accruals WHERE id = ANY($1) AND postings = 0`
	voidLines = `UPDATE accruals SET base = 0, amount = 0, due_at = NULL, wait = '', void = $2, counted_at = $3 WHERE id = ANY($1)`
)

// writeLines brings the rows of some months to what was counted. What was booked for stays, though it earns nothing now.
func writeLines(tx *gorm.DB, months []sellerMonth, lines []monthLine, now time.Time) error {
	sellers, names := columnsOf(months)
	stored, err := store.SelectTx[storedLine](tx, storedLines, sellers, names)
	if err != nil {
		return fmt.Errorf("read what was counted before: %w", err)
	}
	before := make(map[accrualKey]*storedLine, len(stored))
	for i := range stored {
		l := &stored[i]
		before[accrualKey{l.sellerMonth, l.Order, l.Level, l.Who}] = l
	}
	var b lineColumns
	for _, l := range lines {
		key := accrualKey{l.sellerMonth, l.OrderID, l.Level, l.Earner}
		if was := before[key]; was == nil || !was.says(l) {
			b.add(l)
		}
		delete(before, key)
	}
	if len(b.seller) > 0 {
		if _, err := store.ExecTx(tx, saveLines, b.seller, b.month, b.order, b.level, b.earner, b.plan, b.base, b.amount, b.due, b.wait, b.void, now); err != nil {
			return fmt.Errorf("write what orders earn: %w", err)
		}
	}
	var drop, void []int64
	for _, l := range before {
		if l.Postings == 0 {
			drop = append(drop, l.ID)
		} else if l.Void != plan.VoidGone {
			void = append(void, l.ID)
		}
	}
	if len(drop) > 0 {
		if _, err := store.ExecTx(tx, dropLines, drop); err != nil {
			return fmt.Errorf("drop what orders no longer earn: %w", err)
		}
	}
	if len(void) > 0 {
		if _, err := store.ExecTx(tx, voidLines, void, plan.VoidGone, now); err != nil {
			return fmt.Errorf("void what orders no longer earn: %w", err)
		}
	}
	return nil
}

// says answers whether a row says what was counted.
func (l *storedLine) says(c monthLine) bool {
	same := l.Due == nil && c.Due == nil || l.Due != nil && c.Due != nil && l.Due.Equal(*c.Due)
	return same && l.Plan == c.plan && l.Base == c.Base.Minor && l.Amount == c.Amount.Minor && l.Wait == c.Wait && l.Void == c.Void
}

// lineColumns are lines column by column, as saveLines takes them.
type lineColumns struct {
	seller, order, earner, plan, base, amount []int64
	month, wait, void                         []string
	level                                     []int16
	due                                       []*time.Time
}

func (b *lineColumns) add(l monthLine) {
	b.seller, b.month, b.order = append(b.seller, l.Seller), append(b.month, l.Month), append(b.order, l.OrderID)
	b.level, b.earner, b.plan = append(b.level, int16(l.Level)), append(b.earner, l.Earner), append(b.plan, l.plan)
	b.base, b.amount, b.due = append(b.base, l.Base.Minor), append(b.amount, l.Amount.Minor), append(b.due, l.Due)
	b.wait, b.void = append(b.wait, l.Wait), append(b.void, l.Void)
}

const (
	// A commission line for each accrual whose lines do not add up to what is payable of it, with its posting. The line goes
	// to the record that the earner is part of now, and says under which it came, as those of statements do.
	book = `
WITH open AS (
    SELECT a.id, a.earner_id, a.order_id, a.month, a.level, a.postings, CASE WHEN a.due_at <= $1 THEN a.amount ELSE 0 END - a.booked AS diff
    FROM accruals a WHERE `
	ofSellers = `(a.seller_id, a.month) IN (SELECT * FROM unnest($2::bigint[], $3::text[]))`
	ofDue     = `a.id IN (SELECT id FROM accruals WHERE booked <> amount AND due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2)`
	booking   = `
), lines AS (
    INSERT INTO commission_lines (distributor_id, order_number, period, concept, amount, line, accrual_id, merged_from, created_at, updated_at)
    SELECT COALESCE(d.merged_into, d.id), COALESCE(r.number, ''), o.month, CASE WHEN o.postings > 0 THEN 'Ajuste: ' ELSE '' END
            || CASE WHEN o.order_id IS NULL THEN 'Bono del plan' WHEN o.level = 0 THEN 'Comisión del plan' ELSE 'Comisión del plan, nivel ' || o.level END,
        o.diff, o.postings + 1, o.id, CASE WHEN d.merged_into IS NOT NULL THEN d.id END, $1, $1
    FROM open o JOIN distributors d ON d.id = o.earner_id LEFT JOIN orders r ON r.id = o.order_id WHERE o.diff <> 0 ORDER BY o.id
    RETURNING id, distributor_id, amount, currency, accrual_id
), posted AS (
    INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
    SELECT CASE WHEN amount > 0 THEN 'commission_expense' ELSE 'payable' END, CASE WHEN amount > 0 THEN 0 ELSE distributor_id END,
        CASE WHEN amount > 0 THEN 'payable' ELSE 'commission_expense' END, CASE WHEN amount > 0 THEN distributor_id ELSE 0 END,
        abs(amount), currency, CASE WHEN amount > 0 THEN 'accrual' ELSE 'clawback' END, 'commission', id, 1 FROM lines
)
UPDATE accruals a SET booked = a.booked + l.amount, postings = a.postings + 1 FROM lines l WHERE a.id = l.accrual_id`
)

// bookDue books what time made payable.
func (s *Service) bookDue(tx *gorm.DB) (more bool, err error) {
	n, err := store.ExecTx(tx, book+ofDue+booking, s.Now(), linesAtOnce)
	if err != nil {
		return false, fmt.Errorf("book what became payable: %w", err)
	}
	return n == linesAtOnce, nil
}
