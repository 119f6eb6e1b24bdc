package connections

import (
	"context"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// FeesPage is what a connection charges: every version by date, examples, and the form of a new version.
type FeesPage struct {
	layout.Page
	Connection models.Connection
	Book       models.FeeBook
	Today      time.Time // Bogotá date
	On         time.Time // the date of the examples
	Method     models.MethodKind
	Typed      string // an example amount of the reader's own
	TypedError string
	Examples   []models.Money
	Form       FeeForm
	Errors     map[string]string
	Error      string
	GMFReason  string // typed
}

// FeeForm is what stands in the fields of a new version, as typed.
type FeeForm struct {
	From, Method, Min, Max, IVA, Note string
	UpTo, Fixed, Percent              [models.MaxTiers]string
}

func (p FeesPage) mayEdit() bool { return p.May(models.PermConnectionsEdit) }

// on is the date of the examples as a field has it.
func (p FeesPage) on() string { return p.On.Format(time.DateOnly) }

func (p FeesPage) cost(amount models.Money) models.Cost {
	return p.Book.CostOf(p.On, p.Method, amount)
}

// gmf is the rate in force, in words, with its source.
func (p FeesPage) gmf() colombia.GMF { return colombia.GMFOn(p.Today) }

// day is a Bogotá date in words: it has no time of day, noon keeps it in its zone.
func day(ctx context.Context, d time.Time) string { return i18n.Date(ctx, d.Add(17*time.Hour)) }

func methodOptions(ctx context.Context, any string) []ui.Option {
	options := []ui.Option{{Value: "", Label: any}}
	for _, k := range models.MethodKinds {
		options = append(options, ui.Option{Value: string(k), Label: i18n.T(ctx, ui.MethodKey(k))})
	}
	return options
}

func methodName(ctx context.Context, k models.MethodKind) string {
	if k == "" {
		return i18n.T(ctx, "fee.any_method")
	}
	return i18n.T(ctx, ui.MethodKey(k))
}

// price is a tier in words.
func price(ctx context.Context, s models.FeeSchedule, i int) string {
	t := s.Tiers[i]
	text := i18n.T(ctx, "fee.price", "Fixed", i18n.Money(ctx, t.Fixed), "Percent", i18n.Percent(ctx, int64(t.BPS)))
	switch {
	case len(s.Tiers) == 1:
		return text
	case t.UpTo == nil:
		return i18n.T(ctx, "fee.above", "Price", text)
	}
	return i18n.T(ctx, "fee.up_to", "Amount", i18n.Money(ctx, *t.UpTo), "Price", text)
}

// bounds are the least and the most that is charged, "" when nothing bounds it.
func bounds(ctx context.Context, s models.FeeSchedule) string {
	low, high := "", ""
	if s.Min.Positive() {
		low = i18n.T(ctx, "fee.at_least", "Amount", i18n.Money(ctx, s.Min))
	}
	if s.Max != nil {
		high = i18n.T(ctx, "fee.at_most", "Amount", i18n.Money(ctx, *s.Max))
	}
	if low != "" && high != "" {
		return low + ", " + high
	}
	return low + high
}

var scheduleLooks = map[models.ScheduleState]ui.Look{
	models.SchedulePast:      {Icon: "history", Key: "fee.state.past"},
	models.ScheduleInForce:   {Tone: "ok", Icon: "circle-check", Key: "fee.state.in_force"},
	models.ScheduleComing:    {Tone: "info", Icon: "clock", Key: "fee.state.coming"},
	models.ScheduleWithdrawn: {Icon: "ban", Key: "fee.state.withdrawn"},
}

func (p FeesPage) look(s models.FeeSchedule) ui.Look {
	return scheduleLooks[p.Book.StateOf(s, p.Today)]
}

// feesNow is what the connection charges today, in one line.
func feesNow(ctx context.Context, b models.FeeBook, today time.Time) string {
	s, ok := b.On(today, "")
	if !ok {
		return i18n.T(ctx, "fee.none_now")
	}
	text := price(ctx, s, 0)
	if len(s.Tiers) > 1 {
		text = i18n.N(ctx, "fee.tiers_line", len(s.Tiers))
	}
	return i18n.T(ctx, "fee.line", "Price", text, "IVA", i18n.Percent(ctx, int64(s.IVABPS)))
}

func crumbs(ctx context.Context, c models.Connection) []ui.Crumb {
	return []ui.Crumb{{Text: i18n.T(ctx, "connection.title"), URL: urls.Connections()}, {Text: c.Name, URL: urls.Connection(c.ID)}}
}

func tierID(name string, i int) string { return name + strconv.Itoa(i+1) }
