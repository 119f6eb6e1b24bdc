package handlers

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/store"
	"pagaduria/services/webhooks"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
	pages "pagaduria/views/webhooks"
)

type webhookForm struct {
	Query   string           `form:"q"`
	Verdict string           `form:"verdict"`
	Reason  string           `form:"reason"`
	Outcome string           `form:"outcome"`
	From    models.FilterDay `form:"from"`
	Until   models.FilterDay `form:"until"` // inclusive
	Live    bool             `form:"live"`
	After   string           `form:"after"`
}

// filter turns the days of the form, which are Bogotá's, into moments.
func (f webhookForm) filter(now time.Time) webhooks.Filter {
	today := models.Day(now)
	return webhooks.Filter{Verdict: webhooks.Verdict(f.Verdict), Reason: webhooks.Reason(f.Reason), Outcome: f.Outcome, Reference: f.Query,
		From: bogotaDay(f.From.First(today), 0), To: bogotaDay(f.Until.Last(today), 1)}
}

// WebhookLog is GET urls.WebhooksPattern.
func (h *Handlers) WebhookLog(c echo.Context) error {
	values, views, to := h.listed(c, models.ListWebhooks)
	if to != "" {
		return seeOther(c, to)
	}
	var f webhookForm
	if err := decodeValues(values, &f); err != nil {
		return err
	}
	filter := f.filter(h.Now())
	var err error
	if filter.Cursor, err = store.ParseCursor(f.After); err != nil {
		return err
	}
	ctx := c.Request().Context()
	q := views.Address
	p := pages.ListPage{Page: h.page(c, i18n.T(ctx, "webhooks.title"), "webhooks"), Query: q, Views: views,
		Choice: pages.Choice{Verdict: f.Verdict, Reason: f.Reason, Outcome: f.Outcome, Live: f.Live},
		Filters: ui.Filters{Action: urls.Webhooks(), Query: f.Query, Placeholder: i18n.T(ctx, "webhooks.find"),
			Keep: append(views.Keep(), kept(q.Get, "verdict", "reason", "live")...)}}
	status := http.StatusOK
	if err := h.fillWebhooks(c, &p, filter); err != nil {
		h.Log.ErrorContext(ctx, "list notifications", "error", err)
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, pages.List(p), pages.ListPart(p))
}

// kept are the filters that have no field of their own and stay when another one changes.
func kept(value func(string) string, names ...string) (pairs []ui.Pair) {
	for _, name := range names {
		if v := value(name); v != "" {
			pairs = append(pairs, ui.Pair{Name: name, Value: v})
		}
	}
	return pairs
}

func (h *Handlers) fillWebhooks(c echo.Context, p *pages.ListPage, f webhooks.Filter) error {
	ctx := c.Request().Context()
	list, err := h.Webhooks.List(ctx, f)
	if err != nil {
		return err
	}
	for _, r := range list.Rows {
		p.Rows = append(p.Rows, webhookRow(r))
	}
	p.Pages = ui.Pages{Newer: pageURL(urls.Webhooks(), p.Query, list.Newer), Older: pageURL(urls.Webhooks(), p.Query, list.Older)}
	tallies, err := h.Webhooks.Tallies(ctx)
	if err != nil {
		return err
	}
	p.Tallies, p.Any = make(map[string]int64, len(tallies)), len(tallies) > 0
	for verdict, n := range tallies {
		p.Tallies[string(verdict)] = n
	}
	rejections, err := h.Webhooks.Rejections(ctx, h.Now().Add(-24*time.Hour))
	for _, r := range rejections {
		p.Rejections = append(p.Rejections, pages.Rejected{Reason: string(r.Reason), Count: r.Count, Over: r.Count >= webhooks.RejectionsCounted, Last: r.Last})
	}
	return err
}

func webhookRow(r webhooks.Row) pages.Row {
	return pages.Row{ID: r.ID, ReceivedAt: r.ReceivedAt, Rail: r.Rail, Connection: r.Connection, Remote: r.Remote, Verdict: string(r.Verdict),
		Reason: string(r.Reason), Reference: r.Reference, RailID: r.RailID, PayoutID: r.PayoutID, Outcome: r.Outcome, Runs: r.Runs, Size: r.Size}
}

// WebhookPage is GET urls.WebhookPattern.
func (h *Handlers) WebhookPage(c echo.Context) error {
	e, err := h.webhook(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.EventPage{Page: h.page(c, i18n.T(ctx, "webhooks.title"), "webhooks"), Event: webhookRow(e.Row), Headers: headersOf(e.Headers),
		Body: models.ShowWebhook(e.Body, ActorFrom(c).May(models.PermPersonalReveal))}
	for _, r := range e.Work {
		p.Runs = append(p.Runs, pages.Run{At: r.At, Outcome: r.Outcome, Note: r.Note, Who: r.ActorName})
	}
	return render(c, http.StatusOK, pages.Event(p))
}

func (h *Handlers) webhook(c echo.Context) (webhooks.Event, error) {
	id, err := pathID(c, "id")
	if err != nil {
		return webhooks.Event{}, err
	}
	return h.Webhooks.Event(c.Request().Context(), id)
}

// headersOf reads kept headers, which are an object of strings, in the order of their names.
func headersOf(kept string) []pages.Header {
	values := map[string]string{}
	if json.Unmarshal([]byte(kept), &values) != nil {
		return nil
	}
	list := make([]pages.Header, 0, len(values))
	for name, value := range values {
		list = append(list, pages.Header{Name: name, Value: value})
	}
	slices.SortFunc(list, func(a, b pages.Header) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// AskReplayWebhook is GET urls.ReplayWebhookPattern: the question, without JavaScript.
func (h *Handlers) AskReplayWebhook(c echo.Context) error { return h.showReplay(c, http.StatusOK, nil) }

func (h *Handlers) showReplay(c echo.Context, status int, refusal error) error {
	e, err := h.webhook(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	return render(c, status, pages.AskReplay(pages.AskPage{Page: h.page(c, i18n.T(ctx, "webhooks.replay"), "webhooks"), Event: webhookRow(e.Row),
		Error: Sentence(ctx, refusal)}))
}

// ReplayWebhook is POST urls.ReplayWebhookPattern.
func (h *Handlers) ReplayWebhook(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	outcome, err := h.Webhooks.Replay(c.Request().Context(), ActorFrom(c), id)
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Unavailable {
		return h.showReplay(c, Status(err), err)
	}
	return h.done(c, err, replayed[outcome], urls.Webhook(id))
}

// replayed says what came of processing a notification again.
var replayed = map[string]string{webhooks.OutcomeMoved: "webhooks.replayed_moved", webhooks.OutcomeUnchanged: "webhooks.replayed_unchanged",
	webhooks.OutcomeNoPayout: "webhooks.replayed_unknown_payout"}
