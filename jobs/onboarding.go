package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"pagaduria/services/onboarding"
)

// AddOnboarding registers the jobs of getting to know payees and answers their schedule.
func AddOnboarding(w *river.Workers, o *onboarding.Service) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, j *river.Job[onboarding.TextArgs]) error { return o.SendText(ctx, j.Args) }))
	return nil
}
