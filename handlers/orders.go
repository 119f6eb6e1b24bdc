package handlers

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	"pagaduria/views/orders"
)

// orderQuery is the address of the list of orders.
type orderQuery struct {
	Query   string           `form:"q"`
	Status  string           `form:"status"`
	Payment string           `form:"payment"`
	Carrier string           `form:"carrier"`
	Parcel  string           `form:"parcel"`
	From    models.FilterDay `form:"from"`
	To      models.FilterDay `form:"to"`
	After   string           `form:"after"`
	Sum     bool             `form:"sum"`
}

// filter is the query as the service knows it; a word that is none of ours does not filter.
func (q orderQuery) filter(now time.Time) models.OrderFilter {
	f := models.OrderFilter{Query: q.Query, Carrier: q.Carrier, From: q.From.First(models.Day(now)), To: q.To.Last(models.Day(now))}
	if s := models.OrderStatus(q.Status); s.Valid() {
		f.Status = s
	}
	if a := models.ParcelAlarm(q.Parcel); slices.Contains(models.ParcelAlarms, a) {
		f.Parcel = a
	}
	if slices.Contains(models.OrderPayments, q.Payment) {
		f.Payment = q.Payment
	}
	return f
}

// OrderList is GET urls.OrdersPattern.
func (h *Handlers) OrderList(c echo.Context) error {
	values, views, to := h.listed(c, models.ListOrders)
	if to != "" {
		return seeOther(c, to)
	}
	var q orderQuery
	if err := decodeValues(values, &q); err != nil {
		return err
	}
	at, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	ctx, f := c.Request().Context(), q.filter(h.Now())
	page := orders.ListPage{Page: h.page(c, i18n.T(ctx, "orders.title"), "orders"), Query: views.Address, Views: views, Filter: f}
	if page.Carriers, err = h.Orders.Carriers(ctx); err != nil {
		return err
	}
	if page.Tallies, err = h.Orders.Tallies(ctx); err != nil {
		return err
	}
	rows, err := h.Orders.List(ctx, f, at)
	if err != nil {
		return err
	}
	page.Rows, page.Newer, page.Older, page.Walked = rows.Rows, rows.Newer, rows.Older, rows.Walked
	if q.Sum {
		sum, err := h.Orders.Sum(ctx, f)
		if err != nil {
			return err
		}
		page.Sum = &sum
	}
	return render(c, http.StatusOK, orders.List(page), orders.ListPart(page))
}

// OrderFile is GET urls.OrdersFilePattern.
func (h *Handlers) OrderFile(c echo.Context) error {
	var q orderQuery
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	startFile(c, "orders")
	return h.Orders.Export(c.Request().Context(), ActorFrom(c), q.filter(h.Now()), sheet.NewWriter(c.Response(), officeLayout(c)))
}

// OrderPage is GET urls.OrderPattern.
func (h *Handlers) OrderPage(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	trail, err := h.Orders.Trail(ctx, id)
	if err != nil {
		return err
	}
	title := i18n.T(ctx, "orders.of", "Number", trail.Order.Number)
	p := orders.RecordPage{Page: h.page(c, title, "orders"), OrderTrail: trail}
	if p.Whose, p.Changes, err = h.Orders.AttributionOf(ctx, id); err != nil {
		return err
	}
	if p.Earns, err = h.Plans.Earnings(ctx, id); err != nil {
		return err
	}
	return render(c, http.StatusOK, orders.Record(p))
}
