package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pagaduria/providers/d24/sim"
	"pagaduria/services/demo"
	"pagaduria/services/webhooks"
	"pagaduria/views/urls"
)

// withRail is a site with a small history and a simulated rail that does nothing by itself.
func withRail(t *testing.T) *site {
	t.Helper()
	s := withDocuments(t)
	rail, err := sim.New(sim.Options{Manual: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rail.Close() })
	box := httptest.NewServer(rail.Handler())
	t.Cleanup(box.Close)
	if _, err := s.app.fillDemo(t.Context(), demo.Size{Distributors: 40, Orders: 60, Payouts: 80, Seed: 3}, box.URL+"/d24"); err != nil {
		t.Fatal(err)
	}
	s.app.h.Webhooks.Start()
	t.Cleanup(s.app.h.Webhooks.Stop)
	return s
}

// signed is a notification as D24 sends it.
func signed(reference, key string) url.Values {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("Be4" + reference + "Bo7"))
	return url.Values{"date": {"2026-11-20 20:26:11"}, "external_id": {reference}, "cashout_id": {"60067"}, "comments": {"call 3001234567"},
		"control": {strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))}}
}

// one reads a single text from the database.
func (s *site) text(sql string, args ...any) (value string) {
	s.t.Helper()
	if err := s.app.db.Pool.QueryRow(s.t.Context(), sql, args...).Scan(&value); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func TestNotificationsAreAnswered(t *testing.T) {
	t.Parallel()
	s := withRail(t)
	code := s.text(`SELECT code FROM payouts ORDER BY id LIMIT 1`)
	for _, tt := range []struct {
		name string
		path string
		form url.Values
		want int
	}{
		{"genuine", urls.WebhookIntake("d24", demoRail), signed(code, sim.DefaultSignature), http.StatusOK},
		{"the same again", urls.WebhookIntake("d24", demoRail), signed(code, sim.DefaultSignature), http.StatusOK},
		{"forged", urls.WebhookIntake("d24", demoRail), signed(code, "guessed"), http.StatusUnauthorized},
		{"no connection", urls.WebhookIntake("d24", "nobody"), signed(code, sim.DefaultSignature), http.StatusNotFound},
		{"no rail", urls.WebhookIntake("other", demoRail), signed(code, sim.DefaultSignature), http.StatusNotFound},
		{"a connection named like one of our paths", urls.WebhookIntake("d24", "replay"), nil, http.StatusNotFound},
		{"too large", urls.WebhookIntake("d24", demoRail), url.Values{"x": {strings.Repeat("x", webhooks.MaxBody)}}, http.StatusRequestEntityTooLarge},
		{"far too large", urls.WebhookIntake("d24", demoRail), url.Values{"x": {strings.Repeat("x", 2<<20)}}, http.StatusRequestEntityTooLarge},
	} {
		r := s.request(http.MethodPost, tt.path, tt.form)
		r.Header.Set("Sec-Fetch-Site", "cross-site") // no browser's rules hold here
		a := s.do(http.DefaultClient, r)
		if a.StatusCode != tt.want || len(a.Cookies()) > 0 || a.body != "" {
			t.Errorf("%s: got %s, %d cookies, %q; want %d", tt.name, a.Status, len(a.Cookies()), a.body, tt.want)
		}
	}
	if n := s.text(`SELECT string_agg(verdict || ' ' || n, ', ' ORDER BY verdict) FROM (SELECT verdict, count(*) AS n FROM webhook_events GROUP BY verdict) v`); n != "accepted 1, duplicate 1, rejected 6" {
		t.Errorf("kept: %s", n)
	}
}

func TestNotificationIsShownAndProcessedAgain(t *testing.T) {
	t.Parallel()
	s := withRail(t)
	code := s.text(`SELECT code FROM payouts WHERE state = 'paid' ORDER BY id LIMIT 1`)
	control := signed(code, sim.DefaultSignature).Get("control")
	s.post(http.DefaultClient, urls.WebhookIntake("d24", demoRail), signed(code, sim.DefaultSignature))
	s.post(http.DefaultClient, urls.WebhookIntake("d24", demoRail), signed(code, "guessed"))

	auditor, support := s.browser(), s.browser()
	s.signIn(auditor, "auditor@demo.test")
	s.signIn(support, "support@demo.test")
	for query, want := range map[string]string{"": code, "?verdict=rejected": "Wrong signature", "?q=" + code: code, "?q=nothing": "Nothing matches", "?outcome=none&live=1": "data-live",
		"?from=2030-01-01": "Nothing matches", "?reason=too_large": "Nothing matches"} {
		if a := s.get(auditor, urls.Webhooks()+query); a.StatusCode != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("log%s: %s lacks %q", query, a.Status, want)
		}
	}
	genuine, forged := urls.Webhooks()+"/events/"+s.text(`SELECT id::text FROM webhook_events WHERE verdict = 'accepted'`), urls.Webhooks()+"/events/"+s.text(`SELECT id::text FROM webhook_events WHERE verdict = 'rejected'`)
	page := s.get(auditor, genuine)
	if strings.Contains(page.body, control) || strings.Contains(page.body, "3001234567") || !strings.Contains(page.body, control[:8]) {
		t.Error("the auditor reads the whole control or a phone number, or nothing of them")
	}
	if a := s.get(support, genuine); !strings.Contains(a.body, "3001234567") || strings.Contains(a.body, control) {
		t.Error("support may read personal data, and no secret")
	}
	if a := s.get(auditor, forged); !strings.Contains(a.body, "Rejected: the signature does not match") {
		t.Error("nothing explains the rejection")
	}
	if a := s.post(auditor, genuine+"/replay", url.Values{"_csrf": {formToken(t, page)}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("the auditor processes it again: %s", a.Status)
	}
	token := formToken(t, s.get(support, genuine+"/replay"))
	// The simulator was started afresh and knows nothing of the history, so the rail's answer is no status.
	if a := s.post(support, genuine+"/replay", url.Values{"_csrf": {token}}); a.StatusCode != http.StatusSeeOther && a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("support processes it again: %s\n%s", a.Status, a.body)
	}
	if a := s.post(support, forged+"/replay", url.Values{"_csrf": {token}}); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "origin is not proven") {
		t.Errorf("a forged one is processed: %s", a.Status)
	}
	if s.text(`SELECT count(*)::text FROM audit_events WHERE action = 'webhook.replay'`) != "1" {
		t.Error("one replay belongs into the audit log")
	}
}

