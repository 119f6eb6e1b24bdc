package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pagaduria/models/kyc"
	"pagaduria/services/files/filestest"
	"pagaduria/views/urls"
)

// atPapers is a payee's browser at the step of the documents.
func (s *site) atPapers(link string) *http.Client {
	s.t.Helper()
	c := s.browser()
	s.expectLedTo(s.fill(c, link+"/consent", "agree", "1", "sensitive", "1", "text", kyc.ConsentVersion, "lang", "es"), link+"/who")
	s.expectLedTo(s.fill(c, link+"/who", personFields...), link+"/contact")
	return c
}

func TestAPayeeSendsDocumentsWithoutScript(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	link := s.invite(s.stub("natural"))
	c, page := s.atPapers(link), link+"/documents"
	id := link + "/documents/identity"
	mustHave(t, s.get(c, page), http.StatusOK, "Faltan 2 de 2", "Documento de identidad", "Certificación bancaria", "90 días", `aria-disabled="true"`)

	for _, forged := range []string{"", strings.Repeat("a", 40)} {
		a := s.postFiles(c, id, map[string]string{"_csrf": forged, "form": strings.Repeat("a", 32)}, file(t, "front", cardFront), file(t, "back", cardBack))
		mustHave(t, a, http.StatusForbidden)
		if a := s.post(c, link+"/uploads", url.Values{"_csrf": {forged}, "size": {"1"}}); a.StatusCode != http.StatusForbidden {
			t.Errorf("an upload with the token %q: %s", forged, a.Status)
		}
	}
	one := s.sendPaper(c, page, id, file(t, "front", cardFront))
	mustHave(t, one, http.StatusUnprocessableEntity, "Falta el reverso", "01a_cedula_frente.jpg ya llegó")
	bad := s.sendPaper(c, page, id, file(t, "front", cardFront), sent{"back", "reverso.jpg", "image/jpeg", []byte("MZ no picture")})
	mustHave(t, bad, http.StatusUnprocessableEntity, "01a_cedula_frente.jpg ya llegó")
	if n := s.one(`SELECT count(*) FROM documents`); n != 0 {
		t.Fatalf("%d documents after refusals", n)
	}
	two := s.sendPaper(c, page, link+"/documents/rut", sent{"more", "RUT viejo.pdf", "application/pdf", []byte("no pdf at all")})
	mustHave(t, two, http.StatusUnprocessableEntity, "RUT viejo.pdf: ")

	// What had arrived goes on in the form that came back.
	kept := regexp.MustCompile(`name="front.upload" value="([0-9a-f]{32})"`).FindStringSubmatch(bad.body)
	if kept == nil {
		t.Fatal("the front has to be sent again")
	}
	_, form, _ := strings.Cut(bad.body, `action="`+id+`"`)
	fields := map[string]string{"_csrf": formToken(t, bad), "form": formName.FindStringSubmatch(form)[1], "front.upload": kept[1]}
	s.expectLedTo(s.postFiles(c, id, fields, file(t, "back", cardBack)), page+"#identity")
	s.expectLedTo(s.postFiles(c, id, fields, file(t, "back", cardBack)), page+"#identity") // twice is once
	shown := s.get(c, page)
	mustHave(t, shown, http.StatusOK, "Faltan 1 de 2", "Recibido", "Enviar otro en su lugar")

	// They see what they sent, as nobody else does.
	picture := regexp.MustCompile(`src="(` + id + `/\d+)"`).FindStringSubmatch(shown.body)
	if picture == nil {
		t.Fatal("there is no link to what was sent")
	}
	seen := s.get(c, picture[1])
	if seen.StatusCode != http.StatusOK || seen.Header.Get("Content-Type") != "image/jpeg" || seen.Header.Get("Cache-Control") != "no-store, private" {
		t.Errorf("the payee's picture: %s %s", seen.Status, seen.Header)
	}
	if n := s.one(`SELECT count(*) FROM audit_events WHERE action = 'document.view' AND actor_id = 0 AND actor_name = 'payee'`); n != 1 {
		t.Errorf("%d looks of the payee are recorded", n)
	}
	stranger := s.browser()
	s.get(stranger, link)
	for name, path := range map[string]string{"another device": picture[1], "another item": strings.Replace(picture[1], "identity", "rut", 1)} {
		who := stranger
		if name == "another item" {
			who = c
		}
		if a := s.get(who, path); a.StatusCode == http.StatusOK {
			t.Errorf("%s sees the picture", name)
		}
	}
	s.expectLedTo(s.postFiles(stranger, id, map[string]string{"_csrf": formToken(t, s.get(stranger, link+"/code")), "form": strings.Repeat("a", 32)}, file(t, "front", cardFront)), link)

	// A better picture is a version of its own, and the case points at it.
	s.expectLedTo(s.sendPaper(c, page, id, file(t, "front", "documents/05a_cedula_frente.heic"), file(t, "back", "documents/05b_cedula_reverso.heic")), page+"#identity")
	if n := s.one(`SELECT v.number FROM kyc_items i JOIN document_versions v ON v.id = i.document_version_id WHERE i.item = 'identity'`); n != 2 {
		t.Errorf("the case points at version %d, want 2", n)
	}
	if n := s.one(`SELECT count(*) FROM kyc_answers WHERE item = 'identity'`); n != 2 {
		t.Errorf("%d versions of the answer, want 2", n)
	}
}

