package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/alerts"
	"pagaduria/services/events"
)

// How often notices are looked after. Each event is delivered by a job of its own; the round takes up what those left.
const (
	noticeEvery = 15 * time.Second
	watchEvery  = time.Minute
	tidyEvery   = 6 * time.Hour
)

// NoticeRound delivers what waits and writes the mails that are due.
type NoticeRound struct{}

// Kind names the job in the queue.
func (NoticeRound) Kind() string { return "alerts.round" }

// InsertOpts tries once: the next round is seconds away.
func (NoticeRound) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// Watch looks for what no single change tells.
type Watch struct{}

// Kind names the job in the queue.
func (Watch) Kind() string { return "alerts.watch" }

// InsertOpts tries once: the next round comes within a minute.
func (Watch) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// Tidy removes notices that were kept long enough.
type Tidy struct{}

// Kind names the job in the queue.
func (Tidy) Kind() string { return "alerts.tidy" }

// InsertOpts tries once: the next round comes the same day.
func (Tidy) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// AddAlerts registers the jobs of notices and answers their schedule.
func AddAlerts(w *river.Workers, a *alerts.Service) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[events.DeliverArgs]) error {
		_, err := a.Deliver(ctx)
		return err
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[NoticeRound]) error {
		_, err := a.Deliver(ctx)
		return errors.Join(err, a.WriteMails(ctx))
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[Watch]) error { return a.Watch(ctx) }))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[Tidy]) error { return a.Tidy(ctx) }))
	return []*river.PeriodicJob{Every(noticeEvery, NoticeRound{}), Every(watchEvery, Watch{}), Every(tidyEvery, Tidy{})}
}
