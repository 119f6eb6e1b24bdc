package plans

import (
	"context"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// TryPage is a plan on the orders of a month.
type TryPage struct {
	layout.Page
	Sim    plan.Simulation
	Month  string // as typed
	Errors map[string]string
}

func (p TryPage) tiles(ctx context.Context) []ui.TileData {
	return []ui.TileData{
		{Label: i18n.T(ctx, "plans.try_now"), Big: i18n.Money(ctx, p.Sim.Now), Note: p.present(ctx)},
		{Label: i18n.T(ctx, "plans.try_then"), Big: i18n.Money(ctx, p.Sim.Then), Note: p.Sim.Plan.Name},
		{Label: i18n.T(ctx, "plans.try_difference"), Big: signed(ctx, p.Sim.Then.Sub(p.Sim.Now)), Note: i18n.N(ctx, "plans.try_orders", int(p.Sim.Orders))},
	}
}

// present is what the month's orders earn by.
func (p TryPage) present(ctx context.Context) string {
	if p.Sim.Present.ID == 0 {
		return i18n.T(ctx, "plans.try_statements")
	}
	return i18n.T(ctx, "plans.try_present", "Plan", p.Sim.Present.Name)
}

func (p TryPage) people(ctx context.Context) string {
	if p.Sim.People > len(p.Sim.Rows) {
		return i18n.N(ctx, "plans.try_most", p.Sim.People, "Shown", i18n.Number(ctx, int64(len(p.Sim.Rows))))
	}
	return i18n.N(ctx, "plans.try_people", p.Sim.People)
}

// signed writes a difference with its sign.
func signed(ctx context.Context, m models.Money) string {
	if m.Positive() {
		return "+" + i18n.Money(ctx, m)
	}
	return i18n.Money(ctx, m)
}
