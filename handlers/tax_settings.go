package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/tax"
	"pagaduria/views/i18n"
	pages "pagaduria/views/taxes"
	"pagaduria/views/urls"
)

// TaxSettings is GET urls.TaxSettingsPattern.
func (h *Handlers) TaxSettings(c echo.Context) error { return h.showTaxSettings(c, nil, nil) }

// showTaxSettings shows the settings there are, or the form as it was typed with what is wrong.
func (h *Handlers) showTaxSettings(c echo.Context, typed url.Values, refusal error) (err error) {
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	today := h.Taxes.Today()
	p := pages.SettingsPage{Page: h.page(c, i18n.T(ctx, "tax.settings"), "tax"), Today: today, Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal)}
	if p.Versions, err = h.Taxes.Versions(ctx); err != nil {
		return err
	}
	if p.Requests, err = h.Taxes.Requests(ctx); err != nil {
		return err
	}
	p.InForce, p.Agreed = tax.InForce(p.Versions, today)
	if p.Form = typedFields(typed); typed == nil {
		p.Form = settingsFields(p.InForce.Settings)
		p.Form["from"] = today.Format(time.DateOnly)
	}
	return render(c, status, pages.Settings(p))
}

// settingsFields writes settings as their form has them.
func settingsFields(s tax.Settings) map[string]string {
	f := map[string]string{"iva": figure(s.IVA, 10), "step": strconv.FormatInt(s.Step, 10), "minimum_step": strconv.FormatInt(s.MinimumStep, 10)}
	for name, on := range map[string]bool{"income": s.Income, "reteiva": s.ReteIVA, "simple_ica": s.SimpleICA} {
		if on {
			f[name] = "1"
		}
	}
	for i, t := range s.Tariffs {
		at := strconv.Itoa(i)
		f["tariff_place_"+at] = declarationFields(tax.Declaration{Municipality: t.Divipola})["municipality"]
		f["tariff_rate_"+at] = figure(t.Rate, 1)
		if t.MinUVT > 0 {
			f["tariff_min_"+at] = strconv.FormatInt(t.MinUVT, 10)
		}
	}
	for i, y := range s.Years {
		at := strconv.Itoa(i)
		f["year_"+at], f["year_uvt_"+at] = strconv.Itoa(y.Year), writePesos(y.UVT)
	}
	return f
}

// taxSettings reads what settingsFields wrote; places without anything are left out.
func taxSettings(form url.Values) tax.Settings {
	on := func(name string) bool { return form.Get(name) != "" }
	s := tax.Settings{Income: on("income"), ReteIVA: on("reteiva"), SimpleICA: on("simple_ica"), IVA: tax.Rate(basisPoints(form.Get("iva"))) * 10,
		Step: wholeNumber(form.Get("step")), MinimumStep: wholeNumber(form.Get("minimum_step"))}
	for i := range tax.MostTariffs {
		at := strconv.Itoa(i)
		if typed := strings.TrimSpace(form.Get("tariff_place_"+at) + form.Get("tariff_rate_"+at) + form.Get("tariff_min_"+at)); typed != "" {
			s.Tariffs = append(s.Tariffs, tax.Tariff{Divipola: municipalityCode(form.Get("tariff_place_" + at)), Rate: tax.Rate(basisPoints(form.Get("tariff_rate_" + at))),
				MinUVT: wholeNumber(form.Get("tariff_min_" + at))})
		}
	}
	for i := range tax.MostYears {
		at := strconv.Itoa(i)
		if typed := strings.TrimSpace(form.Get("year_"+at) + form.Get("year_uvt_"+at)); typed != "" {
			s.Years = append(s.Years, tax.YearUVT{Year: int(wholeNumber(form.Get("year_" + at))), UVT: planPesos(form.Get("year_uvt_" + at))})
		}
	}
	return s
}

// AskTaxSettings is POST urls.TaxSettingsPattern.
func (h *Handlers) AskTaxSettings(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	seen, _ := strconv.ParseInt(form.Get("seen"), 10, 64)
	from, _ := time.Parse(time.DateOnly, form.Get("from")) // none is refused as one that is over
	request, err := h.Taxes.Ask(c.Request().Context(), ActorFrom(c), seen, from, taxSettings(form), cut(strings.TrimSpace(form.Get("reason")), 1000))
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showTaxSettings(c, form, err)
	}
	return h.done(c, err, "tax.asked", urls.Request(request))
}
