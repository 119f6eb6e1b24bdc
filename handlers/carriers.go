package handlers

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/tracking"
	pages "pagaduria/views/carriers"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// CarrierList is GET urls.CarriersPattern.
func (h *Handlers) CarrierList(c echo.Context) error {
	return h.showCarriers(c, http.StatusOK, models.Carrier{}, nil)
}

func (h *Handlers) showCarriers(c echo.Context, status int, typed models.Carrier, refusal error) error {
	ctx := c.Request().Context()
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "carriers.title"), "carriers"), Typed: typed, Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	var err error
	if p.Rows, err = h.Tracking.Carriers(ctx); err != nil {
		h.Log.ErrorContext(ctx, "list carriers", "error", err)
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p))
}

// AddCarrier is POST urls.CarriersPattern.
func (h *Handlers) AddCarrier(c echo.Context) error {
	var f struct {
		Name string `form:"name"`
		Slug string `form:"slug"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	typed := models.Carrier{Name: cut(f.Name, 60), Slug: f.Slug}
	id, err := h.Tracking.Add(c.Request().Context(), ActorFrom(c), typed)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showCarriers(c, Status(err), typed, err)
	}
	return h.done(c, err, "carriers.added", urls.Carrier(id))
}

// CarrierPage is GET urls.CarrierPattern. With a code in the query its form begins with that.
func (h *Handlers) CarrierPage(c echo.Context) error {
	return h.showCarrier(c, models.CarrierCode{Code: c.QueryParam("code")}, nil)
}

func (h *Handlers) showCarrier(c echo.Context, typed models.CarrierCode, refusal error) error {
	p, err := h.carrierPage(c)
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p.Typed, p.Errors, p.Error = typed, fieldErrors(ctx, refusal), Sentence(ctx, refusal)
	return render(c, status, pages.Record(p))
}

func (h *Handlers) carrierPage(c echo.Context) (p pages.RecordPage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	if p.Codebook, err = h.Tracking.Carrier(c.Request().Context(), id); err != nil {
		return p, err
	}
	p.Page, p.Address = h.page(c, p.Carrier.Name, "carriers"), h.Hooks+urls.TrackingIntake(p.Carrier.Slug)
	return p, nil
}

type codeForm struct {
	Version int    `form:"version"`
	Code    string `form:"code"`
	Means   string `form:"means"`
	Note    string `form:"note"`
}

// SetCarrierCode is POST urls.CarrierCodePattern.
func (h *Handlers) SetCarrierCode(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f codeForm
	if err := decode(c, &f); err != nil {
		return err
	}
	code := models.CarrierCode{Code: f.Code, Means: models.TrackingMeaning(f.Means), Note: cut(f.Note, 200)}
	err = h.Tracking.SetCode(c.Request().Context(), ActorFrom(c), id, f.Version, code)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showCarrier(c, code, err)
	}
	return h.done(c, err, "carriers.code_saved", urls.Carrier(id))
}

// DropCarrierCode is POST urls.DropCarrierCodePattern.
func (h *Handlers) DropCarrierCode(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f codeForm
	if err := decode(c, &f); err != nil {
		return err
	}
	err = h.Tracking.DropCode(c.Request().Context(), ActorFrom(c), id, f.Version, f.Code)
	if models.KindOf(err) == models.Conflict {
		return h.showCarrier(c, models.CarrierCode{}, err)
	}
	return h.done(c, err, "carriers.code_dropped", urls.Carrier(id))
}

// ReceiveTracking is POST urls.TrackingIntakePattern, for carriers: 200 once the message is on disk.
func (h *Handlers) ReceiveTracking(c echo.Context) error {
	r := c.Request()
	body, err := io.ReadAll(io.LimitReader(r.Body, tracking.MaxDelivery+1))
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	d := tracking.Delivery{Slug: c.Param("connection"), Header: r.Header, Body: body, Remote: c.RealIP()}
	if len(body) > tracking.MaxDelivery {
		d.Body, d.TooLarge = body[:tracking.MaxDelivery], true
	}
	reason, err := h.Tracking.Receive(r.Context(), d)
	if err != nil {
		// The carrier sends it again.
		return echo.NewHTTPError(http.StatusServiceUnavailable).SetInternal(err)
	}
	return c.NoContent(trackingStatus[reason])
}

// trackingStatus is what the carrier is told. A duplicate is as good as accepted: it must not come again.
var trackingStatus = map[string]int{"": http.StatusOK, tracking.RejectedCarrier: http.StatusNotFound, tracking.RejectedClosed: http.StatusUnauthorized,
	tracking.RejectedSize: http.StatusRequestEntityTooLarge, tracking.RejectedSignature: http.StatusUnauthorized}

// NewCarrierSecret is POST urls.CarrierSecretPattern. The page it answers is the only one that ever shows the secret.
func (h *Handlers) NewCarrierSecret(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	secret, err := h.Tracking.NewSecret(c.Request().Context(), ActorFrom(c), id)
	if err != nil {
		return err
	}
	p, err := h.carrierPage(c)
	if err != nil {
		return err
	}
	p.Secret = secret
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return render(c, http.StatusOK, pages.Record(p))
}

// CarrierMessageAgain is POST urls.CarrierAgainPattern.
func (h *Handlers) CarrierMessageAgain(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	message, err := pathID(c, "message")
	if err != nil {
		return err
	}
	outcome, err := h.Tracking.Again(c.Request().Context(), ActorFrom(c), id, message)
	if err == nil && outcome == models.DeliveryRefused {
		err = errStillRefused
	}
	if models.KindOf(err) == models.Conflict {
		return h.showCarrier(c, models.CarrierCode{}, err)
	}
	return h.done(c, err, "shops.processed", urls.Carrier(id))
}

// SetCarrierDays is POST urls.CarrierDaysPattern.
func (h *Handlers) SetCarrierDays(c echo.Context) error {
	p, err := h.carrierPage(c)
	if err != nil {
		return err
	}
	var f struct {
		Version int `form:"version"`
		Stuck   int `form:"stuck_days"`
		Remit   int `form:"remit_days"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	p.Carrier.Version, p.Carrier.StuckDays, p.Carrier.RemitDays = f.Version, f.Stuck, f.Remit
	err = h.Tracking.SetDays(c.Request().Context(), ActorFrom(c), p.Carrier)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		ctx := c.Request().Context()
		p.Errors, p.Error = fieldErrors(ctx, err), Sentence(ctx, err)
		return render(c, Status(err), pages.Record(p))
	}
	return h.done(c, err, "carriers.days_saved", urls.Carrier(p.Carrier.ID))
}

// SetCarrierPolling is POST urls.CarrierPollingPattern.
func (h *Handlers) SetCarrierPolling(c echo.Context) error {
	p, err := h.carrierPage(c)
	if err != nil {
		return err
	}
	var f struct {
		Version int    `form:"version"`
		Polling bool   `form:"polling"`
		URL     string `form:"poll_url"`
		Token   string `form:"poll_token"`
		Rate    int    `form:"poll_rate"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	p.Carrier.Version, p.Carrier.Polling, p.Carrier.PollURL, p.Carrier.PollRate = f.Version, f.Polling, f.URL, f.Rate
	err = h.Tracking.SetPolling(c.Request().Context(), ActorFrom(c), p.Carrier, f.Token)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		ctx := c.Request().Context()
		p.Errors, p.Error = fieldErrors(ctx, err), Sentence(ctx, err)
		return render(c, Status(err), pages.Record(p))
	}
	return h.done(c, err, "carriers.polling_saved", urls.Carrier(p.Carrier.ID))
}
