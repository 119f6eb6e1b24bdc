package webhooks

import (
	"context"
	"fmt"
	"time"

	"pagaduria/services/store"
)

// Rejection is how often notifications were rejected for one reason lately, and when last.
type Rejection struct {
	Reason Reason
	Count  int64
	Last   time.Time
}

// RejectionsCounted is where counting rejections stops: "1.000+". Anybody can make the rail's address reject something.
const RejectionsCounted = 1000

const countRejections = `
SELECT reason, count(*), max(received_at)
FROM (SELECT reason, received_at FROM webhook_events WHERE verdict = 'rejected' ORDER BY id DESC LIMIT $1) e
WHERE received_at >= $2 GROUP BY reason ORDER BY 2 DESC, 1`

// Rejections counts the newest rejections since a moment, by reason.
func (s *Service) Rejections(ctx context.Context, since time.Time) ([]Rejection, error) {
	list, err := store.Select[Rejection](ctx, s.DB.Pool, countRejections, RejectionsCounted, since)
	if err != nil {
		return nil, fmt.Errorf("count rejected notifications: %w", err)
	}
	return list, nil
}
