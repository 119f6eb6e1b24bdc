package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/privacy"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	pages "pagaduria/views/privacy"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// PrivacyList is GET urls.PrivacyListPattern.
func (h *Handlers) PrivacyList(c echo.Context) error {
	at, err := store.ParseCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "privacy.title"), "privacy"), State: c.QueryParam("state"), Query: listQuery(c.QueryParams()), Today: h.Privacy.Today()}
	status := http.StatusOK
	if err := h.fillPrivacy(ctx, ActorFrom(c), &p, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of privacy requests failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p), pages.ListPart(p))
}

func (h *Handlers) fillPrivacy(ctx context.Context, by models.Actor, p *pages.ListPage, at store.Cursor) error {
	n, err := h.Privacy.Counts(ctx)
	if err != nil {
		return err
	}
	p.Open, p.Overdue, p.All = n.Open, n.Overdue, n.All
	list, err := h.Privacy.List(ctx, by, p.State, at)
	p.Rows, p.Pages = list.Rows, ui.Pages{Newer: pageURL(urls.PrivacyList(), p.Query, list.Newer), Older: pageURL(urls.PrivacyList(), p.Query, list.Older)}
	return err
}

// PrivacyOf is GET urls.PrivacyPattern.
func (h *Handlers) PrivacyOf(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.showPrivacy(c, id, privacyForm{}, nil)
}

type privacyForm struct {
	Kind  string    `form:"kind"`
	Asked string    `form:"asked"`
	On    time.Time `form:"received_on"`
}

func (h *Handlers) showPrivacy(c echo.Context, id int64, f privacyForm, refusal error) (err error) {
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	today := h.Privacy.Today()
	p := pages.PayeePage{Today: today, Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal), Kind: f.Kind, Asked: f.Asked, On: today.Format(time.DateOnly)}
	if !f.On.IsZero() {
		p.On = f.On.Format(time.DateOnly)
	}
	if p.Data, err = h.Privacy.Of(ctx, ActorFrom(c), id); err != nil {
		return err
	}
	p.Page, p.WhyNot = h.page(c, i18n.T(ctx, "privacy.of", "Name", p.Data.Of.Name()), "privacy"), Sentence(ctx, p.Data.WhyNotErased(today))
	return render(c, status, pages.Payee(p))
}

// refusedPrivacy answers a refused step with the page and the sentence above it.
func (h *Handlers) refusedPrivacy(c echo.Context, id int64, f privacyForm, err error, key string) error {
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showPrivacy(c, id, f, err)
	}
	return h.done(c, err, key, urls.Privacy(id))
}

// ReceivePrivacy is POST urls.PrivacyReceivePattern.
func (h *Handlers) ReceivePrivacy(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f privacyForm
	if err := decode(c, &f); err != nil {
		return err
	}
	_, err = h.Privacy.Receive(c.Request().Context(), ActorFrom(c), id, models.NewPrivacyRequest{Kind: models.PrivacyKind(f.Kind), Asked: cut(f.Asked, 2000), ReceivedOn: f.On})
	return h.refusedPrivacy(c, id, f, err, "privacy.received_flash")
}

// AnswerPrivacy is POST urls.PrivacyAnswerPattern.
func (h *Handlers) AnswerPrivacy(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Version int    `form:"version"`
		To      string `form:"to"`
		Text    string `form:"text"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	payee, err := h.Privacy.Answer(c.Request().Context(), ActorFrom(c), id, privacy.Reply{Seen: f.Version, To: f.To, Text: cut(f.Text, 2000)})
	if payee == 0 {
		return h.done(c, err, "privacy.answered_flash", urls.PrivacyList())
	}
	return h.refusedPrivacy(c, payee, privacyForm{}, err, "privacy.answered_flash")
}

// withReason answers one of the forms that ask for a reason alone.
func (h *Handlers) withReason(c echo.Context, key string, do func(id int64, reason string) error) error {
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
	return h.refusedPrivacy(c, id, privacyForm{}, do(id, cut(f.Reason, 2000)), key)
}

// KeepPrivacy is POST urls.PrivacyKeepPattern.
func (h *Handlers) KeepPrivacy(c echo.Context) error {
	return h.withReason(c, "privacy.kept_flash", func(id int64, reason string) error {
		return h.Privacy.Keep(c.Request().Context(), ActorFrom(c), id, reason)
	})
}

// LiftPrivacy is POST urls.PrivacyLiftPattern.
func (h *Handlers) LiftPrivacy(c echo.Context) error {
	return h.withReason(c, "privacy.asked_flash", func(id int64, reason string) error {
		_, err := h.Privacy.AskLift(c.Request().Context(), ActorFrom(c), id, reason)
		return err
	})
}

// ErasePrivacy is POST urls.PrivacyErasePattern.
func (h *Handlers) ErasePrivacy(c echo.Context) error {
	return h.withReason(c, "privacy.asked_flash", func(id int64, reason string) error {
		_, err := h.Privacy.AskErase(c.Request().Context(), ActorFrom(c), id, reason)
		return err
	})
}

// PrivacyReport is POST urls.PrivacyReportPattern: everything that is kept about a payee, recorded before it is handed out.
func (h *Handlers) PrivacyReport(c echo.Context) error {
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
	p, err := h.Dossier.OfPerson(c.Request().Context(), ActorFrom(c), id, cut(f.Reason, 2000))
	if models.KindOf(err) == models.Invalid {
		return h.showPrivacy(c, id, privacyForm{}, err)
	}
	if err != nil {
		return err
	}
	return sendPack(c, p)
}
