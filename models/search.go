package models

import "time"

// Found is what one box for everything found, in groups. A group that the person may not see is empty.
type Found struct {
	Payouts      FoundGroup[FoundPayout]
	Batches      FoundGroup[FoundBatch]
	Distributors FoundGroup[FoundDistributor]
	Orders       FoundGroup[FoundOrder]
	Exact        []FoundExact // records whose own number was typed in full
}

// FoundGroup is the first rows of one kind. Count says how many there are, and Over that counting stopped there.
type FoundGroup[T any] struct {
	Rows  []T
	Count int
	Over  bool
}

// FoundExact is a record that was named in full: kind is payout, batch, distributor or order.
type FoundExact struct {
	Kind string
	ID   int64
}

// Count is how many records were found, as far as they were counted.
func (f Found) Count() int {
	return f.Payouts.Count + f.Batches.Count + f.Distributors.Count + f.Orders.Count
}

// Only answers the one record that was meant, when there is no other that could have been.
func (f Found) Only() (FoundExact, bool) {
	if len(f.Exact) != 1 {
		return FoundExact{}, false
	}
	return f.Exact[0], true
}

// FoundPayout is a payout as results show it.
type FoundPayout struct {
	ID        int64
	Code      string
	RailID    string
	Name      string
	State     PayoutState
	Method    MethodKind
	Amount    Money
	CreatedAt time.Time
}

// FoundBatch is a batch as results show it.
type FoundBatch struct {
	ID        int64
	Code      string
	Name      string
	State     BatchState
	Items     int
	Total     Money
	CreatedAt time.Time
}

// FoundDistributor is a distributor as results show them.
type FoundDistributor struct {
	ID           int64
	Code         string
	GivenNames   string
	Surnames     string
	BusinessName string
	DocType      string
	DocNumber    string
	DocDV        string
	City         string
	Verification Verification
}

// Name is how results call the distributor.
func (d FoundDistributor) Name() string {
	return Payee{GivenNames: d.GivenNames, Surnames: d.Surnames, BusinessName: d.BusinessName}.Name()
}

// FoundOrder is an order as results show it.
type FoundOrder struct {
	ID       int64
	Number   string
	Buyer    string
	Waybill  string
	Status   OrderStatus
	Total    Money
	PlacedAt time.Time
}
