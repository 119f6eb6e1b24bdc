package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/views/connections"
	"pagaduria/views/i18n"
	view "pagaduria/views/payouts"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// payoutQuery is the address of the list of payouts.
type payoutQuery struct {
	Search      string           `form:"q"`
	State       string           `form:"state"`
	Method      string           `form:"method"`
	Distributor int64            `form:"distributor"`
	Batch       int64            `form:"batch"`
	From        models.FilterDay `form:"from"`
	To          models.FilterDay `form:"to"`
	Cause       string           `form:"cause"`
	Overdue     bool             `form:"overdue"`
	Recent      string           `form:"recent"` // expiring: a number of the home page
	After       string           `form:"after"`
	Sum         bool             `form:"sum"`
	Layout      string           `form:"layout"`
	Plain       bool             `form:"plain"`
}

var errPayoutFilter = models.Refuse(models.Invalid, "payouts.bad_filter_hint", "A date, number or state in the address is not valid.", nil)

// filter is the query as the service knows it. Days begin at midnight in Bogotá, and until includes its day.
func (q payoutQuery) filter(now time.Time) (payouts.Filter, error) {
	f := payouts.Filter{State: models.PayoutState(q.State), Method: models.MethodKind(q.Method), DistributorID: q.Distributor, BatchID: q.Batch,
		Search: q.Search, From: bogotaDay(q.From.First(models.Day(now)), 0), To: bogotaDay(q.To.Last(models.Day(now)), 1), Cause: q.Cause, Overdue: q.Overdue}
	switch q.Recent {
	case "":
	case "expiring":
		f.ExpiresBefore = now.Add(48 * time.Hour)
	default:
		return f, errPayoutFilter
	}
	bad := f.State != "" && !f.State.Valid() || f.Method != "" && !f.Method.Valid() || f.Cause != "" && !slices.Contains(payouts.Causes(), f.Cause) ||
		q.Distributor < 0 || q.Batch < 0
	if bad {
		return f, errPayoutFilter
	}
	at, err := store.ParseCursor(q.After)
	f.Cursor = at
	return f, err
}

// bogotaDay is the first moment of a day in Bogotá, so many days later.
func bogotaDay(day time.Time, later int) time.Time {
	if day.IsZero() {
		return day
	}
	return time.Date(day.Year(), day.Month(), day.Day()+later, 0, 0, 0, 0, i18n.Bogota)
}

// readPayoutQuery reads the address; a filter that cannot be is an answer of its own.
func (h *Handlers) readPayoutQuery(values url.Values) (q payoutQuery, f payouts.Filter, err error) {
	if err = decodeValues(values, &q); err != nil {
		return q, f, errPayoutFilter
	}
	f, err = q.filter(h.Now())
	return q, f, err
}

// PayoutList is GET urls.PayoutsPattern.
func (h *Handlers) PayoutList(c echo.Context) error {
	ctx := c.Request().Context()
	values, views, to := h.listed(c, models.ListPayouts)
	if to != "" {
		return seeOther(c, to)
	}
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "payouts.title"), "payouts"), Query: views.Address, Views: views}
	q, f, err := h.readPayoutQuery(values)
	p.Filters = payoutFilters(ctx, q, views)
	p.Days = ui.NewDays(urls.Payouts(), p.Query, "to", h.Now())
	p.Days.FromText, p.Days.ToText = i18n.T(ctx, "payouts.from"), i18n.T(ctx, "payouts.to")
	status := http.StatusOK
	if err != nil {
		p.Invalid, status = Sentence(ctx, err), Status(err)
		return render(c, status, view.List(p), view.ListPart(p))
	}
	p.Method = f.Method
	if err := h.fillPayouts(ctx, &p, q, f); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of payouts failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, view.List(p), view.ListPart(p))
}

