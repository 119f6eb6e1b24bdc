// Package plan is commission plans: what they may say, and what orders earn by one.
package plan

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
)

// RequestPublish is the request to put a plan in force.
const RequestPublish models.RequestKind = "plan.publish"

// State is where a plan stands.
type State string

// The states of a plan. A published one never changes; a later one takes its place.
const (
	Draft     State = "draft"
	Published State = "published"
)

// Kind is how the seller's own commission is counted.
type Kind string

// The kinds of plan.
const (
	Percent  Kind = "percent"  // of the order's base
	Fixed    Kind = "fixed"    // an amount for each order
	Marginal Kind = "marginal" // each part of the month's volume at the percentage of its tier
	Whole    Kind = "whole"    // the whole month's volume at the percentage of the tier it reached
)

// Kinds lists every kind in the order pages show them.
var Kinds = []Kind{Percent, Fixed, Marginal, Whole}

// Tiered answers whether the kind has tiers.
func (k Kind) Tiered() bool { return k == Marginal || k == Whole }

// Tier is a percentage from a volume on.
type Tier struct {
	From    models.Money `json:"from"`
	Percent int          `json:"percent"` // basis points
}

// What a rate of its own is for, most particular first.
const (
	ByProduct  = "product"  // the SKU
	ByCategory = "category" // products whose SKU begins so
	ByChannel  = "channel"  // orders of a shop, by its short name; FileChannel for those of files
)

// FileChannel is the channel of orders that came by file.
const FileChannel = "file"

// RateKinds lists what rates may be for.
var RateKinds = []string{ByProduct, ByCategory, ByChannel}

// Rate is a percentage that takes the place of the plan's for some products or orders.
type Rate struct {
	By      string `json:"by"`
	Key     string `json:"key"` // upper case for products and categories
	Percent int    `json:"percent"`
}

// Bonus is an amount for a month whose volume reached a mark.
type Bonus struct {
	At     models.Money `json:"at"`
	Amount models.Money `json:"amount"`
}

// Terms are what a plan says. Every percentage is in basis points and of the base: what the buyer pays for products that
// cost something, without VAT and without shipping. A percentage of an amount is rounded half up to the whole peso, once
// for each line of the explanation; nothing else is rounded. Months are those of Bogotá, an order's is when it was placed,
// and the volume of a month is the base of its delivered orders.
//
// Nothing here pays for bringing somebody in: a level earns on orders of products only.
type Terms struct {
	Kind       Kind         `json:"kind"`
	Percent    int          `json:"percent,omitempty"`
	Fixed      models.Money `json:"fixed,omitzero"`
	Tiers      []Tier       `json:"tiers,omitempty"` // the first from zero, rising
	Rates      []Rate       `json:"rates,omitempty"`
	Bonus      Bonus        `json:"bonus,omitzero"`
	Cap        models.Money `json:"cap,omitzero"`         // of a month's own commissions, zero for none
	Levels     []int        `json:"levels,omitempty"`     // what the seller's sponsor earns, theirs, and so on
	LevelsOff  []string     `json:"levels_off,omitempty"` // countries where levels earn nothing
	ReturnDays int          `json:"return_days"`          // after delivery, before a commission is payable
	Remittance bool         `json:"remittance"`           // cash on delivery waits until the carrier handed it over
	Minimum    models.Money `json:"minimum,omitzero"`     // a smaller payout waits for a later batch, zero for none
}

// Limits of a plan.
const (
	MostTiers  = 5
	MostRates  = 6
	MostLevels = 3
	mostDays   = 120
	whole      = 10_000 // basis points
)

var country = regexp.MustCompile(`^[A-Z]{2}$`)

