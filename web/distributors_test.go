package main

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/views/urls"
)

var testToday = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

const distributorsFile = "../models/intake/testdata/distributors/distributors.csv"

// uploadTo posts a form with a file as a browser does.
func (s *site) uploadTo(c *http.Client, path string, fields map[string]string, name string, body []byte) answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			s.t.Fatal(err)
		}
	}
	if name != "" {
		part, err := w.CreateFormFile("file", name)
		if err != nil {
			s.t.Fatal(err)
		}
		_, _ = part.Write(body)
	}
	_ = w.Close()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL+path, &b)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return s.do(c, r)
}

// as signs a demo account in.
func (s *site) as(email string) *http.Client {
	s.t.Helper()
	c := s.browser()
	if a := s.signIn(c, email); a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("sign in %s: %s", email, a.Status)
	}
	return c
}

// upload takes a file through the page, runs its check, and answers its id.
func (s *site) upload(c *http.Client, kind, name string, body []byte) int64 {
	s.t.Helper()
	token := formToken(s.t, s.get(c, urls.Imports(kind)))
	a := s.uploadTo(c, urls.Imports(kind), map[string]string{"_csrf": token}, name, body)
	if a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("upload: %s\n%s", a.Status, a.body)
	}
	location := a.Header.Get("Location")
	id, err := strconv.ParseInt(location[strings.LastIndexByte(location, '/')+1:], 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	s.work(id)
	return id
}

// work does the long work that an upload waits for.
func (s *site) work(id int64) {
	s.t.Helper()
	task := s.one(`SELECT COALESCE(max(id), 0) FROM tasks WHERE subject_type LIKE '%_import' AND subject_id = $1`, id)
	if task != 0 { // a file whose columns are still to be chosen has none yet
		s.workTask(task)
	}
}

// workTask does one piece of long work.
func (s *site) workTask(id int64) {
	s.t.Helper()
	if err := s.app.h.Tasks.Work(s.t.Context(), id, false); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) one(sql string, args ...any) (n int64) {
	s.t.Helper()
	if err := s.app.db.Pool.QueryRow(s.t.Context(), sql, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func mustHave(t *testing.T, a answer, status int, words ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s %s: got %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			t.Errorf("%s %s lacks %q", a.Request.Method, a.Request.URL.Path, w)
		}
	}
	if m := unsaid.FindString(a.body); m != "" {
		t.Errorf("%s %s shows a key instead of words: %s", a.Request.Method, a.Request.URL.Path, m)
	}
}

var unsaid = regexp.MustCompile(`[>"](distributors|import|fault|fault_todo|form|error)\.[a-z_.]+[<"]`)

func TestImportOfDistributorsThroughThePages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.app.cfg.Today = testToday
	body, err := os.ReadFile(distributorsFile)
	if err != nil {
		t.Fatal(err)
	}
	finance := s.as("finance@demo.test")
	id := s.upload(finance, "distributors", "distribuidores.csv", body)
	page := s.get(finance, urls.Import("distributors", id))
	mustHave(t, page, http.StatusOK, "distribuidores.csv", "Import 1.900 rows", "dv_mismatch", "Report as CSV", "never correct the digit")
	if n := s.one("SELECT count(*) FROM distributors"); n != 0 {
		t.Fatalf("the check wrote %d distributors", n)
	}
	report := s.get(finance, urls.ImportReport("distributors", id))
	mustHave(t, report, http.StatusOK, "81;Refused;email;email_invalid;")
	if lines := strings.Count(report.body, "\n"); lines != 110 {
		t.Errorf("the report has %d lines, want 110", lines)
	}

	token := url.Values{"_csrf": {formToken(t, page)}}
	for range 2 { // a double click
		if a := s.post(finance, urls.ImportApply("distributors", id), token); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("apply: %s\n%s", a.Status, a.body)
		}
	}
	s.work(id)
	s.work(id)
	mustHave(t, s.get(finance, urls.Import("distributors", id)), http.StatusOK, "1.900 rows were imported")
	if n := s.one("SELECT count(*) FROM audit_events WHERE action = 'import.apply'"); n != 1 {
		t.Errorf("it was applied %d times", n)
	}
	if a := s.post(finance, urls.ImportDrop("distributors", id), token); a.StatusCode != http.StatusConflict {
		t.Errorf("dropping what is in: %s", a.Status)
	}

	again := s.upload(finance, "distributors", "distribuidores.csv", body)
	mustHave(t, s.get(finance, urls.Import("distributors", again)), http.StatusOK, "There is nothing to import")
	mustHave(t, s.get(finance, urls.Imports("distributors")), http.StatusOK, "distribuidores.csv", "Ready to import")
}