func TestConnectionSettings(t *testing.T) {
	t.Parallel()
	s := withRail(t)
	path := urls.Connections() + "/" + s.text(`SELECT id::text FROM connections WHERE slug = 'demo'`)
	admin, auditor := s.browser(), s.browser()
	s.signIn(admin, "admin@demo.test")
	s.signIn(auditor, "auditor@demo.test")
	page := s.get(admin, path)
	for _, a := range []answer{page, s.get(auditor, path), s.get(admin, urls.Connections())} {
		if a.StatusCode != http.StatusOK {
			t.Fatalf("got %s\n%s", a.Status, a.body)
		}
		for _, secret := range []string{sim.DefaultLogin, sim.DefaultPass, sim.DefaultSignature} {
			if strings.Contains(a.body, secret) {
				t.Errorf("the page shows %q", secret)
			}
		}
	}
	if !strings.Contains(page.body, "http://127.0.0.1:8080/webhooks/d24/"+demoRail) {
		t.Error("the notification address is missing")
	}
	token, version := formToken(t, page), s.text(`SELECT version::text FROM connections WHERE slug = 'demo'`)
	form := func(change ...string) url.Values {
		f := url.Values{"_csrf": {token}, "version": {version}, "name": {"D24 main"}, "state": {"paused"}, "base_url": {s.text(`SELECT base_url FROM connections WHERE slug = 'demo'`)},
			"validity_days": {"9"}, "rate": {"20"}, "concurrency": {"4"}, "max_amount": {""}}
		for i := 0; i < len(change); i += 2 {
			f.Set(change[i], change[i+1])
		}
		return f
	}
	for _, tt := range []struct {
		name string
		form url.Values
		want int
		says string
	}{
		{"a password alone", form("pass", "hunter2"), http.StatusUnprocessableEntity, "replaced together"},
		{"no number", form("rate", "many"), http.StatusUnprocessableEntity, "whole number"},
		{"plain http", form("base_url", "http://api.example.com"), http.StatusUnprocessableEntity, "starts with https://"},
		{"a stale page", form("version", "99"), http.StatusConflict, "Load it again"},
	} {
		a := s.post(admin, path, tt.form)
		if a.StatusCode != tt.want || !strings.Contains(a.body, tt.says) || strings.Contains(a.body, "hunter2") {
			t.Errorf("%s: got %s, want %d and %q", tt.name, a.Status, tt.want, tt.says)
		}
	}
	if a := s.post(auditor, path, form("_csrf", formToken(t, s.get(auditor, path)))); a.StatusCode != http.StatusForbidden {
		t.Errorf("the auditor changes settings: %s", a.Status)
	}
	if a := s.post(admin, path, form()); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %s\n%s", a.Status, a.body)
	}
	if got := s.text(`SELECT concat_ws(' ', state, validity_days, rate) FROM connections WHERE slug = 'demo'`); got != "paused 9 20" {
		t.Errorf("saved: %s", got)
	}
	if a := s.post(admin, path+"/test", url.Values{"_csrf": {token}}); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "The connection works.") {
		t.Errorf("the test of the connection: %s", a.Status)
	}
	version = s.text(`SELECT version::text FROM connections WHERE slug = 'demo'`)
	s.post(admin, path, form("login", "other-login", "pass", "other-pass", "signature", "other-signature"))
	a := s.post(admin, path+"/test", url.Values{"_csrf": {token}})
	if !strings.Contains(a.body, "The rail refused with code") || strings.Contains(a.body, "other-pass") || strings.Contains(a.body, "other-signature") {
		t.Errorf("the test with other credentials says %s", a.body)
	}
	if s.text(`SELECT count(*)::text FROM audit_events WHERE action = 'connection.test'`) != "2" {
		t.Error("tests of a connection belong into the audit log")
	}
}

