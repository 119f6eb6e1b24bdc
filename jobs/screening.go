package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/distributors"
	"pagaduria/services/screening"
)

const (
	rescreenTimeout = time.Hour
	rescreenEvery   = 2 * time.Minute // a round without anybody due is one query
)

// rescreenWorker compares everybody who is due with the sanctions lists.
type rescreenWorker struct {
	river.WorkerDefaults[screening.RescreenArgs]
	screening *screening.Service
}

// Timeout bounds one round: after a new list a hundred thousand take a minute or two.
func (w rescreenWorker) Timeout(*river.Job[screening.RescreenArgs]) time.Duration {
	return rescreenTimeout
}

// Work makes one round.
func (w rescreenWorker) Work(ctx context.Context, _ *river.Job[screening.RescreenArgs]) error {
	_, err := w.screening.Rescreen(ctx)
	return err
}

// AddScreening registers the jobs of screening and answers their schedule.
func AddScreening(w *river.Workers, s *screening.Service) []*river.PeriodicJob {
	Work(w, rescreenWorker{screening: s})
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[distributors.CompareArgs]) error {
		_, err := s.Rescreen(ctx)
		return err
	}))
	return []*river.PeriodicJob{Every(rescreenEvery, screening.RescreenArgs{})}
}
