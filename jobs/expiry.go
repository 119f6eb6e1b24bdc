package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/expiry"
)

const tendExpiryEvery = time.Hour

// TendExpiry works out who is due, ends what ran out, and asks payees anew.
type TendExpiry struct{}

// Kind names the job in the queue.
func (TendExpiry) Kind() string { return "expiry.tend" }

// InsertOpts tries once: the next round comes within the hour.
func (TendExpiry) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// AddExpiry registers the job of what runs out and answers its schedule.
func AddExpiry(w *river.Workers, s *expiry.Service) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[TendExpiry]) error {
		_, _, err := s.Tend(ctx)
		return err
	}))
	return []*river.PeriodicJob{Every(tendExpiryEvery, TendExpiry{})}
}
