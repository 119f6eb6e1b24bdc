package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/views/urls"
)

// failed pays everybody by one batch and brings the payouts to where a rail that refused them would.
func (o *office) failed(finance *http.Client, state, cause, code string) (ids []int64) {
	o.t.Helper()
	batch := o.submitted(finance)
	approver := o.person("approver@demo.test")
	f := form(o.t, o.get(approver, batch), batch+"/approve")
	f.Set("code", o.freshCode("approver@demo.test"))
	f.Set("confirmed", "yes")
	if a := o.post(approver, batch+"/approve", f); a.StatusCode != http.StatusSeeOther {
		o.t.Fatalf("approve: %s", a.Status)
	}
	rows, err := o.app.db.Pool.Query(o.t.Context(), `SELECT id FROM payouts WHERE state = 'approved' ORDER BY id`)
	if err != nil {
		o.t.Fatal(err)
	}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			o.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	by := models.Actor{StaffID: 1, Name: "test", Roles: []models.Role{models.RoleFinance}}
	for _, id := range ids {
		if _, err := o.app.h.Payouts.Operate(o.t.Context(), by, id, payouts.OpCancel, "for the test"); err != nil {
			o.t.Fatal(err)
		}
	}
	if _, err := o.app.db.Pool.Exec(o.t.Context(), `UPDATE payouts SET state = $1, cause = $2, rail_code = $3, rail_id = id::text WHERE id = ANY($4)`, state, cause, code, ids); err != nil {
		o.t.Fatal(err)
	}
	return ids
}

func TestFailuresAreIssuedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3)
	finance := o.person("finance@demo.test")
	ids := o.failed(finance, "expired", "expired", "809")
	list := o.get(finance, urls.Failures())
	for _, want := range []string{"Not collected in time", "Call the payee, then issue it again.", "Issue 3 again, $"} {
		if !strings.Contains(list.body, want) {
			t.Errorf("the causes lack %q", want)
		}
	}
	if group := o.get(finance, urls.Failures()+"?cause=expired"); strings.Count(group.body, `name="ids"`) != 3 || !strings.Contains(group.body, "Select all 3 that match and can go") {
		t.Error("the payouts of the cause cannot be ticked")
	}
	if a := o.get(finance, urls.Failures()+"?cause=expired&method=nequi"); !strings.Contains(a.body, "Nothing matches") {
		t.Error("the filter does not narrow")
	}
	ask := o.get(finance, urls.Reissue()+"?ids="+urls.Num(ids[0])+"&ids="+urls.Num(ids[1]))
	if !strings.Contains(ask.body, "Issue 2 payouts again, $") {
		t.Fatalf("the question: %s\n%.2000s", ask.Status, ask.body)
	}
	f := form(t, ask, urls.Reissue())
	if f.Get("expect_count") != "2" {
		t.Fatalf("the form sends %v", f)
	}
	f.Set("submit", "1")
	made := o.post(finance, urls.Reissue(), f)
	if made.StatusCode != http.StatusSeeOther {
		t.Fatalf("issue again: %s\n%.2000s", made.Status, made.body)
	}
	if a := o.post(finance, urls.Reissue(), f); a.StatusCode != http.StatusConflict {
		t.Errorf("the second click: %s", a.Status)
	}
	if n := o.count(`SELECT count(*) FROM payouts WHERE replaces_id = ANY($1) AND state = 'in_batch'`, ids); n != 2 {
		t.Errorf("%d payouts take the place of two", n)
	}
	old := o.get(finance, urls.Payout(ids[0]))
	if !strings.Contains(old.body, "Issued again as") || strings.Contains(old.body, urls.ReissueOne(ids[0])) {
		t.Error("the old payout does not say that it was issued again, or offers it once more")
	}
	fresh := o.get(finance, urls.Payout(int64(o.count(`SELECT id FROM payouts WHERE replaces_id = $1`, ids[0]))))
	if !strings.Contains(fresh.body, urls.Payout(ids[0])) {
		t.Error("the new payout does not lead to the old one")
	}
	if third := o.get(finance, urls.Payout(ids[2])); !strings.Contains(third.body, strings.ReplaceAll(urls.ReissueOne(ids[2]), "&", "&amp;")) {
		t.Error("the third payout is not offered")
	}
	auditor := o.person("auditor@demo.test")
	if a := o.get(auditor, urls.Failures()); a.StatusCode != http.StatusOK || strings.Contains(a.body, "Issue 1 again") {
		t.Errorf("the auditor: %s, or is offered to issue", a.Status)
	}
	if a := o.post(auditor, urls.Reissue(), url.Values{"ids": {urls.Num(ids[2])}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("the auditor issues again: %s", a.Status)
	}
}

func TestACauseThatStaysIsNotOffered(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance := o.person("finance@demo.test")
	ids := o.failed(finance, "failed", "document", "805")
	group := o.get(finance, urls.Failures()+"?cause=document")
	if strings.Contains(group.body, `name="ids"`) || !strings.Contains(group.body, "Correct the document") {
		t.Error("what cannot help is offered, or the next step is not")
	}
	ask := o.get(finance, urls.ReissueOne(ids[0]))
	if !strings.Contains(ask.body, "None of these can be issued again now.") || !strings.Contains(ask.body, "The cause is still there") {
		t.Errorf("the question: %s", ask.Status)
	}
	if a := o.post(finance, urls.Reissue(), form(t, ask, urls.Reissue())); a.StatusCode != http.StatusConflict {
		t.Errorf("issued all the same: %s", a.Status)
	}
	if page := o.get(finance, urls.Payout(ids[0])); strings.Contains(page.body, urls.ReissueOne(ids[0])) || !strings.Contains(page.body, "correct the cause first") {
		t.Error("the payout's page offers it, or does not say why not")
	}
}
