package models

import (
	"strings"
	"time"
)

// Verification says whether a distributor may be paid.
type Verification string

// The verification states, with the words of SQL, URLs and the catalogues.
const (
	Unverified Verification = "unverified" // nobody has looked yet
	Verified   Verification = "verified"   // payable, until VerifiedUntil when that is set
	Suspended  Verification = "suspended"  // stopped by compliance
	Expired    Verification = "expired"    // has to be looked at again
	Merged     Verification = "merged"     // part of another record, and not paid any more
)

// Verifications lists every state that compliance decides, in the order pages show them.
var Verifications = []Verification{Unverified, Verified, Suspended, Expired}

// Valid answers whether v is a state that compliance decides.
func (v Verification) Valid() bool {
	for _, k := range Verifications {
		if k == v {
			return true
		}
	}
	return false
}

// Distributor is a person or company that earns commissions.
type Distributor struct {
	ID             int64
	Code           string
	PersonKind     string // natural or juridical
	Country        string
	DocType        string
	DocNumber      string // normalised, without check digit
	DocDV          string
	DocIssuedOn    *time.Time
	GivenNames     string
	Surnames       string
	BusinessName   string
	Phone          string // E.164
	Email          string
	Divipola       string
	City           string
	Address        string
	TaxStatus      string
	IVAResponsible bool
	JoinedOn       *time.Time
	UplineID       *int64
	Lang           string
	Warnings       []string // codes that still stand
	Verification   Verification
	VerifiedUntil  *time.Time // the last day it is good for; nil is without end
	MethodKind     MethodKind // of the preferred method, "" without one
	AccountChanged *time.Time // the day another method became the preferred one, nil without a change
	PayableFrom    *time.Time // the first day after it on which the distributor is paid
	MergedInto     *int64     // the record that this one is part of, nil for one that stands by itself
	Version        int
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Payee is the distributor as a rail must name it.
func (d Distributor) Payee() Payee {
	return Payee{Country: d.Country, DocType: d.DocType, DocNumber: d.DocNumber, DocDV: d.DocDV,
		GivenNames: d.GivenNames, Surnames: d.Surnames, BusinessName: d.BusinessName,
		Phone: d.Phone, Email: d.Email, Address: d.Address, City: d.City, Divipola: d.Divipola}
}

// Name is how pages call the distributor.
func (d Distributor) Name() string { return d.Payee().Name() }

// Standing is the verification on a day: one that ran out counts as expired.
func (d Distributor) Standing(today time.Time) Verification {
	return standing(d.Verification, d.VerifiedUntil, today)
}

func standing(v Verification, until *time.Time, today time.Time) Verification {
	if v == Verified && until != nil && today.After(*until) {
		return Expired
	}
	return v
}

// CanMoveTo answers whether compliance may move the verification to next. Saying the same again is
// allowed for Verified alone, to prolong it; a record that is part of another one stays that.
func (v Verification) CanMoveTo(next Verification) bool {
	return v != Merged && next.Valid() && (v != next || next == Verified)
}

// DistributorRow is one line of the list.
type DistributorRow struct {
	ID            int64
	Code          string
	GivenNames    string
	Surnames      string
	BusinessName  string
	DocType       string
	DocNumber     string
	DocDV         string
	City          string
	MethodKind    MethodKind
	Verification  Verification
	VerifiedUntil *time.Time
	Warnings      int
	CreatedAt     time.Time
}

// Name is how the list calls the distributor.
func (r DistributorRow) Name() string {
	return Payee{GivenNames: r.GivenNames, Surnames: r.Surnames, BusinessName: r.BusinessName}.Name()
}

// Standing is the verification on a day.
func (r DistributorRow) Standing(today time.Time) Verification {
	return standing(r.Verification, r.VerifiedUntil, today)
}

// DistributorFilter narrows the list. Empty fields do not.
type DistributorFilter struct {
	Search       string
	Verification Verification
	Method       MethodKind // "none" asks for those without one
	DocType      string
	Divipola     string
	Warning      string // "with" or "without" a warning standing
}

// NoMethod is the DistributorFilter.Method of those who have none.
const NoMethod MethodKind = "none"

// Empty answers whether the filter lets everybody through.
func (f DistributorFilter) Empty() bool { return f == DistributorFilter{} }

// PayoutMethod is one way of paying a distributor.
type PayoutMethod struct {
	ID            int64
	DistributorID int64
	Destination
	Preferred bool
	RetiredAt *time.Time
	CreatedAt time.Time
}

// VerificationEvent is one decision about a distributor's verification.
type VerificationEvent struct {
	ID        int64
	From      Verification
	To        Verification
	Until     *time.Time
	Reason    string
	FileID    *int64 // evidence
	FileName  string
	FileHash  string // SHA-256 in hex
	StaffName string
	At        time.Time
}

// Masked shows the end of an account or key: "•••• 0698"; "" for cash.
func (d Destination) Masked() string {
	switch {
	case d.AccountNumber != "":
		return maskEnd(d.AccountNumber)
	case d.BreBKeyKind == BreBEmail:
		return MaskEmail(d.BreBKey)
	case d.BreBKey != "":
		return maskEnd(d.BreBKey)
	}
	return ""
}

func maskEnd(s string) string {
	r := []rune(s)
	keep := min(4, len(r)/2)
	return "•••• " + string(r[len(r)-keep:])
}

// MaskEmail shows the first character and the domain: "j••••@gmail.com".
func MaskEmail(s string) string {
	name, domain, ok := strings.Cut(s, "@")
	if !ok || name == "" {
		if s == "" {
			return ""
		}
		return "••••"
	}
	return string([]rune(name)[:1]) + "••••@" + domain
}

// DistributorDetail is everything the page of one distributor shows.
type DistributorDetail struct {
	Distributor
	UplineCode    string
	UplineName    string
	Methods       []PayoutMethod // preferred first, retired last
	Verifications []VerificationEvent
	Likenesses    []Likeness
	Merges        []Merge      // of this record and others, newest first
	Events        []AuditEvent // newest first
	Waiting       []Request    // changes that wait for a second person
	Payouts       []DistributorPayout
	Commissions   []DistributorCommission
	Payable       Money // owed, not in a batch
	Held          Money // set aside in batches
	UnderWay      Money // at the rail
	Paid          Money // this year
	PaidCount     int64
}

// DistributorPayout is one of the last payouts on a distributor's page.
type DistributorPayout struct {
	ID     int64
	Code   string
	At     time.Time
	Method MethodKind
	State  PayoutState
	Amount Money
}

// DistributorCommission is one of the last commission lines on a distributor's page.
type DistributorCommission struct {
	ID      int64
	Order   string
	Period  string
	Concept string
	State   CommissionState
	Amount  Money
}

// WhyNotPaid answers what keeps the distributor's balance from being paid now, as far as the
// distributor is concerned; what a rail refuses shows when a batch is composed.
func (d DistributorDetail) WhyNotPaid(today time.Time) Refusal {
	c := Candidate{DistributorID: d.ID, Payee: d.Payee(), Verification: string(d.Verification), VerifiedUntil: d.VerifiedUntil,
		Warned: len(d.Warnings) > 0, AccountChanged: d.AccountChanged, PayableFrom: d.PayableFrom, Net: d.Payable, CarryIn: Pesos(0)}
	if m := d.Preferred(); m != nil {
		c.MethodID, c.To = m.ID, m.Destination
	}
	return WhyNotPayable(Standing{State: CommissionEligible, Candidate: c, Today: today})
}

// Preferred is the preferred method, nil without one.
func (d DistributorDetail) Preferred() *PayoutMethod {
	for i := range d.Methods {
		if d.Methods[i].Preferred {
			return &d.Methods[i]
		}
	}
	return nil
}
