package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/documents"
)

const sweepDocumentsEvery = 6 * time.Hour

// SweepDocuments removes uploads nobody goes on with, and blobs that no document names.
type SweepDocuments struct{}

// Kind names the job in the queue.
func (SweepDocuments) Kind() string { return "documents.sweep" }

// InsertOpts tries once: the next round comes the same day.
func (SweepDocuments) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// AddDocuments registers the jobs of documents and answers their schedule.
func AddDocuments(w *river.Workers, d *documents.Service) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[SweepDocuments]) error {
		_, _, err := d.Sweep(ctx)
		return err
	}))
	return []*river.PeriodicJob{Every(sweepDocumentsEvery, SweepDocuments{})}
}
