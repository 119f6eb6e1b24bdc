package payouts

import (
	"fmt"

	"gorm.io/gorm"

	"pagaduria/services/store"
)

// Why an item of a batch deserves a look, gravest first.
const (
	FlagSamePerson = "same_person" // another payout of the batch has the same document, phone or name
	FlagShared     = "shared"      // the same account for several payees of the batch
	FlagNewAccount = "new_account" // another destination than the last payout's
	FlagMedian     = "median"      // more than three times the payee's own median
	FlagCashReport = "cash_report" // single amount at or above the cash report's threshold of COP 10,000,000
	FlagNewPayee   = "new_payee"   // never paid before
)

// ReviewFlags lists every flag in the order pages show them.
var ReviewFlags = []string{FlagSamePerson, FlagShared, FlagNewAccount, FlagMedian, FlagCashReport, FlagNewPayee}

const (
	forgetFindings = `DELETE FROM payout_findings WHERE batch_id = $1`

	// find looks at a payee's last twelve paid payouts: what is usual now, at a cost that does not grow with history.
	// Names are compared without accents, case and double blanks. A document counts whatever its type: a person's NIT
	// is their cédula. Windows and look-ups by index cost the same whatever the planner believes: it knows nothing of
	// rows that this transaction has just written, and joining them as if they were one takes hours at 100,000.
	find = `
WITH items AS (
    SELECT p.id, p.distributor_id, p.amount, p.doc_number, p.phone, p.method_kind || ' ' || p.bank_code AS kind,
        lower(translate(regexp_replace(trim(p.payee_name), '\s+', ' ', 'g'), 'ÁÉÍÓÚÜÑáéíóúüñ', 'AEIOUUNaeiouun')) AS name,
        CASE WHEN p.method_kind = 'bre_b' THEN p.bre_b_key ELSE p.account_number END AS account
    FROM payouts p WHERE p.batch_id = $1 AND p.removed_reason = ''
), compared AS (
    SELECT i.*, min(id) OVER d AS d_first, max(id) OVER d AS d_last, min(id) OVER f AS f_first, max(id) OVER f AS f_last, min(id) OVER n AS n_first,
        max(id) OVER n AS n_last, CASE WHEN account <> '' THEN count(*) OVER a - 1 ELSE 0 END AS shared_with
    FROM items i
    WINDOW d AS (PARTITION BY doc_number COLLATE "C"), f AS (PARTITION BY phone COLLATE "C"), n AS (PARTITION BY name COLLATE "C"),
        a AS (PARTITION BY kind COLLATE "C", account COLLATE "C")
), looked AS (
    SELECT i.*, h.paid, COALESCE(h.median, 0) AS median, COALESCE(h.kind, '') AS before_kind, COALESCE(h.bank, '') AS before_bank,
        COALESCE(h.account, '') AS before_account,
        CASE WHEN d_first < d_last THEN 'document' WHEN phone <> '' AND f_first < f_last THEN 'phone' WHEN n_first < n_last THEN 'name' ELSE '' END AS twin_by,
        h.paid > 0 AND (h.kind || ' ' || h.bank <> i.kind OR h.account <> i.account) AS moved
    FROM compared i
    CROSS JOIN LATERAL (
        SELECT count(*) AS paid, percentile_disc(0.5) WITHIN GROUP (ORDER BY e.amount) AS median, max(e.method_kind) FILTER (WHERE e.back = 1) AS kind,
            max(e.bank_code) FILTER (WHERE e.back = 1) AS bank, max(e.account) FILTER (WHERE e.back = 1) AS account
        FROM (SELECT amount, method_kind, bank_code, CASE WHEN method_kind = 'bre_b' THEN bre_b_key ELSE account_number END AS account,
                row_number() OVER (ORDER BY id DESC) AS back
            FROM payouts WHERE distributor_id = i.distributor_id AND state = 'paid' AND batch_id <> $1 ORDER BY id DESC LIMIT 12) e) h
), flagged AS (
    SELECT l.*, array_remove(ARRAY[
        CASE WHEN twin_by <> '' THEN 'same_person' END,
        CASE WHEN shared_with > 0 THEN 'shared' END,
        CASE WHEN moved THEN 'new_account' END,
        CASE WHEN paid > 0 AND amount > 3 * median THEN 'median' END,
        CASE WHEN amount >= 1000000000 THEN 'cash_report' END,
        CASE WHEN paid = 0 THEN 'new_payee' END], NULL) AS flags,
        CASE twin_by WHEN 'document' THEN CASE WHEN d_first = id THEN d_last ELSE d_first END
            WHEN 'phone' THEN CASE WHEN f_first = id THEN f_last ELSE f_first END
            WHEN 'name' THEN CASE WHEN n_first = id THEN n_last ELSE n_first END END AS twin_id
    FROM looked l
)
INSERT INTO payout_findings (payout_id, batch_id, flags, amount, median, before_kind, before_bank, before_account, shared_with, twin_id, twin_by)
SELECT id, $1, flags, amount, median, CASE WHEN moved THEN before_kind ELSE '' END, CASE WHEN moved THEN before_bank ELSE '' END,
    CASE WHEN moved THEN before_account ELSE '' END, shared_with, twin_id, twin_by
FROM flagged WHERE flags <> '{}'`

	// Counted once, because pages show the counts with every part.
	forgetFlags = `DELETE FROM batch_flags WHERE batch_id = $1`
	countFlags  = `
INSERT INTO batch_flags (batch_id, flag, items, total)
SELECT $1, '', count(*), COALESCE(sum(amount), 0) FROM payout_findings WHERE batch_id = $1
UNION ALL SELECT $1, flag, count(*), sum(amount) FROM payout_findings, unnest(flags) AS flag WHERE batch_id = $1 GROUP BY flag`

	forgetComparison = `DELETE FROM batch_comparisons WHERE batch_id = $1`

	compare = `
WITH previous AS (
    SELECT o.id FROM batches o JOIN batches b ON b.id = $1 AND o.connection_id = b.connection_id AND o.id < b.id
    WHERE o.state IN ('approved', 'dispatching', 'done') ORDER BY o.id DESC LIMIT 1
), differing AS (
    SELECT CASE WHEN o.id IS NULL THEN 'added' WHEN n.id IS NULL THEN 'missing' ELSE 'changed' END AS part, COALESCE(n.id, o.id) AS payout_id,
        COALESCE(n.amount, 0) AS now, COALESCE(o.amount, 0) AS before
    FROM (SELECT id, distributor_id, amount FROM payouts WHERE batch_id = $1 AND removed_reason = '') n
    FULL JOIN (SELECT id, distributor_id, amount FROM payouts WHERE batch_id = (SELECT id FROM previous) AND removed_reason = '') o USING (distributor_id)
    WHERE EXISTS (SELECT 1 FROM previous) AND (n.id IS NULL OR o.id IS NULL OR 2 * abs(n.amount - o.amount) >= o.amount)
), kept AS (
    INSERT INTO batch_differences (batch_id, part, place, payout_id, before)
    SELECT $1, part, row_number() OVER (PARTITION BY part ORDER BY abs(now - before) DESC, payout_id), payout_id, before FROM differing
)
INSERT INTO batch_comparisons (batch_id, previous_id, added, added_total, missing, missing_total, changed)
SELECT $1, (SELECT id FROM previous), count(*) FILTER (WHERE part = 'added'), COALESCE(sum(now) FILTER (WHERE part = 'added'), 0),
    count(*) FILTER (WHERE part = 'missing'), COALESCE(sum(before) FILTER (WHERE part = 'missing'), 0), count(*) FILTER (WHERE part = 'changed')
FROM differing HAVING EXISTS (SELECT 1 FROM previous)`
	forgetDifferences = `DELETE FROM batch_differences WHERE batch_id = $1`
)

const (
	forgetSplits = `DELETE FROM batch_splits WHERE batch_id = $1`
	split        = `
INSERT INTO batch_splits (batch_id, method_kind, items, total, fee, fee_iva, gmf)
SELECT $1, method_kind, count(*), sum(amount), sum(fee), sum(fee_iva), sum(gmf) FROM payouts WHERE batch_id = $1 AND removed_reason = '' GROUP BY method_kind`
)

// examine finds what stands out in a batch, each network's part of it, and how it differs from the last one, so that
// pages only read. It is done again whenever the content changes: whoever is taken out no longer shares an account with
// anybody.
func examine(tx *gorm.DB, batch int64) error {
	for _, sql := range []string{forgetFindings, find, forgetFlags, countFlags, forgetComparison, forgetDifferences, compare, forgetSplits, split} {
		if _, err := store.ExecTx(tx, sql, batch); err != nil {
			return fmt.Errorf("examine batch %d: %w", batch, err)
		}
	}
	return nil
}
