package models

import (
	"bytes"
	"slices"
	"time"
)

// BatchState is where a batch stands on its way from draft to done.
type BatchState string

// The states of a batch. Words as in the catalogues and in SQL.
const (
	BatchDraft       BatchState = "draft"
	BatchInApproval  BatchState = "in_approval"
	BatchReturned    BatchState = "returned" // back with the maker
	BatchBlocked     BatchState = "blocked"  // nobody may approve it
	BatchApproved    BatchState = "approved"
	BatchDispatching BatchState = "dispatching"
	BatchDone        BatchState = "done"
	BatchRejected    BatchState = "rejected"
	BatchExpired     BatchState = "expired"
	BatchRecalled    BatchState = "recalled" // taken back by its maker
)

// BatchStates lists every state in the order pages show them.
var BatchStates = []BatchState{BatchDraft, BatchInApproval, BatchReturned, BatchBlocked, BatchApproved,
	BatchDispatching, BatchDone, BatchRejected, BatchExpired, BatchRecalled}

// Batch is a set of payouts that are approved together. Its content hash seals payees, destinations and amounts.
type Batch struct {
	ID           int64
	Code         string
	Name         string
	State        BatchState
	ConnectionID int64
	CutoffAt     time.Time // lines stored after it are left for the next batch
	Items        int
	Total        Money
	Fees         Money // of the rail, with IVA
	GMF          Money // the tax on bank transactions
	ContentHash  []byte
	MakerID      int64
	EditorID     int64 // who changed its content last
	SubmittedAt  *time.Time
	DecidedAt    *time.Time
	HandOverAt   *time.Time // of an approved batch: until then hand-over waits, nil is at once
	Reason       string
	Version      int
	CreatedAt    time.Time
	RulesID      int64      // of the version of the approval rules it was evaluated by
	Round        int        // counts the evaluations: approvals of an earlier one do not count
	ExpiresAt    *time.Time // when it expires unapproved
	StuckStep    int        // the step that finds nobody, while blocked
	Approval     Approvals  // filled in for one batch that waits or is blocked, not in lists
}

// FactorWindow is how long a second factor counts as fresh for a decision about money.
const FactorWindow = 5 * time.Minute

// Seen is what the person had on the screen when deciding: it must still be true.
type Seen struct {
	Version int
	Hash    []byte
}

// Decision is what a checker does with a batch.
type Decision string

// The decisions.
const (
	Approve Decision = "approve"
	Return  Decision = "return"
	Reject  Decision = "reject"
)

var (
	errStale   = Refuse(Conflict, "batch.refused.stale", "The batch changed after you opened it. Load it again before you decide.", nil)
	errFactor  = Refuse(Forbidden, "batch.refused.factor", "Give a fresh code from your authenticator app: the last one is older than five minutes.", nil)
	errExpired = Refuse(Conflict, "batch.refused.expired", "This batch waited for too long and expires. Nothing was approved.", nil)
	errReason  = Refuse(Invalid, "batch.refused.reason", "Give a reason, so that the maker knows what to do.", nil).WithField("reason", "batch.refused.reason")
)

// DecidableBy answers why this person may not decide on the batch, or nil: whoever may can return and reject it, at
// every step. It does not look at the screen or the code.
func (b Batch) DecidableBy(by Actor) error {
	switch {
	case b.State != BatchInApproval:
		return b.wrongState("batch.refused.not_in_approval", "This batch is not waiting for approval.")
	case !by.May(PermBatchesDecide):
		return Refuse(Forbidden, "batch.refused.role", "Only an approver can decide on a batch.", nil)
	case by.StaffID == b.MakerID:
		return Refuse(Forbidden, "batch.refused.maker", "You prepared this batch, so somebody else has to decide on it.", nil)
	case by.StaffID == b.EditorID:
		return Refuse(Forbidden, "batch.refused.editor", "You changed this batch last, so somebody else has to decide on it.", nil)
	}
	return nil
}

// ApprovableBy answers why this person may not approve the batch now, or nil: on top of DecidableBy the step that waits
// must ask for them.
func (b Batch) ApprovableBy(by Actor) error {
	if err := b.DecidableBy(by); err != nil {
		return err
	}
	_, err := b.Approval.Next(b, by.StaffID)
	return err
}

// Decide moves the batch by a checker's decision. factorAt is when the checker last gave the second factor;
// only approval needs a fresh one, return and rejection need a reason. An approval counts for the step that waits, as the
// last one of b.Approval.Given; the batch is approved when no step is left.
func (b *Batch) Decide(d Decision, by Actor, seen Seen, factorAt time.Time, reason string, now time.Time) error {
	if err := b.DecidableBy(by); err != nil {
		return err
	}
	switch {
	case seen.Version != b.Version || !bytes.Equal(seen.Hash, b.ContentHash):
		return errStale
	case d == Approve && now.Sub(factorAt).Abs() > FactorWindow: // one of the future is no fresh one either
		return errFactor
	case d != Approve && reason == "":
		return errReason
	case d == Approve:
		return b.approve(by, now)
	}
	b.State = map[Decision]BatchState{Return: BatchReturned, Reject: BatchRejected}[d]
	b.Reason = reason
	b.DecidedAt = &now
	return nil
}

