package models

import (
	"slices"
	"time"
)

// RequestRiskRules is the request to score risk by other rules; RequestRiskOverride the one to put a person's word in
// place of a score.
const (
	RequestRiskRules    RequestKind = "risk.rules"
	RequestRiskOverride RequestKind = "risk.override"
)

// RiskBand is how closely a payee is looked at.
type RiskBand string

// The bands.
const (
	RiskLow    RiskBand = "low"
	RiskMedium RiskBand = "medium"
	RiskHigh   RiskBand = "high"
)

// RiskBands lists every band in the order pages show them.
var RiskBands = []RiskBand{RiskHigh, RiskMedium, RiskLow}

// Valid answers whether b is a known band.
func (b RiskBand) Valid() bool { return slices.Contains(RiskBands, b) }

// RiskRuleKind is what a rule looks at.
type RiskRuleKind string

// The kinds of rules. Each is at most once in a set.
const (
	RiskHitConfirmed RiskRuleKind = "hit_confirmed" // on a sanctions list, a person said
	RiskHitOpen      RiskRuleKind = "hit_open"      // perhaps on one
	RiskPEP          RiskRuleKind = "pep"           // declared exposed, or close to somebody exposed
	RiskJuridical    RiskRuleKind = "juridical"
	RiskDocType      RiskRuleKind = "doc_type"     // a document of one of Values
	RiskMunicipality RiskRuleKind = "municipality" // lives in one of Values
	RiskAmount       RiskRuleKind = "amount"       // was paid and is owed Amount or more within the window
	RiskAmountMore   RiskRuleKind = "amount_more"  // the same, on top, from a larger amount
	RiskSame         RiskRuleKind = "same"         // shares document or phone with another payee
	RiskAccount      RiskRuleKind = "account"      // shares an account with another payee
	RiskPhone        RiskRuleKind = "phone"        // changed the phone within Days
)

// RiskRuleKinds lists every kind in the order pages show them.
var RiskRuleKinds = []RiskRuleKind{RiskHitConfirmed, RiskHitOpen, RiskPEP, RiskJuridical, RiskDocType, RiskMunicipality, RiskAmount, RiskAmountMore, RiskSame, RiskAccount, RiskPhone}

// RiskRule gives points to payees of whom something is so. One with 0 points never fires.
type RiskRule struct {
	Kind   RiskRuleKind `json:"kind"`
	Points int          `json:"points"`
	Values []string     `json:"values,omitempty"`
	Amount *Money       `json:"amount,omitempty"`
	Days   int          `json:"days,omitempty"`
}

// RiskRules are the rules in force together: the points of those that fire are added up, and the sum has a band.
type RiskRules struct {
	Rules  []RiskRule `json:"rules"`
	Window int        `json:"window"` // days that amounts are summed over
	Medium int        `json:"medium"` // from this score on
	High   int        `json:"high"`
}

// Of answers the rule of a kind, without points when the set has none.
func (r RiskRules) Of(k RiskRuleKind) RiskRule {
	for _, x := range r.Rules {
		if x.Kind == k {
			return x
		}
	}
	return RiskRule{Kind: k}
}

// Limits of a set of rules.
const (
	riskMostPoints = 1000
	riskMostDays   = 3650
	riskMostValues = 200
)

