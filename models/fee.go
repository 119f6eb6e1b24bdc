package models

import (
	"time"

	"pagaduria/models/colombia"
)

// Cost is what one or several payouts cost the merchant on top of what the payees get.
type Cost struct {
	Fee Money // of the rail, without IVA
	IVA Money // on the fee
	GMF Money // the tax on bank transactions; the payer's, never taken off a payee
}

// NoCost is nothing.
func NoCost() Cost { return Cost{Pesos(0), Pesos(0), Pesos(0)} }

// WithIVA is what the rail charges.
func (c Cost) WithIVA() Money { return c.Fee.Add(c.IVA) }

// Sum is everything.
func (c Cost) Sum() Money { return c.WithIVA().Add(c.GMF) }

// Plus adds two costs up, part by part: the cost of a batch is the sum of what each of its payouts costs.
func (c Cost) Plus(o Cost) Cost { return Cost{c.Fee.Add(o.Fee), c.IVA.Add(o.IVA), c.GMF.Add(o.GMF)} }

// FeeTier is what is charged for amounts up to a bound.
type FeeTier struct {
	UpTo  *Money // the largest amount it is for; nil in the last tier
	Fixed Money
	BPS   int
}

// FeeSchedule is what a rail charges for a payout from a day on. The tier that the whole amount falls into is charged on
// the whole amount, as payout rails do, not each part of the amount by a tier of its own. The percentage is rounded
// half up to the peso, then bounded, and IVA on that is rounded half up to the peso; so every part is whole pesos and
// nothing is left to round in a sum.
type FeeSchedule struct {
	ID           int64
	ConnectionID int64
	From         time.Time  // Bogotá date
	Method       MethodKind // "" for every method without a schedule of its own
	Tiers        []FeeTier
	Min          Money
	Max          *Money
	IVABPS       int
	Note         string // the contract or message it is from
	MakerName    string
	CreatedAt    time.Time
	WithdrawnAt  *time.Time // taken back before it began
}

// Fee returns what the rail charges for a payout, and the IVA on it.
func (s FeeSchedule) Fee(amount Money) (fee, iva Money) {
	fee = Pesos(0)
	for _, t := range s.Tiers {
		if t.UpTo == nil || amount.Minor <= t.UpTo.Minor {
			fee = t.Fixed.Add(amount.BasisPoints(int64(t.BPS)))
			break
		}
	}
	if fee.Minor < s.Min.Minor {
		fee = s.Min
	}
	if s.Max != nil && fee.Minor > s.Max.Minor {
		fee = *s.Max
	}
	return fee, fee.BasisPoints(int64(s.IVABPS))
}

// MaxTiers is how many tiers a schedule may have.
const MaxTiers = 4

// Check refuses a schedule that cannot be charged, naming each field.
func (s FeeSchedule) Check() error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	require := func(ok bool, field, key string) {
		if !ok {
			refused.WithField(field, key)
		}
	}
	whole := func(m Money) bool { return m.Minor >= 0 && m.Minor%minorPerUnit == 0 }
	require(!s.From.IsZero(), "from", "fee.field.from_bad")
	require(s.Method == "" || s.Method.Valid(), "method", "form.required")
	require(whole(s.Min), "min", "form.amount_bad")
	require(s.Max == nil || whole(*s.Max) && s.Max.Minor >= s.Min.Minor, "max", "fee.field.max_bad")
	require(s.IVABPS >= 0 && s.IVABPS <= 10_000, "iva", "connection.field.percent_bad")
	require(len(s.Tiers) > 0 && len(s.Tiers) <= MaxTiers, "tiers", "fee.field.tiers_none")
	below := Pesos(0)
	for i, t := range s.Tiers {
		require(whole(t.Fixed), "tiers", "form.amount_bad")
		require(t.BPS >= 0 && t.BPS <= 10_000, "tiers", "connection.field.percent_bad")
		if i == len(s.Tiers)-1 {
			require(t.UpTo == nil, "tiers", "fee.field.tiers_last")
			continue
		}
		require(t.UpTo != nil && whole(*t.UpTo) && t.UpTo.Minor > below.Minor, "tiers", "fee.field.tiers_order")
		if t.UpTo != nil {
			below = *t.UpTo
		}
	}
	if refused.Fields != nil {
		return refused
	}
	return nil
}

// FeeBook is everything that prices the payouts of a connection.
type FeeBook struct {
	Schedules []FeeSchedule
	GMF       bool // the tax on bank transactions is charged on what leaves
}

// On returns the schedule in force for a method on a Bogotá date: the newest of the method's own, else the newest of
// those for every method.
func (b FeeBook) On(day time.Time, method MethodKind) (in FeeSchedule, ok bool) {
	for _, s := range b.Schedules {
		if s.WithdrawnAt != nil || s.From.After(day) || s.Method != "" && s.Method != method {
			continue
		}
		if !ok || s.Method != "" && in.Method == "" || s.Method == in.Method && s.From.After(in.From) {
			in, ok = s, true
		}
	}
	return in, ok
}

// CostOf prices one payout made on a Bogotá date. Without a schedule the rail is taken to charge nothing. GMF falls on
// what is paid out, rounded half up to the peso.
func (b FeeBook) CostOf(day time.Time, method MethodKind, amount Money) Cost {
	c := NoCost()
	if s, ok := b.On(day, method); ok {
		c.Fee, c.IVA = s.Fee(amount)
	}
	if b.GMF {
		c.GMF = amount.BasisPoints(int64(colombia.GMFOn(day).BPS))
	}
	return c
}

// ScheduleState says where a version of the fees stands on a day.
type ScheduleState string

// The states of a version.
const (
	SchedulePast      ScheduleState = "past"
	ScheduleInForce   ScheduleState = "in_force"
	ScheduleComing    ScheduleState = "coming"
	ScheduleWithdrawn ScheduleState = "withdrawn"
)

// StateOf returns where a version of the book stands on a Bogotá date.
func (b FeeBook) StateOf(s FeeSchedule, day time.Time) ScheduleState {
	switch {
	case s.WithdrawnAt != nil:
		return ScheduleWithdrawn
	case s.From.After(day):
		return ScheduleComing
	}
	for _, o := range b.Schedules {
		if o.WithdrawnAt == nil && o.Method == s.Method && !o.From.After(day) && o.From.After(s.From) {
			return SchedulePast
		}
	}
	return ScheduleInForce
}