func TestFilesThatAreNoStatement(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance := s.as("finance@demo.test")
	token := map[string]string{"_csrf": formToken(t, s.get(finance, urls.Imports("distributors")))}
	for name, c := range map[string]struct{ body, want string }{
		"empty":       {"", "The file is empty"},
		"blank":       {" \n\n", "The file is empty"},
		"spreadsheet": {"PK\x03\x04rest", "This is a spreadsheet"},
		"picture":     {"\x89PNG\r\n\x1a\n\x00\x00\x00\x01\x02\x03", "not a CSV text file"},
		"UTF-16":      {"\xff\xfea\x00", "UTF-16"},
	} {
		mustHave(t, s.uploadTo(finance, urls.Imports("distributors"), token, name, []byte(c.body)), http.StatusUnprocessableEntity, c.want)
	}
	mustHave(t, s.uploadTo(finance, urls.Imports("distributors"), token, "", nil), http.StatusUnprocessableEntity, "Choose a file first")
	if a := s.get(s.as("support@demo.test"), urls.Imports("distributors")); a.StatusCode != http.StatusForbidden {
		t.Errorf("support may import: %s", a.Status)
	}
}

func TestColumnsAreChosenByHand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.app.cfg.Today = testToday
	finance := s.as("finance@demo.test")
	id := s.upload(finance, "distributors", "otra.csv", []byte("Quién;doc_type;doc_number;first_names;last_names;phone;divipola;payout_method\nX1;CC;1000001;Ana;Ruiz;3001234567;11001;efecty_cash\n"))
	page := s.get(finance, urls.Import("distributors", id))
	mustHave(t, page, http.StatusOK, "Which column is which?", "Quién")
	form := url.Values{"_csrf": {formToken(t, page)}}
	for _, name := range []string{"doc_type", "doc_number", "first_names", "last_names", "phone", "divipola", "payout_method"} {
		form.Set("column."+name, name)
	}
	mustHave(t, s.post(finance, urls.ImportColumns("distributors", id), form), http.StatusUnprocessableEntity, "Choose the column of the file")
	form.Set("column.ref_code", "Quién")
	if a := s.post(finance, urls.ImportColumns("distributors", id), form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("map: %s\n%s", a.Status, a.body)
	}
	s.work(id)
	mustHave(t, s.get(finance, urls.Import("distributors", id)), http.StatusOK, "Import 1 row", "X1")
}

// person imports one distributor and answers its id.
func (s *site) person() int64 {
	s.t.Helper()
	kind, err := s.app.h.Imports.Kind("distributors")
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = kind.Run(s.t.Context(), strings.NewReader("ref_code,doc_type,doc_number,first_names,last_names,phone,email,divipola,payout_method,address\n"+
		"X1,CC,1464645428,Lorena,Núñez,3195722846,lorena@tienda.example,50350,efecty_cash,Calle 1 # 2-3\n"), models.ImportOptions{By: models.System("test"), Today: testToday})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.one("SELECT id FROM distributors WHERE code = 'X1'")
}

