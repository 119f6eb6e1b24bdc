package models

import "time"

// Shared is what two records of distributors have in common.
type Shared string

// What makes two records look like one person. An account is a bank account, a wallet or a Bre-B key.
const (
	SharedDocument Shared = "document"
	SharedPhone    Shared = "phone"
	SharedAccount  Shared = "account"
)

// SharedKinds lists every kind in the order pages show them, the strongest sign first.
var SharedKinds = []Shared{SharedDocument, SharedAccount, SharedPhone}

// Valid answers whether s is known.
func (s Shared) Valid() bool {
	for _, k := range SharedKinds {
		if k == s {
			return true
		}
	}
	return false
}

// Likeness is a distributor that shares something with another one (K13).
type Likeness struct {
	ID   int64
	Code string
	Name string
	By   string // document, phone, email or account
}

// PairSide is one of two records that are compared.
type PairSide struct {
	ID            int64
	Code          string
	GivenNames    string
	Surnames      string
	BusinessName  string
	Verification  Verification
	VerifiedUntil *time.Time
	Owed          Money      // payable, not in a batch
	LastPaid      *time.Time // nil when never
}

// Name is how pages call the record.
func (s PairSide) Name() string {
	return Payee{GivenNames: s.GivenNames, Surnames: s.Surnames, BusinessName: s.BusinessName}.Name()
}

// Standing is the verification on a day.
func (s PairSide) Standing(today time.Time) Verification {
	return standing(s.Verification, s.VerifiedUntil, today)
}

// Pair is two records that share something, the older one first.
type Pair struct {
	ID            int64
	Shared        []Shared
	First, Second PairSide
	Distinct      *Distinction // nil while nobody has looked
}

// Distinction says that two records are two people.
type Distinction struct {
	Reason string
	By     string
	At     time.Time
}

// PairFilter narrows the list of pairs. Empty fields do not.
type PairFilter struct {
	Shared        Shared
	DistributorID int64
	Distinct      bool // those that are two people, instead of those nobody has looked at
}

// PairCounts is how many pairs the list has.
type PairCounts struct {
	All, Document, Phone, Account, Distinct int64
}

// Of is the count of the pairs that share something, All for "".
func (c PairCounts) Of(s Shared) int64 {
	switch s {
	case SharedDocument:
		return c.Document
	case SharedPhone:
		return c.Phone
	case SharedAccount:
		return c.Account
	}
	return c.All
}
