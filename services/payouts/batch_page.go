package payouts

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// BatchRow is a batch as the list shows it.
type BatchRow struct {
	models.Batch
	MakerName string
	Paid      int64 // payouts that are collected or credited
	Failed    int64 // failed, expired, returned
}

const batchRows = `
SELECT ` + batchColumns + `, s.name, COALESCE(x.paid, 0), COALESCE(x.failed, 0)
FROM batches b JOIN staff s ON s.id = b.maker_id
LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE p.state = 'paid') AS paid, count(*) FILTER (WHERE p.state IN ('failed', 'expired', 'returned')) AS failed
    FROM payouts p WHERE p.batch_id = b.id AND b.state IN ('dispatching', 'done')) x ON true
WHERE (@state = '' OR b.state = @state) AND `

// ListBatches returns one page of batches, newest first, by one query. state "" is all.
func (s *Service) ListBatches(ctx context.Context, state models.BatchState, c store.Cursor) (store.Page[BatchRow], error) {
	sql := batchRows + c.Where("b.created_at", "b.id") + ` ORDER BY ` + c.Order("b.created_at", "b.id") + ` LIMIT ` + strconv.Itoa(PageSize+1)
	rows, err := s.DB.Pool.Query(ctx, sql, c.Bind(pgx.NamedArgs{"state": string(state)}))
	if err != nil {
		return store.Page[BatchRow]{}, fmt.Errorf("list batches: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r BatchRow, err error) {
		r.Batch, err = scanBatch(row, &r.MakerName, &r.Paid, &r.Failed)
		return r, err
	})
	if err != nil {
		return store.Page[BatchRow]{}, fmt.Errorf("list batches: %w", err)
	}
	return store.MakePage(list, PageSize, c, func(r BatchRow) store.Cursor { return store.Cursor{At: r.CreatedAt, ID: r.ID} }), nil
}

// Why an item of a batch deserves a look.
const (
	FlagNewPayee   = "new_payee"   // never paid before
	FlagNewAccount = "new_account" // another destination than the last payout's
	FlagMedian     = "median"      // more than three times the payee's own median
	FlagShared     = "shared"      // the same account or phone for several payees of the batch
	FlagCashReport = "cash_report" // single amount at or above the cash report's threshold of COP 10,000,000
)

// ReviewItem is a payout of a batch with what makes it stand out, outliers first.
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
	Lines         int64
	Median        models.Money // of the payee's earlier paid payouts, zero without any
	Flags         []string
}

// reviewFlags finds what makes the items of a batch stand out.
const reviewFlags = `
WITH items AS (
    SELECT p.*, CASE WHEN p.method_kind IN ('efecty_cash', 'puntored_cash') THEN p.phone WHEN p.method_kind = 'bre_b' THEN p.bre_b_key ELSE p.bank_code || p.account_number END AS place
    FROM payouts p WHERE p.batch_id = @batch
), history AS (
    SELECT e.distributor_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY e.amount) AS median,
        (array_agg(CASE WHEN e.method_kind = 'bre_b' THEN e.bre_b_key ELSE e.bank_code || e.account_number END || e.method_kind ORDER BY e.id DESC))[1] AS last_place
    FROM payouts e WHERE e.distributor_id IN (SELECT distributor_id FROM items) AND e.state = 'paid' AND e.batch_id <> @batch GROUP BY e.distributor_id
), shared AS (
    SELECT place FROM items WHERE place <> '' AND removed_reason = '' GROUP BY place HAVING count(DISTINCT distributor_id) > 1
), flagged AS (
    SELECT i.*, h.median, array_remove(ARRAY[
        CASE WHEN i.amount > 3 * h.median THEN 'median' END,
        CASE WHEN h.distributor_id IS NOT NULL AND h.last_place <> CASE WHEN i.method_kind = 'bre_b' THEN i.bre_b_key ELSE i.bank_code || i.account_number END || i.method_kind THEN 'new_account' END,
        CASE WHEN s.place IS NOT NULL THEN 'shared' END,
        CASE WHEN i.amount >= 1000000000 THEN 'cash_report' END,
        CASE WHEN h.distributor_id IS NULL THEN 'new_payee' END], NULL) AS flags
    FROM items i LEFT JOIN history h USING (distributor_id) LEFT JOIN shared s ON s.place = i.place
)`

