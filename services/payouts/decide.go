package payouts

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// Verdict is a checker's decision on what was on the screen.
type Verdict struct {
	Decision models.Decision
	Seen     models.Seen
	FactorAt time.Time // when the checker last gave the second factor
	Reason   string
}

const (
	insertDecision = `
INSERT INTO batch_decisions (batch_id, maker_id, editor_id, staff_id, decision, content_hash, reason, at, round, step, for_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULLIF($11, 0))`
	approvePayouts = `
WITH moved AS (
    UPDATE payouts SET state = 'approved', state_at = $2, overdue_at = $4, version = version + 1 WHERE batch_id = $1 AND state = 'in_batch' RETURNING id)
INSERT INTO payout_events (payout_id, at, from_state, to_state, origin, actor_name) SELECT id, $2, 'in_batch', 'approved', 'person', $3 FROM moved`
	approvedRange = `SELECT id FROM payouts WHERE batch_id = $1 AND state = 'approved' ORDER BY id`
)

// dispatchChunk is how many payouts one job sends.
const dispatchChunk = 200

// Decide approves, returns or rejects a batch. The server, the model and the database each refuse the maker, the last
// editor and whoever approved before; a stale screen, a second click and a second checker find the batch moved on. An
// approval counts for the step that waits; the last one releases the payouts.
func (s *Service) Decide(ctx context.Context, by models.Actor, id int64, v Verdict) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		b, err := s.lockBatch(tx, id)
		if err != nil {
			return err
		}
		before := b
		if err := b.Decide(v.Decision, by, v.Seen, v.FactorAt, v.Reason, s.Now()); err != nil {
			return err
		}
		seal, err := sealOf(tx, id)
		if err != nil {
			return err
		}
		if string(seal.Hash) != string(before.ContentHash) || seal.Items != before.Items || seal.Total.Minor != before.Total.Minor {
			return fmt.Errorf("batch %d: content does not match its seal", id)
		}
		given := models.Approval{Step: before.Approval.Current(), StaffID: by.StaffID}
		if v.Decision == models.Approve {
			given = b.Approval.Given[len(b.Approval.Given)-1]
		}
		if _, err := store.ExecTx(tx, insertDecision, id, b.MakerID, b.EditorID, by.StaffID, v.Decision, b.ContentHash, v.Reason, s.Now(), b.Round,
			given.Step, given.ForID); err != nil {
			return fmt.Errorf("record decision on batch %d: %w", id, err)
		}
		if err := s.settleDecision(tx, by, before, b, v); err != nil {
			return err
		}
		if err := tellDecided(tx, by, before, b); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "batch." + string(v.Decision), SubjectType: "batch", SubjectID: id, Reason: v.Reason,
			Before: batchFacts(before), After: approvalFacts(b, given)})
	})
}

// tellDecided tells the maker what became of the batch, or the checkers that its next step waits for them.
func tellDecided(tx *gorm.DB, by models.Actor, before, b models.Batch) error {
	e := events.Event{Kind: "batch." + string(b.State), SubjectType: "batch", SubjectID: b.ID, Staff: []int64{b.MakerID}, Facts: batchNews(b, by)}
	if b.State == models.BatchInApproval {
		if b.Approval.Current() == before.Approval.Current() {
			return nil
		}
		e.Kind, e.Staff, e.Permission, e.Except = "batch.step", nil, models.PermBatchesDecide, by.StaffID
	}
	return events.Record(tx, e)
}

// settleDecision saves the batch and does what follows from where it stands now. An approval that leaves the same step
// waiting leaves the row as it is: what others have on their screens is still true.
func (s *Service) settleDecision(tx *gorm.DB, by models.Actor, before, b models.Batch, v Verdict) error {
	if b.State == before.State && b.Approval.Current() == before.Approval.Current() {
		return nil
	}
	if err := s.saveOpen(tx, b); err != nil {
		return err
	}
	switch b.State {
	case models.BatchApproved:
		return s.release(tx, by, b)
	case models.BatchRejected:
		return s.releaseAll(tx, b.ID, by, "batch rejected: "+v.Reason)
	}
	return nil
}

