package handlers

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	pages "pagaduria/views/connections"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// ConnectionList is GET urls.ConnectionsPattern.
func (h *Handlers) ConnectionList(c echo.Context) error {
	ctx, status := c.Request().Context(), http.StatusOK
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "connection.title"), "connections")}
	var err error
	if p.Rows, err = h.connectionRows(ctx); err != nil {
		h.Log.ErrorContext(ctx, "list connections", "error", err)
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p))
}

func (h *Handlers) connectionRows(ctx context.Context) (rows []pages.Row, err error) {
	list, err := h.Payouts.Connections(ctx)
	if err != nil {
		return nil, err
	}
	books, err := h.Payouts.FeeBooks(ctx, list)
	if err != nil {
		return nil, err
	}
	return each(list, func(c models.Connection) pages.Row { return pages.Row{Connection: c, Book: books[c.ID]} }), nil
}

// connectionForm is what was typed, kept as text so that it comes back as it was.
type connectionForm struct {
	Version      string `form:"version"`
	Slug         string `form:"slug"`
	Name         string `form:"name"`
	State        string `form:"state"`
	BaseURL      string `form:"base_url"`
	Login        string `form:"login"`
	Pass         string `form:"pass"`
	Signature    string `form:"signature"`
	ValidityDays string `form:"validity_days"`
	Rate         string `form:"rate"`
	Concurrency  string `form:"concurrency"`
	MaxAmount    string `form:"max_amount"`
	Egress       string `form:"egress_address"`
}

// shown is the form as it comes back: without credentials.
func (f connectionForm) shown() pages.Form {
	return pages.Form{Version: f.Version, Slug: f.Slug, Name: f.Name, State: f.State, BaseURL: f.BaseURL, ValidityDays: f.ValidityDays, Rate: f.Rate,
		Concurrency: f.Concurrency, MaxAmount: f.MaxAmount, EgressAddress: f.Egress}
}

// read turns the form into settings of c, which keeps what has no field. Credentials are nil to keep those stored.
func (f connectionForm) read(c models.Connection) (models.Connection, *models.Credentials, error) {
	bad := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	whole := func(text, field string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			bad.WithField(field, "connection.field.not_a_number")
		}
		return n
	}
	pesos := func(text, field string) models.Money {
		m, err := typedPesos(text)
		if err != nil {
			bad.WithField(field, "form.amount_bad")
		}
		return m
	}
	c.Version, _ = strconv.Atoi(f.Version)
	c.Name, c.State, c.BaseURL, c.EgressAddress = f.Name, f.State, f.BaseURL, f.Egress
	c.ValidityDays, c.Rate = whole(f.ValidityDays, "validity_days"), whole(f.Rate, "rate")
	c.Concurrency = whole(f.Concurrency, "concurrency")
	c.MaxAmount = nil
	if f.MaxAmount != "" {
		limit := pesos(f.MaxAmount, "max_amount")
		c.MaxAmount = &limit
	}
	var fresh *models.Credentials
	if k := (models.Credentials{Login: f.Login, Pass: f.Pass, Signature: f.Signature}); k.Given() || c.ID == 0 {
		fresh = &k
		for field, key := range fieldKeys(k.Check()) {
			bad.WithField(field, key)
		}
	}
	if len(bad.Fields) > 0 {
		return c, nil, bad
	}
	return c, fresh, nil
}

var groupedPesos = regexp.MustCompile(`^\d{1,3}([.,]\d{3})+$`)

// typedPesos reads whole pesos as people type them: "4500", "4.500", "$ 4.500".
func typedPesos(text string) (models.Money, error) {
	text = strings.NewReplacer("$", "", "COP", "", " ", "", "\u00a0", "").Replace(text)
	if groupedPesos.MatchString(text) {
		text = strings.NewReplacer(".", "", ",", "").Replace(text)
	}
	return models.ParsePesos(text)
}

// NewConnection is GET urls.NewConnectionPattern.
func (h *Handlers) NewConnection(c echo.Context) error {
	// The documented rate and validity of D24.
	return h.showNewConnection(c, http.StatusOK, pages.FormOf(models.Connection{State: "paused", ValidityDays: 7, Rate: 50, Concurrency: 8}), nil)
}

func (h *Handlers) showNewConnection(c echo.Context, status int, f pages.Form, refusal error) error {
	ctx := c.Request().Context()
	return render(c, status, pages.New(pages.RecordPage{Page: h.page(c, i18n.T(ctx, "connection.add"), "connections"), Form: f,
		Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}))
}

// AddConnection is POST urls.NewConnectionPattern.
func (h *Handlers) AddConnection(c echo.Context) error {
	var f connectionForm
	if err := decode(c, &f); err != nil {
		return err
	}
	connection, fresh, err := f.read(models.Connection{Slug: f.Slug, Rail: "d24"})
	var id int64
	if err == nil {
		id, err = h.Payouts.SaveConnection(c.Request().Context(), ActorFrom(c), connection, fresh)
	}
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showNewConnection(c, Status(err), f.shown(), err)
	}
	return h.done(c, err, "connection.added", urls.Connection(id))
}

// ConnectionPage is GET urls.ConnectionPattern.
func (h *Handlers) ConnectionPage(c echo.Context) error {
	p, err := h.connectionPage(c)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Record(p))
}

func (h *Handlers) connectionPage(c echo.Context) (p pages.RecordPage, err error) {
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
	p.Page = h.page(c, p.Connection.Name, "connections")
	p.Form = pages.FormOf(p.Connection)
	p.Notify = h.Hooks + urls.WebhookIntake(p.Connection.Rail, p.Connection.Slug)
	health, err := h.Payouts.Health(ctx, id)
	if err != nil { // the settings must stay within reach: they may be what is wrong
		h.Log.ErrorContext(ctx, "health of a connection", "error", err)
		p.Unhealthy = c.Response().Header().Get(echo.HeaderXRequestID)
		return p, nil
	}
	p.Capped = health.Capped
	for _, x := range health.Calls {
		p.Calls = append(p.Calls, pages.Call(x))
	}
	return p, nil
}

// SaveConnection is POST urls.ConnectionPattern.
func (h *Handlers) SaveConnection(c echo.Context) error {
	var f connectionForm
	if err := decode(c, &f); err != nil {
		return err
	}
	p, err := h.connectionPage(c)
	if err != nil {
		return err
	}
	changed, fresh, err := f.read(p.Connection)
	if err == nil {
		_, err = h.Payouts.SaveConnection(c.Request().Context(), ActorFrom(c), changed, fresh)
	}
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		ctx := c.Request().Context()
		p.Form, p.Errors, p.Error = f.shown(), fieldErrors(ctx, err), Sentence(ctx, err)
		return render(c, Status(err), pages.Record(p))
	}
	return h.done(c, err, "connection.saved", urls.Connection(changed.ID))
}

// TestConnection is POST urls.TestConnectionPattern.
func (h *Handlers) TestConnection(c echo.Context) error {
	p, err := h.connectionPage(c)
	if err != nil {
		return err
	}
	t, err := h.Payouts.TryConnection(c.Request().Context(), ActorFrom(c), p.Connection.ID)
	if err != nil {
		return err
	}
	p.Trial = trialShown(t)
	return render(c, http.StatusOK, pages.Record(p), pages.TrialPart(p))
}

func trialShown(t payouts.Trial) *pages.Trial {
	shown := pages.Trial(t)
	return &shown
}
