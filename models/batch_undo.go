package models

// UndoableBy answers why this person may not undo the approval, or nil. Whoever may stop a payout may: the approver who
// decided as much as any other, and finance.
func (b Batch) UndoableBy(by Actor) error {
	switch {
	case !by.May(PermPayoutsOperate):
		return Refuse(Forbidden, "batch.refused.undo_role", "Only finance or an approver can undo an approval.", nil)
	case b.State == BatchDispatching || b.State == BatchDone:
		return b.wrongState("batch.refused.undo_late", "Hand-over began, so the approval cannot be undone. What was not handed over yet can be taken back.")
	case b.State != BatchApproved:
		return b.wrongState("batch.refused.undo_state", "There is no approval to undo: this batch is not approved.")
	}
	return nil
}

// Undo brings an approved batch back to its checkers.
func (b *Batch) Undo(by Actor, seen int) error {
	if err := b.UndoableBy(by); err != nil {
		return err
	}
	if seen != b.Version {
		return errStale
	}
	b.State, b.DecidedAt, b.HandOverAt, b.Reason = BatchInApproval, nil, nil, ""
	return nil
}

// TakeBack answers why this person may not take back what of the batch was not handed over yet, or nil. Before hand-over
// begins the whole approval is undone instead.
func (b Batch) TakeBack(by Actor, reason string) error {
	switch {
	case !by.May(PermPayoutsOperate):
		return Refuse(Forbidden, "batch.refused.undo_role", "Only finance or an approver can take back what was not handed over.", nil)
	case b.State != BatchDispatching:
		return b.wrongState("batch.refused.take_back", "Only a batch that is being handed over has a rest to take back.")
	case reason == "":
		return errReason
	}
	return nil
}
