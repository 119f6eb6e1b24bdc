package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/views/i18n"
	pages "pagaduria/views/plans"
	"pagaduria/views/urls"
)

// RemitPage is GET urls.RemitPattern.
func (h *Handlers) RemitPage(c echo.Context) error {
	return h.showRemit(c, models.Remittance{Day: h.Now().In(i18n.Bogota).Format("2006-01-02"), Lines: c.QueryParam("order")}, nil, nil)
}

func (h *Handlers) showRemit(c echo.Context, form models.Remittance, res *models.RemittanceResult, refusal error) error {
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p := pages.RemitPage{Page: h.page(c, i18n.T(ctx, "remit.title"), "orders"), Form: form, Result: res, Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal)}
	return render(c, status, pages.Remit(p))
}

// Remit is POST urls.RemitPattern: what could be noted is; lines that could not be stay in the form.
func (h *Handlers) Remit(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	posted := c.Request().PostForm
	form := models.Remittance{Reference: posted.Get("reference"), Day: posted.Get("day"), Lines: posted.Get("lines")}
	res, err := h.Orders.Remit(c.Request().Context(), ActorFrom(c), form)
	switch {
	case models.KindOf(err) == models.Invalid:
		return h.showRemit(c, form, nil, err)
	case err != nil || len(res.Refused) == 0:
		return h.done(c, err, "remit.done", urls.Orders())
	}
	form.Lines = linesOf(form.Lines, res.Refused)
	return h.showRemit(c, form, &res, nil)
}

// linesOf keeps the lines of a text that were refused.
func linesOf(text string, refused []models.RemittanceLine) string {
	var kept []string
	for n, line := range strings.Split(text, "\n") {
		if slices.ContainsFunc(refused, func(l models.RemittanceLine) bool { return l.N == n+1 }) {
			kept = append(kept, strings.TrimRight(line, "\r"))
		}
	}
	return strings.Join(kept, "\n")
}
