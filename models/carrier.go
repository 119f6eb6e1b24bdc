package models

import (
	"slices"
	"strings"
	"time"
)

// Carrier moves parcels and tells of them in codes of its own.
type Carrier struct {
	ID           int64
	Name         string // as orders and parcels say it
	Slug         string // names it in addresses
	CodesVersion int
	CodesApplied int  // the version by which all stored events are read
	Signs        bool // it has a secret, so that what it sends may be taken
	Version      int
	StuckDays    int // without an event, until a parcel is stuck
	RemitDays    int // after delivery, until cash should have been handed over
	Polling      bool
	PollURL      string
	PollRate     int // questions a second
}

// Applying answers whether stored events are still being read by the newest codes.
func (c Carrier) Applying() bool { return c.CodesApplied != c.CodesVersion }

// CarrierRow is a carrier as the list shows it.
type CarrierRow struct {
	Carrier
	Codes   int64 // that are mapped
	Unknown int64 // codes that are not
	Waiting int64 // events with these
}

// Check refuses a new carrier that could not be addressed.
func (c Carrier) Check() error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	if strings.TrimSpace(c.Name) == "" {
		refused.WithField("name", "form.required")
	}
	if !slugShaped(c.Slug) {
		refused.WithField("slug", "connection.field.slug_bad")
	}
	if len(refused.Fields) > 0 {
		return refused
	}
	return nil
}

// mostDays bounds the days of CheckDays.
const mostDays = 90

// CheckDays refuses days under which nothing or everything would be late.
func (c Carrier) CheckDays() error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	if c.StuckDays < 1 || c.StuckDays > mostDays {
		refused.WithField("stuck_days", "carriers.field.days_bad")
	}
	if c.RemitDays < 1 || c.RemitDays > mostDays {
		refused.WithField("remit_days", "carriers.field.days_bad")
	}
	if len(refused.Fields) > 0 {
		return refused
	}
	return nil
}

// ParcelAlarm is why the parcel of an order asks for somebody.
type ParcelAlarm string

// The alarms.
const (
	ParcelStuck      ParcelAlarm = "stuck"      // no event for too long
	ParcelUnremitted ParcelAlarm = "unremitted" // delivered, and its cash was not handed over
)

// ParcelAlarms lists every alarm in the order pages show them.
var ParcelAlarms = []ParcelAlarm{ParcelStuck, ParcelUnremitted}

// TrackingMeaning is what a carrier's code says in our words.
type TrackingMeaning string

// The meanings.
const (
	MeansGuide          TrackingMeaning = "guide_generated"
	MeansPickedUp       TrackingMeaning = "picked_up"
	MeansInTransit      TrackingMeaning = "in_transit"
	MeansOutForDelivery TrackingMeaning = "out_for_delivery"
	MeansRedelivery     TrackingMeaning = "redelivery" // it is taken to the buyer once more
	MeansIncident       TrackingMeaning = "incident"
	MeansRefused        TrackingMeaning = "refused" // at the door
	MeansDelivered      TrackingMeaning = "delivered"
	MeansCancelled      TrackingMeaning = "cancelled"
	MeansLost           TrackingMeaning = "lost"
	MeansReturned       TrackingMeaning = "returned_to_sender"
	MeansRemitted       TrackingMeaning = "remitted" // the carrier handed the cash over; the parcel stays where it is
	MeansNothing        TrackingMeaning = "ignored"
)

// TrackingMeanings lists every meaning along the way of a parcel. Of two events of the same moment the later one counts.
var TrackingMeanings = []TrackingMeaning{MeansGuide, MeansPickedUp, MeansInTransit, MeansOutForDelivery, MeansRedelivery, MeansIncident, MeansRefused,
	MeansDelivered, MeansCancelled, MeansLost, MeansReturned, MeansRemitted, MeansNothing}

// Valid answers whether m is a known meaning.
func (m TrackingMeaning) Valid() bool { return slices.Contains(TrackingMeanings, m) }

// Shipment is where a parcel is after such an event, "" when it stays where it was.
func (m TrackingMeaning) Shipment() ShipmentState {
	switch m {
	case MeansDelivered:
		return ShipmentDelivered
	case MeansReturned:
		return ShipmentReturned
	case MeansLost:
		return ShipmentLost
	case MeansCancelled:
		return ShipmentCancelled
	case MeansIncident, MeansRefused:
		return ShipmentIncident
	case MeansGuide, MeansPickedUp, MeansInTransit, MeansOutForDelivery, MeansRedelivery:
		return ShipmentInTransit
	case MeansRemitted, MeansNothing:
	}
	return ""
}

// weight tells which word of one event counts: an end more than trouble, trouble more than being underway.
func (m TrackingMeaning) weight() int {
	switch m.Shipment() {
	case ShipmentInTransit:
		return 1
	case ShipmentIncident:
		return 2
	case "":
		return 0
	}
	return 3
}

