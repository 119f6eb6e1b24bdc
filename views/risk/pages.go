// Package risk shows how closely payees are looked at: the list, why one stands where it stands, and the rules.
package risk

import (
	"context"
	"net/url"
	"strings"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of scored payees.
type ListPage struct {
	layout.Page
	Filter models.RiskFilter
	Query  url.Values
	Counts models.RiskCounts
	Rows   []models.RiskScore
	Pages  ui.Pages
	Failed string
}

// PayeePage is where one payee stands, and why.
type PayeePage struct {
	layout.Page
	Risk    models.RiskDetail
	Problem string
	Errors  map[string]string
	Band    string // typed
	Until   string
	MaxDay  string
	Reason  string
}

// RulesPage is the rules in force, and the form of others.
type RulesPage struct {
	layout.Page
	Versions []models.RiskVersion
	Form     map[string]string // as typed, by field
	Counts   models.RiskCounts // as it is
	Tried    models.RiskCounts // as it would be, nil before somebody tried
	Problem  string
	Errors   map[string]string
	Reason   string
}

var looks = map[models.RiskBand]ui.Look{
	models.RiskHigh:   {Tone: "bad", Icon: "alert-triangle", Key: "risk.band.high"},
	models.RiskMedium: {Tone: "wait", Icon: "eye", Key: "risk.band.medium"},
	models.RiskLow:    {Tone: "ok", Icon: "circle-check", Key: "risk.band.low"},
}

// Look is how a band is shown.
func Look(b models.RiskBand) ui.Look { return looks[b] }

func (p ListPage) tiles(ctx context.Context) []ui.TileData {
	all := int64(0)
	for _, n := range p.Counts {
		all += n
	}
	list := []ui.TileData{{URL: urls.Risks(), Label: i18n.T(ctx, "risk.all"), Big: i18n.Number(ctx, all), Current: p.Filter.Band == ""}}
	for _, b := range models.RiskBands {
		list = append(list, ui.TileData{URL: urls.RisksIn(string(b)), Label: i18n.T(ctx, looks[b].Key), Big: i18n.Number(ctx, p.Counts[b]), Current: p.Filter.Band == b})
	}
	return list
}

func (p ListPage) word() string {
	if p.Filter.Overridden {
		return "1"
	}
	return ""
}

func (p ListPage) any() bool { return len(p.Counts) > 0 }

// RuleOptions are the kinds of rules as a filter.
func RuleOptions(ctx context.Context) (list []ui.Option) {
	for _, k := range models.RiskRuleKinds {
		list = append(list, ui.Option{Value: string(k), Label: i18n.T(ctx, "risk.rule."+string(k))})
	}
	return list
}

// fired is one rule that gave points, with what it saw.
func fired(ctx context.Context, f models.RiskFired) string {
	text := i18n.T(ctx, "risk.rule."+string(f.Kind))
	switch {
	case f.Amount != nil:
		return text + ": " + i18n.Money(ctx, *f.Amount)
	case f.Kind == models.RiskMunicipality:
		if m, ok := colombia.MunicipalityByCode(f.Seen); ok {
			return text + ": " + m.Name
		}
	}
	if f.Seen != "" {
		return text + ": " + f.Seen
	}
	return text
}

func firedLine(ctx context.Context, list []models.RiskFired) string {
	if len(list) == 0 {
		return "–"
	}
	names := make([]string, len(list))
	for i, f := range list {
		names[i] = i18n.T(ctx, "risk.rule."+string(f.Kind))
	}
	return strings.Join(names, " · ")
}

// bands are the words a person may put in place of the score.
func (p PayeePage) bands(ctx context.Context) (list []ui.Option) {
	for _, b := range models.RiskBands {
		list = append(list, ui.Option{Value: string(b), Label: i18n.T(ctx, looks[b].Key)})
	}
	if p.Risk.OverrideID != 0 {
		list = append(list, ui.Option{Value: "score", Label: i18n.T(ctx, "risk.back_to_score", "Band", i18n.T(ctx, looks[p.Risk.Scored].Key))})
	}
	return list
}

func (p PayeePage) log(ctx context.Context) (list []ui.LogEntry) {
	for _, o := range p.Risk.Overrides {
		look, text := looks[o.Band], ""
		if o.Band == "" {
			look = ui.Look{Icon: "arrow-back-up"}
			text = i18n.T(ctx, "risk.did.back", "Second", o.DeciderName)
		} else {
			text = i18n.T(ctx, "risk.did.set", "Band", i18n.T(ctx, look.Key), "Date", i18n.Calendar(ctx, *o.Until), "Second", o.DeciderName)
		}
		list = append(list, ui.LogEntry{Tone: look.Tone, Icon: look.Icon, Who: o.MakerName, Text: text, Note: o.Reason, At: o.At})
	}
	return list
}

// moves says how many payees there would be in a band.
func (p RulesPage) moves(ctx context.Context, b models.RiskBand) string {
	return i18n.T(ctx, "risk.would_be", "Now", i18n.Number(ctx, p.Counts[b]), "Then", i18n.Number(ctx, p.Tried[b]))
}

func (p RulesPage) seen() string { return urls.Num(p.Versions[0].ID) }

func (p RulesPage) history(ctx context.Context) (list []ui.LogEntry) {
	for i, v := range p.Versions {
		icon := "history"
		if i == 0 {
			icon = "circle-check"
		}
		list = append(list, ui.LogEntry{Icon: icon, Who: v.MakerName, Text: i18n.T(ctx, "risk.version", "Version", urls.Num(v.ID)), Note: v.Reason, At: v.At})
	}
	return list
}

// input is a field of one rule: its points, or what they are given for.
func (p RulesPage) input(ctx context.Context, what string, k models.RiskRuleKind) ui.Input {
	name := what + "_" + string(k)
	in := ui.Input{Name: name, Label: i18n.T(ctx, "risk.field."+what), Value: p.Form[name], Error: p.Errors[name], ReadOnly: !p.May(models.PermRiskEdit)}
	switch what {
	case "values":
		in.Hint, in.MaxLength = i18n.T(ctx, "risk.hint."+string(k)), 1500
	case "amount":
		in.InputMode, in.MaxLength = "numeric", 20
	default:
		in.Type, in.Min = "number", "0"
	}
	return in
}

func (p RulesPage) number(ctx context.Context, name string) ui.Input {
	return ui.Input{Name: name, Label: i18n.T(ctx, "risk.field."+name), Type: "number", Min: "1", Value: p.Form[name], Error: p.Errors[name], ReadOnly: !p.May(models.PermRiskEdit)}
}
