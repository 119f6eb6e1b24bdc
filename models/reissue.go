package models

// Cure is what has to happen before a payout whose money came back is issued again.
type Cure string

// The cures. All but Retry ask for something else first; for some of them the product sees that it was done.
const (
	CureRetry      Cure = "retry"      // issuing it again, unchanged, may help
	CureName       Cure = "name"       // the payee's name is corrected
	CureDocument   Cure = "document"   // so is the document
	CurePhone      Cure = "phone"      // so is the phone
	CureEmail      Cure = "email"      // so is the e-mail
	CureMethod     Cure = "method"     // the payee is paid another way, or to another account
	CureDetails    Cure = "details"    // something of all that
	CureAmount     Cure = "amount"     // it is paid together with other commissions
	CureCompliance Cure = "compliance" // compliance decides
	CureConnection Cure = "connection" // an administrator puts the connection right
	CureRail       Cure = "rail"       // the rail's support says what it was
)

// Changed says in what a payee and the way of paying differ now from what a payout was sent with.
type Changed struct {
	Name, Document, Phone, Email, Method bool
}

// Effected answers whether the cure took place, so that issuing the payout again makes sense.
func (c Cure) Effected(ch Changed) bool {
	switch c {
	case CureRetry:
		return true
	case CureName:
		return ch.Name || ch.Document // whichever of the two was wrong
	case CureDocument:
		return ch.Document
	case CurePhone:
		return ch.Phone
	case CureEmail:
		return ch.Email
	case CureMethod:
		return ch.Method
	case CureDetails:
		return ch != Changed{}
	}
	return false
}

// MendedByName answers whether the right name, or the right document, is what helps.
func (c Cure) MendedByName() bool {
	return c == CureName || c == CureDocument || c == CureDetails
}

// MendedByNetwork answers whether another network or connection may help.
func (c Cure) MendedByNetwork() bool {
	switch c {
	case CureMethod, CureDetails, CureAmount, CureConnection:
		return true
	}
	return false
}

// Failed is what decides whether a payout can be issued again.
type Failed struct {
	State        PayoutState
	Cure         Cure
	Changed      Changed
	Contradicted bool // the rail said afterwards that it pays it, or another one of the same money
	Payable      int  // of its lines
	Held         int  // of its lines, by a person
	Newer        bool // a later payout of the same lines came to rest or is under way
}

// Why a payout is not issued again, besides the reasons of its payee.
const (
	RefusedAlive        Refusal = "alive"        // its money did not come back
	RefusedContradicted Refusal = "contradicted" // the rail pays it after all
	RefusedAgain        Refusal = "again"        // its lines are paid, or being paid, by another payout
	RefusedCause        Refusal = "cause"        // issuing it again cannot help before the cause is gone
	RefusedSamePayee    Refusal = "same_payee"   // another one of the same payee goes first
)

// Open answers whether the money came back and nobody has paid it again.
func (f Failed) Open() bool {
	return f.State.Releases() && !f.Newer && f.Payable+f.Held > 0
}

// WhyNot answers why the payout is not issued again now, "" when nothing stands in the way but its payee.
func (f Failed) WhyNot() Refusal {
	switch {
	case !f.State.Releases():
		return RefusedAlive
	case f.Contradicted:
		return RefusedContradicted
	case !f.Open():
		return RefusedAgain
	case f.Payable == 0:
		return RefusedHeld
	case !f.Cure.Effected(f.Changed):
		return RefusedCause
	}
	return ""
}
