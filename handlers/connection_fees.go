package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	pages "pagaduria/views/connections"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// feeForm is a new version of the fees as typed. Tiers come as parallel lists; a row that is empty is none.
type feeForm struct {
	From    string   `form:"from"`
	Method  string   `form:"method"`
	UpTo    []string `form:"up_to"`
	Fixed   []string `form:"fixed"`
	Percent []string `form:"percent"`
	Min     string   `form:"min"`
	Max     string   `form:"max"`
	IVA     string   `form:"iva"`
	Note    string   `form:"note"`
}

// shown is the form as it comes back.
func (f feeForm) shown() pages.FeeForm {
	p := pages.FeeForm{From: f.From, Method: f.Method, Min: f.Min, Max: f.Max, IVA: f.IVA, Note: f.Note}
	copy(p.UpTo[:], f.UpTo)
	copy(p.Fixed[:], f.Fixed)
	copy(p.Percent[:], f.Percent)
	return p
}

// read turns the form into a version of the connection's fees.
func (f feeForm) read(connection int64) (models.FeeSchedule, error) {
	bad := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	pesos := func(text, field string) models.Money {
		if strings.TrimSpace(text) == "" {
			return models.Pesos(0)
		}
		m, err := typedPesos(text)
		if err != nil {
			bad.WithField(field, "form.amount_bad")
		}
		return m
	}
	percent := func(text, field string) int {
		n, err := models.ParsePercent(text)
		if err != nil {
			bad.WithField(field, "connection.field.percent_bad")
		}
		return n
	}
	s := models.FeeSchedule{ConnectionID: connection, Method: models.MethodKind(f.Method), Min: pesos(f.Min, "min"), IVABPS: percent(f.IVA, "iva"),
		Note: cut(strings.TrimSpace(f.Note), 300)}
	var err error
	if s.From, err = time.Parse(time.DateOnly, f.From); err != nil {
		bad.WithField("from", "fee.field.from_bad")
	}
	if f.Max != "" {
		most := pesos(f.Max, "max")
		s.Max = &most
	}
	if len(f.UpTo) != len(f.Fixed) || len(f.UpTo) != len(f.Percent) {
		return s, bad.WithField("tiers", "fee.field.tiers_none")
	}
	for i := range f.UpTo {
		if f.UpTo[i]+f.Fixed[i]+f.Percent[i] == "" {
			continue
		}
		t := models.FeeTier{Fixed: pesos(f.Fixed[i], "tiers"), BPS: percent(f.Percent[i], "tiers")}
		if f.UpTo[i] != "" {
			bound := pesos(f.UpTo[i], "tiers")
			t.UpTo = &bound
		}
		s.Tiers = append(s.Tiers, t)
	}
	if len(bad.Fields) > 0 {
		return s, bad
	}
	return s, nil
}

// exampleAmounts are priced on every page of fees.
var exampleAmounts = []models.Money{models.Pesos(20_000), models.Pesos(100_000), models.Pesos(500_000), models.Pesos(2_000_000), models.Pesos(10_000_000)}

// FeesPage is GET urls.FeesPattern.
func (h *Handlers) FeesPage(c echo.Context) error {
	p, err := h.feesPage(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Fees(p))
}

func (h *Handlers) feesPage(c echo.Context) (p pages.FeesPage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	if p.Connection, err = h.Payouts.Connection(ctx, id); err != nil {
		return p, err
	}
	if p.Book, err = h.Payouts.Fees(ctx, p.Connection); err != nil {
		return p, err
	}
	p.Page = h.page(c, i18n.T(ctx, "fee.title"), "connections")
	p.Today = models.Day(h.Now())
	p.On, p.Typed, p.Examples = p.Today, c.QueryParam("amount"), exampleAmounts
	if day, err := time.Parse(time.DateOnly, c.QueryParam("on")); err == nil {
		p.On = day
	}
	if k := models.MethodKind(c.QueryParam("method")); k.Valid() {
		p.Method = k
	}
	if p.Typed != "" {
		if m, err := typedPesos(p.Typed); err == nil && m.Positive() {
			p.Examples = append([]models.Money{m}, exampleAmounts...)
		} else {
			p.TypedError = i18n.T(ctx, "form.amount_bad")
		}
	}
	p.Form = pages.FeeForm{From: p.Today.AddDate(0, 0, 1).Format(time.DateOnly), IVA: "19"} // the general rate of IVA
	p.GMFReason = p.Connection.GMFReason
	return p, nil
}

// AddFees is POST urls.FeesPattern.
func (h *Handlers) AddFees(c echo.Context) error {
	var f feeForm
	if err := decode(c, &f); err != nil {
		return err
	}
	p, err := h.feesPage(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	schedule, err := f.read(p.Connection.ID)
	if err == nil {
		_, err = h.Payouts.AddFeeSchedule(ctx, ActorFrom(c), schedule)
	}
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p.Form, p.Errors, p.Error = f.shown(), fieldErrors(ctx, err), Sentence(ctx, err)
		return render(c, Status(err), pages.Fees(p))
	}
	return h.done(c, err, "fee.added", urls.Fees(p.Connection.ID))
}

// WithdrawFees is POST urls.WithdrawFeesPattern.
func (h *Handlers) WithdrawFees(c echo.Context) error {
	schedule, err := pathID(c, "schedule")
	if err != nil {
		return err
	}
	p, err := h.feesPage(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = h.Payouts.WithdrawFeeSchedule(ctx, ActorFrom(c), p.Connection.ID, schedule)
	if models.KindOf(err) == models.Conflict {
		p.Error = Sentence(ctx, err)
		return render(c, Status(err), pages.Fees(p))
	}
	return h.done(c, err, "fee.withdrawn", urls.Fees(p.Connection.ID))
}

// SetGMF is POST urls.GMFPattern.
func (h *Handlers) SetGMF(c echo.Context) error {
	var f struct {
		On      bool   `form:"gmf"`
		Reason  string `form:"gmf_reason"`
		Version string `form:"version"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	p, err := h.feesPage(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	seen, _ := strconv.Atoi(f.Version)
	err = h.Payouts.SetGMF(ctx, ActorFrom(c), p.Connection.ID, seen, f.On, cut(f.Reason, 300))
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		p.GMFReason, p.Errors, p.Error = f.Reason, fieldErrors(ctx, err), Sentence(ctx, err)
		return render(c, Status(err), pages.Fees(p))
	}
	return h.done(c, err, "fee.gmf_saved", urls.Fees(p.Connection.ID))
}
