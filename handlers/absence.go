package handlers

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/views/account"
	"pagaduria/views/urls"
)

// GoAway is POST urls.AbsencesPattern.
func (h *Handlers) GoAway(c echo.Context) error {
	var f struct {
		From     time.Time `form:"from"`
		To       time.Time `form:"to"`
		Delegate int64     `form:"delegate"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	err := h.Staff.GoAway(c.Request().Context(), ActorFrom(c), models.Absence{From: f.From, To: f.To, DelegateID: f.Delegate})
	if models.KindOf(err) != "" {
		typed := account.Away{From: c.FormValue("from"), To: c.FormValue("to"), Delegate: strconv.FormatInt(f.Delegate, 10)}
		return h.accountPage(c, Status(err), err, func(p *account.Page) { p.Away = typed })
	}
	return h.done(c, err, "account.away_done", urls.Account())
}

// EndAbsence is POST urls.EndAbsencePattern.
func (h *Handlers) EndAbsence(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.done(c, h.Staff.ComeBack(c.Request().Context(), ActorFrom(c), id), "account.away_ended", urls.Account())
}
