package payouts

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// itemFacts is what approval rules look at, as it was known at a moment: only what was paid before it is history. The
// flags are those of the review.
const itemFacts = `
WITH items AS (
    SELECT p.code, p.amount, p.method_kind, p.method_id, p.distributor_id,
        CASE WHEN p.method_kind IN ('efecty_cash', 'puntored_cash') THEN p.phone WHEN p.method_kind = 'bre_b' THEN p.bre_b_key ELSE p.bank_code || p.account_number END AS place,
        CASE WHEN p.method_kind = 'bre_b' THEN p.bre_b_key ELSE p.bank_code || p.account_number END || p.method_kind AS destination
    FROM payouts p WHERE p.batch_id = @batch AND p.removed_reason = ''
), compared AS (
    SELECT i.*, place <> '' AND min(distributor_id) OVER p < max(distributor_id) OVER p AS shared FROM items i WINDOW p AS (PARTITION BY place COLLATE "C")
)
SELECT i.code, i.amount, i.method_kind, h.paid = 0, h.paid > 0 AND h.destination <> i.destination,
    CAST(greatest(extract(day FROM CAST(@at AS timestamptz) - m.created_at), 0) AS integer),
    array_remove(ARRAY[CASE WHEN i.amount > 3 * h.median THEN 'median' END, CASE WHEN i.shared THEN 'shared' END,
        CASE WHEN i.amount >= 1000000000 THEN 'cash_report' END, CASE WHEN d.warnings <> '{}' THEN 'warnings' END], NULL)
FROM compared i JOIN payout_methods m ON m.id = i.method_id JOIN distributors d ON d.id = i.distributor_id
CROSS JOIN LATERAL (
    SELECT count(*) AS paid, percentile_disc(0.5) WITHIN GROUP (ORDER BY e.amount) AS median, max(e.destination) FILTER (WHERE e.back = 1) AS destination
    FROM (SELECT amount, CASE WHEN method_kind = 'bre_b' THEN bre_b_key ELSE bank_code || account_number END || method_kind AS destination, row_number() OVER (ORDER BY id DESC) AS back
        FROM payouts WHERE distributor_id = i.distributor_id AND state = 'paid' AND paid_at <= @at AND batch_id <> @batch) e) h`

// byHand is what of a batch was chosen by hand: payees left out of the preview, payouts taken out since, and whether it
// was narrowed to one payee or order. Commission lines come by import only, so no line is entered by hand.
const byHand = `
SELECT COALESCE(jsonb_array_length(b.filter -> 'excluded'), 0) + (SELECT count(*) FROM payouts WHERE batch_id = b.id AND removed_reason <> ''),
    COALESCE(b.filter ->> 'distributor_id', '0') <> '0' OR COALESCE(b.filter ->> 'order', '') <> ''
FROM batches b WHERE b.id = $1`

// facts reads what the rules look at of a batch, as it was known at a moment.
func (s *Service) facts(ctx context.Context, q store.Querier, b models.Batch, at time.Time) (f models.BatchFacts, err error) {
	f.Total = b.Total
	hand, err := store.SelectOne[struct {
		LeftOut  int
		Narrowed bool
	}](ctx, q, byHand, b.ID)
	if err != nil {
		return f, fmt.Errorf("facts of batch %d: %w", b.ID, err)
	}
	f.LeftOut, f.Narrowed = hand.LeftOut, hand.Narrowed
	if f.Items, err = store.Select[models.ItemFacts](ctx, q, itemFacts, pgx.NamedArgs{"batch": b.ID, "at": at}); err != nil {
		return f, fmt.Errorf("facts of batch %d: %w", b.ID, err)
	}
	return f, nil
}

const rulesColumns = `id, number, state, rules, expire_days, author_ids, COALESCE(decider_id, 0), in_force_at, replaced_at, version, created_at`

func scanRules(row pgx.CollectableRow) (v models.RulesVersion, err error) {
	var rules []byte
	if err = row.Scan(&v.ID, &v.Number, &v.State, &rules, &v.ExpireDays, &v.AuthorIDs, &v.DeciderID, &v.InForceAt, &v.ReplacedAt, &v.Version, &v.CreatedAt); err != nil {
		return v, err
	}
	return v, json.Unmarshal(rules, &v.Rules)
}

// selectRules reads versions of the approval rules.
func selectRules(ctx context.Context, q store.Querier, where string, args ...any) ([]models.RulesVersion, error) {
	rows, err := q.Query(ctx, `SELECT `+rulesColumns+` FROM rule_versions `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read approval rules: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRules)
	if err != nil {
		return nil, fmt.Errorf("read approval rules: %w", err)
	}
	return list, nil
}

// rulesInForce is the version that applies now; there is always one.
func (s *Service) rulesInForce(ctx context.Context, q store.Querier) (models.RulesVersion, error) {
	list, err := selectRules(ctx, q, `WHERE state = 'in_force'`)
	if err != nil {
		return models.RulesVersion{}, err
	}
	if len(list) != 1 {
		return models.RulesVersion{}, fmt.Errorf("%d versions of the approval rules are in force", len(list))
	}
	return list[0], nil
}
