package models

import (
	"slices"
	"time"

	"pagaduria/models/colombia"
)

// RequestErase is the request to erase what is kept about a payee; RequestLiftHold the one to end a legal hold.
const (
	RequestErase    RequestKind = "privacy.erase"
	RequestLiftHold RequestKind = "privacy.lift"
)

// PrivacyKind is what a payee asks for by Ley 1581 de 2012.
type PrivacyKind string

// The kinds. The first is a consulta, the others are reclamos.
const (
	PrivacyConsult PrivacyKind = "consult" // what is kept about me
	PrivacyCorrect PrivacyKind = "correct"
	PrivacyDelete  PrivacyKind = "delete"
)

// PrivacyKinds lists every kind in the order pages show them.
var PrivacyKinds = []PrivacyKind{PrivacyConsult, PrivacyCorrect, PrivacyDelete}

// Days that the law gives for an answer, in business days, and those it can be put off by (art. 14 and 15).
func (k PrivacyKind) Days() (answer, more int) {
	if k == PrivacyConsult {
		return 10, 5
	}
	return 15, 8
}

// AfterBusinessDays is the day that many business days of Colombia after a day.
func AfterBusinessDays(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if colombia.IsBusinessDay(day) {
			n--
		}
	}
	return day
}

// PrivacyRequest is what one payee asked for, and what was answered.
type PrivacyRequest struct {
	ID            int64
	DistributorID int64
	Kind          PrivacyKind
	Asked         string
	ReceivedOn    time.Time
	DueOn         time.Time
	Extension     string
	State         string // open, answered, refused
	Answer        string
	StaffName     string
	AnsweredBy    string
	AnsweredAt    *time.Time
	Version       int
	Code          string
	Name          string
}

// Overdue answers whether it should have been answered.
func (r PrivacyRequest) Overdue(today time.Time) bool {
	return r.State == "open" && r.DueOn.Before(today)
}

// NewPrivacyRequest is one about to be kept.
type NewPrivacyRequest struct {
	Kind       PrivacyKind
	Asked      string
	ReceivedOn time.Time
}

// Check refuses an incomplete one, field by field; today is the Bogotá date.
func (n NewPrivacyRequest) Check(today time.Time) error {
	refusal := Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if !slices.Contains(PrivacyKinds, n.Kind) {
		_ = refusal.WithField("kind", "privacy.refused.kind")
	}
	if k := len([]rune(n.Asked)); k == 0 || k > commentLimit {
		_ = refusal.WithField("asked", "privacy.refused.text")
	}
	if n.ReceivedOn.IsZero() || n.ReceivedOn.After(today) {
		_ = refusal.WithField("received_on", "privacy.refused.received")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// RetentionYears is how long what was paid and decided on is kept: Ley 962 de 2005, art. 28.
const RetentionYears = 10

// LegalHold keeps everything about a payee until two people end it.
type LegalHold struct {
	ID        int64
	Reason    string
	StaffName string
	At        time.Time
	LiftedAt  *time.Time
}

// PrivacyDetail is everything that the page of a payee's data shows.
type PrivacyDetail struct {
	Of       Distributor
	LastDuty *time.Time // the last thing that has to be kept, nil when there is none
	Holds    []LegalHold
	Requests []PrivacyRequest
	Looks    []AuditEvent // who saw numbers or documents, and why
	Erased   *time.Time
	Waiting  int64 // the open request to erase or to end a hold
	Owed     bool  // money is still owed
}

// KeptUntil is the day until which the law has everything kept, nil when it does not.
func (d PrivacyDetail) KeptUntil() *time.Time {
	if d.LastDuty == nil {
		return nil
	}
	until := Day(*d.LastDuty).AddDate(RetentionYears, 0, 0)
	return &until
}

// Hold is the legal hold in force, nil without one.
func (d PrivacyDetail) Hold() *LegalHold {
	for i := range d.Holds {
		if d.Holds[i].LiftedAt == nil {
			return &d.Holds[i]
		}
	}
	return nil
}

// WhyNotErased answers why nothing can be erased on a day, or nil.
func (d PrivacyDetail) WhyNotErased(today time.Time) error {
	switch until := d.KeptUntil(); {
	case d.Erased != nil:
		return Refuse(Conflict, "privacy.refused.erased", "Everything that can be erased was erased already.", nil)
	case d.Of.MergedInto != nil:
		return Refuse(Conflict, "distributors.merged", "This record is part of another one, so it is not changed any more.", nil)
	case d.Hold() != nil:
		return Refuse(Conflict, "privacy.refused.hold", "A legal hold keeps everything about this payee.", nil)
	case d.Owed:
		return Refuse(Conflict, "privacy.refused.owed", "Money is still owed to this payee.", nil)
	case until != nil && !until.Before(today):
		return Refuse(Conflict, "privacy.refused.duty", "The law has this kept until "+until.Format(time.DateOnly)+".", map[string]any{"Date": until.Format(time.DateOnly)})
	}
	return nil
}
