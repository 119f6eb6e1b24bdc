package models

import "time"

// RequestKind names a change that needs a second person.
type RequestKind string

// RequestFourEyes is the request for other rules by which approving a case needs a second person.
const RequestFourEyes RequestKind = "kyc.four_eyes"

// RequestState is where a request stands.
type RequestState string

// The states of a request.
const (
	RequestOpen      RequestState = "open"
	RequestGranted   RequestState = "granted" // and applied, in the same transaction
	RequestRefused   RequestState = "refused"
	RequestWithdrawn RequestState = "withdrawn" // by its maker
)

// RequestStates lists every state in the order pages show them.
var RequestStates = []RequestState{RequestOpen, RequestGranted, RequestRefused, RequestWithdrawn}

// Change is one line of what a request would change, as people read it: Field is a catalogue key.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`

	// Amounts, in place of Before and After: they are written as the reader's language does.
	Was  *Money `json:"was,omitempty"`
	Will *Money `json:"will,omitempty"`
}

// Request is a change that one person asked for and another one decides on.
type Request struct {
	ID          int64
	Kind        RequestKind
	SubjectType string
	SubjectID   int64
	SubjectName string // as it was called when it was asked for, or empty
	Payload     []byte // JSON of the kind
	Changes     []Change
	Reason      string
	State       RequestState
	MakerID     int64
	MakerName   string
	DeciderID   int64 // 0 while open or when withdrawn
	DeciderName string
	DecidedAt   *time.Time
	Answer      string
	Version     int
	CreatedAt   time.Time
}

// DecidableBy answers why this person may not decide on the request, or nil. needs is the permission of its kind.
func (r Request) DecidableBy(by Actor, needs Permission) error {
	switch {
	case r.State != RequestOpen:
		return Refuse(Conflict, "request.refused.decided", "This request was decided on already.", map[string]any{"State": string(r.State)})
	case by.StaffID == r.MakerID || by.StaffID == 0:
		return Refuse(Forbidden, "request.refused.maker", "You made this request, so somebody else has to decide on it.", nil)
	case !by.May(needs):
		return Refuse(Forbidden, "request.refused.role", "Your role does not decide on requests of this kind.", nil)
	}
	return nil
}

// Decide grants or refuses the request; refusing needs an answer for the maker.
func (r *Request) Decide(by Actor, needs Permission, grant bool, answer string, now time.Time) error {
	if err := r.DecidableBy(by, needs); err != nil {
		return err
	}
	r.State = RequestGranted
	if !grant {
		if answer == "" {
			return Refuse(Invalid, "request.refused.answer", "Say why, so that who asked knows what to do.", nil).WithField("answer", "request.refused.answer")
		}
		r.State = RequestRefused
	}
	r.DeciderID, r.DecidedAt, r.Answer = by.StaffID, &now, answer
	return nil
}

// Withdraw takes the request back; only its maker may.
func (r *Request) Withdraw(by Actor, now time.Time) error {
	switch {
	case r.State != RequestOpen:
		return Refuse(Conflict, "request.refused.decided", "This request was decided on already.", map[string]any{"State": string(r.State)})
	case by.StaffID != r.MakerID:
		return Refuse(Forbidden, "request.refused.not_yours", "Only who made this request can withdraw it.", nil)
	}
	r.State, r.DecidedAt = RequestWithdrawn, &now
	return nil
}
