package handlers

import (
	"context"
	"encoding/hex"
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	view "pagaduria/views/batches"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// batchForm is what every form about a batch sends: what was on the screen, and what the person says.
type batchForm struct {
	Version   int    `form:"version"`
	Seal      string `form:"seal"`
	Code      string `form:"code"`
	Confirmed string `form:"confirmed"`
	Reason    string `form:"reason"`
	Note      string `form:"note"`
}

// seen is what was on the screen; a seal that is none matches nothing.
func (f batchForm) seen() models.Seen {
	hash, err := hex.DecodeString(f.Seal)
	if err != nil {
		hash = []byte("no seal")
	}
	return models.Seen{Version: f.Version, Hash: hash}
}

// why is the chosen reason and the words behind it.
func (f batchForm) why(ctx context.Context) string {
	chosen := view.ReasonText(ctx, f.Reason)
	switch {
	case chosen == "" || f.Reason == "other":
		return cut(f.Note, 1000)
	case f.Note == "":
		return chosen
	}
	return chosen + ": " + cut(f.Note, 1000)
}

func readBatchForm(c echo.Context) (id int64, f batchForm, err error) {
	if id, err = pathID(c, "id"); err != nil {
		return 0, f, err
	}
	return id, f, decode(c, &f)
}

// ApproveBatch is POST urls.ApproveBatchPattern. A fresh code comes first; without the confirmation that holding the
// button or its dialog gives, the answer is a page that asks once more.
func (h *Handlers) ApproveBatch(c echo.Context) error {
	id, f, err := readBatchForm(c)
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	// Whoever may not decide, or looks at an old page, keeps the code.
	if err := h.decidable(ctx, by, id, f); err != nil {
		return h.refusedBatch(c, id, err)
	}
	factorAt := VisitorFrom(c).Session.FactorAt
	if f.Code != "" || h.Now().Sub(factorAt) > models.FactorWindow {
		if err := h.Staff.CheckCode(ctx, by, f.Code); err != nil {
			return h.refusedCode(c, id, f, err)
		}
		factorAt = h.Now()
	}
	if f.Confirmed != "yes" {
		p, err := h.review(c, id)
		if err != nil {
			return err
		}
		return render(c, http.StatusOK, view.SurePage(p))
	}
	err = h.Payouts.Decide(ctx, by, id, payouts.Verdict{Decision: models.Approve, Seen: f.seen(), FactorAt: factorAt})
	if err != nil {
		return h.refusedBatch(c, id, err)
	}
	b, err := h.Payouts.Batch(ctx, id)
	if err != nil {
		return err
	}
	if left := b.Approval.Left(); b.Open() && left > 0 {
		if err := h.flash(c, "ok", i18n.N(ctx, "approval.counted", left)); err != nil {
			return err
		}
		return seeOther(c, urls.Batch(id))
	}
	return h.done(c, nil, "batches.done.approved", urls.Batch(id))
}

// decidable answers whether the decision could be taken now, by a fresh code.
func (h *Handlers) decidable(ctx context.Context, by models.Actor, id int64, f batchForm) error {
	b, err := h.Payouts.Batch(ctx, id)
	if err != nil {
		return err
	}
	now := h.Now()
	return b.Decide(models.Approve, by, f.seen(), now, "", now)
}

// refusedCode answers a wrong code. A second click spends the code a second time: by then the batch has moved on,
// and that is what is said.
func (h *Handlers) refusedCode(c echo.Context, id int64, f batchForm, why error) error {
	if err := h.decidable(c.Request().Context(), ActorFrom(c), id, f); err != nil {
		return h.refusedBatch(c, id, err)
	}
	if models.KindOf(why) != models.Invalid {
		return why
	}
	return h.showBatch(c, id, Status(why), "", Sentence(c.Request().Context(), why))
}

// refusedBatch answers a refused step with the batch as it is now and the sentence above it.
func (h *Handlers) refusedBatch(c echo.Context, id int64, err error) error {
	if kind := models.KindOf(err); kind == "" || kind == models.NotFound {
		return err
	}
	return h.showBatch(c, id, Status(err), Sentence(c.Request().Context(), err), "")
}

// AskReturnBatch is GET urls.ReturnBatchPattern, for readers without dialogs.
func (h *Handlers) AskReturnBatch(c echo.Context) error { return h.askBatch(c, "return") }

// AskRejectBatch is GET urls.RejectBatchPattern.
func (h *Handlers) AskRejectBatch(c echo.Context) error { return h.askBatch(c, "reject") }

// AskRecallBatch is GET urls.RecallBatchPattern.
func (h *Handlers) AskRecallBatch(c echo.Context) error { return h.askBatch(c, "recall") }

func (h *Handlers) askBatch(c echo.Context, what string) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.askBatchAgain(c, id, what, batchForm{}, nil)
}

// askBatchAgain draws the question, after a refusal with what was typed.
func (h *Handlers) askBatchAgain(c echo.Context, id int64, what string, f batchForm, refused error) error {
	ctx, by := c.Request().Context(), ActorFrom(c)
	b, err := h.Payouts.Batch(ctx, id)
	if err != nil {
		return err
	}
	if what == "recall" {
		again := b
		err = again.Recall(by, b.Version, "asked")
	} else {
		err = b.DecidableBy(by)
	}
	if err != nil {
		return h.refusedBatch(c, id, err)
	}
	maker, err := h.Staff.Get(ctx, b.MakerID)
	if err != nil {
		return err
	}
	a := view.Question(ctx, b, what, maker.Name, "")
	return h.answerAsk(c, a, f, refused)
}

