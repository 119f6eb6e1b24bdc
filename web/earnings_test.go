package main

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/views/urls"
)

// withEarnings is a site that has taken the distributors, orders and commission lines of the data sets.
func withEarnings(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	today := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for _, step := range []struct{ kind, file string }{{"distributors", "distributors/distributors.csv"}, {"orders", "orders/orders_export.csv"},
		{"tracking", "orders/carrier_events.csv"}, {"commissions", "payouts/commission_statement.csv"}} {
		kind, err := s.app.h.Imports.Kind(step.kind)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile("../models/intake/testdata/" + step.file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kind.Run(t.Context(), bytes.NewReader(file), models.ImportOptions{By: models.System("test"), Today: today}); err != nil {
			t.Fatalf("import %s: %v", step.kind, err)
		}
	}
	return s
}

func TestPagesOfEarnings(t *testing.T) {
	t.Parallel()
	s := withEarnings(t)
	c := s.browser()
	s.signIn(c, "finance@demo.test")
	list := s.get(c, urls.Commissions())
	person := regexp.MustCompile(`/distributors/(\d+)"`).FindStringSubmatch(list.body)
	order := regexp.MustCompile(`/orders/(\d+)"`).FindStringSubmatch(s.get(c, urls.Orders()).body)
	if person == nil || order == nil {
		t.Fatal("the lists have no links")
	}
	for path, want := range map[string]string{
		urls.Commissions(): "The distributor is not verified.",
		urls.Commissions() + "?state=eligible&period=2026-08&sum=1": "lines, $",
		urls.Commissions() + "?payable=yes":                         "Nothing matches",
		urls.Commissions() + "?payable=no&min=10000000":             "Report if cash",
		urls.Commissions() + "?q=51003":                             "51003",
		urls.CommissionsFilePattern + "?period=2026-08":             "amount_cop",
		urls.Orders(): "Waybill made",
		urls.Orders() + "?q=gonzalez&carrier=Coordinadora": "Coordinadora",
		urls.OrdersFilePattern:                             "total_cop",
		"/orders/" + order[1]:                              "Money trail",
		urls.Ledger():                                      "Commission expense",
		"/distributors/" + person[1] + "/statement":        "Statement of account",
		"/distributors/" + person[1] + "/statement.csv":    "owed_cop",
	} {
		a := s.get(c, path)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("GET %s: %d, want %q in\n%.1500s", path, a.StatusCode, want, a.body)
		}
		if key := regexp.MustCompile(`>\s*(commissions|orders|ledger)\.[a-z_.]+`).FindString(a.body); key != "" {
			t.Errorf("GET %s shows the key %s", path, key)
		}
	}
}

func TestHoldingFromTheList(t *testing.T) {
	t.Parallel()
	s := withEarnings(t)
	c := s.browser()
	s.signIn(c, "finance@demo.test")
	ids := regexp.MustCompile(`name="ids" form="pick" value="(\d+)"`).FindAllStringSubmatch(s.get(c, urls.Commissions()+"?state=eligible").body, 2)
	if len(ids) != 2 {
		t.Fatal("no rows to tick")
	}
	ask := s.get(c, urls.HoldCommissions()+"?state=eligible&ids="+ids[0][1]+"&ids="+ids[1][1])
	if !strings.Contains(ask.body, "Hold 2 lines") {
		t.Fatalf("the page does not say how many:\n%s", ask.body)
	}
	form := url.Values{"_csrf": {formToken(t, ask)}, "ids": {ids[0][1], ids[1][1]}, "state": {"eligible"}}
	if a := s.post(c, urls.HoldCommissions(), form); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Say why") {
		t.Errorf("without a reason: %d", a.StatusCode)
	}
	form.Set("note", "Return under way")
	if a := s.post(c, urls.HoldCommissions(), form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %d\n%s", a.StatusCode, a.body)
	}
	if list := s.get(c, urls.Commissions()+"?state=held"); !strings.Contains(list.body, "On hold: Return under way") {
		t.Error("the list does not show the reason")
	}
	if a := s.post(c, urls.HoldCommissions(), form); a.StatusCode != http.StatusConflict {
		t.Errorf("Back and resubmit: got %d", a.StatusCode)
	}
	all := url.Values{"_csrf": {formToken(t, ask)}, "all": {"1"}, "seen": {"1"}, "note": {"x"}, "period": {"2026-08"}}
	if a := s.post(c, urls.HoldCommissions(), all); a.StatusCode != http.StatusConflict {
		t.Errorf("a stale list: got %d", a.StatusCode)
	}
}
