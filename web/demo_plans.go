package main

import (
	"context"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/services/demo"
	"pagaduria/services/requests"
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