func TestListSearchAndPageOfOneDistributor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.person()
	support := s.as("support@demo.test")
	mustHave(t, s.get(support, urls.Distributors()), http.StatusOK, "Lorena Núñez", "CC •••• 5428", "Not verified")
	for query, found := range map[string]bool{"nunez": true, "LORENA+n%C3%BA": true, "1464645428": true, "3195722846": true, "x1": true, "tienda.example": true, "perez": false, "%25": false} {
		if got := strings.Contains(s.get(support, urls.Distributors()+"?q="+query).body, "Lorena Núñez"); got != found {
			t.Errorf("search %s: found %v, want %v", query, got, found)
		}
	}
	mustHave(t, s.get(support, urls.Distributors()+"?verification=suspended"), http.StatusOK, "Nothing matches")
	page := s.get(support, urls.Distributor(id))
	mustHave(t, page, http.StatusOK, "Lorena Núñez", "Why not payable?", "Nobody has verified", "La Macarena, Meta", "l••••@tienda.example")
	for _, secret := range []string{"1464645428", "3195722846", "lorena@tienda.example", "Calle 1"} {
		if strings.Contains(page.body, secret) {
			t.Errorf("the page shows %s", secret)
		}
	}
	ask := s.get(support, urls.Reveal(id))
	mustHave(t, ask, http.StatusOK, "Show personal data in full?")
	form := url.Values{"_csrf": {formToken(t, ask)}}
	mustHave(t, s.post(support, urls.Reveal(id), form), http.StatusUnprocessableEntity, "Write the reason")
	form.Set("reason", "The payee calls")
	mustHave(t, s.post(support, urls.Reveal(id), form), http.StatusOK, "CC 1464645428", "+573195722846", "Calle 1")
	if n := s.one("SELECT count(*) FROM audit_events WHERE action = 'personal.reveal' AND subject_id = $1 AND reason = 'The payee calls'", id); n != 1 {
		t.Errorf("%d looks recorded", n)
	}
	if a := s.get(s.as("auditor@demo.test"), urls.Reveal(id)); a.StatusCode != http.StatusForbidden {
		t.Errorf("the auditor may reveal: %s", a.Status)
	}
}

func TestAddEditAndMethodsByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance := s.as("finance@demo.test")
	page := s.get(finance, urls.NewDistributor())
	mustHave(t, page, http.StatusOK, "Add a distributor")
	form := url.Values{"_csrf": {formToken(t, page)}, "ref_code": {"F1"}, "person_kind": {"natural"}, "doc_type": {"CC"}, "doc_number": {"0123456"},
		"first_names": {"Ana"}, "last_names": {"Ruiz"}, "phone": {"300"}, "divipola": {"11001"}, "lang": {"es"}, "payout_method": {"efecty_cash"}}
	mustHave(t, s.post(finance, urls.Distributors(), form), http.StatusUnprocessableEntity, "does not begin with zero", "not a Colombian phone", `value="Ana"`)
	form.Set("doc_number", "1234567")
	form.Set("phone", "3001234567")
	a := s.post(finance, urls.Distributors(), form)
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("create: %s\n%s", a.Status, a.body)
	}
	mustHave(t, s.post(finance, urls.Distributors(), form), http.StatusUnprocessableEntity, "code is taken")
	form.Set("ref_code", "F2")
	mustHave(t, s.post(finance, urls.Distributors(), form), http.StatusUnprocessableEntity, "Somebody else has this document")

	id := s.one("SELECT id FROM distributors WHERE code = 'F1'")
	compliance := s.as("compliance@demo.test")
	mustHave(t, s.get(finance, urls.Distributor(id)), http.StatusOK, "waits for a second person: Efecty, asked for by", "No payout method")
	s.consent(compliance, id)
	mustHave(t, s.get(finance, urls.Distributor(id)), http.StatusOK, "Efecty")
	edit := s.get(finance, urls.EditDistributor(id))
	mustHave(t, edit, http.StatusOK, "Edit Ana Ruiz", `value="1234567"`)
	form.Set("version", "2")
	form.Set("phone", "")
	mustHave(t, s.post(finance, urls.EditDistributor(id), form), http.StatusUnprocessableEntity, "Cash pick-up needs a mobile phone")
	form.Set("phone", "3001234568")
	form.Set("doc_number", "7654321")
	if a := s.post(finance, urls.EditDistributor(id), form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("update: %s\n%s", a.Status, a.body)
	}
	if a := s.post(finance, urls.EditDistributor(id), form); a.StatusCode != http.StatusConflict {
		t.Errorf("stale form: %s", a.Status)
	}
	mustHave(t, s.get(finance, urls.Distributor(id)), http.StatusOK, "changed: document, phone.", "CC •••• 321")

	method := url.Values{"_csrf": form["_csrf"], "version": {"3"}, "payout_method": {"bank"}, "bank_code": {"001"}, "account_type": {"S"}, "account_number": {"1"}, "preferred": {"1"}}
	mustHave(t, s.post(finance, urls.DistributorMethods(id), method), http.StatusUnprocessableEntity, "does not fit the bank")
	method.Set("account_number", "469990698")
	if a := s.post(finance, urls.DistributorMethods(id), method); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("method: %s\n%s", a.Status, a.body)
	}
	mustHave(t, s.get(finance, urls.Distributor(id)), http.StatusOK, "waits for a second person", "•••• 0698")
	s.consent(compliance, id)
	mustHave(t, s.get(finance, urls.Distributor(id)), http.StatusOK, "•••• 0698", "Account changed on", "payable from")
	cash := s.one("SELECT id FROM payout_methods WHERE distributor_id = $1 AND kind = 'efecty_cash'", id)
	bank := s.one("SELECT id FROM payout_methods WHERE distributor_id = $1 AND preferred", id)
	version := func(n int) url.Values { return url.Values{"_csrf": form["_csrf"], "version": {strconv.Itoa(n)}} }
	if a := s.post(finance, urls.RetireMethod(id, bank), version(4)); a.StatusCode != http.StatusConflict {
		t.Errorf("retiring the preferred one: %s", a.Status)
	}
	mustHave(t, s.get(finance, urls.RetireMethod(id, bank)), http.StatusOK, "Take this payout method out of use?")
	if a := s.post(finance, urls.PreferMethod(id, cash), version(4)); a.StatusCode != http.StatusSeeOther {
		t.Errorf("prefer: %s\n%s", a.Status, a.body)
	}
	s.consent(compliance, id)
	if a := s.post(finance, urls.RetireMethod(id, bank), version(5)); a.StatusCode != http.StatusSeeOther {
		t.Errorf("retire: %s\n%s", a.Status, a.body)
	}
	if n := s.one("SELECT count(*) FROM distributors WHERE id = $1 AND method_kind = 'efecty_cash' AND version = 6", id); n != 1 {
		t.Error("the list's method did not follow")
	}
}

// consent has another person consent to the open request about a distributor, on its page.
func (s *site) consent(c *http.Client, distributor int64) {
	s.t.Helper()
	id := s.one("SELECT id FROM requests WHERE subject_type = 'distributor' AND subject_id = $1 AND state = 'open'", distributor)
	page := s.get(c, urls.Request(id))
	mustHave(s.t, page, http.StatusOK, "Change of a payout method", "Preferred payout method")
	if a := s.post(c, urls.GrantRequest(id), form(s.t, page, urls.GrantRequest(id))); a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("consent: %s\n%s", a.Status, a.body)
	}
}

