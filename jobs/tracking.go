package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/tracking"
)

// watchParcelsEvery is how long a parcel may be stuck before the pages say so; a round of questions to carriers ends before
// the next one begins.
const (
	watchParcelsEvery = 5 * time.Minute
	pollParcelsEvery  = time.Minute
)

// AddTracking registers the jobs about parcels and answers their schedule.
func AddTracking(w *river.Workers, s *tracking.Service) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, job *river.Job[tracking.ApplyArgs]) error {
		return s.ApplyCodes(ctx, job.Args)
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, job *river.Job[tracking.DeliveryArgs]) error {
		return s.WorkDelivery(ctx, job.Args)
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[tracking.WatchArgs]) error { return s.Watch(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[tracking.PollArgs]) error { return s.Poll(ctx) }))
	return []*river.PeriodicJob{Every(watchParcelsEvery, tracking.WatchArgs{}), Every(pollParcelsEvery, tracking.PollArgs{})}
}
