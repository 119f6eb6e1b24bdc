package main

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	vw "github.com/descope/virtualwebauthn"

	"pagaduria/models"
	"pagaduria/services/staff"
	"pagaduria/views/urls"
)

var (
	pathParameter = regexp.MustCompile(`:[a-z]+`)
	// plain shows redirects and keeps no cookies.
	plain = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
)

// everybody gives one account every role and answers its id, so that a refusal cannot be for want of one.
func (s *site) everybody(email string) (id int64) {
	s.t.Helper()
	err := s.app.db.Pool.QueryRow(s.t.Context(), `UPDATE staff SET roles = '{admin,finance,approver,compliance,support,auditor}' WHERE email = $1 RETURNING id`, email).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func TestEveryPostNeedsItsOwnFormToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.everybody("finance@demo.test")
	_, foreign := s.signedIn(id)
	posts := 0
	for _, r := range routes(s.srv) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Outside {
			continue
		}
		posts++
		path := pathParameter.ReplaceAllString(r.Path, "999999999")
		for name, forge := range map[string]func(r *http.Request, token string){
			"no token":          func(*http.Request, string) {},
			"another session's": func(r *http.Request, _ string) { r.Header.Set("X-CSRF-Token", foreign) },
			"half of it":        func(r *http.Request, token string) { r.Header.Set("X-CSRF-Token", token[:20]) },
			"from another origin": func(r *http.Request, token string) {
				r.Header.Set("X-CSRF-Token", token)
				r.Header.Set("Origin", "https://evil.example")
			},
			"from a sandboxed page": func(r *http.Request, token string) {
				r.Header.Set("X-CSRF-Token", token)
				r.Header.Set("Origin", "null")
			},
			"cross-site, says the browser": func(r *http.Request, token string) {
				r.Header.Set("X-CSRF-Token", token)
				r.Header.Set("Sec-Fetch-Site", "cross-site")
			},
			"from a sister site": func(r *http.Request, token string) {
				r.Header.Set("X-CSRF-Token", token)
				r.Header.Set("Sec-Fetch-Site", "same-site")
			},
		} {
			cookie, token := s.signedIn(id)
			request := s.request(r.Method, path, url.Values{})
			request.AddCookie(cookie)
			forge(request, token)
			a := s.do(plain, request)
			if r.Door != nil && a.StatusCode == http.StatusNotFound {
				continue // the link is judged first; see TestAPayeeSendsDocumentsWithoutScript for forgeries behind a good one
			}
			if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "out of date") {
				t.Errorf("%s %s, %s: got %s", r.Method, r.Path, name, a.Status)
			}
		}
		// the same request with the right token is not taken for a forgery
		cookie, token := s.signedIn(id)
		request := s.request(r.Method, path, url.Values{"_csrf": {token}})
		request.AddCookie(cookie)
		if a := s.do(plain, request); strings.Contains(a.body, "This form is out of date") {
			t.Errorf("%s %s: its own token is refused", r.Method, r.Path)
		}
	}
	if posts < 30 {
		t.Errorf("only %d routes were tried", posts)
	}
}

