package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	view "pagaduria/views/failures"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// failureQuery is the address of the list of failures, and the choice of those that are issued again.
type failureQuery struct {
	Search     string  `form:"q"`
	Cause      string  `form:"cause"`
	Method     string  `form:"method"`
	Connection int64   `form:"connection"`
	Period     string  `form:"period"`
	Batch      int64   `form:"batch"`
	Recent     string  `form:"recent"` // failed: the number of the home page
	After      string  `form:"after"`
	IDs        []int64 `form:"ids"`
	All        bool    `form:"all"`

	Via         int64  `form:"via"` // connection of the new batch
	Name        string `form:"name"`
	Submit      bool   `form:"submit"`
	ExpectCount int    `form:"expect_count"`
	ExpectTotal int64  `form:"expect_total"`
}

func (q failureQuery) filter(now time.Time) (payouts.FailureFilter, error) {
	f := payouts.FailureFilter{Search: q.Search, Cause: q.Cause, Method: models.MethodKind(q.Method), ConnectionID: q.Connection, BatchID: q.Batch}
	month, isMonth := models.FilterMonth(q.Period, models.Day(now))
	f.Period = month
	if q.Recent != "" {
		f.Since = now.Add(-payouts.RecentFailures)
	}
	bad := q.Recent != "" && q.Recent != "failed" || f.Cause != "" && !slices.Contains(payouts.Causes(), f.Cause) || f.Method != "" && !f.Method.Valid() || q.Connection < 0 || q.Batch < 0 || !isMonth
	if bad {
		return f, errPayoutFilter
	}
	at, err := store.ParseCursor(q.After)
	f.Cursor = at
	return f, err
}

// choice is which failures are meant; the cursor is none of it.
func (q failureQuery) choice(now time.Time) (payouts.FailureChoice, error) {
	f, err := q.filter(now)
	f.Cursor = store.Cursor{}
	return payouts.FailureChoice{IDs: q.IDs, All: q.All, Filter: f}, err
}

// FailureList is GET urls.FailuresPattern.
func (h *Handlers) FailureList(c echo.Context) error {
	ctx := c.Request().Context()
	values, views, to := h.listed(c, models.ListFailures)
	if to != "" {
		return seeOther(c, to)
	}
	if values.Get("cause") == "" {
		views.Columns = ui.Columns{} // they are those of payouts, which are listed of one cause
	}
	var q failureQuery
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "failures.title"), "failures"), Query: views.Address, Views: views}
	err := decodeValues(values, &q)
	if err != nil {
		err = errPayoutFilter
	}
	f, bad := q.filter(h.Now())
	if err == nil {
		err = bad
	}
	if err != nil {
		p.Invalid = Sentence(ctx, err)
		return render(c, Status(err), view.List(p), view.ListPart(p))
	}
	p.Cause, p.Method, p.Connection = f.Cause, f.Method, f.ConnectionID
	status := http.StatusOK
	if err := h.fillFailures(ctx, &p, f); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of failures failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, view.List(p), view.ListPart(p))
}

// fillFailures reads the causes that match, and of one cause a page of its payouts.
func (h *Handlers) fillFailures(ctx context.Context, p *view.ListPage, f payouts.FailureFilter) (err error) {
	if p.Connections, err = h.Payouts.Connections(ctx); err != nil {
		return err
	}
	if f.BatchID != 0 {
		b, err := h.Payouts.Batch(ctx, f.BatchID)
		if err != nil && models.KindOf(err) != models.NotFound {
			return err
		}
		p.Batch = b.Code
	}
	open, err := h.Payouts.OpenContradictions(ctx)
	if err != nil {
		return err
	}
	p.Contradicted = view.Sum(open)
	groups, err := h.Payouts.FailureGroups(ctx, f)
	if err != nil {
		return err
	}
	p.Groups = each(groups, func(g payouts.FailureGroup) view.Group {
		return view.Group{Cause: g.Cause, Cure: g.Cure, Sum: view.Sum(g.Sum), Offered: view.Sum(g.Offered)}
	})
	p.Any = len(groups) > 0 || len(p.Views.Keeps) > 0
	if f.Cause == "" {
		return nil
	}
	page, err := h.Payouts.Failures(ctx, f)
	if err != nil {
		return err
	}
	p.Rows = each(page.Rows, asFailure)
	p.Pages = ui.Pages{Newer: pageURL(urls.Failures(), p.Query, page.Newer), Older: pageURL(urls.Failures(), p.Query, page.Older)}
	for _, g := range p.Groups {
		if g.Cause == f.Cause {
			p.Pages.Summary = i18n.N(ctx, "failures.sum_of", int(g.Sum.Count), "Amount", i18n.Money(ctx, g.Sum.Total))
		}
	}
	return nil
}

