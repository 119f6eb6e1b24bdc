package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/views/i18n"
	pages "pagaduria/views/search"
	"pagaduria/views/urls"
)

// palette is the id of the list that the box over every page fills by htmx.
const palette = "pal-list"

// Search is GET urls.SearchPattern. A number that names one record alone leads straight to it; while somebody types
// into the palette nothing is opened.
func (h *Handlers) Search(c echo.Context) error {
	var f struct {
		Query string `form:"q"`
	}
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	p := pages.Page{Page: h.page(c, i18n.T(ctx, "search.title"), ""), Query: f.Query}
	var err error
	if p.Found, err = h.Finder.Find(ctx, ActorFrom(c), f.Query); err != nil {
		h.Log.ErrorContext(ctx, "search", "error", err)
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	if only, one := p.Found.Only(); one && !partial(c) {
		return c.Redirect(http.StatusSeeOther, recordURL(only))
	}
	c.Response().Header().Add("Vary", "HX-Target")
	if c.Request().Header.Get("HX-Target") == palette {
		return render(c, status, pages.Results(p), pages.Palette(p))
	}
	return render(c, status, pages.Results(p), pages.ResultsPart(p))
}

func recordURL(x models.FoundExact) string {
	switch x.Kind {
	case "payout":
		return urls.Payout(x.ID)
	case "batch":
		return urls.Batch(x.ID)
	case "order":
		return urls.Order(x.ID)
	}
	return urls.Distributor(x.ID)
}
