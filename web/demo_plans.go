package main

import (
	"context"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/services/demo"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// demoPlans has a plan in force since the first of this month, and a draft of a dearer one with tiers for later.
func (a *app) demoPlans(ctx context.Context, cast demo.Cast) error {
	month := models.Day(a.h.Now())
	month = month.AddDate(0, 0, 1-month.Day())
	terms := plan.Terms{Kind: plan.Percent, Percent: 1200, Rates: []plan.Rate{{By: plan.ByCategory, Key: "BOL-", Percent: 800}}, Levels: []int{300, 100},
		ReturnDays: 3, Remittance: true, Minimum: models.Pesos(20_000)}
	id, err := a.demoDraft(ctx, cast.Maker, plan.Plan{Name: "Plan base", From: month.Format("2006-01"), Terms: terms})
	if err != nil {
		return err
	}
	request, err := a.h.Plans.Ask(ctx, cast.Maker, id, 2, "El plan acordado con los distribuidores")
	if err != nil {
		return err
	}
	if err := a.h.Requests.Decide(ctx, cast.Checker, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: a.h.Now()}); err != nil {
		return err
	}
	terms.Kind, terms.Percent = plan.Whole, 0
	terms.Tiers = []plan.Tier{{From: models.Pesos(0), Percent: 1000}, {From: models.Pesos(500_000), Percent: 1300}, {From: models.Pesos(2_000_000), Percent: 1600}}
	terms.Bonus = plan.Bonus{At: models.Pesos(3_000_000), Amount: models.Pesos(150_000)}
	_, err = a.demoDraft(ctx, cast.Maker, plan.Plan{Name: "Plan por escalas", From: month.AddDate(0, 1, 0).Format("2006-01"), Terms: terms})
	return err
}

func (a *app) demoDraft(ctx context.Context, by models.Actor, p plan.Plan) (int64, error) {
	id, err := a.h.Plans.Begin(ctx, by, 0)
	if err != nil {
		return 0, err
	}
	p.ID, p.Version = id, 1
	return id, a.h.Plans.Save(ctx, by, p)
}

const (
	demoSellers = `SELECT id, code FROM distributors WHERE verification = 'verified' AND upline_id IS NULL ORDER BY id LIMIT 5`
	demoBelow   = `UPDATE distributors SET upline_id = $2 WHERE id = $1`
	// Orders since the first of the month that no statement speaks of.
	demoSold = `
SELECT COALESCE(array_agg(id), '{}') FROM (
    SELECT o.id FROM orders o WHERE o.attributed_by = '' AND o.placed_at >= $1 AND NOT EXISTS (SELECT 1 FROM commission_lines l WHERE l.order_number = o.number)
    ORDER BY o.placed_at DESC LIMIT 60) o`
)

// demoEarnings gives orders of this month to a few distributors, one of them above the others, so that the plan has
// something to count.
func (a *app) demoEarnings(ctx context.Context, cast demo.Cast) error {
	sellers, err := store.Select[struct {
		ID   int64
		Code string
	}](ctx, a.db.Pool, demoSellers)
	if err != nil || len(sellers) == 0 {
		return err
	}
	for _, s := range sellers[1:] {
		if _, err := a.db.Pool.Exec(ctx, demoBelow, s.ID, sellers[0].ID); err != nil {
			return err
		}
	}
	day := models.Day(a.h.Now())
	sold, err := store.SelectOne[struct{ IDs []int64 }](ctx, a.db.Pool, demoSold, day.AddDate(0, 0, 1-day.Day()))
	if err != nil {
		return err
	}
	for i, s := range sellers {
		share := sold.IDs[len(sold.IDs)*i/len(sellers) : len(sold.IDs)*(i+1)/len(sellers)]
		if len(share) == 0 {
			continue
		}
		choice := models.OrderChoice{IDs: share}
		if choice.Seen, err = a.h.Orders.ChosenOrders(ctx, choice); err != nil {
			return err
		}
		if _, err := a.h.Orders.Attribute(ctx, cast.Maker, choice, s.Code, "Vendidos en la feria de fin de mes"); err != nil {
			return err
		}
	}
	return a.h.Plans.Accrue(ctx)
}
