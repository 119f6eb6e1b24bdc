package payouts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// ReviewItem is a payout of a batch with what makes it stand out, and the facts that explain it.
type ReviewItem struct {
	ID            int64
	Code          string
	DistributorID int64
	PayeeName     string
	DocType       string
	DocNumber     string
	Method        models.MethodKind
	BankCode      string
	Account       string
	Amount        models.Money
	Fees          models.Money
	State         models.PayoutState
	RemovedReason string
	RemovedBy     string
	RemovedAt     *time.Time
	Lines         int64
	Flags         []string
	Median        models.Money // of the payee's last paid payouts, zero without any
	BeforeKind    models.MethodKind
	BeforeBank    string
	BeforeAccount string
	SharedWith    int
	TwinID        int64  // payout that looks like the same person's, 0 without
	TwinBy        string // document, phone, name
	TwinName      string
	Before        models.Money // in the last batch, in the lists that compare
}

// The parts of a batch's items.
const (
	PartOutliers = "outliers"
	PartAll      = "all"
	PartRemoved  = "removed"
	PartAdded    = "added"   // payees who were not in the last batch
	PartMissing  = "missing" // payees of the last batch who are not in this one
	PartChanged  = "changed" // payees whose amount differs from the last batch by half or more
)

// Parts lists every part.
var Parts = []string{PartOutliers, PartAll, PartRemoved, PartAdded, PartMissing, PartChanged}

const itemOf = `
SELECT p.id, p.code, p.distributor_id, p.payee_name, p.doc_type, p.doc_number, p.method_kind, p.bank_code,
    CASE WHEN p.method_kind = 'bre_b' THEN p.bre_b_key ELSE p.account_number END, p.amount, p.fee + p.fee_iva + p.gmf, p.state, p.removed_reason,
    COALESCE(x.actor_name, ''), x.at, (SELECT count(*) FROM payout_lines l WHERE l.payout_id = p.id),
    COALESCE(f.flags, '{}'), COALESCE(f.median, 0), COALESCE(f.before_kind, ''), COALESCE(f.before_bank, ''), COALESCE(f.before_account, ''),
    COALESCE(f.shared_with, 0), COALESCE(f.twin_id, 0), COALESCE(f.twin_by, ''), COALESCE(w.payee_name, ''), i.before
FROM (%s) i JOIN payouts p ON p.id = i.id
LEFT JOIN payout_findings f ON f.payout_id = p.id LEFT JOIN payouts w ON w.id = f.twin_id
LEFT JOIN LATERAL (SELECT e.actor_name, e.at FROM payout_events e WHERE p.removed_reason <> '' AND e.payout_id = p.id AND e.to_state = 'cancelled' ORDER BY e.id DESC LIMIT 1) x ON true
ORDER BY i.place`

// Each part chooses its page of payouts first; what is shown of them is joined to those few alone.
const (
	paged       = ` LIMIT @limit OFFSET @skip`
	outlierPage = `SELECT payout_id AS id, row_number() OVER () AS place, CAST(0 AS bigint) AS before FROM (
    SELECT payout_id FROM payout_findings WHERE batch_id = @batch AND (@flag = '' OR flags @> ARRAY[@flag])
    ORDER BY cardinality(flags) DESC, amount DESC, payout_id` + paged + `) o`
	allPage = `SELECT id, row_number() OVER () AS place, CAST(0 AS bigint) AS before FROM (
    SELECT id FROM payouts WHERE batch_id = @batch AND removed_reason = '' AND @flag = @flag ORDER BY id` + paged + `) o`
	removedPage = `SELECT id, row_number() OVER () AS place, CAST(0 AS bigint) AS before FROM (
    SELECT id FROM payouts WHERE batch_id = @batch AND removed_reason <> '' AND @flag = @flag ORDER BY id DESC` + paged + `) o`
	// The parts that compare were put in order when the batch was examined, so every page is a range.
	differencePage = `SELECT payout_id AS id, CAST(place AS bigint) AS place, before FROM batch_differences
    WHERE batch_id = @batch AND part = @part AND place > @skip AND place <= @skip + @limit AND @flag = @flag`
)

