package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	pages "pagaduria/views/screening"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

type hitQuery struct {
	State       string `form:"state"`
	Level       string `form:"level"`
	List        string `form:"list"`
	Distributor int64  `form:"distributor"`
	After       string `form:"after"`
}

// Hits is GET urls.HitsPattern: those that wait for a person, unless another state is asked for.
func (h *Handlers) Hits(c echo.Context) error {
	var q hitQuery
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	at, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	f := models.HitFilter{State: models.HitState(q.State), Level: sanctions.Level(q.Level), List: sanctions.List(q.List), Distributor: q.Distributor}
	p := pages.HitsPage{Page: h.page(c, i18n.T(ctx, "screening.hits"), "screening"), Filter: f, Query: listQuery(c.QueryParams())}
	status := http.StatusOK
	if err := h.fillHits(ctx, &p, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of hits failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.Hits(p), pages.HitList(p))
}

func (h *Handlers) fillHits(ctx context.Context, p *pages.HitsPage, at store.Cursor) (err error) {
	if p.Counts, err = h.Screening.HitCounts(ctx); err != nil {
		return err
	}
	page, err := h.Screening.Hits(ctx, p.Filter, at)
	if err != nil {
		return err
	}
	p.Rows, p.Pages = page.Rows, ui.Pages{Newer: pageURL(urls.Hits(), p.Query, page.Newer), Older: pageURL(urls.Hits(), p.Query, page.Older)}
	return nil
}

// Hit is GET urls.HitPattern.
func (h *Handlers) Hit(c echo.Context) error {
	return h.showHit(c, http.StatusOK, hitForm{}, nil)
}

type hitForm struct {
	To      string    `form:"to"`
	Comment string    `form:"comment"`
	Until   time.Time `form:"until"`
	Version int       `form:"version"`
}

func (h *Handlers) showHit(c echo.Context, status int, f hitForm, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	x, err := h.Screening.Hit(ctx, id)
	if err != nil {
		return err
	}
	p := pages.HitPage{Page: h.page(c, x.Payee, "screening"), Hit: x, Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal), To: f.To, Comment: f.Comment,
		Until: models.Day(h.Now()).AddDate(0, 6, 0).Format(time.DateOnly), MaxDay: models.Day(h.Now()).AddDate(0, 0, models.ClearedDays).Format(time.DateOnly)}
	if !f.Until.IsZero() {
		p.Until = f.Until.Format(time.DateOnly)
	}
	return render(c, status, pages.Record(p))
}

// DecideHit is POST urls.HitPattern.
func (h *Handlers) DecideHit(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f hitForm
	if err := decode(c, &f); err != nil {
		return err
	}
	d := models.HitDecision{To: models.HitState(f.To), Comment: cut(f.Comment, 2000)}
	if d.To == models.HitCleared && !f.Until.IsZero() {
		d.Until = &f.Until
	}
	done, err := h.Screening.Decide(c.Request().Context(), ActorFrom(c), id, f.Version, d)
	switch kind := models.KindOf(err); {
	case kind == models.Invalid, kind == models.Conflict:
		return h.showHit(c, Status(err), f, err)
	case err == nil && done.Request != 0:
		return h.done(c, nil, "screening.asked", urls.Hit(id))
	}
	return h.done(c, err, "screening.decided", urls.Hit(id))
}
