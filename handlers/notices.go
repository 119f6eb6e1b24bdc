package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/alerts"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	pages "pagaduria/views/notices"
	"pagaduria/views/urls"
)

type noticeQuery struct {
	Show  string `form:"show"` // "" or unread
	Topic string `form:"topic"`
	After string `form:"after"`
}

func (q noticeQuery) filter() (alerts.Filter, error) {
	f := alerts.Filter{Unread: q.Show == "unread", Topic: models.Topic(q.Topic)}
	if f.Topic != "" && !slices.Contains(models.Topics, f.Topic) || q.Show != "" && !f.Unread {
		return f, models.Refuse(models.Invalid, "notices.refused.topic", "There is no such topic.", nil)
	}
	return f, nil
}

// Notices is GET urls.NoticesPattern: what the reader was told.
func (h *Handlers) Notices(c echo.Context) error {
	var q noticeQuery
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	f, err := q.filter()
	if err != nil {
		return err
	}
	at, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "notices.title"), "notices"), Query: listQuery(c.QueryParams()), Unread: f.Unread, Topic: f.Topic}
	status := http.StatusOK
	if err := h.fillNotices(ctx, &p, ActorFrom(c), f, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of notices failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p), pages.ListPart(p))
}

func (h *Handlers) fillNotices(ctx context.Context, p *pages.ListPage, by models.Actor, f alerts.Filter, at store.Cursor) error {
	list, err := h.Alerts.List(ctx, by, f, at)
	if err != nil {
		return err
	}
	p.Rows = list.Rows
	p.Pages.Newer, p.Pages.Older = pageURL(urls.Notices(), p.Query, list.Newer), pageURL(urls.Notices(), p.Query, list.Older)
	p.Count, err = h.Alerts.Unread(ctx, by, f.Topic)
	return err
}

// OpenNotice is POST urls.OpenNoticePattern: marks it as read and leads to what it tells of.
func (h *Handlers) OpenNotice(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	n, err := h.Alerts.Open(c.Request().Context(), ActorFrom(c), id)
	if err != nil {
		return err
	}
	return seeOther(c, pages.Link(n))
}

// ReadNotices is POST urls.ReadNoticesPattern: those up to the newest one that was on the page.
func (h *Handlers) ReadNotices(c echo.Context) error {
	var f struct {
		Topic  string `form:"topic"`
		Newest int64  `form:"newest"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	n, err := h.Alerts.ReadAll(ctx, ActorFrom(c), models.Topic(f.Topic), f.Newest)
	if err != nil {
		return err
	}
	if err := h.flash(c, "ok", i18n.N(ctx, "notices.were_read", int(n))); err != nil {
		return err
	}
	back := urls.Notices()
	if f.Topic != "" {
		back = urls.NoticesWith(url.Values{"topic": {f.Topic}})
	}
	return seeOther(c, back)
}

// NoticePreferences is GET urls.NoticePreferencesPattern.
func (h *Handlers) NoticePreferences(c echo.Context) error {
	wants, err := h.Alerts.Preferences(c.Request().Context(), ActorFrom(c))
	if err != nil {
		return err
	}
	return h.showPreferences(c, http.StatusOK, pages.FormOf(wants), nil)
}

func (h *Handlers) showPreferences(c echo.Context, status int, f pages.Form, refusal error) error {
	ctx := c.Request().Context()
	return render(c, status, pages.Preferences(pages.PreferencesPage{Page: h.page(c, i18n.T(ctx, "notices.preferences"), "notices"),
		Email: VisitorFrom(c).Staff.Email, Form: f, Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}))
}

type preferencesForm struct {
	Urgent    []string `form:"urgent"`
	QuietFrom string   `form:"quiet_from"`
	QuietTo   string   `form:"quiet_to"`
	DigestAt  string   `form:"digest_at"`
	Weekends  bool     `form:"weekends"`
	Holidays  bool     `form:"holidays"`
}

// read makes preferences of the form and of the choice for each topic. What is urgent counts for what is mailed at once.
func (f preferencesForm) read(choice func(models.Topic) string) (pages.Form, models.NoticePreferences, error) {
	shown := pages.Form{Mail: map[models.Topic]string{}, QuietFrom: f.QuietFrom, QuietTo: f.QuietTo, DigestAt: f.DigestAt, Weekends: f.Weekends, Holidays: f.Holidays}
	p := models.NoticePreferences{QuietWeekends: f.Weekends, QuietHolidays: f.Holidays}
	for _, t := range models.Topics {
		shown.Mail[t] = choice(t)
		urgent := slices.Contains(f.Urgent, string(t))
		if urgent {
			shown.Urgent = append(shown.Urgent, t)
		}
		switch shown.Mail[t] {
		case "now":
			p.Now = append(p.Now, t)
			if urgent {
				p.Urgent = append(p.Urgent, t)
			}
		case "digest":
			p.Digest = append(p.Digest, t)
		}
	}
	bad := models.Refuse(models.Invalid, "error.bad_form", "Correct the marked fields and send the form again.", nil)
	for name, field := range map[string]struct {
		text string
		to   *models.Minutes
	}{"quiet_from": {f.QuietFrom, &p.QuietFrom}, "quiet_to": {f.QuietTo, &p.QuietTo}, "digest_at": {f.DigestAt, &p.DigestAt}} {
		m, err := models.ParseMinutes(field.text)
		if err != nil {
			bad = bad.WithField(name, "error.bad_field")
		}
		*field.to = m
	}
	if len(bad.Fields) > 0 {
		return shown, p, bad
	}
	return shown, p, nil
}

// SaveNoticePreferences is POST urls.NoticePreferencesPattern.
func (h *Handlers) SaveNoticePreferences(c echo.Context) error {
	var f preferencesForm
	if err := decode(c, &f); err != nil {
		return err
	}
	shown, wants, err := f.read(func(t models.Topic) string { return c.Request().PostForm.Get("mail_" + string(t)) })
	if err == nil {
		err = h.Alerts.SavePreferences(c.Request().Context(), ActorFrom(c), wants)
	}
	if models.KindOf(err) == models.Invalid {
		return h.showPreferences(c, Status(err), shown, err)
	}
	return h.done(c, err, "notices.saved", urls.NoticePreferences())
}
