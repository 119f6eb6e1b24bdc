package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/views/i18n"
	pages "pagaduria/views/plans"
	"pagaduria/views/urls"
)

// PlanList is GET urls.PlansPattern.
func (h *Handlers) PlanList(c echo.Context) (err error) {
	p := pages.ListPage{Page: h.page(c, i18n.T(c.Request().Context(), "plans.title"), "plans")}
	if p.Plans, p.Current, err = h.Plans.List(c.Request().Context()); err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.List(p))
}

// BeginPlan is POST urls.PlansPattern: a draft, from another plan or from scratch.
func (h *Handlers) BeginPlan(c echo.Context) error {
	var f struct {
		From int64 `form:"copy"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	id, err := h.Plans.Begin(c.Request().Context(), ActorFrom(c), f.From)
	return h.done(c, err, "plans.begun", urls.Plan(id))
}

// PlanPage is GET urls.PlanPattern.
func (h *Handlers) PlanPage(c echo.Context) error { return h.showPlan(c, nil, nil) }

// showPlan shows a plan, or the form as it was typed with what is wrong.
func (h *Handlers) showPlan(c echo.Context, typed url.Values, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	found, err := h.Plans.Plan(ctx, id)
	if err != nil {
		return err
	}
	p := pages.RecordPage{Page: h.page(c, found.Plan.Name, "plans"), Found: found, Form: planFields(found.Plan), Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal),
		Reason: typed.Get("reason")}
	if typed.Has("kind") {
		p.Form = map[string]string{}
		for name := range typed {
			p.Form[name] = strings.TrimSpace(typed.Get(name))
		}
	}
	return render(c, status, pages.Record(p))
}

// planPesos reads whole pesos as people type them, "" as none; what is none of these is an amount that no plan takes.
func planPesos(typed string) models.Money {
	typed = strings.NewReplacer(".", "", " ", "", "$", "", "\u00a0", "").Replace(typed)
	if typed == "" {
		return models.Centavos(0)
	}
	m, err := models.ParsePesos(typed)
	if err != nil {
		return models.Centavos(-1)
	}
	return m
}

// basisPoints is the same of a percentage.
func basisPoints(typed string) int {
	p, err := models.ParsePercent(typed)
	if err != nil {
		return -1
	}
	return p
}

func writePesos(m models.Money) string {
	if m.Minor == 0 {
		return ""
	}
	return strconv.FormatInt(m.Minor/100, 10)
}

// planFields writes a plan as its form has it.
func planFields(p plan.Plan) map[string]string {
	t := p.Terms
	f := map[string]string{"name": p.Name, "from": p.From, "kind": string(t.Kind), "fixed": writePesos(t.Fixed), "bonus_at": writePesos(t.Bonus.At),
		"bonus_amount": writePesos(t.Bonus.Amount), "cap": writePesos(t.Cap), "minimum": writePesos(t.Minimum), "levels_off": strings.Join(t.LevelsOff, ", "),
		"return_days": strconv.Itoa(t.ReturnDays)}
	if t.Percent != 0 {
		f["percent"] = models.FormatPercent(t.Percent)
	}
	if t.Remittance {
		f["remittance"] = "1"
	}
	for i, x := range t.Tiers {
		at := strconv.Itoa(i)
		f["tier_from_"+at], f["tier_percent_"+at] = strconv.FormatInt(x.From.Minor/100, 10), models.FormatPercent(x.Percent)
	}
	for i, x := range t.Rates {
		at := strconv.Itoa(i)
		f["rate_by_"+at], f["rate_key_"+at], f["rate_percent_"+at] = x.By, x.Key, models.FormatPercent(x.Percent)
	}
	for i, x := range t.Levels {
		f["level_"+strconv.Itoa(i)] = models.FormatPercent(x)
	}
	return f
}

// planTerms reads what planFields wrote; places without anything are left out.
func planTerms(form url.Values) plan.Terms {
	days, err := strconv.Atoi(strings.TrimSpace(form.Get("return_days")))
	if err != nil {
		days = -1
	}
	t := plan.Terms{Kind: plan.Kind(form.Get("kind")), Percent: basisPoints(form.Get("percent")), Fixed: planPesos(form.Get("fixed")),
		Bonus: plan.Bonus{At: planPesos(form.Get("bonus_at")), Amount: planPesos(form.Get("bonus_amount"))}, Cap: planPesos(form.Get("cap")), ReturnDays: days,
		Remittance: form.Get("remittance") != "", Minimum: planPesos(form.Get("minimum"))}
	for i := range plan.MostTiers {
		at := strconv.Itoa(i)
		if from, percent := form.Get("tier_from_"+at), form.Get("tier_percent_"+at); from+percent != "" {
			t.Tiers = append(t.Tiers, plan.Tier{From: planPesos(from), Percent: basisPoints(percent)})
		}
	}
	for i := range plan.MostRates {
		at := strconv.Itoa(i)
		if by := form.Get("rate_by_" + at); by != "" {
			key := strings.TrimSpace(form.Get("rate_key_" + at))
			if by != plan.ByChannel {
				key = strings.ToUpper(key)
			}
			t.Rates = append(t.Rates, plan.Rate{By: by, Key: key, Percent: basisPoints(form.Get("rate_percent_" + at))})
		}
	}
	for i := range plan.MostLevels {
		if typed := strings.TrimSpace(form.Get("level_" + strconv.Itoa(i))); typed != "" {
			for len(t.Levels) < i {
				t.Levels = append(t.Levels, 0) // a level left out earns nothing
			}
			t.Levels = append(t.Levels, basisPoints(typed))
		}
	}
	t.LevelsOff = strings.FieldsFunc(strings.ToUpper(form.Get("levels_off")), func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
	if !t.Kind.Tiered() {
		t.Tiers = nil
	}
	if t.Kind != plan.Percent {
		t.Percent = 0
	}
	if t.Kind != plan.Fixed {
		t.Fixed = models.Centavos(0)
	}
	return t
}

// SavePlan is POST urls.PlanPattern.
func (h *Handlers) SavePlan(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	seen, _ := strconv.Atoi(form.Get("version"))
	err = h.Plans.Save(c.Request().Context(), ActorFrom(c), plan.Plan{ID: id, Version: seen, Name: strings.TrimSpace(form.Get("name")), From: form.Get("from"), Terms: planTerms(form)})
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showPlan(c, form, err)
	}
	return h.done(c, err, "plans.saved", urls.Plan(id))
}

// DropPlan is POST urls.DropPlanPattern.
func (h *Handlers) DropPlan(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	seen, _ := strconv.Atoi(c.FormValue("version"))
	return h.done(c, h.Plans.Drop(c.Request().Context(), ActorFrom(c), id, seen), "plans.dropped", urls.Plans())
}

// PublishPlan is POST urls.PublishPlanPattern.
func (h *Handlers) PublishPlan(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	seen, _ := strconv.Atoi(form.Get("version"))
	request, err := h.Plans.Ask(c.Request().Context(), ActorFrom(c), id, seen, cut(strings.TrimSpace(form.Get("reason")), 1000))
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showPlan(c, form, err)
	}
	return h.done(c, err, "plans.asked", urls.Request(request))
}

// TryPlan is GET urls.TryPlanPattern: the plan on the orders of a month, last month's when none is named.
func (h *Handlers) TryPlan(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	now := h.Now().In(i18n.Bogota)
	p := pages.TryPage{Page: h.page(c, i18n.T(ctx, "plans.try"), "plans"), Month: c.QueryParam("month")}
	if p.Month == "" {
		p.Month = now.AddDate(0, 0, -now.Day()).Format("2006-01")
	}
	p.Sim, err = h.Plans.Simulate(ctx, id, p.Month)
	if models.KindOf(err) == models.Invalid {
		p.Errors, status, err = fieldErrors(ctx, err), Status(err), nil
	}
	if err != nil {
		return err
	}
	return render(c, status, pages.Try(p))
}
