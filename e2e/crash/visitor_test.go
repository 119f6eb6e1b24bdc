package crash

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"pagaduria/models"
	"pagaduria/services/mail"
	"pagaduria/services/staff"
	"pagaduria/services/vault"
	"pagaduria/views/urls"
)

// visitor is somebody with a browser, who tries again when nothing answers.
type visitor struct {
	w             *world
	email, secret string
	actor         models.Actor
	http          *http.Client
}

const password = "cordillera lluvia sombrero 48"

// hire makes an account as its person does: by the set-up link.
func (w *world) hire(name string, role models.Role) *visitor {
	w.t.Helper()
	ctx := w.t.Context()
	box, err := vault.New(key)
	w.must(err)
	s, err := staff.New(staff.Options{DB: w.db, Vault: box, Mail: mail.New(w.db, box, nil), SetUp: func(token string) string { return token }})
	w.must(err)
	v := &visitor{w: w, email: strings.ToLower(name) + "@example.test"}
	who, token, err := s.Add(ctx, models.System("test"), staff.NewStaff{Email: v.email, Name: name, Roles: []models.Role{role}})
	w.must(err)
	setUp, err := s.SetUp(ctx, token)
	w.must(err)
	v.secret = strings.ReplaceAll(setUp.Secret, " ", "")
	code, err := totp.GenerateCode(v.secret, time.Now())
	w.must(err)
	_, err = s.Finish(ctx, token, staff.Finish{Password: password, Code: code, Address: "127.0.0.1"})
	w.must(err)
	v.actor = models.Actor{StaffID: who, Name: name, Roles: []models.Role{role}}
	return v
}

// code is one that was not used yet: the test cannot wait for the next half minute.
func (v *visitor) code() string {
	ctx := v.w.t.Context()
	_, _ = v.w.db.Pool.Exec(ctx, `UPDATE staff SET totp_step = 0 WHERE email = $1`, v.email)
	_, _ = v.w.db.Pool.Exec(ctx, `DELETE FROM sign_in_throttles`) // the throttle is not what is tested
	code, err := totp.GenerateCode(v.secret, time.Now())
	v.w.must(err)
	return code
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// form reads the hidden fields of the form on page that is posted to action.
func (v *visitor) form(page, action string) (url.Values, error) {
	text, err := v.get(page)
	if err != nil {
		return nil, err
	}
	_, after, ok := strings.Cut(text, `action="`+action+`"`)
	if !ok {
		return nil, fmt.Errorf("%s has no form to %s", page, action)
	}
	inside, _, _ := strings.Cut(after, "</form>")
	values := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(inside, -1) {
		values.Add(m[1], html.UnescapeString(m[2]))
	}
	return values, nil
}

func (v *visitor) get(path string) (string, error) {
	req, err := http.NewRequestWithContext(v.w.t.Context(), http.MethodGet, "http://"+v.w.addr+path, nil)
	if err != nil {
		return "", err
	}
	text, _, err := v.do(req)
	return text, err
}

func (v *visitor) post(path string, form url.Values) (at string, err error) {
	req, err := http.NewRequestWithContext(v.w.t.Context(), http.MethodPost, "http://"+v.w.addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, at, err = v.do(req)
	return at, err
}

// do answers the text of the page a request ended at and its path. Who is not signed in any more signs in again.
func (v *visitor) do(req *http.Request) (text, at string, err error) {
	if v.http == nil {
		if err := v.signIn(); err != nil {
			return "", "", err
		}
	}
	return v.ask(req)
}

func (v *visitor) ask(req *http.Request) (text, at string, err error) {
	resp, err := v.http.Do(req)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	at = resp.Request.URL.Path
	switch {
	case err != nil:
	case at == urls.SignIn() && req.URL.Path != urls.SignIn():
		v.http = nil
		err = errors.New("signed out")
	case resp.StatusCode != http.StatusOK:
		err = fmt.Errorf("%s %s: %s", req.Method, req.URL.Path, resp.Status)
	}
	return string(body), at, err
}

func (v *visitor) signIn() error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v.http = &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{}}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{urls.SignIn(), url.Values{"email": {v.email}, "password": {password}}},
		{urls.SignInCode(), url.Values{"code": {v.code()}}},
	} {
		if err := v.step(step.path, step.form); err != nil {
			v.http = nil
			return fmt.Errorf("sign in: %w", err)
		}
	}
	return nil
}

// step fills one form of signing in.
func (v *visitor) step(path string, form url.Values) error {
	page, err := http.NewRequestWithContext(v.w.t.Context(), http.MethodGet, "http://"+v.w.addr+path, nil)
	if err != nil {
		return err
	}
	text, _, err := v.ask(page)
	if err != nil {
		return err
	}
	for _, m := range hidden.FindAllStringSubmatch(text, -1) {
		if form.Get(m[1]) == "" {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	req, err := http.NewRequestWithContext(v.w.t.Context(), http.MethodPost, "http://"+v.w.addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, _, err = v.ask(req)
	return err
}

// upload hands in a file and answers the path of its import.
func (v *visitor) upload(kind, name, text string) (at string, err error) {
	form, err := v.form(urls.Imports(kind), urls.Imports(kind))
	if err != nil {
		return "", err
	}
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for field := range form {
		_ = m.WriteField(field, form.Get(field))
	}
	part, err := m.CreateFormFile("file", name)
	if err != nil {
		return "", err
	}
	_, _ = io.WriteString(part, text)
	_ = m.Close()
	req, err := http.NewRequestWithContext(v.w.t.Context(), http.MethodPost, "http://"+v.w.addr+urls.Imports(kind), &body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	_, at, err = v.do(req)
	return at, err
}
