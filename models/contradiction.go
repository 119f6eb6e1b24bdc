package models

import "time"

// ContradictionState is where a contradiction stands.
type ContradictionState string

// The states of a contradiction. The others than open are how it was settled.
const (
	ContradictionOpen ContradictionState = "open"
	ContradictionPaid ContradictionState = "paid" // the rail was right: the payout is taken as paid
	ContradictionKept ContradictionState = "kept" // the rail was wrong: ours stays as it is
)

// ContradictionStates lists every state in the order pages show them.
var ContradictionStates = []ContradictionState{ContradictionOpen, ContradictionPaid, ContradictionKept}

// RequestKind is the two-person change that settles a contradiction like that.
func (s ContradictionState) RequestKind() RequestKind {
	return RequestKind("contradiction." + string(s))
}

// Contradiction is a payout whose money was made payable again and which the rail pays after all.
type Contradiction struct {
	ID            int64
	PayoutID      int64
	Code          string
	PayeeName     string
	DistributorID int64
	ConnectionID  int64
	Amount        Money
	State         ContradictionState
	OurState      PayoutState // when the rail contradicted
	RailState     PayoutState // by the rail's last statement
	RailCode      string
	RailReason    string
	Origin        string
	URL           string
	Request       string
	Response      string
	Statements    int
	FirstAt       time.Time
	LastAt        time.Time
	RequestID     int64 // by which it was settled, 0 while open
	SettledAt     *time.Time
	Twice         Money // went out by another payout too, claimed back from the payee
	GivenUp       bool  // the claim
}

// SettledAs answers why the contradiction may not be settled like that, nil when it may: the payout is taken as paid
// only when the rail says so, not while it says that it is under way.
func (c Contradiction) SettledAs(how ContradictionState) error {
	switch {
	case c.State != ContradictionOpen:
		return Refuse(Conflict, "contradictions.refused.settled", "This was settled already.", nil)
	case how != ContradictionPaid && how != ContradictionKept:
		return Refuse(Invalid, "contradictions.refused.how", "Say who was right.", nil).WithField("how", "contradictions.refused.how")
	case how == ContradictionPaid && c.RailState != PayoutPaid:
		return Refuse(Conflict, "contradictions.refused.not_paid", "The rail does not say that it was paid. Wait until it does, or keep ours.", nil)
	}
	return nil
}

// TakeAsPaid makes a payout paid whose money was made payable again, because the rail paid it all the same, and returns
// the postings: the debt goes instead of money in transit. The step is p's version, as in Transfers.
func (p *Payout) TakeAsPaid(now time.Time) ([]Transfer, error) {
	if !p.State.Releases() || p.SubmittedAt == nil {
		return nil, Refuse(Conflict, "contradictions.refused.state", "This payout no longer stands where the rail contradicted it.", nil)
	}
	first := p.PaidAt == nil
	p.State, p.StateAt, p.OverdueAt = PayoutPaid, now, nil
	p.Cause, p.RailCode, p.RailReason = "", "", ""
	if first {
		p.PaidAt = &now
	}
	var list []Transfer
	for _, t := range p.Transfers(PayoutSent) {
		switch {
		case t.Kind == EntryPaid:
			t.Debit = Account{AccountPayable, p.DistributorID}
		case !first || t.Kind == EntryFee && p.FeeCharged != nil: // in the books already
			continue
		}
		list = append(list, t)
	}
	return list, nil
}
