package intake

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/sheet"
)

// The columns of a file of carrier events, in the order of TrackingColumns.
const (
	trackingCarrier = iota
	trackingWaybill
	trackingCode
	trackingText
	trackingState
	trackingIncident
	trackingAt
	trackingDestination
	trackingCash
)

// TrackingColumns are the columns of a file of carrier events, with the words of data/orders/README.md.
var TrackingColumns = []sheet.Column{
	{Name: "carrier", Aliases: []string{"transportadora"}}, {Name: "waybill", Aliases: []string{"guía", "número de guía"}},
	{Name: "code", Aliases: []string{"código"}}, {Name: "status_text", Aliases: []string{"descripción"}, Optional: true},
	{Name: "state", Aliases: []string{"estado"}, Optional: true}, {Name: "incident", Aliases: []string{"novedad"}, Optional: true},
	{Name: "event_at", Aliases: []string{"fecha"}}, {Name: "destination_code", Aliases: []string{"destino"}, Optional: true},
	{Name: "cash_to_collect_cop", Aliases: []string{"recaudo", "valor a recaudar"}, Optional: true},
}

// TrackingRow is one event of a parcel as its carrier reported it.
type TrackingRow struct {
	Line       int
	Carrier    string // the name of a carrier
	Waybill    string
	Code       string // "" where Servientrega only has a text
	StatusText string
	Said       string // the state in the carrier's words
	State      string // a models.TrackingMeaning, or models.TrackingUnknown
	Incident   string
	At         time.Time
	Divipola   string       // of the destination, "" when the carrier's code is none
	Cash       models.Money // to be collected at the door
	Warnings   []Warning
}

// Event is the row as models.FoldShipment takes it. copy is 1, or higher when the same event came before.
func (r *TrackingRow) Event(copy int) models.TrackingEvent {
	return models.TrackingEvent{At: r.At, State: r.State, Cash: r.Cash, Copy: copy}
}

// Tracking reads the rows of one file of carrier events. It is not safe for concurrent use.
type Tracking struct {
	layout
	carriers memo[string, string]
	codes    map[string]models.CarrierMap
}

// NewTracking matches the columns of a file; the error is a *sheet.MissingColumns. codes are those of each carrier, by name.
func NewTracking(header []string, mapping map[string]string, codes map[string]models.CarrierMap) (*Tracking, error) {
	l, err := newLayout(header, TrackingColumns, mapping)
	if err != nil {
		return nil, err
	}
	names := slices.Collect(maps.Keys(codes))
	return &Tracking{layout: l, carriers: words(carrierWords(names)), codes: codes}, nil
}

// Parse reads a record into row. skip is the code of a record to be passed over; fault says why the row is refused. A
// code that nobody has explained is a warning: the event is kept and changes nothing.
func (k *Tracking) Parse(rec *sheet.Record, row *TrackingRow) (skip string, fault *Fault) {
	*row = TrackingRow{Line: rec.Line}
	if skip, fault = k.shape(rec); skip != "" || fault != nil {
		return skip, fault
	}
	row.Carrier = k.carriers.get(k.cell(rec, trackingCarrier))
	if row.Carrier == "" {
		return "", k.fault(trackingCarrier, "carrier_unknown", "The carrier %q is not known.", k.cell(rec, trackingCarrier))
	}
	row.Waybill = k.cell(rec, trackingWaybill)
	if row.Waybill == "" {
		return "", k.fault(trackingWaybill, "waybill_missing", "The record has no waybill.")
	}
	row.Code, row.StatusText, row.Incident = k.cell(rec, trackingCode), k.cell(rec, trackingText), k.cell(rec, trackingIncident)
	at, ok := parseEventTime(k.cell(rec, trackingAt))
	if !ok {
		return "", k.fault(trackingAt, "date_invalid", "There is no such time: %s.", k.cell(rec, trackingAt))
	}
	row.At = at
	if fault = k.parseCash(rec, row); fault != nil {
		return "", fault
	}
	row.Divipola = destination(k.cell(rec, trackingDestination))
	row.Warnings = encoding(rec)
	row.Said = k.cell(rec, trackingState)
	row.State = k.codes[row.Carrier].Means(row.Says())
	if row.State == models.TrackingUnknown {
		row.Warnings = append(row.Warnings, Warning(*k.fault(trackingCode, "unknown_code",
			"%s's code %q (%s) is not known. The event is kept and changes nothing.", row.Carrier, row.Code, row.StatusText)))
	}
	return "", nil
}

func (k *Tracking) parseCash(rec *sheet.Record, row *TrackingRow) *Fault {
	row.Cash = models.Pesos(0)
	s := k.cell(rec, trackingCash)
	if s == "" {
		return nil
	}
	cash, err := models.ParsePesos(s)
	switch {
	case err != nil:
		return k.fault(trackingCash, err.Error(), "%q is not an amount of whole pesos.", s)
	case cash.Minor < 0:
		return k.fault(trackingCash, amountFormat, "The cash to be collected is negative: %s.", s)
	}
	row.Cash = cash
	return nil
}

// destination returns the municipality of a carrier's code: DIVIPOLA, at Coordinadora with three digits more.
func destination(code string) string {
	if len(code) == 8 {
		code = code[:5]
	}
	if _, ok := colombia.MunicipalityByCode(code); !ok {
		return ""
	}
	return code
}

// parseEventTime reads the time forms of the carriers: with its own zone at Interrapidísimo, in Bogotá's at
// Coordinadora (2006-01-02 15:04:05) and Servientrega (02/01/2006 15:04).
func parseEventTime(s string) (at time.Time, ok bool) {
	if len(s) > 10 && s[10] == 'T' {
		at, err := time.Parse(time.RFC3339, s)
		return at.In(colombia.Bogota), err == nil && at.Year() >= 1000
	}
	return parseDate(s)
}

// Says is the event in the carrier's words.
func (r *TrackingRow) Says() models.CarrierSays {
	return models.CarrierSays{Code: r.Code, State: r.Said, Text: r.StatusText, Incident: r.Incident}
}

// Same is what two reports of one event have in common.
func (r *TrackingRow) Same() string {
	return fmt.Sprintf("%s\x00%s\x00%d\x00%s\x00%s\x00%s", r.Carrier, r.Waybill, r.At.Unix(), r.Code, r.StatusText, r.Incident)
}
