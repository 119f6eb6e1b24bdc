package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/review"
	"pagaduria/views/i18n"
	view "pagaduria/views/review"
	"pagaduria/views/urls"
)

// AskDecision is GET urls.ReviewDecidePattern: what deciding would do, and the form.
func (h *Handlers) AskDecision(c echo.Context) error {
	return h.showDecision(c, kyc.Outcome(c.QueryParam("outcome")), nil, func(*view.DecidePage) {})
}

func (h *Handlers) showDecision(c echo.Context, o kyc.Outcome, refusal error, say func(*view.DecidePage)) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), ActorFrom(c)
	d, err := h.Review.Case(ctx, by, id)
	if err != nil {
		return err
	}
	p := view.DecidePage{Of: d, Outcome: o, Staged: d.Staged(), Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	switch {
	case p.Staged != nil:
		p.Outcome = p.Staged.Outcome
		p.WhyNot = Sentence(ctx, d.WhyNot())
	case !d.State.Can(kyc.Approve) && d.State != kyc.Submitted:
		return seeOther(c, urls.Review(id)) // nothing to decide
	case !o.Valid():
		p.Outcome = kyc.RetryReject
	}
	if p.Staged == nil {
		p.WhyNot = h.whyNotDecide(ctx, by, d, p.Outcome)
	}
	p.Page = h.page(c, i18n.T(ctx, "case.decide_title."+string(p.Outcome), "Name", d.Name), "reviews")
	say(&p)
	return render(c, statusOf(refusal), view.Decide(p))
}

// whyNotDecide says why the reader cannot decide that now, "" when they can.
func (h *Handlers) whyNotDecide(ctx context.Context, by models.Actor, d kyc.Desktop, o kyc.Outcome) string {
	if d.ReviewerID != 0 && d.ReviewerID != by.StaffID {
		return i18n.T(ctx, "case.has_another", "Name", d.ReviewerName)
	}
	if o != kyc.Approving {
		return ""
	}
	return Sentence(ctx, d.WhyNot())
}

// DecideReview is POST urls.ReviewDecidePattern.
func (h *Handlers) DecideReview(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Seen    int    `form:"seen"`
		Outcome string `form:"outcome"`
		Reason  string `form:"reason"`
		ToPayee string `form:"to_payee"`
		Note    string `form:"note"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	j := review.Judgement{Outcome: kyc.Outcome(f.Outcome), Reason: kyc.Reason(f.Reason), ToPayee: f.ToPayee, Note: f.Note, Seen: f.Seen}
	staged, err := h.Review.Judge(c.Request().Context(), ActorFrom(c), id, j)
	switch models.KindOf(err) {
	case models.Invalid, models.Conflict, models.Forbidden:
		return h.showDecision(c, j.Outcome, err, func(p *view.DecidePage) { p.Reason, p.ToPayee, p.Note = f.Reason, f.ToPayee, f.Note })
	}
	if staged {
		return h.done(c, err, "case.staged_flash", urls.Review(id))
	}
	return h.done(c, err, "case.decided_flash", urls.Review(id))
}

// AskPayee is POST urls.ReviewAskPattern: the payee is written to about what is asked again.
func (h *Handlers) AskPayee(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Seen int `form:"seen"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	return h.done(c, h.Review.Ask(c.Request().Context(), ActorFrom(c), id, f.Seen), "case.asked_flash", urls.Review(id))
}

// checkForm is what a second person says to a decision.
type checkForm struct {
	Decision int64  `form:"decision"`
	Answer   string `form:"answer"`
}

// ConfirmReview is POST urls.ReviewConfirmPattern.
func (h *Handlers) ConfirmReview(c echo.Context) error {
	return h.checkDecision(c, "case.decided_flash", func(ctx context.Context, by models.Actor, id int64, f checkForm) error {
		return h.Review.Confirm(ctx, by, id, f.Decision)
	})
}

// ReturnReview is POST urls.ReviewReturnPattern.
func (h *Handlers) ReturnReview(c echo.Context) error {
	return h.checkDecision(c, "case.returned_flash", func(ctx context.Context, by models.Actor, id int64, f checkForm) error {
		return h.Review.Return(ctx, by, id, f.Decision, f.Answer)
	})
}

// WithdrawReview is POST urls.ReviewWithdrawPattern.
func (h *Handlers) WithdrawReview(c echo.Context) error {
	return h.checkDecision(c, "case.withdrawn_flash", func(ctx context.Context, by models.Actor, id int64, f checkForm) error {
		return h.Review.Withdraw(ctx, by, id, f.Decision)
	})
}

func (h *Handlers) checkDecision(c echo.Context, key string, do func(context.Context, models.Actor, int64, checkForm) error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f checkForm
	if err := decode(c, &f); err != nil {
		return err
	}
	err = do(c.Request().Context(), ActorFrom(c), id, f)
	switch models.KindOf(err) {
	case models.Invalid, models.Forbidden:
		return h.showDecision(c, "", err, func(p *view.DecidePage) { p.Answer = f.Answer })
	}
	return h.done(c, err, key, urls.Review(id))
}
