package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	pages "pagaduria/views/risk"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Risks is GET urls.RisksPattern.
func (h *Handlers) Risks(c echo.Context) error {
	var q struct {
		Band  string `form:"band"`
		Rule  string `form:"rule"`
		Word  bool   `form:"word"`
		After string `form:"after"`
	}
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	at, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "risk.title"), "risk"), Query: listQuery(c.QueryParams()),
		Filter: models.RiskFilter{Band: models.RiskBand(q.Band), Rule: models.RiskRuleKind(q.Rule), Overridden: q.Word}}
	status := http.StatusOK
	if err := h.fillRisks(ctx, ActorFrom(c), &p, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of risk failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p), pages.ListPart(p))
}

func (h *Handlers) fillRisks(ctx context.Context, by models.Actor, p *pages.ListPage, at store.Cursor) (err error) {
	if p.Counts, err = h.Risk.Counts(ctx); err != nil {
		return err
	}
	list, err := h.Risk.List(ctx, by, p.Filter, at)
	p.Rows, p.Pages = list.Rows, ui.Pages{Newer: pageURL(urls.Risks(), p.Query, list.Newer), Older: pageURL(urls.Risks(), p.Query, list.Older)}
	return err
}

// RiskOf is GET urls.RiskPattern.
func (h *Handlers) RiskOf(c echo.Context) error { return h.showRisk(c, riskWordForm{}, nil) }

type riskWordForm struct {
	Band   string    `form:"band"`
	Until  time.Time `form:"until"`
	Reason string    `form:"reason"`
}

func (h *Handlers) showRisk(c echo.Context, f riskWordForm, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	payee, err := h.Distributors.Get(ctx, id)
	if err != nil {
		return err
	}
	today := h.Distributors.Today()
	p := pages.PayeePage{Page: h.page(c, payee.Name(), "risk"), Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal), Band: f.Band, Reason: f.Reason,
		Until: today.AddDate(0, 6, 0).Format(time.DateOnly), MaxDay: today.AddDate(0, 0, models.RiskOverrideDays).Format(time.DateOnly)}
	if !f.Until.IsZero() {
		p.Until = f.Until.Format(time.DateOnly)
	}
	if p.Risk, err = h.Risk.Of(ctx, ActorFrom(c), id); err != nil {
		return err
	}
	p.Risk.Code = payee.Code
	return render(c, status, pages.Payee(p))
}

// AskRiskWord is POST urls.RiskPattern.
func (h *Handlers) AskRiskWord(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f riskWordForm
	if err := decode(c, &f); err != nil {
		return err
	}
	w := models.RiskWord{Band: models.RiskBand(f.Band), Reason: cut(f.Reason, 2000)}
	switch {
	case f.Band == "":
		w.Band = "?" // nothing was chosen
	case f.Band == "score":
		w.Band = ""
	case !f.Until.IsZero():
		w.Until = &f.Until
	}
	_, err = h.Risk.AskOverride(c.Request().Context(), ActorFrom(c), id, w)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showRisk(c, f, err)
	}
	return h.done(c, err, "risk.asked", urls.Risk(id))
}

// RiskRules is GET urls.RiskRulesPattern.
func (h *Handlers) RiskRules(c echo.Context) error { return h.showRiskRules(c, nil, nil, nil) }

// showRiskRules shows the rules in force, or the form as it was typed with what came of it.
func (h *Handlers) showRiskRules(c echo.Context, typed url.Values, tried models.RiskCounts, refusal error) (err error) {
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p := pages.RulesPage{Page: h.page(c, i18n.T(ctx, "risk.rules"), "risk"), Tried: tried, Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal), Reason: typed.Get("reason")}
	if p.Versions, err = h.Risk.Versions(ctx); err != nil {
		return err
	}
	if p.Counts, err = h.Risk.Counts(ctx); err != nil {
		return err
	}
	p.Form = riskFields(p.Versions[0].Rules)
	for name := range typed {
		p.Form[name] = strings.TrimSpace(typed.Get(name))
	}
	return render(c, status, pages.Rules(p))
}

// riskFields writes rules as the form has them.
func riskFields(r models.RiskRules) map[string]string {
	form := map[string]string{"window": strconv.Itoa(r.Window), "medium": strconv.Itoa(r.Medium), "high": strconv.Itoa(r.High)}
	for _, k := range models.RiskRuleKinds {
		x, at := r.Of(k), "_"+string(k)
		form["points"+at], form["values"+at], form["days"+at] = strconv.Itoa(x.Points), strings.Join(x.Values, ", "), strconv.Itoa(x.Days)
		if x.Amount != nil {
			whole, _ := x.Amount.Whole()
			form["amount"+at] = strconv.FormatInt(whole, 10)
		}
	}
	return form
}

// riskForm reads what riskFields wrote; what is no figure becomes one that is refused.
func riskForm(form url.Values) (r models.RiskRules) {
	figure := func(name string) int {
		text := strings.TrimSpace(form.Get(name))
		if text == "" {
			return 0
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return -1
		}
		return n
	}
	r.Window, r.Medium, r.High = figure("window"), figure("medium"), figure("high")
	for _, k := range models.RiskRuleKinds {
		at := "_" + string(k)
		x := models.RiskRule{Kind: k, Points: figure("points" + at)}
		switch k {
		case models.RiskDocType, models.RiskMunicipality:
			x.Values = strings.FieldsFunc(strings.ToUpper(form.Get("values"+at)), func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '\n' || r == '\r' })
		case models.RiskAmount, models.RiskAmountMore:
			if m, err := typedPesos(form.Get("amount" + at)); err == nil {
				x.Amount = &m
			}
		case models.RiskPhone:
			x.Days = figure("days" + at)
		}
		r.Rules = append(r.Rules, x)
	}
	return r
}

// TryRiskRules is POST urls.TryRiskRulesPattern: it counts who would stand where, and changes nothing.
func (h *Handlers) TryRiskRules(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	counts, err := h.Risk.Try(c.Request().Context(), ActorFrom(c), riskForm(form))
	if err != nil && models.KindOf(err) != models.Invalid {
		return err
	}
	return h.showRiskRules(c, form, counts, err)
}

// AskRiskRules is POST urls.RiskRulesPattern.
func (h *Handlers) AskRiskRules(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	seen, _ := strconv.ParseInt(form.Get("seen"), 10, 64)
	request, err := h.Risk.AskRules(c.Request().Context(), ActorFrom(c), seen, riskForm(form), cut(form.Get("reason"), 1000))
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showRiskRules(c, form, nil, err)
	}
	return h.done(c, err, "risk.asked", urls.Request(request))
}

// riskPanel is what views/risk.Panel draws on other pages.
func (h *Handlers) riskPanel(ctx context.Context, by models.Actor, distributor int64) (*models.RiskDetail, error) {
	d, err := h.Risk.Of(ctx, by, distributor)
	return &d, err
}
