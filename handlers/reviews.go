package handlers

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/review"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	view "pagaduria/views/review"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// queueQuery is the address of the review queue.
type queueQuery struct {
	Search   string `form:"q"`
	Tab      string `form:"tab"`
	Reviewer string `form:"reviewer"`
	Kind     string `form:"kind"`
	Tag      string `form:"tag"`
	Desk     string `form:"desk"`
	Risk     string `form:"risk"`
	After    string `form:"after"`
}

var errQueueFilter = models.Refuse(models.Invalid, "error.bad_form", "Correct the marked fields and send the form again.", nil)

func (q queueQuery) filter(by models.Actor) (kyc.QueueFilter, error) {
	f := kyc.QueueFilter{Search: q.Search, Tab: kyc.Tab(q.Tab), PersonKind: q.Kind, Tag: q.Tag, Desk: kyc.Desk(q.Desk), Band: models.RiskBand(q.Risk)}
	switch q.Reviewer {
	case "":
	case view.ReviewerMe:
		f.Reviewer = by.StaffID
	case view.ReviewerNobody:
		f.Reviewer = kyc.Nobody
	default:
		id, err := strconv.ParseInt(q.Reviewer, 10, 64)
		if err != nil || id <= 0 {
			return f, errQueueFilter
		}
		f.Reviewer = id
	}
	if !f.Tab.Valid() || f.Desk != "" && !f.Desk.Valid() || f.Band != "" && !f.Band.Valid() || q.Kind != "" && q.Kind != "natural" && q.Kind != "juridical" {
		return f, errQueueFilter
	}
	return f, nil
}

// ReviewQueue is GET urls.ReviewsPattern.
func (h *Handlers) ReviewQueue(c echo.Context) error {
	ctx, by := c.Request().Context(), ActorFrom(c)
	values, views, to := h.listed(c, models.ListReviews)
	if to != "" {
		return seeOther(c, to)
	}
	var q queueQuery
	if err := decodeValues(values, &q); err != nil {
		return err
	}
	f, err := q.filter(by)
	if err != nil {
		return err
	}
	at, err := store.ParseCursor(q.After)
	if err != nil {
		return err
	}
	p := view.ListPage{Page: h.page(c, i18n.T(ctx, "case.title"), "reviews"), Filter: f, Views: views}
	status := http.StatusOK
	if err := h.fillQueue(ctx, by, &p, at); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "review queue failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	return render(c, status, view.List(p), view.ListPart(p))
}

func (h *Handlers) fillQueue(ctx context.Context, by models.Actor, p *view.ListPage, at store.Cursor) error {
	page, err := h.Review.Queue(ctx, by, p.Filter, at)
	if err != nil {
		return err
	}
	p.Rows = page.Rows
	p.Pages = ui.Pages{Newer: pageURL(urls.Reviews(), p.Views.Address, page.Newer), Older: pageURL(urls.Reviews(), p.Views.Address, page.Older)}
	if p.Counts, err = h.Review.Counts(ctx, by); err != nil {
		return err
	}
	if p.Officers, err = h.Review.Officers(ctx); err != nil {
		return err
	}
	if p.Tags, err = h.Review.Tags(ctx); err != nil {
		return err
	}
	p.Settings, err = h.Review.Settings(ctx)
	return err
}

// ReviewNext is POST urls.ReviewNextPattern: takes the case that is due first and opens it.
func (h *Handlers) ReviewNext(c echo.Context) error {
	id, err := h.Review.TakeNext(c.Request().Context(), ActorFrom(c))
	if keyOf(err) == "case.refused.none" {
		if err := h.flash(c, "info", Sentence(c.Request().Context(), err)); err != nil {
			return err
		}
		return seeOther(c, urls.Reviews())
	}
	return h.done(c, err, "case.taken_flash", urls.Review(id))
}

// TakeReview is POST urls.ReviewTakePattern.
func (h *Handlers) TakeReview(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.done(c, h.Review.Take(c.Request().Context(), ActorFrom(c), id), "case.taken_flash", urls.Review(id))
}

