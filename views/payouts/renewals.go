package payouts

import (
	"context"
	"strconv"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Renewing is how a payout stands towards being taken back and issued again.
type Renewing struct {
	List       []models.Renewal
	Request    *models.Request // that asks for the right name and is open
	WhyName    models.Refusal  // why the name is not corrected now, "" when it can be
	WhyNetwork models.Refusal
	Changed    string           // what it was switched from and to, and why; "" when it was not
	Cannot     []CannotBeChosen // operations that are not offered
}

// CannotBeChosen is an operation that is not offered now, and why.
type CannotBeChosen struct {
	Op  string // hold, release, cancel
	Why string // a key under payouts.because
}

// renewalSays is how far a renewal is, as a sentence.
func renewalSays(ctx context.Context, r models.Renewal) string {
	return i18n.T(ctx, "renewal."+string(r.Kind)+"."+string(r.State))
}

// renewalNote is what stands in the way of a renewal, "" for nothing.
func renewalNote(ctx context.Context, r models.Renewal) string {
	for _, key := range []string{"renewal.note." + r.Note, "refusal." + r.Note} {
		if i18n.Has(key) {
			return i18n.T(ctx, key)
		}
	}
	return r.Note
}

var renewalLooks = map[models.RenewalState]ui.Look{
	models.RenewalCancelling: {Tone: "info", Icon: "rotate-2"},
	models.RenewalWaiting:    {Tone: "wait", Icon: "hourglass"},
	models.RenewalIssued:     {Tone: "ok", Icon: "circle-check"},
	models.RenewalCollected:  {Tone: "ok", Icon: "cash"},
	models.RenewalStopped:    {Tone: "bad", Icon: "alert-triangle"},
}

// NamePage asks for the right name of a payee.
type NamePage struct {
	layout.Page
	Payout  models.Payout
	Company bool
	Typed   models.Identity
	Reason  string
	Problem string
	Errors  map[string]string
}

// steps are what happens after the form.
func (p NamePage) steps() []string {
	if p.Payout.State.Releases() {
		return []string{"name_step_1", "name_step_2", "name_step_now"}
	}
	return []string{"name_step_1", "name_step_2", "name_step_3", "name_step_4", "name_step_5"}
}

func documentTypes(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, t := range colombia.DocumentTypes() {
		options = append(options, ui.Option{Value: t.Code, Label: t.Code + " · " + t.Name(string(i18n.From(ctx)))})
	}
	return options
}

// NetworkPage asks for another way to pay a payout.
type NetworkPage struct {
	layout.Page
	Payout  models.Payout
	Ways    []Way
	To      string // typed
	Reason  string // typed
	Problem string
	Errors  map[string]string
}

// Way is one of them.
type Way struct {
	Connection models.Connection
	To         models.Destination
	Amount     models.Money
	Cost       models.Cost
	Costs      models.Money
	More       models.Money
	Why        models.Refusal
	Detail     string
	Current    bool
	Short      bool
	Cap        *models.Cap
}

// value names the way in the form.
func (w Way) value() string {
	return strconv.FormatInt(w.Connection.ID, 10) + ":" + string(w.To.Kind)
}

func (w Way) name(ctx context.Context) string {
	return i18n.T(ctx, "renewal.via", "Network", Network(ctx, w.To), "Name", w.Connection.Name)
}

func (w Way) difference(ctx context.Context) string {
	switch {
	case w.Current:
		return i18n.T(ctx, "renewal.now")
	case w.More.Minor == 0:
		return i18n.T(ctx, "renewal.same")
	case w.More.Minor > 0:
		return "+" + i18n.Money(ctx, w.More)
	}
	return i18n.Money(ctx, w.More)
}

func (w Way) limit(ctx context.Context) string {
	if w.Connection.MaxAmount == nil {
		return i18n.T(ctx, "renewal.no_limit")
	}
	return i18n.T(ctx, "renewal.at_most", "Amount", i18n.Money(ctx, *w.Connection.MaxAmount))
}

// says is whether the way can be used, and what would hold the payout up.
func (w Way) says(ctx context.Context) string {
	switch {
	case w.Why != "" && w.Detail != "":
		return i18n.T(ctx, "refusal."+string(w.Why)) + ": " + w.Detail
	case w.Why != "":
		return i18n.T(ctx, "refusal."+string(w.Why))
	case w.Short:
		return i18n.T(ctx, "renewal.short")
	case w.Cap != nil:
		return i18n.T(ctx, "renewal.capped")
	}
	return i18n.T(ctx, "renewal.fits")
}

// usable are the ways that can be chosen.
func (p NetworkPage) usable(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, w := range p.Ways {
		if w.Why == "" && !w.Current {
			options = append(options, ui.Option{Value: w.value(), Label: w.name(ctx), Note: w.says(ctx)})
		}
	}
	return options
}

// Shown answers whether the card says anything to this person.
func (r Renewing) Shown(p ShowPage) bool {
	return len(r.List) > 0 || r.Request != nil || r.Changed != "" || p.May(models.PermPersonalReveal) || p.May(models.PermBatchesPrepare)
}

// look is the chip of the payout: a name that the counter refused is a state of its own to people.
func (p ShowPage) look() ui.Look {
	return ui.PayoutLook(p.Payout.State, p.Payout.To.Kind, p.Payout.Cause)
}

// nameBack leads back to the payout.
func nameBack(x models.Payout) string { return urls.Payout(x.ID) }