func asFailure(f payouts.Failure) view.Failure {
	return view.Failure{PayoutRow: f.PayoutRow, ConnectionID: f.ConnectionID, RailCode: f.RailCode, Cure: f.Cure, Changed: f.Changed, Why: f.Why}
}

// AskReissue is GET urls.ReissuePattern: what a batch of the chosen failures would be, and who is left out and why.
func (h *Handlers) AskReissue(c echo.Context) error {
	var q failureQuery
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	return h.askReissue(c, q, c.QueryParams(), http.StatusOK, "")
}

// reissueFields are the fields of the question that are no choice of failures.
var reissueFields = []string{"name", "submit", "expect_count", "expect_total", "_csrf"}

func (h *Handlers) askReissue(c echo.Context, q failureQuery, values url.Values, status int, problem string) error {
	ctx := c.Request().Context()
	choice, err := q.choice(h.Now())
	if err != nil {
		return err
	}
	made, err := h.Payouts.ReissuePreview(ctx, q.Via, choice)
	if err != nil {
		return err
	}
	p := view.AskPage{Page: h.page(c, i18n.T(ctx, "failures.reissue"), "failures"), Query: listQuery(values, reissueFields...), Back: urls.Failures(), Name: q.Name,
		Problem: problem, Connection: made.Preview.Connection, Total: made.Preview.Total, Fees: made.Preview.Cost.Sum(), LeftOut: notAgain(made.LeftOut)}
	if q.Cause != "" {
		p.Back = urls.FailuresWith(listQuery(values, append([]string{"ids", "all", "via"}, reissueFields...)...))
	} else if len(q.IDs) == 1 {
		p.Back = urls.Payout(q.IDs[0])
	}
	if p.Connections, err = h.Payouts.Connections(ctx); err != nil {
		return err
	}
	was := map[int64]models.Money{}
	for _, f := range made.Again {
		was[f.ID] = f.Amount
	}
	first := made.Preview.Items[:min(len(made.Preview.Items), payouts.PageSize)]
	p.More = len(made.Preview.Items) - len(first)
	p.Items = each(first, func(i payouts.Item) view.Item {
		return view.Item{DistributorID: i.DistributorID, PayeeName: i.Payee.Name(), DocType: i.Payee.DocType, DocNumber: i.Payee.DocNumber, DocDV: i.Payee.DocDV,
			To: i.To, Replaces: i.Replaces, ReplacesCode: i.ReplacesCode, Was: was[i.Replaces], Amount: i.Amount}
	})
	return render(c, status, view.Ask(p))
}

// notAgain puts those left out together by reason, the largest group first.
func notAgain(list []payouts.NotAgain) []view.LeftOut {
	var groups []view.LeftOut
	for _, l := range list {
		i := slices.IndexFunc(groups, func(g view.LeftOut) bool { return g.Why == l.Why })
		if i < 0 {
			i = len(groups)
			groups = append(groups, view.LeftOut{Why: l.Why, Detail: l.Detail, Sum: view.Sum{Total: models.Pesos(0)}})
		}
		g := &groups[i]
		if g.Detail != l.Detail {
			g.Detail = ""
		}
		g.Rows, g.Sum.Count, g.Sum.Total = append(g.Rows, asFailure(l.Failure)), g.Sum.Count+1, g.Sum.Total.Add(l.Amount)
	}
	slices.SortStableFunc(groups, func(a, b view.LeftOut) int { return len(b.Rows) - len(a.Rows) })
	return groups
}

// Reissue is POST urls.ReissuePattern: a batch of exactly what was shown, or the question again.
func (h *Handlers) Reissue(c echo.Context) error {
	var q failureQuery
	if err := decode(c, &q); err != nil {
		return err
	}
	choice, err := q.choice(h.Now())
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	id, err := h.Payouts.Reissue(ctx, ActorFrom(c), choice, payouts.NewBatch{Name: cut(q.Name, 120), ConnectionID: q.Via,
		ExpectCount: q.ExpectCount, ExpectTotal: models.Centavos(q.ExpectTotal), Submit: q.Submit})
	if models.KindOf(err) == models.Conflict {
		return h.askReissue(c, q, c.Request().PostForm, Status(err), Sentence(ctx, err))
	}
	if err != nil {
		return err
	}
	key := "batches.done.created"
	if q.Submit {
		key = "batches.done.submitted"
	}
	return h.done(c, nil, key, urls.Batch(id))
}