const reviewItems = reviewFlags + `
SELECT f.id, f.code, f.distributor_id, f.payee_name, f.doc_type, f.doc_number, f.method_kind, f.bank_code,
    CASE WHEN f.method_kind = 'bre_b' THEN f.bre_b_key ELSE f.account_number END, f.amount, f.fee + f.fee_iva + f.gmf, f.state, f.removed_reason,
    (SELECT count(*) FROM payout_lines l WHERE l.payout_id = f.id), COALESCE(f.median, 0), f.flags
FROM flagged f
WHERE CASE @tab WHEN 'removed' THEN f.removed_reason <> '' WHEN 'outliers' THEN f.removed_reason = '' AND f.flags <> '{}' ELSE f.removed_reason = '' END
ORDER BY cardinality(f.flags) DESC, f.amount DESC, f.id LIMIT @limit OFFSET @skip`

// Review lists a batch's items: tab is outliers, all or removed. One batch is bounded, so its pages go by number.
func (s *Service) Review(ctx context.Context, batch int64, tab string, page int) (items []ReviewItem, more bool, err error) {
	items, err = store.Select[ReviewItem](ctx, s.DB.Pool, reviewItems,
		pgx.NamedArgs{"batch": batch, "tab": tab, "limit": PageSize + 1, "skip": page * PageSize})
	if err != nil {
		return nil, false, fmt.Errorf("items of batch %d: %w", batch, err)
	}
	if len(items) > PageSize {
		return items[:PageSize], true, nil
	}
	return items, false, nil
}

const batchSplits = `
SELECT method_kind, count(*), CAST(sum(amount) AS bigint), CAST(sum(fee) AS bigint), CAST(sum(fee_iva) AS bigint), CAST(sum(gmf) AS bigint)
FROM payouts WHERE batch_id = $1 AND removed_reason = '' GROUP BY method_kind ORDER BY sum(amount) DESC`

// Splits returns each network's part of a batch.
func (s *Service) Splits(ctx context.Context, batch int64) ([]Split, error) {
	list, err := store.Select[Split](ctx, s.DB.Pool, batchSplits, batch)
	if err != nil {
		return nil, fmt.Errorf("splits of batch %d: %w", batch, err)
	}
	return list, nil
}

// StateSum is how many payouts of a batch stand in one state.
type StateSum struct {
	State models.PayoutState
	Sum
}

// Progress returns the states of a batch's payouts.
func (s *Service) Progress(ctx context.Context, batch int64) ([]StateSum, error) {
	list, err := store.Select[StateSum](ctx, s.DB.Pool,
		`SELECT state, count(*), CAST(sum(amount) AS bigint) FROM payouts WHERE batch_id = $1 AND removed_reason = '' GROUP BY state`, batch)
	if err != nil {
		return nil, fmt.Errorf("progress of batch %d: %w", batch, err)
	}
	return list, nil
}

// Previous returns the last batch that was approved before this one, for comparison; ok is false when there is none.
func (s *Service) Previous(ctx context.Context, b models.Batch) (previous models.Batch, ok bool, err error) {
	list, err := selectBatches(ctx, s.DB.Pool, `WHERE b.id < $1 AND b.connection_id = $2 AND b.state IN ('approved', 'dispatching', 'done')
        ORDER BY b.id DESC LIMIT 1`, b.ID, b.ConnectionID)
	if err != nil || len(list) == 0 {
		return models.Batch{}, false, err
	}
	return list[0], true, nil
}

// PayoutEvent is one step of a payout's history.
type PayoutEvent struct {
	At        time.Time
	From, To  models.PayoutState
	Origin    string
	ActorName string
	Note      string
}

// History lists a payout's steps, newest first.
func (s *Service) History(ctx context.Context, payout int64) ([]PayoutEvent, error) {
	list, err := store.Select[PayoutEvent](ctx, s.DB.Pool,
		`SELECT at, from_state, to_state, origin, actor_name, note FROM payout_events WHERE payout_id = $1 ORDER BY id DESC LIMIT 200`, payout)
	if err != nil {
		return nil, fmt.Errorf("history of payout %d: %w", payout, err)
	}
	return list, nil
}

// PaidLine is one commission line inside a payout.
type PaidLine struct {
	ID          int64
	OrderNumber string
	OrderID     int64 // 0 when the order is not known
	Period      string
	Concept     string
	Amount      models.Money
}

// Lines lists the commission lines that a payout netted.
func (s *Service) Lines(ctx context.Context, payout int64) ([]PaidLine, error) {
	list, err := store.Select[PaidLine](ctx, s.DB.Pool, `
SELECT l.id, l.order_number, COALESCE(o.id, 0), l.period, l.concept, x.amount
FROM payout_lines x JOIN commission_lines l ON l.id = x.line_id LEFT JOIN orders o ON o.number = l.order_number AND l.order_number <> ''
WHERE x.payout_id = $1 ORDER BY l.id LIMIT 500`, payout)
	if err != nil {
		return nil, fmt.Errorf("lines of payout %d: %w", payout, err)
	}
	return list, nil
}
