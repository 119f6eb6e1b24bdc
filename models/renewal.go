package models

import "time"

// RequestCorrectName is the request to correct a payee's name or document and to issue a payout again with it.
const RequestCorrectName RequestKind = "payout.correct_name"

// Identity is what a document says of a payee.
type Identity struct {
	DocType      string `json:"doc_type"`
	DocNumber    string `json:"doc_number"`
	DocDV        string `json:"doc_dv,omitempty"`
	GivenNames   string `json:"given_names,omitempty"`
	Surnames     string `json:"surnames,omitempty"`
	BusinessName string `json:"business_name,omitempty"`
}

// Identity is the payee's.
func (p Payee) Identity() Identity {
	return Identity{DocType: p.DocType, DocNumber: p.DocNumber, DocDV: p.DocDV, GivenNames: p.GivenNames, Surnames: p.Surnames, BusinessName: p.BusinessName}
}

// NameCorrection is what such a request would do.
type NameCorrection struct {
	Was   Identity `json:"was"` // of the distributor when it was asked for
	Right Identity `json:"right"`
}

// RenewalKind is why a payout is taken back and issued again.
type RenewalKind string

// The kinds.
const (
	RenewName    RenewalKind = "name"    // the payee is named wrongly
	RenewNetwork RenewalKind = "network" // it is to go another way
)

// RenewalState is how far that is.
type RenewalState string

// The states of a renewal.
const (
	RenewalCancelling RenewalState = "cancelling" // the rail is asked to take the code back
	RenewalWaiting    RenewalState = "waiting"    // the rail does not: until the code expires
	RenewalIssued     RenewalState = "issued"     // a batch pays the money again
	RenewalCollected  RenewalState = "collected"  // the payee had it first: nothing is paid again
	RenewalStopped    RenewalState = "stopped"    // the money is back, and a person has to go on
)

// Renewal is one payout on its way to be issued again.
type Renewal struct {
	ID           int64
	PayoutID     int64
	Kind         RenewalKind
	State        RenewalState
	RequestID    int64 // 0 without one
	MakerID      int64 // who prepares the batch, 0 for nobody
	MakerName    string
	Reason       string
	ConnectionID int64      // of RenewNetwork
	Method       MethodKind // of RenewNetwork
	Tries        int
	Note         string // what stands in the way, a key of the catalogues
	Detail       string // in somebody's own words
	BatchID      int64  // 0 until there is one
	CreatedAt    time.Time
	EndedAt      *time.Time
}

// Why a payout is not taken back to be issued again, besides those of a failure.
const (
	RefusedCollected Refusal = "collected" // the payee has the money
	RefusedNotLeft   Refusal = "not_left"  // it is still in its batch
	RefusedUncertain Refusal = "uncertain" // it is being sent, or its outcome is not known
	RefusedRenewing  Refusal = "renewing"  // it is being taken back already
	RefusedNothing   Refusal = "nothing"   // what it would change to is what it is
	RefusedNoRail    Refusal = "no_rail"   // no connection takes the payee that way
)

// WhyNotTakenBack answers why a payout in this state is not taken back at its rail to be issued again, or "". Of one whose
// money is back already the failure says more.
func (s PayoutState) WhyNotTakenBack() Refusal {
	switch s {
	case PayoutInBatch, PayoutApproved:
		return RefusedNotLeft
	case PayoutSubmitting, PayoutUnknown:
		return RefusedUncertain
	case PayoutPaid:
		return RefusedCollected
	}
	return ""
}
