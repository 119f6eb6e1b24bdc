package payouts

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const setHandOver = `UPDATE batches SET hand_over_at = $2 WHERE id = $1`

// handOverLater puts the hand-over of a batch that is being approved off for as long as the approval can be undone, and
// answers how its jobs are to be enqueued: at that time, so that nothing has to look for it.
func (s *Service) handOverLater(tx *gorm.DB, batch int64, now time.Time) (*river.InsertOpts, error) {
	at := now.Add(s.HandOverAfter)
	if _, err := store.ExecTx(tx, setHandOver, batch, at); err != nil {
		return nil, fmt.Errorf("put off hand-over of batch %d: %w", batch, err)
	}
	if s.HandOverAfter <= 0 {
		return nil, nil
	}
	return &river.InsertOpts{ScheduledAt: at}, nil
}

const (
	putBack = `
WITH moved AS (
    UPDATE payouts SET state = 'in_batch', state_at = $2, overdue_at = NULL, version = version + 1 WHERE batch_id = $1 AND state = 'approved' RETURNING id)
INSERT INTO payout_events (payout_id, at, from_state, to_state, origin, actor_name, note) SELECT id, $2, 'approved', 'in_batch', 'person', $3, 'approval undone' FROM moved`
	// What was cancelled since the approval is out of the batch.
	leaveOut = `
UPDATE payouts p SET removed_reason = COALESCE(NULLIF((SELECT e.note FROM payout_events e WHERE e.payout_id = p.id AND e.to_state = 'cancelled' ORDER BY e.id DESC LIMIT 1), ''), 'cancelled')
WHERE p.batch_id = $1 AND p.state = 'cancelled' AND p.removed_reason = ''`
	countUndo = `UPDATE batches SET undone = undone + 1, hand_over_at = NULL WHERE id = $1`
)

// Undo takes an approval back before hand-over began: the batch waits for approval again, under a new seal, so that
// approvals given before no longer count. The books stay as they are: the money is held in both states. Dispatch begins
// under the batch's lock, so that one of the two finds the other done.
func (s *Service) Undo(ctx context.Context, by models.Actor, id int64, seen int) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		b, err := s.lockBatch(tx, id)
		if err != nil {
			return err
		}
		before := b
		if err := b.Undo(by, seen); err != nil {
			return err
		}
		n, err := store.ExecTx(tx, putBack, id, s.Now(), by.Name)
		if err != nil {
			return fmt.Errorf("put back payouts of batch %d: %w", id, err)
		}
		if n == 0 {
			return models.Refuse(models.Conflict, "batch.refused.empty", "There is nothing left in this batch.", nil)
		}
		for _, sql := range []string{leaveOut, countUndo} {
			if _, err := store.ExecTx(tx, sql, id); err != nil {
				return fmt.Errorf("undo approval of batch %d: %w", id, err)
			}
		}
		if err := examine(tx, id); err != nil {
			return err
		}
		seal, err := sealOf(tx, id)
		if err != nil {
			return err
		}
		b.Items, b.Total, b.Fees, b.GMF, b.ContentHash = seal.Items, seal.Total, seal.Fees, seal.GMF, seal.Hash
		if err := s.evaluate(tx, &b); err != nil {
			return err
		}
		b.State, b.StuckStep = models.BatchInApproval, 0 // whether it is blocked is found out by the next look
		if err := s.saveBatch(tx, b); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "batch.undo", SubjectType: "batch", SubjectID: id, Before: batchFacts(before), After: batchFacts(b)})
	})
}

// Of what is approved, an earlier request may still reach the rail: that is sent again, never given back.
var notHandedOver = `state = 'approved' AND NOT ` + unsettled

const sumReleased = `SELECT count(*), CAST(COALESCE(sum(amount), 0) AS bigint) FROM released`

// NotHandedOver is what TakeBack would cancel now.
func (s *Service) NotHandedOver(ctx context.Context, batch int64) (Sum, error) {
	sum, err := store.SelectOne[Sum](ctx, s.DB.Pool, `SELECT count(*), CAST(COALESCE(sum(amount), 0) AS bigint) FROM payouts p WHERE batch_id = $1 AND `+
		fmt.Sprintf(notHandedOver, "$2"), batch, s.Now().Add(-settledAfter))
	if err != nil {
		return sum, fmt.Errorf("count what is left of batch %d: %w", batch, err)
	}
	return sum, nil
}

// TakeBack cancels what of a batch was not handed over yet, after hand-over began; the money is payable again. Payouts
// that a worker has just taken are waited for and left to it. It answers how many and how much were taken back.
func (s *Service) TakeBack(ctx context.Context, by models.Actor, id int64, reason string) (taken Sum, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		b, err := s.lockBatch(tx, id)
		if err != nil {
			return err
		}
		if err := b.TakeBack(by, reason); err != nil {
			return err
		}
		condition := fmt.Sprintf(notHandedOver, "'"+s.Now().Add(-settledAfter).UTC().Format(time.RFC3339Nano)+"'::timestamptz") + ` ORDER BY id FOR UPDATE`
		if err := s.releaseThose(tx, id, condition, by, "taken back before hand-over: "+reason); err != nil {
			return err
		}
		sums, err := store.SelectTx[Sum](tx, sumReleased)
		if err != nil {
			return fmt.Errorf("take back the rest of batch %d: %w", id, err)
		}
		if taken = sums[0]; taken.Count == 0 {
			return models.Refuse(models.Conflict, "batch.refused.handed_over", "Everything in this batch was handed over, so nothing can be taken back as a whole.", nil)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "batch.take_back", SubjectType: "batch", SubjectID: id, Reason: reason,
			After: map[string]any{"payouts": taken.Count, "amount": taken.Total.String()}})
	})
	return taken, err
}
