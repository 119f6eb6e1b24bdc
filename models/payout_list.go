package models

import "time"

// PayoutRow is a payout as lists show it.
type PayoutRow struct {
	ID            int64
	Code          string
	BatchID       int64
	DistributorID int64
	State         PayoutState
	Amount        Money
	PayeeName     string
	DocType       string
	DocNumber     string
	Method        MethodKind
	BankCode      string
	Account       string
	RailID        string
	Cause         string
	ExpiresAt     *time.Time
	OverdueAt     *time.Time
	StateAt       time.Time
	CreatedAt     time.Time
}
