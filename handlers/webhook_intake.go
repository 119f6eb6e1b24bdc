package handlers

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/services/webhooks"
)

// ReceiveWebhook is POST urls.WebhookIntakePattern, for rails: 200 once the notification is on disk. It reads the body
// itself, one byte beyond the limit at most, because one that is too large is kept in the log too.
func (h *Handlers) ReceiveWebhook(c echo.Context) error {
	r := c.Request()
	body, tooLarge, err := readNotification(r)
	if err != nil {
		return err
	}
	verdict, reason, err := h.Webhooks.Receive(r.Context(), webhooks.Delivery{Rail: c.Param("rail"), Slug: c.Param("connection"),
		Header: r.Header, Body: body, TooLarge: tooLarge, Remote: c.RealIP()})
	if err != nil {
		// The rail sends it again.
		return echo.NewHTTPError(http.StatusServiceUnavailable).SetInternal(err)
	}
	return c.NoContent(intakeStatus(verdict, reason))
}

// readNotification reads a body up to webhooks.MaxBody and answers whether there was more. A sender who hangs up or
// dawdles is answered 400: there is nothing worth keeping.
func readNotification(r *http.Request) (body []byte, tooLarge bool, err error) {
	size := min(max(r.ContentLength, 0), webhooks.MaxBody)
	body = make([]byte, 0, size+512)
	limited := io.LimitReader(r.Body, webhooks.MaxBody+1)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := limited.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, false, echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
		}
	}
	if len(body) > webhooks.MaxBody {
		return body[:webhooks.MaxBody], true, nil
	}
	return body, false, nil
}

// intakeStatus is what the rail is told. A duplicate is as good as accepted: it must not come again.
func intakeStatus(verdict webhooks.Verdict, reason webhooks.Reason) int {
	if verdict != webhooks.Rejected {
		return http.StatusOK
	}
	switch reason {
	case webhooks.ReasonTooLarge:
		return http.StatusRequestEntityTooLarge
	case webhooks.ReasonConnection:
		return http.StatusNotFound
	}
	return http.StatusUnauthorized
}
