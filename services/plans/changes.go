package plans

import (
	"strconv"
	"strings"

	"pagaduria/models"
	"pagaduria/models/plan"
)

// changes are what a plan says against the one it takes the place of, as the second person reads them. before is zero when
// there is none.
func changes(before, after plan.Plan) []models.Change {
	list := []models.Change{{Field: "plans.from", Before: before.From, After: after.From}}
	text := func(field, was, will string) {
		if was != will {
			list = append(list, models.Change{Field: field, Before: was, After: will})
		}
	}
	money := func(field string, was, will models.Money) {
		was.Currency, will.Currency = models.COP, models.COP
		if was != will {
			list = append(list, models.Change{Field: field, Was: &was, Will: &will})
		}
	}
	a, b := before.Terms, after.Terms
	kind := func(k plan.Kind) string {
		if k == "" {
			return ""
		}
		return "plans.kind." + string(k)
	}
	text("plans.kind_of", kind(a.Kind), kind(b.Kind))
	text("plans.percent", percents(a.Percent), percents(b.Percent))
	money("plans.fixed", a.Fixed, b.Fixed)
	text("plans.tiers", tiers(a.Tiers), tiers(b.Tiers))
	text("plans.rates", rates(a.Rates), rates(b.Rates))
	money("plans.bonus_at", a.Bonus.At, b.Bonus.At)
	money("plans.bonus_amount", a.Bonus.Amount, b.Bonus.Amount)
	money("plans.cap", a.Cap, b.Cap)
	text("plans.levels", percents(a.Levels...), percents(b.Levels...))
	text("plans.levels_off", strings.Join(a.LevelsOff, ", "), strings.Join(b.LevelsOff, ", "))
	text("plans.return_days", strconv.Itoa(a.ReturnDays), strconv.Itoa(b.ReturnDays))
	text("plans.remittance", yes(a.Remittance), yes(b.Remittance))
	money("plans.minimum", a.Minimum, b.Minimum)
	return list
}

func yes(b bool) string {
	if b {
		return "ui.yes"
	}
	return "ui.no"
}

func percents(list ...int) string {
	parts := make([]string, 0, len(list))
	for _, p := range list {
		parts = append(parts, models.FormatPercent(p)+" %")
	}
	return strings.Join(parts, " · ")
}

func tiers(list []plan.Tier) string {
	parts := make([]string, len(list))
	for i, t := range list {
		parts[i] = t.From.String() + "+ " + percents(t.Percent)
	}
	return strings.Join(parts, " · ")
}

func rates(list []plan.Rate) string {
	parts := make([]string, len(list))
	for i, r := range list {
		parts[i] = r.By + " " + r.Key + " " + percents(r.Percent)
	}
	return strings.Join(parts, " · ")
}
