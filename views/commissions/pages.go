// Package commissions holds the pages of commission lines.
package commissions

import (
	"context"
	"net/url"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Columns are those of the list beside the distributor.
var Columns = []ui.Column{{Key: "what", Label: "commissions.what"}, {Key: "order", Label: "commissions.order"}, {Key: "standing", Label: "commissions.standing"},
	{Key: "payout", Label: "commissions.payout"}, {Key: "amount", Label: "commissions.amount"}}

// ListPage is the list of lines.
type ListPage struct {
	layout.Page
	Query   url.Values // as in the address, without the place in the list
	Views   ui.Views
	Filter  models.CommissionFilter
	Tallies map[models.CommissionState]models.Sum
	Rows    []models.CommissionLine
	Newer   string
	Older   string
	Sum     *models.Sum // of a free filter, nil until it was asked for
	Failed  string
}

// looks is how each state is shown.
var looks = map[models.CommissionState]ui.Look{
	models.CommissionPending:   {Tone: "wait", Icon: "hourglass", Key: "commissions.state.pending"},
	models.CommissionEligible:  {Tone: "info", Icon: "coin", Key: "commissions.state.eligible"},
	models.CommissionHeld:      {Tone: "hold", Icon: "hand-stop", Key: "commissions.state.held"},
	models.CommissionInBatch:   {Tone: "wait", Icon: "stack-2", Key: "commissions.state.in_batch"},
	models.CommissionPaid:      {Tone: "ok", Icon: "circle-check", Key: "commissions.state.paid"},
	models.CommissionFraud:     {Tone: "bad", Icon: "alert-triangle", Key: "commissions.state.fraud"},
	models.CommissionDuplicate: {Icon: "copy", Key: "commissions.state.duplicate"},
	models.CommissionRefunded:  {Tone: "hold", Icon: "arrow-back-up", Key: "commissions.state.refunded"},
	models.CommissionCancelled: {Icon: "ban", Key: "commissions.state.cancelled"},
}

// Look is how a state of a line is shown.
func Look(s models.CommissionState) ui.Look { return looks[s] }

// any answers whether there is at least one line in the product.
func (p ListPage) any() bool { return total(p.Tallies).Count > 0 }

func total(tallies map[models.CommissionState]models.Sum) models.Sum {
	all := models.Sum{Total: models.Centavos(0)}
	for _, s := range tallies {
		all.Count += s.Count
		all.Total = all.Total.Add(s.Total)
	}
	return all
}

// tabs are the states with their counts and sums; the main four always, the others when they hold something.
func (p ListPage) tabs(ctx context.Context) []ui.TileData {
	all := total(p.Tallies)
	tiles := []ui.TileData{tile(ctx, p, "", i18n.T(ctx, "commissions.all"), all)}
	for i, s := range models.CommissionStates {
		sum := p.Tallies[s]
		if sum.Total.Currency == "" {
			sum.Total = models.Centavos(0)
		}
		if i < 4 || sum.Count > 0 || p.Filter.State == s {
			tiles = append(tiles, tile(ctx, p, s, i18n.T(ctx, looks[s].Key), sum))
		}
	}
	return tiles
}

func tile(ctx context.Context, p ListPage, s models.CommissionState, label string, sum models.Sum) ui.TileData {
	return ui.TileData{URL: urls.With(urls.Commissions(), p.Query, "state", string(s)), Label: label, Icon: looks[s].Icon, Tone: looks[s].Tone,
		Big: i18n.Number(ctx, sum.Count), Note: i18n.MoneyShort(ctx, sum.Total), Current: p.Filter.State == s}
}

// filters is the bar above the list.
func (p ListPage) filters(ctx context.Context) ui.Filters {
	f := ui.Filters{Action: urls.Commissions(), Query: p.Filter.Query, Placeholder: i18n.T(ctx, "commissions.search")}
	f.Keep = p.Views.Keep()
	for _, name := range []string{"state", "distributor", "order"} {
		if v := p.Query.Get(name); v != "" {
			f.Keep = append(f.Keep, ui.Pair{Name: name, Value: v})
		}
	}
	chip := func(name, label, value string) {
		if p.Query.Get(name) != "" {
			f.Chosen = append(f.Chosen, ui.Chosen{Label: label, Value: value, Remove: urls.With(urls.Commissions(), p.Query, name, "")})
		}
	}
	chip("distributor", i18n.T(ctx, "commissions.distributor"), p.distributorName())
	chip("order", i18n.T(ctx, "commissions.order"), p.Filter.Order)
	chip("concept", i18n.T(ctx, "commissions.concept"), p.Filter.Concept)
	chip("min", i18n.T(ctx, "commissions.min"), p.Query.Get("min"))
	chip("max", i18n.T(ctx, "commissions.max"), p.Query.Get("max"))
	return f
}

func (p ListPage) distributorName() string {
	if len(p.Rows) > 0 {
		return p.Rows[0].Payee.Name()
	}
	return p.Query.Get("distributor")
}

func methods(ctx context.Context) []ui.Option {
	list := make([]ui.Option, len(models.MethodKinds))
	for i, k := range models.MethodKinds {
		list[i] = ui.Option{Value: string(k), Label: i18n.T(ctx, ui.MethodKey(k))}
	}
	return list
}

func payableOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "yes", Label: i18n.T(ctx, "commissions.payable_yes")}, {Value: "no", Label: i18n.T(ctx, "commissions.payable_no")}}
}

