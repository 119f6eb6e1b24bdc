package plan

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"pagaduria/models"
)

// EventKind is what happened to an order.
type EventKind string

// The events that what an order earns depends on.
const (
	Delivered EventKind = "delivered"
	Returned  EventKind = "returned"  // to the sender
	Cancelled EventKind = "cancelled" // or the buyer's payment failed
	GivenBack EventKind = "given_back"
	Remitted  EventKind = "remitted" // the carrier handed the cash over
	Stated    EventKind = "stated"   // a commission statement speaks of the order
)

// Event is one thing that happened to an order. Events come in any order and as often as they like.
type Event struct {
	Kind EventKind
	At   time.Time
	Base models.Money // of GivenBack: the part of the base that came back
	All  bool         // of GivenBack: all of it
	Key  string       // tells two of the same kind apart; the same one again changes nothing
}

// Item is a product of an order.
type Item struct {
	SKU   string
	Total models.Money // after discount, VAT included
	IVA   models.Money
}

// Order is what of an order a plan looks at.
type Order struct {
	ID       int64
	Number   string
	PlacedAt time.Time
	Channel  string
	COD      bool
	Test     bool
	Items    []Item
	Events   []Event
}

// Upline is who stands above a seller, from level 1 on.
type Upline struct {
	DistributorID int64
	Country       string
}

// Step is one line of an explanation: a word of the catalogues under plans.why, and what fills it.
type Step struct {
	Key     string `json:"key"`
	Amount  int64  `json:"amount,omitempty"` // centavos
	Of      int64  `json:"of,omitempty"`     // centavos
	Percent int    `json:"percent,omitempty"`
	Text    string `json:"text,omitempty"`
}

// Why an order earns nothing, or not yet.
const (
	VoidTest      = "test"
	VoidCancelled = "cancelled"
	VoidReturned  = "returned"
	VoidGivenBack = "given_back"
	VoidNothing   = "nothing" // no product of value
	VoidStated    = "stated"  // a statement says what it earns
	VoidGone      = "gone"    // it is another seller's, month's or level's now

	WaitDelivery   = "delivery"
	WaitRemittance = "remittance"
)

// Line is what one order, or a month as a whole, earns somebody.
type Line struct {
	OrderID int64 // 0: the month's bonus
	Number  string
	Level   int // 0: the seller
	Earner  int64
	Base    models.Money
	Amount  models.Money // whole pesos, never negative
	Due     *time.Time   // payable from then on; nil while it waits
	Wait    string
	Void    string
	Why     []Step
}

// Payable is what of a line is payable at a moment.
func (l Line) Payable(now time.Time) models.Money {
	if l.Due == nil || now.Before(*l.Due) {
		return models.Centavos(0)
	}
	return l.Amount
}

// standing is what all events of an order say together.
type standing struct {
	void                string
	gross, back         models.Money
	delivered, remitted *time.Time
}

func (s standing) base() models.Money { return s.gross.Sub(s.back) }

func (i Item) base() models.Money {
	if b := i.Total.Sub(i.IVA); i.Total.Positive() && b.Positive() {
		return b
	}
	return models.Centavos(0)
}

// stand folds the events of an order, whatever order they came in.
func (o Order) stand() standing {
	s := standing{gross: models.Centavos(0), back: models.Centavos(0)}
	for _, i := range o.Items {
		s.gross = s.gross.Add(i.base())
	}
	var returned, cancelled, all, stated bool
	seen := map[Event]bool{}
	for _, e := range o.Events {
		if e.At = e.At.UTC(); seen[e] {
			continue
		}
		seen[e] = true
		switch e.Kind {
		case Delivered:
			s.delivered = first(s.delivered, e.At)
		case Remitted:
			s.remitted = first(s.remitted, e.At)
		case Returned:
			returned = true
		case Cancelled:
			cancelled = true
		case Stated:
			stated = true
		case GivenBack:
			all = all || e.All
			if !e.All {
				s.back = s.back.Add(e.Base)
			}
		}
	}
	if all || s.back.Minor > s.gross.Minor {
		s.back = s.gross
	}
	switch {
	case o.Test:
		s.void = VoidTest
	case stated:
		s.void = VoidStated
	case cancelled:
		s.void = VoidCancelled
	case returned:
		s.void = VoidReturned
	case !s.gross.Positive():
		s.void = VoidNothing
	case !s.base().Positive():
		s.void = VoidGivenBack
	}
	return s
}

