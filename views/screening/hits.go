package screening

import (
	"context"
	"net/url"
	"strings"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/models/sanctions"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// HitsPage is the list of hits.
type HitsPage struct {
	layout.Page
	Filter models.HitFilter
	Query  url.Values
	Counts map[models.HitState]int64
	Rows   []models.Hit
	Pages  ui.Pages
	Failed string
}

// HitPage is one hit with both sides compared.
type HitPage struct {
	layout.Page
	Hit     models.HitDetail
	Problem string
	Errors  map[string]string
	To      string // typed
	Comment string
	Until   string
	MaxDay  string
}

var hitLooks = map[models.HitState]ui.Look{
	models.HitOpen:      {Tone: "wait", Icon: "hourglass", Key: "screening.state.open"},
	models.HitUndecided: {Tone: "info", Icon: "help-circle", Key: "screening.state.undecided"},
	models.HitConfirmed: {Tone: "bad", Icon: "shield-x", Key: "screening.state.confirmed"},
	models.HitCleared:   {Tone: "ok", Icon: "shield-check", Key: "screening.state.cleared"},
	models.HitLapsed:    {Tone: "", Icon: "minus", Key: "screening.state.lapsed"},
}

// tiles are the states as filters, those that wait for a person first.
func (p HitsPage) tiles(ctx context.Context) []ui.TileData {
	waiting := p.Counts[models.HitOpen] + p.Counts[models.HitUndecided]
	list := []ui.TileData{{URL: urls.HitsIn(string(models.HitWaiting)), Label: i18n.T(ctx, "screening.state.waiting"), Big: i18n.Number(ctx, waiting), Current: p.Filter.State == models.HitWaiting}}
	for _, s := range models.HitStates {
		list = append(list, ui.TileData{URL: urls.HitsIn(string(s)), Label: i18n.T(ctx, hitLooks[s].Key), Big: i18n.Number(ctx, p.Counts[s]), Current: p.Filter.State == s})
	}
	return list
}

func (p HitsPage) any() bool {
	for _, n := range p.Counts {
		if n > 0 {
			return true
		}
	}
	return false
}

func (p HitsPage) state() string { return string(p.Filter.State) }

func levelOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "hold", Label: i18n.T(ctx, "screening.level.hold")}, {Value: "review", Label: i18n.T(ctx, "screening.level.review")}}
}

func listOptions() (list []ui.Option) {
	for _, l := range sanctions.Lists {
		list = append(list, ui.Option{Value: string(l), Label: string(l)})
	}
	return list
}

// decisions are what can be decided, with what follows.
func (p HitPage) decisions(ctx context.Context) []ui.Option {
	note := i18n.T(ctx, "screening.decide.cleared_note")
	if p.Hit.Level == sanctions.Hold {
		note = i18n.T(ctx, "screening.decide.cleared_two")
	}
	list := []ui.Option{{Value: string(models.HitCleared), Label: i18n.T(ctx, "screening.decide.cleared"), Note: note}}
	if p.Hit.State != models.HitConfirmed {
		list = append(list, ui.Option{Value: string(models.HitConfirmed), Label: i18n.T(ctx, "screening.decide.confirmed"), Note: i18n.T(ctx, "screening.decide.confirmed_note")})
	}
	if p.Hit.State != models.HitUndecided {
		list = append(list, ui.Option{Value: string(models.HitUndecided), Label: i18n.T(ctx, "screening.decide.undecided"), Note: i18n.T(ctx, "screening.decide.undecided_note")})
	}
	return list
}

// waiting is the open request about the hit, 0 when there is none.
func (p HitPage) waiting() int64 {
	for _, r := range p.Hit.Waiting {
		if r.State == models.RequestOpen {
			return r.ID
		}
	}
	return 0
}

// compared is the name that is like the entry's.
func (p HitPage) compared() string {
	if p.Hit.Asked.Name == "" {
		return p.Hit.Asked.Business
	}
	return p.Hit.Asked.Name
}

func (p HitPage) document() string {
	d := p.Hit.Of
	return d.DocType + " " + strings.TrimSuffix(d.DocNumber+"-"+d.DocDV, "-")
}

func masked(h models.Hit) string {
	return ident.Mask(h.Asked.DocType, h.Asked.Document, "") + " · " + h.Code
}

// effects says what stands still, before anybody decides.
func (p HitPage) effects(ctx context.Context) (list []string) {
	e := p.Hit.Effects
	list = append(list, i18n.N(ctx, "screening.effect.payouts", int(e.Payouts), "Amount", i18n.Money(ctx, e.Amount)), i18n.N(ctx, "screening.effect.lines", int(e.Lines), "Amount", i18n.Money(ctx, e.Payable)))
	if e.AtRail > 0 {
		list = append(list, i18n.N(ctx, "screening.effect.at_rail", int(e.AtRail), "Amount", i18n.Money(ctx, e.OnTheWay)))
	}
	return list
}

func (p HitPage) log(ctx context.Context) (list []ui.LogEntry) {
	for _, d := range p.Hit.Decisions {
		text := i18n.T(ctx, "screening.did."+string(d.To))
		if d.Until != nil {
			text = i18n.T(ctx, "screening.did.cleared_until", "Date", i18n.Calendar(ctx, *d.Until))
		}
		list = append(list, ui.LogEntry{Tone: hitLooks[d.To].Tone, Icon: hitLooks[d.To].Icon, Who: d.StaffName, Text: text, Note: d.Comment, At: d.At})
	}
	return list
}
