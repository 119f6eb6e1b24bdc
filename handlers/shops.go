package handlers

import (
	"io"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/orders"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	pages "pagaduria/views/shops"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ReceiveOrder is POST urls.ShopIntakePattern and urls.OnlyShopIntakePattern, for shops: 200 once the message is on disk.
func (h *Handlers) ReceiveOrder(c echo.Context) error {
	kind := shop.Kind(c.Param("source"))
	if !kind.Valid() {
		return c.NoContent(http.StatusNotFound)
	}
	r := c.Request()
	body, err := io.ReadAll(io.LimitReader(r.Body, orders.MaxDelivery+1))
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	d := orders.Delivery{Kind: kind, Slug: c.Param("connection"), Header: r.Header, Body: body, Remote: c.RealIP()}
	if len(body) > orders.MaxDelivery {
		d.Body, d.TooLarge = body[:orders.MaxDelivery], true
	}
	reason, err := h.Orders.Receive(r.Context(), d)
	if err != nil {
		// The shop sends it again.
		return echo.NewHTTPError(http.StatusServiceUnavailable).SetInternal(err)
	}
	return c.NoContent(deliveryStatus[reason])
}

// deliveryStatus is what the shop is told. A duplicate is as good as accepted: it must not come again.
var deliveryStatus = map[string]int{"": http.StatusOK, orders.RejectedShop: http.StatusNotFound, orders.RejectedPaused: http.StatusServiceUnavailable,
	orders.RejectedSize: http.StatusRequestEntityTooLarge, orders.RejectedSignature: http.StatusUnauthorized}

// ShopList is GET urls.ShopsPattern.
func (h *Handlers) ShopList(c echo.Context) error {
	ctx, status := c.Request().Context(), http.StatusOK
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "shops.title"), "shops")}
	var err error
	if p.Rows, err = h.Orders.Shops(ctx); err != nil {
		h.Log.ErrorContext(ctx, "list shops", "error", err)
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p))
}

type shopForm struct {
	Version int    `form:"version"`
	Kind    string `form:"kind"`
	Slug    string `form:"slug"`
	Name    string `form:"name"`
	Prefix  string `form:"prefix"`
	State   string `form:"state"`
	Secret  string `form:"secret"`
}

func (f shopForm) shop(id int64) models.Shop {
	return models.Shop{ID: id, Kind: f.Kind, Slug: f.Slug, Name: f.Name, Prefix: f.Prefix, Active: f.State != "paused", Version: f.Version}
}

// NewShop is GET urls.NewShopPattern.
func (h *Handlers) NewShop(c echo.Context) error {
	return h.showNewShop(c, http.StatusOK, models.Shop{Kind: string(shop.Shopify), Active: true}, nil)
}

func (h *Handlers) showNewShop(c echo.Context, status int, x models.Shop, refusal error) error {
	ctx := c.Request().Context()
	return render(c, status, pages.New(pages.RecordPage{Page: h.page(c, i18n.T(ctx, "shops.add"), "shops"), Shop: x, Errors: fieldErrors(ctx, refusal),
		Error: Sentence(ctx, refusal)}))
}

// AddShop is POST urls.NewShopPattern.
func (h *Handlers) AddShop(c echo.Context) error {
	var f shopForm
	if err := decode(c, &f); err != nil {
		return err
	}
	id, err := h.Orders.SaveShop(c.Request().Context(), ActorFrom(c), f.shop(0), f.Secret)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showNewShop(c, Status(err), f.shop(0), err)
	}
	return h.done(c, err, "shops.added", urls.Shop(id))
}

// ShopPage is GET urls.ShopPattern.
func (h *Handlers) ShopPage(c echo.Context) error {
	p, err := h.shopPage(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Record(p))
}

func (h *Handlers) shopPage(c echo.Context) (p pages.RecordPage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	if p.Shop, err = h.Orders.Shop(ctx, id); err != nil {
		return p, err
	}
	latest, err := h.Orders.Deliveries(ctx, orders.DeliveryFilter{ShopID: id})
	if err != nil {
		return p, err
	}
	p.Page, p.Title = h.page(c, p.Shop.Name, "shops"), p.Shop.Name
	p.Latest = latest.Rows[:min(len(latest.Rows), 10)]
	p.Address = h.Hooks + urls.ShopIntake(p.Shop.Kind, p.Shop.Slug)
	return p, nil
}

