// Package webhooks holds the pages of what rails notify.
package webhooks

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

// Columns are those of the log beside what a notification is about.
var Columns = []ui.Column{{Key: "verdict", Label: "webhooks.col.verdict"}, {Key: "outcome", Label: "webhooks.col.outcome"}, {Key: "from", Label: "webhooks.col.from"},
	{Key: "received", Label: "webhooks.col.received"}}

// Row is one notification of the log.
type Row struct {
	ID         int64
	ReceivedAt time.Time
	Rail       string
	Connection string // name, "" when the address named none
	Remote     string
	Verdict    string // accepted, duplicate, rejected
	Reason     string // of a rejection
	Reference  string
	RailID     string
	PayoutID   int64
	Outcome    string // of the last time it was worked on, "" when it was not
	Runs       int64
	Size       int
}

// Rejected is how often notifications were rejected for one reason in the last 24 hours.
type Rejected struct {
	Reason string
	Count  int64
	Over   bool // counting stopped there
	Last   time.Time
}

// Choice is the filter of the log as it stands in the URL.
type Choice struct {
	Verdict string
	Reason  string
	Outcome string
	Live    bool
}

// ListPage is the log.
type ListPage struct {
	layout.Page
	Rows       []Row
	Query      url.Values // the filters as they stand in the URL
	Choice     Choice
	Filters    ui.Filters
	Views      ui.Views
	Tallies    map[string]int64
	Rejections []Rejected
	Pages      ui.Pages
	Any        bool   // there is at least one notification
	Failed     string // request id when the query failed
}

func (p ListPage) days(ctx context.Context) ui.Days {
	d := ui.NewDays(urls.Webhooks(), p.Query, "until", p.Now)
	d.FromText, d.ToText = i18n.T(ctx, "webhooks.from_day"), i18n.T(ctx, "webhooks.until")
	return d
}

// Live answers whether the part asks for itself again: not on pages further back.
func (p ListPage) Live() bool { return p.Choice.Live && p.Query.Get("after") == "" }

// badSignatures are the rejections a person must look at: somebody's secret is wrong.
func (p ListPage) badSignatures() (r Rejected, some bool) {
	for _, r := range p.Rejections {
		if r.Reason == "bad_signature" {
			return r, true
		}
	}
	return r, false
}

// Header is one line of a notification's head.
type Header struct{ Name, Value string }

// Run is one time a notification was worked on.
type Run struct {
	At      time.Time
	Outcome string
	Note    string
	Who     string // "" for the job
}

// EventPage is one notification.
type EventPage struct {
	layout.Page
	Event   Row
	Headers []Header
	Body    models.WebhookBody
	Runs    []Run
}

// replayable answers whether the viewer may have it processed again.
func (p EventPage) replayable() bool {
	return p.May(models.PermWebhooksReplay) && p.Event.Verdict != "rejected"
}

// AskPage asks before a notification is processed again, without JavaScript.
type AskPage struct {
	layout.Page
	Event Row
	Error string
}

// reasons are why notifications are rejected, in the order of the tabs.
var reasons = []struct{ key, icon string }{{"bad_signature", "shield-x"}, {"too_large", "package"}, {"unknown_connection", "help-circle"}}

// Reasons are why notifications are rejected.
func Reasons() []string {
	list := make([]string, len(reasons))
	for i, r := range reasons {
		list[i] = r.key
	}
	return list
}

// outcomeLooks is what became of the work on a notification.
var outcomeLooks = map[string]ui.Look{
	"moved":          {Tone: "ok", Icon: "circle-check", Key: "webhooks.outcome.moved"},
	"unchanged":      {Tone: "", Icon: "check", Key: "webhooks.outcome.unchanged"},
	"unknown_payout": {Tone: "wait", Icon: "help-circle", Key: "webhooks.outcome.unknown_payout"},
	"failed":         {Tone: "bad", Icon: "alert-triangle", Key: "webhooks.outcome.failed"},
	"none":           {Tone: "wait", Icon: "hourglass", Key: "webhooks.outcome.none"},
}

// Outcomes are what can become of the work on a notification; none is not yet.
var Outcomes = []string{"moved", "unchanged", "unknown_payout", "failed", "none"}

// outcomeLook is "not yet" for an accepted one that was not worked on.
func outcomeLook(outcome string) ui.Look {
	if outcome == "" {
		outcome = "none"
	}
	return outcomeLooks[outcome]
}

func outcomeOptions(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(Outcomes))
	for i, o := range Outcomes {
		options[i] = ui.Option{Value: o, Label: i18n.T(ctx, outcomeLooks[o].Key)}
	}
	return options
}

