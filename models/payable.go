package models

import "time"

// Why a single line cannot be paid, whatever its payee; the payee's own reasons are those of Candidate.Refused
// and of the rail.
const (
	RefusedNotYet   Refusal = "pending"
	RefusedHeld     Refusal = "held"     // by a person, with a reason
	RefusedUnderWay Refusal = "in_batch" // it is being paid
	RefusedPaid     Refusal = "paid"
	RefusedClosed   Refusal = "closed"  // fraud, duplicate, refunded, cancelled
	RefusedWarned   Refusal = "warning" // not verified, and a warning asks for a look of its own
)

// Standing is what decides whether a commission line can be paid now.
type Standing struct {
	State     CommissionState
	Candidate Candidate // its payee, with the net of all eligible lines and what was carried
	Rail      Refusal   // why the rail does not take this payee by this method, "" when it does
	Today     time.Time // the Bogotá date
}

// WhyNotPayable answers the first reason why the line cannot be paid now, "" when there is none.
func WhyNotPayable(s Standing) Refusal {
	if r := s.State.refused(); r != "" {
		return r
	}
	r := s.Candidate.Refused(s.Today)
	switch {
	case r == RefusedUnverified && s.Candidate.Warned:
		return RefusedWarned
	case r == RefusedNegative || r == RefusedTooSmall || r == "":
		if s.Rail != "" {
			return s.Rail
		}
	}
	return r
}

func (s CommissionState) refused() Refusal {
	switch s {
	case CommissionEligible:
		return ""
	case CommissionPending:
		return RefusedNotYet
	case CommissionHeld:
		return RefusedHeld
	case CommissionInBatch:
		return RefusedUnderWay
	case CommissionPaid:
		return RefusedPaid
	}
	return RefusedClosed
}