// fillPayouts reads one page of rows, and the running sums above it.
func (h *Handlers) fillPayouts(ctx context.Context, p *view.ListPage, q payoutQuery, f payouts.Filter) error {
	tallies, err := h.Payouts.Tallies(ctx)
	if err != nil {
		return err
	}
	p.Tabs, p.Any = payoutTabs(ctx, tallies, f, p.Views), len(tallies) > 0
	page, err := h.Payouts.List(ctx, f)
	if err != nil {
		return err
	}
	p.Rows = page.Rows
	p.Pages = ui.Pages{Newer: pageURL(urls.Payouts(), p.Query, page.Newer), Older: pageURL(urls.Payouts(), p.Query, page.Older)}
	if err := h.fillExpiring(ctx, p, f); err != nil {
		return err
	}
	state := f.State
	f.Cursor, f.State = store.Cursor{}, ""
	switch {
	case f.Empty(): // the running sums know it already
		p.Sum = sumText(ctx, tallyOf(tallies, state))
	case q.Sum:
		f.State = state
		sum, err := h.Payouts.SumOf(ctx, f)
		if err != nil {
			return err
		}
		p.Sum = sumText(ctx, sum)
	}
	return nil
}

// pageURL is the neighbouring page of a keyset list, "" without one.
func pageURL(path string, query url.Values, cursor string) string {
	if cursor == "" {
		return ""
	}
	return urls.With(path, query, "after", cursor)
}

func tallyOf(tallies map[string]payouts.Sum, state models.PayoutState) payouts.Sum {
	if state != "" {
		s := tallies[string(state)]
		s.Total.Currency = models.COP
		return s
	}
	all := payouts.Sum{Total: models.Pesos(0)}
	for _, s := range tallies {
		all.Count, all.Total = all.Count+s.Count, all.Total.Add(s.Total)
	}
	return all
}

func sumText(ctx context.Context, s payouts.Sum) string {
	return i18n.N(ctx, "payouts.sum_of", int(s.Count), "Amount", i18n.Money(ctx, s.Total))
}

// alwaysShown are the states whose card stands there even when nothing is in them.
var alwaysShown = []models.PayoutState{models.PayoutInBatch, models.PayoutSent, models.PayoutAvailable, models.PayoutPaid, models.PayoutFailed}

// payoutTabs are the cards of the states. A card's number is of all payouts, so it leads to that state alone.
func payoutTabs(ctx context.Context, tallies map[string]payouts.Sum, f payouts.Filter, v ui.Views) []ui.TileData {
	all := tallyOf(tallies, "")
	tabs := []ui.TileData{{URL: urls.PayoutsWith(v.Plain()), Label: i18n.T(ctx, "payouts.all"), Big: i18n.Number(ctx, all.Count), Note: i18n.MoneyShort(ctx, all.Total), Current: f.State == ""}}
	for _, s := range models.PayoutStates {
		sum := tallyOf(tallies, s)
		if sum.Count == 0 && f.State != s && !slices.Contains(alwaysShown, s) {
			continue
		}
		look := ui.PayoutState(s)
		tabs = append(tabs, ui.TileData{URL: urls.With(urls.Payouts(), v.Plain(), "state", string(s)), Label: i18n.T(ctx, look.Key), Icon: look.Icon, Tone: look.Tone,
			Big: i18n.Number(ctx, sum.Count), Note: i18n.MoneyShort(ctx, sum.Total), Current: f.State == s})
	}
	return tabs
}

