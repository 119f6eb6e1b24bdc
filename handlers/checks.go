package handlers

import (
	"github.com/labstack/echo/v4"

	"pagaduria/models"
	view "pagaduria/views/checks"
	"pagaduria/views/layout"
)

// startCheck has a long check made and goes to the page that says how far it is.
func (h *Handlers) startCheck(c echo.Context, kind models.CheckKind, subject int64, page string) error {
	if _, err := h.Checks.Start(c.Request().Context(), ActorFrom(c), kind, subject); err != nil {
		return err
	}
	return seeOther(c, page)
}

// lastCheck is the part of a page about its last check; what that found goes into found.
func (h *Handlers) lastCheck(c echo.Context, page layout.Page, kind models.CheckKind, subject int64, found any) (view.Part, error) {
	last, err := h.Checks.Last(c.Request().Context(), kind, subject, found)
	return view.Part{Page: page, Self: c.Request().URL.RequestURI(), Check: last.Check, Found: last.Found, Task: last.Task, Asked: last.Asked,
		MayStop: last.Task.Stop(ActorFrom(c)) == nil && !last.Task.Stopping}, err
}

// asksCheck answers whether htmx asks for that part alone.
func asksCheck(c echo.Context) bool {
	return partial(c) && c.Request().Header.Get("HX-Target") == "check"
}