func TestSecurityHeadersOnEveryRoute(t *testing.T) {
	t.Parallel()
	s := newSiteWith(t, "PAGADURIA_BASE_URL", "https://pagos.example.co")
	cookie, token := s.signedIn(s.everybody("finance@demo.test"))
	cookie.Name = "__Host-pagaduria"
	type visit struct{ method, path string }
	visits := []visit{{http.MethodGet, "/no/such/page"}, {http.MethodPut, urls.SignIn()}, {http.MethodGet, "/static/../../etc/passwd"}, {http.MethodTrace, "/"}}
	for _, r := range routes(s.srv) {
		visits = append(visits, visit{r.Method, pathParameter.ReplaceAllString(strings.TrimSuffix(r.Path, "*"), "999999999")})
	}
	for _, v := range visits {
		for _, signed := range []bool{true, false} {
			request := s.request(v.method, v.path, url.Values{})
			if signed {
				request.AddCookie(cookie)
				request.Header.Set("X-CSRF-Token", token)
				if v.path == urls.SignOut() || v.path == urls.SessionsAll() {
					continue // it would be the last
				}
			}
			a := s.do(plain, request)
			for name, want := range map[string]string{
				"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
			} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s %s (%s): %s is %q", v.method, v.path, a.Status, name, got)
				}
			}
			cache := a.Header.Get("Cache-Control")
			if cache != "no-store" && !strings.HasPrefix(v.path, "/static/") {
				t.Errorf("%s %s (%s): Cache-Control is %q", v.method, v.path, a.Status, cache)
			}
			for _, tells := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
				if got := a.Header.Get(tells); got != "" {
					t.Errorf("%s %s: %s is %q", v.method, v.path, tells, got)
				}
			}
			if a.body != "" && a.Header.Get("Content-Type") == "" {
				t.Errorf("%s %s (%s): no type is named", v.method, v.path, a.Status)
			}
		}
	}
	for _, unsafe := range []string{"unsafe", "*", "http:", "blob:"} {
		if strings.Contains(contentPolicy, unsafe) {
			t.Errorf("the policy allows %s", unsafe)
		}
	}
}

// theirs makes one record that belongs to the person alone and answers where another may try to change it, and what it
// is like now.
type theirs struct {
	path  func(s *site, id int64) string
	state string // a query for its state, of the person $1
	sends url.Values
}

// form is what is sent to change it.
func (r theirs) form(token string) url.Values {
	f := url.Values{"_csrf": {token}}
	for name, values := range r.sends {
		f[name] = values
	}
	return f
}

// ownRecords are the routes with the id of somebody's own record. A route that is missing here fails the test.
var ownRecords = map[string]theirs{
	urls.SessionRevokePattern: {func(s *site, id int64) string {
		cookie, _ := s.signedIn(id)
		l, err := s.app.h.Staff.Load(s.t.Context(), cookie.Value)
		if err != nil {
			s.t.Fatal(err)
		}
		return urls.SessionRevoke(l.SessionID)
	}, `SELECT CAST(count(*) AS text) FROM staff_sessions WHERE staff_id = $1 AND revoked_at IS NULL`, nil},
	urls.EndAbsencePattern: {func(s *site, id int64) string {
		var absence int64
		err := s.app.db.Pool.QueryRow(s.t.Context(), `INSERT INTO absences (staff_id, from_day, to_day) VALUES ($1, now(), now()) RETURNING id`, id).Scan(&absence)
		if err != nil {
			s.t.Fatal(err)
		}
		return urls.EndAbsence(absence)
	}, `SELECT CAST(count(*) AS text) FROM absences WHERE staff_id = $1 AND ended_at IS NULL`, nil},
	urls.RemovePasskeyPattern: {func(s *site, id int64) string {
		var key int64
		err := s.app.db.Pool.QueryRow(s.t.Context(), `INSERT INTO staff_passkeys (staff_id, credential_id, public_key, sign_count, synced, transports, name, created_at)
			VALUES ($1, decode(repeat('07', 16), 'hex'), 'k', 0, false, '{}', 'theirs', now()) RETURNING id`, id).Scan(&key)
		if err != nil {
			s.t.Fatal(err)
		}
		return urls.RemovePasskey(key)
	}, `SELECT CAST(count(*) AS text) FROM staff_passkeys WHERE staff_id = $1`, nil},
	urls.OpenNoticePattern: {func(s *site, id int64) string {
		var notice int64
		err := s.app.db.Pool.QueryRow(s.t.Context(), `WITH e AS (INSERT INTO events (kind, subject_type, subject_id, delivered_at) VALUES ('batch.waiting', 'batch', 1, now()) RETURNING id)
			INSERT INTO notices (staff_id, event_id, topic, created_at) SELECT $1, id, 'waiting', now() FROM e RETURNING id`, id).Scan(&notice)
		if err != nil {
			s.t.Fatal(err)
		}
		return urls.OpenNotice(notice)
	}, `SELECT CAST(count(*) AS text) FROM notices WHERE staff_id = $1 AND read_at IS NULL`, nil},
	urls.SavedViewPattern:   {func(s *site, id int64) string { return urls.SavedView(s.view(id)) }, viewNames, url.Values{"name": {"Changed"}, "version": {"1"}}},
	urls.DefaultViewPattern: {func(s *site, id int64) string { return urls.DefaultView(s.view(id)) }, viewNames, nil},
	urls.DeleteViewPattern:  {func(s *site, id int64) string { return urls.DeleteView(s.view(id)) }, viewNames, nil},
	urls.TaskPattern:        {func(s *site, id int64) string { return urls.Task(s.task(id, "")) }, taskStates, nil},
	urls.StopTaskPattern:    {func(s *site, id int64) string { return urls.StopTask(s.task(id, "")) }, taskStates, nil},
	urls.TaskFilePattern: {func(s *site, id int64) string {
		file, err := s.app.h.Blobs.Put(s.t.Context(), "exports", "theirs.csv", strings.NewReader("a;b"), 10)
		if err != nil {
			s.t.Fatal(err)
		}
		return urls.TaskFile(s.task(id, file.Key))
	}, taskStates, nil},
}