// summary says how many lines match, where that is known without counting.
func (p ListPage) summary(ctx context.Context) string {
	switch {
	case p.Sum != nil:
		return sentence(ctx, *p.Sum)
	case p.Filter.Free():
		return ""
	case p.Filter.State == "":
		return sentence(ctx, total(p.Tallies))
	}
	return sentence(ctx, p.Tallies[p.Filter.State])
}

func sentence(ctx context.Context, s models.Sum) string {
	return i18n.N(ctx, "commissions.count", int(s.Count), "Amount", i18n.Money(ctx, s.Total))
}

func (p ListPage) pages(ctx context.Context) ui.Pages {
	at := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return urls.With(urls.Commissions(), p.Query, "after", cursor)
	}
	return ui.Pages{Newer: at(p.Newer), Older: at(p.Older), Summary: p.summary(ctx)}
}

// why says in a sentence what keeps a line from being paid, "" when nothing does.
func why(ctx context.Context, l models.CommissionLine) string {
	switch l.Why {
	case "":
		return ""
	case models.RefusedHeld:
		return i18n.T(ctx, "commissions.why.held", "Reason", l.Reason)
	case models.RefusedAccount:
		return i18n.T(ctx, "commissions.why.account_changed", "Changed", i18n.Calendar(ctx, *l.AccountChanged), "From", i18n.Calendar(ctx, *l.PayableFrom))
	}
	return i18n.T(ctx, "commissions.why."+string(l.Why))
}

// AskPage asks before lines are held or released: how many and how much, and why.
type AskPage struct {
	layout.Page
	Hold   bool // else release
	Choice models.LineChoice
	Query  url.Values // of the list
	Note   string
	Error  string // above the form
	Wrong  string // beside the reason
}

func (p AskPage) ask(ctx context.Context) ui.Ask {
	key, action, icon := "commissions.release", urls.ReleaseCommissions(), "player-play"
	if p.Hold {
		key, action, icon = "commissions.hold", urls.HoldCommissions(), "hand-stop"
	}
	n, amount := int(p.Choice.Seen.Count), i18n.Money(ctx, p.Choice.Seen.Total)
	a := ui.Ask{ID: "ask", Title: i18n.N(ctx, key+"_title", n, "Amount", amount), Text: i18n.T(ctx, key+"_text"), Action: action, CSRF: p.CSRF,
		Confirm: i18n.N(ctx, key+"_confirm", n), Icon: icon}
	for _, id := range p.Choice.IDs {
		a.Hidden = append(a.Hidden, ui.Pair{Name: "ids", Value: urls.Num(id)})
	}
	if p.Choice.All {
		a.Hidden = append(a.Hidden, ui.Pair{Name: "all", Value: "1"}, ui.Pair{Name: "seen", Value: urls.Num(p.Choice.Seen.Count)},
			ui.Pair{Name: "seen_total", Value: urls.Num(p.Choice.Seen.Total.Minor)})
	}
	for name, values := range p.Query {
		for _, v := range values {
			a.Hidden = append(a.Hidden, ui.Pair{Name: name, Value: v})
		}
	}
	return a
}

func (p AskPage) back() string { return urls.CommissionsWith(p.Query) }
