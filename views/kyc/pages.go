// Package kyc has the pages of cases for staff: the list, one case, and filling one in for a payee.
package kyc

import (
	"context"
	"net/url"
	"strings"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/onboarding"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of cases.
type ListPage struct {
	layout.Page
	Filter kyc.Filter
	Rows   []kyc.Row
	Counts map[kyc.State]int64
	Pages  ui.Pages
	Failed string
}

// FilterQuery is a filter as the address has it.
func FilterQuery(f kyc.Filter) url.Values {
	q := url.Values{}
	if f.State != "" {
		q.Set("state", string(f.State))
	}
	if f.Search != "" {
		q.Set("q", f.Search)
	}
	return q
}

var looks = map[kyc.State]ui.Look{
	kyc.Invited:       {Icon: "mail", Key: "kyc.state.invited"},
	kyc.Started:       {Tone: "info", Icon: "pencil", Key: "kyc.state.started"},
	kyc.Submitted:     {Tone: "wait", Icon: "hourglass", Key: "kyc.state.submitted"},
	kyc.InReview:      {Tone: "info", Icon: "eye-check", Key: "kyc.state.in_review"},
	kyc.Waiting:       {Tone: "hold", Icon: "arrow-back-up", Key: "kyc.state.waiting"},
	kyc.SecondReview:  {Tone: "wait", Icon: "user-check", Key: "kyc.state.second_review"},
	kyc.Approved:      {Tone: "ok", Icon: "circle-check", Key: "kyc.state.approved"},
	kyc.RejectedRetry: {Tone: "bad", Icon: "circle-x", Key: "kyc.state.rejected_retry"},
	kyc.RejectedFinal: {Tone: "bad", Icon: "ban", Key: "kyc.state.rejected_final"},
	kyc.Expired:       {Tone: "wait", Icon: "clock-x", Key: "kyc.state.expired"},
}

// StateLook is how a state of a case is shown.
func StateLook(s kyc.State) ui.Look { return looks[s] }

// tabs are the states that have cases, and all.
func (p ListPage) tabs(ctx context.Context) []ui.TileData {
	address := func(s kyc.State) string {
		q := FilterQuery(kyc.Filter{State: s, Search: p.Filter.Search})
		if len(q) == 0 {
			return urls.Cases()
		}
		return urls.Cases() + "?" + q.Encode()
	}
	var all int64
	for _, n := range p.Counts {
		all += n
	}
	tiles := []ui.TileData{{Label: i18n.T(ctx, "kyc.all"), Big: i18n.Number(ctx, all), URL: address(""), Current: p.Filter.State == ""}}
	for _, s := range kyc.States {
		if n := p.Counts[s]; n > 0 || s == p.Filter.State {
			tiles = append(tiles, ui.TileData{Label: i18n.T(ctx, looks[s].Key), Icon: looks[s].Icon, Tone: looks[s].Tone, Big: i18n.Number(ctx, n), URL: address(s), Current: s == p.Filter.State})
		}
	}
	return tiles
}

func (p ListPage) filters(ctx context.Context) ui.Filters {
	return ui.Filters{Action: urls.Cases(), Query: p.Filter.Search, Placeholder: i18n.T(ctx, "distributors.search_hint"), Keep: hidden(p.Filter)}
}

func hidden(f kyc.Filter) []ui.Pair {
	if f.State == "" {
		return nil
	}
	return []ui.Pair{{Name: "state", Value: string(f.State)}}
}

// ShowPage is the page of one case.
type ShowPage struct {
	layout.Page
	Of       kyc.Detail
	Link     *kyc.Link // that opens the form now
	Declared []onboarding.Declared
}

func (p ShowPage) fillable() bool { return p.May(models.PermKYCFill) && p.Of.State.Fillable() }

// contact is how the case was reached, masked.
func (p ShowPage) contact() string {
	switch {
	case p.Of.Email != "":
		return onboarding.MaskContact("mail", p.Of.Email)
	case p.Of.Phone != "":
		return onboarding.MaskContact("sms", p.Of.Phone)
	}
	return ""
}

var itemLooks = map[kyc.ItemState]ui.Look{
	kyc.Missing:  {Icon: "circle-dashed", Key: "kyc.item.missing"},
	kyc.Given:    {Tone: "info", Icon: "check", Key: "kyc.item.given"},
	kyc.Accepted: {Tone: "ok", Icon: "circle-check", Key: "kyc.item.accepted"},
	kyc.Again:    {Tone: "bad", Icon: "arrow-back-up", Key: "kyc.item.again"},
}

// history is the log of the case in sentences.
func (p ShowPage) history(ctx context.Context) []ui.LogEntry {
	entries := make([]ui.LogEntry, 0, len(p.Of.Events))
	for _, e := range p.Of.Events {
		key := "kyc.event." + strings.TrimPrefix(e.Action, "kyc.")
		name := e.ActorName
		if e.ActorID == 0 {
			name = i18n.T(ctx, "kyc.actor."+e.ActorName)
		}
		entries = append(entries, ui.LogEntry{Icon: "history", Who: name, Text: i18n.T(ctx, key), At: e.At})
	}
	return entries
}

// FillPage is a step that staff fill in.
type FillPage struct {
	layout.Page
	Of        kyc.Detail
	Fields    onboarding.Fields
	Papers    []onboarding.PaperCard
	Text      kyc.ConsentText
	Sensitive bool
	Declared  []onboarding.Declared
	Missing   []kyc.Step
	Signer    string
	Seen      string
	Error     string
}
