package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pagaduria/services/files/filestest"
	"pagaduria/views/urls"
)

// sent is one file of a form as a browser sends it.
type sent struct {
	field, name, mime string
	body              []byte
}

// postFiles posts a form with files.
func (s *site) postFiles(c *http.Client, path string, fields map[string]string, list ...sent) answer {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		_ = w.WriteField(k, v)
	}
	for _, f := range list {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"; filename="%s"`, f.field, f.name)}, "Content-Type": {f.mime}})
		if err != nil {
			s.t.Fatal(err)
		}
		_, _ = part.Write(f.body)
	}
	_ = w.Close()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL+path, &b)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return s.do(c, r)
}

var formName = regexp.MustCompile(`name="form" value="([0-9a-f]{32})"`)

// paper opens the form for a document and answers its hidden fields.
func (s *site) paper(c *http.Client, person int64, kind string) map[string]string {
	s.t.Helper()
	a := s.get(c, urls.NewDocument(person, kind))
	mustHave(s.t, a, http.StatusOK)
	m := formName.FindStringSubmatch(a.body)
	if m == nil {
		s.t.Fatalf("the form has no name:\n%s", a.body)
	}
	return map[string]string{"_csrf": formToken(s.t, a), "kind": kind, "form": m[1]}
}

func file(t *testing.T, field, path string) sent {
	t.Helper()
	return sent{field, filepath.Base(path), "", filestest.Read(t, path)}
}

// withDocuments is a site whose converters are compiled already.
func withDocuments(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.app.h.Documents.Files = filestest.Checker(t)
	return s
}

func TestDocumentThroughThePages(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	c, person := s.as("compliance@demo.test"), s.person()
	mustHave(t, s.get(c, urls.Documents(person)), http.StatusOK, "Not sent yet", "Bank certificate")
	form := s.paper(c, person, "identity")
	a := s.postFiles(c, urls.Documents(person), form, file(t, "front", "documents/05a_cedula_frente.heic"), file(t, "back", "documents/05b_cedula_reverso.heic"))
	mustHave(t, a, http.StatusSeeOther)
	again := s.postFiles(c, urls.Documents(person), form, file(t, "front", "documents/05a_cedula_frente.heic"), file(t, "back", "documents/05b_cedula_reverso.heic"))
	if a.Header.Get("Location") != again.Header.Get("Location") {
		t.Errorf("sent twice: %q and %q", a.Header.Get("Location"), again.Header.Get("Location"))
	}
	if n := s.one(`SELECT count(*) FROM document_versions`); n != 1 {
		t.Errorf("%d versions", n)
	}
	at := a.Header.Get("Location")
	page := s.get(c, at)
	mustHave(t, page, http.StatusOK, "Front", "Back", "Version 1")
	pictures := regexp.MustCompile(`src="([^"]+/pages/\d+)"`).FindAllStringSubmatch(page.body, -1)
	if len(pictures) != 2 {
		t.Fatalf("%d pictures", len(pictures))
	}
	for _, size := range []string{"150", "200", "no-such"} {
		mustHave(t, s.get(c, at+"&zoom="+size), http.StatusOK)
	}
	mustHave(t, s.get(c, urls.Document(person, 1, 9, "")), http.StatusNotFound)
	picture := s.get(c, pictures[0][1])
	for name, want := range map[string]string{"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store, private",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "same-origin"} {
		if got := picture.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.HasPrefix(picture.Header.Get("Content-Disposition"), "inline; filename=") || !strings.HasPrefix(picture.body, "\xFF\xD8\xFF") {
		t.Errorf("picture: %s %q", picture.Header.Get("Content-Disposition"), picture.body[:min(len(picture.body), 8)])
	}
	if n := s.one(`SELECT count(*) FROM audit_events WHERE action = 'document.view'`); n != 1 {
		t.Errorf("%d looks are recorded, want 1", n)
	}
	turn := s.post(c, pictures[0][1]+"/turn", map[string][]string{"_csrf": {form["_csrf"]}, "back": {"https://elsewhere.example/"}})
	if to := turn.Header.Get("Location"); turn.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, urls.Documents(person)) {
		t.Errorf("turn: %s to %q", turn.Status, to)
	}
	if n := s.one(`SELECT count(*) FROM document_blobs WHERE turned = 90`); n != 1 {
		t.Errorf("%d pages are turned", n)
	}
	for _, who := range []struct {
		email     string
		sees, add bool
	}{{"auditor@demo.test", true, false}, {"support@demo.test", false, false}, {"admin@demo.test", false, false}, {"finance@demo.test", false, false}, {"approver@demo.test", false, false}} {
		o := s.as(who.email)
		for _, path := range []string{urls.Documents(person), at, pictures[0][1]} {
			if got := s.get(o, path).StatusCode; (got == http.StatusOK) != who.sees || !who.sees && got != http.StatusForbidden {
				t.Errorf("%s %s: %d", who.email, path, got)
			}
		}
		if got := s.get(o, urls.NewDocument(person, "rut")).StatusCode; got != http.StatusForbidden {
			t.Errorf("%s opens the form: %d", who.email, got)
		}
		if strings.Contains(s.get(o, urls.Distributor(person)).body, urls.Documents(person)) != who.sees {
			t.Errorf("%s: the link on the distributor's page", who.email)
		}
	}
	if got := s.get(s.browser(), pictures[0][1]); got.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger: %s", got.Status)
	}
}

