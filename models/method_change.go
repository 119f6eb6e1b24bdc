package models

import "time"

// CoolingOffDays is how long a payee is not paid after their account was changed: time for the mail to the old contact
// to be read and for a call. It is one figure for everybody, so that nobody can be talked into a shorter one; a change
// of it concerns later changes of accounts only, because each payee keeps the date of their own.
const CoolingOffDays = 3

// RequestMethodChange is the request to add a payout method or to prefer another one.
const RequestMethodChange RequestKind = "method.change"

// MethodChange is what such a request would do: add To, or prefer the method MethodID.
type MethodChange struct {
	MethodID int64       `json:"method_id,omitempty"` // 0 for a new one
	To       Destination `json:"to"`
	Prefer   bool        `json:"prefer"`
	Old      Contact     `json:"old"` // who is told
}

// Contact is how a payee was reached when something was asked for or changed, whatever came since.
type Contact struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	Lang  string `json:"lang"`
}

// CoolsOff answers the day from which a payee can be paid again after a change on that day. The first method a payee
// ever has needs no such time: there is no earlier account whose owner could be robbed by the change.
func CoolsOff(changed time.Time) time.Time { return changed.AddDate(0, 0, CoolingOffDays) }

// CoolingOff answers whether the day lies before the one from which the payee can be paid again.
func CoolingOff(payableFrom *time.Time, today time.Time) bool {
	return payableFrom != nil && today.Before(*payableFrom)
}