var partPages = map[string]string{PartOutliers: outlierPage, PartAll: allPage, PartRemoved: removedPage, PartAdded: differencePage,
	PartMissing: differencePage, PartChanged: differencePage}

// Review lists one part of a batch's items by one query; flag narrows the outliers, "" is all of them. One batch is
// bounded, so its pages go by number.
func (s *Service) Review(ctx context.Context, batch int64, part, flag string, page int) (items []ReviewItem, more bool, err error) {
	sql, ok := partPages[part]
	if !ok {
		sql = allPage
	}
	items, err = store.Select[ReviewItem](ctx, s.DB.Pool, fmt.Sprintf(itemOf, sql),
		pgx.NamedArgs{"batch": batch, "part": part, "flag": flag, "limit": PageSize + 1, "skip": page * PageSize})
	if err != nil {
		return nil, false, fmt.Errorf("items of batch %d: %w", batch, err)
	}
	if len(items) > PageSize {
		return items[:PageSize], true, nil
	}
	return items, false, nil
}

// PartCounts is how many items each part of a batch's review has, and each flag among the outliers.
type PartCounts struct {
	Outliers      int64
	OutliersTotal models.Money
	Removed       int64
	Flags         map[string]int64
}

const countParts = `
SELECT flag, CAST(items AS bigint), total FROM batch_flags WHERE batch_id = @batch
UNION ALL SELECT 'removed', count(*), 0 FROM payouts WHERE batch_id = @batch AND removed_reason <> ''`

// ReviewCounts counts the items of each part of a batch's review, by one query.
func (s *Service) ReviewCounts(ctx context.Context, batch int64) (c PartCounts, err error) {
	type row struct {
		Flag  string
		Count int64
		Total models.Money
	}
	rows, err := store.Select[row](ctx, s.DB.Pool, countParts, pgx.NamedArgs{"batch": batch})
	if err != nil {
		return c, fmt.Errorf("count items of batch %d: %w", batch, err)
	}
	c.Flags = map[string]int64{}
	for _, r := range rows {
		switch r.Flag {
		case "":
			c.Outliers, c.OutliersTotal = r.Count, r.Total
		case "removed":
			c.Removed = r.Count
		default:
			c.Flags[r.Flag] = r.Count
		}
	}
	return c, nil
}

// Comparison is how a batch differs from the last one approved before it over its connection.
type Comparison struct {
	Added        int
	AddedTotal   models.Money
	Missing      int
	MissingTotal models.Money
	Changed      int
}

const readComparison = `SELECT added, added_total, missing, missing_total, changed FROM batch_comparisons WHERE batch_id = $1`

// Compared returns the comparison with the batch before; ok is false when there is none.
func (s *Service) Compared(ctx context.Context, batch int64) (c Comparison, previous models.Batch, ok bool, err error) {
	list, err := selectBatches(ctx, s.DB.Pool, `JOIN batch_comparisons x ON x.previous_id = b.id WHERE x.batch_id = $1`, batch)
	if err != nil || len(list) == 0 {
		return c, previous, false, err
	}
	c, err = store.SelectOne[Comparison](ctx, s.DB.Pool, readComparison, batch)
	if err != nil {
		return c, previous, false, fmt.Errorf("compare batch %d: %w", batch, err)
	}
	return c, list[0], true, nil
}

// TrailLine is a commission line of a payout with its order as far as known.
type TrailLine struct {
	ID          int64
	Period      string
	Concept     string
	Amount      models.Money
	OrderNumber string
	OrderID     int64 // 0 when the order is not known
	OrderState  string
	OrderedAt   *time.Time
	Carrier     string
	Waybill     string
	Parcel      string // models.ShipmentState, "" when the carrier said nothing yet
}

// PastPayout is one of a payee's last payouts.
type PastPayout struct {
	ID     int64
	Code   string
	State  models.PayoutState
	Amount models.Money
	Method models.MethodKind
	At     time.Time
}

