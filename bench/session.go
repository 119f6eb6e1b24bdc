package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
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
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// person is somebody signed in to the product, by password and second factor like everybody.
type person struct {
	http *http.Client
}

const (
	personEmail    = "banca@bench.test"
	personPassword = "cordillera lluvia sombrero 48"
)

// account makes the account of the run's person and answers the secret of its second factor.
func (b *bench) account(ctx context.Context) (secret string, err error) {
	v, err := vault.New(b.key)
	if err != nil {
		return "", err
	}
	s, err := staff.New(staff.Options{DB: b.db, Vault: v, Mail: mail.New(b.db, v, nil), SetUp: func(token string) string { return token }})
	if err != nil {
		return "", err
	}
	_, token, err := s.Add(ctx, models.System("bench"), staff.NewStaff{Email: personEmail, Name: "Beatriz Banca",
		Roles: []models.Role{models.RoleFinance, models.RoleSupport}})
	if err != nil {
		return "", err
	}
	setUp, err := s.SetUp(ctx, token)
	if err != nil {
		return "", err
	}
	secret = strings.ReplaceAll(setUp.Secret, " ", "")
	code, err := totp.GenerateCode(secret, time.Now().Add(-30*time.Second)) // the present one is for signing in
	if err != nil {
		return "", err
	}
	_, err = s.Finish(ctx, token, staff.Finish{Password: personPassword, Code: code, Address: "127.0.0.1"})
	return secret, err
}

// signIn goes through the pages of signing in. The account is made by the first call of a run.
func (b *bench) signIn(ctx context.Context) (*person, error) {
	if b.secret == "" {
		secret, err := b.account(ctx)
		if err != nil {
			return nil, fmt.Errorf("make an account: %w", err)
		}
		b.secret = secret
	} else {
		// A code works once: give the account its factor as it was before the last one.
		if _, err := b.db.Pool.Exec(ctx, `UPDATE staff SET totp_step = 0 WHERE email = $1`, personEmail); err != nil {
			return nil, err
		}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &person{&http.Client{Jar: jar, Timeout: 10 * time.Minute, Transport: &http.Transport{}}}
	code, err := totp.GenerateCode(b.secret, time.Now())
	if err != nil {
		return nil, err
	}
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{urls.SignIn(), url.Values{"email": {personEmail}, "password": {personPassword}}},
		{urls.SignInCode(), url.Values{"code": {code}}},
	} {
		if _, err := p.send(ctx, step.path, step.path, step.form); err != nil {
			return nil, fmt.Errorf("sign in: %w", err)
		}
	}
	if p.cookie() == "" {
		return nil, errors.New("signing in gave no cookie")
	}
	return p, nil
}

func address(path string) string { return "http://" + productAddr + path }

// cookie is the session as a request carries it.
func (p *person) cookie() string {
	at, _ := url.Parse(address("/"))
	var all []string
	for _, c := range p.http.Jar.Cookies(at) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

// page reads one page.
func (p *person) page(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address(path), nil)
	if err != nil {
		return "", err
	}
	text, _, err := p.do(req)
	return text, err
}

// send fills the form of a page, with the page's token, and answers where it led.
func (p *person) send(ctx context.Context, page, action string, form url.Values) (string, error) {
	token, err := p.token(ctx, page)
	if err != nil {
		return "", err
	}
	form.Set(ui.CSRFField, token)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address(action), strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, path, err := p.do(req)
	return path, err
}

var tokenField = regexp.MustCompile(`name="` + ui.CSRFField + `"[^>]*value="([^"]*)"`)

func (p *person) token(ctx context.Context, page string) (string, error) {
	text, err := p.page(ctx, page)
	if err != nil {
		return "", err
	}
	found := tokenField.FindStringSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s has no form", page)
	}
	return html.UnescapeString(found[1]), nil
}

// do answers the text of the page a request ended at, and its path.
func (p *person) do(req *http.Request) (text, path string, err error) {
	resp, err := p.http.Do(req)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s was answered %s", req.Method, req.URL.Path, resp.Status)
	}
	return string(body), resp.Request.URL.Path, err
}
