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
// postings do not fit its state. It changes nothing.
func Verify(ctx context.Context, db *store.DB) (r models.LedgerReport, err error) {
	tx, err := db.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return r, fmt.Errorf("verify the ledger: %w", err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if err := tx.QueryRow(ctx, counted).Scan(&r.Entries, &r.Accounts, &r.Payouts); err != nil {
		return r, fmt.Errorf("verify the ledger: count: %w", err)
	}
	for _, c := range checks {
		err := tx.QueryRow(ctx, c.sql).Scan(&r.Fault)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return r, fmt.Errorf("verify the ledger: %s: %w", c.name, err)
		}
	}
	return r, nil
}
