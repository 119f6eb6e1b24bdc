package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
)

// clientGone is what the log says when nobody waited for the answer.
const clientGone = 499

// statuses maps the kinds of refusals to HTTP.
var statuses = map[models.ErrorKind]int{
	models.Invalid: http.StatusUnprocessableEntity, models.NotFound: http.StatusNotFound, models.Forbidden: http.StatusForbidden,
	models.Conflict: http.StatusConflict, models.Unavailable: http.StatusServiceUnavailable,
}

// Status is the HTTP status an error is answered with.
func Status(err error) int {
	if status, ok := statuses[models.KindOf(err)]; ok {
		return status
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	var he *echo.HTTPError
	if errors.As(err, &he) {
		return he.Code
	}
	return http.StatusInternalServerError
}

// Error answers any error a handler returned: a page, or for htmx a banner in the message region. The
// chain of an internal one goes to the log, and the person gets a fixed sentence with the request's id.
func (h *Handlers) Error(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status := Status(err)
	ctx := c.Request().Context()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		c.Response().Status = clientGone
		return
	}
	// The route's time may be over; the page that says so must still be written.
	ctx = context.WithoutCancel(ctx)
	c.SetRequest(c.Request().WithContext(ctx))
	p := layout.Problem{Status: status, Text: Sentence(ctx, err)}
	if status >= http.StatusInternalServerError {
		p.Ref = c.Response().Header().Get(echo.HeaderXRequestID)
		if models.KindOf(err) == "" {
			h.Log.ErrorContext(ctx, "request failed", slog.String("route", c.Path()), slog.Any("error", err))
		}
	}
	if c.Request().Method == http.MethodGet && (status >= 500 || status == http.StatusConflict) {
		p.Again = c.Request().URL.RequestURI()
	}
	if partial(c) {
		header := c.Response().Header()
		header.Set("HX-Retarget", "#flash")
		header.Set("HX-Reswap", "outerHTML")
		header.Set("HX-Push-Url", "false")
	}
	if err := render(c, status, layout.ErrorPage(h.page(c, http.StatusText(status), ""), p), layout.ErrorFlash(p)); err != nil {
		h.Log.ErrorContext(ctx, "error page failed", slog.Any("error", err))
	}
}

// Sentence is what a person is told about a refusal, in their language; "" for an internal error.
func Sentence(ctx context.Context, err error) string {
	var e *models.Error
	if !errors.As(err, &e) {
		return ""
	}
	if e.Key == "" || !i18n.Has(e.Key) {
		return e.Message
	}
	args := make([]any, 0, 2*len(e.Args))
	for name, value := range e.Args {
		args = append(args, name, value)
	}
	return i18n.T(ctx, e.Key, args...)
}

// fieldKeys are the message keys of the fields that an error is about, by field.
func fieldKeys(err error) map[string]string {
	var e *models.Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.Fields
}

// fieldErrors are the sentences to show beside the fields of a form, by field.
func fieldErrors(ctx context.Context, err error) map[string]string {
	var e *models.Error
	if !errors.As(err, &e) {
		return nil
	}
	said := make(map[string]string, len(e.Fields))
	for field, key := range e.Fields {
		said[field] = i18n.T(ctx, key)
	}
	return said
}
