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
	// is their cédula.
	find = `
WITH items AS MATERIALIZED (
    SELECT p.id, p.distributor_id, p.amount, p.doc_number, p.phone, p.method_kind || ' ' || p.bank_code AS kind,
        lower(translate(regexp_replace(trim(p.payee_name), '\s+', ' ', 'g'), 'ÁÉÍÓÚÜÑáéíóúüñ', 'AEIOUUNaeiouun')) AS name,
        CASE WHEN p.method_kind = 'bre_b' THEN p.bre_b_key ELSE p.account_number END AS account
    FROM payouts p WHERE p.batch_id = $1 AND p.removed_reason = ''
), documents AS (SELECT doc_number, min(id) AS a, max(id) AS b FROM items GROUP BY 1 HAVING count(*) > 1),
phones AS (SELECT phone, min(id) AS a, max(id) AS b FROM items WHERE phone <> '' GROUP BY 1 HAVING count(*) > 1),
names AS (SELECT name, min(id) AS a, max(id) AS b FROM items GROUP BY 1 HAVING count(*) > 1),
accounts AS (SELECT kind, account, count(*) AS n FROM items WHERE account <> '' GROUP BY 1, 2 HAVING count(*) > 1),
looked AS (
    SELECT i.*, h.paid, COALESCE(h.median, 0) AS median, COALESCE(h.kind, '') AS before_kind, COALESCE(h.bank, '') AS before_bank,
        COALESCE(h.account, '') AS before_account, COALESCE(s.n - 1, 0) AS shared_with,
        COALESCE(CASE WHEN d.a = i.id THEN d.b ELSE d.a END, CASE WHEN f.a = i.id THEN f.b ELSE f.a END, CASE WHEN n.a = i.id THEN n.b ELSE n.a END) AS twin_id,
        CASE WHEN d.a IS NOT NULL THEN 'document' WHEN f.a IS NOT NULL THEN 'phone' WHEN n.a IS NOT NULL THEN 'name' ELSE '' END AS twin_by,
        h.paid > 0 AND (h.kind || ' ' || h.bank <> i.kind OR h.account <> i.account) AS moved
    FROM items i
    CROSS JOIN LATERAL (
        SELECT count(*) AS paid, percentile_disc(0.5) WITHIN GROUP (ORDER BY e.amount) AS median, (array_agg(e.method_kind ORDER BY e.id DESC))[1] AS kind,
            (array_agg(e.bank_code ORDER BY e.id DESC))[1] AS bank, (array_agg(e.account ORDER BY e.id DESC))[1] AS account
        FROM (SELECT id, amount, method_kind, bank_code, CASE WHEN method_kind = 'bre_b' THEN bre_b_key ELSE account_number END AS account
            FROM payouts WHERE distributor_id = i.distributor_id AND state = 'paid' AND batch_id <> $1 ORDER BY id DESC LIMIT 12) e) h
    LEFT JOIN documents d ON d.doc_number = i.doc_number LEFT JOIN phones f ON f.phone = i.phone LEFT JOIN names n ON n.name = i.name
    LEFT JOIN accounts s ON s.kind = i.kind AND s.account = i.account
), flagged AS (
    SELECT l.*, array_remove(ARRAY[
        CASE WHEN twin_by <> '' THEN 'same_person' END,
        CASE WHEN shared_with > 0 THEN 'shared' END,
        CASE WHEN moved THEN 'new_account' END,
        CASE WHEN paid > 0 AND amount > 3 * median THEN 'median' END,
        CASE WHEN amount >= 1000000000 THEN 'cash_report' END,
        CASE WHEN paid = 0 THEN 'new_payee' END], NULL) AS flags
    FROM looked l
)
INSERT INTO payout_findings (payout_id, batch_id, flags, amount, median, before_kind, before_bank, before_account, shared_with, twin_id, twin_by)
SELECT id, $1, flags, amount, median, CASE WHEN moved THEN before_kind ELSE '' END, CASE WHEN moved THEN before_bank ELSE '' END,
    CASE WHEN moved THEN before_account ELSE '' END, shared_with, twin_id, twin_by
FROM flagged WHERE flags <> '{}'`

	forgetComparison = `DELETE FROM batch_comparisons WHERE batch_id = $1`

	compare = `
WITH previous AS (
    SELECT o.id FROM batches o JOIN batches b ON b.id = $1 AND o.connection_id = b.connection_id AND o.id < b.id
    WHERE o.state IN ('approved', 'dispatching', 'done') ORDER BY o.id DESC LIMIT 1
), pairs AS (
    SELECT n.amount AS now, o.amount AS before
    FROM (SELECT distributor_id, amount FROM payouts WHERE batch_id = $1 AND removed_reason = '') n
    FULL JOIN (SELECT distributor_id, amount FROM payouts WHERE batch_id = (SELECT id FROM previous) AND removed_reason = '') o USING (distributor_id)
)
INSERT INTO batch_comparisons (batch_id, previous_id, added, added_total, missing, missing_total, changed)
SELECT $1, (SELECT id FROM previous), count(*) FILTER (WHERE before IS NULL), COALESCE(sum(now) FILTER (WHERE before IS NULL), 0),
    count(*) FILTER (WHERE now IS NULL), COALESCE(sum(before) FILTER (WHERE now IS NULL), 0),
    count(*) FILTER (WHERE 2 * abs(now - before) >= before)
FROM pairs HAVING EXISTS (SELECT 1 FROM previous)`
)

const (
	forgetSplits = `DELETE FROM batch_splits WHERE batch_id = $1`
	split        = `
INSERT INTO batch_splits (batch_id, method_kind, items, total, fee, fee_iva, gmf)
SELECT $1, method_kind, count(*), sum(amount), sum(fee), sum(fee_iva), sum(gmf) FROM payouts WHERE batch_id = $1 AND removed_reason = '' GROUP BY method_kind`
)

// examine finds what stands out in a batch, each network's part of it, and how it differs from the last one. It is done again whenever the content
// changes: whoever is taken out no longer shares an account with anybody.
func examine(tx *gorm.DB, batch int64) error {
	for _, sql := range []string{forgetFindings, find, forgetComparison, compare, forgetSplits, split} {
		if _, err := store.ExecTx(tx, sql, batch); err != nil {
			return fmt.Errorf("examine batch %d: %w", batch, err)
		}
	}
	return nil
}
