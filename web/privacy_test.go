package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/requests"
	"pagaduria/views/urls"
)

func (s *site) postForm(c *http.Client, page, action string, fields ...string) answer {
	s.t.Helper()
	form := url.Values{"_csrf": {formToken(s.t, s.get(c, page))}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.post(c, action, form)
}

// secondPerson consents to the newest open request as another person of compliance.
func (s *site) secondPerson() error {
	s.t.Helper()
	id := s.one(`INSERT INTO staff (email, name, roles) VALUES ('luis@example.test', 'Luis', '{compliance}') ON CONFLICT (email) DO UPDATE SET name = 'Luis' RETURNING id`)
	by := actorOf(id, "Luis", "compliance")
	request := s.one(`SELECT max(id) FROM requests WHERE state = 'open'`)
	return s.app.h.Requests.Decide(s.t.Context(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: time.Now()})
}

func TestAPayeeIsAnsweredAboutTheirData(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	person := s.stub("natural")
	compliance, auditor := s.as("compliance@demo.test"), s.as("auditor@demo.test")
	at := urls.Privacy(person)
	mustHave(t, s.get(compliance, urls.PrivacyList()), http.StatusOK, "No payee has asked yet")
	mustHave(t, s.postForm(compliance, at, at+"/requests", "kind", "consult"), http.StatusUnprocessableEntity, "in 2000 characters", "A day up to today")
	s.expectLedTo(s.postForm(compliance, at, at+"/requests", "kind", "consult", "asked", "¿Qué saben de mí?", "received_on", "2020-01-15"), at)
	id := s.one(`SELECT max(id) FROM privacy_requests`)
	if n := s.one(`SELECT count(*) FROM privacy_requests WHERE due_on = '2020-01-29'`); n != 1 {
		t.Error("the deadline is not ten business days later")
	}
	mustHave(t, s.get(compliance, urls.PrivacyIn("overdue")), http.StatusOK, "T-1", "Overdue")
	mustHave(t, s.postForm(compliance, at, urls.PrivacyAnswer(id), "version", "1", "to", "extended", "text", "More to look up"), http.StatusConflict, "Time is taken once")
	mustHave(t, s.postForm(compliance, at, urls.PrivacyAnswer(id), "version", "7", "to", "answered", "text", "x"), http.StatusConflict, "Load it again")
	s.expectLedTo(s.postForm(compliance, at, urls.PrivacyAnswer(id), "version", "1", "to", "answered", "text", "Se le entregó todo."), at)
	mustHave(t, s.get(auditor, at), http.StatusOK, "Se le entregó todo.", "No law has this kept")

	mustHave(t, s.postForm(compliance, at, at+"/report", "reason", ""), http.StatusUnprocessableEntity)
	a := s.postForm(compliance, at, at+"/report", "reason", "The payee asks")
	files := unpack(t, a)
	checkHashes(t, files)
	if !strings.Contains(string(files["dossier.json"]), "52999001") || strings.Contains(string(files["dossier.json"]), `"Score"`) {
		t.Error("the data lack the payee, or hold what must not be told")
	}
	mustHave(t, s.get(compliance, at), http.StatusOK, "Everything kept handed out", "The payee asks")
	for _, who := range []string{"support@demo.test", "finance@demo.test", "admin@demo.test"} {
		c := s.as(who)
		for _, path := range []string{urls.PrivacyList(), at} {
			if a := s.get(c, path); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: %s", who, path, a.Status)
			}
		}
	}
	if a := s.postForm(auditor, urls.Home(), at+"/report", "reason", "x"); a.StatusCode != http.StatusForbidden {
		t.Errorf("the auditor takes everything: %s", a.Status)
	}
}

