package kyc

import (
	"slices"
	"time"
	"unicode/utf8"

	"pagaduria/models"
)

// Outcome is what is decided about a case as a whole.
type Outcome string

// The outcomes.
const (
	Approving   Outcome = "approve"
	RetryReject Outcome = "reject_retry" // the payee may try again, in a new case
	FinalReject Outcome = "reject_final" // no further case without compliance
)

// Outcomes lists every outcome in the order pages show them.
var Outcomes = []Outcome{Approving, RetryReject, FinalReject}

// Valid answers whether o is a known outcome.
func (o Outcome) Valid() bool { return slices.Contains(Outcomes, o) }

// Move is the move of the case that the outcome makes.
func (o Outcome) Move() Move {
	switch o {
	case Approving:
		return Approve
	case RetryReject:
		return RejectRetry
	}
	return RejectFinal
}

// Why says why approving needs a second person.
type Why string

// Whys lists the reasons in the order pages show them.
var Whys = []Why{"pep", "high_risk", "company", "hit", "overturned"}

// The states of a decision.
const (
	DecisionOpen      = "open" // waits for a second person
	DecisionFinal     = "final"
	DecisionReturned  = "returned"
	DecisionWithdrawn = "withdrawn"
)

// CaseDecision is what was decided about a case.
type CaseDecision struct {
	ID          int64
	CaseID      int64
	Outcome     Outcome
	Why         []Why
	Reason      Reason
	ToPayee     string
	Note        string
	State       string
	MakerID     int64
	MakerName   string
	MadeAt      time.Time
	CheckerID   int64 // 0 without one
	CheckerName string
	CheckedAt   *time.Time
	Answer      string
}

// Standing is what a decision about a case is judged by.
type Standing struct {
	Items []CaseItem
	Hits  int  // of screening, open or not clear yet
	Held  bool // payouts stand still because of one
	Own   bool // who decides filled in part of the case
}

// WhyNot answers why the case cannot be approved as it stands, nil when it can.
func (s Standing) WhyNot() error {
	open := len(Open(s.Items))
	switch {
	case s.Own:
		return models.Refuse(models.Forbidden, "case.refused.own", "You filled in part of this case, so somebody else decides about it.", nil)
	case s.Hits > 0 || s.Held:
		return models.Refuse(models.Conflict, "case.refused.hits", "A screening hit is not decided yet. Decide about it first.", nil)
	case open > 0:
		return models.Refuse(models.Conflict, "case.refused.open", "Not everything that is required was accepted. Decide about it first.", map[string]any{"Count": open})
	}
	return nil
}

// NewDecision makes a decision, or refuses it: open when it needs a second person, else final.
func NewDecision(d CaseDecision, s Standing, by models.Actor, at time.Time) (CaseDecision, error) {
	r := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	switch {
	case !d.Outcome.Valid():
		_ = r.WithField("outcome", "case.fault.outcome")
	case d.Outcome == Approving:
		if err := s.WhyNot(); err != nil {
			return d, err
		}
		d.Reason, d.ToPayee = "", ""
	default:
		d.Why = nil
		if !slices.Contains(Reasons, d.Reason) {
			_ = r.WithField("reason", "case.fault.reason")
		}
	}
	for field, text := range map[string]string{"to_payee": d.ToPayee, "note": d.Note} {
		if utf8.RuneCountInString(text) > DecideTextLimit {
			_ = r.WithField(field, "case.fault.to_payee")
		}
	}
	if d.Outcome == FinalReject && d.Note == "" {
		_ = r.WithField("note", "case.fault.final_note")
	}
	if len(r.Fields) > 0 {
		return d, r
	}
	d.State = DecisionFinal
	if len(d.Why) > 0 {
		d.State = DecisionOpen
	}
	d.MakerID, d.MakerName, d.MadeAt = by.StaffID, by.Name, at
	return d, nil
}

// CheckableBy answers why this person may not confirm or return the decision, nil when they may.
func (d CaseDecision) CheckableBy(by models.Actor) error {
	switch {
	case d.State != DecisionOpen:
		return models.Refuse(models.Conflict, "case.refused.checked", "This was decided already. Load the page again.", nil)
	case by.StaffID == 0 || by.StaffID == d.MakerID:
		return models.Refuse(models.Forbidden, "case.refused.maker", "You decided first, so somebody else has to confirm it.", nil)
	case !by.May(models.PermKYCReview):
		return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
	}
	return nil
}

// Confirm makes the decision final by a second person, who judged the case as it stands for them.
func (d *CaseDecision) Confirm(s Standing, by models.Actor, at time.Time) error {
	if err := d.CheckableBy(by); err != nil {
		return err
	}
	if err := s.WhyNot(); err != nil {
		return err
	}
	d.State, d.CheckerID, d.CheckerName, d.CheckedAt = DecisionFinal, by.StaffID, by.Name, &at
	return nil
}

// Return sends the decision back to who made it, with an answer.
func (d *CaseDecision) Return(answer string, by models.Actor, at time.Time) error {
	if err := d.CheckableBy(by); err != nil {
		return err
	}
	if answer == "" || utf8.RuneCountInString(answer) > DecideTextLimit {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("answer", "case.fault.answer")
	}
	d.State, d.CheckerID, d.CheckerName, d.CheckedAt, d.Answer = DecisionReturned, by.StaffID, by.Name, &at, answer
	return nil
}

// Withdraw takes the decision back for who made it.
func (d *CaseDecision) Withdraw(by models.Actor) error {
	switch {
	case d.State != DecisionOpen:
		return models.Refuse(models.Conflict, "case.refused.checked", "This was decided already. Load the page again.", nil)
	case by.StaffID != d.MakerID:
		return models.Refuse(models.Forbidden, "case.refused.not_maker", "Only who decided takes it back.", nil)
	}
	d.State = DecisionWithdrawn
	return nil
}

// Effects is the money that a decision about a payee concerns.
type Effects struct {
	Lines    int64 // payable commissions
	Payable  models.Money
	Batched  int64 // payouts in batches that were not handed over
	Amount   models.Money
	Batches  int64
	AtRail   int64 // handed over: a decision does not reach them
	OnTheWay models.Money
}