const taskStates = `SELECT COALESCE(string_agg(state || stopping, ',' ORDER BY id), '') FROM tasks WHERE staff_id = $1`

const viewNames = `SELECT COALESCE(string_agg(name || version, ',' ORDER BY id), '') FROM saved_views WHERE owner_id = $1`

// view is one of somebody's own views, not shared.
func (s *site) view(staff int64) (id int64) {
	s.t.Helper()
	if err := s.app.db.Pool.QueryRow(s.t.Context(), `INSERT INTO saved_views (list, name, query, owner_id)
		VALUES ('payouts', 'Theirs ' || (SELECT count(*) FROM saved_views), 'state=paid', $1) RETURNING id`, staff).Scan(&id); err != nil {
		s.t.Fatal(err)
	}
	return id
}

// task is somebody's export: waiting, or done with a file.
func (s *site) task(staff int64, file string) (id int64) {
	s.t.Helper()
	err := s.app.db.Pool.QueryRow(s.t.Context(), `INSERT INTO tasks (kind, name, staff_id, staff_name, state, finished_at, file_key, file_size, file_until, permission)
		SELECT 'export', 'theirs.csv', $1, 'Their', CASE WHEN $2 = '' THEN 'waiting' ELSE 'done' END, CASE WHEN $2 <> '' THEN now() END, $2, 3,
			CASE WHEN $2 <> '' THEN now() + interval '1 day' END, CASE WHEN $2 <> '' THEN 'home.view' ELSE '' END RETURNING id`, staff, file).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func TestOtherPeoplesRecordsAreOutOfReach(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me := s.everybody("finance@demo.test")
	them, err := s.app.h.Staff.ByEmail(t.Context(), "approver@demo.test")
	if err != nil {
		t.Fatal(err)
	}
	plainer, err := s.app.h.Staff.ByEmail(t.Context(), "approver2@demo.test")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes(s.srv) {
		if !strings.Contains(r.Path, ":") || r.Perm != models.PermSignedIn {
			continue
		}
		me := me
		if strings.HasPrefix(r.Path, urls.NavTasks) {
			me = plainer.ID // admins and auditors see everybody's long work
		}
		their, known := ownRecords[r.Path]
		if !known {
			if s.merchants(r) {
				continue
			}
			t.Errorf("%s %s has the id of somebody's own record: say in ownRecords how to make one", r.Method, r.Path)
			continue
		}
		path := their.path(s, them.ID)
		before := s.text(their.state, them.ID)
		cookie, token := s.signedIn(me)
		request := s.request(r.Method, path, their.form(token))
		request.AddCookie(cookie)
		a := s.do(plain, request)
		if a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s of another person: got %s", r.Method, path, a.Status)
		}
		if after := s.text(their.state, them.ID); after != before {
			t.Errorf("%s %s changed what is another's: %s, was %s", r.Method, path, after, before)
		}
		cookie, token = s.signedIn(them.ID)
		request = s.request(r.Method, path, their.form(token))
		request.AddCookie(cookie)
		if a := s.do(plain, request); a.StatusCode >= 400 {
			t.Errorf("%s %s of one's own: got %s", r.Method, path, a.Status)
		}
	}
}

// merchants answers whether what the route shows is the merchant's, for whoever has its own permission inside.
func (s *site) merchants(r Route) bool {
	return slices.Contains([]string{urls.RequestPattern, urls.GrantRequestPattern, urls.RefuseRequestPattern, urls.WithdrawRequestPattern}, r.Path)
}

// walk is a browser at https whose cookies the test looks at.
type walk struct {
	s       *site
	cookies map[string]string
	set     []*http.Cookie // all that were ever set
}

func (w *walk) do(method, path string, form url.Values) answer {
	w.s.t.Helper()
	r := w.s.request(method, path, form)
	for name, value := range w.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	a := w.s.do(plain, r)
	for _, c := range a.Cookies() {
		w.set = append(w.set, c)
		if w.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(w.cookies, c.Name)
		}
	}
	return a
}

// enter signs in as far as asked for: 1 = password, 2 = the code too.
func (w *walk) enter(email string, steps int) {
	w.s.t.Helper()
	page := w.do(http.MethodGet, urls.SignIn(), nil)
	a := w.do(http.MethodPost, urls.SignIn(), url.Values{"_csrf": {formToken(w.s.t, page)}, "email": {email}, "password": {staff.DemoPassword}})
	if steps == 2 {
		page = w.do(http.MethodGet, urls.SignInCode(), nil)
		code, err := w.s.app.h.Staff.DemoCode(w.s.t.Context(), email)
		if err != nil {
			w.s.t.Fatal(err)
		}
		a = w.do(http.MethodPost, urls.SignInCode(), url.Values{"_csrf": {formToken(w.s.t, page)}, "code": {code}})
	}
	if a.StatusCode != http.StatusSeeOther {
		w.s.t.Fatalf("sign in: got %s\n%.2000s", a.Status, a.body)
	}
}

func TestEveryCookieOverHTTPS(t *testing.T) {
	t.Parallel()
	s := newSiteWith(t, "PAGADURIA_BASE_URL", "https://pagos.example.co")
	w := &walk{s: s, cookies: map[string]string{}}
	w.enter("finance@demo.test", 2)
	page := w.do(http.MethodGet, urls.Account(), nil)
	token := formToken(t, page)
	w.do(http.MethodPost, urls.Theme(), url.Values{"_csrf": {token}, "theme": {"dark"}})
	w.do(http.MethodPost, urls.Locale(), url.Values{"_csrf": {token}, "locale": {"es-CO"}})
	w.do(http.MethodPost, urls.SignOut(), url.Values{"_csrf": {token}})
	names := map[string]bool{}
	for _, c := range w.set {
		names[c.Name] = true
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("got %s", c.Raw)
		}
	}
	if !names["__Host-pagaduria"] || !names["theme"] || !names["lang"] || len(names) != 3 {
		t.Errorf("got %v", names)
	}
}

