package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/store"
	"pagaduria/views/commissions"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// commissionQuery is the address of the list of lines.
type commissionQuery struct {
	Query       string `form:"q"`
	State       string `form:"state"`
	Distributor int64  `form:"distributor"`
	Order       string `form:"order"`
	Period      string `form:"period"`
	Concept     string `form:"concept"`
	Min         string `form:"min"`
	Max         string `form:"max"`
	Method      string `form:"method"`
	Payable     string `form:"payable"`
	After       string `form:"after"`
	Sum         bool   `form:"sum"`
}

// filter is the query as the service knows it; a word that is none of ours does not filter.
func (q commissionQuery) filter(now time.Time) (models.CommissionFilter, error) {
	f := models.CommissionFilter{Query: q.Query, Distributor: q.Distributor, Order: strings.TrimPrefix(q.Order, "#"), Concept: q.Concept}
	f.Period, _ = models.FilterMonth(q.Period, models.Day(now))
	if s := models.CommissionState(q.State); s.Valid() {
		f.State = s
	}
	if m := models.MethodKind(q.Method); m.Valid() {
		f.Method = m
	}
	if q.Payable == "yes" || q.Payable == "no" {
		f.Payable = q.Payable
	}
	for _, bound := range []struct {
		name, text string
		to         **models.Money
	}{{"min", q.Min, &f.Min}, {"max", q.Max, &f.Max}} {
		if bound.text == "" {
			continue
		}
		m, err := models.ParsePesos(strings.ReplaceAll(bound.text, ".", ""))
		if err != nil {
			return f, models.Refuse(models.Invalid, "commissions.refused.amount", "Write whole pesos, digits only.", nil).
				WithField(bound.name, "commissions.refused.amount")
		}
		*bound.to = &m
	}
	return f, nil
}

// listQuery is the address of a list without the place in it and without empty filters.
func listQuery(values url.Values, drop ...string) url.Values {
	kept := url.Values{}
	for name, list := range values {
		for _, v := range list {
			if v != "" {
				kept.Add(name, v)
			}
		}
	}
	for _, name := range append(drop, "after", "sum") {
		kept.Del(name)
	}
	return kept
}

// CommissionList is GET urls.CommissionsPattern.
func (h *Handlers) CommissionList(c echo.Context) error {
	values, views, to := h.listed(c, models.ListCommissions)
	if to != "" {
		return seeOther(c, to)
	}
	var q commissionQuery
	if err := decodeValues(values, &q); err != nil {
		return err
	}
	f, err := q.filter(h.Now())
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	page := commissions.ListPage{Page: h.page(c, i18n.T(ctx, "commissions.title"), "commissions"), Query: views.Address, Views: views, Filter: f}
	if page.Tallies, err = h.Commissions.Tallies(ctx); err != nil {
		return err
	}
	at, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	rows, err := h.Commissions.List(ctx, f, at)
	if err != nil {
		return err
	}
	page.Rows, page.Newer, page.Older = rows.Rows, rows.Newer, rows.Older
	if q.Sum {
		sum, err := h.Commissions.Sum(ctx, f)
		if err != nil {
			return err
		}
		page.Sum = &sum
	}
	return render(c, http.StatusOK, commissions.List(page), commissions.ListPart(page))
}

// CommissionFile is GET urls.CommissionsFilePattern.
func (h *Handlers) CommissionFile(c echo.Context) error {
	var q commissionQuery
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	f, err := q.filter(h.Now())
	if err != nil {
		return err
	}
	startFile(c, "commissions")
	return h.Commissions.Export(c.Request().Context(), ActorFrom(c), f, sheet.NewWriter(c.Response(), officeLayout(c)))
}

// startFile begins the answer with a CSV file.
func startFile(c echo.Context, name string) {
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`.csv"`)
	header.Set("Cache-Control", "no-store")
}

// officeLayout is how the reader's spreadsheet wants CSV: es-CO Excel separates by semicolons.
func officeLayout(c echo.Context) sheet.Layout {
	if i18n.From(c.Request().Context()) == i18n.Es {
		return sheet.Layout{Comma: ';', BOM: true}
	}
	return sheet.Layout{BOM: true}
}

