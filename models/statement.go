package models

import "time"

// StatementEntry is one posting on a distributor's account, with the balances behind it. What is owed is
// payable and held together; an entry that only moves money between the two leaves it unchanged.
type StatementEntry struct {
	ID         int64
	At         time.Time
	Kind       EntryKind
	SourceKind string // commission, payout or merge
	SourceID   int64
	Order      string // commissions only
	Concept    string // commissions only
	PayoutCode string // payouts only
	Amount     Money  // always positive
	Payable    Money  // change of payable
	Held       Money  // change of held
	PayableNow Money  // payable behind this entry
	HeldNow    Money  // held behind this entry
}

// Owed is what the distributor is owed behind this entry.
func (e StatementEntry) Owed() Money { return e.PayableNow.Add(e.HeldNow) }

// PostedEntry is one posting as the books have it.
type PostedEntry struct {
	ID     int64
	At     time.Time
	Kind   EntryKind
	Debit  Account
	Credit Account
	Amount Money
}

// LedgerReport is what a check of the books found. Fault is the first thing wrong, "" when all agrees.
type LedgerReport struct {
	Entries  int64
	Accounts int64 // accounts with at least one entry
	Payouts  int64
	Fault    string
}
