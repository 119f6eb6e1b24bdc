package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// check is one thing that must be true of the books: a statement that answers a sentence for each fault, worst first.
type check struct {
	name string
	sql  string
}

var checks = []check{
	{"running sums", `
WITH summed AS (
    SELECT account, currency, sum(d) AS debit, sum(c) AS credit FROM (
        SELECT debit AS account, currency, amount AS d, 0 AS c FROM ledger_entries
        UNION ALL SELECT credit, currency, 0, amount FROM ledger_entries) x GROUP BY account, currency
), kept AS (
    SELECT account, currency, sum(debit) AS debit, sum(credit) AS credit FROM ledger_tallies GROUP BY account, currency
)
SELECT format('Account %s in %s: the entries add up to %s debit and %s credit, the running sums say %s and %s.', account, currency,
    COALESCE(s.debit, 0), COALESCE(s.credit, 0), COALESCE(k.debit, 0), COALESCE(k.credit, 0))
FROM summed s FULL JOIN kept k USING (account, currency)
WHERE (COALESCE(s.debit, 0), COALESCE(s.credit, 0)) <> (COALESCE(k.debit, 0), COALESCE(k.credit, 0)) ORDER BY 1 LIMIT 1`},

	{"payable", `
WITH owed AS (
    SELECT party, sum(amount) AS amount FROM (
        SELECT credit_party AS party, amount FROM ledger_entries WHERE credit = 'payable'
        UNION ALL SELECT debit_party, -amount FROM ledger_entries WHERE debit = 'payable') x GROUP BY party
), lines AS (
    SELECT distributor_id AS party, sum(amount) AS amount FROM (
        SELECT distributor_id, amount FROM commission_lines WHERE state NOT IN ('in_batch', 'paid')
        UNION ALL SELECT distributor_id, amount FROM carries) x GROUP BY distributor_id
)
SELECT format('Distributor %s: the ledger says %s centavos are payable, the lines and what was carried add up to %s.', party,
    COALESCE(o.amount, 0), COALESCE(l.amount, 0))
FROM owed o FULL JOIN lines l USING (party) WHERE COALESCE(o.amount, 0) <> COALESCE(l.amount, 0) ORDER BY party LIMIT 1`},

	{"commission lines", `
SELECT format('Commission line %s of %s centavos: the ledger has %s for it.', l.id, l.amount, COALESCE(e.amount, 0))
FROM commission_lines l FULL JOIN (
    SELECT source_id, sum(CASE WHEN credit = 'payable' THEN amount ELSE -amount END) AS amount
    FROM ledger_entries WHERE source = 'commission' GROUP BY source_id) e ON e.source_id = l.id
WHERE l.amount IS DISTINCT FROM e.amount ORDER BY l.id LIMIT 1`},

	{"accruals", `
SELECT format('Accrual %s: its lines add up to %s centavos, and it says that %s are booked.', a.id, COALESCE(l.amount, 0), a.booked)
FROM accruals a LEFT JOIN (SELECT accrual_id, sum(amount) AS amount FROM commission_lines WHERE accrual_id IS NOT NULL GROUP BY accrual_id) l ON l.accrual_id = a.id
WHERE a.booked <> COALESCE(l.amount, 0) ORDER BY a.id LIMIT 1`},

	{"sides", `
SELECT format('Entry %s: a %s of %s %s debits %s and credits %s, which such an entry never does.', id, kind, source, source_id, debit, credit)
FROM ledger_entries WHERE (kind, source, debit, credit) NOT IN (
    ('accrual', 'commission', 'commission_expense', 'payable'), ('clawback', 'commission', 'payable', 'commission_expense'),
    ('accrual', 'commission', 'receivable', 'payable'), ('clawback', 'commission', 'payable', 'receivable'),
    ('paid_twice', 'payout', 'receivable', 'payable'), ('paid_twice', 'payout', 'payable', 'receivable'), ('paid', 'payout', 'payable', 'float'),
    ('hold', 'payout', 'payable', 'held'), ('release', 'payout', 'held', 'payable'),
    ('dispatch', 'payout', 'held', 'in_transit'), ('recall', 'payout', 'in_transit', 'held'),
    ('paid', 'payout', 'in_transit', 'float'), ('fee', 'payout', 'fee_expense', 'float'), ('gmf', 'payout', 'gmf_expense', 'float'),
    ('fee_adjustment', 'payout', 'fee_expense', 'float'), ('fee_adjustment', 'payout', 'float', 'fee_expense'), ('topup', 'topup', 'float', 'bank'), ('merge', 'merge', 'payable', 'payable'),
    ('failed', 'payout', 'in_transit', 'payable'), ('expired', 'payout', 'in_transit', 'payable'), ('cancelled', 'payout', 'in_transit', 'payable'),
    ('returned', 'payout', 'in_transit', 'payable'), ('returned', 'payout', 'float', 'payable'))
ORDER BY id LIMIT 1`},

	{"parties", `
WITH owners AS (
    SELECT x.row_id AS id, ARRAY[m.survivor_id, m.absorbed_id] AS parties FROM merge_moves x JOIN merges m ON m.id = x.merge_id WHERE x.kind = 'payout'
)
SELECT format('Entry %s of payout %s is booked on somebody else''s account.', e.id, COALESCE(p.code, '?'))
FROM ledger_entries e LEFT JOIN payouts p ON p.id = e.source_id
WHERE e.source = 'payout' AND (p.id IS NULL
    OR (e.debit_party <> CASE WHEN e.debit IN ('payable', 'held', 'receivable') THEN p.distributor_id ELSE p.connection_id END
        OR e.credit_party <> CASE WHEN e.credit IN ('payable', 'held', 'receivable') THEN p.distributor_id ELSE p.connection_id END)
        AND NOT ((e.debit NOT IN ('payable', 'held', 'receivable') AND e.debit_party = p.connection_id OR e.debit IN ('payable', 'held', 'receivable')
                AND EXISTS (SELECT 1 FROM owners o WHERE o.id = p.id AND e.debit_party = ANY(o.parties)))
            AND (e.credit NOT IN ('payable', 'held', 'receivable') AND e.credit_party = p.connection_id OR e.credit IN ('payable', 'held', 'receivable')
                AND EXISTS (SELECT 1 FROM owners o WHERE o.id = p.id AND e.credit_party = ANY(o.parties))))
    OR e.kind NOT IN ('fee', 'gmf', 'fee_adjustment', 'paid_twice') AND e.amount <> p.amount)
ORDER BY e.id LIMIT 1`},

	{"merges", `
SELECT format('Merge %s is %s over %s centavos: the ledger moved %s for it.', COALESCE(m.id, e.source_id), m.state, m.amount, COALESCE(e.amount, 0))
FROM merges m FULL JOIN (
    SELECT e.source_id, sum(CASE WHEN e.step = 1 THEN CASE WHEN e.credit_party = m.survivor_id THEN e.amount ELSE -e.amount END END) AS amount,
        bool_and(ARRAY[e.debit_party, e.credit_party] <@ ARRAY[m.survivor_id, m.absorbed_id]) AS own
    FROM ledger_entries e LEFT JOIN merges m ON m.id = e.source_id WHERE e.source = 'merge' GROUP BY e.source_id) e ON e.source_id = m.id
WHERE m.id IS NULL OR COALESCE(e.amount, 0) <> COALESCE(m.amount, 0) OR NOT e.own
ORDER BY 1 LIMIT 1`},

	{"merged records", `
SELECT format('Distributor %s is part of another record, and something stayed behind: lines, payouts or %s centavos carried.', d.id, COALESCE(c.amount, 0))
FROM distributors d LEFT JOIN carries c ON c.distributor_id = d.id
WHERE d.verification = 'merged' AND (COALESCE(c.amount, 0) <> 0 OR EXISTS (SELECT 1 FROM commission_lines l WHERE l.distributor_id = d.id)
    OR EXISTS (SELECT 1 FROM payouts p WHERE p.distributor_id = d.id))
ORDER BY d.id LIMIT 1`},

	{"what payouts net", `
SELECT format('Payout %s of %s centavos took in %s and left %s: its lines add up to %s.', p.code, p.amount, p.carry_in, p.carry_out, COALESCE(l.net, 0))
FROM payouts p LEFT JOIN (SELECT payout_id, sum(amount) AS net FROM payout_lines GROUP BY payout_id) l ON l.payout_id = p.id
WHERE p.amount + p.carry_out <> COALESCE(l.net, 0) + p.carry_in ORDER BY p.id LIMIT 1`},

	{"lines of payouts", `
SELECT format('Commission line %s is %s, but its payout %s is %s.', l.id, l.state, p.code, p.state)
FROM commission_lines l JOIN payouts p ON p.id = l.payout_id
WHERE p.state IN ('failed', 'expired', 'returned', 'cancelled') OR (l.state = 'paid') <> (p.state = 'paid')
ORDER BY l.id LIMIT 1`},

	{"batches", `
SELECT format('Batch %s says %s payouts of %s centavos: it has %s of %s.', b.code, b.items, b.total, COALESCE(x.items, 0), COALESCE(x.total, 0))
FROM batches b LEFT JOIN (SELECT batch_id, count(*) AS items, sum(amount) AS total FROM payouts WHERE removed_reason = '' GROUP BY batch_id) x ON x.batch_id = b.id
WHERE (b.items, b.total) <> (COALESCE(x.items, 0), COALESCE(x.total, 0)) ORDER BY b.id LIMIT 1`},

	{"paid payouts", `
WITH posted AS (
    SELECT source_id AS id, sum(CASE WHEN kind IN ('fee', 'gmf', 'fee_adjustment') THEN 0 WHEN credit = 'float' THEN amount WHEN debit = 'float' THEN -amount ELSE 0 END) AS paid
    FROM ledger_entries WHERE source = 'payout' GROUP BY source_id
)
SELECT format('Payout %s is %s over %s centavos: the ledger says that %s left for it.', p.code, p.state, p.amount, COALESCE(e.paid, 0))
FROM payouts p LEFT JOIN posted e USING (id)
WHERE COALESCE(e.paid, 0) <> CASE WHEN p.state = 'paid' THEN p.amount ELSE 0 END ORDER BY p.id LIMIT 1`},

	{"costs of payouts", `
WITH posted AS (
    SELECT source_id AS id, sum(CASE WHEN kind = 'gmf' THEN 0 WHEN debit = 'fee_expense' THEN amount ELSE -amount END) AS fee,
        sum(CASE WHEN kind = 'gmf' THEN amount ELSE 0 END) AS gmf
    FROM ledger_entries WHERE source = 'payout' AND kind IN ('fee', 'gmf', 'fee_adjustment') GROUP BY source_id
)
SELECT format('Payout %s is %s: the ledger has %s centavos of fees and %s of tax on bank transactions for it.', p.code, p.state, COALESCE(e.fee, 0), COALESCE(e.gmf, 0))
FROM payouts p LEFT JOIN posted e USING (id)
WHERE COALESCE(e.fee, 0) <> COALESCE(p.fee_charged, CASE WHEN p.paid_at IS NOT NULL THEN p.fee + p.fee_iva ELSE 0 END)
   OR COALESCE(e.gmf, 0) <> CASE WHEN p.paid_at IS NOT NULL THEN p.gmf ELSE 0 END
ORDER BY p.id LIMIT 1`},

	{"receivables", `
WITH owed AS (
    SELECT party, sum(amount) AS amount FROM (
        SELECT debit_party AS party, amount FROM ledger_entries WHERE debit = 'receivable'
        UNION ALL SELECT credit_party, -amount FROM ledger_entries WHERE credit = 'receivable') x GROUP BY party
)
SELECT format('Distributor %s was paid %s centavos twice, which nothing claims back.', party, amount) FROM owed WHERE amount <> 0 ORDER BY party LIMIT 1`},

	{"top-ups", `
SELECT format('Top-up %s of %s centavos is %s: the ledger has %s for it.', COALESCE(t.id, e.source_id), t.amount, t.state, COALESCE(e.amount, 0))
FROM float_topups t FULL JOIN (SELECT source_id, min(debit_party) AS party, sum(amount) AS amount FROM ledger_entries WHERE source = 'topup' GROUP BY source_id) e ON e.source_id = t.id
WHERE t.id IS NULL OR COALESCE(e.amount, 0) <> CASE WHEN t.state = 'booked' THEN t.amount ELSE 0 END OR e.party <> t.connection_id
ORDER BY 1 LIMIT 1`},

	{"free float", `
WITH booked AS (
    SELECT party, sum(amount) AS amount FROM (
        SELECT debit_party AS party, amount FROM ledger_entries WHERE debit = 'float'
        UNION ALL SELECT credit_party, -amount FROM ledger_entries WHERE credit = 'float'
        UNION ALL SELECT connection_id, -(amount + fee + fee_iva + gmf) FROM payouts WHERE state IN ('submitting', 'unknown', 'sent', 'available', 'on_hold')) x GROUP BY party
), kept AS (SELECT connection_id AS party, sum(amount) AS amount FROM float_free GROUP BY connection_id)
SELECT format('Connection %s: %s centavos are free by the entries and payouts, the running sum says %s.', party, COALESCE(b.amount, 0), COALESCE(k.amount, 0))
FROM booked b FULL JOIN kept k USING (party) WHERE COALESCE(b.amount, 0) <> COALESCE(k.amount, 0) ORDER BY party LIMIT 1`},

	{"payouts", `
WITH posted AS (
    SELECT source_id AS id,
        sum(CASE WHEN credit = 'held' THEN amount ELSE 0 END - CASE WHEN debit = 'held' THEN amount ELSE 0 END) AS held,
        sum(CASE WHEN credit = 'in_transit' THEN amount ELSE 0 END - CASE WHEN debit = 'in_transit' THEN amount ELSE 0 END) AS transit
    FROM ledger_entries WHERE source = 'payout' GROUP BY source_id
)
SELECT format('Payout %s is %s over %s centavos: the ledger has %s held and %s in transit for it.', p.code, p.state, p.amount,
    COALESCE(e.held, 0), COALESCE(e.transit, 0))
FROM payouts p LEFT JOIN posted e USING (id)
WHERE COALESCE(e.held, 0) <> CASE WHEN p.state IN ('in_batch', 'approved') THEN p.amount ELSE 0 END
   OR COALESCE(e.transit, 0) <> CASE WHEN p.state IN ('submitting', 'unknown', 'sent', 'available', 'on_hold') THEN p.amount ELSE 0 END
ORDER BY p.id LIMIT 1`},
}