// lineForm is the choice of lines to be held or released; the filter stands in the same form.
type lineForm struct {
	IDs       []int64 `form:"ids"`
	All       bool    `form:"all"`
	Seen      int64   `form:"seen"`
	SeenTotal int64   `form:"seen_total"`
	Note      string  `form:"note"`
}

// choice reads which lines a form means.
func (h *Handlers) choice(values url.Values) (choice models.LineChoice, note string, err error) {
	var form lineForm
	var q commissionQuery
	if err := decodeValues(values, &form); err != nil {
		return choice, "", err
	}
	if err := decodeValues(values, &q); err != nil {
		return choice, "", err
	}
	f, err := q.filter(h.Now())
	if err != nil {
		return choice, "", err
	}
	if form.All {
		form.IDs = nil
	}
	seen := models.Sum{Count: form.Seen, Total: models.Centavos(form.SeenTotal)}
	return models.LineChoice{IDs: form.IDs, All: form.All, Filter: f, Seen: seen}, form.Note, nil
}

// AskHoldCommissions is GET urls.HoldCommissionsPattern: how many lines and how much would be held.
func (h *Handlers) AskHoldCommissions(c echo.Context) error { return h.askLines(c, true) }

// AskReleaseCommissions is GET urls.ReleaseCommissionsPattern.
func (h *Handlers) AskReleaseCommissions(c echo.Context) error { return h.askLines(c, false) }

func (h *Handlers) askLines(c echo.Context, hold bool) error {
	choice, _, err := h.choice(c.QueryParams())
	if err != nil {
		return err
	}
	return h.showLines(c, http.StatusOK, c.QueryParams(), commissions.AskPage{Hold: hold, Choice: choice})
}

// lineFormFields are the fields of lineForm, which are no filters.
var lineFormFields = []string{"ids", "all", "seen", "seen_total", "note", "_csrf"}

func (h *Handlers) showLines(c echo.Context, status int, values url.Values, page commissions.AskPage) (err error) {
	ctx := c.Request().Context()
	from, title := models.CommissionHeld, "commissions.release"
	if page.Hold {
		from, title = models.CommissionEligible, "commissions.hold"
	}
	if page.Choice.Seen, err = h.Commissions.Chosen(ctx, page.Choice, from); err != nil {
		return err
	}
	page.Page, page.Query = h.page(c, i18n.T(ctx, title), "commissions"), listQuery(values, lineFormFields...)
	return render(c, status, commissions.Ask(page))
}

// HoldCommissions is POST urls.HoldCommissionsPattern.
func (h *Handlers) HoldCommissions(c echo.Context) error { return h.moveLines(c, true) }

// ReleaseCommissions is POST urls.ReleaseCommissionsPattern.
func (h *Handlers) ReleaseCommissions(c echo.Context) error { return h.moveLines(c, false) }

func (h *Handlers) moveLines(c echo.Context, hold bool) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	values := c.Request().PostForm
	choice, note, err := h.choice(values)
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	move, done := h.Commissions.Release, "commissions.released_done"
	if hold {
		move, done = h.Commissions.Hold, "commissions.held_done"
	}
	moved, err := move(ctx, by, choice, note)
	if models.KindOf(err) == models.Invalid {
		page := commissions.AskPage{Hold: hold, Choice: choice, Note: note, Error: Sentence(ctx, err), Wrong: fieldErrors(ctx, err)["note"]}
		return h.showLines(c, http.StatusUnprocessableEntity, values, page)
	}
	if err != nil {
		return err
	}
	if err := h.flash(c, "ok", i18n.N(ctx, done, int(moved.Count), "Amount", i18n.Money(ctx, moved.Total))); err != nil {
		return err
	}
	return seeOther(c, urls.CommissionsWith(listQuery(values, lineFormFields...)))
}

// Receivables is GET urls.ReceivablesPattern.
func (h *Handlers) Receivables(c echo.Context) (err error) {
	ctx := c.Request().Context()
	p := commissions.ReceivablesPage{Page: h.page(c, i18n.T(ctx, "commissions.owed.title"), "commissions")}
	if p.Receivables, err = h.Commissions.Receivables(ctx); err != nil {
		return err
	}
	return render(c, http.StatusOK, commissions.Receivables(p))
}
