package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/onboarding"
)

// tendCasesEvery is how often payees are reminded and cases looked through.
const tendCasesEvery = time.Hour

// AddOnboarding registers the jobs of getting to know payees and answers their schedule.
func AddOnboarding(w *river.Workers, o *onboarding.Service) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, j *river.Job[onboarding.TextArgs]) error { return o.SendText(ctx, j.Args) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[onboarding.TendArgs]) error {
		_, _, err := o.Tend(ctx)
		return err
	}))
	return []*river.PeriodicJob{Every(tendCasesEvery, onboarding.TendArgs{})}
}
