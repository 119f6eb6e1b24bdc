// Package privacy shows what payees ask about their data, what is kept about them, and until when.
package privacy

import (
	"context"
	"net/url"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of requests.
type ListPage struct {
	layout.Page
	State              string
	Query              url.Values
	Open, Overdue, All int64
	Rows               []models.PrivacyRequest
	Pages              ui.Pages
	Today              time.Time
	Failed             string
}

// PayeePage is the data of one payee.
type PayeePage struct {
	layout.Page
	Data    models.PrivacyDetail
	Today   time.Time
	WhyNot  string // nothing can be erased, "" when it can
	Problem string
	Errors  map[string]string
	Kind    string // typed
	Asked   string
	On      string
}

var looks = map[string]ui.Look{
	"open":     {Tone: "wait", Icon: "hourglass", Key: "privacy.state.open"},
	"overdue":  {Tone: "bad", Icon: "clock-x", Key: "privacy.state.overdue"},
	"answered": {Tone: "ok", Icon: "circle-check", Key: "privacy.state.answered"},
	"refused":  {Icon: "circle-x", Key: "privacy.state.refused"},
}

func look(r models.PrivacyRequest, today time.Time) ui.Look {
	if r.Overdue(today) {
		return looks["overdue"]
	}
	return looks[r.State]
}

func (p ListPage) tiles(ctx context.Context) []ui.TileData {
	list := []ui.TileData{}
	for _, t := range []struct {
		state string
		n     int64
	}{{"open", p.Open}, {"overdue", p.Overdue}, {"", p.All}} {
		key := "privacy.state." + t.state
		if t.state == "" {
			key = "privacy.all"
		}
		list = append(list, ui.TileData{URL: urls.PrivacyIn(t.state), Label: i18n.T(ctx, key), Big: i18n.Number(ctx, t.n), Current: p.State == t.state})
	}
	return list
}

func kindOptions(ctx context.Context) (list []ui.Option) {
	for _, k := range models.PrivacyKinds {
		answer, _ := k.Days()
		list = append(list, ui.Option{Value: string(k), Label: i18n.T(ctx, "privacy.kind."+string(k)), Note: i18n.N(ctx, "privacy.days", answer)})
	}
	return list
}

// looked are those who saw numbers, documents or everything.
func (p PayeePage) looked(ctx context.Context) (list []ui.LogEntry) {
	for _, e := range p.Data.Looks {
		list = append(list, ui.LogEntry{Icon: "eye", Who: e.ActorName, Text: i18n.T(ctx, "action."+e.Action), Note: e.Reason, At: e.At})
	}
	return list
}

// kept says until when the law has everything kept.
func (p PayeePage) kept(ctx context.Context) string {
	switch until := p.Data.KeptUntil(); {
	case until == nil:
		return i18n.T(ctx, "privacy.no_duty")
	case until.Before(p.Today):
		return i18n.T(ctx, "privacy.duty_over", "Date", i18n.Calendar(ctx, *until))
	default:
		return i18n.T(ctx, "privacy.duty", "Date", i18n.Calendar(ctx, *until))
	}
}
