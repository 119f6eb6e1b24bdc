package handlers

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/onboarding"
	"pagaduria/views/i18n"
	view "pagaduria/views/onboarding"
	"pagaduria/views/urls"
)

const (
	deviceFor   = 90 * 24 * time.Hour
	deviceBytes = 24
)

// deviceCookie tells devices of payees apart. It goes to their pages alone.
func (h *Handlers) deviceCookie() string {
	if h.Sessions.Secure {
		return "__Secure-payee"
	}
	return "payee"
}

// door is how a request comes in. A browser without a cookie gets one, so that the form it sends can be told apart.
func (h *Handlers) door(c echo.Context) onboarding.Door {
	d := onboarding.Door{Token: c.Param("token"), Address: c.RealIP(), Agent: c.Request().UserAgent()}
	if kept, err := c.Cookie(h.deviceCookie()); err == nil && len(kept.Value) == base64.RawURLEncoding.EncodedLen(deviceBytes) {
		d.Device = kept.Value
		return d
	}
	b := make([]byte, deviceBytes)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	d.Device = base64.RawURLEncoding.EncodeToString(b)
	c.SetCookie(&http.Cookie{Name: h.deviceCookie(), Value: d.Device, Path: urls.PayeeRoot, MaxAge: int(deviceFor.Seconds()), HttpOnly: true,
		Secure: h.Sessions.Secure, SameSite: http.SameSiteLaxMode})
	return d
}

// Payee wraps what answers behind a link: rates, the payee's language, and a page of its own for links that open nothing.
func (h *Handlers) Payee(next func(echo.Context, onboarding.Door) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		d, kind := onboarding.Door{Token: c.Param("token"), Address: c.RealIP()}, onboarding.Pages
		if c.Param("upload") != "" {
			kind = onboarding.Pieces
		}
		if ok, err := h.Onboarding.Allow(c.Request().Context(), d, kind); err != nil {
			return err
		} else if !ok {
			return h.closed(c, http.StatusTooManyRequests, models.Refuse(models.Unavailable, "onboarding.too_many", "Too many attempts. Wait a minute.", nil))
		}
		if err := h.ensureCookie(c); err != nil {
			return err
		}
		err := next(c, h.door(c))
		if key := keyOf(err); strings.HasPrefix(key, "onboarding.link.") {
			status := http.StatusGone
			if key == "onboarding.link.unknown" {
				status = http.StatusNotFound
			}
			return h.closed(c, status, err)
		}
		return err
	}
}

func keyOf(err error) string {
	var e *models.Error
	if errors.As(err, &e) {
		return e.Key
	}
	return ""
}

// closed says why there is no form.
func (h *Handlers) closed(c echo.Context, status int, why error) error {
	h.speak(c, "es")
	ctx := c.Request().Context()
	return render(c, status, view.Closed(view.ClosedPage{Page: h.page(c, i18n.T(ctx, "onboarding.closed_title"), ""), Text: Sentence(ctx, why)}))
}

// speak answers in the payee's language unless they, or their browser's cookie, chose another one.
func (h *Handlers) speak(c echo.Context, lang string) {
	if _, chosen := c.Cookie(localeCookie); chosen == nil || VisitorFrom(c).Locale != "" {
		return
	}
	r := c.Request()
	c.SetRequest(r.WithContext(i18n.With(r.Context(), view.Locale(lang))))
}

// visit opens the link of a request.
func (h *Handlers) visit(c echo.Context, d onboarding.Door) (onboarding.Visit, error) {
	v, err := h.Onboarding.Open(c.Request().Context(), d)
	if err == nil {
		h.speak(c, v.Lang)
	}
	return v, err
}

// place is where a visit goes on: the code, the receipt, or the next step.
func place(d onboarding.Door, v onboarding.Visit) string {
	switch {
	case v.Access == onboarding.Locked:
		return urls.PayeeCode(d.Token)
	case !v.State.Fillable():
		return urls.PayeeReceipt(d.Token)
	}
	if next, ok := kyc.NextStep(v.Items); ok {
		return urls.PayeeStep(d.Token, string(next))
	}
	return urls.PayeeStep(d.Token, string(kyc.Signature))
}

