// Package failures holds the pages of payouts whose money came back: by cause, and issued again.
package failures

import (
	"context"
	"net/url"
	"strconv"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/payouts"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Columns are those of the payouts of one cause beside the payee.
var Columns = []ui.Column{{Key: "method", Label: "payouts.col.method"}, {Key: "state", Label: "payouts.col.state"}, {Key: "next", Label: "failures.next"},
	{Key: "amount", Label: "payouts.col.amount"}}

// Sum is how many there are and what they come to.
type Sum struct {
	Count int64
	Total models.Money
}

// Group is every failure of one cause.
type Group struct {
	Cause   string
	Cure    models.Cure
	Sum     Sum
	Offered Sum // can be issued again
}

// Failure is one payout of a group.
type Failure struct {
	models.PayoutRow
	ConnectionID int64
	RailCode     string
	Cure         models.Cure
	Changed      models.Changed
	Why          models.Refusal
}

// ListPage is the failures that match: their causes, and of one cause the payouts.
type ListPage struct {
	layout.Page
	Query        url.Values // as in the address, without the place in the list
	Cause        string
	Method       models.MethodKind
	Connection   int64
	Views        ui.Views
	Batch        string // code of the one batch
	Connections  []models.Connection
	Groups       []Group
	Rows         []Failure
	Pages        ui.Pages
	Contradicted Sum    // the rail pays them after all, for people to settle
	Any          bool   // there is a failure at all
	Failed       string // request id when the list could not be loaded
	Invalid      string // what is wrong with the filter
}

// group is the one that is opened.
func (p ListPage) group() Group {
	for _, g := range p.Groups {
		if g.Cause == p.Cause {
			return g
		}
	}
	return Group{Cause: p.Cause, Sum: Sum{Total: models.Pesos(0)}, Offered: Sum{Total: models.Pesos(0)}}
}

// sum is what all groups come to.
func (p ListPage) sum() Sum {
	all := Sum{Total: models.Pesos(0)}
	for _, g := range p.Groups {
		all.Count, all.Total = all.Count+g.Sum.Count, all.Total.Add(g.Sum.Total)
	}
	return all
}

func (p ListPage) filters(ctx context.Context) ui.Filters {
	f := ui.Filters{Action: urls.Failures(), Query: p.Query.Get("q"), Keep: p.Views.Keep()}
	chip := func(name, label, value string) {
		if p.Query.Get(name) != "" {
			f.Chosen = append(f.Chosen, ui.Chosen{Label: label, Value: value, Remove: urls.With(urls.Failures(), p.Query, name, "")})
			f.Keep = append(f.Keep, ui.Pair{Name: name, Value: p.Query.Get(name)})
		}
	}
	if p.Cause != "" {
		chip("cause", i18n.T(ctx, "payouts.cause"), i18n.T(ctx, "cause."+p.Cause+".name"))
	}
	chip("batch", i18n.T(ctx, "payouts.batch"), p.Batch)
	chip("recent", i18n.T(ctx, "home.tile.failed"), i18n.T(ctx, "payouts.yes"))
	return f
}

func (p ListPage) methods(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(models.MethodKinds))
	for i, k := range models.MethodKinds {
		list[i] = ui.Option{Value: string(k), Label: i18n.T(ctx, ui.MethodKey(k))}
	}
	return list
}

func connectionOptions(list []models.Connection) []ui.Option {
	options := make([]ui.Option, len(list))
	for i, c := range list {
		options[i] = ui.Option{Value: urls.Num(c.ID), Label: c.Name}
	}
	return options
}

func (p ListPage) connection() string {
	if p.Connection == 0 {
		return ""
	}
	return urls.Num(p.Connection)
}

// open is the list of one cause.
func (p ListPage) open(cause string) string {
	return urls.With(urls.Failures(), p.Query, "cause", cause)
}

// all asks before everything of a cause that can be issued again is.
func (p ListPage) all(cause string) string {
	q := url.Values{"all": {"1"}, "cause": {cause}}
	for _, name := range []string{"method", "connection", "period", "batch", "recent"} {
		if v := p.Query.Get(name); v != "" {
			q.Set(name, v)
		}
	}
	return urls.ReissueWith(q)
}

// helps says whether issuing the group again helps, in a chip.
func (g Group) helps() ui.Look {
	switch {
	case g.Offered.Count == g.Sum.Count:
		return ui.Look{Tone: "ok", Icon: "rotate-2", Key: "failures.helps.all"}
	case g.Offered.Count > 0:
		return ui.Look{Tone: "info", Icon: "rotate-2", Key: "failures.helps.some"}
	}
	return ui.Look{Tone: "wait", Icon: "hand-stop", Key: "failures.helps.none"}
}

// step is where the cure of one failure is worked on, and how that link is called.
func (f Failure) step(ctx context.Context) (text, to string) {
	return i18n.T(ctx, "failures.step."+string(f.Cure)), payouts.Step(f.Cure, f.ID, f.DistributorID, f.ConnectionID)
}

// Item is one payout that would be issued.
type Item struct {
	DistributorID int64
	PayeeName     string
	DocType       string
	DocNumber     string
	DocDV         string
	To            models.Destination
	Replaces      int64
	ReplacesCode  string
	Was, Amount   models.Money
}

// LeftOut is those that are not issued again for one reason.
type LeftOut struct {
	Why    models.Refusal
	Detail string // the rail's own words
	Sum    Sum
	Rows   []Failure
}

// shown is how many of those left out are named.
const shown = 20

func (l LeftOut) first() []Failure { return l.Rows[:min(len(l.Rows), shown)] }
func (l LeftOut) more() int        { return len(l.Rows) - len(l.first()) }

// AskPage asks before payouts are issued again.
type AskPage struct {
	layout.Page
	Query       url.Values // what was chosen, and through which connection
	Back        string
	Connections []models.Connection
	Connection  models.Connection
	Items       []Item // the first ones
	More        int    // that are not named
	Total, Fees models.Money
	LeftOut     []LeftOut
	Name        string
	Problem     string
}

func (p AskPage) count() int { return len(p.Items) + p.More }

// left is how many are left out.
func (p AskPage) left() (n int) {
	for _, l := range p.LeftOut {
		n += len(l.Rows)
	}
	return n
}

// hidden is what the form sends back: the choice, and what was on the screen.
func (p AskPage) hidden() []ui.Pair {
	list := p.kept("via")
	return append(list, ui.Pair{Name: "via", Value: urls.Num(p.Connection.ID)}, ui.Pair{Name: "expect_count", Value: strconv.Itoa(p.count())},
		ui.Pair{Name: "expect_total", Value: urls.Num(p.Total.Minor)})
}

// kept is the choice as hidden fields, less some.
func (p AskPage) kept(less string) []ui.Pair {
	var list []ui.Pair
	for name, values := range p.Query {
		if name == less {
			continue
		}
		for _, v := range values {
			list = append(list, ui.Pair{Name: name, Value: v})
		}
	}
	return list
}
