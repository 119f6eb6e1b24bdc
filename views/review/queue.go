// Package review has the pages of cases under review: the queue, and what is done with the cases of it.
package review

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/risk"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Columns are those of the queue beside the payee.
var Columns = []ui.Column{{Key: "kind", Label: "distributors.person_kind"}, {Key: "state", Label: "kyc.state_label"}, {Key: "news", Label: "case.news"}, {Key: "risk", Label: "risk.band_label"},
	{Key: "reviewer", Label: "case.reviewer"}, {Key: "tags", Label: "case.tags", Extra: true}, {Key: "left", Label: "case.left"}}

// ListPage is the review queue.
type ListPage struct {
	layout.Page
	Filter   kyc.QueueFilter
	Settings kyc.ReviewSettings
	Officers []kyc.Officer
	Tags     []string
	Rows     []kyc.QueueRow
	Counts   kyc.QueueCounts
	Pages    ui.Pages
	Views    ui.Views
	Failed   string
}

// TabLabel is the key of a tab's name.
func TabLabel(t kyc.Tab) string {
	if t == kyc.TabAll {
		return "case.tab.all"
	}
	return "case.tab." + string(t)
}

var tabIcons = map[kyc.Tab][2]string{kyc.TabAll: {"list", ""}, kyc.TabMine: {"user", "info"}, kyc.TabNew: {"circle-dashed", "info"}, kyc.TabReview: {"circle-dot", "info"},
	kyc.TabWaiting: {"hourglass", "wait"}, kyc.TabSecond: {"users", "hold"}, kyc.TabOverdue: {"alert-triangle", "bad"}}

func (p ListPage) tabs(ctx context.Context) []ui.TileData {
	tiles := make([]ui.TileData, len(kyc.Tabs))
	for i, t := range kyc.Tabs {
		q := url.Values{}
		for name, values := range p.Views.Address {
			q[name] = values
		}
		if q.Del("tab"); t != kyc.TabAll {
			q.Set("tab", string(t))
		}
		tiles[i] = ui.TileData{Label: i18n.T(ctx, TabLabel(t)), Icon: tabIcons[t][0], Tone: tabIcons[t][1], Big: i18n.Number(ctx, p.Counts[t]), URL: urls.ReviewsWith(q),
			Current: t == p.Filter.Tab}
	}
	return tiles
}

func (p ListPage) filters(ctx context.Context) ui.Filters {
	f := ui.Filters{Action: urls.Reviews(), Query: p.Filter.Search, Placeholder: i18n.T(ctx, "distributors.search_hint")}
	for name, values := range p.Views.Address {
		switch name {
		case "q", "reviewer", "kind", "tag", "desk", "risk":
			continue
		}
		for _, v := range values {
			f.Keep = append(f.Keep, ui.Pair{Name: name, Value: v})
		}
	}
	return f
}

// ReviewerMe and ReviewerNobody are the words of the filter for oneself and for nobody.
const (
	ReviewerMe     = "me"
	ReviewerNobody = "nobody"
)

// reviewer is the filter as the address has it.
func (p ListPage) reviewer() string {
	switch p.Filter.Reviewer {
	case 0:
		return ""
	case kyc.Nobody:
		return ReviewerNobody
	case p.Staff.ID:
		return ReviewerMe
	}
	return urls.Num(p.Filter.Reviewer)
}

func (p ListPage) reviewers(ctx context.Context) []ui.Option {
	options := []ui.Option{{Value: ReviewerMe, Label: i18n.T(ctx, "case.me")}, {Value: ReviewerNobody, Label: i18n.T(ctx, "case.nobody")}}
	for _, o := range p.Officers {
		if o.ID != p.Staff.ID {
			options = append(options, ui.Option{Value: urls.Num(o.ID), Label: o.Name})
		}
	}
	return options
}

func kinds(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "natural", Label: i18n.T(ctx, "distributors.natural")}, {Value: "juridical", Label: i18n.T(ctx, "distributors.juridical")}}
}

func desks(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(kyc.Desks))
	for i, d := range kyc.Desks {
		options[i] = ui.Option{Value: string(d), Label: i18n.T(ctx, "case.desk."+string(d))}
	}
	return options
}

func bands(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(models.RiskBands))
	for i, b := range models.RiskBands {
		options[i] = ui.Option{Value: string(b), Label: i18n.T(ctx, risk.Look(b).Key)}
	}
	return options
}

func tagOptions(tags []string) []ui.Option {
	options := make([]ui.Option, len(tags))
	for i, t := range tags {
		options[i] = ui.Option{Value: t, Label: t}
	}
	return options
}

