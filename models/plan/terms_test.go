package plan_test

import (
	"errors"
	"testing"

	"pagaduria/models"
	"pagaduria/models/plan"
)

func TestTermsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	good := plan.Terms{Kind: plan.Percent, Percent: 1000, ReturnDays: 5}
	for name, c := range map[string]struct {
		change func(*plan.Terms)
		field  string
	}{
		"no kind":                  {func(t *plan.Terms) { t.Kind = "" }, "kind"},
		"no percent":               {func(t *plan.Terms) { t.Percent = 0 }, "percent"},
		"more than all":            {func(t *plan.Terms) { t.Percent = 10001 }, "percent"},
		"centavos":                 {func(t *plan.Terms) { t.Kind, t.Fixed = plan.Fixed, models.Centavos(150) }, "fixed"},
		"no tiers":                 {func(t *plan.Terms) { t.Kind = plan.Whole }, "tier_from_0"},
		"first tier above nothing": {func(t *plan.Terms) { t.Kind, t.Tiers = plan.Whole, []plan.Tier{{From: models.Pesos(1), Percent: 1}} }, "tier_from_0"},
		"tiers fall": {func(t *plan.Terms) {
			t.Kind, t.Tiers = plan.Marginal, []plan.Tier{{From: models.Pesos(0), Percent: 1}, {From: models.Pesos(0), Percent: 2}}
		}, "tier_from_1"},
		"a rate for nothing": {func(t *plan.Terms) { t.Rates = []plan.Rate{{By: plan.ByProduct}} }, "rate_key_0"},
		"a rate twice":       {func(t *plan.Terms) { t.Rates = []plan.Rate{{plan.ByProduct, "A", 1}, {plan.ByProduct, "A", 2}} }, "rate_key_1"},
		"rates of an amount": {func(t *plan.Terms) {
			t.Kind, t.Fixed, t.Rates = plan.Fixed, models.Pesos(1), []plan.Rate{{plan.ByProduct, "A", 1}}
		}, "rate_by_0"},
		"a bonus for nothing": {func(t *plan.Terms) { t.Bonus.Amount = models.Pesos(1) }, "bonus_amount"},
		"a negative cap":      {func(t *plan.Terms) { t.Cap = models.Pesos(-1) }, "cap"},
		"too many levels":     {func(t *plan.Terms) { t.Levels = []int{1, 1, 1, 1} }, "level_0"},
		"no country":          {func(t *plan.Terms) { t.LevelsOff = []string{"Colombia"} }, "levels_off"},
		"never payable":       {func(t *plan.Terms) { t.ReturnDays = 400 }, "return_days"},
	} {
		x := good
		c.change(&x)
		var refusal *models.Error
		if err := x.Check(); !errors.As(err, &refusal) || refusal.Fields[c.field] == "" {
			t.Errorf("%s: %v, want field %s", name, err, c.field)
		}
	}
	if err := good.Check(); err != nil {
		t.Errorf("good terms: %v", err)
	}
}
