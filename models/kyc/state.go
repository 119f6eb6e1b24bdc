// Package kyc holds the rules of getting to know a payee: what a case asks for, what is declared in it, and the states
// it goes through.
package kyc

import (
	"slices"
	"time"

	"pagaduria/models"
)

// State is where a case stands.
type State string

// The states of a case, with the words of SQL, URLs and the catalogues.
const (
	Invited       State = "invited"        // nobody has opened the form yet
	Started       State = "started"        // being filled in
	Submitted     State = "submitted"      // signed, nobody looks at it yet
	InReview      State = "in_review"      // somebody looks at it
	Waiting       State = "waiting"        // for what the payee was asked again
	SecondReview  State = "second_review"  // decided by one person, for another one to confirm
	Approved      State = "approved"       //
	RejectedRetry State = "rejected_retry" // the payee may try again, in a new case
	RejectedFinal State = "rejected_final" // no further case without compliance
	Expired       State = "expired"        // not finished in time
)

// States lists every state in the order pages show them.
var States = []State{Invited, Started, Submitted, InReview, Waiting, SecondReview, Approved, RejectedRetry, RejectedFinal, Expired}

// Valid answers whether s is a known state.
func (s State) Valid() bool { return slices.Contains(States, s) }

// Open answers whether the case is not over. A distributor has one open case at most.
func (s State) Open() bool {
	switch s {
	case Approved, RejectedRetry, RejectedFinal, Expired:
		return false
	}
	return s.Valid()
}

// Fillable answers whether what is declared in the case can still be changed.
func (s State) Fillable() bool { return s == Invited || s == Started || s == Waiting }

// Move is what happens to a case.
type Move string

// The moves.
const (
	Start       Move = "start"        // the first step is filled in
	Submit      Move = "submit"       // signed and sent
	Take        Move = "take"         // a reviewer begins
	Ask         Move = "ask"          // the reviewer asks the payee again
	Escalate    Move = "escalate"     // decided, for a second person
	Return      Move = "return"       // the second person sends it back
	Approve     Move = "approve"      //
	RejectRetry Move = "reject_retry" //
	RejectFinal Move = "reject_final" //
	Expire      Move = "expire"       // nobody went on in time
)

// Moves lists every move.
var Moves = []Move{Start, Submit, Take, Ask, Escalate, Return, Approve, RejectRetry, RejectFinal, Expire}

// transition is from where a move leads where.
type transition struct {
	from []State
	to   State
}

var transitions = map[Move]transition{
	Start:       {[]State{Invited}, Started},
	Submit:      {[]State{Started, Waiting}, Submitted},
	Take:        {[]State{Submitted}, InReview},
	Ask:         {[]State{InReview}, Waiting},
	Escalate:    {[]State{InReview}, SecondReview},
	Return:      {[]State{SecondReview}, InReview},
	Approve:     {[]State{InReview, SecondReview}, Approved},
	RejectRetry: {[]State{InReview, SecondReview}, RejectedRetry},
	RejectFinal: {[]State{InReview, SecondReview}, RejectedFinal},
	Expire:      {[]State{Invited, Started, Waiting}, Expired},
}

// Can answers whether the move is possible from here.
func (s State) Can(m Move) bool { return slices.Contains(transitions[m].from, s) }

// Case is what is known of one payee's wish to be paid, and how far it was looked at.
type Case struct {
	ID            int64
	DistributorID int64
	State         State
	PersonKind    string // natural or juridical
	Lang          string // es, en or zh
	Email         string // where the invitation went; "" without one
	Phone         string
	ContactBy     string     // mail or sms: by which the contact below was verified, "" while it was not
	ContactTo     string     // the verified address or number
	VerifiedAt    *time.Time // when
	Sensitive     bool       // pictures of documents may be kept: the payee said so
	StaffID       int64      // who opened it
	SubmittedBy   int64      // the staff member who sent it for the payee; 0 is the payee
	Version       int
	CreatedAt     time.Time
	StartedAt     *time.Time
	SubmittedAt   *time.Time
	ExpiresAt     time.Time // when it expires unless it is sent before
	AskedTimes    int       // how often the payee was asked again; sent after that, it was sent again
}

// Apply makes a move, or refuses it.
func (c *Case) Apply(m Move, at time.Time) error {
	if !c.State.Can(m) {
		return models.Refuse(models.Conflict, "kyc.refused.state", "This case has moved on, so that is not possible any more. Load the page again.",
			map[string]any{"State": string(c.State)})
	}
	c.State = transitions[m].to
	switch m {
	case Start:
		c.StartedAt = &at
	case Submit:
		c.SubmittedAt = &at
	}
	return nil
}
