package models

// CommissionState is where one line of a commission statement stands.
type CommissionState string

// The states of a line. The words are the same in SQL, in URLs and in the catalogues.
const (
	CommissionPending   CommissionState = "pending"   // earned, its holding period still runs
	CommissionEligible  CommissionState = "eligible"  // may be put into a batch
	CommissionHeld      CommissionState = "held"      // kept back by a person; still owed
	CommissionInBatch   CommissionState = "in_batch"  // part of a payout under way
	CommissionPaid      CommissionState = "paid"      // part of a payout that was paid
	CommissionFraud     CommissionState = "fraud"     // will not be paid
	CommissionDuplicate CommissionState = "duplicate" // will not be paid
	CommissionRefunded  CommissionState = "refunded"  // the order was refunded
	CommissionCancelled CommissionState = "cancelled" // the order was cancelled
)

// CommissionStates lists every state in the order pages show them.
var CommissionStates = []CommissionState{CommissionEligible, CommissionHeld, CommissionInBatch, CommissionPaid,
	CommissionPending, CommissionRefunded, CommissionCancelled, CommissionDuplicate, CommissionFraud}

// commissionMoves lists, for each state, the states it may move to. People move lines between eligible
// and held; batches and payouts do the rest.
var commissionMoves = map[CommissionState][]CommissionState{
	CommissionPending:  {CommissionEligible, CommissionFraud, CommissionDuplicate, CommissionRefunded, CommissionCancelled},
	CommissionEligible: {CommissionHeld, CommissionInBatch},
	CommissionHeld:     {CommissionEligible},
	CommissionInBatch:  {CommissionEligible, CommissionPaid},
	CommissionPaid:     {CommissionEligible},
}

// Valid answers whether s is a known state.
func (s CommissionState) Valid() bool {
	for _, k := range CommissionStates {
		if k == s {
			return true
		}
	}
	return false
}

// CanMoveTo answers whether a line may go from s to next.
func (s CommissionState) CanMoveTo(next CommissionState) bool {
	for _, n := range commissionMoves[s] {
		if n == next {
			return true
		}
	}
	return false
}
