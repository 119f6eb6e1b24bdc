package plans

import (
	"context"
	"strconv"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// pesos writes centavos of an explanation.
func pesos(ctx context.Context, centavos int64) string {
	return i18n.Money(ctx, models.Centavos(centavos))
}

// step is one line of why an amount is what it is.
func step(ctx context.Context, s plan.Step) string {
	return i18n.T(ctx, "plans.why."+s.Key, "Amount", pesos(ctx, s.Amount), "Of", pesos(ctx, s.Of), "Percent", percent(ctx, s.Percent), "Text", s.Text)
}

// standing is where an earning stands, as a chip.
func standing(e plan.Earning, p layout.Page) ui.Look {
	switch {
	case e.Void != "":
		return ui.Look{Icon: "ban", Key: "plans.void." + e.Void}
	case e.Wait != "":
		return ui.Look{Tone: "wait", Icon: "clock", Key: "plans.waits." + e.Wait}
	case e.Due != nil && p.Now.Before(*e.Due):
		return ui.Look{Tone: "info", Icon: "calendar-event", Key: "plans.due_later"}
	}
	return ui.Look{Tone: "ok", Icon: "circle-check", Key: "plans.payable"}
}

// level is for what somebody earns.
func level(ctx context.Context, e plan.Earning) string {
	if e.Level == 0 {
		return i18n.T(ctx, "plans.seller")
	}
	return i18n.T(ctx, "plans.level_n", "Level", strconv.Itoa(e.Level))
}

// RemitPage is where cash that carriers handed over is noted.
type RemitPage struct {
	layout.Page
	Form    models.Remittance
	Result  *models.RemittanceResult // of what was just sent, nil before
	Problem string
	Errors  map[string]string
}

func (p RemitPage) done(ctx context.Context) string {
	return i18n.N(ctx, "remit.noted", int(p.Result.Noted.Count), "Amount", i18n.Money(ctx, p.Result.Noted.Total))
}