const counted = `
SELECT (SELECT count(*) FROM ledger_entries),
    (SELECT count(*) FROM (SELECT debit, debit_party FROM ledger_entries UNION SELECT credit, credit_party FROM ledger_entries) a),
    (SELECT count(*) FROM payouts)`

// Verify reads the whole of the books as they were at one moment and answers the first fault: a running sum that
// is not the sum of its entries, a distributor whose payable is not what the lines say, a line or payout whose
// postings do not fit its state, an entry on the wrong account, a batch whose sums are not those of its payouts. It
// changes nothing.
func Verify(ctx context.Context, db *store.DB, progress store.Progress) (r models.LedgerReport, err error) {
	progress.Expect(int64(len(checks)) + 1)
	tx, err := db.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return r, fmt.Errorf("verify the ledger: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if err := tx.QueryRow(ctx, counted).Scan(&r.Entries, &r.Accounts, &r.Payouts); err != nil {
		return r, fmt.Errorf("verify the ledger: count: %w", err)
	}
	progress.Did(1)
	for _, c := range checks {
		err := tx.QueryRow(ctx, c.sql).Scan(&r.Fault)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return r, fmt.Errorf("verify the ledger: %s: %w", c.name, err)
		}
		progress.Did(1)
	}
	return r, nil
}