// Inspection is what a checker looks at before deciding on one payout: the trail behind it and what is usual.
type Inspection struct {
	models.Payout
	Finding   ReviewItem
	Lines     []TrailLine
	Past      []PastPayout
	ToSince   time.Time // since when the payee has this destination
	Preferred bool      // it still is the payee's preferred one
}

const (
	trail = `
SELECT l.id, l.period, l.concept, x.amount, l.order_number, COALESCE(o.id, 0), COALESCE(o.status, ''), o.placed_at, COALESCE(o.carrier, ''),
    COALESCE(o.waybill, ''), COALESCE(s.state, '')
FROM payout_lines x JOIN commission_lines l ON l.id = x.line_id
LEFT JOIN orders o ON o.number = l.order_number AND l.order_number <> ''
LEFT JOIN shipments s ON s.carrier = o.carrier AND s.waybill = o.waybill AND o.waybill <> ''
WHERE x.payout_id = $1 ORDER BY l.id LIMIT 200`
	past = `
SELECT id, code, state, amount, method_kind, state_at FROM payouts WHERE distributor_id = $1 AND id <> $2 AND removed_reason = '' ORDER BY id DESC LIMIT 6`
	destinationOf = `SELECT m.created_at, m.preferred FROM payouts p JOIN payout_methods m ON m.id = p.method_id WHERE p.id = $1`
	oneItem       = `SELECT id, 1 AS place, CAST(0 AS bigint) AS before FROM payouts WHERE id = @payout AND batch_id = @batch`
)

// Inspect reads what a checker looks at before deciding on one payout of a batch.
func (s *Service) Inspect(ctx context.Context, batch, payout int64) (i Inspection, err error) {
	found, err := store.Select[ReviewItem](ctx, s.DB.Pool, fmt.Sprintf(itemOf, oneItem), pgx.NamedArgs{"batch": batch, "payout": payout})
	if err != nil {
		return i, fmt.Errorf("item %d of batch %d: %w", payout, batch, err)
	}
	if len(found) == 0 {
		return i, errNoPayout
	}
	i.Finding = found[0]
	if i.Payout, err = s.Payout(ctx, payout); err != nil {
		return i, err
	}
	if i.Lines, err = store.Select[TrailLine](ctx, s.DB.Pool, trail, payout); err != nil {
		return i, fmt.Errorf("trail of payout %d: %w", payout, err)
	}
	if i.Past, err = store.Select[PastPayout](ctx, s.DB.Pool, past, i.DistributorID, payout); err != nil {
		return i, fmt.Errorf("earlier payouts of payout %d: %w", payout, err)
	}
	if err := s.DB.Pool.QueryRow(ctx, destinationOf, payout).Scan(&i.ToSince, &i.Preferred); err != nil {
		return i, fmt.Errorf("destination of payout %d: %w", payout, err)
	}
	return i, nil
}

const sumTicked = `SELECT count(*), CAST(COALESCE(sum(amount), 0) AS bigint) FROM payouts WHERE batch_id = $1 AND id = ANY($2) AND removed_reason = ''`

// Removable counts and sums ticked payouts of a batch; ones that are not in it any more are a refusal.
func (s *Service) Removable(ctx context.Context, batch int64, ids []int64) (Sum, error) {
	if len(ids) == 0 {
		return Sum{}, models.Refuse(models.Invalid, "batch.refused.none_ticked", "Tick the payouts to remove first.", nil)
	}
	sum, err := store.SelectOne[Sum](ctx, s.DB.Pool, sumTicked, batch, ids)
	if err != nil {
		return sum, fmt.Errorf("sum ticked payouts of batch %d: %w", batch, err)
	}
	if sum.Count != int64(len(ids)) {
		return sum, models.Refuse(models.Conflict, "batch.refused.stale", "The batch changed after you opened it. Load it again before you decide.", nil)
	}
	return sum, nil
}