// SaveShop is POST urls.ShopPattern.
func (h *Handlers) SaveShop(c echo.Context) error {
	var f shopForm
	if err := decode(c, &f); err != nil {
		return err
	}
	p, err := h.shopPage(c)
	if err != nil {
		return err
	}
	x := f.shop(p.Shop.ID)
	x.Kind, x.Slug, x.ChangedAt = p.Shop.Kind, p.Shop.Slug, p.Shop.ChangedAt
	_, err = h.Orders.SaveShop(c.Request().Context(), ActorFrom(c), x, f.Secret)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		ctx := c.Request().Context()
		p.Shop, p.Errors, p.Error = x, fieldErrors(ctx, err), Sentence(ctx, err)
		return render(c, Status(err), pages.Record(p))
	}
	return h.done(c, err, "shops.saved", urls.Shop(x.ID))
}

type messageQuery struct {
	Number  string `form:"q"`
	Shop    int64  `form:"shop"`
	Verdict string `form:"verdict"`
	Outcome string `form:"outcome"`
	After   string `form:"after"`
}

// ShopMessages is GET urls.ShopMessagesPattern.
func (h *Handlers) ShopMessages(c echo.Context) error {
	var q messageQuery
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	f := orders.DeliveryFilter{ShopID: q.Shop, Verdict: q.Verdict, Outcome: q.Outcome, Number: q.Number}
	var err error
	if f.Cursor, err = store.ParseCursor(q.After); err != nil {
		return err
	}
	ctx, status, values := c.Request().Context(), http.StatusOK, c.QueryParams()
	p := pages.LogPage{Page: h.page(c, i18n.T(ctx, "shops.messages"), "shops"), Query: values, Verdict: q.Verdict, Outcome: q.Outcome, Shop: q.Shop,
		Filters: ui.Filters{Action: urls.ShopMessages(), Query: q.Number, Placeholder: i18n.T(ctx, "shops.find"), Keep: kept(values.Get, "verdict")}}
	if err := h.fillMessages(c, &p, f, values); err != nil {
		h.Log.ErrorContext(ctx, "list messages of shops", "error", err)
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.Log(p), pages.LogPart(p))
}

func (h *Handlers) fillMessages(c echo.Context, p *pages.LogPage, f orders.DeliveryFilter, values url.Values) error {
	ctx := c.Request().Context()
	list, err := h.Orders.Deliveries(ctx, f)
	if err != nil {
		return err
	}
	tallies, err := h.Orders.DeliveryTallies(ctx)
	if err != nil {
		return err
	}
	shops, err := h.Orders.Shops(ctx)
	p.Rows, p.Tallies, p.Shops = list.Rows, tallies, shops
	p.Pages = ui.Pages{Newer: pageURL(urls.ShopMessages(), values, list.Newer), Older: pageURL(urls.ShopMessages(), values, list.Older)}
	return err
}

// ShopMessage is GET urls.ShopMessagePattern.
func (h *Handlers) ShopMessage(c echo.Context) error { return h.showMessage(c, http.StatusOK, nil) }

func (h *Handlers) showMessage(c echo.Context, status int, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	d, err := h.Orders.Delivered(ctx, id)
	if err != nil {
		return err
	}
	p := pages.MessagePage{Page: h.page(c, i18n.T(ctx, "shops.message"), "shops"), Message: d.ShopDelivery, Error: Sentence(ctx, refusal)}
	for _, header := range headersOf(d.Headers) {
		p.Headers = append(p.Headers, ui.Pair(header))
	}
	// Names and addresses stand in it, so that it is for those who may see personal data; numbers stay masked for them too.
	if ActorFrom(c).May(models.PermPersonalReveal) {
		p.Body = models.ShowWebhook(d.Body, false).Raw
	}
	return render(c, status, pages.Message(p))
}

// ShopMessageAgain is POST urls.ShopMessageAgainPattern.
func (h *Handlers) ShopMessageAgain(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	outcome, err := h.Orders.AgainDelivery(c.Request().Context(), ActorFrom(c), id)
	if models.KindOf(err) == models.Conflict {
		return h.showMessage(c, Status(err), err)
	}
	if err == nil && outcome == models.ShopRefused {
		return h.showMessage(c, http.StatusConflict, errStillRefused)
	}
	return h.done(c, err, "shops.processed", urls.ShopMessage(id))
}

var errStillRefused = models.Refuse(models.Conflict, "shops.still_refused", "It was processed again and refused again.", nil)
