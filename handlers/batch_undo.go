package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	view "pagaduria/views/batches"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// undoable fills in what of an approval can still be taken back, and by whom.
func (h *Handlers) undoable(ctx context.Context, by models.Actor, p *view.Progress, states []payouts.StateSum) error {
	waiting := false
	for _, s := range states {
		waiting = waiting || s.State == models.PayoutApproved
	}
	if !waiting || !p.Live {
		return nil
	}
	connection, err := h.Payouts.Connection(ctx, p.Batch.ConnectionID)
	if err != nil {
		return err
	}
	if !connection.Live() {
		p.Paused = connection.Name
	}
	p.MayUndo = p.Batch.UndoableBy(by) == nil
	if p.Batch.TakeBack(by, "asked") != nil {
		return nil
	}
	left, err := h.Payouts.NotHandedOver(ctx, p.Batch.ID)
	p.Left, p.LeftTotal = left.Count, left.Total
	return err
}

// UndoBatch is POST urls.UndoBatchPattern.
func (h *Handlers) UndoBatch(c echo.Context) error {
	id, f, err := readBatchForm(c)
	if err != nil {
		return err
	}
	if err := h.Payouts.Undo(c.Request().Context(), ActorFrom(c), id, f.Version); err != nil {
		return h.refusedBatch(c, id, err)
	}
	return h.done(c, nil, "review.done.undone", urls.Batch(id))
}

// AskTakeBack is GET urls.TakeBackBatchPattern.
func (h *Handlers) AskTakeBack(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.askTakeBack(c, id, batchForm{}, nil)
}

func (h *Handlers) askTakeBack(c echo.Context, id int64, f batchForm, refused error) error {
	ctx := c.Request().Context()
	b, err := h.Payouts.Batch(ctx, id)
	if err != nil {
		return err
	}
	if err := b.TakeBack(ActorFrom(c), "asked"); err != nil {
		return h.refusedBatch(c, id, err)
	}
	left, err := h.Payouts.NotHandedOver(ctx, id)
	if err != nil {
		return err
	}
	if left.Count == 0 {
		return h.refusedBatch(c, id, models.Refuse(models.Conflict, "batch.refused.handed_over",
			"Everything in this batch was handed over, so nothing can be taken back as a whole.", nil))
	}
	return h.answerAsk(c, view.TakeBackQuestion(ctx, b, left.Count, left.Total), f, refused)
}

// TakeBack is POST urls.TakeBackBatchPattern.
func (h *Handlers) TakeBack(c echo.Context) error {
	id, f, err := readBatchForm(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	taken, err := h.Payouts.TakeBack(ctx, ActorFrom(c), id, f.why(ctx))
	switch {
	case models.KindOf(err) == models.Invalid:
		return h.askTakeBack(c, id, f, err)
	case err != nil:
		return h.refusedBatch(c, id, err)
	}
	if err := h.flash(c, "ok", i18n.N(ctx, "review.done.taken_back", int(taken.Count), "Amount", i18n.Money(ctx, taken.Total))); err != nil {
		return err
	}
	return seeOther(c, urls.Batch(id))
}
