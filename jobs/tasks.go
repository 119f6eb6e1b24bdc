package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/tasks"
)

const (
	taskTimeout     = time.Hour // a file of a million rows takes a minute; the disk of another machine may be slow
	sweepTasksEvery = 30 * time.Second
)

// taskWorker works long work that people asked for.
type taskWorker struct {
	river.WorkerDefaults[tasks.WorkArgs]
	tasks *tasks.Service
}

// Timeout bounds one attempt.
func (w taskWorker) Timeout(*river.Job[tasks.WorkArgs]) time.Duration { return taskTimeout }

// Work makes one attempt. A job that comes back after its last one died with its process each time.
func (w taskWorker) Work(ctx context.Context, job *river.Job[tasks.WorkArgs]) error {
	if job.Attempt > job.MaxAttempts {
		return w.tasks.GiveUp(ctx, job.Args.ID)
	}
	return w.tasks.Work(ctx, job.Args.ID, job.Attempt == job.MaxAttempts)
}

// AddTasks registers the jobs of long work and answers their schedule.
func AddTasks(w *river.Workers, s *tasks.Service) []*river.PeriodicJob {
	Work(w, taskWorker{tasks: s})
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[tasks.SweepArgs]) error { return s.Sweep(ctx) }))
	return []*river.PeriodicJob{Every(sweepTasksEvery, tasks.SweepArgs{})}
}