// assignForm is to whom which cases go.
type assignForm struct {
	IDs  []int64 `form:"ids"`
	To   string  `form:"to"`
	Note string  `form:"note"`
}

// back is where the question was asked.
func (f assignForm) back() string {
	if len(f.IDs) == 1 {
		return urls.Review(f.IDs[0])
	}
	return urls.Reviews()
}

// AskAssign is GET urls.ReviewAssignPattern.
func (h *Handlers) AskAssign(c echo.Context) error {
	var f assignForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	return h.showAssign(c, f, nil)
}

func (h *Handlers) showAssign(c echo.Context, f assignForm, refusal error) error {
	ctx := c.Request().Context()
	if len(f.IDs) == 0 {
		return models.Refuse(models.Invalid, "case.refused.none_ticked", "Tick the cases first.", nil)
	}
	p := view.AssignPage{Page: h.page(c, i18n.N(ctx, "case.assign_title", len(f.IDs)), "reviews"), IDs: f.IDs, Cases: len(f.IDs), To: f.To, Note: f.Note, Back: f.back(),
		Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}
	var err error
	if p.Officers, err = h.Review.Officers(ctx); err != nil {
		return err
	}
	return render(c, statusOf(refusal), view.Assign(p))
}

// statusOf is the status of a form: of its refusal, or that it is shown for the first time.
func statusOf(refusal error) int {
	if refusal == nil {
		return http.StatusOK
	}
	return Status(refusal)
}

// AssignReviews is POST urls.ReviewAssignPattern.
func (h *Handlers) AssignReviews(c echo.Context) error {
	var f assignForm
	if err := decode(c, &f); err != nil {
		return err
	}
	to, err := strconv.ParseInt(f.To, 10, 64)
	if err != nil || to < 0 {
		err = models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("to", "case.fault.officer")
		return h.showAssign(c, f, err)
	}
	err = h.Review.Assign(c.Request().Context(), ActorFrom(c), f.IDs, review.HandOver{To: to, Note: f.Note})
	if models.KindOf(err) == models.Invalid && len(f.IDs) > 0 {
		return h.showAssign(c, f, err)
	}
	return h.done(c, err, "case.assigned_flash", f.back())
}

// tagForm is which tag goes on which cases.
type tagForm struct {
	IDs []int64 `form:"ids"`
	Tag string  `form:"tag"`
	Off bool    `form:"off"`
}

// AskTag is GET urls.ReviewTagPattern.
func (h *Handlers) AskTag(c echo.Context) error {
	var f tagForm
	if err := decodeQuery(c, &f); err != nil {
		return err
	}
	return h.showTag(c, f, nil)
}

func (h *Handlers) showTag(c echo.Context, f tagForm, refusal error) error {
	ctx := c.Request().Context()
	if len(f.IDs) == 0 {
		return models.Refuse(models.Invalid, "case.refused.none_ticked", "Tick the cases first.", nil)
	}
	return render(c, statusOf(refusal), view.Tag(view.TagPage{Page: h.page(c, i18n.N(ctx, "case.tag_title", len(f.IDs)), "reviews"), IDs: f.IDs, Tag: f.Tag,
		Errors: fieldErrors(ctx, refusal), Error: Sentence(ctx, refusal)}))
}

// TagReviews is POST urls.ReviewTagPattern.
func (h *Handlers) TagReviews(c echo.Context) error {
	var f tagForm
	if err := decode(c, &f); err != nil {
		return err
	}
	err := h.Review.Tag(c.Request().Context(), ActorFrom(c), f.IDs, f.Tag, false)
	if models.KindOf(err) == models.Invalid && len(f.IDs) > 0 {
		return h.showTag(c, f, err)
	}
	return h.done(c, err, "case.tagged_flash", urls.Reviews())
}

// TagReview is POST urls.ReviewTagsPattern: one case, a tag put on or taken off.
func (h *Handlers) TagReview(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f tagForm
	if err := decode(c, &f); err != nil {
		return err
	}
	err = h.Review.Tag(c.Request().Context(), ActorFrom(c), []int64{id}, f.Tag, f.Off)
	if models.KindOf(err) == models.Invalid {
		f.IDs = []int64{id}
		return h.showTag(c, f, err)
	}
	return h.done(c, err, "case.tagged_flash", urls.Review(id))
}