func TestComplianceDecides(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.app.cfg.Today = testToday
	id := s.person()
	compliance, finance := s.as("compliance@demo.test"), s.as("finance@demo.test")
	page := s.get(compliance, urls.Verification(id))
	mustHave(t, page, http.StatusOK, "Decide verification")
	form := url.Values{"_csrf": {formToken(t, page)}, "version": {"1"}, "to": {"verified"}, "until": {"2026-11-21"}}
	mustHave(t, s.post(compliance, urls.Verification(id), form), http.StatusUnprocessableEntity, "Write the reason", "must not be past")
	form.Set("until", "2026-11-22")
	form.Set("reason", "Documents seen")
	if a := s.post(compliance, urls.Verification(id), form); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("verify: %s\n%s", a.Status, a.body)
	}
	if a := s.post(compliance, urls.Verification(id), form); a.StatusCode != http.StatusConflict {
		t.Errorf("again: %s", a.Status)
	}
	mustHave(t, s.get(compliance, urls.Distributor(id)), http.StatusOK, "Verified", "Documents seen", "set the verification to: Verified")
	if a := s.get(finance, urls.Verification(id)); a.StatusCode != http.StatusForbidden {
		t.Errorf("finance may verify: %s", a.Status)
	}
	s.app.cfg.Today = testToday.AddDate(0, 0, 1)
	mustHave(t, s.get(compliance, urls.Distributor(id)), http.StatusOK, "Verification expired")
	if n, err := s.app.h.Distributors.ExpireVerifications(t.Context()); err != nil || n != 1 {
		t.Errorf("expired %d, %v", n, err)
	}
}

func TestDecisionsForASetWithEvidence(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.app.cfg.Today = testToday
	body, err := os.ReadFile(distributorsFile)
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := s.app.h.Imports.Kind("distributors")
	if _, err := kind.Run(t.Context(), bytes.NewReader(body), models.ImportOptions{By: models.System("test"), Today: testToday}); err != nil {
		t.Fatal(err)
	}
	compliance := s.as("compliance@demo.test")
	page := s.get(compliance, urls.Decisions()+"?verification=unverified&method=nequi")
	count := s.one("SELECT count(*) FROM distributors WHERE method_kind = 'nequi' AND warnings = '{}'")
	warned := s.one("SELECT count(*) FROM distributors WHERE method_kind = 'nequi' AND warnings <> '{}'")
	mustHave(t, page, http.StatusOK, fmt.Sprintf("%d distributors will be changed", count), "left out because of a warning")
	fields := map[string]string{"_csrf": formToken(t, page), "verification": "unverified", "method": "nequi", "to": "verified", "reason": "Provider's report", "expected": strconv.FormatInt(count+1, 10)}
	mustHave(t, s.uploadTo(compliance, urls.Decisions(), fields, "acta.pdf", []byte("%PDF-1.4 x")), http.StatusConflict, "The set changed meanwhile")
	fields["expected"] = strconv.FormatInt(count, 10)
	mustHave(t, s.uploadTo(compliance, urls.Decisions(), fields, "", nil), http.StatusUnprocessableEntity, "Choose a file first")
	mustHave(t, s.uploadTo(compliance, urls.Decisions(), fields, "x.exe", []byte("MZ\x00\x01\x02\x03")), http.StatusUnprocessableEntity, "This kind of file is not taken")
	if n := s.one("SELECT count(*) FROM verifications") + s.one("SELECT count(*) FROM files"); n != 0 {
		t.Fatalf("refusals left %d rows", n)
	}
	if a := s.uploadTo(compliance, urls.Decisions(), fields, "acta.pdf", []byte("%PDF-1.4 x")); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("record: %s\n%s", a.Status, a.body)
	}
	mustHave(t, s.get(compliance, urls.Distributors()), http.StatusOK, "The decision was recorded for")
	if n := s.one("SELECT count(*) FROM distributors WHERE verification = 'verified' AND warnings = '{}' AND version = 2"); n != count {
		t.Errorf("%d verified, want %d", n, count)
	}
	if n := s.one("SELECT count(*) FROM distributors WHERE method_kind = 'nequi' AND verification = 'unverified'"); n != warned {
		t.Errorf("%d left out, want %d", n, warned)
	}
	if n := s.one("SELECT count(*) FROM audit_events WHERE action = 'distributor.verify_many' AND after->>'sha256' <> '' AND (after->>'count')::int = $1", count); n != 1 {
		t.Errorf("%d audit events, want 1", n)
	}
	id := s.one("SELECT min(distributor_id) FROM verifications")
	file := s.one("SELECT id FROM files")
	if a := s.get(compliance, urls.Evidence(id, file)); a.body != "%PDF-1.4 x" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("evidence: %s %q %v", a.Status, a.body, a.Header)
	}
}
