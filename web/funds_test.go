package main

import (
	"net/http"
	"strings"
	"testing"

	"pagaduria/views/urls"
)

func TestMoneyAtTheRailAndCapsInABrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance, approver, admin := o.person("finance@demo.test"), o.person("approver@demo.test"), o.person("admin@demo.test")
	page := urls.Funds(o.connection)
	fill := func(c *http.Client, action string, fields ...string) answer {
		t.Helper()
		f := form(t, o.get(c, page), action)
		for i := 0; i < len(fields); i += 2 {
			f.Set(fields[i], fields[i+1])
		}
		return o.post(c, action, f)
	}
	if a := fill(admin, urls.FloatRules(o.connection), "control", "1", "alarm", "50.000", "alarm_days", "3"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "not both") {
		t.Errorf("two alarms: %s", a.Status)
	}
	if a := fill(admin, urls.FloatRules(o.connection), "control", "1", "alarm", "50.000"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %s\n%s", a.Status, a.body)
	}
	batch := o.approved(approver)
	for path, want := range map[string]string{batch: "Waits for float: needs $\u00a0111.710 more", page: "Batches that wait", urls.Home(): "Batches that wait"} {
		if a := o.get(finance, path); !strings.Contains(a.body, want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
	if a := fill(finance, urls.TopUps(o.connection), "amount", "some", "reference", "TRF-9"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "TRF-9") {
		t.Errorf("a top-up of no amount: %s", a.Status)
	}
	if a := fill(finance, urls.TopUps(o.connection), "amount", "200.000", "reference", "TRF-9"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %s\n%s", a.Status, a.body)
	}
	id := int64(o.count(`SELECT id FROM requests`))
	request := urls.GrantRequest(id)
	asked := o.get(approver, urls.Request(id))
	if strings.Contains(asked.body, "COP ") || !strings.Contains(asked.body, "<b>$\u00a0") {
		t.Error("the amount of the request is not written as the page's language does")
	}
	f := form(t, asked, request)
	f.Set("code", o.freshCode("approver@demo.test"))
	if a := o.post(approver, request, f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("consent: %s\n%s", a.Status, a.body)
	}
	if a := o.get(finance, batch); strings.Contains(a.body, "Waits for float") {
		t.Error("the batch still waits for float")
	}
	if a := fill(finance, urls.Balances(o.connection), "amount", "199.000"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a balance: %s", a.Status)
	}
	if a := o.get(finance, page); !strings.Contains(a.body, "\u2212$\u00a01.000") && !strings.Contains(a.body, "$\u00a0\u22121.000") {
		t.Error("the difference to what was expected is not shown")
	}
	if a := fill(finance, urls.Caps(o.connection), "scope", "connection", "count", "1"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != page {
		t.Errorf("a cap: %s", a.Status)
	}
	if a := o.get(finance, batch); !strings.Contains(a.body, "waits until tomorrow") {
		t.Error("nobody is told that the rest waits for tomorrow")
	}
	if a := fill(finance, urls.Caps(o.connection), "scope", "connection", "count", "2"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), urls.Requests()) {
		t.Errorf("a higher cap: %s to %s", a.Status, a.Header.Get("Location"))
	}
	if o.count(`SELECT count FROM caps`) != 1 {
		t.Error("the cap was raised by one person")
	}
}
