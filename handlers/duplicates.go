package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/store"
	pages "pagaduria/views/distributors"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// pairQuery are the filters of the list of duplicates.
type pairQuery struct {
	Shared      string `form:"shares"`
	Distributor int64  `form:"distributor"`
	Show        string `form:"show"` // distinct: those that are two people
	After       string `form:"after"`
}

func (q pairQuery) filter() models.PairFilter {
	f := models.PairFilter{DistributorID: q.Distributor, Distinct: q.Show == "distinct"}
	if s := models.Shared(q.Shared); s.Valid() {
		f.Shared = s
	}
	return f
}

// Duplicates is GET urls.DuplicatesPattern.
func (h *Handlers) Duplicates(c echo.Context) error {
	var q pairQuery
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	cursor, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.DuplicatesPage{Page: h.page(c, i18n.T(ctx, "duplicates.title"), "distributors"), Filter: q.filter(), Query: listQuery(c.QueryParams()), Today: h.Distributors.Today()}
	status := http.StatusOK
	if err := h.fillDuplicates(c, &p, cursor); err != nil {
		if models.KindOf(err) != "" || ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list duplicates", "error", err)
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.Duplicates(p), pages.DuplicateRows(p))
}

func (h *Handlers) fillDuplicates(c echo.Context, p *pages.DuplicatesPage, cursor store.Cursor) error {
	ctx := c.Request().Context()
	list, err := h.Distributors.Pairs(ctx, p.Filter, cursor)
	if err != nil {
		return err
	}
	p.Rows = list.Rows
	p.Pages = ui.Pages{Newer: pageURL(urls.Duplicates(), p.Query, list.Newer), Older: pageURL(urls.Duplicates(), p.Query, list.Older)}
	if p.Filter.DistributorID != 0 {
		if p.Of, err = h.Distributors.Get(ctx, p.Filter.DistributorID); err != nil {
			return err
		}
	}
	p.Counts, err = h.Distributors.PairCounts(ctx)
	return err
}

// pathPair reads the two records of the path.
func pathPair(c echo.Context) (one, other int64, err error) {
	if one, err = pathID(c, "id"); err == nil {
		other, err = pathID(c, "other")
	}
	return one, other, err
}

// AskDistinct is GET urls.DistinctPattern.
func (h *Handlers) AskDistinct(c echo.Context) error {
	return h.showDistinct(c, http.StatusOK, "", nil)
}

func (h *Handlers) showDistinct(c echo.Context, status int, reason string, refusal error) error {
	one, other, err := pathPair(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.DistinctPage{Page: h.page(c, i18n.T(ctx, "duplicates.distinct_title"), "distributors"), Today: h.Distributors.Today(), Reason: reason,
		Wrong: fieldErrors(ctx, refusal)["reason"]}
	if p.Pair, err = h.Distributors.Pair(ctx, one, other); err != nil {
		return err
	}
	return render(c, status, pages.Distinct(p))
}

type reasonForm struct {
	Reason string `form:"reason"`
}

// Distinguish is POST urls.DistinctPattern.
func (h *Handlers) Distinguish(c echo.Context) error {
	one, other, err := pathPair(c)
	if err != nil {
		return err
	}
	var f reasonForm
	if err := decode(c, &f); err != nil {
		return err
	}
	err = h.Distributors.Distinguish(c.Request().Context(), ActorFrom(c), one, other, f.Reason)
	if models.KindOf(err) == models.Invalid {
		return h.showDistinct(c, Status(err), f.Reason, err)
	}
	return h.done(c, err, "duplicates.distinct_flash", urls.Duplicates())
}

// LikenAgain is POST urls.LikenAgainPattern.
func (h *Handlers) LikenAgain(c echo.Context) error {
	one, other, err := pathPair(c)
	if err != nil {
		return err
	}
	err = h.Distributors.LikenAgain(c.Request().Context(), ActorFrom(c), one, other)
	return h.done(c, err, "duplicates.again_flash", urls.Duplicates())
}