func TestSessionIsNeverOneThatWasThereBefore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	planted := strings.Repeat("A", 43)
	w := &walk{s: s, cookies: map[string]string{"pagaduria": planted}}
	w.enter("finance@demo.test", 1)
	half := w.cookies["pagaduria"]
	if half == planted {
		t.Fatal("the planted cookie became a session")
	}
	w = &walk{s: s, cookies: map[string]string{"pagaduria": planted}}
	w.enter("approver@demo.test", 2)
	session := w.cookies["pagaduria"]
	if session == planted || session == half || len(w.set) < 2 {
		t.Fatal("the cookie did not change at each step")
	}
	before := w.set[0].Value
	for name, stolen := range map[string]string{"planted": planted, "of the page before": before, "between the steps": half} {
		other := &walk{s: s, cookies: map[string]string{"pagaduria": stolen}}
		if a := other.do(http.MethodGet, urls.Account(), nil); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: got %s", name, a.Status)
		}
	}
	// signing out ends it on the server, whatever the browser keeps
	token := formToken(t, w.do(http.MethodGet, urls.Account(), nil))
	w.do(http.MethodPost, urls.SignOut(), url.Values{"_csrf": {token}})
	kept := &walk{s: s, cookies: map[string]string{"pagaduria": session}}
	if a := kept.do(http.MethodGet, urls.Account(), nil); a.StatusCode != http.StatusSeeOther {
		t.Errorf("after signing out the cookie still works: %s", a.Status)
	}
	if a := kept.do(http.MethodPost, urls.Theme(), url.Values{"_csrf": {token}, "theme": {"dark"}}); a.StatusCode == http.StatusOK {
		t.Errorf("after signing out its form still works: %s", a.Status)
	}
}

func TestTwoCookiesOfOneNameAreNoWayIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie, _ := s.signedIn(s.everybody("finance@demo.test"))
	r := s.request(http.MethodGet, urls.Account(), nil)
	r.Header.Set("Cookie", "pagaduria="+strings.Repeat("B", 43)+"; pagaduria="+cookie.Value)
	if a := s.do(plain, r); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the second of two cookies is taken: %s", a.Status)
	}
	for _, odd := range []string{"", "x", cookie.Value + "x", "' OR 1=1 --", strings.Repeat("C", 4000)} {
		r := s.request(http.MethodGet, urls.Account(), nil)
		r.Header.Set("Cookie", "pagaduria="+odd)
		if a := s.do(plain, r); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%.20q: got %s", odd, a.Status)
		}
	}
}

func TestHostNamesOfStrangersLeadNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie, token := s.signedIn(s.everybody("admin@demo.test"))
	for _, path := range []string{urls.SignIn(), urls.Account(), urls.Home(), urls.Connections()} {
		r := s.request(http.MethodGet, path, nil)
		r.Host = "evil.example"
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.AddCookie(cookie)
		a := s.do(plain, r)
		if strings.Contains(a.body, "evil.example") || strings.Contains(a.Header.Get("Location"), "evil.example") {
			t.Errorf("%s repeats the host it was asked by", path)
		}
	}
	r := s.request(http.MethodPost, urls.StaffNew(), url.Values{"_csrf": {token}, "name": {"Nora"}, "email": {"nora@x.co"}, "roles": {"support"}})
	r.Host = "evil.example"
	r.AddCookie(cookie)
	if a := s.do(plain, r); strings.Contains(a.body, "evil.example/setup") || !strings.Contains(a.body, "http://127.0.0.1:8080/setup/") {
		t.Errorf("the set-up link leads elsewhere: %s", a.Status)
	}
}

func TestPasskeyOfAnotherPersonIsNoFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t).byName()
	mine, keys := s.browser(), &ring{Authenticator: vw.NewAuthenticator()}
	s.signIn(mine, "approver@demo.test")
	keys.add(s, mine, "mine")
	theirs, other := s.browser(), &ring{Authenticator: vw.NewAuthenticator()}
	s.signIn(theirs, "approver2@demo.test")
	other.add(s, theirs, "theirs")
	victim := s.browser()
	token := formToken(t, s.get(victim, urls.SignIn()))
	s.post(victim, urls.SignIn(), url.Values{"_csrf": {token}, "email": {"approver2@demo.test"}, "password": {staff.DemoPassword}})
	token = formToken(t, s.get(victim, urls.SignInCode()))
	a := s.post(victim, urls.SignInCode(), url.Values{"_csrf": {token}, "code": {keys.gives(s, victim, token)}})
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "The passkey was not accepted") {
		t.Errorf("got %s", a.Status)
	}
	if a := s.get(victim, urls.Account()); a.StatusCode != http.StatusSeeOther {
		t.Errorf("signed in: %s", a.Status)
	}
}