var paces = map[kyc.Pace]ui.Look{
	kyc.InTime: {Icon: "clock", Key: "case.left"},
	kyc.Soon:   {Tone: "wait", Icon: "clock", Key: "case.left"},
	kyc.Late:   {Tone: "bad", Icon: "alert-triangle", Key: "case.left"},
	kyc.Paused: {Icon: "player-pause", Key: "case.left"},
}

// span writes business time: hours and minutes, never days, because a day of work is no day.
func span(ctx context.Context, minutes int) string {
	minutes = max(minutes, -minutes)
	h, m := minutes/60, minutes%60
	switch {
	case h == 0:
		return i18n.T(ctx, "time.minutes", "N", strconv.Itoa(m))
	case m == 0 || h >= 10:
		return i18n.T(ctx, "time.hours", "N", i18n.Number(ctx, int64(h)))
	}
	return i18n.T(ctx, "time.hours", "N", strconv.Itoa(h)) + " " + i18n.T(ctx, "time.minutes", "N", strconv.Itoa(m))
}

// TimeLeft says how a clock stands: how long is left, how late it is, or that it is paused.
func TimeLeft(ctx context.Context, s kyc.ReviewSettings, c kyc.Clock, now time.Time) (ui.Look, string) {
	pace, left := c.Pace(s, now), c.Minutes(s.Hours, now)
	key := map[kyc.Pace]string{kyc.InTime: "case.left_n", kyc.Soon: "case.left_n", kyc.Late: "case.late_n", kyc.Paused: "case.paused"}[pace]
	return paces[pace], i18n.T(ctx, key, "Span", span(ctx, left))
}

func (p ListPage) left(ctx context.Context, r kyc.QueueRow) (ui.Look, string) {
	return TimeLeft(ctx, p.Settings, r.Clock(), p.Now)
}

// news says in a word what is new about a case, and in another what is decided.
func (p ListPage) news(ctx context.Context, r kyc.QueueRow) string {
	switch {
	case r.OnHold || r.Hits > 0:
		return i18n.T(ctx, "case.new.hit")
	case r.State == kyc.Waiting:
		return i18n.T(ctx, "case.new.asked")
	case r.State == kyc.SecondReview:
		return i18n.T(ctx, "case.new.second")
	case r.Desk != "":
		return i18n.T(ctx, "case.new.desk", "Desk", i18n.T(ctx, "case.desk."+string(r.Desk)))
	case r.Resubmitted():
		return i18n.T(ctx, "case.new.again")
	}
	return i18n.T(ctx, "case.new.first")
}

func (p ListPage) progress(ctx context.Context, r kyc.QueueRow) string {
	if r.Snoozed(p.Now) {
		return i18n.T(ctx, "case.snoozed", "Until", i18n.Date(ctx, *r.SnoozedUntil))
	}
	return i18n.T(ctx, "case.decided_of", "Done", r.Decided, "Asked", r.Required)
}

// AssignPage gives cases to somebody.
type AssignPage struct {
	layout.Page
	IDs      []int64
	Cases    int
	Officers []kyc.Officer
	To       string
	Note     string
	Back     string
	Errors   map[string]string
	Error    string
}

func (p AssignPage) options(ctx context.Context) []ui.Option {
	options := []ui.Option{{Value: "0", Label: i18n.T(ctx, "case.nobody")}}
	for _, o := range p.Officers {
		label := i18n.T(ctx, "case.officer", "Name", o.Name, "Count", o.Has)
		if o.Away {
			label = i18n.T(ctx, "case.officer_away", "Name", o.Name)
		}
		options = append(options, ui.Option{Value: urls.Num(o.ID), Label: label})
	}
	return options
}

// TagPage puts a tag on cases.
type TagPage struct {
	layout.Page
	IDs    []int64
	Tag    string
	Errors map[string]string
	Error  string
}

// SharePage is what sharing out would do.
type SharePage struct {
	layout.Page
	Plan  kyc.SharePlan
	Error string
}

// EscalatePage puts a case on a named desk.
type EscalatePage struct {
	layout.Page
	ID     int64
	Desk   string
	Note   string
	Errors map[string]string
	Error  string
}

// SnoozePage puts a case off.
type SnoozePage struct {
	layout.Page
	ID     int64
	Until  string
	Note   string
	Errors map[string]string
	Error  string
}

// SettingsPage is when reviewers work, and how long a case may take.
type SettingsPage struct {
	layout.Page
	Seen                 int64
	From, To             string
	Weekdays             []time.Weekday
	DueHours, AmberHours string
	Capacity             string
	FourEyes             []kyc.Why
	Reason               string // of other rules
	Errors               map[string]string
	Error                string
}

var weekdays = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