// Check refuses a set that means nothing, field by field; fields are named <what>_<kind>.
func (r RiskRules) Check() error {
	refusal := Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	fired := 0
	for _, x := range r.Rules {
		at := "_" + string(x.Kind)
		if x.Points < 0 || x.Points > riskMostPoints {
			_ = refusal.WithField("points"+at, "risk.refused.points")
		}
		if x.Points > 0 {
			fired++
		}
		if len(x.Values) > riskMostValues {
			_ = refusal.WithField("values"+at, "risk.refused.values")
		}
		if (x.Kind == RiskAmount || x.Kind == RiskAmountMore) && x.Points > 0 && (x.Amount == nil || x.Amount.Minor <= 0) {
			_ = refusal.WithField("amount"+at, "form.amount_bad")
		}
		if x.Kind == RiskPhone && x.Points > 0 && (x.Days < 1 || x.Days > riskMostDays) {
			_ = refusal.WithField("days"+at, "risk.refused.days")
		}
	}
	if r.Window < 1 || r.Window > riskMostDays {
		_ = refusal.WithField("window", "risk.refused.days")
	}
	if r.Medium < 1 || r.High <= r.Medium {
		_ = refusal.WithField("medium", "risk.refused.bands")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	if fired == 0 {
		return Refuse(Invalid, "risk.refused.none", "Without any rule nobody would be looked at more closely. Give at least one rule points.", nil)
	}
	return nil
}

// RiskFacts are what is known of a payee when the score is worked out.
type RiskFacts struct {
	DocType      string
	Juridical    bool
	Divipola     string
	PEP          bool
	Moved        Money // paid and owed within the window
	Same         bool
	Account      bool
	PhoneChanged *time.Time
	HitOpen      bool
	HitConfirmed bool
}

// RiskFired is a rule that gave points, with what it saw.
type RiskFired struct {
	Kind   RiskRuleKind `json:"kind"`
	Points int          `json:"points"`
	Seen   string       `json:"seen,omitempty"`   // a code or a date
	Amount *Money       `json:"amount,omitempty"` // the money that was seen
}

// Score adds up the points of the rules that fire, and answers the band.
func (r RiskRules) Score(f RiskFacts, now time.Time) (score int, band RiskBand, fired []RiskFired) {
	fired = []RiskFired{}
	for _, x := range r.Rules {
		hit, is := x.sees(f, now)
		if !is || x.Points <= 0 {
			continue
		}
		hit.Kind, hit.Points = x.Kind, x.Points
		fired = append(fired, hit)
		score += x.Points
	}
	switch {
	case score >= r.High:
		band = RiskHigh
	case score >= r.Medium:
		band = RiskMedium
	default:
		band = RiskLow
	}
	return score, band, fired
}

func (r RiskRule) sees(f RiskFacts, now time.Time) (seen RiskFired, is bool) {
	switch r.Kind {
	case RiskHitConfirmed:
		return seen, f.HitConfirmed
	case RiskHitOpen:
		return seen, f.HitOpen
	case RiskPEP:
		return seen, f.PEP
	case RiskJuridical:
		return seen, f.Juridical
	case RiskDocType:
		return RiskFired{Seen: f.DocType}, slices.Contains(r.Values, f.DocType)
	case RiskMunicipality:
		return RiskFired{Seen: f.Divipola}, f.Divipola != "" && slices.Contains(r.Values, f.Divipola)
	case RiskAmount, RiskAmountMore:
		return RiskFired{Amount: &f.Moved}, r.Amount != nil && f.Moved.Minor >= r.Amount.Minor
	case RiskSame:
		return seen, f.Same
	case RiskAccount:
		return seen, f.Account
	case RiskPhone:
		if f.PhoneChanged == nil || f.PhoneChanged.Before(now.AddDate(0, 0, -r.Days)) {
			return seen, false
		}
		return RiskFired{Seen: Day(*f.PhoneChanged).Format(time.DateOnly)}, true
	}
	return seen, false
}

// RiskVersion is one set of rules and how it came in force.
type RiskVersion struct {
	ID        int64
	Rules     RiskRules
	Reason    string
	MakerName string
	At        time.Time
}

// RiskScore is where a payee stands.
type RiskScore struct {
	DistributorID int64
	Score         int
	Scored        RiskBand // of the score
	Band          RiskBand // that counts
	Fired         []RiskFired
	VersionID     int64
	OverrideID    int64 // 0 while the score counts
	At            time.Time
	Code          string
	Name          string
}

// RiskOverride is a person's word in place of a score. Band "" gave the score its word back.
type RiskOverride struct {
	ID          int64
	Band        RiskBand
	Until       *time.Time
	Reason      string
	MakerName   string
	DeciderName string
	At          time.Time
}

// RiskDetail is everything that the page of one payee's risk shows.
type RiskDetail struct {
	RiskScore
	Known     bool // scored at all
	Overrides []RiskOverride
	Waiting   int64 // the open request, 0 without one
}

// RiskOverrideDays is how long a person's word counts at most before somebody looks again.
const RiskOverrideDays = 365

// RiskWord is what a person says in place of a score.
type RiskWord struct {
	Band   RiskBand // "" gives the score its word back
	Until  *time.Time
	Reason string
}

// Check refuses an incomplete word, field by field; today is the Bogotá date.
func (w RiskWord) Check(s RiskScore, today time.Time) error {
	refusal := Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if w.Band != "" && !w.Band.Valid() {
		_ = refusal.WithField("band", "risk.refused.band")
	}
	if w.Band.Valid() && (w.Until == nil || w.Until.Before(today) || w.Until.After(today.AddDate(0, 0, RiskOverrideDays))) {
		_ = refusal.WithField("until", "risk.refused.until")
	}
	if n := len([]rune(w.Reason)); n == 0 || n > commentLimit {
		_ = refusal.WithField("reason", "risk.refused.reason")
	}
	switch {
	case len(refusal.Fields) > 0:
		return refusal
	case w.Band == "" && s.OverrideID == 0:
		return Refuse(Conflict, "risk.refused.same", "The score counts already.", nil)
	}
	return nil
}

// RiskFilter narrows the list of scores.
type RiskFilter struct {
	Band       RiskBand
	Rule       RiskRuleKind
	Overridden bool
}

// Empty answers whether nothing is filtered.
func (f RiskFilter) Empty() bool { return f == RiskFilter{} }

// RiskCounts is how many payees are in each band.
type RiskCounts map[RiskBand]int64
