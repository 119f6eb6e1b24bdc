package handlers

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	view "pagaduria/views/batches"
	"pagaduria/views/connections"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// BatchList is GET urls.BatchesPattern.
func (h *Handlers) BatchList(c echo.Context) error {
	ctx := c.Request().Context()
	values, views, to := h.listed(c, models.ListBatches)
	if to != "" {
		return seeOther(c, to)
	}
	state := models.BatchState(values.Get("state"))
	if state != "" && !slices.Contains(models.BatchStates, state) {
		return errPayoutFilter
	}
	at, err := store.ParseCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "batches.title"), "batches"), State: state, Views: views}
	status := http.StatusOK
	if err := h.fillBatches(ctx, ActorFrom(c), &p, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of batches failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, view.List(p), view.ListPart(p))
}

func (h *Handlers) fillBatches(ctx context.Context, by models.Actor, p *view.ListPage, at store.Cursor) error {
	tallies, err := h.Payouts.BatchTallies(ctx)
	if err != nil {
		return err
	}
	p.Tabs, p.Any = batchTabs(ctx, tallies, p.State, p.Views), len(tallies) > 0
	page, err := h.Payouts.ListBatches(ctx, p.State, at)
	if err != nil {
		return err
	}
	p.Rows, p.Mine = each(page.Rows, func(r payouts.BatchRow) view.Row { return view.Row(r) }), map[int64]bool{}
	for _, r := range page.Rows {
		if r.DecidableBy(by) == nil {
			p.Mine[r.ID] = true
		}
	}
	p.Pages = ui.Pages{Newer: pageURL(urls.Batches(), p.Views.Address, page.Newer), Older: pageURL(urls.Batches(), p.Views.Address, page.Older)}
	return nil
}

// batchTabsShown are the states whose card stands there even when nothing is in them.
var batchTabsShown = []models.BatchState{models.BatchDraft, models.BatchInApproval, models.BatchDispatching, models.BatchDone}

func batchTabs(ctx context.Context, tallies map[string]payouts.Sum, current models.BatchState, v ui.Views) []ui.TileData {
	all := tallyOf(tallies, "")
	tabs := []ui.TileData{{URL: urls.List(string(models.ListBatches), v.Plain()), Label: i18n.T(ctx, "payouts.all"), Big: i18n.Number(ctx, all.Count), Note: i18n.MoneyShort(ctx, all.Total), Current: current == ""}}
	for _, s := range models.BatchStates {
		sum := tallyOf(tallies, models.PayoutState(s))
		if sum.Count == 0 && s != current && !slices.Contains(batchTabsShown, s) {
			continue
		}
		look := ui.BatchState(s)
		tabs = append(tabs, ui.TileData{URL: urls.With(urls.Batches(), v.Plain(), "state", string(s)), Label: i18n.T(ctx, look.Key), Icon: look.Icon, Tone: look.Tone,
			Big: i18n.Number(ctx, sum.Count), Note: i18n.MoneyShort(ctx, sum.Total), Current: s == current})
	}
	return tabs
}

// BatchPage is GET urls.BatchPattern.
func (h *Handlers) BatchPage(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.showBatch(c, id, http.StatusOK, "", "")
}

// showBatch draws the review; problem is why the last try did nothing, codeError what is wrong with the code.
func (h *Handlers) showBatch(c echo.Context, id int64, status int, problem, codeError string) error {
	p, err := h.review(c, id)
	if err != nil {
		return err
	}
	p.Problem, p.CodeError = problem, codeError
	return render(c, status, view.Show(p), view.ShowPart(p))
}

