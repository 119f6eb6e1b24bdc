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

const batchSplits = `SELECT method_kind, CAST(items AS bigint), total, fee, fee_iva, gmf FROM batch_splits WHERE batch_id = $1 ORDER BY total DESC`

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
