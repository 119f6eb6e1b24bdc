package main

import (
	"net/http"
	"strings"
	"testing"

	"pagaduria/models/plan"
	"pagaduria/views/urls"
)

func TestAPlanIsWrittenAndAskedForOnPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance, approver, compliance := o.person("finance@demo.test"), o.person("approver@demo.test"), o.person("compliance@demo.test")
	if page := o.get(compliance, urls.Plans()); page.StatusCode != http.StatusForbidden {
		t.Errorf("compliance sees plans: %s", page.Status)
	}
	page := o.get(finance, urls.Plans())
	if !strings.Contains(page.body, "No plan yet") {
		t.Errorf("nothing yet: %s", page.Status)
	}
	a := o.post(finance, urls.Plans(), form(t, page, urls.Plans()))
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("begun: %s\n%.1000s", a.Status, a.body)
	}
	address := a.Header.Get("Location")
	f := form(t, o.get(finance, address), address)
	f.Set("name", "Christmas")
	f.Set("from", "2099-12")
	f.Set("kind", "marginal")
	f.Set("tier_from_0", "0")
	f.Set("tier_percent_0", "8")
	f.Set("tier_from_1", "1.000.000")
	f.Set("tier_percent_1", "12,5")
	f.Set("rate_by_0", plan.ByCategory)
	f.Set("rate_key_0", "ani")
	f.Set("rate_percent_0", "3")
	f.Set("level_1", "2")
	f.Set("return_days", "many")
	if a := o.post(finance, address, f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "0 to 120 days") || !strings.Contains(a.body, "1.000.000") {
		t.Errorf("days that are none: %s", a.Status)
	}
	f.Set("return_days", "5")
	if a := o.post(finance, address, f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("saved: %s\n%.3000s", a.Status, a.body)
	}
	page = o.get(approver, address)
	for _, want := range []string{"from $\u00a01.000.000, 12,5", "Products whose SKU begins with ANI", "Level 2 above the seller", "Only finance writes plans"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the plan does not say %q", want)
		}
	}
	page = o.get(finance, address)
	ask := form(t, page, address+"/publish")
	if a := o.post(finance, address+"/publish", ask); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("asked without a reason: %s", a.Status)
	}
	ask.Set("reason", "Agreed with the distributors")
	a = o.post(finance, address+"/publish", ask)
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("asked: %s\n%.2000s", a.Status, a.body)
	}
	if page := o.get(approver, a.Header.Get("Location")); !strings.Contains(page.body, "By tiers") || !strings.Contains(page.body, "12,5") {
		t.Error("the approver does not see what is asked for")
	}
	if page := o.get(finance, address); !strings.Contains(page.body, "Somebody else decides") {
		t.Error("the plan does not say that it waits")
	}
	f = form(t, o.get(finance, address), address+"/drop")
	if a := o.post(finance, address+"/drop", f); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != urls.Plans() {
		t.Errorf("removed: %s", a.Status)
	}
}
