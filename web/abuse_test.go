package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pagaduria/services/staff"
	"pagaduria/services/webhooks"
	"pagaduria/views/urls"
)

// tries is one attempt to sign in from an address, which a proxy that is trusted names.
func (s *site) tries(email, password, from string) answer {
	s.t.Helper()
	r := s.request(http.MethodPost, urls.SignIn(), url.Values{"email": {email}, "password": {password}})
	r.Header.Set("X-Forwarded-For", from)
	return s.do(plain, r)
}

func TestGuessingPasswordsIsSlowAndLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSiteWith(t, "PAGADURIA_TRUSTED_PROXIES", "127.0.0.1/32")
	const owner = "finance@demo.test"
	desk, attacker := "190.0.2.10", "203.0.113.9"
	// the owner has signed in at their desk before
	_, _ = s.signedIn(s.everybody(owner))
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE staff_sessions SET address = $1`, desk); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{} // what an account that exists and one that does not are ever answered
	for _, email := range []string{owner, "nobody@demo.test"} {
		for i := range 12 {
			a := s.tries(email, fmt.Sprint("guess ", i), attacker)
			kind := fmt.Sprintf("%d %t %t", a.StatusCode, strings.Contains(a.body, "do not belong together"), strings.Contains(a.body, "Too many attempts"))
			if i < 4 && kind != "422 true false" {
				t.Errorf("guess %d of %s: got %s", i, email, kind)
			}
			said[email+" "+kind] = true
		}
	}
	for _, email := range []string{owner, "nobody@demo.test"} {
		if !said[email+" 422 true false"] || !said[email+" 429 false true"] || len(said) != 4 {
			t.Errorf("got %v", said)
		}
	}
	if _, err := s.app.db.Pool.Exec(t.Context(), `UPDATE sign_in_throttles SET blocked_until = now() + interval '5 minutes'`); err != nil {
		t.Fatal(err) // as after many more guesses
	}
	// the right password is no use to the attacker while they are blocked, and opens the door at the owner's desk
	if a := s.tries(owner, staff.DemoPassword, attacker); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("blocked, yet the right password is answered with %s", a.Status)
	}
	if a := s.tries(owner, staff.DemoPassword, desk); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the owner is locked out: %s", a.Status)
	}
}

func TestAddressesAreNotBelievedFromStrangers(t *testing.T) {
	t.Parallel()
	s := newSite(t) // no proxy is trusted
	var last answer
	for i := range 12 {
		last = s.tries("finance@demo.test", "guess", fmt.Sprintf("203.0.113.%d", i))
	}
	if last.StatusCode != http.StatusTooManyRequests {
		t.Errorf("another X-Forwarded-For each time is a way round: %s", last.Status)
	}
}

func TestGuessingCodesIsSlow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := &walk{s: s, cookies: map[string]string{}}
	w.enter("finance@demo.test", 1)
	token := formToken(t, w.do(http.MethodGet, urls.SignInCode(), nil))
	var last answer
	for i := range 8 {
		last = w.do(http.MethodPost, urls.SignInCode(), url.Values{"_csrf": {token}, "code": {fmt.Sprintf("%06d", i)}})
	}
	if last.StatusCode != http.StatusTooManyRequests {
		t.Errorf("eight guesses are answered with %s", last.Status)
	}
}

// endless is a body that says nothing of its length.
type endless struct{ io.Reader }

func TestBodiesThatAreTooLarge(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	o.app.h.Webhooks.Start()
	t.Cleanup(o.app.h.Webhooks.Stop)
	s := o.site
	cookie, token := s.signedIn(s.everybody("finance@demo.test"))
	large := func(n int) string { return strings.Repeat("a", n) }
	var file bytes.Buffer
	form := multipart.NewWriter(&file)
	part, err := form.CreateFormFile("file", "large.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, large(defaultBody+1))
	_ = form.Close()
	for name, c := range map[string]struct {
		path, kind, body string
		unsaid           bool // without a Content-Length
	}{
		"form":                          {urls.Theme(), "application/x-www-form-urlencoded", "theme=" + large(defaultBody), false},
		"form of unknown length":        {urls.Theme(), "application/x-www-form-urlencoded", "theme=" + large(defaultBody), true},
		"file where none belongs":       {urls.Theme(), form.FormDataContentType(), file.String(), false},
		"file of unknown length":        {urls.Theme(), form.FormDataContentType(), file.String(), true},
		"sign-in":                       {urls.SignIn(), "application/x-www-form-urlencoded", "email=" + large(defaultBody), false},
		"sign-in of unknown length":     {urls.SignIn(), "application/x-www-form-urlencoded", "email=" + large(defaultBody), true},
		"notification, length unknown":  {"/webhooks/d24/d24", "application/x-www-form-urlencoded", "date=" + large(webhooks.MaxBody), true},
		"notification of another shape": {"/webhooks/d24/d24", form.FormDataContentType(), file.String(), true},
	} {
		var body io.Reader = strings.NewReader(c.body)
		if c.unsaid {
			body = endless{body}
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+c.path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", c.kind)
		if strings.HasPrefix(c.path, urls.Theme()) {
			r.AddCookie(cookie)
			if !c.unsaid {
				r.Header.Set("X-CSRF-Token", token)
			}
		}
		if a := s.do(plain, r); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: got %s", name, a.Status)
		}
	}
}

// tellsWhenRead is a body that says whether anybody read it.
type tellsWhenRead struct {
	io.Reader
	read bool
}

func (b *tellsWhenRead) Read(p []byte) (int, error) { b.read = true; return b.Reader.Read(p) }

func (b *tellsWhenRead) Close() error { return nil }

func TestNothingIsReadOfStrangersFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h, err := s.srv.handler()
	if err != nil {
		t.Fatal(err)
	}
	auditor, err := s.app.h.Staff.ByEmail(t.Context(), "auditor@demo.test")
	if err != nil {
		t.Fatal(err)
	}
	theirs, _ := s.signedIn(auditor.ID)
	for name, cookie := range map[string]*http.Cookie{"nobody": {Name: "pagaduria", Value: strings.Repeat("A", 43)}, "somebody who may not": theirs} {
		for _, r := range routes(s.srv) {
			if r.Method != http.MethodPost || r.Body <= defaultBody || r.Outside {
				continue
			}
			body := &tellsWhenRead{Reader: strings.NewReader(strings.Repeat("a", 1000))}
			request := s.request(r.Method, r.Path, nil)
			request.RequestURI, request.Body = request.URL.Path, body
			request.Header.Set("Content-Type", "multipart/form-data; boundary=x")
			request.AddCookie(cookie)
			h.ServeHTTP(&silent{header: http.Header{}}, request)
			if body.read {
				t.Errorf("%s %s: the body of %s is read", r.Method, r.Path, name)
			}
		}
	}
}

// silent is a response that nobody looks at.
type silent struct{ header http.Header }

func (s *silent) Header() http.Header         { return s.header }
func (s *silent) Write(b []byte) (int, error) { return len(b), nil }
func (s *silent) WriteHeader(int)             {}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	srv := (&server{log: slog.New(slog.DiscardHandler)}).httpServer(http.NotFoundHandler())
	for name, d := range map[string]time.Duration{"headers": srv.ReadHeaderTimeout, "reading": srv.ReadTimeout, "writing": srv.WriteTimeout, "idle": srv.IdleTimeout} {
		if d <= 0 || d > 2*time.Minute {
			t.Errorf("%s may take %s", name, d)
		}
	}
	if srv.MaxHeaderBytes <= 0 || srv.MaxHeaderBytes > 64<<10 {
		t.Errorf("headers of %d bytes are read", srv.MaxHeaderBytes)
	}
}

// hurried is the site behind a listener of its own, with the time-outs of the product made short.
func (s *site) hurried() (addr string) {
	s.t.Helper()
	h, err := s.srv.handler()
	if err != nil {
		s.t.Fatal(err)
	}
	srv := s.srv.httpServer(h)
	srv.ReadHeaderTimeout, srv.ReadTimeout = 300*time.Millisecond, 600*time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	s.t.Cleanup(func() { _ = srv.Close() })
	return l.Addr().String()
}

// drips sends the beginning, then a byte now and then, and answers after how long the other side had enough.
func drips(t *testing.T, addr, begin string) time.Duration {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	began := time.Now()
	if _, err := io.WriteString(c, begin); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // whatever it answers, it hangs up in the end
		defer close(ended)
		_, _ = io.Copy(io.Discard, c)
	}()
	drip := time.NewTicker(50 * time.Millisecond)
	defer drip.Stop()
	for {
		select {
		case <-ended:
			return time.Since(began)
		case <-drip.C:
			_, _ = io.WriteString(c, "a")
		case <-time.After(20 * time.Second):
		}
		if time.Since(began) > 20*time.Second {
			return time.Since(began)
		}
	}
}

func TestSlowSendersAreCutOff(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	addr := s.hurried()
	cookie, _ := s.signedIn(s.everybody("finance@demo.test"))
	head := func(path, more string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n" + more + "\r\n"
	}
	for name, begin := range map[string]string{
		"headers":                     "GET /signin HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"the first line":              "GET /sig",
		"a form":                      head(urls.SignIn(), ""),
		"a form of one's own":         head(urls.Theme(), "Cookie: pagaduria="+cookie.Value+"\r\n"),
		"a notification":              head("/webhooks/d24/d24", ""),
		"a file, as a stranger":       head(urls.Imports("commissions"), ""),
		"a file, as a planted cookie": head(urls.Imports("commissions"), "Cookie: pagaduria="+strings.Repeat("A", 43)+"\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if took := drips(t, addr, begin); took > 10*time.Second {
				t.Errorf("the connection was kept for %s", took)
			}
		})
	}
}

func TestHeadersWithoutEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	addr := s.hurried()
	for name, headers := range map[string]string{
		"one huge header": "X-Long: " + strings.Repeat("a", 2*headerBytes) + "\r\n",
		"many headers":    strings.Repeat("X-Many: of them, each not long\r\n", 5000),
	} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(c, "GET /signin HTTP/1.1\r\nHost: x\r\n"+headers+"\r\n") }()
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		switch {
		case err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset"):
			t.Errorf("%s: %v", name, err)
		case err == nil && res.StatusCode != http.StatusRequestHeaderFieldsTooLarge:
			t.Errorf("%s: got %s", name, res.Status)
		}
		_ = c.Close()
	}
}