// approve counts one approval; with the last one that is demanded the batch is approved.
func (b *Batch) approve(by Actor, now time.Time) error {
	next, err := b.Approval.Next(*b, by.StaffID)
	switch {
	case err != nil:
		return err
	case b.ExpiresAt != nil && !now.Before(*b.ExpiresAt):
		return errExpired
	}
	b.Approval.Given = append(slices.Clip(b.Approval.Given), next)
	if !b.Approval.Complete() {
		b.Unstick()
		return nil
	}
	b.State, b.Reason, b.DecidedAt = BatchApproved, "", &now
	return nil
}

// Open answers whether the batch waits for approval, even when nobody can give it.
func (b Batch) Open() bool { return b.State == BatchInApproval || b.State == BatchBlocked }

// Evaluated begins the approval anew by what the rules demand: no approval given before counts.
func (b *Batch) Evaluated(v RulesVersion, e Evaluation, people []Approver) {
	b.RulesID, b.Approval = v.ID, Approvals{Steps: e.Steps, People: people}
	b.Round++
	if b.ExpiresAt == nil && b.SubmittedAt != nil {
		at := b.SubmittedAt.AddDate(0, 0, v.ExpireDays)
		b.ExpiresAt = &at
	}
	b.Unstick()
}

// Unstick brings the batch into the state that follows from who could go on with its approval: blocked when a step
// finds too few. It answers whether that changed.
func (b *Batch) Unstick() (changed bool) {
	before, step := b.State, b.StuckStep
	b.State, b.StuckStep = BatchInApproval, 0
	if n, stuck := b.Approval.Stuck(*b); stuck {
		b.State, b.StuckStep = BatchBlocked, n
	}
	return b.State != before || b.StuckStep != step
}

// Expire ends a batch that nobody approved in time.
func (b *Batch) Expire(now time.Time) error {
	if !b.Open() || b.ExpiresAt == nil || now.Before(*b.ExpiresAt) {
		return b.wrongState("batch.refused.not_expired", "This batch does not expire now.")
	}
	b.State, b.StuckStep, b.DecidedAt = BatchExpired, 0, &now
	return nil
}

// EditableBy answers why this person may not take payouts out of the batch, or nil. Its maker's side may while it is
// with them; an approver may while it waits for approval, and is then its last editor.
func (b Batch) EditableBy(by Actor) error {
	switch b.State {
	case BatchDraft, BatchReturned:
		if !by.May(PermBatchesPrepare) {
			return Refuse(Forbidden, "batch.refused.prepare", "Only finance can change a batch that is being prepared.", nil)
		}
		return nil
	case BatchInApproval, BatchBlocked:
		if !by.May(PermBatchesPrepare) && !by.May(PermBatchesDecide) {
			return Refuse(Forbidden, "batch.refused.edit", "Only finance or an approver can take payouts out.", nil)
		}
		return nil
	}
	return b.wrongState("batch.refused.frozen", "This batch can no longer be changed.")
}

// Edited notes that by changed the content: the version moves on, so that no screen or approval of before counts.
func (b *Batch) Edited(by Actor, seen int) error {
	if err := b.EditableBy(by); err != nil {
		return err
	}
	if seen != b.Version {
		return errStale
	}
	b.EditorID = by.StaffID
	return nil
}

// Submit hands the batch to the checkers, sealed with hash. Evaluated must follow.
func (b *Batch) Submit(by Actor, seen int, hash []byte, now time.Time) error {
	switch {
	case b.State != BatchDraft && b.State != BatchReturned:
		return b.wrongState("batch.refused.submitted", "This batch was submitted already.")
	case !by.May(PermBatchesPrepare):
		return Refuse(Forbidden, "batch.refused.prepare", "Only finance can submit a batch.", nil)
	case seen != b.Version:
		return errStale
	case b.Items == 0:
		return Refuse(Conflict, "batch.refused.empty", "There is nothing left in this batch.", nil)
	}
	b.State, b.ContentHash, b.SubmittedAt, b.EditorID = BatchInApproval, hash, &now, by.StaffID
	b.ExpiresAt = nil // counted anew
	return nil
}

// Recall takes the batch back before it is decided on; everything in it is payable again.
func (b *Batch) Recall(by Actor, seen int, reason string) error {
	switch {
	case b.State != BatchDraft && b.State != BatchReturned && !b.Open():
		return b.wrongState("batch.refused.recall", "This batch was decided on, so it cannot be taken back as a whole.")
	case !by.May(PermBatchesPrepare):
		return Refuse(Forbidden, "batch.refused.prepare", "Only finance can take a batch back.", nil)
	case seen != b.Version:
		return errStale
	case reason == "":
		return errReason
	}
	b.State, b.StuckStep, b.Reason = BatchRecalled, 0, reason
	return nil
}

func (b Batch) wrongState(key, message string) error {
	return Refuse(Conflict, key, message, map[string]any{"State": string(b.State)})
}
