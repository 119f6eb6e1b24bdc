package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/distributors"
)

const expireEvery = time.Hour

// ExpireVerifications moves distributors whose verification ran out.
type ExpireVerifications struct{}

// Kind names the job in the queue.
func (ExpireVerifications) Kind() string { return "distributors.expire" }

// InsertOpts tries once: the next round comes within the hour.
func (ExpireVerifications) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// AddDistributors registers the jobs of the distributors' verification and answers their schedule.
func AddDistributors(w *river.Workers, d *distributors.Service) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[ExpireVerifications]) error {
		_, err := d.ExpireVerifications(ctx)
		return err
	}))
	return []*river.PeriodicJob{Every(expireEvery, ExpireVerifications{})}
}
