package main

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/views/urls"
)

// stub is a distributor to be invited; its document is of nobody.
func (s *site) stub(kind string) (id int64) {
	s.t.Helper()
	sql := `INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, email, divipola, city, tax_status)
		VALUES ('T-1', 'natural', 'CC', '52999001', 'Martha Lucía', 'Ríos Peña', '+573001112233', 'martha@example.co', '11001', 'Bogotá', 'natural_no_declarante') RETURNING id`
	if kind == "juridical" {
		sql = `INSERT INTO distributors (code, person_kind, doc_type, doc_number, doc_dv, business_name, email, divipola, city)
			VALUES ('T-2', 'juridical', 'NIT', '890903938', '8', 'Bazar S.A.S.', 'bazar@example.co', '05001', 'Medellín') RETURNING id`
	}
	return s.one(sql)
}

// invite has compliance invite the distributor and answers the path of the link.
func (s *site) invite(distributor int64) string {
	s.t.Helper()
	c := s.as("compliance@demo.test")
	a := s.post(c, urls.InviteDistributor(distributor), url.Values{"_csrf": {formToken(s.t, s.get(c, urls.Distributor(distributor)))}})
	if a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("invite: %s\n%s", a.Status, a.body)
	}
	return s.lastLink()
}

var payeeLink = regexp.MustCompile(`/p/[A-Za-z0-9_-]+`)

// lastLink is the path in the newest mail that has one.
func (s *site) lastLink() string {
	s.t.Helper()
	path := payeeLink.FindString(s.lastMail("%enlace es personal%"))
	if path == "" {
		s.t.Fatal("no link was mailed")
	}
	return path
}

