package main

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/kyc"
	"pagaduria/views/urls"
)

// crowdToInvite adds distributors of every kind that an invitation of many meets.
func (s *site) crowdToInvite() {
	s.t.Helper()
	for _, sql := range []string{
		`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, email, lang, divipola)
			SELECT 'C-' || n, 'natural', 'CC', CAST(52000000 + n AS text), 'Ana', 'Rojas', 'ana' || n || '@example.co', 'es', '11001' FROM generate_series(1, 30) n`,
		`INSERT INTO distributors (code, person_kind, doc_type, doc_number, business_name, email, divipola) VALUES ('C-N', 'juridical', 'NIT', '890903938', 'Bazar S.A.S.', 'bazar@example.co', '11001')`,
		`UPDATE distributors SET email = '' WHERE code = 'C-1'`,
		`UPDATE distributors SET verification = 'verified' WHERE code IN ('C-2', 'C-3')`,
	} {
		if _, err := s.app.db.Pool.Exec(s.t.Context(), sql); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestManyAreInvitedByAFilter(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowdToInvite()
	s.invite(s.one(`SELECT id FROM distributors WHERE code = 'C-4'`))
	c := s.as("finance@demo.test")
	page := s.get(c, urls.CaseInvite()+"?city=11001")
	mustHave(t, page, http.StatusOK, "27 distributors will be invited", "Are verified", "Have no e-mail address", "Have an open case")
	form := url.Values{"_csrf": {formToken(t, page)}, "city": {"11001"}, "expected": {"28"}}
	mustHave(t, s.post(c, urls.CaseInvite(), form), http.StatusConflict, "Nobody was invited")
	form.Set("expected", "27")
	a := s.post(c, urls.CaseInvite(), form)
	task := s.one(`SELECT max(id) FROM tasks WHERE kind = 'kyc_invite'`)
	s.expectLedTo(a, urls.Task(task))
	s.workTask(task)
	s.workTask(task) // twice is once
	mustHave(t, s.get(c, urls.Task(task)), http.StatusOK, "The invitations are on their way.")
	for sql, want := range map[string]int64{
		`SELECT count(*) FROM kyc_cases WHERE state = 'invited'`:                                                         28,
		`SELECT count(DISTINCT case_id) FROM kyc_links WHERE revoked_at IS NULL`:                                         28,
		`SELECT count(*) FROM mails WHERE body LIKE '%enlace es personal%'`:                                              28,
		`SELECT count(*) FROM kyc_items i JOIN kyc_cases c ON c.id = i.case_id WHERE i.item = 'owners'`:                  1,
		`SELECT count(*) FROM kyc_cases c WHERE NOT EXISTS (SELECT 1 FROM kyc_items i WHERE i.case_id = c.id)`:           0,
		`SELECT count(*) FROM audit_events WHERE action = 'kyc.invite'`:                                                  28,
		`SELECT count(*) FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id WHERE d.code IN ('C-1', 'C-2')`: 0,
	} {
		if got := s.one(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
	s.expectLedTo(s.get(s.browser(), s.lastLink()), s.lastLink()+"/consent")
	mustHave(t, s.get(c, urls.CaseInvite()+"?city=11001"), http.StatusOK, "There is nobody to invite")
	if a := s.get(s.as("auditor@demo.test"), urls.CaseInvite()); a.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor may invite: %s", a.Status)
	}
}

func TestPayeesAreRemindedAndCasesEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.invite(s.stub("natural"))
	year, month, day := time.Now().In(colombia.Bogota).Date()
	noon := time.Date(year, month, day, 12, 0, 0, 0, colombia.Bogota)
	tend := func(days, hour int, reminded, expired int64) {
		t.Helper()
		s.app.h.Onboarding.Now = func() time.Time { return noon.AddDate(0, 0, days).Add(time.Duration(hour-12) * time.Hour) }
		r, e, err := s.app.h.Onboarding.Tend(t.Context())
		if err != nil || r != reminded || e != expired {
			t.Errorf("day %d at %d: %d reminded, %d expired, %v; want %d and %d", days, hour, r, e, err, reminded, expired)
		}
	}
	tend(1, 12, 0, 0)
	tend(4, 3, 0, 0) // in the night nobody is written to
	tend(4, 12, 1, 0)
	tend(4, 13, 0, 0)
	if again := payeeLink.FindString(s.lastMail("%Todavía no hemos recibido%")); again != link {
		t.Errorf("the reminder leads to %s, want %s", again, link)
	}
	tend(8, 12, 1, 0)
	tend(9, 12, 0, 0)
	tend(61, 12, 0, 1)
	tend(61, 13, 0, 0)
	if n := s.one(`SELECT count(*) FROM kyc_cases c JOIN kyc_links l ON l.case_id = c.id WHERE c.state = 'expired' AND l.revoked_at IS NOT NULL`); n != 1 {
		t.Error("the case or its link did not end")
	}
}

func TestSettingsOfLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.as("compliance@demo.test")
	page := s.get(c, urls.CaseSettings())
	mustHave(t, page, http.StatusOK, `value="14"`, `value="3, 7"`)
	form := url.Values{"_csrf": {formToken(t, page)}, "seen": {"1"}, "link_days": {"10"}, "case_days": {"5"}, "remind_days": {"7, 3"}}
	mustHave(t, s.post(c, urls.CaseSettings(), form), http.StatusUnprocessableEntity, "Not less than a link", "in rising order")
	form.Set("case_days", "40")
	form.Set("remind_days", "")
	s.expectLedTo(s.post(c, urls.CaseSettings(), form), urls.CaseSettings())
	if a := s.post(c, urls.CaseSettings(), form); a.StatusCode != http.StatusConflict {
		t.Errorf("settings seen before the change: %s", a.Status)
	}
	by := models.Actor{StaffID: 1, Name: "X", Roles: []models.Role{models.RoleFinance}}
	if err := s.app.h.Onboarding.SetSettings(t.Context(), by, 2, kyc.Settings{LinkDays: 5, CaseDays: 9}); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance sets them: %v", err)
	}
}
