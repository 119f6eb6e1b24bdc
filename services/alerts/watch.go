package alerts

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/events"
	"pagaduria/services/store"
)

// Payouts go wrong by the hundred and one by one: nobody is told of each. Watch gathers them by batch and hour from what
// the payouts say themselves, so that no transaction that moves money waits for a notice.

type mishap struct {
	BatchID int64
	Code    string
	State   models.PayoutState
	Hour    time.Time
	Count   int64
}

const (
	mishaps = `
SELECT p.batch_id, b.code, p.state, date_trunc('hour', p.state_at), count(*)
FROM payouts p JOIN batches b ON b.id = p.batch_id
WHERE p.state IN ('failed', 'expired', 'returned') AND p.state_at >= date_trunc('hour', CAST($1 AS timestamptz))
GROUP BY 1, 2, 3, 4 ORDER BY 4, 1, 3`
	expiring = `
SELECT count(*), CAST(COALESCE(sum(amount), 0) AS bigint) FROM payouts WHERE state = 'available' AND expires_at < $1`
)

// watchBack is how far back Watch looks: payouts that failed while no process watched are told of when one does again.
const watchBack = 24 * time.Hour

// Cash that expires within expiresSoon is told of once a day, not before expiringFrom.
const (
	expiresSoon  = 48 * time.Hour
	expiringFrom = models.Minutes(7 * 60)
)

// Watch records what people should know and no single change tells: payouts that failed, came back or expired, one
// event a batch, state and hour whose count is kept up to date; and once a day cash that is about to expire.
func (s *Service) Watch(ctx context.Context) error {
	now := s.Now()
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		list, err := store.SelectTx[mishap](tx, mishaps, now.Add(-watchBack))
		if err != nil {
			return fmt.Errorf("look for payouts that failed: %w", err)
		}
		for _, m := range list {
			once := fmt.Sprintf("payouts.%s %d %s", m.State, m.BatchID, m.Hour.UTC().Format(time.RFC3339))
			err := events.Record(tx, events.Event{Kind: "payouts." + string(m.State), SubjectType: "batch", SubjectID: m.BatchID,
				Permission: models.PermPayoutsOperate, Facts: map[string]any{"Count": m.Count, "Batch": m.Code}, Once: once})
			if err == nil {
				err = events.Recount(tx, once, m.Count)
			}
			if err != nil {
				return err
			}
		}
		return s.watchExpiring(tx, now)
	})
}

func (s *Service) watchExpiring(tx *gorm.DB, now time.Time) error {
	if models.MinutesOf(now) < expiringFrom {
		return nil
	}
	rows, err := store.SelectTx[struct {
		Count int64
		Total models.Money
	}](tx, expiring, now.Add(expiresSoon))
	if err != nil {
		return fmt.Errorf("look for cash about to expire: %w", err)
	}
	if rows[0].Count == 0 {
		return nil
	}
	return events.Record(tx, events.Event{Kind: "payouts.expiring", SubjectType: "payouts", Permission: models.PermPayoutsOperate,
		Facts: map[string]any{"Count": rows[0].Count, "Total": rows[0].Total}, Once: "payouts.expiring " + models.Day(now).Format(time.DateOnly)})
}
