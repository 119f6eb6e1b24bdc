package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	view "pagaduria/views/batches"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// BatchItem is GET urls.BatchItemPattern: one payout of a batch, in the drawer of the review or as a page.
func (h *Handlers) BatchItem(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	item, err := pathID(c, "payout")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	b, err := h.Payouts.Batch(ctx, id)
	if err != nil {
		return err
	}
	i, err := h.Payouts.Inspect(ctx, id, item)
	if err != nil {
		return err
	}
	p := view.InspectionPage{Page: h.page(c, i.Finding.PayeeName, "batches"), Batch: b, Finding: view.ReviewItem(i.Finding), Payout: i.Payout, ToSince: i.ToSince,
		Preferred: i.Preferred, MayEdit: b.EditableBy(ActorFrom(c)) == nil,
		Lines: each(i.Lines, func(l payouts.TrailLine) view.TrailLine { return view.TrailLine(l) }),
		Past:  each(i.Past, func(x payouts.PastPayout) view.PastPayout { return view.PastPayout(x) })}
	connection, err := h.Payouts.Connection(ctx, b.ConnectionID)
	if err != nil {
		return err
	}
	if p.Switched, err = h.switchedText(ctx, i.Payout, connection.Name); err != nil {
		return err
	}
	return render(c, http.StatusOK, view.Inspection(p), view.InspectionPart(p))
}

// tickedForm is which payouts of a batch were ticked, and what is said about them.
type tickedForm struct {
	IDs []int64 `form:"ids"`
}

// AskRemoveItems is GET urls.RemoveItemsPattern: why the ticked payouts are taken out.
func (h *Handlers) AskRemoveItems(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var t tickedForm
	if err := decodeQuery(c, &t); err != nil {
		return err
	}
	return h.askRemoveItems(c, id, t.IDs, batchForm{}, nil)
}

func (h *Handlers) askRemoveItems(c echo.Context, id int64, ids []int64, f batchForm, refused error) error {
	ctx := c.Request().Context()
	b, err := h.Payouts.Batch(ctx, id)
	if err != nil {
		return err
	}
	if err := b.EditableBy(ActorFrom(c)); err != nil {
		return h.refusedBatch(c, id, err)
	}
	sum, err := h.Payouts.Removable(ctx, id, ids)
	if err != nil {
		return h.refusedBatch(c, id, err)
	}
	return h.answerAsk(c, view.RemoveItemsQuestion(ctx, b, ids, sum.Total), f, refused)
}

// RemoveItems is POST urls.RemoveItemsPattern.
func (h *Handlers) RemoveItems(c echo.Context) error {
	id, f, err := readBatchForm(c)
	if err != nil {
		return err
	}
	var t tickedForm
	if err := decode(c, &t); err != nil {
		return err
	}
	ctx := c.Request().Context()
	sum, err := h.Payouts.Removable(ctx, id, t.IDs)
	if err == nil {
		err = h.Payouts.RemoveItems(ctx, ActorFrom(c), id, t.IDs, f.Version, f.why(ctx))
	}
	switch {
	case models.KindOf(err) == models.Invalid && len(t.IDs) > 0:
		return h.askRemoveItems(c, id, t.IDs, f, err)
	case err != nil:
		return h.refusedBatch(c, id, err)
	}
	if err := h.flash(c, "ok", i18n.N(ctx, "review.done.removed", int(sum.Count), "Amount", i18n.Money(ctx, sum.Total))); err != nil {
		return err
	}
	return seeOther(c, urls.BatchItems(id, payouts.PartRemoved, 0))
}
