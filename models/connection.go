package models

import "time"

// Connection is one access path to a payout rail: address, limits, fees and dates. Its secrets travel apart.
type Connection struct {
	ID            int64
	Slug          string // names it in the address of its notifications
	Rail          string
	Name          string
	State         string // paused, live
	BaseURL       string
	ValidityDays  int // how long a cash payout can be collected; product setting, default 7
	Rate          int // requests a second
	Concurrency   int // requests at once
	FeeFixed      Money
	FeeBPS        int
	FeeIVABPS     int
	MaxAmount     *Money // our own limit of one payout; nil when there is none
	EgressAddress string
	Version       int
	UpdatedAt     time.Time
}

// Live answers whether payouts may be sent through it.
func (c Connection) Live() bool { return c.State == "live" }

// FeeOf returns what the rail charges for a payout and the IVA on it, rounded half up to the peso.
func (c Connection) FeeOf(amount Money) (fee, iva Money) {
	fee = c.FeeFixed.Add(amount.BasisPoints(int64(c.FeeBPS)))
	return fee, fee.BasisPoints(int64(c.FeeIVABPS))
}

// Credentials open a connection. They are wrapped at rest and never shown.
type Credentials struct {
	Login, Pass, Signature string
}
