package payouts

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"pagaduria/services/queue"
)

// DispatchArgs is the job that hands part of an approved batch to its rail. It is safe to run twice: it takes only
// payouts that are still approved.
type DispatchArgs struct {
	BatchID int64 `json:"batch_id"`
	From    int64 `json:"from"` // payout ids, both included
	To      int64 `json:"to"`
}

// Kind names the job.
func (DispatchArgs) Kind() string { return "payouts.dispatch" }

// PollArgs is the periodic job that asks rails for the status of payouts that are due.
type PollArgs struct{}

// Kind names the job.
func (PollArgs) Kind() string { return "payouts.poll" }

// SweepArgs is the periodic job that takes over from processes that died, resends what is known not to have been
// sent, raises alarms, and closes batches that came to rest.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "payouts.sweep" }

// ScheduleArgs is the job that composes the batches that are due.
type ScheduleArgs struct{}

// Kind names the job in the queue.
func (ScheduleArgs) Kind() string { return "payouts.schedules" }

// InsertOpts tries once: the next round comes within a minute.
func (ScheduleArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// AlarmArgs is the periodic job that tells the log how many payouts are overdue.
type AlarmArgs struct{}

// Kind names the job.
func (AlarmArgs) Kind() string { return "payouts.alarm" }

// InsertOpts tries once: the next round is a minute away.
func (AlarmArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// dispatchOnce keeps one waiting job a range: the sweep may ask for it again and again.
func dispatchOnce() *river.InsertOpts {
	return &river.InsertOpts{Queue: queue.Dispatch, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

// InsertOpts puts dispatch on a queue of its own: it never waits behind other work.
func (DispatchArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queue.Dispatch} }

// InsertOpts tries once: the next round is seconds away.
func (PollArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// InsertOpts tries once: the next round is seconds away.
func (SweepArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }
