package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/risk"
)

// How often risk is scored: of those whose facts changed, and of everybody.
const (
	riskEvery      = 15 * time.Second
	sweepRiskEvery = 6 * time.Hour
	sweepTimeout   = 30 * time.Minute
)

// ScoreRisk scores those whose facts changed.
type ScoreRisk struct{}

// Kind names the job in the queue.
func (ScoreRisk) Kind() string { return "risk.score" }

// InsertOpts tries once: the next round is seconds away.
func (ScoreRisk) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// riskSweeper scores everybody.
type riskSweeper struct {
	river.WorkerDefaults[risk.SweepArgs]
	risk *risk.Service
}

// Timeout bounds one round over everybody.
func (w riskSweeper) Timeout(*river.Job[risk.SweepArgs]) time.Duration { return sweepTimeout }

// Work makes one round.
func (w riskSweeper) Work(ctx context.Context, _ *river.Job[risk.SweepArgs]) error {
	_, err := w.risk.Sweep(ctx)
	return err
}

// AddRisk registers the jobs of risk and answers their schedule.
func AddRisk(w *river.Workers, s *risk.Service) []*river.PeriodicJob {
	Work(w, riskSweeper{risk: s})
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[ScoreRisk]) error {
		_, err := s.ScoreDue(ctx)
		return err
	}))
	return []*river.PeriodicJob{Every(riskEvery, ScoreRisk{}), Every(sweepRiskEvery, risk.SweepArgs{})}
}
