package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/tax"
	"pagaduria/views/i18n"
	pages "pagaduria/views/taxes"
)

// Tax is GET urls.TaxPattern: the calculator, filled in with a payee's declaration or as it was typed, and the tables.
func (h *Handlers) Tax(c echo.Context) error {
	ctx, query := c.Request().Context(), c.QueryParams()
	versions, err := h.Taxes.Versions(ctx)
	if err != nil {
		return err
	}
	today := h.Taxes.Today()
	p := pages.TaxPage{Page: h.page(c, i18n.T(ctx, "tax.title"), "tax"), Today: today, All: query.Get("all") != ""}
	p.InForce, p.Agreed = tax.InForce(versions, today)
	if id, err := strconv.ParseInt(query.Get("distributor"), 10, 64); err == nil && id > 0 {
		if err := h.taxPayee(ctx, &p, id); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if query.Has("amount") {
		p.Form = typedFields(query)
		result, refusal := calculate(query, versions)
		if refusal == nil {
			p.Result = &result
		} else {
			status, p.Problem, p.Errors = Status(refusal), Sentence(ctx, refusal), fieldErrors(ctx, refusal)
		}
	} else {
		p.Form = calculatorFields(p)
	}
	return render(c, status, pages.Tax(p))
}

// taxPayee reads whose declaration the calculator begins with.
func (h *Handlers) taxPayee(ctx context.Context, p *pages.TaxPage, id int64) error {
	d, err := h.Distributors.Get(ctx, id)
	if err != nil {
		return err
	}
	list, now, err := h.Taxes.Profiles(ctx, id)
	if err != nil {
		return err
	}
	p.Payee, p.Declared = &d, now != 0
	p.Declaration = tax.Declaration{Person: tax.Person(d.PersonKind), IVA: d.IVAResponsible, Municipality: d.Divipola}
	if found, ok := tax.On(list, p.Today); ok {
		p.Declaration = found.Declaration
	}
	p.Before, err = h.Taxes.PaidBefore(ctx, id, p.Today)
	return err
}

// declarationFields writes a declaration as forms have it.
func declarationFields(d tax.Declaration) map[string]string {
	f := map[string]string{"person": string(d.Person)}
	for name, on := range map[string]bool{"foreign": d.Foreign, "declarant": d.Declarant, "simple": d.Simple, "work_income": d.WorkIncome, "contract": d.ContractOver, "responsible": d.IVA} {
		if on {
			f[name] = "1"
		}
	}
	if m, ok := colombia.MunicipalityByCode(d.Municipality); ok {
		f["municipality"] = m.Name + ", " + m.Department
	}
	return f
}

// declaration reads what declarationFields wrote. A place is typed as its name and department, or as its five digits.
func declaration(form url.Values) tax.Declaration {
	on := func(name string) bool { return form.Get(name) != "" }
	return tax.Declaration{Person: tax.Person(form.Get("person")), Foreign: on("foreign"), Declarant: on("declarant"), Simple: on("simple"), WorkIncome: on("work_income"),
		ContractOver: on("contract"), IVA: on("responsible"), Municipality: municipalityCode(form.Get("municipality"))}
}

// municipalityCode is the code of a place as people type it, "Rionegro, Santander"; what is none stays as it was typed, and no
// declaration takes it. Some departments have a comma in their own names.
func municipalityCode(typed string) string {
	typed = strings.TrimSpace(typed)
	if m, ok := colombia.MunicipalityByCode(typed); ok {
		return m.Code
	}
	for at, sign := range typed {
		if sign != ',' {
			continue
		}
		if m, ok := colombia.FindMunicipality(typed[:at], typed[at+1:]); ok {
			return m.Code
		}
	}
	if m, ok := colombia.FindMunicipality(typed, ""); ok {
		return m.Code
	}
	return typed
}

// calculatorFields are those that the calculator begins with. Before anything is agreed on it counts as if the merchant
// withheld income tax, so that there is something to see.
func calculatorFields(p pages.TaxPage) map[string]string {
	f := declarationFields(p.Declaration)
	if p.Payee == nil {
		f = map[string]string{"person": string(tax.Natural)}
	}
	set := p.InForce.Settings
	f["on"], f["before"] = p.Today.Format(time.DateOnly), writePesos(p.Before)
	f["step"], f["minimum_step"], f["iva"] = strconv.FormatInt(set.Step, 10), strconv.FormatInt(set.MinimumStep, 10), figure(set.IVA, 10)
	if set.Income || !p.Agreed {
		f["income"] = "1"
	}
	if set.ReteIVA {
		f["reteiva"] = "1"
	}
	for _, t := range set.Tariffs {
		if t.Divipola == p.Declaration.Municipality {
			f["ica"] = figure(t.Rate, 1)
		}
	}
	return f
}

// figure writes a rate in so many parts of a hundredth, "" when it is zero.
func figure(r tax.Rate, parts int) string {
	if r == 0 {
		return ""
	}
	return models.FormatPercent(int(r) / parts)
}

func typedFields(form url.Values) map[string]string {
	f := map[string]string{}
	for name := range form {
		f[name] = strings.TrimSpace(form.Get(name))
	}
	return f
}

// calculate counts what was typed. What is no figure becomes one that is refused.
func calculate(form url.Values, versions []tax.Version) (tax.Result, error) {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	amount, err := typedPesos(form.Get("amount"))
	if err != nil {
		_ = refusal.WithField("amount", "tax.refused.amount")
	}
	before := planPesos(form.Get("before"))
	on, err := time.Parse(time.DateOnly, form.Get("on"))
	if err != nil {
		_ = refusal.WithField("on", "tax.refused.on")
	}
	d := declaration(form)
	v, _ := tax.InForce(versions, on)
	s := v.Settings
	s.Income, s.ReteIVA = form.Get("income") != "", form.Get("reteiva") != ""
	s.IVA = tax.Rate(basisPoints(form.Get("iva"))) * 10
	s.Step, s.MinimumStep = wholeNumber(form.Get("step")), wholeNumber(form.Get("minimum_step"))
	if typed := strings.TrimSpace(form.Get("ica")); typed != "" {
		s.Tariffs = []tax.Tariff{{Divipola: d.Municipality, Rate: tax.Rate(basisPoints(typed))}}
		if d.Municipality == "" {
			_ = refusal.WithField("municipality", "tax.refused.place_needed")
		}
	}
	if len(refusal.Fields) > 0 {
		return tax.Result{}, refusal
	}
	if err, ok := s.Check().(*models.Error); ok {
		for field, as := range map[string]string{"tariff_rate_0": "ica", "tariff_place_0": "municipality"} {
			if key := err.Fields[field]; key != "" {
				_ = err.WithField(as, key)
			}
		}
		return tax.Result{}, err
	}
	return tax.Withhold(s, d, tax.Payment{Amount: amount, On: on, Before: before})
}

// wholeNumber reads a whole number, "" as zero; what is none becomes one that is refused.
func wholeNumber(typed string) int64 {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return 0
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