// lastMail is the newest mail whose text is like the pattern, with what was wrapped in it.
func (s *site) lastMail(like string) string {
	s.t.Helper()
	id := s.one(`SELECT COALESCE(max(id), 0) FROM mails WHERE body LIKE $1`, like)
	m, err := s.app.h.Mail.Get(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return m.Body
}

var codeInMail = regexp.MustCompile(`\b\d{6}\b`)

func (s *site) lastCode() string {
	s.t.Helper()
	return codeInMail.FindString(s.lastMail("%10 minutos%"))
}

// fill sends a step as its page would, and expects to be led on.
func (s *site) fill(c *http.Client, path string, fields ...string) answer {
	s.t.Helper()
	form := url.Values{"_csrf": {formToken(s.t, s.get(c, path))}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.post(c, path, form)
}

func (s *site) expectLedTo(a answer, path string) {
	s.t.Helper()
	if to := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || to != path {
		s.t.Fatalf("%s %s: %s to %q, want to %q\n%s", a.Request.Method, a.Request.URL.Path, a.Status, to, path, a.body)
	}
}

var personFields = []string{"person_kind", "natural", "doc_type", "CC", "doc_number", "1118534248", "first_names", "Martha Lucía", "last_names", "Ríos Peña", "divipola", "11001", "address", "Calle 1 # 2-3"}

// toSignature fills everything in but the signature.
func (s *site) toSignature(c *http.Client, link string) {
	s.t.Helper()
	s.expectLedTo(s.get(c, link), link+"/consent")
	s.expectLedTo(s.fill(c, link+"/consent", "agree", "1", "sensitive", "1", "text", kyc.ConsentVersion, "lang", "es"), link+"/who")
	s.expectLedTo(s.fill(c, link+"/who", personFields...), link+"/contact")
	s.expectLedTo(s.fill(c, link+"/contact", "phone", "300 111 2233", "email", "nueva@example.co"), link+"/contact")
	waiting := s.get(c, link+"/contact")
	mustHave(s.t, waiting, http.StatusOK, "n••••@example.co", "Código de 6 dígitos")
	s.expectLedTo(s.post(c, link+"/contact/code", url.Values{"_csrf": {formToken(s.t, waiting)}, "code": {s.lastCode()}}), link+"/payment")
	s.expectLedTo(s.fill(c, link+"/payment?choose=efecty_cash", "payout_method", "efecty_cash"), link+"/tax")
	s.expectLedTo(s.fill(c, link+"/tax", "tax_status", "natural_no_declarante"), link+"/declarations")
	s.expectLedTo(s.fill(c, link+"/declarations", "pep", "no", "relative", "no", "funds", "commissions"), link+"/documents")
	s.expectLedTo(s.sendPaper(c, link+"/documents", link+"/documents/identity", file(s.t, "front", cardFront), file(s.t, "back", cardBack)), link+"/documents#identity")
	s.expectLedTo(s.sendPaper(c, link+"/documents", link+"/documents/rut", file(s.t, "more", taxPaper)), link+"/documents#rut")
	mustHave(s.t, s.get(c, link+"/documents"), http.StatusOK, `href="`+link+`/signature"`)
}

const (
	cardFront, cardBack = "documents/01a_cedula_frente.jpg", "documents/01b_cedula_reverso.jpg"
	taxPaper            = "documents/14_rut_natural.pdf"
)

// sendPaper sends a document by its form on a page.
func (s *site) sendPaper(c *http.Client, page, action string, list ...sent) answer {
	s.t.Helper()
	a := s.get(c, page)
	mustHave(s.t, a, http.StatusOK)
	_, form, ok := strings.Cut(a.body, `action="`+action+`"`)
	m := formName.FindStringSubmatch(form)
	if !ok || m == nil {
		s.t.Fatalf("there is no form for %s:\n%s", action, a.body)
	}
	return s.postFiles(c, action, map[string]string{"_csrf": formToken(s.t, a), "form": m[1]}, list...)
}

var seenField = regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`)

func TestAPayeeIsKnownByALink(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	d := s.stub("natural")
	link := s.invite(d)
	before := s.one(`SELECT version FROM distributors WHERE id = $1`, d)

	phone := s.browser()
	welcome := s.get(phone, link+"/consent")
	mustHave(t, welcome, http.StatusOK, "Hola, Martha Lucía", "Paso 1 de", "Ley 1581", `lang="es-CO"`)
	if got := welcome.Header.Get("X-Robots-Tag"); !strings.Contains(got, "noindex") {
		t.Errorf("X-Robots-Tag is %q", got)
	}
	for _, secret := range []string{"52999001", "3001112233", "martha@example.co", "Distribuidores"} {
		if strings.Contains(welcome.body, secret) {
			t.Errorf("the first page shows %q", secret)
		}
	}
	mustHave(t, s.fill(phone, link+"/consent", "text", kyc.ConsentVersion, "lang", "es"), http.StatusUnprocessableEntity, "Sin esta autorización")
	s.toSignature(phone, link)

	review := s.get(phone, link+"/signature")
	mustHave(t, review, http.StatusOK, "Martha Lucía", "CC 1118534248", "Efecty", "01a_cedula_frente.jpg", "Firmar y enviar")
	seen := seenField.FindStringSubmatch(review.body)[1]
	sign := func(name string) answer { return s.fill(phone, link+"/signature", "name", name, "seen", seen) }
	mustHave(t, sign("Otra Persona"), http.StatusUnprocessableEntity, "como aparece abajo")
	s.expectLedTo(sign("martha lucia rios peña"), link+"/receipt")
	again := s.post(phone, link+"/signature", url.Values{"_csrf": {formToken(t, s.get(phone, link+"/receipt"))}, "name": {"martha lucia rios peña"}, "seen": {seen}})
	s.expectLedTo(again, link+"/receipt")
	mustHave(t, s.get(phone, link+"/receipt"), http.StatusOK, seen, "Recibimos su formulario")

	for sql, want := range map[string]int64{
		`SELECT count(*) FROM kyc_cases WHERE state = 'submitted' AND submitted_by IS NULL AND verified_at IS NOT NULL`: 1,
		`SELECT count(*) FROM kyc_signatures`: 1,
		`SELECT count(*) FROM kyc_consents WHERE text_version = '2026-11' AND sensitive AND address <> '' AND agent <> ''`:                         1,
		`SELECT count(*) FROM mails WHERE recipient = 'nueva@example.co' AND body LIKE '%Comprobante%'`:                                            1,
		`SELECT count(*) FROM events WHERE kind = 'kyc.submitted'`:                                                                                 1,
		`SELECT count(*) FROM payout_methods`:                                                                                                      0,
		`SELECT count(*) FROM kyc_items i JOIN document_versions v ON v.id = i.document_version_id WHERE i.state = 'given' AND v.staff_id IS NULL`: 2,
		`SELECT count(*) FROM kyc_signatures g JOIN document_files f ON strpos(g.statement, encode(f.received_sha256, 'hex')) > 0`:                 3,
	} {
		if got := s.one(sql); got != want {
			t.Errorf("%s: %d, want %d", sql, got, want)
		}
	}
	if got := s.one(`SELECT version FROM distributors WHERE id = $1`, d); got != before {
		t.Error("what was declared was written on the distributor")
	}
	compliance := s.as("compliance@demo.test")
	id := s.one(`SELECT id FROM kyc_cases`)
	mustHave(t, s.get(compliance, urls.Cases()+"?state=submitted"), http.StatusOK, "Martha Lucía Ríos Peña")
	mustHave(t, s.get(compliance, urls.Case(id)), http.StatusOK, "1118534248", seen)
	auditor := s.get(s.as("auditor@demo.test"), urls.Case(id))
	mustHave(t, auditor, http.StatusOK)
	if strings.Contains(auditor.body, "1118534248") {
		t.Error("what was declared is shown to who may not fill it in")
	}
}

func TestLinksThatOpenNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.invite(s.stub("natural"))
	stranger := s.browser()
	turned := []byte(link)
	turned[len(turned)-3] ^= 1
	for name, path := range map[string]string{"tampered": string(turned), "cut": link[:len(link)-4], "made up": "/p/abc", "with more": link + "AAAA"} {
		mustHave(t, s.get(stranger, path), http.StatusNotFound, "Este enlace no abre nada")
		if a := s.get(stranger, path+"/who"); a.StatusCode != http.StatusNotFound {
			t.Errorf("a step of a link that is %s: %s", name, a.Status)
		}
	}
	mustHave(t, s.get(stranger, link+"/no-such-step"), http.StatusNotFound)

	first := s.browser()
	s.fill(first, link+"/consent", "agree", "1", "text", kyc.ConsentVersion, "lang", "es")
	compliance, id := s.as("compliance@demo.test"), s.one(`SELECT max(id) FROM kyc_cases`)
	post := func(path string) answer {
		return s.post(compliance, path, url.Values{"_csrf": {formToken(t, s.get(compliance, urls.Case(id)))}})
	}
	s.expectLedTo(post(urls.CaseRevoke(id)), urls.Case(id))
	mustHave(t, s.get(first, link+"/who"), http.StatusGone, "se retiró")
	if a := s.post(first, link+"/who", url.Values{}); a.StatusCode == http.StatusSeeOther {
		t.Error("a withdrawn link still takes what is typed")
	}
	if a := post(urls.CaseRevoke(id)); a.StatusCode != http.StatusConflict {
		t.Errorf("withdrawn twice: %s", a.Status)
	}
	s.expectLedTo(post(urls.CaseSend(id)), urls.Case(id))
	newer := s.lastLink()
	if newer == link {
		t.Fatal("the new link is the old one")
	}
	s.expectLedTo(s.get(s.browser(), newer), newer+"/who")

	s.app.h.Onboarding.Now = func() time.Time { return time.Now().AddDate(0, 0, 15) }
	mustHave(t, s.get(s.browser(), newer), http.StatusGone, "venció")
}

func TestAnotherDeviceGivesACode(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	link := s.invite(s.stub("natural"))
	phone, laptop := s.browser(), s.browser()
	s.toSignature(phone, link)
	s.expectLedTo(s.get(laptop, link), link+"/code")
	s.expectLedTo(s.get(laptop, link+"/who"), link+"/code")
	page := s.get(laptop, link+"/code")
	mustHave(t, page, http.StatusOK, "n••••@example.co")
	if strings.Contains(page.body, "1118534248") || strings.Contains(page.body, "nueva@") {
		t.Error("a device that gave no code sees what was typed")
	}
	s.expectLedTo(s.post(laptop, link+"/tax", url.Values{"_csrf": {formToken(t, page)}, "tax_status": {"regimen_simple"}}), link)
	if n := s.one(`SELECT count(*) FROM kyc_answers WHERE item = 'tax'`); n != 1 {
		t.Errorf("%d answers: a device that gave no code wrote one", n)
	}
	send := url.Values{"_csrf": {formToken(t, page)}}
	if a := s.post(laptop, link+"/code/send", send); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a second code within a minute: %s", a.Status)
	}
	s.app.h.Onboarding.Now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	s.expectLedTo(s.post(laptop, link+"/code/send", send), link+"/code?sent=1")
	code := s.lastCode()
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	mustHave(t, s.post(laptop, link+"/code", url.Values{"_csrf": send["_csrf"], "code": {wrong}}), http.StatusUnprocessableEntity, "Ese no es el código")
	s.expectLedTo(s.post(laptop, link+"/code", url.Values{"_csrf": send["_csrf"], "code": {code}}), link)
	mustHave(t, s.get(laptop, link+"/who"), http.StatusOK, "1118534248")
	third := s.browser()
	page = s.get(third, link+"/code")
	if a := s.post(third, link+"/code", url.Values{"_csrf": {formToken(t, page)}, "code": {code}}); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a code that was used: %s", a.Status)
	}
}

func TestCodesEndAfterFewWrongOnes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.invite(s.stub("natural"))
	c := s.browser()
	s.fill(c, link+"/consent", "agree", "1", "text", kyc.ConsentVersion, "lang", "es")
	s.fill(c, link+"/who", personFields...)
	s.fill(c, link+"/contact", "email", "nueva@example.co")
	s.expectLedTo(s.fill(c, link+"/contact", "email", "nueva@example.co"), link+"/contact") // sent twice: one code
	if n := s.one(`SELECT count(*) FROM kyc_codes`); n != 1 {
		t.Fatalf("%d codes for one form sent twice", n)
	}
	token, code := formToken(t, s.get(c, link+"/contact")), s.lastCode()
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for range kyc.CodeTries {
		if a := s.post(c, link+"/contact/code", url.Values{"_csrf": {token}, "code": {wrong}}); a.StatusCode != http.StatusUnprocessableEntity {
			t.Fatalf("a wrong code: %s", a.Status)
		}
	}
	mustHave(t, s.post(c, link+"/contact/code", url.Values{"_csrf": {token}, "code": {code}}), http.StatusUnprocessableEntity, "ya no sirve")
	if n := s.one(`SELECT count(*) FROM kyc_cases WHERE verified_at IS NOT NULL`); n != 0 {
		t.Error("the contact counts as verified")
	}
}

func TestStaffFillACaseInForAPayee(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	d := s.stub("juridical")
	if a := s.post(s.as("auditor@demo.test"), urls.OpenCase(d), url.Values{}); a.StatusCode == http.StatusSeeOther {
		t.Error("an auditor opened a case")
	}
	c := s.as("compliance@demo.test")
	opened := s.post(c, urls.OpenCase(d), url.Values{"_csrf": {formToken(t, s.get(c, urls.Distributor(d)))}})
	id := s.one(`SELECT id FROM kyc_cases`)
	at := func(step string) string { return urls.CaseFill(id, step) }
	s.expectLedTo(opened, at("consent"))
	token := formToken(t, s.get(c, at("consent")))
	if a := s.uploadTo(c, at("consent"), map[string]string{"_csrf": token, "text": kyc.ConsentVersion}, "", nil); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without the signed paper: %s", a.Status)
	}
	paper := append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte("x"), 600)...)
	s.expectLedTo(s.uploadTo(c, at("consent"), map[string]string{"_csrf": token, "text": kyc.ConsentVersion, "sensitive": "1"}, "papel.pdf", paper), at("who"))
	s.expectLedTo(s.fill(c, at("who"), "person_kind", "juridical", "doc_type", "NIT", "doc_number", "890903938", "doc_dv", "8", "business_name", "Bazar S.A.S.", "divipola", "05001", "address", "Calle 1",
		"rep_name", "Ana Rojas", "rep_doc_type", "CC", "rep_doc_number", "52123456"), at("contact"))
	s.expectLedTo(s.fill(c, at("contact"), "email", "bazar@example.co"), at("payment"))
	s.expectLedTo(s.fill(c, at("payment"), "payout_method", "bank", "bank_code", "007", "account_type", "S", "account_number", "12345678901"), at("tax"))
	s.expectLedTo(s.fill(c, at("tax"), "tax_status", "juridica", "iva_responsible", "1"), at("owners"))
	s.expectLedTo(s.fill(c, at("owners"), "owner0_name", "Ana Rojas", "owner0_doc_type", "CC", "owner0_doc_number", "52123456", "owner0_share", "100", "more", "1"), at("owners")+"?more=1")
	s.expectLedTo(s.fill(c, at("declarations"), "pep", "no", "relative", "no", "funds", "business"), at("documents"))
	for kind, list := range map[string][]sent{"chamber_certificate": {file(t, "more", "documents/21_camara_comercio_vigente.pdf")}, "rut": {file(t, "more", "documents/15_rut_juridica.pdf")},
		"representative_identity": {file(t, "front", cardFront), file(t, "back", cardBack)}, "shareholders": {file(t, "more", taxPaper)}, "bank_certificate": {file(t, "more", "documents/17_cert_bancaria_vigente.pdf")}} {
		s.expectLedTo(s.sendPaper(c, at("documents"), urls.CasePaper(id, kind), list...), at("documents")+"#"+kind)
	}
	if n := s.one(`SELECT count(*) FROM document_versions WHERE staff_name <> ''`); n != 5 {
		t.Errorf("%d versions have the name of who sent them, want 5", n)
	}
	page := s.get(c, at("signature"))
	mustHave(t, page, http.StatusOK, "Ana Rojas", "100")
	s.expectLedTo(s.fill(c, at("signature"), "name", "Ana Rojas", "seen", seenField.FindStringSubmatch(page.body)[1]), urls.Case(id))
	if n := s.one(`SELECT count(*) FROM kyc_cases c JOIN staff s ON s.id = c.submitted_by WHERE c.state = 'submitted' AND s.email = 'compliance@demo.test'`); n != 1 {
		t.Error("the case does not say who sent it")
	}
	if n := s.one(`SELECT count(*) FROM kyc_answers WHERE staff_id IS NULL`); n != 0 {
		t.Errorf("%d answers are not marked as those of staff", n)
	}
	if _, err := s.app.h.Onboarding.Invite(t.Context(), models.Actor{StaffID: 1, Name: "X", Roles: []models.Role{models.RoleCompliance}}, d); models.KindOf(err) != models.Conflict {
		t.Errorf("a second open case: %v", err)
	}
}

func TestANarrowLinkOpensWhatItNames(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	link := s.invite(s.stub("natural"))
	c := s.browser()
	s.toSignature(c, link)
	s.fill(c, link+"/signature", "name", "martha lucia rios peña", "seen", seenField.FindStringSubmatch(s.get(c, link+"/signature").body)[1])
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE kyc_cases SET state = 'waiting'`); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`UPDATE kyc_links SET items = '{payment}'`, `UPDATE kyc_items SET state = 'again' WHERE item IN ('payment', 'signature')`} {
		if _, err := s.app.db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	s.expectLedTo(s.get(c, link), link+"/payment")
	mustHave(t, s.get(c, link+"/who"), http.StatusNotFound)
	token := formToken(t, s.get(c, link+"/payment"))
	if a := s.post(c, link+"/who", url.Values{"_csrf": {token}, "first_names": {"Otra"}}); a.StatusCode != http.StatusNotFound {
		t.Errorf("an item outside the link: %s", a.Status)
	}
	s.expectLedTo(s.fill(c, link+"/payment", "payout_method", "nequi", "account_number", "3001112233"), link+"/signature")
	s.expectLedTo(s.fill(c, link+"/signature", "name", "martha lucia rios peña", "seen", seenField.FindStringSubmatch(s.get(c, link+"/signature").body)[1]), link+"/receipt")
	if n := s.one(`SELECT count(*) FROM kyc_answers WHERE item = 'payment'`); n != 2 {
		t.Errorf("%d versions of the payment are kept", n)
	}
}

