package handlers

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/i18n"
	view "pagaduria/views/review"
)

// askManyForm is what the payees of ticked cases are asked for again. A case is named with the version that was seen.
type askManyForm struct {
	IDs     []int64  `form:"ids"`
	Cases   []string `form:"cases"`
	Item    string   `form:"item"`
	Reason  string   `form:"reason"`
	ToPayee string   `form:"to_payee"`
}

// seen are the cases with their versions.
func (f askManyForm) seen() map[int64]int {
	seen := map[int64]int{}
	for _, c := range f.Cases {
		id, version, _ := strings.Cut(c, ".")
		n, err := strconv.ParseInt(id, 10, 64)
		v, bad := strconv.Atoi(version)
		if err == nil && bad == nil {
			seen[n] = v
		}
	}
	return seen
}

// AskManyPage is GET urls.ReviewAskManyPattern: whom, and for what.
func (h *Handlers) AskManyPage(c echo.Context) error {
	var f askManyForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	return h.showAskMany(c, f, nil)
}

func (h *Handlers) showAskMany(c echo.Context, f askManyForm, refusal error) error {
	ctx := c.Request().Context()
	rows, err := h.Review.Picked(ctx, ActorFrom(c), f.IDs)
	if err != nil {
		return err
	}
	return render(c, statusOf(refusal), view.AskMany(view.AskManyPage{Page: h.page(c, i18n.N(ctx, "case.ask_title", len(rows)), "reviews"), Rows: rows,
		Item: f.Item, Reason: f.Reason, ToPayee: f.ToPayee, Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}))
}

// AskPayees is POST urls.ReviewAskManyPattern; what came of each case is on the page that answers.
func (h *Handlers) AskPayees(c echo.Context) error {
	var f askManyForm
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	seen := f.seen()
	list, err := h.Review.AskMany(ctx, ActorFrom(c), seen, kyc.AskMany{Item: kyc.Item(f.Item), Reason: kyc.Reason(f.Reason), ToPayee: f.ToPayee})
	if models.KindOf(err) == models.Invalid && len(seen) > 0 {
		for id := range seen {
			f.IDs = append(f.IDs, id)
		}
		return h.showAskMany(c, f, err)
	}
	if err != nil {
		return err
	}
	p := view.AskedPage{Page: h.page(c, i18n.T(ctx, "case.asked_title"), "reviews")}
	for _, a := range list {
		if a.Err == nil {
			p.Done = append(p.Done, view.AskedRow{Row: a.Case})
			continue
		}
		why := Sentence(ctx, a.Err)
		if why == "" {
			h.Log.ErrorContext(ctx, "one of several payees was not asked", slog.Any("error", a.Err))
			why = i18n.T(ctx, "case.ask_failed")
		}
		p.Not = append(p.Not, view.AskedRow{Row: a.Case, Why: why})
	}
	return render(c, http.StatusOK, view.AskedOfMany(p))
}
