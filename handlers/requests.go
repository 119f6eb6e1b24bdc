package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/requests"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	view "pagaduria/views/requests"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// RequestList is GET urls.RequestsPattern.
func (h *Handlers) RequestList(c echo.Context) error {
	ctx := c.Request().Context()
	values, views, to := h.listed(c, models.ListRequests)
	if to != "" {
		return seeOther(c, to)
	}
	state := models.RequestState(values.Get("state"))
	if state != "" && !slices.Contains(models.RequestStates, state) {
		return models.Refuse(models.Invalid, "error.bad_form", "Correct the marked fields and send the form again.", nil)
	}
	at, err := store.ParseCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "request.title"), "requests"), State: state, Views: views}
	status := http.StatusOK
	if err := h.fillRequests(ctx, ActorFrom(c), &p, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of requests failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, view.List(p), view.ListPart(p))
}

func (h *Handlers) fillRequests(ctx context.Context, by models.Actor, p *view.ListPage, at store.Cursor) error {
	page, err := h.Requests.List(ctx, by, p.State, at)
	if err != nil {
		return err
	}
	p.Rows = page.Rows
	p.Pages = ui.Pages{Newer: pageURL(urls.Requests(), p.Views.Address, page.Newer), Older: pageURL(urls.Requests(), p.Views.Address, page.Older)}
	if p.State == "" && at.First() {
		p.Mine, err = h.Requests.ForMe(ctx, by)
	}
	return err
}

// RequestPage is GET urls.RequestPattern.
func (h *Handlers) RequestPage(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.showRequest(c, id, http.StatusOK, func(*view.ShowPage) {})
}

// showRequest draws a request; say adds what the last try left to be said.
func (h *Handlers) showRequest(c echo.Context, id int64, status int, say func(*view.ShowPage)) error {
	ctx, by := c.Request().Context(), ActorFrom(c)
	r, mayNot, err := h.Requests.Request(ctx, by, id)
	if err != nil {
		return err
	}
	p := view.ShowPage{Page: h.page(c, view.KindName(ctx, r.Kind), "requests"), Request: r, MayDecide: mayNot == nil,
		MayWithdraw: r.State == models.RequestOpen && r.MakerID == by.StaffID}
	p.MayReveal = by.May(models.PermPersonalReveal) && h.Requests.Reveals(r.Kind)
	if mayNot != nil && r.State == models.RequestOpen {
		p.WhyNot = Sentence(ctx, mayNot)
	}
	if p.MayDecide {
		if p.DemoCode, err = h.Staff.DemoCode(ctx, VisitorFrom(c).Staff.Email); err != nil {
			return err
		}
		if p.Passkey, err = h.passkeyHere(c, by.StaffID); err != nil {
			return err
		}
	}
	say(&p)
	return render(c, status, view.Show(p), view.ShowPart(p))
}

type requestForm struct {
	Version int    `form:"version"`
	Code    string `form:"code"`
	Answer  string `form:"answer"`
}

// GrantRequest is POST urls.GrantRequestPattern.
func (h *Handlers) GrantRequest(c echo.Context) error { return h.decideRequest(c, true) }

// RefuseRequest is POST urls.RefuseRequestPattern.
func (h *Handlers) RefuseRequest(c echo.Context) error { return h.decideRequest(c, false) }

func (h *Handlers) decideRequest(c echo.Context, grant bool) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f requestForm
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	r, mayNot, err := h.Requests.Request(ctx, by, id)
	if err != nil {
		return err
	}
	if mayNot != nil { // whoever may not decide keeps the code
		return h.refusedRequest(c, id, f, mayNot)
	}
	factorAt := VisitorFrom(c).Session.FactorAt
	if grant && (f.Code != "" || h.Now().Sub(factorAt) > models.FactorWindow) {
		if err := h.Staff.CheckCode(ctx, by, f.Code); err != nil {
			if models.KindOf(err) != models.Invalid {
				return err
			}
			return h.showRequest(c, id, Status(err), func(p *view.ShowPage) { p.CodeError, p.Answer = Sentence(ctx, err), f.Answer })
		}
		factorAt = h.Now()
	}
	err = h.Requests.Decide(ctx, by, id, requests.Verdict{Grant: grant, Answer: cut(f.Answer, 1000), Seen: f.Version, FactorAt: factorAt})
	if err != nil {
		return h.refusedRequest(c, id, f, err)
	}
	said := i18n.T(ctx, "request.granted_flash")
	if !grant {
		said = i18n.T(ctx, "request.refused_flash", "Name", r.MakerName)
	}
	if err := h.flash(c, "ok", said); err != nil {
		return err
	}
	return seeOther(c, urls.Request(id))
}

// refusedRequest answers a refused step with the request as it is now and the sentence above it.
func (h *Handlers) refusedRequest(c echo.Context, id int64, f requestForm, err error) error {
	kind := models.KindOf(err)
	if kind == "" || kind == models.NotFound {
		return err
	}
	ctx := c.Request().Context()
	return h.showRequest(c, id, Status(err), func(p *view.ShowPage) {
		p.Answer = f.Answer
		if kind == models.Invalid {
			p.AnswerError = fieldErrors(ctx, err)["answer"]
		}
		p.Problem = Sentence(ctx, err)
	})
}

// WithdrawRequest is POST urls.WithdrawRequestPattern.
func (h *Handlers) WithdrawRequest(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := h.Requests.Withdraw(c.Request().Context(), ActorFrom(c), id); err != nil {
		return h.refusedRequest(c, id, requestForm{}, err)
	}
	return h.done(c, nil, "request.withdrawn_flash", urls.Request(id))
}

// RevealRequest is POST urls.RevealRequestPattern: it answers the request's page with the numbers whole.
func (h *Handlers) RevealRequest(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Reason string `form:"reason"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	r, err := h.Requests.Reveal(ctx, ActorFrom(c), id, cut(f.Reason, 1000))
	if models.KindOf(err) == models.Invalid {
		return h.showRequest(c, id, Status(err), func(p *view.ShowPage) { p.RevealError = fieldErrors(ctx, err)["reason"] })
	}
	if err != nil {
		return err
	}
	return h.showRequest(c, id, http.StatusOK, func(p *view.ShowPage) { p.Request.Changes, p.MayReveal = r.Changes, false })
}
