package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pagaduria/services/payouts"
	"pagaduria/views/urls"
)

// approved submits a batch as finance and approves it in the browser of an approver, who is answered with its path.
func (o *office) approved(approver *http.Client) (batch string) {
	o.t.Helper()
	batch = o.submitted(o.person("finance@demo.test"))
	f := form(o.t, o.get(approver, batch), batch+"/approve")
	f.Set("code", o.freshCode("approver@demo.test"))
	f.Set("confirmed", "yes")
	if a := o.post(approver, batch+"/approve", f); a.StatusCode != http.StatusSeeOther {
		o.t.Fatalf("approve: %s", a.Status)
	}
	return batch
}

// says fails the test unless the page has every one of the words.
func (a answer) says(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			t.Errorf("%s lacks %q in\n%.4000s", a.Status, w, a.body)
		}
	}
}

func TestAnApprovalIsUndoneFromThePage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3)
	approver := o.person("approver@demo.test")
	batch := o.approved(approver)
	page := o.get(approver, batch)
	page.says(t, "Hand-over begins at", "Undo approval of $")
	if auditor := o.get(o.person("auditor@demo.test"), batch); strings.Contains(auditor.body, "Undo approval") {
		t.Error("the auditor is offered to undo")
	}
	undo := form(t, page, batch+"/undo")
	if a := o.post(approver, batch+"/undo", undo); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("undo: %s", a.Status)
	}
	o.get(approver, batch).says(t, "Undone. Nothing was handed over", "undid the approval", "Hold to approve")
	a := o.post(approver, batch+"/undo", undo)
	if a.StatusCode != http.StatusConflict {
		t.Errorf("a second click: %s", a.Status)
	}
	a.says(t, "There is no approval to undo")
}

func TestTheRestIsTakenBackFromThePage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 4)
	o.app.h.Payouts.HandOverAfter = 0
	approver := o.person("approver@demo.test")
	batch := o.approved(approver)
	if err := o.app.h.Payouts.Beat(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := int64(o.count(`SELECT min(id) FROM payouts`))
	if err := o.app.h.Payouts.Dispatch(t.Context(), payouts.DispatchArgs{BatchID: 1, From: first, To: first}); err != nil {
		t.Fatal(err)
	}
	page := o.get(approver, batch)
	page.says(t, "Hand-over began, so the approval cannot be undone", "Take back the 3 not handed over yet, $")
	if strings.Contains(page.body, batch+"/undo") {
		t.Error("undo is still offered")
	}
	ask := o.get(approver, batch+"/take-back")
	ask.says(t, "Take back 3 payouts that were not handed over yet?")
	f := form(t, ask, batch+"/take-back")
	if a := o.post(approver, batch+"/take-back", f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %s", a.Status)
	}
	f.Set("reason", "amount")
	f.Set("note", "Too high")
	if a := o.post(approver, batch+"/take-back", f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("take back: %s", a.Status)
	}
	o.get(approver, batch).says(t, "Took back 3 payouts, $", "took back 3 payouts that were not handed over yet")
	if a := o.get(approver, batch+"/take-back"); a.StatusCode != http.StatusConflict {
		t.Errorf("asked again: %s", a.Status)
	}
}

func TestSeveralPayoutsAreLookedAtAndRemoved(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 4)
	finance, approver := o.person("finance@demo.test"), o.person("approver@demo.test")
	batch := o.submitted(finance)
	page := o.get(approver, batch)
	page.says(t, "Same person twice", "Same phone as Ana Rojas", "New payee 4", "Remove ticked payouts")
	o.get(approver, batch+"?tab=outliers&flag=new_payee").says(t, `aria-current="true">New payee 4`)
	o.get(approver, batch+"?tab=added").says(t, "Nobody differs")
	first := int64(o.count(`SELECT min(id) FROM payouts`))
	item := batch + "/payouts/" + urls.Num(first)
	o.get(approver, item).says(t, "1 commission line", "is not known here", "First payout to this payee", "No payout before this one.")
	ask := o.get(approver, batch+"/remove?ids="+urls.Num(first)+"&ids="+urls.Num(first+1))
	ask.says(t, "Remove 2 payouts from the batch?", "Remove 2 payouts, $")
	f := form(t, ask, batch+"/remove")
	if a := o.post(approver, batch+"/remove", f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %s", a.Status)
	}
	f.Set("reason", "duplicate")
	f.Set("note", "Paid by hand")
	if a := o.post(approver, batch+"/remove", f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("remove: %s", a.Status)
	}
	o.get(approver, batch+"?tab=removed").says(t, "Removed 2 payouts, $", "Paid by hand", `class="is-out"`, "You changed this batch last")
	if a := o.post(approver, batch+"/remove", f); a.StatusCode != http.StatusConflict {
		t.Errorf("a second click: %s", a.Status)
	}
	if a := o.get(approver, batch+"/remove"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("none ticked: %s", a.Status)
	}
}

func TestSeveralBatchesAreDecidedOnTogether(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance, approver := o.person("finance@demo.test"), o.person("approver@demo.test")
	first := o.submitted(finance)
	o.owed("CC", "100002000", 70_000)
	second := o.submitted(finance)
	o.get(approver, urls.BatchesIn("in_approval")).says(t, "Decide on all 2 that need me", "Decide on the ticked batches")
	o.get(approver, urls.Home()).says(t, "Decide on all 2 that need me")
	o.get(approver, urls.DecideBatches()+"?ids=1").says(t, "Hold to approve 1 batch, $")
	o.stale()
	ask := o.get(approver, urls.DecideAllBatches())
	ask.says(t, "2 batches, 2 payouts, $", "Hold to approve 2 batches, $", "Return 2 batches", "Reject 2 batches")
	f := form(t, ask, urls.DecideBatches())
	if a := o.post(approver, urls.DecideBatches(), f); a.StatusCode == http.StatusOK || o.count(`SELECT count(*) FROM batch_decisions`) != 0 {
		t.Errorf("without a code: %s", a.Status)
	}
	f.Set("code", o.freshCode("approver@demo.test"))
	sure := o.post(approver, urls.DecideBatches(), f)
	sure.says(t, "Approve 2 batches, $", "Yes, approve 2 batches")
	if n := o.count(`SELECT count(*) FROM batch_decisions`); n != 0 {
		t.Errorf("%d decisions before it was confirmed", n)
	}
	f = form(t, sure, urls.DecideBatches())
	o.post(approver, urls.DecideBatches(), f).says(t, "Approval given to 2 batches, $")
	for _, b := range []string{first, second} {
		o.get(approver, b).says(t, "Undo approval of $")
	}
	o.post(approver, urls.DecideBatches(), f).says(t, "2 batches were not decided on", "not waiting for approval")
	if a := o.post(approver, urls.DecideBatches(), url.Values{"_csrf": f["_csrf"]}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("none ticked: %s", a.Status)
	}
	if a := o.get(finance, urls.DecideAllBatches()); a.StatusCode != http.StatusForbidden {
		t.Errorf("finance: %s", a.Status)
	}
}