// tabs are the verdicts with their counts from the first day on, and the reasons with those of the last 24 hours.
func tabs(ctx context.Context, p ListPage) []ui.TileData {
	q := url.Values{}
	for name, values := range p.Query {
		q[name] = values
	}
	q.Del("reason")
	var all int64
	for _, n := range p.Tallies {
		all += n
	}
	tiles := []ui.TileData{{URL: urls.With(urls.Webhooks(), q, "verdict", ""), Label: i18n.T(ctx, "webhooks.all"), Icon: "webhook",
		Big: i18n.Number(ctx, all), Note: i18n.T(ctx, "webhooks.since_start"), Current: p.Choice.Verdict == "" && p.Choice.Reason == ""}}
	for _, v := range []string{"accepted", "duplicate", "rejected"} {
		l := ui.Verdict(v)
		tiles = append(tiles, ui.TileData{URL: urls.With(urls.Webhooks(), q, "verdict", v), Label: i18n.T(ctx, l.Key), Icon: l.Icon, Tone: l.Tone,
			Big: i18n.Number(ctx, p.Tallies[v]), Note: i18n.T(ctx, "webhooks.note."+v), Current: p.Choice.Verdict == v && p.Choice.Reason == ""})
	}
	q.Set("verdict", "rejected")
	for _, r := range reasons {
		tiles = append(tiles, ui.TileData{URL: urls.With(urls.Webhooks(), q, "reason", r.key), Label: i18n.T(ctx, "webhooks.reason."+r.key),
			Icon: r.icon, Tone: "bad", Big: p.lately(ctx, r.key), Note: i18n.T(ctx, "webhooks.last_day"), Current: p.Choice.Reason == r.key})
	}
	return tiles
}

func (p ListPage) lately(ctx context.Context, reason string) string {
	for _, r := range p.Rejections {
		if r.Reason == reason {
			return r.number(ctx)
		}
	}
	return i18n.Number(ctx, 0)
}

func (r Rejected) number(ctx context.Context) string {
	if r.Over {
		return i18n.Number(ctx, r.Count) + "+"
	}
	return i18n.Number(ctx, r.Count)
}

// follow is the log that follows what arrives, or no longer does.
func follow(p ListPage) string {
	if p.Choice.Live {
		return urls.With(urls.Webhooks(), p.Query, "live", "")
	}
	return urls.With(urls.Webhooks(), p.Query, "live", "1")
}

// title is what a row is called: the payout it names, else what it is.
func title(ctx context.Context, r Row) string {
	if r.Reference != "" {
		return r.Reference
	}
	return i18n.T(ctx, "webhooks.unnamed", "ID", urls.Num(r.ID))
}

// from is who sent it, as far as known.
func from(ctx context.Context, r Row) string {
	if r.Connection != "" {
		return r.Connection
	}
	return i18n.T(ctx, "webhooks.nobody")
}

// saying is what happened to a notification and what to do about it: keys webhooks.say.<case>.what and .next.
func saying(r Row) (kind, key string) {
	switch {
	case r.Verdict == "rejected":
		return "bad", "webhooks.say." + r.Reason
	case r.Verdict == "duplicate" && r.Runs == 0:
		return "info", "webhooks.say.duplicate"
	case r.Outcome == "moved":
		return "ok", "webhooks.say.moved"
	case r.Outcome == "unchanged":
		return "ok", "webhooks.say.unchanged"
	case r.Outcome == "unknown_payout":
		return "wait", "webhooks.say.unknown_payout"
	case r.Outcome == "failed":
		return "bad", "webhooks.say.failed"
	}
	return "wait", "webhooks.say.waiting"
}

// answered is the HTTP status the rail was given.
func answered(r Row) string {
	switch {
	case r.Verdict != "rejected":
		return "200"
	case r.Reason == "too_large":
		return "413"
	case r.Reason == "unknown_connection":
		return "404"
	}
	return "401"
}

// check is one thing that was looked at on arrival. State: ok, bad, or "" when it was not reached.
type check struct{ State, Key string }

func (c check) icon() string {
	switch c.State {
	case "ok":
		return "circle-check"
	case "bad":
		return "circle-x"
	}
	return "circle-dashed"
}

// checks are made in this order; the first that fails is the last.
func checks(r Row) []check {
	failed := map[string]int{"unknown_connection": 0, "too_large": 1, "bad_signature": 2}
	at, rejected := failed[r.Reason]
	list := make([]check, 0, 4)
	for i, name := range []string{"address", "size", "signature", "first"} {
		switch {
		case r.Verdict == "rejected" && (!rejected || i == at):
			list = append(list, check{"bad", "webhooks.check." + name + "_bad"})
			rejected, at = true, i
		case r.Verdict == "rejected" && i > at:
			list = append(list, check{"", "webhooks.check." + name + "_skipped"})
		case name == "first" && r.Verdict == "duplicate":
			list = append(list, check{"", "webhooks.check.first_no"})
		default:
			list = append(list, check{"ok", "webhooks.check." + name})
		}
	}
	return list
}

func ask(p layout.Page, r Row, title, text, confirm string) ui.Ask {
	return ui.Ask{ID: "replay", Title: title, Text: text, Action: urls.ReplayWebhook(r.ID), CSRF: p.CSRF, Confirm: confirm, Icon: "refresh"}
}
