package handlers

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/distributors"
	pages "pagaduria/views/distributors"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// distributorForm reads the fields of a distributor's form, whatever was sent besides.
func distributorForm(c echo.Context) (distributors.Form, int, error) {
	var v struct {
		Version int    `form:"version"`
		KeyKind string `form:"bre_b_key_kind"`
	}
	if err := decode(c, &v); err != nil {
		return nil, 0, err
	}
	f := distributors.Form{"bre_b_key_kind": v.KeyKind}
	for _, column := range intake.DistributorColumns {
		f[column.Name] = c.Request().PostForm.Get(column.Name)
	}
	return f, v.Version, nil
}

// NewDistributor is GET urls.NewDistributorPattern.
func (h *Handlers) NewDistributor(c echo.Context) error {
	return h.showDistributorForm(c, http.StatusOK, pages.FormPage{Values: map[string]string{"person_kind": "natural", "lang": "es"}}, nil)
}

func (h *Handlers) showDistributorForm(c echo.Context, status int, p pages.FormPage, refusal error) error {
	ctx := c.Request().Context()
	title := i18n.T(ctx, "distributors.add")
	if p.ID != 0 {
		title = i18n.T(ctx, "distributors.edit_title", "Name", p.Name)
	}
	p.Page, p.Errors, p.Error = h.page(c, title, "distributors"), fieldErrors(ctx, refusal), Sentence(ctx, refusal)
	return render(c, status, pages.Form(p))
}

// CreateDistributor is POST urls.DistributorsPattern.
func (h *Handlers) CreateDistributor(c echo.Context) error {
	f, _, err := distributorForm(c)
	if err != nil {
		return err
	}
	id, err := h.Distributors.Create(c.Request().Context(), ActorFrom(c), f)
	if models.KindOf(err) == models.Invalid {
		return h.showDistributorForm(c, Status(err), pages.FormPage{Values: f}, err)
	}
	return h.done(c, err, "distributors.added_flash", urls.Distributor(id))
}

// EditDistributor is GET urls.EditDistributorPattern.
func (h *Handlers) EditDistributor(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	d, err := h.Distributors.Detail(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return h.showDistributorForm(c, http.StatusOK, pages.FormPage{ID: id, Version: d.Version, Name: d.Name(), Values: formValues(d)}, nil)
}

// formValues writes a distributor as its form has it.
func formValues(d models.DistributorDetail) map[string]string {
	date := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.Format(time.DateOnly)
	}
	iva := ""
	if d.IVAResponsible {
		iva = "1"
	}
	return map[string]string{"person_kind": d.PersonKind, "doc_type": d.DocType, "doc_number": d.DocNumber, "doc_dv": d.DocDV, "doc_issued_on": date(d.DocIssuedOn),
		"first_names": d.GivenNames, "last_names": d.Surnames, "business_name": d.BusinessName, "phone": d.Phone, "email": d.Email, "divipola": d.Divipola,
		"address": d.Address, "lang": d.Lang, "tax_status": d.TaxStatus, "iva_responsible": iva, "joined_on": date(d.JoinedOn), "upline_ref": d.UplineCode}
}

