package models

import "time"

// Composition says which lines a batch takes: everything eligible up to a moment, narrowed by a filter, less what a
// person excluded. Negative lines of a chosen payee are always taken, so that nobody is paid around a claw-back.
type Composition struct {
	Cutoff        time.Time    `json:"cutoff"`
	Period        string       `json:"period,omitempty"`
	Methods       []MethodKind `json:"methods,omitempty"`
	DistributorID int64        `json:"distributor_id,omitempty"`
	Order         string       `json:"order,omitempty"`
	Excluded      []int64      `json:"excluded,omitempty"` // distributor ids
	Reissue       []int64      `json:"reissue,omitempty"`  // payouts whose lines are taken and no others, one a payee
	Switch        *Switch      `json:"switch,omitempty"`   // of Reissue: another way than the payee's own
	Minimum       Money        `json:"minimum,omitzero"`   // a payee's payout below it waits for a later batch; zero for none
}

// Switch has a payout that is issued again go another way, this once.
type Switch struct {
	Method MethodKind `json:"method"`
	Reason string     `json:"reason"`
}

// Candidate is one payee whose lines match a composition.
type Candidate struct {
	DistributorID  int64
	Code           string
	Payee          Payee
	MethodID       int64
	To             Destination
	Verification   string
	VerifiedUntil  *time.Time
	Warned         bool       // the distributor's data has standing warnings
	AccountChanged *time.Time // the day the payee's account was changed, nil without a change
	PayableFrom    *time.Time // the first day after it on which the payee is paid
	OnHold         bool       // payouts stand still
	Lines          int
	Net            Money // of the lines, claw-backs taken off
	CarryIn        Money
	MaxLineID      int64
	Replaces       int64  // payout whose lines are issued again, 0 when these are not
	ReplacesCode   string // its code
	RecentSame     string // code of a payout of the same amount within 30 days, "" when there is none
	Median         Money  // of the payee's own paid payouts, zero for a new payee
}

// Owed is what the payee would get before rounding to coins.
func (c Candidate) Owed() Money { return c.Net.Add(c.CarryIn) }

// Refusal is why a payee is left out, as a key of the catalogues under "refusal.".
type Refusal string

// Why a payee cannot be paid now. Everything refused stays payable.
const (
	RefusedUnverified Refusal = "unverified"
	RefusedSuspended  Refusal = "suspended"
	RefusedExpired    Refusal = "verification_expired"
	RefusedOnHold     Refusal = "on_hold" // nobody outside compliance is told why
	RefusedNoMethod   Refusal = "no_method"
	RefusedAccount    Refusal = "account_changed" // some days have to pass first
	RefusedNegative   Refusal = "carried"         // claw-backs outweigh: carried to the next payout
	RefusedTooSmall   Refusal = "below_minimum"   // less than the smallest coin, or than one peso
	RefusedDocument   Refusal = "document"        // the rail does not take this document
	RefusedMethod     Refusal = "method"          // the rail does not offer this method, or its details do not suit
	RefusedLimit      Refusal = "limit"           // above the connection's limit
	RefusedCap        Refusal = "cap"             // above what may be handed over in a whole day
	RefusedMinimum    Refusal = "under_minimum"   // of this batch: carried over to a later one
	RefusedExcluded   Refusal = "excluded"        // by the person who prepares the batch
)

// Refused answers why the candidate cannot be paid whatever the rail, or "". today is a Bogotá date.
func (c Candidate) Refused(today time.Time) Refusal {
	switch {
	case c.Verification == "suspended":
		return RefusedSuspended
	case c.Verification == "expired", c.VerifiedUntil != nil && c.VerifiedUntil.Before(today):
		return RefusedExpired
	case c.Verification != "verified":
		return RefusedUnverified
	case c.OnHold:
		return RefusedOnHold
	case c.MethodID == 0:
		return RefusedNoMethod
	case CoolingOff(c.PayableFrom, today):
		return RefusedAccount
	case !c.Owed().Positive():
		return RefusedNegative
	}
	if pay, _ := c.To.Kind.Payable(c.Owed()); !pay.Positive() || pay.Minor%minorPerUnit != 0 {
		return RefusedTooSmall
	}
	return ""
}
