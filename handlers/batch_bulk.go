package handlers

import (
	"context"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	view "pagaduria/views/batches"
	"pagaduria/views/i18n"
)

// bulkMost bounds how many batches are decided on together: a page of the list.
const bulkMost = payouts.PageSize

// bulkForm is one decision on several batches; each item is a batch with what was on the screen.
type bulkForm struct {
	Items     []string `form:"item"`
	Decision  string   `form:"decision"`
	Code      string   `form:"code"`
	Confirmed string   `form:"confirmed"`
	Reason    string   `form:"reason"`
	Note      string   `form:"note"`
}

// picks reads the items; one that is none is Invalid.
func (f bulkForm) picks() (list []payouts.Pick, ids []int64, err error) {
	for _, item := range f.Items {
		parts := strings.Split(item, "-")
		if len(parts) != 3 {
			return nil, nil, errNoneTicked
		}
		id, err1 := strconv.ParseInt(parts[0], 10, 64)
		version, err2 := strconv.Atoi(parts[1])
		hash, err3 := hex.DecodeString(parts[2])
		if err1 != nil || err2 != nil || err3 != nil {
			return nil, nil, errNoneTicked
		}
		list, ids = append(list, payouts.Pick{ID: id, Seen: models.Seen{Version: version, Hash: hash}}), append(ids, id)
	}
	if len(list) == 0 || len(list) > bulkMost {
		return nil, nil, errNoneTicked
	}
	return list, ids, nil
}

var errNoneTicked = models.Refuse(models.Invalid, "bulk.refused.none", "Tick the batches to decide on first.", nil)

// AskDecideAll is GET urls.DecideBatchesPattern: the ticked batches, or with all=1 every one that needs the viewer.
func (h *Handlers) AskDecideAll(c echo.Context) error {
	var q struct {
		IDs []int64 `form:"ids"`
		All bool    `form:"all"`
	}
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	ctx := c.Request().Context()
	var list []models.Batch
	var err error
	if q.All {
		list, err = h.Payouts.ForMe(ctx, ActorFrom(c))
	} else {
		list, err = h.Payouts.Picked(ctx, q.IDs[:min(len(q.IDs), bulkMost)])
	}
	if err != nil {
		return err
	}
	return h.askDecideAll(c, list, bulkForm{}, nil)
}

// askDecideAll draws the question, after a refusal with what was typed. Batches that the viewer may not decide on are
// named with the reason and not asked about.
func (h *Handlers) askDecideAll(c echo.Context, list []models.Batch, f bulkForm, refused error) error {
	ctx, by := c.Request().Context(), ActorFrom(c)
	p := view.BulkPage{Page: h.page(c, i18n.T(ctx, "bulk.title"), "batches"), Chosen: f.Reason, Typed: f.Note}
	for _, b := range list {
		if err := b.DecidableBy(by); err != nil {
			p.Not = append(p.Not, view.BulkRow{Batch: b, Why: Sentence(ctx, err)})
			continue
		}
		p.Rows = append(p.Rows, view.BulkRow{Batch: b})
	}
	var err error
	if p.DemoCode, err = h.Staff.DemoCode(ctx, VisitorFrom(c).Staff.Email); err != nil {
		return err
	}
	if p.Passkey, err = h.passkeyHere(c, by.StaffID); err != nil {
		return err
	}
	status := http.StatusOK
	if refused != nil {
		p.Problem, status = Sentence(ctx, refused), Status(refused)
	}
	return render(c, status, view.Bulk(p))
}

// DecideAll is POST urls.DecideBatchesPattern. Approving needs a fresh code and the confirmation of the held button, or of
// a page that asks once more; what came of each batch is on the page that answers. Sent again it changes nothing.
func (h *Handlers) DecideAll(c echo.Context) error {
	var f bulkForm
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	picks, ids, err := f.picks()
	if err != nil {
		return h.askDecideAll(c, nil, f, err)
	}
	again := func(err error) error {
		if kind := models.KindOf(err); kind != models.Invalid && kind != models.Forbidden {
			return err
		}
		list, read := h.Payouts.Picked(ctx, ids)
		if read != nil {
			return read
		}
		return h.askDecideAll(c, list, f, err)
	}
	t := payouts.Together{Decision: models.Decision(f.Decision), FactorAt: VisitorFrom(c).Session.FactorAt}
	switch t.Decision {
	case models.Approve:
		if f.Code != "" || h.Now().Sub(t.FactorAt) > models.FactorWindow {
			if err := h.Staff.CheckCode(ctx, by, f.Code); err != nil {
				return again(err)
			}
			t.FactorAt = h.Now()
		}
		if f.Confirmed != "yes" {
			list, err := h.Payouts.Picked(ctx, ids)
			if err != nil {
				return err
			}
			return render(c, http.StatusOK, view.BulkSure(h.page(c, i18n.T(ctx, "bulk.title"), "batches"), list, f.Items))
		}
	case models.Return, models.Reject:
		if t.Reason = (batchForm{Reason: f.Reason, Note: f.Note}).why(ctx); t.Reason == "" {
			return again(models.Refuse(models.Invalid, "batch.refused.reason", "Give a reason, so that the maker knows what to do.", nil))
		}
	default:
		return again(errNoneTicked)
	}
	outcomes, err := h.Payouts.DecideAll(ctx, by, picks, t)
	if err != nil {
		return err
	}
	p := view.BulkResult{Page: h.page(c, i18n.T(ctx, "bulk.result"), "batches"), Decision: t.Decision}
	for _, o := range outcomes {
		if o.Err == nil {
			p.Done = append(p.Done, view.BulkRow{Batch: o.Batch})
			continue
		}
		p.Not = append(p.Not, view.BulkRow{Batch: o.Batch, Why: h.whyNotDone(ctx, o.Err)})
	}
	return render(c, http.StatusOK, view.BulkDone(p))
}

// whyNotDone is the sentence of one failure; what is internal goes to the log.
func (h *Handlers) whyNotDone(ctx context.Context, err error) string {
	if said := Sentence(ctx, err); said != "" {
		return said
	}
	h.Log.ErrorContext(ctx, "decision on one of several batches failed", slog.Any("error", err))
	return i18n.T(ctx, "bulk.failed")
}
