package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/payouts"
	"pagaduria/services/webhooks"
)

// How often payouts are looked after.
const (
	pollEvery       = 2 * time.Second
	sweepMoneyEvery = 5 * time.Second
)

// Money are the services behind the jobs of this file.
type Money struct {
	Payouts  *payouts.Service
	Webhooks *webhooks.Service
}

// AddMoney registers the jobs that move payouts and answers their schedule.
func AddMoney(w *river.Workers, m Money) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, job *river.Job[payouts.DispatchArgs]) error {
		return m.Payouts.Dispatch(ctx, job.Args)
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.PollArgs]) error { return m.Payouts.Poll(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[payouts.SweepArgs]) error { return m.Payouts.Sweep(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, job *river.Job[webhooks.WorkArgs]) error {
		return m.Webhooks.Work(ctx, job.Args)
	}))
	return []*river.PeriodicJob{Every(pollEvery, payouts.PollArgs{}), Every(sweepMoneyEvery, payouts.SweepArgs{})}
}