func TestWhatTheLawDoesNotKeepIsErasedByTwo(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	person := s.stub("natural")
	link := s.invite(person)
	compliance := s.as("compliance@demo.test")
	at := urls.Privacy(person)
	if a := s.postFiles(compliance, urls.Documents(person), s.paper(compliance, person, "identity"), file(t, "front", "documents/01a_cedula_frente.jpg"), file(t, "back", "documents/01b_cedula_reverso.jpg")); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("document: %s", a.Status)
	}
	id := s.one(`SELECT max(id) FROM kyc_cases`)
	if _, err := s.app.db.Pool.Exec(t.Context(), `INSERT INTO kyc_answers (case_id, item, version, answer, address, at) VALUES ($1, 'who', 1, '{"doc_number": "52999001"}', '', now())`, id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.db.Pool.Exec(t.Context(), `DELETE FROM kyc_answers`); err == nil {
		t.Error("the database let go of what was declared")
	}

	s.expectLedTo(s.postForm(compliance, at, at+"/hold", "reason", "A judge asked"), at)
	mustHave(t, s.postForm(compliance, at, at+"/erase", "reason", "She asks"), http.StatusConflict, "A legal hold keeps everything")
	s.expectLedTo(s.postForm(compliance, at, at+"/lift", "reason", "The judge is done"), at)
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE legal_holds SET lifted_at = now(), consent_id = (SELECT max(id) FROM requests)`); err == nil {
		t.Error("the database let a hold end that nobody consented to")
	}
	if err := s.secondPerson(); err != nil {
		t.Fatal(err)
	}
	s.expectLedTo(s.postForm(compliance, at, at+"/erase", "reason", "She asks"), at)
	if err := s.secondPerson(); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]int64{
		`SELECT count(*) FROM distributors WHERE doc_number = '52999001' OR email <> '' OR phone <> '' OR given_names <> ''`: 0,
		`SELECT count(*) FROM kyc_answers`:                                      0,
		`SELECT count(*) FROM mails WHERE recipient = 'martha@example.co'`:      0,
		`SELECT count(*) FROM distributor_search WHERE folded LIKE '%rios%'`:    0,
		`SELECT count(*) FROM kyc_cases WHERE state = 'expired' AND email = ''`: 1,
		`SELECT count(*) FROM audit_events WHERE action = 'privacy.erase'`:      1,
	} {
		if got := s.one(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
	if a := s.get(s.browser(), link); a.StatusCode == http.StatusOK && strings.Contains(a.body, "Martha") {
		t.Error("the link still opens")
	}
	doc, page := s.one(`SELECT max(id) FROM documents`), s.one(`SELECT max(id) FROM document_blobs`)
	if a := s.get(compliance, urls.DocumentPage(person, doc, page)); a.StatusCode == http.StatusOK {
		t.Error("a shredded document can still be read")
	}
	if n, err := s.app.h.Documents.RotateKeys(t.Context(), actorOf(1, "x", "compliance")); err != nil || n != 2 {
		t.Errorf("keys of shredded files: %d, %v", n, err)
	}
	mustHave(t, s.get(compliance, at), http.StatusOK, "The record stays as a number")
	mustHave(t, s.get(compliance, urls.Distributor(person)), http.StatusOK)
}

func TestWhatTheLawKeepsIsNotErased(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	person := s.stub("natural")
	if _, err := s.app.db.Pool.Exec(t.Context(), `INSERT INTO verifications (distributor_id, from_state, to_state, reason, staff_id, staff_name) VALUES ($1, 'unverified', 'verified', 'x', 0, 'x')`, person); err != nil {
		t.Fatal(err)
	}
	compliance, at := s.as("compliance@demo.test"), urls.Privacy(person)
	page := s.get(compliance, at)
	mustHave(t, page, http.StatusOK, "ten years after the last payment", "Nothing is erased: The law has this kept until")
	if strings.Contains(page.body, at+"/erase") {
		t.Error("erasing is offered")
	}
	mustHave(t, s.postForm(compliance, at, at+"/erase", "reason", "She asks"), http.StatusConflict, "The law has this kept until")
}

func actorOf(id int64, name string, role models.Role) models.Actor {
	return models.Actor{StaffID: id, Name: name, Roles: []models.Role{role}}
}
