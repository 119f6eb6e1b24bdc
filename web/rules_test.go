package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/views/urls"
)

// edit sends one change of a draft, as its page would.
func (o *office) edit(c *http.Client, id int64, f url.Values) answer {
	o.t.Helper()
	at := urls.RuleVersion(id)
	page := form(o.t, o.get(c, at), at)
	for _, name := range []string{"_csrf", "version"} {
		f.Set(name, page.Get(name))
	}
	return o.post(c, at, f)
}

func TestRulesAreDraftedTriedAndConsentedTo(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance := o.person("finance@demo.test")
	first := o.submitted(finance)
	admin, approver, other := o.person("admin@demo.test"), o.person("approver@demo.test"), o.person("approver2@demo.test")
	if a := o.post(finance, urls.Rules(), form(t, o.get(admin, urls.Rules()), urls.Rules())); a.StatusCode != http.StatusForbidden {
		t.Errorf("finance drafts: %s", a.Status)
	}
	if a := o.post(admin, urls.Rules(), form(t, o.get(admin, urls.Rules()), urls.Rules())); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("draft: %s\n%.2000s", a.Status, a.body)
	}
	id := int64(o.count(`SELECT id FROM rule_versions WHERE state = 'draft'`))
	for _, f := range []url.Values{
		{"do": {"add_rule"}, "name": {"Every batch of weight"}},
		{"do": {"add_condition"}, "rule": {"0"}, "block": {"0"}, "kind": {"total"}, "amount": {"100.000"}},
		{"do": {"name_rule"}, "rule": {"0"}, "name": {"Every heavy batch"}},
		{"do": {"name_rule"}, "rule": {"0"}, "name": {"Every batch of weight"}},
		{"do": {"add_block"}, "rule": {"0"}},
		{"do": {"add_condition"}, "rule": {"0"}, "block": {"1"}, "kind": {"network"}, "method": {"bre_b", "nequi"}},
		{"do": {"add_step"}, "rule": {"0"}, "mode": {"n_of"}, "count": {"2"}, "role": {"approver"}},
	} {
		if a := o.edit(admin, id, f); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%v: %s\n%.2000s", f, a.Status, a.body)
		}
	}
	for _, f := range []url.Values{
		{"do": {"add_condition"}, "rule": {"0"}, "block": {"0"}, "kind": {"item_amount"}, "amount": {"plenty"}},
		{"do": {"add_step"}, "rule": {"0"}, "mode": {"all"}},
		{"do": {"name_rule"}, "rule": {"0"}, "name": {" "}},
	} {
		if a := o.edit(admin, id, f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "<details class=\"att\" open") {
			t.Errorf("%v: %s, want the form back", f, a.Status)
		}
	}
	tried := o.check(admin, urls.TryRules(id), urls.TryRules(id))
	for _, want := range []string{"1 of the last 1 batches", "Approvers: 2 approvals by different people", "Total $\u00a0101.000 ≥ $\u00a0100.000", first} {
		if !strings.Contains(tried.body, want) {
			t.Errorf("the trial lacks %q", want)
		}
	}
	publish := urls.PublishRules(id)
	f := form(t, o.get(admin, publish), publish)
	f.Set("note", "auditors asked for it")
	asked := o.post(admin, publish, f)
	if asked.StatusCode != http.StatusSeeOther {
		t.Fatalf("publish: %s\n%.2000s", asked.Status, asked.body)
	}
	f.Set("do", "drop_rule")
	if a := o.post(admin, urls.RuleVersion(id), f); a.StatusCode != http.StatusConflict {
		t.Errorf("a change of a version that waits: %s", a.Status)
	}
	request := asked.Header.Get("Location")
	grant := form(t, o.get(approver, request), request+"/consent")
	grant.Set("code", o.freshCode("approver@demo.test"))
	if a := o.post(approver, request+"/consent", grant); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("consent: %s\n%.2000s", a.Status, a.body)
	}
	if n := o.count(`SELECT count(*) FROM rule_versions WHERE state = 'in_force' AND number = 2`); n != 1 {
		t.Fatal("version 2 is not in force")
	}
	o.owed("CC", "20009999", 120_000)
	batch := o.submitted(finance)
	page := o.get(approver, batch)
	for _, want := range []string{"Approval rules, version 2", "Every batch of weight", "Waits for"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page of the batch lacks %q", want)
		}
	}
	for i, c := range []*http.Client{approver, other} {
		f := form(t, o.get(c, batch), batch+"/approve")
		f.Set("confirmed", "yes")
		f.Set("code", o.freshCode([]string{"approver@demo.test", "approver2@demo.test"}[i]))
		if a := o.post(c, batch+"/approve", f); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("approval %d: %s\n%.2000s", i+1, a.Status, a.body)
		}
		if i == 0 {
			again := o.get(c, batch)
			if !strings.Contains(again.body, "Your approval of this batch counted already") || strings.Contains(again.body, "Hold to approve") {
				t.Error("who approved is not told why they cannot go on")
			}
		}
	}
	if n := o.count(`SELECT count(*) FROM batches WHERE state = 'approved' AND rules_id = $1`, id); n != 1 {
		t.Errorf("%d batches approved by version 2", n)
	}
}

func TestAwayWithADelegate(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	approver := o.person("approver@demo.test")
	looks := func() int { return o.count(`SELECT count(*) FROM river_job WHERE kind = 'staff.changed'`) }
	before := looks()
	f := form(t, o.get(approver, urls.Account()), urls.Absences())
	today := models.Day(time.Now())
	f.Set("from", today.Format(time.DateOnly))
	f.Set("to", today.AddDate(0, 0, -1).Format(time.DateOnly))
	if a := o.post(approver, urls.Absences(), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Give a first and a last day") {
		t.Errorf("the last day before the first: %s", a.Status)
	}
	f.Set("to", today.AddDate(0, 0, 3).Format(time.DateOnly))
	f.Set("delegate", strconv.Itoa(o.count(`SELECT id FROM staff WHERE email = 'finance@demo.test'`)))
	if a := o.post(approver, urls.Absences(), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a delegate who may not decide: %s", a.Status)
	}
	f.Set("delegate", strconv.Itoa(o.count(`SELECT id FROM staff WHERE email = 'approver2@demo.test'`)))
	if a := o.post(approver, urls.Absences(), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("away: %s\n%.2000s", a.Status, a.body)
	}
	if a := o.post(approver, urls.Absences(), f); a.StatusCode != http.StatusConflict {
		t.Errorf("away twice: %s", a.Status)
	}
	page := o.get(approver, urls.Account())
	if !strings.Contains(page.body, "Andrés Quintero decides in your stead") {
		t.Error("the page does not show who decides")
	}
	id := int64(o.count(`SELECT id FROM absences`))
	end := form(t, page, urls.EndAbsence(id))
	if a := o.post(o.person("approver2@demo.test"), urls.EndAbsence(id), form(t, o.get(o.person("approver2@demo.test"), urls.Account()), urls.Absences())); a.StatusCode == http.StatusSeeOther {
		t.Error("somebody else ended it")
	}
	if a := o.post(approver, urls.EndAbsence(id), end); a.StatusCode != http.StatusSeeOther {
		t.Errorf("end: %s", a.Status)
	}
	if n := looks() - before; n != 2 {
		t.Errorf("%d looks at what waits were asked for", n)
	}
}
