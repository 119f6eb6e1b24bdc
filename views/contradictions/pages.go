// Package contradictions holds the pages of payouts that a rail pays after it said that it would not.
package contradictions

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of contradictions.
type ListPage struct {
	layout.Page
	State       models.ContradictionState
	Connection  int64
	Connections []models.Connection
	Query       url.Values
	Rows        []models.Contradiction
	Pages       ui.Pages
	Failed      string
}

func (p ListPage) filtered() bool { return p.State != "" || p.Connection != 0 }

// tabs are the states as filters, the first one being all.
func (p ListPage) tabs(ctx context.Context) []ui.Option {
	list := []ui.Option{{Label: i18n.T(ctx, "contradictions.all")}}
	for _, s := range models.ContradictionStates {
		list = append(list, ui.Option{Value: string(s), Label: i18n.T(ctx, looks[s].Key)})
	}
	return list
}

func (p ListPage) tabURL(state string) string {
	return urls.With(urls.Contradictions(), p.Query, "state", state)
}

// throughURL is the list of one connection, 0 for all.
func (p ListPage) throughURL(id int64) string {
	value := ""
	if id != 0 {
		value = urls.Num(id)
	}
	return urls.With(urls.Contradictions(), p.Query, "connection", value)
}

var looks = map[models.ContradictionState]ui.Look{
	models.ContradictionOpen: {Tone: "bad", Icon: "alert-triangle", Key: "contradictions.state.open"},
	models.ContradictionPaid: {Tone: "ok", Icon: "circle-check", Key: "contradictions.state.paid"},
	models.ContradictionKept: {Tone: "", Icon: "shield-check", Key: "contradictions.state.kept"},
}

// ShowPage is one contradiction.
type ShowPage struct {
	layout.Page
	Contradiction models.Contradiction
	Connection    string
	Unsent        models.Money // of its lines in a payout that was not sent
	Gone          models.Money // of its lines in one that was
	Codes         string       // of those payouts
	Request       int64        // that waits, 0 for none
	MayAsk        bool
	How           string // typed
	Evidence      string
	Errors        map[string]string
	Problem       string
}

// open answers whether it is to be settled.
func (p ShowPage) open() bool { return p.Contradiction.State == models.ContradictionOpen }

// payable says whether taking it as paid is offered.
func (p ShowPage) payable() bool { return p.Contradiction.SettledAs(models.ContradictionPaid) == nil }

// choices are the ways to settle it that are offered now.
func (p ShowPage) choices(ctx context.Context) []ui.Option {
	var list []ui.Option
	amount := i18n.Money(ctx, p.Contradiction.Amount)
	if p.payable() {
		list = append(list, ui.Option{Value: string(models.ContradictionPaid), Label: i18n.T(ctx, "contradictions.as.paid", "Amount", amount), Note: i18n.T(ctx, "contradictions.as.paid_note")})
	}
	return append(list, ui.Option{Value: string(models.ContradictionKept), Label: i18n.T(ctx, "contradictions.as.kept", "State", i18n.T(ctx, "state.payout."+string(p.Contradiction.OurState))),
		Note: i18n.T(ctx, "contradictions.as.kept_note")})
}

// said is the rail's answer as it came, laid out when it is JSON.
func said(s string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(s), "", "  ") == nil {
		return b.String()
	}
	return s
}
