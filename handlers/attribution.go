package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/store"
	pages "pagaduria/views/attribution"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Unattributed is GET urls.UnattributedPattern.
func (h *Handlers) Unattributed(c echo.Context) error {
	var q struct {
		Code  string `form:"q"`
		After string `form:"after"`
	}
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	at, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "attribution.title"), "orders"), Code: models.CodeOf(q.Code)}
	if err := h.fillUnattributed(ctx, &p, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of unattributed orders failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p), pages.ListPart(p))
}

func (h *Handlers) fillUnattributed(ctx context.Context, p *pages.ListPage, at store.Cursor) (err error) {
	if p.Codes, p.All, err = h.Orders.UnattributedCodes(ctx); err != nil {
		return err
	}
	list, err := h.Orders.Unattributed(ctx, p.Code, at)
	query := listQuery(url.Values{"q": {p.Code}})
	p.Rows, p.Pages = list.Rows, ui.Pages{Newer: pageURL(urls.Unattributed(), query, list.Newer), Older: pageURL(urls.Unattributed(), query, list.Older)}
	return err
}

type attributeForm struct {
	IDs         []int64 `form:"ids"`
	All         bool    `form:"all"`
	Code        string  `form:"code"`
	Seen        int64   `form:"seen"`
	SeenTotal   int64   `form:"seen_total"`
	To          string  `form:"to"`
	Distributor string  `form:"distributor"`
	Reason      string  `form:"reason"`
}

func (f attributeForm) choice() models.OrderChoice {
	if f.All {
		f.IDs = nil
	}
	return models.OrderChoice{IDs: f.IDs, All: f.All, Code: models.CodeOf(f.Code), Seen: models.Sum{Count: f.Seen, Total: models.Centavos(f.SeenTotal)}}
}

// AskAttribute is GET urls.AttributePattern: how many orders, how much, and whose they are to be.
func (h *Handlers) AskAttribute(c echo.Context) error {
	var f attributeForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	return h.showAttribute(c, f, nil)
}

func (h *Handlers) showAttribute(c echo.Context, f attributeForm, refusal error) (err error) {
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p := pages.AskPage{Page: h.page(c, i18n.T(ctx, "attribution.attribute"), "orders"), Choice: f.choice(), Distributor: f.Distributor, House: f.To == "house",
		Reason: f.Reason, Error: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal)}
	if p.Choice.Seen, err = h.Orders.ChosenOrders(ctx, p.Choice); err != nil {
		return err
	}
	return render(c, status, pages.Ask(p))
}

// Attribute is POST urls.AttributePattern.
func (h *Handlers) Attribute(c echo.Context) error {
	var f attributeForm
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx, who := c.Request().Context(), f.Distributor
	if f.To == "house" {
		who = ""
	} else if who == "" {
		who = " " // nobody was named: no distributor has this code
	}
	sum, err := h.Orders.Attribute(ctx, ActorFrom(c), f.choice(), who, cut(f.Reason, 1000))
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showAttribute(c, f, err)
	}
	if err != nil {
		return err
	}
	if err := h.flash(c, "ok", i18n.N(ctx, "attribution.done", int(sum.Count), "Amount", i18n.Money(ctx, sum.Total))); err != nil {
		return err
	}
	if len(f.IDs) == 1 {
		return seeOther(c, urls.Order(f.IDs[0]))
	}
	return seeOther(c, urls.Unattributed())
}

// Attribution is GET urls.AttributionPattern.
func (h *Handlers) Attribution(c echo.Context) error {
	return h.showAttribution(c, nil, nil, nil)
}

// showAttribution shows the rules in force, or the form as it was typed with what came of it.
func (h *Handlers) showAttribution(c echo.Context, typed url.Values, tried *models.AttributionTrial, refusal error) (err error) {
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p := pages.RulesPage{Page: h.page(c, i18n.T(ctx, "attribution.rules_codes"), "orders"), Tried: tried, Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal),
		Reason: typed.Get("reason"), Code: typed.Get("code"), Distributor: typed.Get("distributor"), Form: map[string]string{}}
	if p.Code == "" {
		p.Code = models.CodeOf(c.QueryParam("code"))
	}
	if p.Versions, err = h.Orders.AttributionVersions(ctx); err != nil {
		return err
	}
	if p.Codes, err = h.Orders.AttributionCodes(ctx); err != nil {
		return err
	}
	if typed.Has("seen") {
		for name := range typed {
			p.Form[name] = strings.TrimSpace(typed.Get(name))
		}
	} else {
		p.Form = attributionFields(p.Versions[0].Rules)
	}
	return render(c, status, pages.Rules(p))
}

// attributionFields writes rules as the form has them.
func attributionFields(rules models.AttributionRules) map[string]string {
	form := map[string]string{}
	for i, x := range rules {
		at := "_" + strconv.Itoa(i)
		form["source"+at], form["prefix"+at] = string(x.Source), x.Prefix
		if x.Digits {
			form["digits"+at] = "1"
		}
	}
	return form
}

// attributionRules reads what attributionFields wrote; places without a source are left out.
func attributionRules(form url.Values) (rules models.AttributionRules) {
	for i := range models.MostAttributionRules {
		at := "_" + strconv.Itoa(i)
		if source := form.Get("source" + at); source != "" {
			rules = append(rules, models.AttributionRule{Source: models.AttributionSource(source), Prefix: models.CodeOf(form.Get("prefix" + at)), Digits: form.Get("digits"+at) != ""})
		}
	}
	return rules
}

// TryAttribution is POST urls.TryAttributionPattern: it says what other rules would make of the newest orders, and changes nothing.
func (h *Handlers) TryAttribution(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	trial, err := h.Orders.TryAttribution(c.Request().Context(), attributionRules(form))
	if models.KindOf(err) == models.Invalid {
		return h.showAttribution(c, form, nil, err)
	}
	if err != nil {
		return err
	}
	return h.showAttribution(c, form, &trial, nil)
}

// AskAttribution is POST urls.AttributionPattern.
func (h *Handlers) AskAttribution(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	seen, _ := strconv.ParseInt(form.Get("seen"), 10, 64)
	request, err := h.Orders.AskAttribution(c.Request().Context(), ActorFrom(c), seen, attributionRules(form), cut(form.Get("reason"), 1000))
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showAttribution(c, form, nil, err)
	}
	return h.done(c, err, "attribution.asked", urls.Request(request))
}

// GiveCode is POST urls.GiveCodePattern.
func (h *Handlers) GiveCode(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	err := h.Orders.GiveCode(c.Request().Context(), ActorFrom(c), form.Get("code"), form.Get("distributor"))
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showAttribution(c, form, nil, err)
	}
	return h.done(c, err, "attribution.given", urls.Attribution())
}

// TakeCode is POST urls.TakeCodePattern.
func (h *Handlers) TakeCode(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.done(c, h.Orders.TakeCode(c.Request().Context(), ActorFrom(c), id), "attribution.taken_back", urls.Attribution())
}
