package main

import (
	"net/http"
	"net/url"
	"testing"

	"pagaduria/views/urls"
)

func TestThoseWhoAreDueAreAskedAnewByAFilter(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowdToInvite()
	compliance, support := s.as("compliance@demo.test"), s.as("support@demo.test")
	mustHave(t, s.get(support, urls.Expiries()), http.StatusOK, "Nobody is verified yet")
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE distributors SET verified_until = now() + INTERVAL '20 days' WHERE code = 'C-2'`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.app.h.Expiry.Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
	payee := s.one(`SELECT id FROM distributors WHERE code = 'C-2'`)
	mustHave(t, s.get(support, urls.Expiries()), http.StatusOK, "C-2", "C-3", "The decision runs out", "Not asked yet")
	mustHave(t, s.get(support, urls.ExpiriesWithin(7)), http.StatusOK, "Nothing matches these filters")
	for _, path := range []string{urls.RenewPayees(), urls.ExpirySettings()} {
		if a := s.get(support, path); a.StatusCode != http.StatusForbidden {
			t.Errorf("support %s: %s", path, a.Status)
		}
	}
	page := s.get(compliance, urls.RenewPayees()+"?days=30")
	mustHave(t, page, http.StatusOK, "1 payee will be asked")
	form := url.Values{"_csrf": {formToken(t, page)}, "days": {"30"}, "expected": {"9"}}
	mustHave(t, s.post(compliance, urls.RenewPayees(), form), http.StatusConflict, "Nobody was invited")
	form.Set("expected", "1")
	a := s.post(compliance, urls.RenewPayees(), form)
	task := s.one(`SELECT max(id) FROM tasks WHERE kind = 'kyc_renew'`)
	s.expectLedTo(a, urls.Task(task))
	s.workTask(task)
	s.workTask(task) // twice is once
	mustHave(t, s.get(compliance, urls.Task(task)), http.StatusOK, "The payees were asked anew.")
	if n := s.one(`SELECT count(*) FROM kyc_cases WHERE distributor_id = $1 AND state = 'invited'`, payee); n != 1 {
		t.Errorf("%d cases", n)
	}
	s.expectLedTo(s.get(s.browser(), s.lastLink()), s.lastLink()+"/consent")

	page = s.get(compliance, urls.ExpirySettings())
	form = url.Values{"_csrf": {formToken(t, page)}, "seen": {"1"}, "normal_days": {"700"}, "high_days": {"900"}, "open_days": {"x"}}
	mustHave(t, s.post(compliance, urls.ExpirySettings(), form), http.StatusUnprocessableEntity, "no more than the others", `value="900"`)
	form.Set("high_days", "300")
	form.Set("open_days", "30")
	s.expectLedTo(s.post(compliance, urls.ExpirySettings(), form), urls.Expiries())
	mustHave(t, s.get(compliance, urls.Papers(payee)), http.StatusOK, "There are no documents yet")
	mustHave(t, s.get(compliance, urls.Distributor(payee)), http.StatusOK, "Known until")
}
