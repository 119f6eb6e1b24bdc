package handlers

import (
	"bytes"
	"net/http"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/layout"
)

// page fills what every page's frame needs; title is in the reader's language, active the key of the
// navigation entry.
func (h *Handlers) page(c echo.Context, title, active string) layout.Page {
	v := VisitorFrom(c)
	return layout.Page{
		Title: title, Active: active, Staff: viewer(c), CSRF: v.CSRF, Flash: v.Flash, Theme: v.Theme,
		Path: c.Request().URL.RequestURI(), Demo: h.Demo, Now: h.Now(), Merchant: h.Merchant,
		Counts: h.badges(c), Unread: h.unread(c),
	}
}

// badges are the numbers beside entries of the navigation: how many batches wait for approval, up to a second old, and how
// many cases for reviewers. Without them the page is whole, so a failure is left to the page's own queries to tell.
func (h *Handlers) badges(c echo.Context) map[string]int {
	ctx, by, counts := c.Request().Context(), ActorFrom(c), map[string]int{}
	if by.May(models.PermBatchesView) && h.Payouts != nil {
		if waiting, err := h.Payouts.Waiting(ctx); err == nil {
			counts["batches"] = int(waiting)
		}
	}
	if by.May(models.PermKYCReview) && h.Review != nil {
		if n, err := h.Review.Counts(ctx, by); err == nil {
			counts["reviews"] = int(n[kyc.TabAll] - n[kyc.TabWaiting])
		}
	}
	return counts
}

// unread is the number at the bell, up to a second old; a page without it is whole.
func (h *Handlers) unread(c echo.Context) int {
	by := ActorFrom(c)
	if by.StaffID == 0 || h.Alerts == nil {
		return 0
	}
	n, err := h.Alerts.Badge(c.Request().Context(), by)
	if err != nil {
		return 0
	}
	return n
}

// partial answers whether htmx asks for a part: not for a whole page by a boosted link, and not to
// restore one from history.
func partial(c echo.Context) bool {
	r := c.Request().Header
	return r.Get("HX-Request") == "true" && r.Get("HX-Boosted") != "true" && r.Get("HX-History-Restore-Request") != "true"
}

// buffers hold pages while they are rendered, so that a failing template answers with an error page
// instead of half a page.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// keptBuffer bounds what one odd, huge page leaves in memory.
const keptBuffer = 512 << 10

// render answers the whole page, or only the parts when htmx asked for them. Without parts htmx gets
// the page as well.
func render(c echo.Context, status int, page templ.Component, parts ...templ.Component) error {
	header := c.Response().Header()
	header.Add("Vary", "HX-Request, HX-Boosted, HX-History-Restore-Request")
	if !partial(c) || len(parts) == 0 {
		parts = []templ.Component{page}
	}
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	defer func() {
		if b.Cap() <= keptBuffer {
			buffers.Put(b)
		}
	}()
	for _, part := range parts {
		if err := part.Render(c.Request().Context(), b); err != nil {
			return err
		}
	}
	return c.HTMLBlob(status, b.Bytes())
}

// seeOther sends the browser to another page after a POST. htmx follows it as a whole navigation.
func seeOther(c echo.Context, url string) error {
	if partial(c) {
		c.Response().Header().Set("HX-Redirect", url)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, url)
}
