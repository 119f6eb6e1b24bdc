package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/staff"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
	"pagaduria/views/urls"
)

// site is the whole product behind a test server, with the demo accounts.
type site struct {
	*httptest.Server
	t   *testing.T
	app *app
	srv *server
}

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteWith(t)
}

// newSiteWith is newSite with more of the environment: names and values in turn.
func newSiteWith(t *testing.T, env ...string) *site {
	t.Helper()
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{3}, vault.KeySize))
	env = append(env, "DATABASE_URL", "postgres://unused", "PAGADURIA_SECRET_KEY", key)
	cfg, err := loadConfig(environment(t.TempDir(), env...), "127.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.New(t)
	log := slog.New(slog.DiscardHandler)
	a := &app{cfg: cfg, log: log, db: &database{DB: db}, metrics: newMetrics(db)}
	if err := a.wire(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.h.Blobs.Close() })
	if err := a.h.Staff.EnsureDemo(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, app: a, srv: &server{cfg: cfg, db: db, h: a.h, log: log, metrics: a.metrics, authenticate: a.h.Authenticate}}
	h, err := s.srv.handler()
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// browser keeps cookies and shows redirects instead of following them. It reaches the site by any name.
func (s *site) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	way := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.Listener.Addr().String())
	}}
	s.t.Cleanup(way.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: way, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

func (s *site) do(c *http.Client, r *http.Request) answer {
	s.t.Helper()
	res, err := c.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res, string(body)}
}

func (s *site) request(method, path string, form url.Values) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (s *site) get(c *http.Client, path string) answer {
	s.t.Helper()
	return s.do(c, s.request(http.MethodGet, path, nil))
}

func (s *site) post(c *http.Client, path string, form url.Values) answer {
	s.t.Helper()
	return s.do(c, s.request(http.MethodPost, path, form))
}

var tokenField = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

func formToken(t *testing.T, a answer) string {
	t.Helper()
	m := tokenField.FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("no form token in the page (%s)", a.Status)
	}
	return m[1]
}

// signIn goes through both steps as a person does.
func (s *site) signIn(c *http.Client, email string) answer {
	s.t.Helper()
	token := formToken(s.t, s.get(c, urls.SignIn()))
	a := s.post(c, urls.SignIn(), url.Values{"_csrf": {token}, "email": {email}, "password": {staff.DemoPassword}, "next": {"/account"}})
	if a.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("password: got %s\n%s", a.Status, a.body)
	}
	page := s.get(c, a.Header.Get("Location"))
	code, err := s.app.h.Staff.DemoCode(s.t.Context(), email)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(page.body, code) {
		s.t.Error("the demo code is not on the page")
	}
	return s.post(c, urls.SignInCode(), url.Values{"_csrf": {formToken(s.t, page)}, "code": {code}, "next": {"/account"}})
}

// signedIn answers the cookie of a new session of the account, made without the sign-in pages.
func (s *site) signedIn(id int64) (cookie *http.Cookie, token string) {
	s.t.Helper()
	token = s.app.h.Staff.NewToken()
	hash := sha256.Sum256([]byte(token))
	_, err := s.app.db.Pool.Exec(s.t.Context(), `INSERT INTO staff_sessions (token_hash, staff_id, expires_at) VALUES ($1, $2, now() + interval '1 hour')`, hash[:], id)
	if err != nil {
		s.t.Fatal(err)
	}
	return &http.Cookie{Name: "pagaduria", Value: token}, s.app.h.Staff.FormToken(token)
}

func TestPersonSignsInAndOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.browser()
	if a := s.get(c, "/audit?action=staff.add"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/signin?next=%2Faudit%3Faction%3Dstaff.add" {
		t.Fatalf("got %s to %s", a.Status, a.Header.Get("Location"))
	}
	a := s.signIn(c, "auditor@demo.test")
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/account" {
		t.Fatalf("got %s to %s\n%s", a.Status, a.Header.Get("Location"), a.body)
	}
	page := s.get(c, "/account")
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "Aura Cifuentes") {
		t.Fatalf("got %s", page.Status)
	}
	if a := s.post(c, urls.SignOut(), url.Values{"_csrf": {formToken(t, page)}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign out: got %s", a.Status)
	}
	if a := s.get(c, "/account"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("signed out, yet the account page answers %s", a.Status)
	}
}

func TestWrongPasswordComesBackWithTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.browser()
	for _, email := range []string{"finance@demo.test", "nobody@demo.test"} {
		token := formToken(t, s.get(c, urls.SignIn()))
		a := s.post(c, urls.SignIn(), url.Values{"_csrf": {token}, "email": {email}, "password": {"wrong"}})
		if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="`+email+`"`) || !strings.Contains(a.body, "do not belong together") {
			t.Errorf("%s: got %s\n%s", email, a.Status, a.body)
		}
	}
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, next := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
		page := s.get(s.browser(), urls.SignIn()+"?"+url.Values{"next": {next}}.Encode())
		if !strings.Contains(page.body, `name="next" value=""`) {
			t.Errorf("%q is where the form leads", next)
		}
	}
}

func TestEveryRouteWithEveryRole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	all, err := s.app.h.Staff.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	people := append(all, models.Staff{Name: "nobody"})
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	params := regexp.MustCompile(`:[a-z]+`)
	for _, r := range routes(s.srv) {
		if r.Perm == "" {
			t.Errorf("%s %s has no permission", r.Method, r.Path)
		}
		if r.Outside {
			if r.Perm != models.PermPublic {
				t.Errorf("%s %s is for programs, yet needs %s", r.Method, r.Path, r.Perm)
			}
			continue
		}
		for _, p := range people {
			actor := models.Actor{StaffID: p.ID, Roles: p.Roles}
			form := url.Values{}
			request := s.request(r.Method, params.ReplaceAllString(r.Path, "999999999"), nil)
			if p.ID != 0 {
				cookie, token := s.signedIn(p.ID)
				form.Set("_csrf", token)
				request = s.request(r.Method, params.ReplaceAllString(r.Path, "999999999"), form)
				request.AddCookie(cookie)
			}
			a := s.do(plain, request)
			toSignIn := a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), urls.SignIn())
			switch {
			case a.StatusCode >= 500:
				t.Errorf("%s %s as %s: got %s", r.Method, r.Path, p.Name, a.Status)
			case actor.May(r.Perm) && a.StatusCode == http.StatusForbidden:
				t.Errorf("%s %s as %s %v: refused, though %s is theirs", r.Method, r.Path, p.Name, p.Roles, r.Perm)
			case !actor.May(r.Perm) && p.ID != 0 && a.StatusCode != http.StatusForbidden:
				t.Errorf("%s %s as %s %v: got %s without %s", r.Method, r.Path, p.Name, p.Roles, a.Status, r.Perm)
			case a.body == "" && a.StatusCode < 300 && a.Header.Get("Content-Type") == "":
				t.Errorf("%s %s as %s: an empty answer", r.Method, r.Path, p.Name)
			case !actor.May(r.Perm) && p.ID == 0 && !toSignIn:
				t.Errorf("%s %s as nobody: got %s", r.Method, r.Path, a.Status)
			}
		}
	}
}

func TestAuditorHasNoRouteThatChangesAnything(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, r := range routes(s.srv) {
		// Views are kept for oneself; sharing one needs a permission that the service asks for.
		// Checks read and keep what they found.
		check := slices.Contains([]string{urls.AuditVerifyPattern, urls.VerifyLedgerPattern, urls.TryRulesPattern}, r.Path)
		harmless := check || strings.HasPrefix(r.Path, "/exports/") || strings.HasPrefix(r.Path, "/views/") || r.Perm == models.PermPublic || r.Perm == models.PermSignedIn
		if r.Method != http.MethodGet && !harmless && models.RoleAuditor.Grants(r.Perm) {
			t.Errorf("%s %s needs only %s", r.Method, r.Path, r.Perm)
		}
	}
}

func TestForgedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, err := s.app.h.Staff.ByEmail(t.Context(), "admin@demo.test")
	if err != nil {
		t.Fatal(err)
	}
	cookie, token := s.signedIn(admin.ID)
	_, foreign := s.signedIn(admin.ID)
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, c := range map[string]struct {
		form   url.Values
		header map[string]string
		want   int
	}{
		"own form":                     {url.Values{"_csrf": {token}, "theme": {"dark"}}, nil, http.StatusSeeOther},
		"own form, says the browser":   {url.Values{"_csrf": {token}, "theme": {"dark"}}, map[string]string{"Sec-Fetch-Site": "same-origin"}, http.StatusSeeOther},
		"htmx with the token":          {url.Values{"theme": {"dark"}}, map[string]string{"X-CSRF-Token": token}, http.StatusSeeOther},
		"no token":                     {url.Values{"theme": {"dark"}}, nil, http.StatusForbidden},
		"token of another session":     {url.Values{"_csrf": {foreign}, "theme": {"dark"}}, nil, http.StatusForbidden},
		"another site with the token":  {url.Values{"_csrf": {token}, "theme": {"dark"}}, map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		"another host with the token":  {url.Values{"_csrf": {token}, "theme": {"dark"}}, map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		"sandboxed page (null origin)": {url.Values{"_csrf": {token}, "theme": {"dark"}}, map[string]string{"Origin": "null"}, http.StatusForbidden},
	} {
		r := s.request(http.MethodPost, urls.Theme(), c.form)
		r.AddCookie(cookie)
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		if a := s.do(plain, r); a.StatusCode != c.want {
			t.Errorf("%s: got %s, want %d", name, a.Status, c.want)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{urls.SignIn(), "/no/such/page", urls.SetUp("nope")} {
		h := s.get(s.browser(), path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if !strings.Contains(h.Get(name), want) {
				t.Errorf("%s: %s is %q, want %q", path, name, h.Get(name), want)
			}
		}
		if csp := h.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", path, csp)
		}
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.get(s.browser(), urls.SignIn()).Cookies()
	if len(first) != 1 || first[0].Name != "pagaduria" || !first[0].HttpOnly || first[0].SameSite != http.SameSiteLaxMode || first[0].Secure {
		t.Fatalf("on loopback: got %+v", first)
	}
	c := s.browser()
	a := s.signIn(c, "support@demo.test")
	if got := a.Cookies(); len(got) != 1 || got[0].Value == first[0].Value || got[0].MaxAge != 0 {
		t.Fatalf("signed in: got %+v", got)
	}
	s.app.h.Sessions.Secure = true
	earnest := s.get(s.browser(), urls.SignIn()).Cookies()
	if len(earnest) != 1 || earnest[0].Name != "__Host-pagaduria" || !earnest[0].Secure || earnest[0].Domain != "" || earnest[0].Path != "/" {
		t.Fatalf("elsewhere: got %+v", earnest)
	}
}

func TestCookiesAreSecureButOnLoopback(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]bool{"http://127.0.0.1:8080": true, "http://localhost:8080": true, "http://[::1]:8080": true,
		"https://127.0.0.1:8080": false, "http://10.0.0.7:8080": false, "https://pagos.example.co": false} {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		if got := (config{BaseURL: u}).plainLoopback(); got != want {
			t.Errorf("%s: got %v", base, got)
		}
	}
}

func TestChoiceOfLanguageAndThemeIsKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.browser()
	token := formToken(t, s.get(c, urls.SignIn()))
	s.post(c, urls.Locale(), url.Values{"_csrf": {token}, "locale": {"es-CO"}, "back": {"/signin"}})
	s.post(c, urls.Theme(), url.Values{"_csrf": {token}, "theme": {"dark"}, "back": {"/signin"}})
	if page := s.get(c, urls.SignIn()); !strings.Contains(page.body, "Iniciar sesión") || !strings.Contains(page.body, `data-bs-theme="dark"`) {
		t.Error("the sign-in page forgot the choice")
	}
	s.signIn(c, "finance@demo.test")
	token = formToken(t, s.get(c, "/account"))
	s.post(c, urls.Locale(), url.Values{"_csrf": {token}, "locale": {"zh-CN"}, "back": {"/account"}})
	other := s.browser()
	s.signIn(other, "finance@demo.test")
	if page := s.get(other, "/account"); !strings.Contains(page.body, "您的账户") {
		t.Error("another browser of the same person does not know their language")
	}
}

func TestSetUpPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, link, err := s.app.h.Staff.Add(t.Context(), models.System("test"), staff.NewStaff{Email: "n@x.co", Name: "Nora", Roles: []models.Role{models.RoleSupport}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	c := s.browser()
	page := s.get(c, u.Path)
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, "data:image/png;base64,") || !strings.Contains(page.body, "Nora") {
		t.Fatalf("got %s\n%s", page.Status, page.body)
	}
	a := s.post(c, u.Path, url.Values{"_csrf": {formToken(t, page)}, "password": {"short"}, "code": {"000000"}})
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "At least 12 characters") {
		t.Fatalf("got %s\n%s", a.Status, a.body)
	}
}

func TestStaffAndAuditPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.browser()
	s.signIn(c, "admin@demo.test")
	page := s.get(c, urls.StaffNew())
	token := formToken(t, page)
	bad := s.post(c, urls.StaffNew(), url.Values{"_csrf": {token}, "name": {"Nora Peña"}, "email": {"not an address"}, "roles": {"support"}})
	if bad.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(bad.body, "Nora Peña") {
		t.Fatalf("got %s", bad.Status)
	}
	added := s.post(c, urls.StaffNew(), url.Values{"_csrf": {token}, "name": {"Nora Peña"}, "email": {"nora@x.co"}, "roles": {"support", "finance"}})
	if added.StatusCode != http.StatusOK || !strings.Contains(added.body, "/setup/") {
		t.Fatalf("got %s\n%s", added.Status, added.body)
	}
	nora, err := s.app.h.Staff.ByEmail(t.Context(), "nora@x.co")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		urls.StaffList() + "?q=nora":                  "Nora Peña",
		urls.StaffList() + "?q=zzz":                   "Nothing matches",
		urls.Staff(nora.ID):                           "nora@x.co",
		urls.StaffDisable(nora.ID):                    "Disable the account of Nora",
		urls.Permissions():                            "Approve, return or reject batches",
		urls.Outbox():                                 "nora@x.co",
		urls.Mail(1):                                  "/setup/",
		urls.Audit():                                  "Person added",
		urls.Audit() + "?action=staff.add":            "Adriana Mejía",
		urls.Audit() + "?subject=staff&id=999":        "Nothing matches",
		urls.AuditExport(url.Values{"actor": {"99"}}): "id,at,actor_id",
	} {
		if a := s.get(c, path); a.StatusCode != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("%s: got %s without %q\n%s", path, a.Status, want, a.body)
		}
	}
	gone := s.post(c, urls.StaffDisable(nora.ID), url.Values{"_csrf": {token}, "version": {"1"}, "note": {"left the company"}})
	if gone.StatusCode != http.StatusSeeOther {
		t.Fatalf("disable: got %s\n%s", gone.Status, gone.body)
	}
	if a := s.get(c, gone.Header.Get("Location")); !strings.Contains(a.body, "its sessions are ended") || !strings.Contains(a.body, "Disabled") {
		t.Error("the page does not say what happened")
	}
	if a := s.get(c, gone.Header.Get("Location")); strings.Contains(a.body, "its sessions are ended") {
		t.Error("it says so again")
	}
}