// UpdateDistributor is POST urls.EditDistributorPattern.
func (h *Handlers) UpdateDistributor(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	f, version, err := distributorForm(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = h.Distributors.Update(ctx, ActorFrom(c), id, version, f)
	if models.KindOf(err) == models.Invalid {
		d, reading := h.Distributors.Get(ctx, id)
		if reading != nil {
			return reading
		}
		return h.showDistributorForm(c, Status(err), pages.FormPage{ID: id, Version: version, Name: d.Name(), Values: f}, err)
	}
	return h.done(c, err, "distributors.saved_flash", urls.Distributor(id))
}

// NewMethod is GET urls.DistributorMethodsPattern.
func (h *Handlers) NewMethod(c echo.Context) error {
	return h.showMethod(c, http.StatusOK, map[string]string{"preferred": "1"}, nil)
}

func (h *Handlers) showMethod(c echo.Context, status int, values map[string]string, refusal error) error {
	ask, err := h.askPage(c, "distributors.method_title")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	return render(c, status, pages.Method(pages.MethodPage{Page: ask.Page, Of: ask.Of, Values: values, Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}))
}

// AddMethod is POST urls.DistributorMethodsPattern.
func (h *Handlers) AddMethod(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	f, version, err := distributorForm(c)
	if err != nil {
		return err
	}
	place := distributors.Alternative
	if c.Request().PostForm.Get("preferred") == "1" {
		place, f["preferred"] = distributors.Preferred, "1"
	}
	_, err = h.Distributors.AskMethod(c.Request().Context(), ActorFrom(c), id, version, models.Destination{
		Kind: models.MethodKind(f["payout_method"]), BankCode: f["bank_code"], AccountType: f["account_type"], AccountNumber: f["account_number"],
		BreBKey: f["bre_b_key"], BreBKeyKind: models.BreBKeyKind(f["bre_b_key_kind"])}, place)
	if models.KindOf(err) == models.Invalid {
		return h.showMethod(c, Status(err), f, err)
	}
	return h.done(c, err, "distributors.method_asked_flash", urls.Distributor(id))
}

// methodChange reads the path and version of a change to one method.
func methodChange(c echo.Context) (id, method int64, version int, err error) {
	if id, err = pathID(c, "id"); err != nil {
		return
	}
	if method, err = pathID(c, "method"); err != nil {
		return
	}
	var f struct {
		Version int `form:"version"`
	}
	err = decode(c, &f)
	return id, method, f.Version, err
}

// PreferMethod is POST urls.PreferMethodPattern.
func (h *Handlers) PreferMethod(c echo.Context) error {
	id, method, version, err := methodChange(c)
	if err != nil {
		return err
	}
	_, err = h.Distributors.AskPreferred(c.Request().Context(), ActorFrom(c), id, version, method)
	return h.done(c, err, "distributors.method_asked_flash", urls.Distributor(id))
}

// AskRetireMethod is GET urls.RetireMethodPattern.
func (h *Handlers) AskRetireMethod(c echo.Context) error {
	method, err := pathID(c, "method")
	if err != nil {
		return err
	}
	p, err := h.askPage(c, "distributors.retire_title")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p.Ask = ui.Ask{ID: "retire", Title: p.Title, Text: i18n.T(ctx, "distributors.retire_text"), Action: urls.RetireMethod(p.Of.ID, method), CSRF: p.CSRF,
		Confirm: i18n.T(ctx, "distributors.method_retire"), Danger: true, Icon: "trash", Hidden: []ui.Pair{{Name: "version", Value: urls.Num(int64(p.Of.Version))}}}
	return render(c, http.StatusOK, pages.Ask(p))
}

// RetireMethod is POST urls.RetireMethodPattern.
func (h *Handlers) RetireMethod(c echo.Context) error {
	id, method, version, err := methodChange(c)
	if err != nil {
		return err
	}
	err = h.Distributors.RetireMethod(c.Request().Context(), ActorFrom(c), id, version, method)
	return h.done(c, err, "distributors.method_retired_flash", urls.Distributor(id))
}

// decisionForm is what compliance decides, for one or for a set.
type decisionForm struct {
	Version  int       `form:"version"`
	To       string    `form:"to"`
	Until    time.Time `form:"until"`
	Reason   string    `form:"reason"`
	Expected int64     `form:"expected"`
}

func (f decisionForm) decision() distributors.Decision {
	d := distributors.Decision{To: models.Verification(f.To), Reason: f.Reason}
	if !f.Until.IsZero() {
		d.Until = &f.Until
	}
	return d
}

func (f decisionForm) until() string {
	if f.Until.IsZero() {
		return ""
	}
	return f.Until.Format(time.DateOnly)
}

// AskVerification is GET urls.VerificationPattern.
func (h *Handlers) AskVerification(c echo.Context) error {
	return h.showVerification(c, http.StatusOK, decisionForm{}, nil)
}

func (h *Handlers) showVerification(c echo.Context, status int, f decisionForm, refusal error) error {
	ask, err := h.askPage(c, "distributors.decide_title")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.VerificationPage{Page: ask.Page, Of: ask.Of, To: f.To, Until: f.until(), Reason: f.Reason, Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	return render(c, status, pages.Verify(p))
}

// SetVerification is POST urls.VerificationPattern.
func (h *Handlers) SetVerification(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f decisionForm
	if err := decode(c, &f); err != nil {
		return err
	}
	err = h.Distributors.SetVerification(c.Request().Context(), ActorFrom(c), id, f.Version, f.decision())
	if models.KindOf(err) == models.Invalid {
		return h.showVerification(c, Status(err), f, err)
	}
	return h.done(c, err, "distributors.decided_flash", urls.Distributor(id))
}

// AskDecisions is GET urls.DecisionsPattern: the set, its count, and the form.
func (h *Handlers) AskDecisions(c echo.Context) error {
	var filter distributorFilter
	var f decisionForm
	if err := errors.Join(decodeQuery(c, &filter), decodeQuery(c, &f)); err != nil {
		return err
	}
	return h.showDecisions(c, http.StatusOK, filter, f, nil)
}

func (h *Handlers) showDecisions(c echo.Context, status int, filter distributorFilter, f decisionForm, refusal error) error {
	ctx := c.Request().Context()
	if !models.Verification(f.To).Valid() {
		f.To = string(models.Verified)
	}
	reach, err := h.Distributors.Reach(ctx, filter.filter(), models.Verification(f.To))
	if err != nil {
		return err
	}
	p := pages.DecisionsPage{Page: h.page(c, i18n.T(ctx, "distributors.decisions"), "distributors"), Filter: filter.filter(), DocTypes: pages.DocumentOptions(ctx),
		To: f.To, Count: reach.Count, Warned: reach.Warned, Standing: reach.Standing, Until: f.until(), Reason: f.Reason,
		Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	if p.Cities, err = h.cityOptions(c); err != nil {
		return err
	}
	return render(c, status, pages.Decisions(p))
}

// RecordDecisions is POST urls.DecisionsPattern.
func (h *Handlers) RecordDecisions(c echo.Context) error {
	var filter distributorFilter
	var f decisionForm
	if err := decode(c, &filter); err != nil {
		return err
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	n, err := h.recordDecisions(c, filter, f)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showDecisions(c, Status(err), filter, f, err)
	}
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.flash(c, "ok", i18n.N(ctx, "distributors.decided_n_flash", int(n))); err != nil {
		return err
	}
	return seeOther(c, urls.Distributors())
}

func (h *Handlers) recordDecisions(c echo.Context, filter distributorFilter, f decisionForm) (int64, error) {
	name, body, err := upload(c, "file")
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	evidence, err := sniffEvidence(name, body)
	if err != nil {
		return 0, err
	}
	return h.Distributors.RecordDecisions(c.Request().Context(), ActorFrom(c), distributors.Decisions{
		Decision: f.decision(), Filter: filter.filter(), Expected: f.Expected, Evidence: evidence})
}

// evidenceTypes are the kinds of files that prove a decision, by what their bytes say.
var evidenceTypes = map[string]bool{"application/pdf": true, "image/jpeg": true, "image/png": true, "text/plain; charset=utf-8": true, "application/zip": true}

// sniffEvidence looks at the beginning of a file; an office file is a zip.
func sniffEvidence(name string, body io.Reader) (distributors.Evidence, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return distributors.Evidence{}, err
	}
	kind := http.DetectContentType(head[:n])
	if n == 0 || !evidenceTypes[kind] {
		return distributors.Evidence{}, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("file", "distributors.evidence_kind")
	}
	return distributors.Evidence{Name: models.CleanFileName(name, "upload.csv"), Mime: kind, Body: io.MultiReader(bytes.NewReader(head[:n]), body)}, nil
}
