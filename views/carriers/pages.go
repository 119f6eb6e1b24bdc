// Package carriers holds the pages of carriers: what their codes mean, and which of them nobody has explained yet.
package carriers

import (
	"context"
	"strconv"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of carriers, with the form of a new one.
type ListPage struct {
	layout.Page
	Rows   []models.CarrierRow
	Typed  models.Carrier
	Errors map[string]string
	Error  string
	Failed string // request id when the query failed
}

// RecordPage is one carrier.
type RecordPage struct {
	layout.Page
	models.Codebook
	Address string             // where the carrier posts
	Secret  string             // that was made just now, shown this once
	Typed   models.CarrierCode // what the form of a code begins with
	Errors  map[string]string
	Error   string
}

func (p RecordPage) mayEdit() bool { return p.May(models.PermCarriersEdit) }

func (p RecordPage) version() string { return urls.Num(int64(p.Carrier.CodesVersion)) }

func (p RecordPage) count(ctx context.Context) string {
	return i18n.Number(ctx, int64(len(p.Unknown)))
}

// known is what the map says of the code that the form begins with.
func (p RecordPage) known() models.CarrierCode {
	for _, c := range p.Codes {
		if p.Error == "" && c.Code == p.Typed.Code {
			return c
		}
	}
	return p.Typed
}

func (p RecordPage) means() string { return string(p.known().Means) }

func (p RecordPage) note() string { return p.known().Note }

var outcomeLooks = map[string]ui.Look{
	"stored":               {Tone: "ok", Icon: "circle-check", Key: "carriers.outcome.stored"},
	"unknown":              {Tone: "wait", Icon: "help-circle", Key: "carriers.outcome.unknown"},
	"unchanged":            {Icon: "check", Key: "carriers.outcome.unchanged"},
	models.DeliveryRefused: {Tone: "bad", Icon: "alert-triangle", Key: "carriers.outcome.refused"},
	"":                     {Tone: "wait", Icon: "hourglass", Key: "carriers.outcome.none"},
}

func result(d models.CarrierDelivery) ui.Look {
	if d.Verdict != "accepted" {
		return ui.Verdict(d.Verdict)
	}
	return outcomeLooks[d.Outcome]
}

// about is what a message says, or why it was not taken.
func about(ctx context.Context, d models.CarrierDelivery) string {
	switch {
	case d.Reason != "":
		return i18n.T(ctx, "carriers.reason."+d.Reason)
	case d.Note != "":
		return d.Note
	}
	return d.Waybill
}

// example is a message as a carrier sends it.
const example = `{"event_id": "E-1001", "tracking_number": "73009911001", "code": "6", "description": "ENTREGADA",
 "occurred_at": "2026-11-30T15:04:05-05:00", "cash_amount": 85400}`

func (p RecordPage) dayField(ctx context.Context, name string, days int) ui.Input {
	return ui.Input{Name: name, Type: "number", Label: i18n.T(ctx, "carriers."+name), Hint: i18n.T(ctx, "carriers."+name+"_hint"), Value: strconv.Itoa(days),
		Error: p.Errors[name], Min: "1", Max: "90", Required: true}
}

func codesLook(c models.CarrierRow) ui.Look {
	switch {
	case c.Applying():
		return ui.Look{Tone: "wait", Icon: "hourglass", Key: "carriers.look.applying"}
	case c.Unknown > 0:
		return ui.Look{Tone: "bad", Icon: "help-circle", Key: "carriers.look.unknown"}
	case c.Codes == 0:
		return ui.Look{Icon: "circle-dot", Key: "carriers.look.none"}
	}
	return ui.Look{Tone: "ok", Icon: "circle-check", Key: "carriers.look.known"}
}

func meanings(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(models.TrackingMeanings))
	for i, m := range models.TrackingMeanings {
		list[i] = ui.Option{Value: string(m), Label: i18n.T(ctx, ui.TrackingState(m).Key)}
	}
	return list
}