func first(before *time.Time, at time.Time) *time.Time {
	if before != nil && before.Before(at) {
		return before
	}
	return &at
}

// due is when the order's commissions are payable, or what they wait for.
func (t Terms) due(o Order, s standing) (*time.Time, string) {
	if s.delivered == nil {
		return nil, WaitDelivery
	}
	at := s.delivered.AddDate(0, 0, t.ReturnDays)
	if o.COD && t.Remittance {
		if s.remitted == nil {
			return nil, WaitRemittance
		}
		if s.remitted.After(at) {
			at = *s.remitted
		}
	}
	return &at, ""
}

// run is the way through a seller's month.
type run struct {
	terms  Terms
	reach  models.Money // the volume of the month
	volume models.Money // of the orders before
	earned models.Money // by the seller's own lines so far
}

type stood struct {
	Order
	standing
}

// Accrue answers what the orders of a seller's month earn whom. It depends on nothing else: the same orders with the same
// events give the same lines, in whatever order they stand. Orders that were delivered come first, so that what they earn
// does not depend on those that may never be; of these the lines are what they would earn.
func (t Terms) Accrue(seller int64, upline []Upline, orders []Order) []Line {
	all := make([]stood, len(orders))
	m := run{terms: t, reach: models.Centavos(0), volume: models.Centavos(0), earned: models.Centavos(0)}
	for i, o := range orders {
		all[i] = stood{o, o.stand()}
		if s := all[i].standing; s.void == "" && s.delivered != nil {
			m.reach = m.reach.Add(s.base())
		}
	}
	slices.SortFunc(all, func(a, b stood) int {
		return cmp.Or(cmp.Compare(later(a), later(b)), a.PlacedAt.Compare(b.PlacedAt), cmp.Compare(a.ID, b.ID))
	})
	lines := make([]Line, 0, len(all))
	for _, o := range all {
		own := Line{OrderID: o.ID, Number: o.Number, Earner: seller, Base: models.Centavos(0), Amount: models.Centavos(0), Void: o.void}
		if o.void != "" {
			lines = append(lines, own)
			continue
		}
		own.Base = o.base()
		own.Due, own.Wait = t.due(o.Order, o.standing)
		own.Amount, own.Why = m.own(o)
		lines = append(lines, own)
		lines = append(lines, t.levels(own, upline)...)
	}
	if b, ok := t.bonus(seller, lines); ok {
		lines = append(lines, b)
	}
	return lines
}

func later(o stood) int {
	if o.delivered == nil {
		return 1
	}
	return 0
}

// own is what an order earns its seller, and why.
func (m *run) own(o stood) (models.Money, []Step) {
	t, base := m.terms, o.base()
	why := []Step{{Key: "base", Amount: o.gross.Minor}}
	if o.back.Positive() {
		why = append(why, Step{Key: "back", Amount: o.back.Minor, Of: base.Minor})
	}
	sum, plain := models.Centavos(0), base
	add := func(s Step) {
		sum = sum.Add(models.Centavos(s.Amount))
		why = append(why, s)
	}
	if t.Kind != Fixed {
		for _, i := range o.Items {
			r, own := t.rate(o.Channel, i.SKU)
			part := share(i.base(), base, o.gross)
			if part.Minor > plain.Minor { // what was rounded up before
				part = plain
			}
			if !own || !part.Positive() {
				continue
			}
			plain = plain.Sub(part)
			text := r.Key
			if r.By == ByProduct {
				text = i.SKU
			}
			add(Step{Key: r.By, Amount: part.BasisPoints(int64(r.Percent)).Minor, Of: part.Minor, Percent: r.Percent, Text: text})
		}
	}
	switch {
	case t.Kind == Fixed:
		add(Step{Key: "fixed", Amount: t.Fixed.Minor})
	case !plain.Positive():
	case t.Kind == Percent:
		add(Step{Key: "percent", Amount: plain.BasisPoints(int64(t.Percent)).Minor, Of: plain.Minor, Percent: t.Percent})
	case t.Kind == Whole:
		p := t.Tiers[t.tier(m.reach)].Percent
		add(Step{Key: "whole", Amount: plain.BasisPoints(int64(p)).Minor, Of: plain.Minor, Percent: p})
	case t.Kind == Marginal:
		m.marginal(plain, add)
	}
	m.volume = m.volume.Add(base)
	if t.Cap.Positive() {
		if left := t.Cap.Sub(m.earned); sum.Minor > left.Minor {
			why = append(why, Step{Key: "cap", Amount: left.Minor, Of: t.Cap.Minor})
			sum = left
		}
	}
	m.earned = m.earned.Add(sum)
	return sum, why
}

