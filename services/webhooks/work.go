package webhooks

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
)

// WorkArgs is the job that works on accepted notifications. It is safe to run twice: what was worked on is left out.
type WorkArgs struct {
	Events []int64 `json:"events"`
}

// Kind names the job.
func (WorkArgs) Kind() string { return "webhooks.work" }

// What working on a notification led to.
const (
	OutcomeMoved     = "moved"          // the payout changed its state
	OutcomeUnchanged = "unchanged"      // the rail says nothing new
	OutcomeNoPayout  = "unknown_payout" // it names none of ours
	OutcomeFailed    = "failed"         // the rail could not be asked; polling goes on
)

const openEvents = `
SELECT e.id, COALESCE(p.id, 0) FROM webhook_events e LEFT JOIN payouts p ON p.code = e.reference
WHERE e.id = ANY($1) AND NOT EXISTS (SELECT 1 FROM webhook_runs r WHERE r.event_id = e.id AND r.outcome <> 'failed')
ORDER BY e.id`

const (
	insertRun  = `INSERT INTO webhook_runs (event_id, outcome, note, actor_name) VALUES ($1, $2, $3, $4)`
	insertRuns = `INSERT INTO webhook_runs (event_id, outcome, note) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])`
)

// Work asks the rail for the status of every payout that the events name. A failure is noted, and the job tries again.
func (s *Service) Work(ctx context.Context, a WorkArgs) error {
	type open struct{ Event, Payout int64 }
	list, err := store.Select[open](ctx, s.DB.Pool, openEvents, a.Events)
	if err != nil {
		return fmt.Errorf("read notifications: %w", err)
	}
	ids := make([]int64, 0, len(list))
	for _, e := range list { // several events of one payout need one question
		if e.Payout != 0 && !slices.Contains(ids, e.Payout) {
			ids = append(ids, e.Payout)
		}
	}
	asked := s.Payouts.AskStatuses(ctx, ids, "notification", models.Actor{})
	var failed error
	events, outcomes, notes := make([]int64, len(list)), make([]string, len(list)), make([]string, len(list))
	for i, e := range list {
		events[i], outcomes[i] = e.Event, OutcomeNoPayout
		if a, known := asked[e.Payout]; known {
			outcomes[i], notes[i] = ledTo(a)
			failed = cmp.Or(failed, a.Err)
		}
	}
	if _, err := s.DB.Pool.Exec(ctx, insertRuns, events, outcomes, notes); err != nil {
		return fmt.Errorf("note work on %d notifications: %w", len(events), err)
	}
	return failed
}

// ledTo is what asking for a payout because of a notification led to, with a note for people.
func ledTo(a payouts.Asked) (outcome, note string) {
	switch {
	case a.Err != nil:
		return OutcomeFailed, a.Err.Error()
	case a.Changed:
		return OutcomeMoved, string(a.From) + " → " + string(a.To)
	}
	return OutcomeUnchanged, string(a.To)
}

// Replay works on an accepted or duplicate notification again because a person asked. A rejected one is never
// worked on: its origin is not proven.
func (s *Service) Replay(ctx context.Context, by models.Actor, id int64) (outcome string, err error) {
	if !by.May(models.PermWebhooksReplay) {
		return "", models.Refuse(models.Forbidden, "webhook.refused.role", "Only support or an admin can process a notification again.", nil)
	}
	e, err := s.Event(ctx, id)
	if err != nil {
		return "", err
	}
	if e.Verdict == Rejected {
		return "", models.Refuse(models.Conflict, "webhook.refused.rejected", "This notification was rejected, so it is never processed.", nil)
	}
	outcome, note := OutcomeNoPayout, ""
	var failed error
	if e.PayoutID != 0 {
		asked := s.Payouts.AskStatuses(ctx, []int64{e.PayoutID}, "notification", by)[e.PayoutID]
		failed = asked.Err
		outcome, note = ledTo(asked)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := store.ExecTx(tx, insertRun, id, outcome, note, by.Name); err != nil {
			return fmt.Errorf("note work on notification %d: %w", id, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "webhook.replay", SubjectType: "webhook", SubjectID: id, After: map[string]string{"outcome": outcome}})
	})
	if err == nil && failed != nil {
		err = models.Refuse(models.Unavailable, "webhook.refused.rail", "The rail could not be asked. Try again later; polling goes on meanwhile.", nil)
	}
	return outcome, err
}
