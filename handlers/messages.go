package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	view "pagaduria/views/payouts"
	"pagaduria/views/urls"
)

// told reads what the payee of a payout was told, and whether the code can be sent again.
func (h *Handlers) told(ctx context.Context, payout int64) (view.Told, error) {
	list, err := h.Payouts.Messages(ctx, payout)
	if err != nil {
		return view.Told{}, err
	}
	t, err := h.Payouts.Telling(ctx, payout)
	return view.Told{List: list, Why: t.WhyNot(h.Now()), Email: t.Email, Phone: t.Phone, Text: view.MessageText(t.Words)}, err
}

// TellPayout is POST urls.TellPayoutPattern: the payee is sent the code again.
func (h *Handlers) TellPayout(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = h.Payouts.TellAgain(ctx, ActorFrom(c), id)
	if models.KindOf(err) == models.Conflict {
		return h.showPayout(c, id, Status(err), Sentence(ctx, err))
	}
	return h.done(c, err, "messages.again_done", urls.Payout(id))
}

// fillExpiring adds to the list of what is about to expire whom nothing reaches, and where to remind the others.
func (h *Handlers) fillExpiring(ctx context.Context, p *view.ListPage, f payouts.Filter) error {
	if f.ExpiresBefore.IsZero() {
		return nil
	}
	f.Cursor = store.Cursor{}
	r, err := h.Payouts.RemindPreview(ctx, f)
	if err != nil {
		return err
	}
	p.NoContact = each(r.NoContact, func(u payouts.Unreachable) view.Unreachable { return view.Unreachable(u) })
	if len(p.Rows) > 0 {
		p.Remind = urls.RemindWith(p.Query)
	}
	return nil
}

// remindQuery is a list of payouts narrowed by its query, and how many of them were to be reminded.
type remindQuery struct {
	payoutQuery
	Expect int64
}

// AskRemind is GET urls.RemindPattern.
func (h *Handlers) AskRemind(c echo.Context) error {
	return h.askRemind(c, c.QueryParams(), http.StatusOK, "")
}

func (h *Handlers) askRemind(c echo.Context, values url.Values, status int, problem string) error {
	ctx := c.Request().Context()
	_, f, err := h.remindFilter(values)
	if err != nil {
		return err
	}
	r, err := h.Payouts.RemindPreview(ctx, f)
	if err != nil {
		return err
	}
	p := view.RemindPage{Page: h.page(c, i18n.N(ctx, "messages.remind_title", int(r.Will.Count)), "payouts"), Query: listQuery(values, "expect", "_csrf"), Problem: problem,
		Count: r.Will.Count, Total: r.Will.Total, Told: r.Told, Often: r.Often, More: r.More,
		NoContact: each(r.NoContact, func(u payouts.Unreachable) view.Unreachable { return view.Unreachable(u) })}
	return render(c, status, view.Remind(p))
}

func (h *Handlers) remindFilter(values url.Values) (q remindQuery, f payouts.Filter, err error) {
	if err = decodeValues(values, &q.payoutQuery); err != nil {
		return q, f, errPayoutFilter
	}
	q.Expect, _ = strconv.ParseInt(values.Get("expect"), 10, 64)
	f, err = q.filter(h.Now())
	f.Cursor = store.Cursor{}
	return q, f, err
}

// Remind is POST urls.RemindPattern: everybody who was counted is written to, or the question comes again.
func (h *Handlers) Remind(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	ctx, values := c.Request().Context(), c.Request().PostForm
	q, f, err := h.remindFilter(values)
	if err != nil {
		return err
	}
	sum, err := h.Payouts.Remind(ctx, ActorFrom(c), f, q.Expect)
	if models.KindOf(err) == models.Conflict {
		return h.askRemind(c, values, Status(err), Sentence(ctx, err))
	}
	if err != nil {
		return err
	}
	if err := h.flash(c, "ok", i18n.N(ctx, "messages.remind_done", int(sum.Count))); err != nil {
		return err
	}
	return seeOther(c, urls.PayoutsWith(listQuery(values, "expect", "_csrf")))
}

// MessageRules is GET urls.MessageRulesPattern.
func (h *Handlers) MessageRules(c echo.Context) error {
	p, err := h.messageRules(c)
	if err != nil {
		return err
	}
	p.Days = strconv.Itoa(p.Rules.DaysBefore)
	return render(c, http.StatusOK, view.Rules(p))
}

func (h *Handlers) messageRules(c echo.Context) (view.RulesPage, error) {
	ctx := c.Request().Context()
	p := view.RulesPage{Page: h.page(c, i18n.T(ctx, "messages.title"), "payouts"), Gateway: h.Payouts.Messenger.SMS != nil}
	var err error
	p.Rules, err = h.Payouts.MessageRules(ctx)
	for _, kind := range []models.MessageKind{models.MessageAvailable, models.MessageReminder} {
		words := view.ExampleWords(ctx, kind, h.Now())
		e := view.Example{Kind: kind, Text: view.MessageText(words)}
		e.Subject, e.Body = view.MessageMail(words)
		p.Examples = append(p.Examples, e)
	}
	return p, err
}

// SetMessageRules is POST urls.MessageRulesPattern.
func (h *Handlers) SetMessageRules(c echo.Context) error {
	var f struct {
		Seen      int64    `form:"seen"`
		Available []string `form:"available"`
		Reminder  []string `form:"reminder"`
		Days      string   `form:"days_before"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	channel := func(s string) models.Channel { return models.Channel(s) }
	rules := models.MessageRules{Available: each(f.Available, channel), Reminder: each(f.Reminder, channel)}
	rules.DaysBefore, _ = strconv.Atoi(f.Days) // what is no number is no day either
	err := h.Payouts.SetMessageRules(ctx, ActorFrom(c), f.Seen, rules)
	if kind := models.KindOf(err); kind != models.Invalid && kind != models.Conflict {
		return h.done(c, err, "messages.saved", urls.MessageRules())
	}
	p, failed := h.messageRules(c)
	if failed != nil {
		return failed
	}
	p.Problem, p.Errors, p.Days = Sentence(ctx, err), fieldErrors(ctx, err), f.Days
	p.Rules.Available, p.Rules.Reminder = rules.Available, rules.Reminder
	return render(c, Status(err), view.Rules(p))
}