// release approves every payout of the batch and enqueues their dispatch, in the approval's own transaction.
func (s *Service) release(tx *gorm.DB, by models.Actor, b models.Batch) error {
	now := s.Now()
	if err := refuseUnpayable(tx, b.ID, now); err != nil {
		return err
	}
	if err := refuseContradicted(tx, b.ID); err != nil {
		return err
	}
	n, err := store.ExecTx(tx, approvePayouts, b.ID, now, by.Name, now.Add(models.HandOverWithin))
	if err != nil {
		return fmt.Errorf("approve payouts of batch %d: %w", b.ID, err)
	}
	if n != int64(b.Items) {
		return fmt.Errorf("approve payouts of batch %d: %d of %d", b.ID, n, b.Items)
	}
	ids, err := store.SelectTx[struct{ ID int64 }](tx, approvedRange, b.ID)
	if err != nil {
		return fmt.Errorf("list payouts of batch %d: %w", b.ID, err)
	}
	later, err := s.handOverLater(tx, b.ID, now)
	if err != nil {
		return err
	}
	var jobs []river.InsertManyParams
	for from := 0; from < len(ids); from += dispatchChunk {
		to := min(from+dispatchChunk, len(ids)) - 1
		jobs = append(jobs, river.InsertManyParams{Args: DispatchArgs{BatchID: b.ID, From: ids[from].ID, To: ids[to].ID}, InsertOpts: later})
	}
	if err := queue.InsertMany(tx, jobs); err != nil {
		return fmt.Errorf("enqueue dispatch of batch %d: %w", b.ID, err)
	}
	return nil
}

var countUnpayable = `
SELECT count(*) FILTER (WHERE NOT ` + fmt.Sprintf(verifiedNow, "$2") + `), count(*) FILTER (WHERE NOT ` + fmt.Sprintf(settledNow, "$2") + `), count(*) FILTER (WHERE d.on_hold)
FROM payouts p JOIN distributors d ON d.id = p.distributor_id WHERE p.batch_id = $1 AND p.state = 'in_batch'`

// refuseUnpayable keeps a batch from being approved while somebody in it may no longer be paid: approving them by the
// way and cancelling them after would not be what the checker saw.
func refuseUnpayable(tx *gorm.DB, batch int64, now time.Time) error {
	rows, err := store.SelectTx[struct{ Unverified, Changed, OnHold int64 }](tx, countUnpayable, batch, models.Day(now))
	if err != nil {
		return fmt.Errorf("check payees of batch %d: %w", batch, err)
	}
	if n := rows[0].Unverified; n > 0 {
		return models.Refuse(models.Conflict, "batch.refused.payees", fmt.Sprintf(
			"%d payees of this batch are not verified any more. Take them out, or return the batch to its maker.", n), map[string]any{"Count": n})
	}
	if n := rows[0].Changed; n > 0 {
		return models.Refuse(models.Conflict, "batch.refused.accounts", fmt.Sprintf(
			"The account of %d payees of this batch was changed just now, so they are not paid yet. Take them out, or return the batch to its maker.", n), map[string]any{"Count": n})
	}
	if n := rows[0].OnHold; n > 0 {
		return models.Refuse(models.Conflict, "batch.refused.on_hold", fmt.Sprintf(
			"%d payees of this batch are on hold for now. Take them out, or return the batch to its maker.", n), map[string]any{"Count": n})
	}
	return nil
}

// Decided is one decision as the batch page shows it.
type Decided struct {
	StaffName string
	Decision  models.Decision
	Reason    string
	At        time.Time
	Current   bool   // it was made on the content as it is now, in its present round
	Step      int    // of the approval, from 1
	ForName   string // in whose stead, "" for themselves
}

const decisions = `
SELECT s.name, d.decision, d.reason, d.at, COALESCE(d.content_hash = b.content_hash AND d.round = b.round, false), d.step, COALESCE(f.name, '')
FROM batch_decisions d JOIN staff s ON s.id = d.staff_id JOIN batches b ON b.id = d.batch_id LEFT JOIN staff f ON f.id = d.for_id
WHERE d.batch_id = $1 ORDER BY d.id`

// Decisions lists who decided what on a batch, oldest first.
func (s *Service) Decisions(ctx context.Context, batch int64) ([]Decided, error) {
	list, err := store.Select[Decided](ctx, s.DB.Pool, decisions, batch)
	if err != nil {
		return nil, fmt.Errorf("decisions on batch %d: %w", batch, err)
	}
	return list, nil
}
