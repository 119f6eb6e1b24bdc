package taxes

import (
	"context"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/tax"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// ProfilesPage is what a payee declared about taxes, and the form of another declaration.
type ProfilesPage struct {
	layout.Page
	Of       models.Distributor
	Today    time.Time
	Profiles []tax.Profile // the latest to count first
	Current  int64         // the one that counts today, 0 for none
	Form     map[string]string
	Problem  string
	Errors   map[string]string
}

func (p ProfilesPage) mayRecord() bool {
	return p.May(models.PermTaxEdit) && p.Of.MergedInto == nil
}

func (p ProfilesPage) look(x tax.Profile) ui.Look {
	switch {
	case x.ID == p.Current:
		return ui.Look{Tone: "ok", Icon: "circle-check", Key: "tax.state.now"}
	case x.From.After(p.Today):
		return ui.Look{Tone: "info", Icon: "clock", Key: "tax.state.coming"}
	}
	return ui.Look{Icon: "history", Key: "tax.state.replaced"}
}

// declared is what a declaration says, in a line.
func declared(ctx context.Context, d tax.Declaration) string {
	var list []string
	for _, x := range []struct {
		name string
		on   bool
	}{{"declarant", d.Declarant}, {"simple", d.Simple}, {"responsible", d.IVA}, {"contract", d.ContractOver}, {"work_income", d.WorkIncome}, {"foreign", d.Foreign}} {
		if x.on {
			list = append(list, i18n.T(ctx, "tax.short."+x.name))
		}
	}
	if len(list) == 0 {
		list = append(list, i18n.T(ctx, "tax.short.nothing"))
	}
	if d.Municipality != "" {
		list = append(list, placeName(d.Municipality))
	}
	return strings.Join(list, " · ")
}
