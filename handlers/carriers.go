package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
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
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p := pages.RecordPage{Typed: typed, Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	if p.Codebook, err = h.Tracking.Carrier(ctx, id); err != nil {
		return err
	}
	p.Page = h.page(c, p.Carrier.Name, "carriers")
	return render(c, status, pages.Record(p))
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