func TestADocumentThatIsNotAskedOrAllowed(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	link := s.invite(s.stub("natural"))
	c := s.browser()
	front, back := file(t, "front", cardFront), file(t, "back", cardBack)
	token := map[string]string{"_csrf": formToken(t, s.get(c, link+"/consent")), "form": strings.Repeat("f", 32)}
	s.expectLedTo(s.postFiles(c, link+"/documents/identity", token, front, back), link) // not before the authorisation
	s.expectLedTo(s.fill(c, link+"/consent", "agree", "1", "text", kyc.ConsentVersion, "lang", "es"), link+"/who")
	mustHave(t, s.get(c, link+"/documents"), http.StatusOK, "En persona", "Faltan 1 de 1")
	for item, want := range map[string]int{"identity": http.StatusConflict, "shareholders": http.StatusNotFound, "who": http.StatusNotFound, "nothing": http.StatusNotFound} {
		if a := s.postFiles(c, link+"/documents/"+item, token, front, back, file(t, "more", taxPaper)); a.StatusCode != want {
			t.Errorf("%s: %s, want %d", item, a.Status, want)
		}
	}
	if n := s.one(`SELECT count(*) FROM document_versions`); n != 0 {
		t.Errorf("%d versions after refusals", n)
	}
}

func TestFilesOfAPayeeGoOnAfterTheyBrokeOff(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	link := s.invite(s.stub("natural"))
	c := s.atPapers(link)
	token := formToken(t, s.get(c, link+"/documents"))
	body := filestest.Read(t, cardFront)
	begun := s.post(c, link+"/uploads", url.Values{"_csrf": {token}, "name": {"a.jpg"}, "mime": {"image/jpeg"}, "size": {fmt.Sprint(len(body))}})
	if begun.StatusCode != http.StatusCreated {
		t.Fatalf("begin: %s\n%s", begun.Status, begun.body)
	}
	at := link + "/uploads/" + begun.body
	piece := func(c *http.Client, at string, start int, b []byte) answer {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.URL+at, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-CSRF-Token", token)
		r.Header.Set("Upload-Offset", fmt.Sprint(start))
		return s.do(c, r)
	}
	half := len(body) / 2
	if a := piece(c, at, 0, body[:half]); a.StatusCode != http.StatusNoContent {
		t.Fatalf("first piece: %s", a.Status)
	}
	if a := piece(c, at, 0, body[:half]); a.StatusCode != http.StatusConflict {
		t.Errorf("the same piece again: %s", a.Status)
	}
	state, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.URL+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.do(c, state); a.Header.Get("Upload-Offset") != fmt.Sprint(half) {
		t.Errorf("it has come to %q, want %d", a.Header.Get("Upload-Offset"), half)
	}
	compliance := s.as("compliance@demo.test")
	for name, path := range map[string]string{"staff at their own door": urls.Upload(begun.body), "a link that is none": "/p/abc/uploads/" + begun.body} {
		if a := piece(compliance, path, half, body[half:]); a.StatusCode < 400 {
			t.Errorf("%s: %s", name, a.Status)
		}
	}
	if a := piece(c, at, half, body[half:]); a.StatusCode != http.StatusNoContent {
		t.Fatalf("last piece: %s", a.Status)
	}
	sent := s.postFiles(c, link+"/documents/identity", map[string]string{"_csrf": token, "form": strings.Repeat("e", 32), "front.upload": begun.body}, file(t, "back", cardBack))
	s.expectLedTo(sent, link+"/documents#identity")
	if n := s.one(`SELECT count(*) FROM document_uploads`); n != 0 {
		t.Errorf("%d uploads stay", n)
	}
}
