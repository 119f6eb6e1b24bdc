package payouts_test

import (
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/payouts"
)

func TestAListIsOneQuery(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(60)
	o.batch()
	if _, err := o.Tallies(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := o.db.Pool.Stat().AcquireCount()
	page, err := o.List(t.Context(), payouts.Filter{Method: models.EfectyCash, From: o.clock().AddDate(0, 0, -1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Tallies(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := o.db.Pool.Stat().AcquireCount() - before; n != 1 {
		t.Errorf("%d queries for a page of rows and the numbers above it", n)
	}
	if len(page.Rows) != payouts.PageSize || page.Older == "" {
		t.Errorf("%d rows, older %q", len(page.Rows), page.Older)
	}
}

func TestWhatStandsAroundAPayout(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("1000001"), 90_000)
	b := o.batch()
	o.approve(b)
	o.dispatch(b)
	page, err := o.List(t.Context(), payouts.Filter{BatchID: b.ID})
	if err != nil || len(page.Rows) != 1 {
		t.Fatal(page.Rows, err)
	}
	id := page.Rows[0].ID
	entries, err := o.Entries(t.Context(), id)
	if err != nil || len(entries) != 2 || entries[0].Kind != models.EntryHold || entries[1].Kind != models.EntryDispatch {
		t.Errorf("entries %v, %v", entries, err)
	}
	if notices, err := o.Notices(t.Context(), page.Rows[0].Code); err != nil || len(notices) != 0 {
		t.Errorf("notices %v, %v", notices, err)
	}
	x, err := o.Payout(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := o.ReasonOf(t.Context(), x); ok || err != nil {
		t.Errorf("a payout that did not fail has a reason, or %v", err)
	}
	x.State, x.RailCode = models.PayoutExpired, "809"
	reason, ok, err := o.ReasonOf(t.Context(), x)
	if err != nil || !ok || reason.Cause != "expired" || reason.Rail == "" {
		t.Errorf("reason %+v, %v, %v", reason, ok, err)
	}
	counts, err := o.ReviewCounts(t.Context(), b.ID)
	if err != nil || counts.Outliers != 1 || counts.Removed != 0 {
		t.Errorf("counts %+v, %v", counts, err)
	}
}

func TestExportsAreMaskedAndOnRecord(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("1000001"), 90_000)
	o.batch()
	var masked, plain strings.Builder
	if err := o.Export(t.Context(), o.checker, payouts.Filter{Search: "1000001"}, false, sheet.NewWriter(&masked, sheet.Layout{})); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(masked.String(), "CC •••") || strings.Contains(masked.String(), "CC 1000001") {
		t.Errorf("not masked:\n%s", masked.String())
	}
	if err := o.Export(t.Context(), o.checker, payouts.Filter{}, true, sheet.NewWriter(&plain, sheet.Layout{})); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver got documents in full: %v", err)
	}
	if err := o.Export(t.Context(), o.maker, payouts.Filter{}, true, sheet.NewWriter(&plain, sheet.Layout{})); err != nil || !strings.Contains(plain.String(), "CC 1000001") {
		t.Errorf("%v\n%s", err, plain.String())
	}
	if n := o.number(`SELECT count(*) FROM audit_events WHERE action = 'payout.export' AND after::text NOT LIKE '%1000001%'`); n != 2 {
		t.Errorf("%d exports on record", n)
	}
}