func TestConnectionIsAdded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.browser()
	s.signIn(admin, "admin@demo.test")
	if a := s.get(admin, urls.Connections()); !strings.Contains(a.body, "No connection yet") {
		t.Errorf("an empty list says nothing: %s", a.Status)
	}
	f := url.Values{"_csrf": {formToken(t, s.get(admin, urls.NewConnection()))}, "slug": {"main"}, "name": {"D24"}, "state": {"paused"}, "base_url": {"https://api.example.com"},
		"validity_days": {"7"}, "rate": {"50"}, "concurrency": {"8"}}
	if a := s.post(admin, urls.NewConnection(), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "fill all three") {
		t.Errorf("without credentials: %s", a.Status)
	}
	f.Set("login", "l")
	f.Set("pass", "p")
	f.Set("signature", "s")
	if a := s.post(admin, urls.NewConnection(), f); a.StatusCode != http.StatusSeeOther {
		t.Errorf("got %s\n%s", a.Status, a.body)
	}
	if a := s.post(admin, urls.NewConnection(), f); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "Another connection has this short name.") {
		t.Errorf("the same name again: %s", a.Status)
	}
}

func TestSearchFindsEachKind(t *testing.T) {
	t.Parallel()
	s := withRail(t)
	c := s.browser()
	s.signIn(c, "finance@demo.test")
	id := func(table, where string) string {
		return s.text(`SELECT id::text FROM ` + table + ` WHERE ` + where + ` ORDER BY id LIMIT 1`)
	}
	person := id("distributors", "doc_number NOT IN (SELECT doc_number FROM orders) AND phone <> '' AND phone NOT IN (SELECT phone FROM orders) AND email <> ''")
	of := func(column string) string {
		return s.text(`SELECT `+column+` FROM distributors WHERE id = $1::bigint`, person)
	}
	payout, batch, order := id("payouts", "rail_id <> ''"), id("batches", "TRUE"), id("orders", "waybill <> ''")
	for typed, want := range map[string]string{
		strings.ToLower(s.text(`SELECT code FROM payouts WHERE id = $1::bigint`, payout)): "/payouts/" + payout,
		s.text(`SELECT rail_id FROM payouts WHERE id = $1::bigint`, payout):               "/payouts/" + payout,
		s.text(`SELECT code FROM batches WHERE id = $1::bigint`, batch):                   "/batches/" + batch,
		"#" + s.text(`SELECT number FROM orders WHERE id = $1::bigint`, order):            "/orders/" + order,
		s.text(`SELECT waybill FROM orders WHERE id = $1::bigint`, order):                 "/orders/" + order,
		of("code"):                             "/distributors/" + person,
		of("doc_number"):                       "/distributors/" + person,
		of("phone"):                            "/distributors/" + person,
		strings.TrimPrefix(of("phone"), "+57"): "/distributors/" + person,
		strings.ToUpper(of("email")):           "/distributors/" + person,
	} {
		if a := s.get(c, urls.SearchFor(typed)); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != want {
			t.Errorf("%q: got %s to %q, want %q", typed, a.Status, a.Header.Get("Location"), want)
		}
	}
	name := s.text(`SELECT split_part(surnames, ' ', 1) FROM distributors WHERE surnames <> '' ORDER BY id LIMIT 1`)
	a := s.get(c, urls.SearchFor(strings.ToUpper(name)))
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "<mark>"+name+"</mark>") || strings.Contains(a.body, of("doc_number")) {
		t.Errorf("%s: %s, the name is not marked or a document is not masked", name, a.Status)
	}
	r := s.request(http.MethodGet, urls.SearchFor(of("code")), nil)
	r.Header.Set("HX-Request", "true")
	r.Header.Set("HX-Target", "pal-list")
	if a := s.do(c, r); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `class="hit" href="/distributors/`+person) || strings.Contains(a.body, "<html") {
		t.Errorf("palette: %s\n%s", a.Status, a.body)
	}
	if a := s.get(c, urls.SearchFor("qqzzqq")); !strings.Contains(a.body, "Nothing found") {
		t.Errorf("nothing to find: %s", a.Status)
	}
	if a := s.get(c, urls.Search()); !strings.Contains(a.body, "What are you looking for?") {
		t.Errorf("nothing typed: %s", a.Status)
	}
}
