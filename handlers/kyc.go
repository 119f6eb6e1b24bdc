package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/onboarding"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	view "pagaduria/views/kyc"
	payee "pagaduria/views/onboarding"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// CaseList is GET urls.CasesPattern.
func (h *Handlers) CaseList(c echo.Context) error {
	var f struct {
		Search string `form:"q"`
		State  string `form:"state"`
		After  string `form:"after"`
	}
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	at, err := store.ParseCursor(f.After)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "kyc.title"), "kyc"), Filter: kyc.Filter{State: kyc.State(f.State), Search: f.Search}}
	if f.State != "" && !p.Filter.State.Valid() {
		return models.Refuse(models.Invalid, "error.bad_form", "Correct the marked fields and send the form again.", nil)
	}
	status := http.StatusOK
	if err := h.fillCases(ctx, ActorFrom(c), &p, at); err != nil {
		h.Log.ErrorContext(ctx, "list of cases failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, view.List(p), view.ListPart(p))
}

func (h *Handlers) fillCases(ctx context.Context, by models.Actor, p *view.ListPage, at store.Cursor) error {
	list, err := h.Onboarding.List(ctx, by, p.Filter, at)
	if err != nil {
		return err
	}
	query := view.FilterQuery(p.Filter)
	p.Rows = list.Rows
	p.Pages = ui.Pages{Newer: pageURL(urls.Cases(), query, list.Newer), Older: pageURL(urls.Cases(), query, list.Older)}
	p.Counts, err = h.Onboarding.Counts(ctx)
	return err
}

// CasePage is GET urls.CasePattern.
func (h *Handlers) CasePage(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	d, err := h.Onboarding.Detail(ctx, ActorFrom(c), id)
	if err != nil {
		return err
	}
	p := view.ShowPage{Page: h.page(c, d.Name, "kyc"), Of: d, Link: d.Link(h.Now())}
	if p.Declared, err = payee.DeclaredOf(ctx, d.Items, d.Answers); err != nil {
		return err
	}
	return render(c, http.StatusOK, view.Show(p))
}

// InviteDistributor is POST urls.InviteDistributorPattern.
func (h *Handlers) InviteDistributor(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	made, err := h.Onboarding.Invite(c.Request().Context(), ActorFrom(c), id)
	return h.done(c, err, "kyc.invited_flash", urls.Case(made))
}

// OpenCase is POST urls.OpenCasePattern.
func (h *Handlers) OpenCase(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	made, err := h.Onboarding.OpenFor(c.Request().Context(), ActorFrom(c), id)
	return h.done(c, err, "kyc.opened_flash", urls.CaseFill(made, string(kyc.Consent)))
}

// SendCase is POST urls.CaseSendPattern.
func (h *Handlers) SendCase(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.done(c, h.Onboarding.SendAgain(c.Request().Context(), ActorFrom(c), id), "kyc.invited_flash", urls.Case(id))
}

// RevokeCase is POST urls.CaseRevokePattern.
func (h *Handlers) RevokeCase(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.done(c, h.Onboarding.Revoke(c.Request().Context(), ActorFrom(c), id), "kyc.revoked_flash", urls.Case(id))
}

// FillCase is GET urls.CaseFillPattern.
func (h *Handlers) FillCase(c echo.Context) error {
	return h.showFill(c, shown{choose: c.QueryParam("choose"), more: c.QueryParam("more") == "1"})
}

func (h *Handlers) showFill(c echo.Context, s shown) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, step := c.Request().Context(), kyc.Step(c.Param("step"))
	d, err := h.Onboarding.Detail(ctx, ActorFrom(c), id)
	if err != nil {
		return err
	}
	if !slices.Contains(payee.StepsOf(d.Items), step) {
		return echo.ErrNotFound
	}
	if !d.State.Fillable() {
		return seeOther(c, urls.Case(id))
	}
	p := view.FillPage{Page: h.page(c, payee.StepName(ctx, step), "kyc"), Of: d, Sensitive: d.Sensitive, Error: Sentence(ctx, s.refusal)}
	if p.Fields, err = fieldsOf(ctx, d.Case, step, d.Answers[kyc.Item(step)], s, false, urls.CaseFill(id, string(step))); err != nil {
		return err
	}
	switch kyc.Item(step) {
	case kyc.Item(kyc.Documents):
		err = h.readPapers(c, &p, s.paper)
	case kyc.Consent:
		p.Text, err = kyc.ConsentIn(kyc.ConsentVersion, payee.Lang(i18n.From(ctx)))
	case kyc.Signature:
		err = h.readStatement(ctx, &p)
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if s.refusal != nil {
		status = Status(s.refusal)
	}
	return render(c, status, view.Fill(p))
}

func (h *Handlers) readStatement(ctx context.Context, p *view.FillPage) (err error) {
	p.Missing = missing(p.Of.Items)
	if p.Declared, err = payee.DeclaredOf(ctx, p.Of.Items, p.Of.Answers); err != nil {
		return err
	}
	st, err := h.Onboarding.Statement(ctx, p.Of.ID)
	p.Seen, p.Signer = st.SHA256, st.Signer
	return err
}

// SaveFill is POST urls.CaseFillPattern.
func (h *Handlers) SaveFill(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	f, err := typed(c)
	if err != nil {
		return err
	}
	ctx, by, step := c.Request().Context(), ActorFrom(c), kyc.Step(c.Param("step"))
	switch kyc.Item(step) {
	case kyc.Consent:
		err = h.agreePaper(c, by, id, f)
	case kyc.Signature:
		err = h.Onboarding.SignFor(ctx, by, id, onboarding.Signing{Name: f["name"], Seen: f["seen"]})
	default:
		err = h.Onboarding.FillIn(ctx, by, id, step, f)
	}
	switch {
	case models.KindOf(err) == models.Invalid, keyOf(err) == "onboarding.changed":
		return h.showFill(c, shown{values: f, refusal: err})
	case err != nil:
		return err
	case f["more"] == "1":
		return seeOther(c, urls.CaseFill(id, string(step))+"?more=1")
	case kyc.Item(step) == kyc.Signature:
		return h.done(c, nil, "kyc.sent_flash", urls.Case(id))
	}
	d, err := h.Onboarding.Detail(ctx, by, id)
	if err != nil {
		return err
	}
	next, ok := kyc.NextStep(d.Items)
	if !ok {
		next = kyc.Step(kyc.Signature)
	}
	return seeOther(c, urls.CaseFill(id, string(next)))
}

// agreePaper keeps the paper that a payee signed; its text is the one of the page, in the language of the page.
func (h *Handlers) agreePaper(c echo.Context, by models.Actor, id int64, f kyc.Form) error {
	ctx := c.Request().Context()
	name, body, err := upload(c, "file")
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	paper, err := sniffEvidence(name, body)
	if err != nil {
		return err
	}
	return h.Onboarding.AgreePaper(ctx, by, id, onboarding.Agreement{TextVersion: f["text"], Lang: payee.Lang(i18n.From(ctx)), Sensitive: f["sensitive"] == "1"}, paper)
}