// review reads everything the review shows.
func (h *Handlers) review(c echo.Context, id int64) (p view.ShowPage, err error) {
	ctx, by := c.Request().Context(), ActorFrom(c)
	if p.Batch, err = h.Payouts.Batch(ctx, id); err != nil {
		return p, err
	}
	p.Page = h.page(c, p.Batch.Name, "batches")
	p.Tab = c.QueryParam("tab")
	if p.PageNo = pageNumber(c); !slices.Contains(payouts.Parts, p.Tab) {
		p.Tab = ""
	}
	if flag := c.QueryParam("flag"); p.Tab == payouts.PartOutliers && slices.Contains(payouts.ReviewFlags, flag) {
		p.Flag = flag
	}
	if err := h.reviewParties(ctx, &p); err != nil {
		return p, err
	}
	if err := h.reviewItems(ctx, &p); err != nil {
		return p, err
	}
	if err := h.reviewHistory(ctx, by, &p); err != nil {
		return p, err
	}
	if p.Waits, err = h.waits(ctx, p.Batch, p.Connection); err != nil {
		return p, err
	}
	if p.Switches, err = h.switches(ctx, id, p.Connection.Name); err != nil {
		return p, err
	}
	p.MayDecide = p.Batch.DecidableBy(by) == nil
	mayNot := p.Batch.ApprovableBy(by)
	p.MayApprove = mayNot == nil
	p.MayEdit = p.Batch.EditableBy(by) == nil
	prepares := by.May(models.PermBatchesPrepare)
	open := p.Batch.State == models.BatchDraft || p.Batch.State == models.BatchReturned
	p.MaySubmit = prepares && open && p.Batch.Items > 0
	p.MayRecall = prepares && (open || p.Batch.Open())
	whyNot(ctx, &p, by)
	if p.MayDecide && !p.MayApprove {
		p.WhyNotBold = Sentence(ctx, mayNot)
	}
	if p.MayApprove {
		if p.DemoCode, err = h.Staff.DemoCode(ctx, VisitorFrom(c).Staff.Email); err != nil {
			return p, err
		}
		p.Passkey, err = h.passkeyHere(c, by.StaffID)
	}
	return p, err
}

// waits says why approved payouts of a batch are not handed over now.
func (h *Handlers) waits(ctx context.Context, b models.Batch, c models.Connection) (said []string, err error) {
	w, err := h.Payouts.Waits(ctx, b, c)
	if w.Short != nil {
		said = append(said, i18n.T(ctx, "float.short", "Amount", i18n.Money(ctx, *w.Short)))
	}
	for _, k := range w.Caps {
		said = append(said, i18n.N(ctx, "cap.waits_for", k.Count, "Amount", i18n.Money(ctx, k.Total), "Cap", connections.CapName(ctx, k.Cap)))
	}
	return said, err
}

// pageNumber reads the page of a bounded list.
func pageNumber(c echo.Context) int {
	var q struct {
		Page int `form:"page"`
	}
	if decodeQuery(c, &q) != nil {
		return 0
	}
	return min(max(q.Page, 0), 100_000)
}

// whyNot says why the approval is not offered, to whoever could expect it.
func whyNot(ctx context.Context, p *view.ShowPage, by models.Actor) {
	if p.MayDecide || p.Batch.State != models.BatchInApproval {
		return
	}
	key := "role"
	switch {
	case by.StaffID == p.Batch.MakerID:
		key = "maker"
	case by.StaffID == p.Batch.EditorID:
		key = "editor"
	}
	p.WhyNotBold, p.WhyNot = i18n.T(ctx, "batches.banner."+key), i18n.T(ctx, "batches.banner."+key+"_text")
}

func (h *Handlers) reviewParties(ctx context.Context, p *view.ShowPage) error {
	maker, err := h.Staff.Get(ctx, p.Batch.MakerID)
	if err != nil {
		return err
	}
	p.Maker, p.Editor = maker.Name, maker.Name
	if p.Connection, err = h.Payouts.Connection(ctx, p.Batch.ConnectionID); err != nil {
		return err
	}
	compared, previous, ok, err := h.Payouts.Compared(ctx, p.Batch.ID)
	if err != nil || !ok {
		return err
	}
	p.Compared, p.Previous, p.Before = view.Comparison(compared), &previous, map[models.MethodKind]int{}
	before, err := h.Payouts.Splits(ctx, previous.ID)
	for _, s := range before {
		p.Before[s.Kind] = s.Count
	}
	return err
}

func (h *Handlers) reviewItems(ctx context.Context, p *view.ShowPage) error {
	splits, err := h.Payouts.Splits(ctx, p.Batch.ID)
	if err != nil {
		return err
	}
	p.Splits = each(splits, func(s payouts.Split) view.Split { return view.Split(s) })
	counts, err := h.Payouts.ReviewCounts(ctx, p.Batch.ID)
	if err != nil {
		return err
	}
	p.Counts = view.Counts(counts)
	if p.Tab == "" { // what to look at first, or everything when nothing stands out
		p.Tab = "outliers"
		if counts.Outliers == 0 {
			p.Tab = "all"
		}
	}
	items, more, err := h.Payouts.Review(ctx, p.Batch.ID, p.Tab, p.Flag, p.PageNo)
	if err != nil {
		return err
	}
	p.Items, p.More = each(items, func(r payouts.ReviewItem) view.ReviewItem { return view.ReviewItem(r) }), more
	return nil
}

