package handlers

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/tax"
	"pagaduria/services/distributors"
	"pagaduria/services/store"
	pages "pagaduria/views/distributors"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// distributorFilter are the filters of the list and of decisions, in the URL and in forms.
type distributorFilter struct {
	Search       string `form:"q"`
	Verification string `form:"verification"`
	Method       string `form:"method"`
	DocType      string `form:"doc"`
	Divipola     string `form:"city"`
	Warning      string `form:"warning"`
	After        string `form:"after"`
}

func (f distributorFilter) filter() models.DistributorFilter {
	return models.DistributorFilter{Search: f.Search, Verification: models.Verification(f.Verification), Method: models.MethodKind(f.Method),
		DocType: f.DocType, Divipola: f.Divipola, Warning: f.Warning}
}

// ListDistributors is GET urls.DistributorsPattern.
func (h *Handlers) ListDistributors(c echo.Context) error {
	values, views, to := h.listed(c, models.ListDistributors)
	if to != "" {
		return seeOther(c, to)
	}
	var f distributorFilter
	if err := decodeValues(values, &f); err != nil {
		return err
	}
	cursor, err := store.ParseCursor(f.After)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "distributors.title"), "distributors"), Filter: f.filter(), Limit: distributors.CountLimit,
		DocTypes: pages.DocumentOptions(ctx), Today: h.Distributors.Today(), Query: views.Address, Views: views}
	status := http.StatusOK
	if err := h.fillDistributors(c, &p, cursor); err != nil {
		h.Log.ErrorContext(ctx, "list distributors", "error", err)
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p), pages.Rows(p))
}

// fillDistributors reads what the list shows.
func (h *Handlers) fillDistributors(c echo.Context, p *pages.ListPage, cursor store.Cursor) error {
	ctx := c.Request().Context()
	list, err := h.Distributors.List(ctx, p.Filter, cursor)
	if err != nil {
		return err
	}
	p.Rows, p.Newer, p.Older = list.Rows, list.Newer, list.Older
	if p.Counts, err = h.Distributors.Counts(ctx); err != nil {
		return err
	}
	if !p.Filter.Empty() {
		if p.Matching, err = h.Distributors.Matching(ctx, p.Filter); err != nil {
			return err
		}
	}
	if p.Pairs, err = h.Distributors.PairCount(ctx); err != nil {
		return err
	}
	p.Cities, err = h.cityOptions(c)
	return err
}

func (h *Handlers) cityOptions(c echo.Context) ([]ui.Option, error) {
	cities, err := h.Distributors.Cities(c.Request().Context())
	options := make([]ui.Option, len(cities))
	for i, city := range cities {
		options[i] = ui.Option{Value: city[0], Label: city[1]}
	}
	return options, err
}

// Distributor is GET urls.DistributorPattern.
func (h *Handlers) Distributor(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	p, err := h.personPage(c, id)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Person(p))
}

func (h *Handlers) personPage(c echo.Context, id int64) (p pages.PersonPage, err error) {
	if p.Of, err = h.Distributors.Detail(c.Request().Context(), id); err != nil {
		return p, err
	}
	p.Page, p.Today = h.page(c, p.Of.Name(), "distributors"), h.Distributors.Today()
	newest, ok, err := h.Onboarding.OfDistributor(c.Request().Context(), id)
	if ok {
		p.Case = &newest
	}
	if by := ActorFrom(c); err == nil && by.May(models.PermRiskView) {
		p.Risk, err = h.riskPanel(c.Request().Context(), by, id)
	}
	if profiles, _, failed := h.Taxes.Profiles(c.Request().Context(), id); failed != nil {
		return p, failed
	} else if declared, ok := tax.On(profiles, p.Today); ok {
		p.Tax = &declared
	}
	if due, ok, failed := h.Expiry.Due(c.Request().Context(), id); failed != nil {
		return p, failed
	} else if ok {
		p.Due = &due
	}
	return p, err
}

// AskReveal is GET urls.RevealPattern.
func (h *Handlers) AskReveal(c echo.Context) error {
	return h.showReveal(c, http.StatusOK, "", nil)
}

func (h *Handlers) showReveal(c echo.Context, status int, reason string, refusal error) error {
	ctx := c.Request().Context()
	p, err := h.askPage(c, "distributors.reveal_title")
	if err != nil {
		return err
	}
	p.Ask = ui.Ask{ID: "reveal", Title: p.Title, Text: i18n.T(ctx, "distributors.reveal_text"), Action: urls.Reveal(p.Of.ID), CSRF: p.CSRF,
		Confirm: i18n.T(ctx, "distributors.reveal"), Icon: "eye"}
	p.Label, p.Hint, p.Value = i18n.T(ctx, "ui.reason"), i18n.T(ctx, "distributors.reveal_hint"), reason
	p.Wrong = fieldErrors(ctx, refusal)["reason"]
	return render(c, status, pages.Ask(p))
}

// askPage begins a page with a question about the distributor of the path.
func (h *Handlers) askPage(c echo.Context, title string) (p pages.AskPage, err error) {
	id, err := pathID(c, "id")
	if err != nil {
		return p, err
	}
	ctx := c.Request().Context()
	if p.Of, err = h.Distributors.Get(ctx, id); err != nil {
		return p, err
	}
	p.Page = h.page(c, i18n.T(ctx, title), "distributors")
	return p, nil
}

// Reveal is POST urls.RevealPattern: it answers the distributor's page with everything unmasked.
func (h *Handlers) Reveal(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Reason string `form:"reason"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	if _, err := h.Distributors.Reveal(c.Request().Context(), ActorFrom(c), id, f.Reason); err != nil {
		if models.KindOf(err) == models.Invalid {
			return h.showReveal(c, Status(err), f.Reason, err)
		}
		return err
	}
	p, err := h.personPage(c, id)
	if err != nil {
		return err
	}
	p.Revealed = true
	return render(c, http.StatusOK, pages.Person(p))
}

// Evidence is GET urls.EvidencePattern: always a download, never shown in the browser.
func (h *Handlers) Evidence(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	file, err := pathID(c, "file")
	if err != nil {
		return err
	}
	name, _, body, err := h.Distributors.EvidenceFile(c.Request().Context(), id, file)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	c.Response().Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return c.Stream(http.StatusOK, echo.MIMEOctetStream, body)
}

// upload is the file of a form's field; a form without one is answered with the field's refusal.
func upload(c echo.Context, field string) (name string, body io.ReadCloser, err error) {
	if err := readForm(c.Request()); err != nil {
		return "", nil, err
	}
	header, err := c.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return "", nil, models.Refuse(models.Invalid, "import.no_file", "Choose a file first.", nil).WithField(field, "import.no_file")
	}
	if err != nil {
		return "", nil, err
	}
	body, err = header.Open()
	return header.Filename, body, err
}
