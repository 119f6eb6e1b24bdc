package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/audit"
	"pagaduria/services/mail"
	"pagaduria/services/staff"
	"pagaduria/services/store"
)

// How often the work behind accounts and audit log comes round.
const (
	sealEvery  = 2 * time.Second
	mailEvery  = 15 * time.Second
	sweepEvery = time.Hour
)

// SealAudit chains new audit events.
type SealAudit struct{}

// Kind names the job in the queue.
func (SealAudit) Kind() string { return "audit.seal" }

// InsertOpts tries once: the next round is seconds away.
func (SealAudit) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// SendMail sends what waits in the outbox.
type SendMail struct{}

// Kind names the job in the queue.
func (SendMail) Kind() string { return "mail.send" }

// InsertOpts tries once: the next round is seconds away.
func (SendMail) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// SweepSignIn removes old sessions, throttles and links.
type SweepSignIn struct{}

// Kind names the job in the queue.
func (SweepSignIn) Kind() string { return "staff.sweep" }

// People are the services behind the jobs of this file. Mailer is nil without a mail server: mails stay in the outbox.
type People struct {
	DB     *store.DB
	Staff  *staff.Service
	Mail   *mail.Outbox
	Mailer mail.Sender
}

// AddPeople registers the jobs of accounts and audit log and answers their schedule.
func AddPeople(w *river.Workers, p People) []*river.PeriodicJob {
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[SealAudit]) error {
		_, err := audit.Seal(ctx, p.DB)
		return err
	}))
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[SweepSignIn]) error { return p.Staff.Sweep(ctx) }))
	schedule := []*river.PeriodicJob{Every(sealEvery, SealAudit{}), Every(sweepEvery, SweepSignIn{})}
	if p.Mailer == nil {
		return schedule
	}
	Work(w, river.WorkFunc(func(ctx context.Context, _ *river.Job[SendMail]) error {
		_, err := p.Mail.SendWaiting(ctx, p.Mailer)
		return err
	}))
	return append(schedule, Every(mailEvery, SendMail{}))
}
