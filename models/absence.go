package models

import "time"

// Absence is a time in which somebody is away, and who decides in their stead where they are named.
type Absence struct {
	ID           int64
	StaffID      int64
	From         time.Time // Bogotá days, both included
	To           time.Time
	DelegateID   int64 // 0 for nobody
	DelegateName string
	CreatedAt    time.Time
}

// maxAbsence bounds an absence, so that a mistyped year is noticed.
const maxAbsence = 366 * 24 * time.Hour

// Check answers what is wrong with an absence that is about to be noted. delegate is the account behind DelegateID, nil
// when there is none or it is the person's own; others are the absences noted already.
func (a Absence) Check(delegate *Staff, others []Absence, today time.Time) error {
	switch {
	case a.From.IsZero() || a.To.IsZero() || a.To.Before(a.From) || a.To.Before(today) || a.To.Sub(a.From) > maxAbsence:
		return Refuse(Invalid, "staff.error.absence_days", "Give a first and a last day, not in the past and at most a year apart.", nil).
			WithField("to", "staff.error.absence_days")
	case a.DelegateID != 0 && (delegate == nil || delegate.ID == a.StaffID || delegate.State != StaffActive || !Actor{Roles: delegate.Roles}.May(PermBatchesDecide)):
		return Refuse(Invalid, "staff.error.delegate", "Choose somebody else who may decide on batches.", nil).WithField("delegate", "staff.error.delegate")
	}
	for _, o := range others {
		if !a.From.After(o.To) && !o.From.After(a.To) {
			return Refuse(Conflict, "staff.error.absence_twice", "You are away in that time already. End that absence first.", nil)
		}
	}
	return nil
}