// CarrierCode is one code of a carrier and what it means.
type CarrierCode struct {
	Code      string // as CarrierWord writes it; # stands for one digit
	Means     TrackingMeaning
	Note      string
	Actor     string
	ChangedAt time.Time
}

// mostCode bounds a code, in characters.
const mostCode = 80

// Check refuses a code that can't be looked up, naming each field.
func (c CarrierCode) Check() error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	if c.Code == "" || len(c.Code) > mostCode || strings.Trim(c.Code, "# ") == "" {
		refused.WithField("code", "carriers.field.code_bad")
	}
	if !c.Means.Valid() {
		refused.WithField("means", "form.required")
	}
	if len(refused.Fields) > 0 {
		return refused
	}
	return nil
}

// CarrierWord is a code as it is looked up: in capitals, without accents, single blanks.
func CarrierWord(s string) string { return strings.ToUpper(Fold(s)) }

// CarrierMap is what the codes of one carrier mean.
type CarrierMap struct {
	exact    map[string]TrackingMeaning
	patterns []CarrierCode // the most exact one first
}

// NewCarrierMap makes the map of a carrier's codes.
func NewCarrierMap(codes []CarrierCode) CarrierMap {
	m := CarrierMap{exact: map[string]TrackingMeaning{}}
	for _, c := range codes {
		if strings.Contains(c.Code, "#") {
			m.patterns = append(m.patterns, c)
			continue
		}
		m.exact[c.Code] = c.Means
	}
	slices.SortFunc(m.patterns, func(a, b CarrierCode) int {
		if n := strings.Count(a.Code, "#") - strings.Count(b.Code, "#"); n != 0 {
			return n
		}
		return strings.Compare(a.Code, b.Code)
	})
	return m
}

// CarrierSays is one event in the carrier's own words; each may be "".
type CarrierSays struct{ Code, State, Text, Incident string }

// Means is what an event says in our words, or TrackingUnknown. A code is looked up as a whole: "ENTREGADO A REMITENTE" is
// never "ENTREGADO". Where a carrier tells of an incident in a field of its own, it is one whatever its words.
func (m CarrierMap) Means(e CarrierSays) string {
	words := []string{e.Incident, e.Code, e.State}
	if e.Code == "" && e.State == "" {
		words[2] = e.Text
	}
	best, found := MeansNothing, false
	for _, w := range words {
		if x, ok := m.find(w); ok && (!found || x.weight() > best.weight()) {
			best, found = x, true
		}
	}
	switch {
	case !found:
		return TrackingUnknown
	case e.Incident != "" && best.Shipment() == ShipmentInTransit:
		return string(MeansIncident)
	}
	return string(best)
}

func (m CarrierMap) find(word string) (TrackingMeaning, bool) {
	if word == "" {
		return "", false
	}
	word = CarrierWord(word)
	if x, ok := m.exact[word]; ok {
		return x, true
	}
	for _, p := range m.patterns {
		if fits(p.Code, word) {
			return p.Means, true
		}
	}
	return "", false
}

func fits(pattern, word string) bool {
	if len(pattern) != len(word) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != word[i] && (pattern[i] != '#' || word[i] < '0' || word[i] > '9') {
			return false
		}
	}
	return true
}

// UnknownCode is a code that nobody has explained yet.
type UnknownCode struct {
	Code     string
	Text     string // what the carrier wrote beside it
	Events   int64
	Last     time.Time
	Waybills []string // a few of the parcels
	Orders   []int64  // theirs, 0 where there is none
}

// Example is a parcel that an unknown code came with.
type Example struct {
	Waybill string
	OrderID int64 // 0 when no order has it
}

// Examples are the parcels with their orders.
func (u UnknownCode) Examples() []Example {
	list := make([]Example, len(u.Waybills))
	for i, w := range u.Waybills {
		list[i] = Example{Waybill: w, OrderID: u.Orders[i]}
	}
	return list
}

// Codebook is a carrier with its codes: those that are mapped, and those that came and are not.
type Codebook struct {
	Carrier Carrier
	Codes   []CarrierCode
	Unknown []UnknownCode // most frequent first
	Latest  []CarrierDelivery
	Polls   PollSum
}

// CarrierDelivery is one message of a carrier.
type CarrierDelivery struct {
	ID         int64
	ReceivedAt time.Time
	Remote     string
	Delivery   string // the carrier's number of it
	Verdict    string // accepted, duplicate, rejected
	Reason     string // of a rejection
	Outcome    string // stored, unknown, unchanged, refused; "" before it was worked on
	Note       string // why it was refused
	Waybill    string
}

// DeliveryRefused is the outcome of a message that no event could be made of.
const DeliveryRefused = "refused"

// Again answers whether it may be worked on again.
func (d CarrierDelivery) Again() bool { return d.Outcome == DeliveryRefused }
