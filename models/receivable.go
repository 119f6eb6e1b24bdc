package models

import (
	"slices"
	"time"
)

// ReceivableDays are the ends of the age classes of receivables: up to 30 days, 60, 90, and older.
var ReceivableDays = []int{30, 60, 90}

// ReceivableAges is an amount by age, youngest first; it has one class more than ReceivableDays.
type ReceivableAges [4]Money

// Receivable is what a distributor owes: what was taken back from them beyond what they earned since. It is taken off
// their next payouts.
type Receivable struct {
	DistributorID int64
	Code, Name    string
	Owed          Money // positive
	Since         time.Time
	Ages          ReceivableAges
}

// Debit is one line that takes back.
type Debit struct {
	At     time.Time
	Amount Money // negative
}

// AgeReceivable says how old what is owed is. What the distributor earned pays the oldest first, so that the newest debits are
// what is left.
func AgeReceivable(owed Money, debits []Debit, now time.Time) (ages ReceivableAges, since time.Time) {
	for i := range ages {
		ages[i] = Centavos(0)
	}
	debits = slices.Clone(debits)
	slices.SortFunc(debits, func(a, b Debit) int { return b.At.Compare(a.At) })
	since = now
	for _, d := range debits {
		if !owed.Positive() {
			break
		}
		part := d.Amount.Neg()
		if part.Minor > owed.Minor {
			part = owed
		}
		class := len(ReceivableDays)
		for i, days := range ReceivableDays {
			if now.Sub(d.At) <= time.Duration(days)*24*time.Hour {
				class = i
				break
			}
		}
		ages[class], owed, since = ages[class].Add(part), owed.Sub(part), d.At
	}
	// A carry below zero has no line: it is as old as the oldest.
	if owed.Positive() {
		ages[len(ReceivableDays)] = ages[len(ReceivableDays)].Add(owed)
	}
	return ages, since
}

// MostReceivables bounds Receivables.Rows.
const MostReceivables = 500

// Receivables is who owes how much, most first.
type Receivables struct {
	Rows  []Receivable // at most MostReceivables
	Count int64
	Total Money
	Ages  ReceivableAges // of the rows
}
