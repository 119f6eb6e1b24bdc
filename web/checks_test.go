package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/views/urls"
)

// check asks for a long check on its page, makes it, and answers the page with what it found.
func (s *site) check(c *http.Client, action, page string) answer {
	s.t.Helper()
	asked := s.post(c, action, url.Values{"_csrf": {formToken(s.t, s.get(c, page))}})
	mustHave(s.t, asked, http.StatusSeeOther)
	s.workTask(s.one(`SELECT max(id) FROM tasks WHERE kind LIKE 'check_%'`))
	return s.get(c, page)
}

func TestWhatChecksFindIsKept(t *testing.T) {
	t.Parallel()
	s := withEarnings(t)
	c := s.browser()
	s.signIn(c, "auditor@demo.test")
	for _, k := range []struct{ action, page, found string }{
		{urls.VerifyLedger(), urls.Ledger(), "The books agree."},
		{urls.AuditVerify(), urls.Audit(), "as they were recorded"},
	} {
		if strings.Contains(s.get(c, k.page).body, k.found) {
			t.Fatalf("%s says what nobody checked", k.page)
		}
		s.check(c, k.action, k.page)
		for range 2 {
			if a := s.get(c, k.page); !strings.Contains(a.body, k.found) || !strings.Contains(a.body, "Asked for by") {
				t.Errorf("%s does not say what was found", k.page)
			}
		}
	}
}

func TestACheckIsMadeOnceWhoeverAsks(t *testing.T) {
	t.Parallel()
	s := withEarnings(t)
	finance, auditor := s.browser(), s.browser()
	s.signIn(finance, "finance@demo.test")
	s.signIn(auditor, "auditor@demo.test")
	for _, c := range []*http.Client{finance, auditor, finance} {
		mustHave(t, s.post(c, urls.VerifyLedger(), url.Values{"_csrf": {formToken(t, s.get(c, urls.Account()))}}), http.StatusSeeOther)
	}
	if n := s.one(`SELECT count(*) FROM tasks WHERE kind = 'check_ledger'`); n != 1 {
		t.Errorf("%d checks were begun, want 1", n)
	}
	page := s.get(auditor, urls.Ledger())
	mustHave(t, page, http.StatusOK, `id="check"`, "hx-trigger", "asked for by")
	if strings.Contains(page.body, `action="`+urls.VerifyLedger()+`"`) {
		t.Error("a second check can be asked for while one is under way")
	}
	s.workTask(s.one(`SELECT max(id) FROM tasks`))
	mustHave(t, s.get(auditor, urls.Ledger()), http.StatusOK, "The books agree.", `action="`+urls.VerifyLedger()+`"`)
}

func TestAFaultIsKeptAndTold(t *testing.T) {
	t.Parallel()
	s := withEarnings(t)
	c := s.browser()
	s.signIn(c, "auditor@demo.test")
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE ledger_tallies SET debit = debit + 1 WHERE ctid = (SELECT min(ctid) FROM ledger_tallies)`); err != nil {
		t.Fatal(err)
	}
	mustHave(t, s.check(c, urls.VerifyLedger(), urls.Ledger()), http.StatusOK, "The books disagree.", "the running sums say")
	if n := s.one(`SELECT count(*) FROM events WHERE kind = 'check.ledger_fault' AND permission = $1`, string(models.PermLedgerView)); n != 1 {
		t.Errorf("%d events tell of the fault, want 1", n)
	}
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE checks SET sound = true`); err == nil {
		t.Error("what a check found can be changed")
	}
}
