package models

import "time"

// TaskRenew is the long work of asking many payees anew.
const TaskRenew TaskKind = "kyc_renew"

// ExpiryWhy is why a payee has to be looked at anew.
type ExpiryWhy string

// The reasons.
const (
	ExpiryVerification ExpiryWhy = "verification" // the decision runs out
	ExpiryPaper        ExpiryWhy = "paper"        // a paper runs out
	ExpiryDiligence    ExpiryWhy = "diligence"    // the last look is too long ago
)

// ExpiryWhys lists every reason in the order pages show them.
var ExpiryWhys = []ExpiryWhy{ExpiryVerification, ExpiryPaper, ExpiryDiligence}

// Expiry is a verified payee and the last day that they are known for.
type Expiry struct {
	DistributorID int64
	Code          string
	Name          string
	DueOn         time.Time
	Why           ExpiryWhy
	Band          RiskBand // "" while not scored
	CaseID        int64    // the open case, 0 when nobody asked yet
	CaseState     string
	Reach         bool // can be written to
	Soon          time.Time
}

// ExpiryFilter narrows the list. Days is how soon it is, from today; 0 is all.
type ExpiryFilter struct {
	Days int
	Why  ExpiryWhy
	Band RiskBand
	Case string // "none": nobody asked yet; "open": asked
}

// ExpiryDays are the steps of ExpiryFilter.Days that pages offer.
var ExpiryDays = []int{7, 30, 60, 90}

// Empty answers whether nothing is filtered.
func (f ExpiryFilter) Empty() bool { return f == ExpiryFilter{} }

// ExpiryCounts says how many are due within each of ExpiryDays, and in all.
type ExpiryCounts struct {
	Within []int64
	All    int64
}

// ExpiryReach is what asking a filtered set anew would do.
type ExpiryReach struct {
	Count     int64 // would be asked
	Open      int64 // have an open case
	NoContact int64 // cannot be written to
}

// ExpirySettings are how often payees are looked at anew.
type ExpirySettings struct {
	ID         int64
	NormalDays int
	HighDays   int // of high risk
	OpenDays   int // before the day; 0 asks nobody by itself
	StaffName  string
	At         time.Time
}

// Check refuses settings out of bounds, field by field.
func (s ExpirySettings) Check() error {
	refusal := Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if s.NormalDays < 30 || s.NormalDays > 3650 {
		_ = refusal.WithField("normal_days", "expiry.refused.days")
	}
	if s.HighDays < 30 || s.HighDays > s.NormalDays {
		_ = refusal.WithField("high_days", "expiry.refused.high_days")
	}
	if s.OpenDays < 0 || s.OpenDays > 180 {
		_ = refusal.WithField("open_days", "expiry.refused.open_days")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// Paper is a document of a distributor with the day until which it is good.
type Paper struct {
	DocumentID int64
	Kind       string
	Version    int
	GoodUntil  *time.Time
	StaffName  string // who read the day, "" when nobody did
}
