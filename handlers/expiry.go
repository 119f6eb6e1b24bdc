package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/expiry"
	"pagaduria/services/store"
	pages "pagaduria/views/expiry"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// expiryFilter are the filters of the list, in the URL and in the form that asks many anew.
type expiryFilter struct {
	Days int    `form:"days"`
	Why  string `form:"why"`
	Band string `form:"band"`
	Case string `form:"case"`
}

func (f expiryFilter) filter() models.ExpiryFilter {
	return models.ExpiryFilter{Days: f.Days, Why: models.ExpiryWhy(f.Why), Band: models.RiskBand(f.Band), Case: f.Case}
}

// Expiries is GET urls.ExpiriesPattern.
func (h *Handlers) Expiries(c echo.Context) error {
	var f expiryFilter
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	at, err := store.ParseCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "expiry.title"), "expiry"), Filter: f.filter(), Query: listQuery(c.QueryParams()), Today: h.Expiry.Today()}
	status := http.StatusOK
	if err := h.fillExpiries(ctx, ActorFrom(c), &p, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of who is due failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p), pages.ListPart(p))
}

func (h *Handlers) fillExpiries(ctx context.Context, by models.Actor, p *pages.ListPage, at store.Cursor) (err error) {
	if p.Counts, err = h.Expiry.Counts(ctx); err != nil {
		return err
	}
	list, err := h.Expiry.List(ctx, by, p.Filter, at)
	p.Rows, p.Pages = list.Rows, ui.Pages{Newer: pageURL(urls.Expiries(), p.Query, list.Newer), Older: pageURL(urls.Expiries(), p.Query, list.Older)}
	return err
}

// AskRenewal is GET urls.RenewPayeesPattern: the set that the filter matches, and its count.
func (h *Handlers) AskRenewal(c echo.Context) error {
	var f expiryFilter
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	return h.showRenewal(c, f, nil)
}

func (h *Handlers) showRenewal(c echo.Context, f expiryFilter, refusal error) (err error) {
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p := pages.RenewPage{Page: h.page(c, i18n.T(ctx, "expiry.renew"), "expiry"), Back: urls.Expiries(), Error: Sentence(ctx, refusal)}
	if p.Reach, err = h.Expiry.Reach(ctx, f.filter()); err != nil {
		return err
	}
	query := url.Values{}
	for _, x := range []ui.Pair{{Name: "why", Value: f.Why}, {Name: "band", Value: f.Band}, {Name: "case", Value: f.Case}} {
		if x.Value != "" {
			query.Set(x.Name, x.Value)
			p.Hidden = append(p.Hidden, x)
		}
	}
	if f.Days > 0 {
		query.Set("days", strconv.Itoa(f.Days))
		p.Hidden = append(p.Hidden, ui.Pair{Name: "days", Value: strconv.Itoa(f.Days)})
	}
	if len(query) > 0 {
		p.Back += "?" + query.Encode()
	}
	return render(c, status, pages.Renew(p))
}

// RenewPayees is POST urls.RenewPayeesPattern.
func (h *Handlers) RenewPayees(c echo.Context) error {
	var f expiryFilter
	var n struct {
		Expected int64 `form:"expected"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	if err := decode(c, &n); err != nil {
		return err
	}
	id, err := h.Expiry.Renew(c.Request().Context(), ActorFrom(c), expiry.Renewal{Filter: f.filter(), Expected: n.Expected})
	if models.KindOf(err) == models.Conflict {
		return h.showRenewal(c, f, err)
	}
	if err != nil {
		return err
	}
	return seeOther(c, urls.Task(id))
}

// ExpirySettings is GET urls.ExpirySettingsPattern.
func (h *Handlers) ExpirySettings(c echo.Context) error {
	x, err := h.Expiry.Settings(c.Request().Context())
	if err != nil {
		return err
	}
	return h.showExpirySettings(c, pages.SettingsPage{Seen: x.ID, NormalDays: strconv.Itoa(x.NormalDays), HighDays: strconv.Itoa(x.HighDays), OpenDays: strconv.Itoa(x.OpenDays)}, nil)
}

func (h *Handlers) showExpirySettings(c echo.Context, p pages.SettingsPage, refusal error) error {
	ctx, status := c.Request().Context(), http.StatusOK
	p.Page, p.Errors, p.Error = h.page(c, i18n.T(ctx, "expiry.settings"), "expiry"), fieldErrors(ctx, refusal), Sentence(ctx, refusal)
	if refusal != nil {
		status = Status(refusal)
	}
	return render(c, status, pages.Settings(p))
}

// SaveExpirySettings is POST urls.ExpirySettingsPattern.
func (h *Handlers) SaveExpirySettings(c echo.Context) error {
	var f struct {
		Seen   int64  `form:"seen"`
		Normal string `form:"normal_days"`
		High   string `form:"high_days"`
		Open   string `form:"open_days"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	figure := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			return -1 // refused as out of bounds
		}
		return n
	}
	err := h.Expiry.SetSettings(c.Request().Context(), ActorFrom(c), f.Seen, models.ExpirySettings{NormalDays: figure(f.Normal), HighDays: figure(f.High), OpenDays: figure(f.Open)})
	if models.KindOf(err) == models.Invalid {
		return h.showExpirySettings(c, pages.SettingsPage{Seen: f.Seen, NormalDays: f.Normal, HighDays: f.High, OpenDays: f.Open}, err)
	}
	return h.done(c, err, "expiry.settings_flash", urls.Expiries())
}

// Validity is GET urls.PapersPattern.
func (h *Handlers) Validity(c echo.Context) error { return h.showValidity(c, nil, nil) }

func (h *Handlers) showValidity(c echo.Context, typed map[int64]string, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx, status := c.Request().Context(), http.StatusOK
	if refusal != nil {
		status = Status(refusal)
	}
	p := pages.PapersPage{Page: h.page(c, i18n.T(ctx, "expiry.papers"), "expiry"), Typed: typed, Error: Sentence(ctx, refusal)}
	if p.Of, err = h.Distributors.Get(ctx, id); err != nil {
		return err
	}
	if p.Papers, err = h.Expiry.Papers(ctx, id); err != nil {
		return err
	}
	due, ok, err := h.Expiry.Due(ctx, id)
	if ok {
		p.Due = &due
	}
	if err != nil {
		return err
	}
	return render(c, status, pages.Papers(p))
}

// SaveValidity is POST urls.PapersPattern.
func (h *Handlers) SaveValidity(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := readForm(c.Request()); err != nil {
		return err
	}
	typed, days := map[int64]string{}, map[int64]*time.Time{}
	for name := range c.Request().PostForm {
		number, is := strings.CutPrefix(name, "until_")
		document, err := strconv.ParseInt(number, 10, 64)
		if !is || err != nil {
			continue
		}
		typed[document] = strings.TrimSpace(c.Request().PostForm.Get(name))
		if typed[document] == "" {
			days[document] = nil
			continue
		}
		day, err := time.Parse(time.DateOnly, typed[document])
		if err != nil {
			return h.showValidity(c, typed, models.Refuse(models.Invalid, "error.bad_form", "Correct the marked fields and send the form again.", nil))
		}
		days[document] = &day
	}
	_, err = h.Expiry.SetPapers(c.Request().Context(), ActorFrom(c), id, days)
	return h.done(c, err, "expiry.papers_flash", urls.Papers(id))
}
