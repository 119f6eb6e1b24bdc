package batches

import (
	"context"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Comparison is how the batch differs from the one before.
type Comparison struct {
	Added        int
	AddedTotal   models.Money
	Missing      int
	MissingTotal models.Money
	Changed      int
}

// average is what a payee gets on average.
func average(ctx context.Context, b models.Batch) string {
	if b.Items == 0 {
		return i18n.Money(ctx, models.Pesos(0))
	}
	return i18n.Money(ctx, models.Pesos(b.Total.Minor/100/int64(b.Items)))
}

// explain says what stands behind a flag, with the number that explains it.
func explain(ctx context.Context, r ReviewItem, flag string) string {
	switch flag {
	case "same_person":
		return i18n.T(ctx, "review.why.twin_"+r.TwinBy, "Name", r.TwinName)
	case "shared":
		return i18n.N(ctx, "review.why.shared", r.SharedWith)
	case "new_account":
		return i18n.T(ctx, "review.why.new_account", "Name", destination(ctx, r.BeforeKind, r.BeforeBank, r.BeforeAccount))
	case "median":
		if !r.Median.Positive() {
			return ""
		}
		return i18n.T(ctx, "review.why.median", "Amount", i18n.Money(ctx, r.Amount), "Times", i18n.Times(ctx, r.Amount.Minor*10/r.Median.Minor), "Median", i18n.Money(ctx, r.Median))
	case "cash_report":
		return i18n.T(ctx, "review.why.cash_report", "Amount", i18n.Money(ctx, models.Pesos(10_000_000)))
	}
	return i18n.T(ctx, "review.why.new_payee")
}

// more says what stands behind the flags of an item that show, or else what it is made of.
func more(ctx context.Context, p ShowPage, r ReviewItem) string {
	switch {
	case r.RemovedReason != "":
		return removedNote(ctx, r, p.Now)
	case p.Tab == "changed":
		return i18n.T(ctx, "review.before", "Amount", i18n.Money(ctx, r.Before))
	case len(r.Flags) == 0:
		return i18n.N(ctx, "batches.lines", int(r.Lines))
	}
	var said []string
	for _, f := range firstTwo(r.Flags) {
		said = append(said, explain(ctx, r, f))
	}
	return strings.Join(said, " · ")
}

func removedNote(ctx context.Context, r ReviewItem, now time.Time) string {
	if r.RemovedAt == nil || r.RemovedBy == "" {
		return r.RemovedReason
	}
	return r.RemovedReason + " · " + who(ctx, r.RemovedBy, *r.RemovedAt, now)
}

// editable answers whether the rows can be ticked and taken out.
func (p ShowPage) editable() bool { return p.MayEdit && p.Tab != "removed" && p.Tab != "missing" }

// itemURL is where a row leads: into the batch, or to the payout of the batch before.
func itemURL(p ShowPage, r ReviewItem) string {
	if p.Tab == "missing" {
		return urls.Payout(r.ID)
	}
	return urls.BatchItem(p.Batch.ID, r.ID)
}

// InspectionPage is one payout of a batch with what a checker wants to know of it.
type InspectionPage struct {
	layout.Page
	Batch     models.Batch
	Finding   ReviewItem
	Payout    models.Payout
	Lines     []TrailLine
	Past      []PastPayout
	ToSince   time.Time
	Preferred bool
	MayEdit   bool
	Switched  string // that it goes another way than the payout it takes the place of, and why
}

// TrailLine is a commission line with its order.
type TrailLine struct {
	ID          int64
	Period      string
	Concept     string
	Amount      models.Money
	OrderNumber string
	OrderID     int64
	OrderState  string
	OrderedAt   *time.Time
	Carrier     string
	Waybill     string
	Parcel      string
}

// parcel is the carrier and the number of the parcel.
func (l TrailLine) parcel() string { return strings.TrimSpace(l.Carrier + " " + l.Waybill) }

// PastPayout is one of the payee's last payouts.
type PastPayout struct {
	ID     int64
	Code   string
	State  models.PayoutState
	Amount models.Money
	Method models.MethodKind
	At     time.Time
}

// RemoveItemsQuestion asks before several payouts are taken out.
func RemoveItemsQuestion(ctx context.Context, b models.Batch, ids []int64, total models.Money) AskReason {
	n, amount := len(ids), i18n.Money(ctx, total)
	a := AskReason{Back: urls.Batch(b.ID), Note: i18n.T(ctx, "batches.remove.note"), Ask: ui.Ask{ID: "remove", Hidden: Seen(b),
		Title: i18n.N(ctx, "review.remove.title", n), Text: i18n.T(ctx, "batches.remove.text", "Amount", amount),
		Action: urls.RemoveItems(b.ID), Confirm: i18n.N(ctx, "review.remove.do", n, "Amount", amount), Icon: "x", Danger: true}}
	for _, id := range ids {
		a.Ask.Hidden = append(a.Ask.Hidden, ui.Pair{Name: "ids", Value: urls.Num(id)})
	}
	return a
}

// flagsShown are the flags that occur, gravest first.
func flagsShown(counts map[string]int64) (list []string) {
	for _, f := range []string{"same_person", "shared", "new_account", "median", "cash_report", "new_payee"} {
		if counts[f] > 0 {
			list = append(list, f)
		}
	}
	return list
}
