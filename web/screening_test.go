package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pagaduria/views/urls"
)

func TestListsAndNamesAreForCompliance(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	if err := o.app.demoLists(t.Context()); err != nil {
		t.Fatal(err)
	}
	compliance, auditor, finance := o.person("compliance@demo.test"), o.person("auditor@demo.test"), o.person("finance@demo.test")
	version := int64(o.count(`SELECT min(id) FROM sanctions_versions`))
	page := o.get(compliance, urls.ScreeningOf("Oliverio Abril Cortés", "person", "", ""))
	for _, want := range []string{"ABRIL CORTEZ, Oliverio", "OFAC 4307", "SDNT", "Hold"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the hits lack %q", want)
		}
	}
	if page := o.get(compliance, urls.ScreeningOf("Luz Marina Ospina Giraldo", "", "", "")); !strings.Contains(page.body, "Nobody on the lists") {
		t.Error("a name without hits does not say so")
	}
	for _, path := range []string{urls.Lists(), urls.ListVersion(version), urls.ListVersionOnly(version, "added"), urls.ListedEntry(int64(o.count(`SELECT id FROM sanctions_entries WHERE number = '8902'`)))} {
		if a := o.get(auditor, path); a.StatusCode != http.StatusOK {
			t.Errorf("auditor %s: %s", path, a.Status)
		}
		if a := o.get(finance, path); a.StatusCode != http.StatusForbidden {
			t.Errorf("finance %s: %s", path, a.Status)
		}
	}
	if page := o.get(auditor, urls.Lists()); strings.Contains(page.body, `type="file"`) {
		t.Error("the auditor is offered to load lists")
	}
}

func TestAHitIsDecidedOnByComplianceAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	if err := o.app.demoLists(t.Context()); err != nil {
		t.Fatal(err)
	}
	compliance, finance, admin := o.person("compliance@demo.test"), o.person("finance@demo.test"), o.person("admin@demo.test")
	hit := int64(o.count(`SELECT h.id FROM screening_hits h WHERE level = 'hold' ORDER BY id LIMIT 1`))
	payee := int64(o.count(`SELECT distributor_id FROM screening_hits WHERE id = $1`, hit))
	if list := o.get(compliance, urls.Hits()); !strings.Contains(list.body, "Oliberio Abril") || !strings.Contains(list.body, urls.Hit(hit)) {
		t.Error("the list lacks the hit")
	}
	page := o.get(compliance, urls.Hit(hit))
	for _, want := range []string{"ABRIL CORTEZ, Oliverio", "oliberio sounds like oliverio", "Payouts to this payee stand still", "not handed over"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the hit lacks %q", want)
		}
	}
	f := form(t, page, urls.Hit(hit))
	f.Set("to", "cleared")
	if a := o.post(compliance, urls.Hit(hit), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a comment: %s", a.Status)
	}
	f.Set("comment", "Another birth date")
	f.Set("until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
	if a := o.post(compliance, urls.Hit(hit), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("asked for: %s", a.Status)
	}
	request := int64(o.count(`SELECT id FROM requests WHERE kind = 'screening.clear'`))
	if a := o.get(compliance, urls.Request(request)); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "somebody else has to decide") {
		t.Errorf("the maker's view of the request: %s", a.Status)
	}
	for _, path := range []string{urls.Hit(hit), urls.Hits()} {
		if a := o.get(finance, path); a.StatusCode != http.StatusForbidden {
			t.Errorf("finance %s: %s", path, a.Status)
		}
	}
	if a := o.get(finance, urls.Request(request)); a.StatusCode != http.StatusNotFound {
		t.Errorf("finance sees the request: %s", a.Status)
	}
	if a := o.get(finance, urls.Distributor(payee)); strings.Contains(strings.ToLower(a.body), "sanction") || strings.Contains(a.body, urls.HitsOf(payee)) {
		t.Error("the payee's page tips off")
	}
	if a := o.get(admin, urls.Audit()); strings.Contains(a.body, "Screening hit") || strings.Contains(a.body, "screening_hit") {
		t.Error("the audit log tips off")
	}
}