func (h *Handlers) reviewHistory(ctx context.Context, by models.Actor, p *view.ShowPage) error {
	judged, err := h.Payouts.Judged(ctx, p.Batch)
	if err != nil {
		return err
	}
	p.Judged = view.Judged(judged)
	decided, err := h.Payouts.Decisions(ctx, p.Batch.ID)
	if err != nil {
		return err
	}
	p.Decisions = each(decided, func(d payouts.Decided) view.Decided { return view.Decided(d) })
	events, err := audit.List(ctx, h.DB, models.AuditFilter{SubjectType: "batch", SubjectID: p.Batch.ID}, store.Cursor{})
	if err != nil {
		return err
	}
	p.Events = each(events.Rows, func(e models.AuditEvent) ui.LogEntry { return batchEvent(ctx, e) })
	switch p.Batch.State {
	case models.BatchApproved, models.BatchDispatching, models.BatchDone:
		p.Progress, err = h.progress(ctx, by, p.Batch)
		p.Progress.CSRF = p.CSRF
	}
	return err
}

// batchEvent is an event of the audit log as a sentence.
func batchEvent(ctx context.Context, e models.AuditEvent) ui.LogEntry {
	entry := ui.LogEntry{Icon: "circle-dot", Who: e.ActorName, Note: e.Reason, At: e.At}
	looks := map[string][2]string{"batch.create": {"", "stack-2"}, "batch.submit": {"info", "lock"}, "batch.approve": {"ok", "check"},
		"batch.return": {"hold", "arrow-back-up"}, "batch.reject": {"bad", "x"}, "batch.recall": {"", "ban"}, "batch.remove_item": {"bad", "minus"},
		"batch.undo": {"hold", "arrow-back-up"}, "batch.take_back": {"bad", "ban"},
		"batch.block": {"bad", "lock"}, "batch.unblock": {"ok", "check"}, "batch.expire": {"", "clock"}}
	look, ok := looks[e.Action]
	if !ok {
		entry.Text = i18n.T(ctx, "batches.log.other", "Action", e.Action)
		return entry
	}
	entry.Tone, entry.Icon = look[0], look[1]
	var facts struct {
		Payout, Amount string
		Payouts        int64
	}
	// What cannot be read is left out of the sentence.
	switch e.Action {
	case "batch.remove_item":
		_ = json.Unmarshal([]byte(e.Before), &facts)
	case "batch.take_back":
		_ = json.Unmarshal([]byte(e.After), &facts)
	}
	entry.Text = i18n.T(ctx, "batches.log."+e.Action[len("batch."):], "Code", facts.Payout, "Amount", facts.Amount, "N", i18n.Number(ctx, facts.Payouts))
	return entry
}

func (h *Handlers) progress(ctx context.Context, by models.Actor, b models.Batch) (view.Progress, error) {
	states, err := h.Payouts.Progress(ctx, b.ID)
	if err != nil {
		return view.Progress{}, err
	}
	p := view.Progress{Batch: b, Live: b.State == models.BatchApproved || b.State == models.BatchDispatching, Now: h.Now()}
	if err := h.undoable(ctx, by, &p, states); err != nil {
		return p, err
	}
	for _, s := range models.PayoutStates {
		for _, x := range states {
			if x.State == s {
				p.States = append(p.States, view.StateSum{State: s, Count: x.Count, Total: x.Total})
			}
		}
	}
	return p, nil
}

// BatchProgress is GET urls.BatchProgressPattern: the part of the page that moves.
func (h *Handlers) BatchProgress(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	b, err := h.Payouts.Batch(ctx, id)
	if err != nil {
		return err
	}
	p, err := h.progress(ctx, ActorFrom(c), b)
	if err != nil {
		return err
	}
	p.CSRF = VisitorFrom(c).CSRF
	return render(c, http.StatusOK, view.ProgressPage(h.page(c, b.Name, "batches"), p), view.ProgressPart(p))
}
