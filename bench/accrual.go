package main

import (
	"context"
	"fmt"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/plan"
	"pagaduria/services/plans"
	"pagaduria/services/requests"
)

const (
	// Ten distributors stand above all others, one of them above the other nine.
	accrualUplines = `
WITH n AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM distributors WHERE merged_into IS NULL)
UPDATE distributors d SET upline_id = (SELECT t.id FROM n t WHERE t.n = CASE WHEN n.n <= 10 THEN 1 ELSE n.n % 10 + 1 END) FROM n WHERE n.id = d.id AND n.n > 1`
	// Orders of everybody in one month, delivered long ago.
	accrualOrders = `
WITH n AS MATERIALIZED (SELECT array_agg(id ORDER BY id) AS ids FROM distributors WHERE merged_into IS NULL)
INSERT INTO orders (number, placed_at, status, buyer, quantity, subtotal, discount, shipping, iva, total, payment, distributor_id, attributed_by, attribution_version, attributed_at, sku, delivered_at)
SELECT $1 || i, $2::timestamptz + i % 27 * interval '1 day', 'delivered', 'Luz Ospina', 1, s, 0, 1290000, s * 19 / 119, s + 1290000, 'card', ids[1 + i % cardinality(ids)], 'referral', 1, now(), 'SKU-01',
    now() - interval '60 days'
FROM generate_series(1, $3::int) i CROSS JOIN LATERAL (SELECT (39900 + i % 997 * 100)::bigint * 100 AS s) x CROSS JOIN n`
	// The same by hand: what each order earns, its commission lines and their postings.
	accrualBare = `
WITH sold AS (
    SELECT o.id, o.number, to_char(o.placed_at AT TIME ZONE 'America/Bogota', 'YYYY-MM') AS month, d.id AS seller, d.upline_id AS up, u.upline_id AS upper, o.delivered_at, o.subtotal - o.discount - o.iva AS base
    FROM orders o JOIN distributors d ON d.id = o.distributor_id LEFT JOIN distributors u ON u.id = d.upline_id WHERE o.number LIKE $1 || '%'
), earned AS (
    SELECT *, 0 AS level, seller AS earner, round(base * 0.10 / 100) * 100 AS amount FROM sold
    UNION ALL SELECT *, 1, up, round(base * 0.03 / 100) * 100 FROM sold WHERE up IS NOT NULL
    UNION ALL SELECT *, 2, upper, round(base * 0.01 / 100) * 100 FROM sold WHERE upper IS NOT NULL AND upper <> seller
), kept AS (
    INSERT INTO accruals (seller_id, month, order_id, level, earner_id, plan_id, base, amount, due_at, booked, postings, counted_at)
    SELECT seller, month, id, level, earner, $2, base, amount, delivered_at + interval '5 days', amount, 1, now() FROM earned
    RETURNING id, order_id, month, level, earner_id, amount
), lines AS (
    INSERT INTO commission_lines (distributor_id, order_number, period, concept, amount, line, accrual_id)
    SELECT k.earner_id, o.number, k.month, 'Comisión del plan' || CASE WHEN k.level > 0 THEN ', nivel ' || k.level ELSE '' END, k.amount, 1, k.id
    FROM kept k JOIN orders o ON o.id = k.order_id
    RETURNING id, distributor_id, amount
)
INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
SELECT 'commission_expense', 0, 'payable', distributor_id, amount, 'COP', 'accrual', 'commission', id, 1 FROM lines`
	accrualSum = `SELECT count(*), COALESCE(sum(l.amount), 0)::bigint FROM commission_lines l WHERE l.order_number LIKE $1 || '%' AND l.accrual_id IS NOT NULL`
)