// payoutFilters is the bar: a chip for every filter that has no field of its own, and the state.
func payoutFilters(ctx context.Context, q payoutQuery, v ui.Views) ui.Filters {
	query := v.Address
	f := ui.Filters{Action: urls.Payouts(), Query: q.Search, Placeholder: i18n.T(ctx, "payouts.search"), Keep: v.Keep()}
	chip := func(name, label, value string) {
		if value == "" {
			return
		}
		f.Chosen = append(f.Chosen, ui.Chosen{Label: label, Value: value, Remove: urls.With(urls.Payouts(), query, name, "")})
	}
	if s := models.PayoutState(q.State); s.Valid() {
		chip("state", i18n.T(ctx, "payouts.state"), i18n.T(ctx, ui.PayoutState(s).Key))
	}
	if m := models.MethodKind(q.Method); m.Valid() {
		chip("method", i18n.T(ctx, "payouts.method"), i18n.T(ctx, ui.MethodKey(m)))
	}
	if !q.From.Relative() && !q.To.Relative() { // else they are said together
		chip("from", i18n.T(ctx, "payouts.from"), q.From.String())
		chip("to", i18n.T(ctx, "payouts.to"), q.To.String())
	}
	if q.Distributor > 0 {
		chip("distributor", i18n.T(ctx, "payouts.distributor"), urls.Num(q.Distributor))
	}
	if q.Batch > 0 {
		chip("batch", i18n.T(ctx, "payouts.batch"), urls.Num(q.Batch))
	}
	if slices.Contains(payouts.Causes(), q.Cause) {
		chip("cause", i18n.T(ctx, "payouts.cause"), i18n.T(ctx, "cause."+q.Cause+".name"))
	}
	if q.Overdue {
		chip("overdue", i18n.T(ctx, "payouts.overdue_filter"), i18n.T(ctx, "payouts.yes"))
	}
	if q.Recent == "expiring" {
		chip("recent", i18n.T(ctx, "home.tile.expiring"), i18n.T(ctx, "payouts.yes"))
	}
	for _, name := range []string{"state", "distributor", "batch", "cause", "overdue", "recent"} {
		if v := query.Get(name); v != "" {
			f.Keep = append(f.Keep, ui.Pair{Name: name, Value: v})
		}
	}
	return f
}

// PayoutSum is GET urls.PayoutsSumPattern: how many match and what they come to, asked for after the rows.
func (h *Handlers) PayoutSum(c echo.Context) error {
	_, f, err := h.readPayoutQuery(c.QueryParams())
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	sum, err := h.Payouts.SumOf(ctx, f)
	if err != nil {
		return err
	}
	text := sumText(ctx, sum)
	p := h.page(c, i18n.T(ctx, "payouts.sum_title"), "payouts")
	return render(c, http.StatusOK, view.SumPage(p, text, urls.PayoutsWith(listQuery(c.QueryParams()))), view.SumPart(text))
}

// PayoutFile is GET urls.PayoutsFilePattern: everything that matches.
func (h *Handlers) PayoutFile(c echo.Context) error {
	q, f, err := h.readPayoutQuery(c.QueryParams())
	if err != nil {
		return err
	}
	layout := officeLayout(c)
	if q.Layout == "excel" {
		layout = sheet.Layout{Comma: ';', BOM: true}
	}
	by := ActorFrom(c)
	if q.Plain && !by.May(models.PermPersonalReveal) {
		return models.Refuse(models.Forbidden, "payout.refused.reveal", "Your role may export documents and accounts only masked.", nil)
	}
	startFile(c, "payouts")
	return h.Payouts.Export(c.Request().Context(), by, f, q.Plain, sheet.NewWriter(c.Response(), layout))
}

// PayoutPage is GET urls.PayoutPattern.
func (h *Handlers) PayoutPage(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.showPayout(c, id, http.StatusOK, "")
}

