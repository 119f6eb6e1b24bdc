package models

// PayoutState is where one payout stands. The words are the same in SQL, in URLs and in the catalogues.
type PayoutState string

// The states of a payout.
const (
	PayoutInBatch    PayoutState = "in_batch"   // composed, waiting for approval
	PayoutApproved   PayoutState = "approved"   // approved, waiting for hand-over; undo is possible
	PayoutSubmitting PayoutState = "submitting" // the attempt is on record, the rail may or may not have it
	PayoutUnknown    PayoutState = "unknown"    // no trustworthy answer: look up before anything else
	PayoutSent       PayoutState = "sent"       // the rail accepted it
	PayoutAvailable  PayoutState = "available"  // ready to collect (cash) or handed to the bank
	PayoutPaid       PayoutState = "paid"       // collected or credited; may still be returned
	PayoutFailed     PayoutState = "failed"     // the rail refused it; the money is payable again
	PayoutExpired    PayoutState = "expired"    // not collected in time; the money is payable again
	PayoutReturned   PayoutState = "returned"   // reversed after it was paid; the money is payable again
	PayoutCancelled  PayoutState = "cancelled"  // taken back before it was paid; the money is payable again
	PayoutOnHold     PayoutState = "on_hold"    // held at the rail
)

// PayoutStates lists every state in the order pages show them.
var PayoutStates = []PayoutState{
	PayoutInBatch, PayoutApproved, PayoutSubmitting, PayoutUnknown, PayoutSent, PayoutAvailable, PayoutOnHold,
	PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled,
}

// payoutMoves lists, for each state, the states it may move to.
var payoutMoves = map[PayoutState][]PayoutState{
	PayoutInBatch:    {PayoutApproved, PayoutCancelled},
	PayoutApproved:   {PayoutSubmitting, PayoutCancelled, PayoutInBatch},
	PayoutSubmitting: {PayoutSent, PayoutAvailable, PayoutPaid, PayoutFailed, PayoutUnknown, PayoutExpired, PayoutReturned, PayoutCancelled, PayoutOnHold, PayoutApproved},
	PayoutUnknown:    {PayoutSent, PayoutAvailable, PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled, PayoutOnHold, PayoutSubmitting},
	PayoutSent:       {PayoutAvailable, PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled, PayoutOnHold},
	PayoutAvailable:  {PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled, PayoutOnHold},
	PayoutOnHold:     {PayoutSent, PayoutAvailable, PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled},
	PayoutPaid:       {PayoutReturned},
}

// Valid answers whether s is a known state.
func (s PayoutState) Valid() bool {
	for _, k := range PayoutStates {
		if k == s {
			return true
		}
	}
	return false
}

// CanMoveTo answers whether a payout may go from s to next.
func (s PayoutState) CanMoveTo(next PayoutState) bool {
	for _, n := range payoutMoves[s] {
		if n == next {
			return true
		}
	}
	return false
}

// Final answers whether the payout has come to rest. A paid one may still be returned.
func (s PayoutState) Final() bool {
	switch s {
	case PayoutPaid, PayoutFailed, PayoutExpired, PayoutReturned, PayoutCancelled:
		return true
	}
	return false
}

// AtRail answers whether the rail has it, or may have it, and its status must be asked for.
func (s PayoutState) AtRail() bool {
	switch s {
	case PayoutUnknown, PayoutSent, PayoutAvailable, PayoutOnHold:
		return true
	}
	return false
}
