package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"pagaduria/services/tracking"
)

// AddTracking registers the jobs about parcels.
func AddTracking(w *river.Workers, s *tracking.Service) {
	Work(w, river.WorkFunc(func(ctx context.Context, job *river.Job[tracking.ApplyArgs]) error {
		return s.ApplyCodes(ctx, job.Args)
	}))
}
