package payouts

import (
	"context"
	"time"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Pick is one batch of several that a checker decides on together, as it was on the screen.
type Pick struct {
	ID   int64
	Seen models.Seen
}

// Outcome is what came of one of several batches; Err says why nothing was done.
type Outcome struct {
	Batch models.Batch
	Err   error
}

// ForMe lists the batches on which by may decide, newest first, up to a page of them.
func (s *Service) ForMe(ctx context.Context, by models.Actor) (list []models.Batch, err error) {
	waiting, err := s.ListBatches(ctx, models.BatchInApproval, store.Cursor{})
	for _, b := range waiting.Rows {
		if b.DecidableBy(by) == nil {
			list = append(list, b.Batch)
		}
	}
	return list, err
}

// Picked reads the batches that a checker ticked, in the order of the ticks; one that does not exist is left out.
func (s *Service) Picked(ctx context.Context, ids []int64) ([]models.Batch, error) {
	return selectBatches(ctx, s.DB.Pool, `WHERE b.id = ANY($1) ORDER BY array_position($1, b.id)`, ids)
}

// Together is one decision on several batches.
type Together struct {
	Decision models.Decision
	FactorAt time.Time
	Reason   string
}

// DecideAll decides on each batch in a transaction of its own: one that cannot be decided on leaves the others alone.
// Deciding again changes nothing, since each batch has moved on.
func (s *Service) DecideAll(ctx context.Context, by models.Actor, picks []Pick, t Together) ([]Outcome, error) {
	list := make([]Outcome, 0, len(picks))
	for _, p := range picks {
		err := s.Decide(ctx, by, p.ID, Verdict{Decision: t.Decision, Seen: p.Seen, FactorAt: t.FactorAt, Reason: t.Reason})
		b, missing := s.Batch(context.WithoutCancel(ctx), p.ID)
		if missing != nil && models.KindOf(missing) == "" {
			return list, missing
		}
		if b.ID == 0 {
			b = models.Batch{ID: p.ID}
		}
		list = append(list, Outcome{Batch: b, Err: err})
	}
	return list, nil
}
