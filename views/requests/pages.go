// Package requests shows changes that need a second person: the list, and the page where one is decided on.
package requests

import (
	"context"
	"strconv"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Columns are those of the list beside what is asked for.
var Columns = []ui.Column{{Key: "state", Label: "request.state"}, {Key: "who", Label: "request.who"}, {Key: "when", Label: "request.when"}, {Key: "decided", Label: "request.decided"}}

// ListPage is the list of requests. Mine are the open ones the reader may decide on, shown when no state is chosen.
type ListPage struct {
	layout.Page
	State  models.RequestState
	Views  ui.Views
	Rows   []models.Request
	Mine   []models.Request
	Pages  ui.Pages
	Any    bool
	Failed string
}

// ShowPage is one request.
type ShowPage struct {
	layout.Page
	Request     models.Request
	MayDecide   bool
	WhyNot      string // why the reader may not, "" when nobody needs to be told
	MayWithdraw bool
	Problem     string
	CodeError   string
	AnswerError string
	Answer      string // typed
	DemoCode    string
	MayReveal   bool // numbers are masked, and the reader may see them whole
	RevealError string
	Passkey     bool // may be given in place of a code
}

// KindName is what a kind of request is called.
func KindName(ctx context.Context, k models.RequestKind) string {
	return named(ctx, "request.kind."+string(k), string(k))
}

func named(ctx context.Context, key, otherwise string) string {
	if i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return otherwise
}

var looks = map[models.RequestState]ui.Look{
	models.RequestOpen:      {Tone: "wait", Icon: "hourglass", Key: "request.states.open"},
	models.RequestGranted:   {Tone: "ok", Icon: "circle-check", Key: "request.states.granted"},
	models.RequestRefused:   {Tone: "bad", Icon: "circle-x", Key: "request.states.refused"},
	models.RequestWithdrawn: {Icon: "ban", Key: "request.states.withdrawn"},
}

// tabs are the states as filters.
func (p ListPage) tabs(ctx context.Context) []ui.Option {
	list := []ui.Option{{Label: i18n.T(ctx, "request.all"), Value: ""}}
	for _, s := range models.RequestStates {
		list = append(list, ui.Option{Label: i18n.T(ctx, looks[s].Key), Value: string(s)})
	}
	return list
}

// tabURL is the list in a state, or all of it.
func (p ListPage) tabURL(state string) string {
	return urls.With(urls.Requests(), p.Views.Plain(), "state", state)
}

// subject is what a request concerns, in words; its page is urls.Record.
func subject(ctx context.Context, r models.Request) string {
	name := r.SubjectName
	if name == "" {
		name = strconv.FormatInt(r.SubjectID, 10)
	}
	return named(ctx, "record."+r.SubjectType, r.SubjectType) + " " + name
}

func changeName(ctx context.Context, c models.Change) string { return named(ctx, c.Field, c.Field) }

// said is one side of a change: its words, or its amount.
func said(ctx context.Context, words string, amount *models.Money) string {
	if amount != nil {
		return i18n.Money(ctx, *amount)
	}
	return named(ctx, words, words) // some words are of the catalogues
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
