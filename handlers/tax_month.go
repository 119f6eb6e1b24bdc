package handlers

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/models/tax"
	"pagaduria/services/taxes"
	"pagaduria/views/i18n"
	pages "pagaduria/views/taxes"
)

// TaxMonth is GET urls.TaxMonthPattern.
func (h *Handlers) TaxMonth(c echo.Context) error {
	ctx, status := c.Request().Context(), http.StatusOK
	p := pages.MonthPage{Page: h.page(c, i18n.T(ctx, "tax.month_title"), "tax"), Month: strings.TrimSpace(c.QueryParam("month")), Limit: taxes.MonthLimit}
	p.Month = cmp.Or(p.Month, h.Taxes.Today().Format("2006-01"))
	versions, err := h.Taxes.Versions(ctx)
	if err != nil {
		return err
	}
	p.Sum, p.More, err = h.Taxes.Month(ctx, p.Month)
	switch {
	case models.KindOf(err) == models.Invalid:
		status, p.Problem, p.Errors = Status(err), Sentence(ctx, err), fieldErrors(ctx, err)
	case err != nil:
		return err
	default:
		_, end, _ := tax.Span(p.Month)
		v, _ := tax.InForce(versions, end.AddDate(0, 0, -1))
		p.Off = v.Settings.Off()
	}
	return render(c, status, pages.OfMonth(p))
}

// TaxMonthFile is GET urls.TaxMonthCSVPattern.
func (h *Handlers) TaxMonthFile(c echo.Context) error {
	month := cmp.Or(strings.TrimSpace(c.QueryParam("month")), h.Taxes.Today().Format("2006-01"))
	if _, _, ok := tax.Span(month); !ok {
		return models.Refuse(models.Invalid, "tax.refused.month", "Give a month, as in 2026-11.", nil)
	}
	startFile(c, "tax-"+month)
	return h.Taxes.WriteMonth(c.Request().Context(), ActorFrom(c), month, sheet.NewWriter(c.Response(), officeLayout(c)))
}
