package handlers

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/services/requests"
	"pagaduria/services/store"
	view "pagaduria/views/contradictions"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ContradictionList is GET urls.ContradictionsPattern.
func (h *Handlers) ContradictionList(c echo.Context) error {
	var q struct {
		State      string `form:"state"`
		Connection int64  `form:"connection"`
		After      string `form:"after"`
	}
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	f := payouts.ContradictionFilter{State: models.ContradictionState(q.State), ConnectionID: q.Connection}
	if f.State != "" && !slices.Contains(models.ContradictionStates, f.State) || q.Connection < 0 {
		return errPayoutFilter
	}
	var err error
	if f.Cursor, err = store.ParseCursor(q.After); err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "contradictions.title"), "failures"), State: f.State, Connection: q.Connection, Query: clean(c.QueryParams())}
	status := http.StatusOK
	list, err := h.Payouts.Contradictions(ctx, f)
	if err == nil {
		p.Connections, err = h.Payouts.Connections(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of contradictions failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	p.Rows = list.Rows
	p.Pages = ui.Pages{Newer: pageURL(urls.Contradictions(), p.Query, list.Newer), Older: pageURL(urls.Contradictions(), p.Query, list.Older)}
	return render(c, status, view.List(p), view.ListPart(p))
}

// ContradictionPage is GET urls.ContradictionPattern.
func (h *Handlers) ContradictionPage(c echo.Context) error {
	p, err := h.contradiction(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, view.Show(p))
}

func (h *Handlers) contradiction(c echo.Context) (p view.ShowPage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	p.Page = h.page(c, i18n.T(ctx, "contradictions.title"), "failures")
	if p.Contradiction, err = h.Payouts.Contradiction(ctx, id); err != nil {
		return p, err
	}
	connection, err := h.Payouts.Connection(ctx, p.Contradiction.ConnectionID)
	if err != nil {
		return p, err
	}
	p.Connection = connection.Name
	e, err := h.Payouts.ElsewhereOf(ctx, p.Contradiction.PayoutID)
	if err != nil {
		return p, err
	}
	if p.Contradiction.State != models.ContradictionPaid {
		p.Unsent, p.Gone, p.Codes = e.Unsent, e.Gone, e.Codes
	}
	asked, err := requests.OfSubject(ctx, h.DB.Pool, "contradiction", id)
	for _, r := range asked {
		if r.State == models.RequestOpen {
			p.Request = r.ID
		}
	}
	p.MayAsk = p.Request == 0 && p.Contradiction.State == models.ContradictionOpen && ActorFrom(c).May(models.PermFundsEdit)
	return p, err
}

// SettleContradiction is POST urls.SettleContradictionPattern: asks a second person.
func (h *Handlers) SettleContradiction(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		How      string `form:"how"`
		Evidence string `form:"evidence"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	request, err := h.Payouts.AskSettlement(ctx, ActorFrom(c), id, payouts.Settlement{How: models.ContradictionState(f.How), Evidence: cut(f.Evidence, 1000)})
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p, failed := h.contradiction(c)
		if failed != nil {
			return failed
		}
		p.How, p.Evidence, p.Problem, p.Errors = f.How, f.Evidence, Sentence(ctx, err), fieldErrors(ctx, err)
		return render(c, Status(err), view.Show(p))
	}
	return h.done(c, err, "contradictions.asked", urls.Request(request))
}