func TestRatesBehindALink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	at := time.Now()
	s.app.h.Onboarding.Now = func() time.Time { return at }
	link, c := s.invite(s.stub("natural")), s.browser()
	last := answer{}
	for range 91 {
		last = s.get(c, link+"/consent")
	}
	if last.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the 91st request of a minute: %s", last.Status)
	}
	if n := s.one(`SELECT count(*) FROM door_counts WHERE key LIKE '%' || $1 || '%'`, strings.TrimPrefix(link, "/p/")); n != 0 {
		t.Error("the link itself is kept with its count")
	}
	at = at.Add(time.Minute)
	mustHave(t, s.get(c, link+"/consent"), http.StatusOK)
}

// TestSignedOnceByManyClicks sends the signature several times at once.
func TestSignedOnceByManyClicks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	link := s.invite(s.stub("natural"))
	c := s.browser()
	s.toSignature(c, link)
	page := s.get(c, link+"/signature")
	form := url.Values{"_csrf": {formToken(t, page)}, "name": {"Martha Lucía Ríos Peña"}, "seen": {seenField.FindStringSubmatch(page.body)[1]}}
	done := make(chan int)
	for range 4 {
		go func() { done <- s.post(c, link+"/signature", form).StatusCode }()
	}
	for range 4 {
		if status := <-done; status != http.StatusSeeOther {
			t.Errorf("a click is answered with %d", status)
		}
	}
	if n := s.one(`SELECT count(*) FROM kyc_signatures`); n != 1 {
		t.Errorf("%d signatures", n)
	}
}
