package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/store"
)

// TendArgs is the job that looks after batches that wait for approval by the clock; staff.ChangedArgs asks for the same
// when somebody came or went.
type TendArgs struct{}

// Kind names the job.
func (TendArgs) Kind() string { return "payouts.tend" }

// InsertOpts tries once: the next round is a minute away.
func (TendArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

// remindBefore is how long before a batch expires its checkers and its maker are reminded.
const remindBefore = 24 * time.Hour

const openBatches = `SELECT id FROM batches WHERE state IN ('in_approval', 'blocked') ORDER BY id`

// Tend goes through the batches that wait: one that nobody approved in time expires and its commissions are payable
// again, one that expires within a day is told of, and one is blocked, or goes on, as people come and go. A batch that
// cannot be tended does not keep the others waiting.
func (s *Service) Tend(ctx context.Context) error {
	ids, err := store.Select[struct{ ID int64 }](ctx, s.DB.Pool, openBatches)
	if err != nil {
		return fmt.Errorf("list waiting batches: %w", err)
	}
	var failed []error
	for _, x := range ids {
		b, err := s.Batch(ctx, x.ID)
		if err == nil && s.needsTending(b) {
			err = s.tend(ctx, x.ID)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// needsTending is a look without a lock, so that batches on which nothing changed are left alone.
func (s *Service) needsTending(b models.Batch) bool {
	return b.Open() && (b.ExpiresAt != nil && !s.Now().Before(b.ExpiresAt.Add(-remindBefore)) || b.Unstick())
}

func (s *Service) tend(ctx context.Context, id int64) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		b, err := s.lockBatch(tx, id)
		if err != nil || !b.Open() {
			return err
		}
		before := b
		switch now := s.Now(); {
		case b.ExpiresAt != nil && !now.Before(*b.ExpiresAt):
			return s.expire(tx, b)
		case b.ExpiresAt != nil && !now.Before(b.ExpiresAt.Add(-remindBefore)):
			if err := remind(tx, b); err != nil {
				return err
			}
		}
		if !b.Unstick() {
			return nil
		}
		if err := s.saveOpen(tx, b); err != nil {
			return err
		}
		action := "batch.unblock"
		if b.State == models.BatchBlocked {
			action = "batch.block"
		}
		return audit.Record(tx, audit.Entry{By: models.System("approval"), Action: action, SubjectType: "batch", SubjectID: id,
			Before: batchFacts(before), After: batchFacts(b)})
	})
}

// expire ends a locked batch that nobody approved in time; everything in it is payable again.
func (s *Service) expire(tx *gorm.DB, b models.Batch) error {
	by := models.System("approval")
	if err := b.Expire(s.Now()); err != nil {
		return err
	}
	if err := s.saveBatch(tx, b); err != nil {
		return err
	}
	if err := s.releaseAll(tx, b.ID, by, "batch expired unapproved"); err != nil {
		return err
	}
	err := events.Record(tx, events.Event{Kind: "batch.expired", SubjectType: "batch", SubjectID: b.ID, Staff: []int64{b.MakerID}, Facts: map[string]any{"Name": b.Name}})
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "batch.expire", SubjectType: "batch", SubjectID: b.ID, After: batchFacts(b)})
}

// remind tells of a batch that expires soon, once for each time it was submitted.
func remind(tx *gorm.DB, b models.Batch) error {
	return events.Record(tx, events.Event{Kind: "batch.expiring", SubjectType: "batch", SubjectID: b.ID, Staff: []int64{b.MakerID}, Permission: models.PermBatchesDecide,
		Facts: map[string]any{"Name": b.Name}, Once: fmt.Sprintf("batch.expiring:%d:%d", b.ID, b.ExpiresAt.Unix())})
}