// Check refuses terms that mean nothing; fields are named as the form names them.
func (t Terms) Check() error {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	wrong := func(when bool, field, key string) {
		if _, said := refusal.Fields[field]; when && !said {
			_ = refusal.WithField(field, "plans.refused."+key)
		}
	}
	amount := func(m models.Money) bool { return m.Minor < 0 || m.Minor%100 != 0 }
	share := func(p int) bool { return p < 0 || p > whole }

	wrong(!slices.Contains(Kinds, t.Kind), "kind", "kind")
	wrong(share(t.Percent) || t.Kind == Percent && t.Percent == 0, "percent", "percent")
	wrong(amount(t.Fixed) || t.Kind == Fixed && !t.Fixed.Positive(), "fixed", "amount")
	wrong(t.Kind.Tiered() && len(t.Tiers) == 0 || len(t.Tiers) > MostTiers, "tier_from_0", "tiers")
	for i, x := range t.Tiers {
		at := strconv.Itoa(i)
		wrong(amount(x.From) || i == 0 && x.From.Minor != 0 || i > 0 && x.From.Minor <= t.Tiers[i-1].From.Minor, "tier_from_"+at, "tier")
		wrong(share(x.Percent), "tier_percent_"+at, "percent")
	}
	wrong(len(t.Rates) > 0 && t.Kind == Fixed, "rate_by_0", "fixed_rates")
	for i, x := range t.Rates {
		at := strconv.Itoa(i)
		wrong(!slices.Contains(RateKinds, x.By), "rate_by_"+at, "kind")
		wrong(x.Key == "" || len(x.Key) > 60, "rate_key_"+at, "key")
		wrong(slices.ContainsFunc(t.Rates[:i], func(o Rate) bool { return o.By == x.By && o.Key == x.Key }), "rate_key_"+at, "twice")
		wrong(share(x.Percent), "rate_percent_"+at, "percent")
	}
	wrong(amount(t.Bonus.At), "bonus_at", "amount")
	wrong(amount(t.Bonus.Amount) || t.Bonus.Amount.Positive() != t.Bonus.At.Positive(), "bonus_amount", "bonus")
	wrong(amount(t.Cap), "cap", "amount")
	wrong(amount(t.Minimum), "minimum", "amount")
	wrong(len(t.Levels) > MostLevels, "level_0", "levels")
	for i, p := range t.Levels {
		wrong(share(p), "level_"+strconv.Itoa(i), "percent")
	}
	for _, c := range t.LevelsOff {
		wrong(!country.MatchString(c), "levels_off", "country")
	}
	wrong(t.ReturnDays < 0 || t.ReturnDays > mostDays, "return_days", "days")
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// tier is the place of the tier that a volume reaches.
func (t Terms) tier(volume models.Money) int {
	at := 0
	for i, x := range t.Tiers {
		if x.From.Minor <= volume.Minor {
			at = i
		}
	}
	return at
}

// rate finds the rate of its own that a product of an order has.
func (t Terms) rate(channel, sku string) (Rate, bool) {
	sku = strings.ToUpper(sku)
	for _, by := range RateKinds {
		best := -1
		for i, r := range t.Rates {
			if r.By == by && r.fits(channel, sku) && (best < 0 || len(r.Key) > len(t.Rates[best].Key)) {
				best = i
			}
		}
		if best >= 0 {
			return t.Rates[best], true
		}
	}
	return Rate{}, false
}

func (r Rate) fits(channel, sku string) bool {
	switch r.By {
	case ByProduct:
		return sku == r.Key
	case ByCategory:
		return strings.HasPrefix(sku, r.Key)
	}
	return channel == r.Key
}

// LevelOff answers whether levels earn nothing in a country.
func (t Terms) LevelOff(country string) bool { return slices.Contains(t.LevelsOff, country) }

// Plan is one plan: a draft, or one that came in force on the first day of a month.
type Plan struct {
	ID          int64
	Name        string
	State       State
	From        string // YYYY-MM
	Terms       Terms
	Version     int
	MakerID     int64
	MakerName   string
	ConsentID   int64
	Publisher   string // who consented
	PublishedAt *time.Time
	CreatedAt   time.Time
	ChangedAt   time.Time
}

// Record is a plan with what is asked about it.
type Record struct {
	Plan     Plan
	Current  bool             // in force now
	Requests []models.Request // newest first
	Month    string           // that now is
}

const longestName = 80

var month = regexp.MustCompile(`^20\d\d-(0[1-9]|1[0-2])$`)

// Valid answers whether a text is a month.
func Valid(m string) bool { return month.MatchString(m) }

// Check refuses a plan that cannot be kept.
func (p Plan) Check() error {
	err := p.Terms.Check()
	refusal, ok := err.(*models.Error)
	if !ok {
		refusal = models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	}
	if n := len([]rune(p.Name)); n == 0 || n > longestName {
		_ = refusal.WithField("name", "plans.refused.name")
	}
	if !Valid(p.From) {
		_ = refusal.WithField("from", "plans.refused.month")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// Publishable answers why the plan cannot be put in force in the month that now is, or nil. What was earned in months
// before stays as it was counted.
func (p Plan) Publishable(now string) error {
	switch {
	case p.State != Draft:
		return models.Refuse(models.Conflict, "plans.refused.published", "This plan is published, so it never changes. Make a new one from it.", nil)
	case p.From < now:
		return models.Refuse(models.Conflict, "plans.refused.past", "A plan cannot come in force in a month that is over. Choose this month or a later one.", nil).
			WithField("from", "plans.refused.past")
	}
	return p.Check()
}

// InForce finds the plan of a month among published ones: the latest to come in force by then, of two of one month the
// later published.
func InForce(plans []Plan, month string) (best Plan, ok bool) {
	for _, p := range plans {
		if p.State != Published || p.From > month {
			continue
		}
		if !ok || p.From > best.From || p.From == best.From && p.PublishedAt.After(*best.PublishedAt) {
			best, ok = p, true
		}
	}
	return best, ok
}
