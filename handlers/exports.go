package handlers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/exports"
	view "pagaduria/views/exports"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Exports are the pages that ask for a file of one list.
type Exports struct {
	h    *Handlers
	list string
}

// ExportsOf answers the pages of a list.
func (h *Handlers) ExportsOf(list string) Exports { return Exports{h, list} }

// exportForm is how the file is to be.
type exportForm struct {
	Format  string `form:"format"`
	Comma   string `form:"comma"`
	Decimal string `form:"decimal"`
	Head    bool   `form:"head"`
	Plain   bool   `form:"plain"`
}

// request reads from the address which rows are meant.
func (e Exports) request(by models.Actor, query url.Values) (r exports.Request, err error) {
	r.List = e.list
	switch e.list {
	case exports.Payouts:
		var q payoutQuery
		if err := decodeValues(query, &q); err != nil {
			return r, errPayoutFilter
		}
		r.Payouts, err = q.filter(e.h.Now())
	case exports.Commissions:
		var q commissionQuery
		if err := decodeValues(query, &q); err != nil {
			return r, err
		}
		r.Commissions, err = q.filter(e.h.Now())
	case exports.Orders:
		var q orderQuery
		err = decodeValues(query, &q)
		r.Orders = q.filter(e.h.Now())
	case exports.Distributors:
		var q distributorFilter
		err = decodeValues(query, &q)
		r.Distributors = q.filter()
	case exports.Audit:
		var q auditForm
		err = decodeValues(query, &q)
		r.Audit = q.filter(by)
	case exports.Statement:
		var q struct {
			Distributor int64 `form:"distributor"`
		}
		err = decodeValues(query, &q)
		r.DistributorID = q.Distributor
	}
	return r, err
}

// lines say what the file holds: the list, who asked when, and every filter.
func (e Exports) lines(ctx context.Context, by models.Actor, query url.Values) [][2]string {
	lines := [][2]string{{i18n.T(ctx, "export.line.list"), i18n.T(ctx, "export.list."+e.list)}, {i18n.T(ctx, "export.line.by"), by.Name},
		{i18n.T(ctx, "export.line.at"), i18n.DateTime(ctx, e.h.Now())}}
	for _, c := range e.filters(ctx, query) {
		lines = append(lines, [2]string{c.Name, c.Value})
	}
	return lines
}

// filters are the filters of the address in words.
func (e Exports) filters(ctx context.Context, query url.Values) []ui.Pair {
	l := savedLists[models.SavedList(e.list)]
	if e.list == exports.Audit {
		l = auditLog
	}
	return filterWords(ctx, l, query, e.h.Now())
}

// Form is GET urls.Export(list).
func (e Exports) Form(c echo.Context) error {
	query := listQuery(c.QueryParams(), "layout", "plain", "live", ui.ColumnsParam, ui.ViewParam)
	r, err := e.request(ActorFrom(c), query)
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	p := view.FormPage{Page: e.h.page(c, i18n.T(ctx, "export.title"), e.active()), List: e.list, Query: query, Filters: e.filters(ctx, query),
		Back: e.back(query, r.DistributorID), Office: officeLayout(c).Comma == ';', Plain: e.list == exports.Payouts && by.May(models.PermPersonalReveal)}
	sum, known, err := e.h.Exports.Sum(ctx, r)
	if err != nil {
		return err
	}
	p.Count, p.Known = sum.Count, known
	if sum.Total.Currency != "" {
		p.Total = i18n.Money(ctx, sum.Total)
	}
	return render(c, http.StatusOK, view.Form(p))
}

// Ask is POST urls.Export(list).
func (e Exports) Ask(c echo.Context) error {
	var f exportForm
	if err := decode(c, &f); err != nil {
		return err
	}
	query := listQuery(c.QueryParams(), "layout", "plain", "live", ui.ColumnsParam, ui.ViewParam)
	r, err := e.request(ActorFrom(c), query)
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	r.XLSX, r.Plain, r.Comma, r.Decimal = f.Format == "xlsx", f.Plain, ",", "."
	if f.Comma == ";" {
		r.Comma = ";"
	}
	if f.Decimal == "," {
		r.Decimal = ","
	}
	if f.Head {
		r.Head, r.Count, r.Total = e.lines(ctx, by, query), i18n.T(ctx, "export.line.count"), i18n.T(ctx, "export.line.total")
	}
	id, err := e.h.Exports.Ask(ctx, by, r)
	if err != nil {
		return err
	}
	return seeOther(c, urls.Task(id))
}

// active is the navigation entry that the list belongs to.
func (e Exports) active() string {
	if e.list == exports.Statement {
		return "ledger"
	}
	return e.list
}

// back leads to the list as it was filtered.
func (e Exports) back(query url.Values, distributorID int64) string {
	if e.list == exports.Statement {
		return urls.Statement(distributorID)
	}
	return urls.List(e.list, query)
}
