package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/tax"
	"pagaduria/views/i18n"
	pages "pagaduria/views/taxes"
	"pagaduria/views/urls"
)

// TaxProfiles is GET urls.TaxProfilesPattern.
func (h *Handlers) TaxProfiles(c echo.Context) error { return h.showTaxProfiles(c, nil, nil) }

// showTaxProfiles shows what a payee declared, and the form as it was typed with what is wrong.
func (h *Handlers) showTaxProfiles(c echo.Context, typed url.Values, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	d, err := h.Distributors.Get(ctx, id)
	if err != nil {
		return err
	}
	p := pages.ProfilesPage{Page: h.page(c, i18n.T(ctx, "tax.declaration"), "distributors"), Of: d, Today: h.Taxes.Today(), Problem: Sentence(ctx, refusal), Errors: fieldErrors(ctx, refusal)}
	if p.Profiles, p.Current, err = h.Taxes.Profiles(ctx, id); err != nil {
		return err
	}
	if p.Form = typedFields(typed); typed == nil {
		p.Form = declarationFields(begunWith(d, p.Profiles, p.Today))
		p.Form["from"] = p.Today.Format(time.DateOnly)
	}
	return render(c, status, pages.Profiles(p))
}

// begunWith is what a new declaration begins with: the one that counts, or what else is known of the payee.
func begunWith(d models.Distributor, list []tax.Profile, today time.Time) tax.Declaration {
	if p, ok := tax.On(list, today); ok {
		return p.Declaration
	}
	return tax.Declaration{Person: tax.Person(d.PersonKind), Declarant: d.PersonKind == string(tax.Juridical), IVA: d.IVAResponsible, Municipality: d.Divipola}
}

// DeclareTax is POST urls.TaxProfilesPattern.
func (h *Handlers) DeclareTax(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	from, _ := time.Parse(time.DateOnly, form.Get("from")) // none is refused as too long ago
	err = h.Taxes.Declare(c.Request().Context(), ActorFrom(c), tax.Profile{DistributorID: id, From: from, Declaration: declaration(form),
		Evidence: cut(strings.TrimSpace(form.Get("evidence")), tax.LongestEvidence)})
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showTaxProfiles(c, form, err)
	}
	return h.done(c, err, "tax.recorded", urls.TaxProfiles(id))
}