// TestHostileFilesOverHTTP sends every file of the collection through the page.
func TestHostileFilesOverHTTP(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	c, person := s.as("compliance@demo.test"), s.person()
	for _, f := range filestest.Manifest(t) {
		if !f.Hostile() {
			continue
		}
		before := s.one(`SELECT count(*) FROM document_versions`)
		name := strings.NewReplacer("\x00", "", `"`, "").Replace(f.Name)
		a := s.postFiles(c, urls.Documents(person), s.paper(c, person, "rut"), sent{"more", name, f.Mime, f.Body(t)})
		taken := s.one(`SELECT count(*) FROM document_versions`) - before
		if f.Expected == "accept" {
			// h19 is h09 under another name: the same bytes again are no new version.
			if taken != 1 && a.StatusCode != http.StatusConflict || a.StatusCode != http.StatusSeeOther && a.StatusCode != http.StatusConflict {
				t.Errorf("%s: %s, %d versions", f.Path, a.Status, taken)
			}
			continue
		}
		if a.StatusCode != http.StatusUnprocessableEntity || taken != 0 || !strings.Contains(a.body, "form-hint-bad") {
			t.Errorf("%s: %s, %d versions", f.Path, a.Status, taken)
		}
	}
	for _, name := range []string{"passwd", "cron.d"} {
		if n := s.one(`SELECT count(*) FROM document_files WHERE name LIKE '%/%' OR name LIKE '%' || $1 || '%'`, name); n != 0 {
			t.Errorf("%d names are paths", n)
		}
	}
	if n := s.one(`SELECT max(length(name)) FROM document_files`); n > 120 {
		t.Errorf("a name of %d characters", n)
	}
}

func TestAnUploadThatBreaksOffGoesOn(t *testing.T) {
	t.Parallel()
	s := withDocuments(t)
	c, person := s.as("compliance@demo.test"), s.person()
	form := s.paper(c, person, "rut")
	body := filestest.Read(t, "documents/06b_cedula_ambas_caras.pdf")
	begun := s.post(c, urls.Uploads(), map[string][]string{"_csrf": {form["_csrf"]}, "name": {"a.pdf"}, "mime": {"application/pdf"}, "size": {strconv.Itoa(len(body))}})
	mustHave(t, begun, http.StatusCreated)
	at := urls.Upload(begun.body)
	piece := func(ctx context.Context, c *http.Client, start int, r io.Reader, length int) (int, string) {
		q, err := http.NewRequestWithContext(ctx, http.MethodPatch, s.URL+at, r)
		if err != nil {
			t.Fatal(err)
		}
		q.ContentLength = int64(length)
		q.Header.Set("X-CSRF-Token", form["_csrf"])
		q.Header.Set("Upload-Offset", strconv.Itoa(start))
		res, err := c.Do(q)
		if err != nil {
			return 0, ""
		}
		defer func() { _ = res.Body.Close() }()
		return res.StatusCode, res.Header.Get("Upload-Offset")
	}
	if status, next := piece(t.Context(), c, 0, bytes.NewReader(body[:1000]), 1000); status != http.StatusNoContent || next != "1000" {
		t.Fatalf("first piece: %d %s", status, next)
	}
	// The connection dies in the middle of a piece: none of it counts.
	ctx, cut := context.WithCancel(t.Context())
	half, send := io.Pipe()
	go func() {
		_, _ = send.Write(body[1000:2000])
		cut()
		_ = send.CloseWithError(io.ErrUnexpectedEOF)
	}()
	if status, _ := piece(ctx, c, 1000, half, 5000); status != 0 {
		t.Errorf("a piece cut off: %d", status)
	}
	head, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.URL+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := s.do(c, head); a.StatusCode != http.StatusOK || a.Header.Get("Upload-Offset") != "1000" {
		t.Errorf("state: %s %q", a.Status, a.Header.Get("Upload-Offset"))
	}
	half2 := map[string]string{"_csrf": form["_csrf"], "kind": "rut", "form": form["form"], "more.upload": begun.body}
	if a := s.postFiles(c, urls.Documents(person), half2); a.StatusCode != http.StatusUnprocessableEntity || s.one(`SELECT count(*) FROM documents`) != 0 {
		t.Errorf("half a file as a document: %s", a.Status)
	}
	if status, _ := piece(t.Context(), s.as("auditor@demo.test"), 1000, bytes.NewReader(body[1000:]), len(body)-1000); status != http.StatusForbidden {
		t.Errorf("somebody else's upload: %d", status)
	}
	if status, next := piece(t.Context(), c, 1000, bytes.NewReader(body[1000:]), len(body)-1000); status != http.StatusNoContent || next != strconv.Itoa(len(body)) {
		t.Fatalf("the rest: %d %s", status, next)
	}
	if status, _ := piece(t.Context(), c, 0, bytes.NewReader(body[:10]), 10); status != http.StatusConflict {
		t.Errorf("a piece again: %d", status)
	}
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() { s.postFiles(c, urls.Documents(person), half2) })
	}
	wait.Wait()
	if n := s.one(`SELECT count(*) FROM document_versions`); n != 1 {
		t.Errorf("three clicks made %d versions", n)
	}
	large := s.post(c, urls.Uploads(), map[string][]string{"_csrf": {form["_csrf"]}, "name": {"a.pdf"}, "size": {"99999999"}})
	mustHave(t, large, http.StatusUnprocessableEntity, "The file is too large")
}