// PayeeHome is GET urls.PayeePattern.
func (h *Handlers) PayeeHome(c echo.Context, d onboarding.Door) error {
	v, err := h.visit(c, d)
	if err != nil {
		return err
	}
	return seeOther(c, place(d, v))
}

func (h *Handlers) payeePage(c echo.Context, d onboarding.Door, v onboarding.Visit, step kyc.Step, title string) view.Page {
	return view.Page{Page: h.page(c, title, ""), Token: d.Token, Items: v.Items, Step: step}
}

// shown is what a page of a step begins with: what was typed and refused, and where to choose.
type shown struct {
	values  kyc.Form
	refusal error
	choose  string
	more    bool
	agree   *onboarding.Agreement
	paper   *sentPaper
}

// PayeeStep is GET urls.PayeeStepPattern.
func (h *Handlers) PayeeStep(c echo.Context, d onboarding.Door) error {
	return h.showStep(c, d, shown{choose: c.QueryParam("choose"), more: c.QueryParam("more") == "1"})
}

func (h *Handlers) showStep(c echo.Context, d onboarding.Door, s shown) error {
	v, err := h.visit(c, d)
	if err != nil {
		return err
	}
	step := kyc.Step(c.Param("step"))
	if !slices.Contains(view.StepsOf(v.Items), step) {
		return echo.ErrNotFound
	}
	if v.Access == onboarding.Locked || !v.State.Fillable() || step != kyc.Step(kyc.Consent) && slices.ContainsFunc(v.Items, func(i kyc.CaseItem) bool {
		return i.Item == kyc.Consent && !i.State.Done()
	}) {
		return seeOther(c, place(d, v))
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if s.refusal != nil {
		if status = Status(s.refusal); keyOf(s.refusal) == "onboarding.code_refused.wait" {
			status = http.StatusTooManyRequests
		}
	}
	page := h.payeePage(c, d, v, step, view.StepName(ctx, step))
	if step == kyc.Documents {
		return h.showPapers(c, status, d, page, v, s)
	}
	switch kyc.Item(step) {
	case kyc.Consent:
		return h.showConsent(c, status, page, v, s)
	case kyc.Signature:
		return h.showSign(c, status, page, v, s)
	}
	fields, err := fieldsOf(ctx, v.Case, step, v.Answers[kyc.Item(step)], s, h.Onboarding.Texts(), urls.PayeeStep(d.Token, string(step)))
	if err != nil {
		return err
	}
	p := view.StepPage{Page: page, Fields: fields, Method: v.Method, Error: Sentence(ctx, s.refusal)}
	p.Fields.Step = step
	if step == kyc.Step(kyc.Contact) {
		p.CodeTo = codeTo(v)
	}
	return render(c, status, view.Step(p))
}

// codeTo is where the code of a contact that waits for it went, masked.
func codeTo(v onboarding.Visit) string {
	f, err := kyc.Values(kyc.Contact, v.Answers[kyc.Contact])
	i := slices.IndexFunc(v.Items, func(i kyc.CaseItem) bool { return i.Item == kyc.Contact })
	if err != nil || len(v.Answers[kyc.Contact]) == 0 || i < 0 || v.Items[i].State.Done() {
		return ""
	}
	to := f["email"]
	if f["by"] == "sms" {
		to = f["phone"]
	}
	return view.MaskContact(f["by"], to)
}

// fieldsOf are the fields of a step: what was typed last, else what was saved, and what was chosen by a link of the page.
func fieldsOf(ctx context.Context, of kyc.Case, step kyc.Step, saved []byte, s shown, texts bool, choose string) (view.Fields, error) {
	f := view.Fields{Step: step, Values: s.values, Errors: fieldErrors(ctx, s.refusal), Kind: of.PersonKind, Texts: texts, More: s.more, Choose: choose}
	if f.Values == nil {
		var err error
		if f.Values, err = kyc.Values(kyc.Item(step), saved); err != nil {
			return f, err
		}
	}
	switch kyc.Item(step) {
	case kyc.Who:
		if kind := f.Values["person_kind"]; kind != "" {
			f.Kind = kind
		}
		if s.choose == "natural" || s.choose == "juridical" {
			f.Kind = s.choose
		}
	case kyc.Payment:
		if k := models.MethodKind(s.choose); k.Valid() && string(k) != f.Values["payout_method"] || s.choose == "none" {
			f.Values = kyc.Form{"payout_method": strings.TrimPrefix(s.choose, "none")}
		}
	}
	return f, nil
}

func (h *Handlers) showConsent(c echo.Context, status int, page view.Page, v onboarding.Visit, s shown) error {
	ctx := c.Request().Context()
	text, err := kyc.ConsentIn(kyc.ConsentVersion, view.Lang(i18n.From(ctx)))
	if err != nil {
		return err
	}
	p := view.ConsentPage{Page: page, Name: v.Name, Until: v.Link.ExpiresAt, Text: text, Sensitive: v.Sensitive, Errors: fieldErrors(ctx, s.refusal), Error: Sentence(ctx, s.refusal)}
	if s.agree != nil {
		p.Sensitive = s.agree.Sensitive
	}
	return render(c, status, view.Consent(p))
}

func (h *Handlers) showSign(c echo.Context, status int, page view.Page, v onboarding.Visit, s shown) error {
	ctx := c.Request().Context()
	p := view.SignPage{Page: page, Typed: s.values.Get("name"), Errors: fieldErrors(ctx, s.refusal), Error: Sentence(ctx, s.refusal), Missing: missing(v.Items)}
	declared, err := view.DeclaredOf(ctx, v.Items, v.Answers)
	if err != nil {
		return err
	}
	p.Declared = declared
	if v.Access == onboarding.Known {
		st, err := h.Onboarding.Statement(ctx, v.ID)
		if err != nil {
			return err
		}
		p.Seen, p.Signer = st.SHA256, st.Signer
	}
	return render(c, status, view.Sign(p))
}

// missing are the steps in which something required is to be done before signing.
func missing(items []kyc.CaseItem) (steps []kyc.Step) {
	for _, i := range items {
		if i.ToDo() && i.Item != kyc.Signature && !slices.Contains(steps, i.Step) {
			steps = append(steps, i.Step)
		}
	}
	return steps
}

// typed is the form of a step as it was sent: the fields that are known, and no others.
func typed(c echo.Context) (kyc.Form, error) {
	if err := readForm(c.Request()); err != nil {
		return nil, err
	}
	f := kyc.Form{}
	for name, values := range c.Request().PostForm {
		if len(values) > 0 && !strings.ContainsRune(values[0], 0) {
			f[name] = strings.TrimSpace(values[0])
		}
	}
	return f, nil
}

// SavePayeeStep is POST urls.PayeeStepPattern.
func (h *Handlers) SavePayeeStep(c echo.Context, d onboarding.Door) error {
	f, err := typed(c)
	if err != nil {
		return err
	}
	ctx, step := c.Request().Context(), kyc.Step(c.Param("step"))
	s := shown{values: f}
	switch kyc.Item(step) {
	case kyc.Consent:
		a := onboarding.Agreement{TextVersion: f["text"], Lang: view.Lang(view.Locale(f["lang"])), Sensitive: f["sensitive"] == "1"}
		s.agree = &a
		if f["agree"] != "1" {
			err = models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("agree", "onboarding.agree_needed")
		} else {
			err = h.Onboarding.Agree(ctx, d, a)
		}
	case kyc.Signature:
		err = h.Onboarding.Sign(ctx, d, onboarding.Signing{Name: f["name"], Seen: f["seen"]})
	default:
		err = h.Onboarding.Save(ctx, d, step, f)
	}
	return h.afterStep(c, d, step, s, err)
}

// afterStep leads on, or shows the step again with what is wrong.
func (h *Handlers) afterStep(c echo.Context, d onboarding.Door, step kyc.Step, s shown, err error) error {
	switch kind := models.KindOf(err); {
	case kind == models.Invalid, kind == models.Unavailable, keyOf(err) == "onboarding.changed", keyOf(err) == "onboarding.text_changed":
		s.refusal = err
		return h.showStep(c, d, s)
	case kind == models.Conflict, keyOf(err) == "onboarding.locked":
		return seeOther(c, urls.Payee(d.Token)) // where the form stands by now says what to do
	case err != nil:
		return err
	case s.values["more"] == "1":
		return seeOther(c, urls.PayeeStep(d.Token, string(step))+"?more=1")
	}
	v, err := h.visit(c, d)
	if err != nil {
		return err
	}
	return seeOther(c, place(d, v))
}

// CheckPayeeContact is POST urls.PayeeContactCodePattern.
func (h *Handlers) CheckPayeeContact(c echo.Context, d onboarding.Door) error {
	f, err := typed(c)
	if err != nil {
		return err
	}
	return h.afterContact(c, d, h.Onboarding.VerifyContact(c.Request().Context(), d, f["code"]))
}

// SendPayeeContact is POST urls.PayeeContactSendPattern.
func (h *Handlers) SendPayeeContact(c echo.Context, d onboarding.Door) error {
	return h.afterContact(c, d, h.Onboarding.ContactCode(c.Request().Context(), d))
}

func (h *Handlers) afterContact(c echo.Context, d onboarding.Door, err error) error {
	c.SetParamNames("token", "step")
	c.SetParamValues(d.Token, string(kyc.Contact))
	return h.afterStep(c, d, kyc.Step(kyc.Contact), shown{}, err)
}

// PayeeCode is GET urls.PayeeCodePattern.
func (h *Handlers) PayeeCode(c echo.Context, d onboarding.Door) error {
	return h.showDeviceCode(c, d, c.QueryParam("sent") == "1", nil)
}

func (h *Handlers) showDeviceCode(c echo.Context, d onboarding.Door, sent bool, refusal error) error {
	v, err := h.visit(c, d)
	if err != nil {
		return err
	}
	if v.Access != onboarding.Locked {
		return seeOther(c, place(d, v))
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		if status = Status(refusal); models.KindOf(refusal) == models.Unavailable {
			status = http.StatusTooManyRequests
		}
	}
	p := view.CodePage{Page: h.payeePage(c, d, v, "", i18n.T(ctx, "onboarding.device_title")), Sent: sent, Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	if v.CodeTo != "" {
		p.To = view.MaskContact(v.CodeBy, v.CodeTo)
	}
	return render(c, status, view.Code(p))
}

// SendPayeeCode is POST urls.PayeeSendCodePattern.
func (h *Handlers) SendPayeeCode(c echo.Context, d onboarding.Door) error {
	err := h.Onboarding.DeviceCode(c.Request().Context(), d)
	switch models.KindOf(err) {
	case models.Unavailable, models.Conflict:
		return h.showDeviceCode(c, d, models.KindOf(err) == models.Unavailable, err)
	}
	if err != nil {
		return err
	}
	return seeOther(c, urls.PayeeCode(d.Token)+"?sent=1")
}

// CheckPayeeCode is POST urls.PayeeCodePattern.
func (h *Handlers) CheckPayeeCode(c echo.Context, d onboarding.Door) error {
	f, err := typed(c)
	if err != nil {
		return err
	}
	err = h.Onboarding.VerifyDevice(c.Request().Context(), d, f["code"])
	if models.KindOf(err) == models.Invalid {
		return h.showDeviceCode(c, d, true, err)
	}
	if err != nil {
		return err
	}
	return seeOther(c, urls.Payee(d.Token))
}

// PayeeReceipt is GET urls.PayeeReceiptPattern.
func (h *Handlers) PayeeReceipt(c echo.Context, d onboarding.Door) error {
	v, err := h.visit(c, d)
	if err != nil {
		return err
	}
	if v.Access == onboarding.Locked || v.State.Fillable() {
		return seeOther(c, place(d, v))
	}
	ctx := c.Request().Context()
	p := view.ReceiptPage{Page: h.payeePage(c, d, v, "", i18n.T(ctx, "onboarding.receipt_title")), State: v.State, Signed: v.Signed}
	if v.Signed != nil {
		p.Number = onboarding.Receipt(v.ID, v.Signed.SHA256)
	}
	if p.Declared, err = view.DeclaredOf(ctx, v.Items, v.Answers); err != nil {
		return err
	}
	return render(c, http.StatusOK, view.Receipt(p))
}