func (h *Handlers) answerAsk(c echo.Context, a view.AskReason, f batchForm, refused error) error {
	a.Page = h.page(c, a.Ask.Title, "batches")
	a.Ask.CSRF, a.Chosen, a.Typed = a.CSRF, f.Reason, f.Note
	status := http.StatusOK
	if refused != nil {
		a.Problem, status = Sentence(c.Request().Context(), refused), Status(refused)
	}
	return render(c, status, view.AskReasonPage(a))
}

// ReturnBatch is POST urls.ReturnBatchPattern.
func (h *Handlers) ReturnBatch(c echo.Context) error { return h.decide(c, models.Return, "return") }

// RejectBatch is POST urls.RejectBatchPattern.
func (h *Handlers) RejectBatch(c echo.Context) error { return h.decide(c, models.Reject, "reject") }

func (h *Handlers) decide(c echo.Context, d models.Decision, what string) error {
	id, f, err := readBatchForm(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = h.Payouts.Decide(ctx, ActorFrom(c), id, payouts.Verdict{Decision: d, Seen: f.seen(), Reason: f.why(ctx)})
	if err != nil {
		return h.refusedAsk(c, id, what, f, err)
	}
	if d == models.Reject {
		return h.done(c, nil, "batches.done.rejected", urls.Batch(id))
	}
	b, err := h.Payouts.Batch(ctx, id)
	if err != nil {
		return err
	}
	maker, err := h.Staff.Get(ctx, b.MakerID)
	if err != nil {
		return err
	}
	if err := h.flash(c, "ok", i18n.T(ctx, "batches.done.returned", "Name", maker.Name)); err != nil {
		return err
	}
	return seeOther(c, urls.Batch(id))
}

// refusedAsk asks again when only the reason is missing, else shows the batch as it is now.
func (h *Handlers) refusedAsk(c echo.Context, id int64, what string, f batchForm, err error) error {
	if models.KindOf(err) == models.Invalid {
		return h.askBatchAgain(c, id, what, f, err)
	}
	return h.refusedBatch(c, id, err)
}

// RecallBatch is POST urls.RecallBatchPattern.
func (h *Handlers) RecallBatch(c echo.Context) error {
	id, f, err := readBatchForm(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Payouts.Recall(ctx, ActorFrom(c), id, f.Version, f.why(ctx)); err != nil {
		return h.refusedAsk(c, id, "recall", f, err)
	}
	return h.done(c, nil, "batches.done.recalled", urls.Batch(id))
}

// SubmitBatch is POST urls.SubmitBatchPattern.
func (h *Handlers) SubmitBatch(c echo.Context) error {
	id, f, err := readBatchForm(c)
	if err != nil {
		return err
	}
	if err := h.Payouts.Submit(c.Request().Context(), ActorFrom(c), id, f.Version); err != nil {
		return h.refusedBatch(c, id, err)
	}
	return h.done(c, nil, "batches.done.submitted", urls.Batch(id))
}

// AskRemoveItem is GET urls.RemoveBatchItemPattern.
func (h *Handlers) AskRemoveItem(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.askRemove(c, id, batchForm{}, nil)
}

func (h *Handlers) askRemove(c echo.Context, id int64, f batchForm, refused error) error {
	b, x, err := h.batchItem(c, id)
	if err != nil {
		return err
	}
	if err := b.EditableBy(ActorFrom(c)); err != nil {
		return h.refusedBatch(c, id, err)
	}
	ctx := c.Request().Context()
	return h.answerAsk(c, view.RemoveQuestion(ctx, b, x.ID, x.Payee.Name(), x.Amount, ""), f, refused)
}

// batchItem reads the batch and the payout a path names together.
func (h *Handlers) batchItem(c echo.Context, id int64) (b models.Batch, x models.Payout, err error) {
	item, err := pathID(c, "payout")
	if err != nil {
		return b, x, err
	}
	ctx := c.Request().Context()
	if b, err = h.Payouts.Batch(ctx, id); err != nil {
		return b, x, err
	}
	if x, err = h.Payouts.Payout(ctx, item); err == nil && x.BatchID != id {
		err = echo.NewHTTPError(http.StatusNotFound)
	}
	return b, x, err
}

// RemoveItem is POST urls.RemoveBatchItemPattern.
func (h *Handlers) RemoveItem(c echo.Context) error {
	id, f, err := readBatchForm(c)
	if err != nil {
		return err
	}
	_, x, err := h.batchItem(c, id)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = h.Payouts.RemoveItem(ctx, ActorFrom(c), id, x.ID, f.Version, f.why(ctx))
	switch {
	case models.KindOf(err) == models.Invalid:
		return h.askRemove(c, id, f, err)
	case err != nil:
		return h.refusedBatch(c, id, err)
	}
	said := i18n.T(ctx, "batches.done.removed", "Code", x.Code, "Amount", i18n.Money(ctx, x.Amount))
	if err := h.flash(c, "ok", said); err != nil {
		return err
	}
	return seeOther(c, urls.Batch(id))
}
