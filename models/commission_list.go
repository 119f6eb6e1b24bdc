package models

import "time"

// CommissionFilter narrows the list of commission lines; zero fields let everything through.
type CommissionFilter struct {
	Query       string // an order number, a distributor's code, document or name
	State       CommissionState
	Distributor int64
	Order       string // without #
	Period      string // YYYY-MM
	Concept     string
	Min, Max    *Money // both inclusive
	Method      MethodKind
	Payable     string // yes, no or ""
}

// Free answers whether more than the state is filtered, so that the kept counts do not tell how many match.
func (f CommissionFilter) Free() bool {
	f.State = ""
	return f != CommissionFilter{}
}

// CommissionLine is one line as lists show it, with where it went and what keeps it from being paid.
type CommissionLine struct {
	ID             int64
	CreatedAt      time.Time
	Version        int
	DistributorID  int64
	Code           string // of the distributor
	Payee          Payee
	Order          string // "" for lines without one
	OrderID        int64  // 0 when that order is not known here
	Period         string
	Concept        string
	Amount         Money
	State          CommissionState
	Reason         string // of the hold
	Note           string
	Flags          []string
	PayoutID       int64
	PayoutCode     string
	PayoutState    PayoutState
	BatchID        int64
	BatchCode      string
	Why            Refusal    // why it cannot be paid now, "" when it can
	AccountChanged *time.Time // of the payee, with PayableFrom the reason RefusedAccount
	PayableFrom    *time.Time
}

// CommissionPlace is one line on the trail of an order: line, batch and payout.
type CommissionPlace struct {
	LineID        int64
	DistributorID int64
	Distributor   string
	Concept       string
	Period        string
	Amount        Money
	State         CommissionState
	BatchID       int64
	BatchCode     string
	BatchState    BatchState
	PayoutID      int64
	PayoutCode    string
	PayoutState   PayoutState
	PayoutAmount  Money
	Method        MethodKind
}

// Tally is how many records stand in a state and what they add up to.
type Tally struct {
	Key   string
	Count int64
	Total Money
}

// Sum is the count and total of a selection.
type Sum struct {
	Count int64
	Total Money
}

// SumOf is one key of running sums; of the zero key it is all of them together.
func SumOf[K comparable](sums map[K]Sum, key K) Sum {
	var none K
	total := Sum{Total: Pesos(0)}
	for k, sum := range sums {
		if key == none || k == key {
			total.Count, total.Total = total.Count+sum.Count, total.Total.Add(sum.Total)
		}
	}
	return total
}

// LineChoice says which lines a person holds or releases: those ticked, or all that match a filter. Seen is
// what the page showed; when all were chosen and it is no longer true, nothing happens.
type LineChoice struct {
	IDs    []int64
	All    bool
	Filter CommissionFilter
	Seen   Sum
}