// AskShare is GET urls.ReviewSharePattern: who would get how many.
func (h *Handlers) AskShare(c echo.Context) error { return h.showShare(c, nil) }

func (h *Handlers) showShare(c echo.Context, refusal error) error {
	ctx := c.Request().Context()
	plan, err := h.Review.Plan(ctx, ActorFrom(c))
	if err != nil {
		return err
	}
	return render(c, statusOf(refusal), view.Share(view.SharePage{Page: h.page(c, i18n.T(ctx, "case.share"), "reviews"), Plan: plan, Error: Sentence(ctx, refusal)}))
}

// ShareReviews is POST urls.ReviewSharePattern.
func (h *Handlers) ShareReviews(c echo.Context) error {
	var f struct {
		Expected int `form:"expected"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	err := h.Review.ShareOut(c.Request().Context(), ActorFrom(c), f.Expected)
	if models.KindOf(err) == models.Conflict {
		return h.showShare(c, err)
	}
	return h.done(c, err, "case.shared_flash", urls.Reviews())
}

// AskEscalate is GET urls.ReviewEscalatePattern.
func (h *Handlers) AskEscalate(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.showEscalate(c, view.EscalatePage{ID: id}, nil)
}

func (h *Handlers) showEscalate(c echo.Context, p view.EscalatePage, refusal error) error {
	ctx := c.Request().Context()
	p.Page, p.Errors, p.Error = h.page(c, i18n.T(ctx, "case.escalate_title"), "reviews"), fieldErrors(ctx, refusal), Sentence(ctx, refusal)
	return render(c, statusOf(refusal), view.Escalate(p))
}

// EscalateReview is POST urls.ReviewEscalatePattern.
func (h *Handlers) EscalateReview(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Desk string `form:"desk"`
		Note string `form:"note"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	err = h.Review.Escalate(c.Request().Context(), ActorFrom(c), id, kyc.Desk(f.Desk), f.Note)
	if models.KindOf(err) == models.Invalid {
		return h.showEscalate(c, view.EscalatePage{ID: id, Desk: f.Desk, Note: f.Note}, err)
	}
	return h.done(c, err, "case.escalated_flash", urls.Review(id))
}

// AskSnooze is GET urls.ReviewSnoozePattern.
func (h *Handlers) AskSnooze(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.showSnooze(c, view.SnoozePage{ID: id}, nil)
}

func (h *Handlers) showSnooze(c echo.Context, p view.SnoozePage, refusal error) error {
	ctx := c.Request().Context()
	p.Page, p.Errors, p.Error = h.page(c, i18n.T(ctx, "case.snooze_title"), "reviews"), fieldErrors(ctx, refusal), Sentence(ctx, refusal)
	return render(c, statusOf(refusal), view.Snooze(p))
}

// SnoozeReview is POST urls.ReviewSnoozePattern.
func (h *Handlers) SnoozeReview(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	var f struct {
		Until string `form:"until"`
		Note  string `form:"note"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	until, err := time.Parse(time.DateOnly, f.Until)
	if err != nil {
		until = models.Day(h.Now()) // which is refused: it is not after today
	}
	err = h.Review.Snooze(c.Request().Context(), ActorFrom(c), id, until, f.Note)
	if models.KindOf(err) == models.Invalid {
		return h.showSnooze(c, view.SnoozePage{ID: id, Until: f.Until, Note: f.Note}, err)
	}
	return h.done(c, err, "case.snoozed_flash", urls.Review(id))
}

// WakeReview is POST urls.ReviewWakePattern.
func (h *Handlers) WakeReview(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	return h.done(c, h.Review.Snooze(c.Request().Context(), ActorFrom(c), id, time.Time{}, ""), "case.woken_flash", urls.Review(id))
}

// ReviewSettings is GET urls.ReviewSettingsPattern.
func (h *Handlers) ReviewSettings(c echo.Context) error {
	k, err := h.Review.Settings(c.Request().Context())
	if err != nil {
		return err
	}
	return h.showReviewSettings(c, view.SettingsPage{Seen: k.ID, From: k.Hours.From.String(), To: k.Hours.To.String(), Weekdays: k.Hours.Weekdays,
		DueHours: hours(k.DueMinutes), AmberHours: hours(k.AmberMinutes), Capacity: strconv.Itoa(k.Capacity), FourEyes: k.FourEyes}, nil)
}

// hours writes minutes as hours, with a part of one where there is one.
func hours(minutes int) string { return strconv.FormatFloat(float64(minutes)/60, 'f', -1, 64) }

// minutesOf reads hours; what is none becomes -1, which no setting allows.
func minutesOf(text string) int {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > 1000 {
		return -1
	}
	return int(math.Round(n * 60))
}

func (h *Handlers) showReviewSettings(c echo.Context, p view.SettingsPage, refusal error) error {
	ctx := c.Request().Context()
	p.Page, p.Errors, p.Error = h.page(c, i18n.T(ctx, "case.settings"), "reviews"), fieldErrors(ctx, refusal), Sentence(ctx, refusal)
	return render(c, statusOf(refusal), view.Settings(p))
}

// SaveReviewSettings is POST urls.ReviewSettingsPattern.
func (h *Handlers) SaveReviewSettings(c echo.Context) error {
	var f struct {
		Seen     int64   `form:"seen"`
		Weekdays []int64 `form:"weekday"`
		From     string  `form:"open_from"`
		To       string  `form:"open_to"`
		Due      string  `form:"due_hours"`
		Amber    string  `form:"amber_hours"`
		Capacity string  `form:"capacity"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	k := kyc.ReviewSettings{DueMinutes: minutesOf(f.Due), AmberMinutes: minutesOf(f.Amber)}
	k.Capacity, _ = strconv.Atoi(f.Capacity) // what is no number is refused as out of bounds
	k.Hours.From, _ = models.ParseMinutes(f.From)
	k.Hours.To, _ = models.ParseMinutes(f.To)
	for _, d := range f.Weekdays {
		k.Hours.Weekdays = append(k.Hours.Weekdays, time.Weekday(d))
	}
	err := h.Review.SetSettings(c.Request().Context(), ActorFrom(c), f.Seen, k)
	if models.KindOf(err) == models.Invalid {
		now, failed := h.Review.Settings(c.Request().Context())
		if failed != nil {
			return failed
		}
		return h.showReviewSettings(c, view.SettingsPage{Seen: f.Seen, FourEyes: now.FourEyes, From: f.From, To: f.To, Weekdays: k.Hours.Weekdays, DueHours: f.Due, AmberHours: f.Amber, Capacity: f.Capacity}, err)
	}
	return h.done(c, err, "case.settings_flash", urls.ReviewSettings())
}

// AskReviewRules is POST urls.ReviewRulesPattern: other rules of two people, which another person consents to.
func (h *Handlers) AskReviewRules(c echo.Context) error {
	var f struct {
		Seen   int64    `form:"seen"`
		Why    []string `form:"why"`
		Reason string   `form:"reason"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	ctx := c.Request().Context()
	request, err := h.Review.AskFourEyes(ctx, ActorFrom(c), f.Seen, each(f.Why, func(w string) kyc.Why { return kyc.Why(w) }), f.Reason)
	if models.KindOf(err) == models.Invalid {
		k, failed := h.Review.Settings(ctx)
		if failed != nil {
			return failed
		}
		return h.showReviewSettings(c, view.SettingsPage{Seen: k.ID, From: k.Hours.From.String(), To: k.Hours.To.String(), Weekdays: k.Hours.Weekdays, DueHours: hours(k.DueMinutes),
			AmberHours: hours(k.AmberMinutes), Capacity: strconv.Itoa(k.Capacity), FourEyes: each(f.Why, func(w string) kyc.Why { return kyc.Why(w) }), Reason: f.Reason}, err)
	}
	return h.done(c, err, "case.four_eyes_flash", urls.Request(request))
}
