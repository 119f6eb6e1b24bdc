package payouts

import (
	"context"
	"fmt"
	"time"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Alarm is how many payouts should have moved on and have not.
type Alarm struct {
	Count   int64
	Total   models.Money
	Oldest  *time.Time // since when, nil without any
	Example string     // code of the oldest
}

const overdueNow = `
SELECT count(*), CAST(COALESCE(sum(amount), 0) AS bigint), min(overdue_at), COALESCE((array_agg(code ORDER BY overdue_at))[1], '')
FROM payouts WHERE overdue_at < $1`

// Overdue counts the payouts whose alarm is due.
func (s *Service) Overdue(ctx context.Context) (Alarm, error) {
	a, err := store.SelectOne[Alarm](ctx, s.DB.Pool, overdueNow, s.Now())
	if err != nil {
		return a, fmt.Errorf("count overdue payouts: %w", err)
	}
	return a, nil
}
