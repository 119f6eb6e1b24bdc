package handlers

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/documents"
	"pagaduria/views/i18n"
	view "pagaduria/views/review"
	"pagaduria/views/urls"
)

// ReviewCase is GET urls.ReviewPattern.
func (h *Handlers) ReviewCase(c echo.Context) error {
	return h.showCase(c, c.QueryParam("item"), nil, func(*view.CasePage) {})
}

// showCase draws a case with an item of it; say adds what a form left to be said.
func (h *Handlers) showCase(c echo.Context, item string, refusal error, say func(*view.CasePage)) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var q struct {
		Show string `form:"show"`
		Zoom string `form:"zoom"`
		Log  string `form:"log"`
		At   int    `form:"page"`
	}
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	ctx := c.Request().Context()
	d, err := h.Review.Case(ctx, ActorFrom(c), id)
	if err != nil {
		return err
	}
	if d.SubmittedAt == nil {
		return seeOther(c, urls.Case(id)) // nothing to review yet
	}
	p := view.CasePage{Page: h.page(c, d.Name, "reviews"), Of: d, At: q.At, Log: q.Log, Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	if slices.Contains(documents.Zooms, q.Zoom) {
		p.Zoom = q.Zoom
	}
	if q.Show == view.ShowAll || q.Show == view.ShowBefore {
		p.Show = q.Show
	}
	if item == "" {
		item = string(d.NextOpen(""))
	}
	var known bool
	if p.Item, known = d.Item(kyc.Item(item)); !known && item != "" {
		return echo.ErrNotFound
	}
	if p.WhyNot = Sentence(ctx, d.WhyNot()); p.WhyNot != "" && d.State == kyc.Submitted && d.ReviewerID == 0 {
		p.WhyNot = i18n.T(ctx, "case.nobody_has")
	}
	say(&p)
	return render(c, statusOf(refusal), view.Case(p))
}

// ReviewHere is GET urls.ReviewHerePattern: who else has the case open.
func (h *Handlers) ReviewHere(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	others, err := h.Review.Here(c.Request().Context(), ActorFrom(c), id)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, view.Here(id, others))
}

// ReviewVerdict is POST urls.ReviewVerdictPattern: what is said of one item; the next one follows.
func (h *Handlers) ReviewVerdict(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Version  int    `form:"version"`
		Last     int64  `form:"last"`
		Verdict  string `form:"verdict"`
		Reason   string `form:"reason"`
		ToPayee  string `form:"to_payee"`
		Note     string `form:"note"`
		IssuedOn string `form:"issued_on"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	v := kyc.Decide{Verdict: kyc.Verdict(f.Verdict), Version: f.Version, Last: f.Last, Reason: kyc.Reason(f.Reason), ToPayee: f.ToPayee, Note: f.Note}
	if on, err := time.Parse(time.DateOnly, f.IssuedOn); err == nil {
		v.IssuedOn = &on
	}
	if v.Verdict == kyc.Accept { // a reason that was chosen before means nothing
		v.Reason = ""
	}
	if v.Verdict != kyc.AskAgain {
		v.ToPayee = ""
	}
	ctx, by, item := c.Request().Context(), ActorFrom(c), kyc.Item(c.Param("item"))
	err = h.Review.Decide(ctx, by, id, item, v)
	switch models.KindOf(err) {
	case models.Invalid, models.Conflict:
		return h.showCase(c, string(item), err, func(p *view.CasePage) {
			p.Form = view.VerdictForm{Verdict: f.Verdict, Reason: f.Reason, ToPayee: f.ToPayee, Note: f.Note, IssuedOn: f.IssuedOn}
		})
	}
	if err != nil {
		return err
	}
	next, err := h.Review.NextItem(ctx, by, id, item)
	if err != nil {
		return err
	}
	return h.done(c, nil, "case.verdict_flash", urls.ReviewItem(id, string(next)))
}

// NoteReview is POST urls.ReviewNotesPattern.
func (h *Handlers) NoteReview(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Note string `form:"note"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	err = h.Review.Note(c.Request().Context(), ActorFrom(c), id, f.Note)
	if models.KindOf(err) == models.Invalid {
		return h.showCase(c, "", err, func(p *view.CasePage) {
			p.Note, p.Errors = f.Note, map[string]string{"new-note": p.Errors["note"]}
		})
	}
	return h.done(c, err, "case.noted_flash", urls.Review(id)+"#h-notes")
}
