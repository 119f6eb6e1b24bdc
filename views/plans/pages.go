// Package plans shows commission plans: what they say, from when, and the form of a draft.
package plans

import (
	"context"
	"strconv"
	"strings"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is every plan.
type ListPage struct {
	layout.Page
	Plans   []plan.Plan
	Current int64 // in force now, 0 for none
}

// RecordPage is one plan; of a draft the form, for who may change it.
type RecordPage struct {
	layout.Page
	Found   plan.Record
	Form    map[string]string // as typed, by field
	Reason  string
	Problem string
	Errors  map[string]string
}

func look(p plan.Plan, current bool, now string) ui.Look {
	switch {
	case p.State == plan.Draft:
		return ui.Look{Icon: "pencil", Key: "plans.state.draft"}
	case current:
		return ui.Look{Tone: "ok", Icon: "circle-check", Key: "plans.state.in_force"}
	case p.From > now:
		return ui.Look{Tone: "info", Icon: "clock", Key: "plans.state.coming"}
	}
	return ui.Look{Icon: "history", Key: "plans.state.replaced"}
}

func (p ListPage) month() string { return p.Now.In(i18n.Bogota).Format("2006-01") }

func percent(ctx context.Context, p int) string { return i18n.Percent(ctx, int64(p)) }

// Gist is what a plan's own commission is, in a sentence.
func Gist(ctx context.Context, t plan.Terms) string {
	switch t.Kind {
	case plan.Fixed:
		return i18n.T(ctx, "plans.gist.fixed", "Amount", i18n.Money(ctx, t.Fixed))
	case plan.Percent:
		return i18n.T(ctx, "plans.gist.percent", "Percent", percent(ctx, t.Percent))
	}
	parts := make([]string, len(t.Tiers))
	for i, x := range t.Tiers {
		parts[i] = i18n.T(ctx, "plans.gist.tier", "Amount", i18n.Money(ctx, x.From), "Percent", percent(ctx, x.Percent))
	}
	return i18n.T(ctx, "plans.gist."+string(t.Kind), "Tiers", strings.Join(parts, "; "))
}

// sentences are what a plan says, one thing a line.
func sentences(ctx context.Context, t plan.Terms) []string {
	list := []string{Gist(ctx, t)}
	add := func(when bool, key string, args ...any) {
		if when {
			list = append(list, i18n.T(ctx, "plans.says."+key, args...))
		}
	}
	for _, r := range t.Rates {
		add(true, r.By, "Key", r.Key, "Percent", percent(ctx, r.Percent))
	}
	add(t.Bonus.Amount.Positive(), "bonus", "Amount", i18n.Money(ctx, t.Bonus.Amount), "At", i18n.Money(ctx, t.Bonus.At))
	add(t.Cap.Positive(), "cap", "Amount", i18n.Money(ctx, t.Cap))
	for i, p := range t.Levels {
		add(p > 0, "level", "Level", strconv.Itoa(i+1), "Percent", percent(ctx, p))
	}
	add(len(t.LevelsOff) > 0 && len(t.Levels) > 0, "levels_off", "Countries", strings.Join(t.LevelsOff, ", "))
	list = append(list, i18n.N(ctx, "plans.says.days", t.ReturnDays))
	add(t.Remittance, "remittance")
	add(t.Minimum.Positive(), "minimum", "Amount", i18n.Money(ctx, t.Minimum))
	return append(list, i18n.T(ctx, "plans.says.base"), i18n.T(ctx, "plans.says.rounding"))
}

func (p RecordPage) draft() bool { return p.Found.Plan.State == plan.Draft }

func (p RecordPage) editable() bool { return p.draft() && p.May(models.PermPlansEdit) }

func (p RecordPage) version() string { return strconv.Itoa(p.Found.Plan.Version) }

// open is the request to publish this draft that waits, if there is one.
func (p RecordPage) open() (models.Request, bool) {
	for _, r := range p.Found.Requests {
		if r.State == models.RequestOpen {
			return r, true
		}
	}
	return models.Request{}, false
}

func (p RecordPage) field(ctx context.Context, name, label string) ui.Input {
	return ui.Input{Name: name, Label: label, Value: p.Form[name], Error: p.Errors[name], MaxLength: 80, Autocomplete: "off"}
}

func (p RecordPage) number(ctx context.Context, name, label string) ui.Input {
	i := p.field(ctx, name, label)
	i.InputMode = "decimal"
	return i
}

func (p RecordPage) from(ctx context.Context) ui.Input {
	i := p.field(ctx, "from", i18n.T(ctx, "plans.from"))
	i.Type, i.Min, i.Required, i.Hint = "month", p.Found.Month, true, i18n.T(ctx, "plans.from_hint")
	return i
}

func (p RecordPage) kind(ctx context.Context) ui.Choice {
	c := ui.Choice{Name: "kind", Label: i18n.T(ctx, "plans.kind_of"), Value: p.Form["kind"], Error: p.Errors["kind"], Required: true}
	for _, k := range plan.Kinds {
		c.Options = append(c.Options, ui.Option{Value: string(k), Label: i18n.T(ctx, "plans.kind."+string(k)), Note: i18n.T(ctx, "plans.kind_note."+string(k))})
	}
	return c
}

func (p RecordPage) rateBy(ctx context.Context, at string) ui.Choice {
	c := ui.Choice{Name: "rate_by_" + at, Label: i18n.T(ctx, "plans.rate_by"), Value: p.Form["rate_by_"+at], Error: p.Errors["rate_by_"+at], Blank: i18n.T(ctx, "plans.no_rate")}
	for _, k := range plan.RateKinds {
		c.Options = append(c.Options, ui.Option{Value: k, Label: i18n.T(ctx, "plans.rate."+k)})
	}
	return c
}

func places(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list
}

func (p RecordPage) level(ctx context.Context, at string) ui.Input {
	n, _ := strconv.Atoi(at)
	return p.number(ctx, "level_"+at, i18n.T(ctx, "plans.level", "Level", strconv.Itoa(n+1)))
}

func (p RecordPage) publishAsk(ctx context.Context) string {
	return i18n.T(ctx, "plans.ask", "Month", p.Found.Plan.From)
}

func requestURL(r models.Request) string { return urls.Request(r.ID) }

func place(at string) string {
	n, _ := strconv.Atoi(at)
	return strconv.Itoa(n + 1)
}

func publishedBy(ctx context.Context, p plan.Plan) string {
	if p.State != plan.Published {
		return ""
	}
	return i18n.T(ctx, "plans.consented", "Name", p.Publisher)
}