// marginal spreads a base over the tiers, from the volume on that the month had before.
func (m *run) marginal(base models.Money, add func(Step)) {
	at := m.volume
	for left := base; left.Positive(); {
		i := m.terms.tier(at)
		part := left
		if i+1 < len(m.terms.Tiers) {
			if room := m.terms.Tiers[i+1].From.Sub(at); room.Minor < part.Minor {
				part = room
			}
		}
		p := m.terms.Tiers[i].Percent
		add(Step{Key: "tier", Amount: part.BasisPoints(int64(p)).Minor, Of: part.Minor, Percent: p})
		at, left = at.Add(part), left.Sub(part)
	}
}

// levels are what those above the seller earn on an order.
func (t Terms) levels(own Line, upline []Upline) (lines []Line) {
	for i, p := range t.Levels {
		if i >= len(upline) {
			break
		}
		u := upline[i]
		if p == 0 || t.LevelOff(u.Country) {
			continue
		}
		l := Line{OrderID: own.OrderID, Number: own.Number, Level: i + 1, Earner: u.DistributorID, Base: own.Base, Due: own.Due, Wait: own.Wait, Amount: own.Base.BasisPoints(int64(p))}
		l.Why = []Step{{Key: "base_left", Amount: own.Base.Minor}, {Key: "level", Amount: l.Amount.Minor, Of: own.Base.Minor, Percent: p}}
		lines = append(lines, l)
	}
	return lines
}

// bonus is payable when the orders that are payable reach the mark.
func (t Terms) bonus(seller int64, lines []Line) (Line, bool) {
	if !t.Bonus.Amount.Positive() {
		return Line{}, false
	}
	own := slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l.Level != 0 || l.Due == nil })
	slices.SortStableFunc(own, func(a, b Line) int { return cmp.Or(a.Due.Compare(*b.Due), cmp.Compare(a.OrderID, b.OrderID)) })
	volume := models.Centavos(0)
	for _, l := range own {
		if volume = volume.Add(l.Base); volume.Minor >= t.Bonus.At.Minor {
			return Line{Earner: seller, Base: volume, Amount: t.Bonus.Amount, Due: l.Due,
				Why: []Step{{Key: "bonus", Amount: t.Bonus.Amount.Minor, Of: t.Bonus.At.Minor}}}, true
		}
	}
	return Line{}, false
}

// share is part × of ÷ whole in centavos, rounded half up: what is left of a product when some of its order came back.
func share(part, of, whole models.Money) models.Money {
	hi, lo := bits.Mul64(uint64(part.Minor), uint64(of.Minor))
	lo, carry := bits.Add64(lo, uint64(whole.Minor)/2, 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(whole.Minor))
	return models.Centavos(int64(q))
}

// Earning is a line of an order as its page explains it.
type Earning struct {
	Line
	Code, Name string       // the earner's
	Booked     models.Money // the sum of its commission lines
}

// Earnings is what an order earns whom, and by which plan.
type Earnings struct {
	Month    string
	PlanID   int64 // 0 when none was counted
	PlanName string
	Counting bool // something happened since; it is counted in a moment
	Lines    []Earning
}

// SimulatedRows bounds Simulation.Rows.
const SimulatedRows = 200

// Simulation is what the orders of a month would earn by a plan against what they do.
type Simulation struct {
	Plan    Plan
	Present Plan // in force in that month; its ID is 0 when there was none
	Month   string
	Orders  int64        // that are somebody's
	Now     models.Money // by the present plan and by statements
	Then    models.Money
	People  int
	Rows    []SimulatedRow // the greatest difference first, at most SimulatedRows
}

// SimulatedRow is what one distributor earns, and would earn.
type SimulatedRow struct {
	DistributorID int64
	Code, Name    string
	Now, Then     models.Money
}

// Difference is what the plan would add.
func (r SimulatedRow) Difference() models.Money { return r.Then.Sub(r.Now) }
