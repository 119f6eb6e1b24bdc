package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/distributors"
	"pagaduria/services/imports"
)

const (
	importTimeout = time.Hour // a file of a million rows takes a minute; the disk of another machine may be slow
	expireEvery   = time.Hour
)

// importWorker checks and takes uploads.
type importWorker struct {
	river.WorkerDefaults[imports.WorkArgs]
	imports *imports.Service
}

// Timeout bounds one attempt.
func (w importWorker) Timeout(*river.Job[imports.WorkArgs]) time.Duration { return importTimeout }

// Work does what the upload waits for. After the last attempt the upload is given back to people.
func (w importWorker) Work(ctx context.Context, job *river.Job[imports.WorkArgs]) error {
	err := w.imports.Work(ctx, job.Args.ID)
	if err == nil || job.Attempt < job.MaxAttempts {
		return err
	}
	return errors.Join(err, w.imports.GiveUp(context.WithoutCancel(ctx), job.Args.ID))
}

// ExpireVerifications moves distributors whose verification ran out.
type ExpireVerifications struct{}

// Kind names the job in the queue.
func (ExpireVerifications) Kind() string { return "distributors.expire" }

// InsertOpts tries once: the next round comes within the hour.
func (ExpireVerifications) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// AddImports registers the jobs of uploads and of the distributors' verification and answers their schedule.
func AddImports(w *river.Workers, i *imports.Service, d *distributors.Service) []*river.PeriodicJob {
	Work(w, importWorker{imports: i})
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[ExpireVerifications]) error {
		_, err := d.ExpireVerifications(ctx)
		return err
	}))
	return []*river.PeriodicJob{Every(expireEvery, ExpireVerifications{})}
}