// ChargePayout is POST urls.ChargePayoutPattern: what the rail really charged.
func (h *Handlers) ChargePayout(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Charged string `form:"charged"`
		Reason  string `form:"reason"`
		Version int    `form:"version"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	charged, err := typedPesos(f.Charged)
	if err != nil {
		err = models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("charged", "form.amount_bad")
	} else {
		err = h.Payouts.RecordCharge(ctx, ActorFrom(c), id, f.Version, charged, cut(f.Reason, 300))
	}
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showPayoutWith(c, id, Status(err), func(p *view.ShowPage) {
			p.Problem, p.Errors, p.Charged, p.ChargeReason = Sentence(ctx, err), fieldErrors(ctx, err), f.Charged, f.Reason
		})
	}
	return h.done(c, err, "payouts.charge.done", urls.Payout(id))
}

// showPayout draws the page of one payout; problem is why the last try did nothing.
func (h *Handlers) showPayout(c echo.Context, id int64, status int, problem string) error {
	return h.showPayoutWith(c, id, status, func(p *view.ShowPage) { p.Problem = problem })
}

// showPayoutWith draws the page of one payout; say adds what the last try left to be said.
func (h *Handlers) showPayoutWith(c echo.Context, id int64, status int, say func(*view.ShowPage)) error {
	ctx := c.Request().Context()
	x, err := h.Payouts.Payout(ctx, id)
	if err != nil {
		return err
	}
	title := i18n.T(ctx, "payouts.to_person", "Amount", i18n.Money(ctx, x.Amount), "Name", x.Payee.Name())
	p := view.ShowPage{Page: h.page(c, title, "payouts"), Payout: x}
	say(&p)
	for _, op := range payouts.Offered(x) {
		p.Offered = append(p.Offered, string(op))
	}
	if err := h.fillPayout(ctx, &p); err != nil {
		return err
	}
	return render(c, status, view.Show(p))
}

// fillPayout reads what stands around a payout.
func (h *Handlers) fillPayout(ctx context.Context, p *view.ShowPage) (err error) {
	x := p.Payout
	if p.Batch, err = h.Payouts.Batch(ctx, x.BatchID); err != nil {
		return err
	}
	if p.Connection, err = h.Payouts.Connection(ctx, x.ConnectionID); err != nil {
		return err
	}
	if x.State == models.PayoutApproved {
		w, err := h.Payouts.Waits(ctx, p.Batch, p.Connection)
		if err != nil {
			return err
		}
		if w.Short != nil {
			p.Waits = i18n.T(ctx, "float.short", "Amount", i18n.Money(ctx, *w.Short))
		} else if c, ok := w.By[x.ID]; ok {
			p.Waits = i18n.T(ctx, "cap.waits_tomorrow", "Cap", connections.CapName(ctx, c))
		}
	}
	history, err := h.Payouts.History(ctx, x.ID)
	if err != nil {
		return err
	}
	lines, err := h.Payouts.Lines(ctx, x.ID)
	if err != nil {
		return err
	}
	attempts, err := h.Payouts.Attempts(ctx, x.ID)
	if err != nil {
		return err
	}
	entries, err := h.Payouts.Entries(ctx, x.ID)
	if err != nil {
		return err
	}
	notices, err := h.Payouts.Notices(ctx, x.Code)
	if err != nil {
		return err
	}
	before, after, err := h.Payouts.Chain(ctx, x.ID)
	if err != nil {
		return err
	}
	p.Before, p.After = each(before, func(l payouts.Link) view.Link { return view.Link(l) }), each(after, func(l payouts.Link) view.Link { return view.Link(l) })
	if x.State.Releases() {
		f, err := h.Payouts.FailureOf(ctx, x.ID)
		if err != nil {
			return err
		}
		p.Failed = &view.Failed{Cure: f.Cure, Changed: f.Changed, Why: f.Why}
	}
	if p.Renewing, err = h.renewing(ctx, x, p.Connection.Name); err != nil {
		return err
	}
	if x.To.Kind.Cash() {
		if p.Told, err = h.told(ctx, x.ID); err != nil {
			return err
		}
	}
	p.History = each(history, func(e payouts.PayoutEvent) view.Event { return view.Event(e) })
	p.Lines = each(lines, func(l payouts.PaidLine) view.Line { return view.Line(l) })
	p.Attempts = each(attempts, func(a payouts.Attempt) view.Attempt { return view.Attempt(a) })
	p.Entries = each(entries, func(e payouts.Entry) view.Entry { return view.Entry(e) })
	p.Notices = each(notices, func(n payouts.Notice) view.Notice { return view.Notice(n) })
	if x.State.Releases() && x.State != models.PayoutCancelled || x.State == models.PayoutOnHold {
		reason, ok, err := h.Payouts.ReasonOf(ctx, x)
		if err != nil {
			return err
		}
		if ok {
			p.Reason = (*view.Reason)(&reason)
		}
	}
	return nil
}

// AskHoldPayout, AskReleasePayout and AskCancelPayout are the questions as pages of their own.
func (h *Handlers) AskHoldPayout(c echo.Context) error { return h.askPayout(c, payouts.OpHold) }

// AskReleasePayout is GET urls.ReleasePayoutPattern.
func (h *Handlers) AskReleasePayout(c echo.Context) error { return h.askPayout(c, payouts.OpRelease) }

// AskCancelPayout is GET urls.CancelPayoutPattern.
func (h *Handlers) AskCancelPayout(c echo.Context) error { return h.askPayout(c, payouts.OpCancel) }

func (h *Handlers) askPayout(c echo.Context, op payouts.Operation) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.askPayoutAgain(c, id, op, http.StatusOK, "", "")
}

func (h *Handlers) askPayoutAgain(c echo.Context, id int64, op payouts.Operation, status int, problem, typed string) error {
	ctx := c.Request().Context()
	x, err := h.Payouts.Payout(ctx, id)
	if err != nil {
		return err
	}
	if !slices.Contains(payouts.Offered(x), op) {
		return models.Refuse(models.Conflict, "payout.refused.operation", "The payout has moved on, so this cannot be done any more.", nil)
	}
	title := i18n.T(ctx, "payouts.to_person", "Amount", i18n.Money(ctx, x.Amount), "Name", x.Payee.Name())
	return render(c, status, view.Ask(view.AskPage{Page: h.page(c, title, "payouts"), Payout: x, Op: string(op), Problem: problem, Typed: typed}))
}

// HoldPayout is POST urls.HoldPayoutPattern.
func (h *Handlers) HoldPayout(c echo.Context) error { return h.operate(c, payouts.OpHold) }

// ReleasePayout is POST urls.ReleasePayoutPattern.
func (h *Handlers) ReleasePayout(c echo.Context) error { return h.operate(c, payouts.OpRelease) }

// CancelPayout is POST urls.CancelPayoutPattern.
func (h *Handlers) CancelPayout(c echo.Context) error { return h.operate(c, payouts.OpCancel) }

// LookUpPayout is POST urls.LookUpPayoutPattern: it only asks.
func (h *Handlers) LookUpPayout(c echo.Context) error { return h.operate(c, payouts.OpLookup) }

func (h *Handlers) operate(c echo.Context, op payouts.Operation) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var form struct {
		Note string `form:"note"`
	}
	if err := decode(c, &form); err != nil {
		return err
	}
	ctx := c.Request().Context()
	moved, err := h.Payouts.Operate(ctx, ActorFrom(c), id, op, form.Note)
	switch kind := models.KindOf(err); {
	case kind == models.Invalid:
		return h.askPayoutAgain(c, id, op, Status(err), Sentence(ctx, err), form.Note)
	case kind == models.Conflict, kind == models.Unavailable:
		return h.showPayout(c, id, Status(err), Sentence(ctx, err))
	case kind != "" || err != nil && (op != payouts.OpLookup || ctx.Err() != nil || errors.Is(err, context.Canceled)):
		return err
	case err != nil: // the rail did not answer: a fact of the day, not a fault of ours
		h.Log.WarnContext(ctx, "the rail did not say where a payout stands", slog.Int64("payout", id), slog.Any("error", err))
		return h.showPayout(c, id, http.StatusServiceUnavailable, i18n.T(ctx, "payout.refused.look"))
	}
	key := "payouts.done.same"
	if moved.Changed {
		key = "payouts.done.moved"
	}
	if err := h.flash(c, "ok", i18n.T(ctx, key, "State", i18n.T(ctx, ui.PayoutState(moved.To).Key))); err != nil {
		return err
	}
	return seeOther(c, urls.Payout(id))
}
