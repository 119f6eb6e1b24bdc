// Package attribution shows whose orders are: those that are nobody's, the rules that find out, and the codes of distributors.
package attribution

import (
	"context"
	"strconv"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the orders that are nobody's.
type ListPage struct {
	layout.Page
	Code   string // filtered by
	Codes  []models.UnattributedCode
	All    int64
	Rows   []models.UnattributedRow
	Pages  ui.Pages
	Failed string
}

// AskPage asks whose some orders are.
type AskPage struct {
	layout.Page
	Choice      models.OrderChoice
	Distributor string // typed
	House       bool
	Reason      string
	Error       string
	Errors      map[string]string
}

// RulesPage is the rules in force, the form of others, and the codes.
type RulesPage struct {
	layout.Page
	Versions    []models.AttributionVersion
	Codes       []models.AttributionCode
	Form        map[string]string // as typed, by field
	Tried       *models.AttributionTrial
	Reason      string
	Code        string // about to be given
	Distributor string
	Problem     string
	Errors      map[string]string
}

// countedOpen is how far unattributed orders are counted.
const countedOpen = 100_000

func (p ListPage) count(ctx context.Context) string {
	if p.All > countedOpen {
		return i18n.T(ctx, "attribution.open_many", "N", i18n.Number(ctx, countedOpen))
	}
	return i18n.N(ctx, "attribution.open", int(p.All))
}

func (p AskPage) ask(ctx context.Context) ui.Ask {
	n, amount := int(p.Choice.Seen.Count), i18n.Money(ctx, p.Choice.Seen.Total)
	a := ui.Ask{ID: "ask", Title: i18n.N(ctx, "attribution.ask_title", n, "Amount", amount), Text: i18n.T(ctx, "attribution.ask_text"), Action: urls.Attribute(), CSRF: p.CSRF,
		Confirm: i18n.N(ctx, "attribution.ask_confirm", n), Icon: "user-check"}
	for _, id := range p.Choice.IDs {
		a.Hidden = append(a.Hidden, ui.Pair{Name: "ids", Value: urls.Num(id)})
	}
	if p.Choice.All {
		a.Hidden = append(a.Hidden, ui.Pair{Name: "all", Value: "1"}, ui.Pair{Name: "code", Value: p.Choice.Code})
	}
	a.Hidden = append(a.Hidden, ui.Pair{Name: "seen", Value: urls.Num(p.Choice.Seen.Count)}, ui.Pair{Name: "seen_total", Value: urls.Num(p.Choice.Seen.Total.Minor)})
	return a
}

func (p AskPage) back() string {
	if len(p.Choice.IDs) == 1 {
		return urls.Order(p.Choice.IDs[0])
	}
	return urls.Unattributed()
}

func (p AskPage) to() string {
	if p.House {
		return "house"
	}
	return "distributor"
}

func (p AskPage) whose(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "distributor", Label: i18n.T(ctx, "attribution.to_distributor")},
		{Value: "house", Label: i18n.T(ctx, "attribution.to_house"), Note: i18n.T(ctx, "attribution.to_house_note")}}
}

func (p RulesPage) seen() string { return urls.Num(p.Versions[0].ID) }

func (p RulesPage) places() []string {
	list := make([]string, models.MostAttributionRules)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list
}

func (p RulesPage) source(ctx context.Context, at string) ui.Choice {
	c := ui.Choice{Name: "source_" + at, Label: i18n.T(ctx, "attribution.place", "N", place(at)), Value: p.Form["source_"+at], Error: p.Errors["source_"+at],
		Blank: i18n.T(ctx, "attribution.no_rule")}
	for _, s := range models.AttributionSources {
		c.Options = append(c.Options, ui.Option{Value: string(s), Label: i18n.T(ctx, "attribution.by."+string(s))})
	}
	return c
}

func place(at string) string {
	n, _ := strconv.Atoi(at)
	return strconv.Itoa(n + 1)
}

func (p RulesPage) prefix(ctx context.Context, at string) ui.Input {
	return ui.Input{Name: "prefix_" + at, Label: i18n.T(ctx, "attribution.prefix"), Value: p.Form["prefix_"+at], Error: p.Errors["prefix_"+at], MaxLength: 40, Mono: true, Autocomplete: "off"}
}

func (p RulesPage) digits(ctx context.Context, at string) ui.Tick {
	return ui.Tick{Name: "digits_" + at, Label: i18n.T(ctx, "attribution.digits"), Checked: p.Form["digits_"+at] != ""}
}

func (p RulesPage) history(ctx context.Context) []ui.LogEntry {
	list := make([]ui.LogEntry, len(p.Versions))
	for i, v := range p.Versions {
		list[i] = ui.LogEntry{Who: v.MakerName, Text: i18n.T(ctx, "attribution.version", "Version", urls.Num(v.ID)), Note: rules(ctx, v.Rules) + " · " + v.Reason, At: v.At}
	}
	return list
}

// rules is a set of rules in a line.
func rules(ctx context.Context, r models.AttributionRules) string {
	text := ""
	for i, x := range r {
		if i > 0 {
			text += " → "
		}
		text += i18n.T(ctx, "attribution.by."+string(x.Source))
		if x.Prefix != "" {
			text += " " + x.Prefix + "…"
		}
		if x.Digits {
			text += " " + i18n.T(ctx, "attribution.without_digits")
		}
	}
	return text
}

// By is how it was found out whose an order is, in words.
func By(ctx context.Context, s models.AttributionSource) string {
	if s == "" {
		return i18n.T(ctx, "attribution.by.nobody")
	}
	return i18n.T(ctx, "attribution.by."+string(s))
}

// tried lists how many orders each source would find.
func (p RulesPage) tried(ctx context.Context) (lines []string) {
	for _, s := range append([]models.AttributionSource{""}, append(models.AttributionSources, models.AttributedHand, models.AttributedHouse)...) {
		if p.Tried.Before[s]+p.Tried.After[s] > 0 {
			lines = append(lines, i18n.T(ctx, "attribution.now_then", "By", By(ctx, s), "Now", i18n.Number(ctx, int64(p.Tried.Before[s])), "Then", i18n.Number(ctx, int64(p.Tried.After[s]))))
		}
	}
	return lines
}

func orNobody(ctx context.Context, code string) string {
	if code == "" {
		return i18n.T(ctx, "attribution.by.nobody")
	}
	return code
}

// Log is what became of an order's attribution.
func Log(ctx context.Context, changes []models.AttributionChange) []ui.LogEntry {
	list := make([]ui.LogEntry, len(changes))
	for i, c := range changes {
		who := c.Actor
		if who == "" {
			who = i18n.T(ctx, "attribution.the_rules")
		}
		list[i] = ui.LogEntry{Who: who, Text: i18n.T(ctx, "attribution.changed", "Was", orNobody(ctx, c.Was), "Will", orNobody(ctx, c.Will), "By", By(ctx, c.WillBy)), Note: c.Reason, At: c.At}
	}
	return list
}