// measureAccrual is figure 36: what orders earn by a plan with two levels, booked, against the same rows by one statement.
func measureAccrual(ctx context.Context, b *bench) error {
	s := &plans.Service{DB: b.db, Now: time.Now}
	id, err := b.publishPlan(ctx, s)
	if err != nil {
		return err
	}
	if _, err := b.db.Pool.Exec(ctx, accrualUplines); err != nil {
		return err
	}
	month := models.Day(time.Now())
	month = time.Date(month.Year(), month.Month(), 1, 12, 0, 0, 0, colombia.Bogota)
	var ours, bare []float64
	for run := range b.scale.Runs {
		theirs, mine := fmt.Sprintf("BARE%d-", run), fmt.Sprintf("PLAN%d-", run)
		// Months of their own, so that each run counts as many orders.
		if err := b.orders(ctx, theirs, month.AddDate(0, 2*run+1, 0), `TRUNCATE accrual_marks`); err != nil {
			return err
		}
		took, err := b.timed(ctx, func() error { _, err := b.db.Pool.Exec(ctx, accrualBare, theirs, id); return err })
		if err != nil {
			return err
		}
		bare = append(bare, took)
		if err := b.orders(ctx, mine, month.AddDate(0, 2*run, 0), `ANALYZE accruals, commission_lines, accrual_marks`); err != nil {
			return err
		}
		if took, err = b.timed(ctx, func() error { return s.Accrue(ctx) }); err != nil {
			return err
		}
		ours = append(ours, took)
		if err := b.sameEarned(ctx, theirs, mine); err != nil {
			return err
		}
		say("     run %d: %d orders in %.2f s, bare %.2f s", run+1, b.scale.Orders, ours[run], bare[run])
	}
	b.add(36, middle(ours), middle(bare))
	return nil
}

// orders stores the orders of a month and does what is to be done before the clock runs.
func (b *bench) orders(ctx context.Context, prefix string, month time.Time, then string) error {
	if _, err := b.db.Pool.Exec(ctx, accrualOrders, prefix, month, b.scale.Orders); err != nil {
		return err
	}
	for _, sql := range []string{then, `VACUUM ANALYZE orders`} {
		if _, err := b.db.Pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// timed answers how many seconds something took, after a checkpoint.
func (b *bench) timed(ctx context.Context, do func() error) (float64, error) {
	if _, err := b.db.Pool.Exec(ctx, `CHECKPOINT`); err != nil {
		return 0, err
	}
	began := time.Now()
	err := do()
	return time.Since(began).Seconds(), err
}

// sameEarned holds that both ways booked the same.
func (b *bench) sameEarned(ctx context.Context, theirs, mine string) error {
	var n, sum [2]int64
	for i, prefix := range []string{theirs, mine} {
		if err := b.db.Pool.QueryRow(ctx, accrualSum, prefix).Scan(&n[i], &sum[i]); err != nil {
			return err
		}
	}
	if n[0] != n[1] || sum[0] != sum[1] || n[0] == 0 {
		return fmt.Errorf("the product booked %d lines of %d centavos, the bare way %d of %d", n[1], sum[1], n[0], sum[0])
	}
	return nil
}

// publishPlan has a plan in force this month, by two people.
func (b *bench) publishPlan(ctx context.Context, s *plans.Service) (id int64, err error) {
	maker, err := b.actor(ctx, "Marta", models.RoleFinance)
	if err != nil {
		return 0, err
	}
	checker, err := b.actor(ctx, "Carlos", models.RoleApprover)
	if err != nil {
		return 0, err
	}
	if id, err = s.Begin(ctx, maker, 0); err != nil {
		return 0, err
	}
	p := plan.Plan{ID: id, Version: 1, Name: "Bench", From: time.Now().In(colombia.Bogota).Format("2006-01"),
		Terms: plan.Terms{Kind: plan.Percent, Percent: 1000, Levels: []int{300, 100}, ReturnDays: 5}}
	if err := s.Save(ctx, maker, p); err != nil {
		return 0, err
	}
	request, err := s.Ask(ctx, maker, id, 2, "to be measured")
	if err != nil {
		return 0, err
	}
	decide := &requests.Service{DB: b.db, Now: time.Now, Kinds: s.RequestKinds()}
	return id, decide.Decide(ctx, checker, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: time.Now()})
}
