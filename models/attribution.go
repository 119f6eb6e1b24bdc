package models

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// RequestAttributionRules is the request to attribute orders by other rules.
const RequestAttributionRules RequestKind = "attribution.rules"

// AttributionSource is where a rule looks for the distributor an order is due to.
type AttributionSource string

// The sources of rules; hand and house are how people attribute: to somebody, or to nobody for good.
const (
	AttributedReferral AttributionSource = "referral" // the link the buyer came by, or the file's column
	AttributedDiscount AttributionSource = "discount_code"
	AttributedNote     AttributionSource = "note_attribute"
	AttributedPhone    AttributionSource = "phone" // the buyer's is that of exactly one distributor
	AttributedHand     AttributionSource = "hand"
	AttributedHouse    AttributionSource = "house"
)

// AttributionSources lists where rules may look, in the order pages show them.
var AttributionSources = []AttributionSource{AttributedReferral, AttributedDiscount, AttributedNote, AttributedPhone}

// OrderCodes is what of an order the rules look at. Codes are in upper case.
type OrderCodes struct {
	Discount, Note, Link string
	Phone                string // E.164
}

// Key tells whether the rules would look at something else.
func (c OrderCodes) Key() string {
	return strings.Join([]string{c.Discount, c.Note, c.Link, c.Phone}, "|")
}

// CodeOf writes a code as codes are compared.
func CodeOf(typed string) string { return strings.ToUpper(strings.Join(strings.Fields(typed), " ")) }

// AttributionRule looks in one place. Prefix is dropped from the front of what stands there, and with Digits the figures
// at its end, so that LAURA10 is LAURA's.
type AttributionRule struct {
	Source AttributionSource `json:"source"`
	Prefix string            `json:"prefix,omitempty"`
	Digits bool              `json:"digits,omitempty"`
}

// AttributionRules are looked through in their order; the first that finds somebody counts.
type AttributionRules []AttributionRule

// Limits of a set of rules.
const (
	MostAttributionRules = 6
	longestCode          = 40
)

// Check refuses a set that means nothing; fields are named <what>_<place>, from 0.
func (r AttributionRules) Check() error {
	refusal := Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if len(r) == 0 || len(r) > MostAttributionRules {
		return refusal.WithField("source_0", "attribution.refused.none")
	}
	for i, x := range r {
		at := strconv.Itoa(i)
		if !slices.Contains(AttributionSources, x.Source) {
			_ = refusal.WithField("source_"+at, "attribution.refused.source")
		}
		if len(x.Prefix) > longestCode || x.Source == AttributedPhone && (x.Prefix != "" || x.Digits) {
			_ = refusal.WithField("prefix_"+at, "attribution.refused.prefix")
		}
		if slices.Contains(r[:i], x) {
			_ = refusal.WithField("source_"+at, "attribution.refused.twice")
		}
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// candidate is what a rule would look up: a code, or a phone.
func (x AttributionRule) candidate(c OrderCodes) string {
	code := ""
	switch x.Source {
	case AttributedReferral:
		code = c.Link
	case AttributedDiscount:
		code = c.Discount
	case AttributedNote:
		code = c.Note
	case AttributedPhone:
		return c.Phone
	}
	if x.Prefix != "" {
		rest, had := strings.CutPrefix(code, x.Prefix)
		if !had {
			return ""
		}
		code = rest
	}
	if x.Digits {
		code = strings.TrimRightFunc(code, unicode.IsDigit)
	}
	return code
}

// Wanted lists the codes and phones that the rules would look up for an order.
func (r AttributionRules) Wanted(c OrderCodes) (codes, phones []string) {
	for _, x := range r {
		switch at := x.candidate(c); {
		case at == "":
		case x.Source == AttributedPhone:
			phones = append(phones, at)
		default:
			codes = append(codes, at)
		}
	}
	return codes, phones
}

// Holders says to whom codes and phones belong; one that belongs to nobody, or a phone of several, is not there.
type Holders struct {
	Codes, Phones map[string]int64
}

// Find answers whose an order is and by which source, 0 for nobody's.
func (r AttributionRules) Find(c OrderCodes, h Holders) (distributor int64, by AttributionSource) {
	for _, x := range r {
		holders := h.Codes
		if x.Source == AttributedPhone {
			holders = h.Phones
		}
		if id := holders[x.candidate(c)]; id != 0 {
			return id, x.Source
		}
	}
	return 0, ""
}

// AttributionVersion is one set of rules and how it came in force.
type AttributionVersion struct {
	ID        int64
	Rules     AttributionRules
	Reason    string
	MakerName string
	At        time.Time
}

// AttributionCode is a code that a distributor hands out beside the own one.
type AttributionCode struct {
	ID            int64
	Code          string
	DistributorID int64
	Distributor   string // the distributor's own code
	Name          string
	CreatedAt     time.Time
}

// Attribution is whose an order is.
type Attribution struct {
	DistributorID int64 // 0: nobody's
	Distributor   string
	Name          string
	By            AttributionSource // "" not yet
	Code          string            // that came with the order, the first of its codes
	Version       int64             // of the rules, 0 by hand
	Reason        string
	Actor         string
	At            *time.Time
}

// AttributionChange is one line of an order's history.
type AttributionChange struct {
	Was, Will     string // names, "" nobody
	WasBy, WillBy AttributionSource
	Version       int64
	Reason, Actor string
	At            time.Time
}

// UnattributedRow is an order that is nobody's yet.
type UnattributedRow struct {
	ID       int64
	Number   string
	PlacedAt time.Time
	Buyer    string
	Code     string
	Total    Money
	Shop     string
}

// UnattributedCode is a code that came with orders and belongs to nobody.
type UnattributedCode struct {
	Code  string
	Count int64
	Total Money
}

// OrderChoice is the orders a person means: those ticked, or all unattributed ones that match, as they were counted.
type OrderChoice struct {
	IDs  []int64
	All  bool
	Code string // "" any
	Seen Sum
}

// AttributionTrial is what other rules would make of the newest orders.
type AttributionTrial struct {
	Looked    int
	Before    map[AttributionSource]int // "" nobody
	After     map[AttributionSource]int
	Differing int
	Samples   []AttributionTried
}

// AttributionTried is an order of which other rules say something else.
type AttributionTried struct {
	OrderID       int64
	Number        string
	Code          string
	Was, Will     string // codes of distributors, "" nobody
	WasBy, WillBy AttributionSource
}
