package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	vw "github.com/descope/virtualwebauthn"

	"pagaduria/services/staff"
	"pagaduria/views/urls"
)

// passkeySite is where the site of the tests has passkeys: its public address, by name.
var passkeySite = vw.RelyingParty{ID: "localhost", Origin: "http://localhost:8080"}

// byName has the browsers of the site reach it at its public address.
func (s *site) byName() *site {
	s.URL = passkeySite.Origin
	return s
}

// ring is a person's keys: what their browser does when the script asks it.
type ring struct {
	vw.Authenticator
}

// add registers a passkey on the account page as the script does, and answers what the form came to.
func (r *ring) add(s *site, c *http.Client, name string) answer {
	s.t.Helper()
	token := formToken(s.t, s.get(c, urls.Account()))
	options := s.post(c, urls.NewPasskey(), url.Values{"_csrf": {token}})
	if options.StatusCode != http.StatusOK || options.Header.Get("Content-Type") != "application/json" {
		s.t.Fatalf("options: got %s %s\n%.500s", options.Status, options.Header.Get("Content-Type"), options.body)
	}
	asked, err := vw.ParseAttestationOptions(options.body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Options.UserHandle = []byte(asked.UserID)
	key := vw.NewCredential(vw.KeyTypeEC2)
	for len(key.Key.AttestationData()) != 77 { // the library leaves leading zeros out, which no authenticator does
		key = vw.NewCredential(vw.KeyTypeEC2)
	}
	r.AddCredential(key)
	return s.post(c, urls.Passkeys(), url.Values{"_csrf": {token}, "name": {name},
		"passkey": {vw.CreateAttestationResponse(passkeySite, r.Authenticator, key, *asked)}})
}

// gives is what the person's key answers when the page at hand asks for it.
func (r *ring) gives(s *site, c *http.Client, token string) string {
	s.t.Helper()
	options := s.post(c, urls.AskPasskey(), url.Values{"_csrf": {token}})
	asked, err := vw.ParseAssertionOptions(options.body)
	if err != nil || options.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %v\n%.500s", options.Status, err, options.body)
	}
	r.Credentials[0].Counter++
	return vw.CreateAssertionResponse(passkeySite, r.Authenticator, r.Credentials[0], *asked)
}

func TestPasskeyIsAddedUsedAndRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t).byName()
	c, keys := s.browser(), &ring{Authenticator: vw.NewAuthenticator()}
	s.signIn(c, "approver@demo.test")
	if a := keys.add(s, c, "Yubikey in the safe"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("add: got %s\n%.3000s", a.Status, a.body)
	}
	page := s.get(c, urls.Account())
	for _, want := range []string{"Yubikey in the safe", "The passkey is added", "data-passkey-new", "Use a passkey"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the account page lacks %q", want)
		}
	}

	// at the next sign-in it serves in place of the code
	other := s.browser()
	token := formToken(t, s.get(other, urls.SignIn()))
	s.post(other, urls.SignIn(), url.Values{"_csrf": {token}, "email": {"approver@demo.test"}, "password": {staff.DemoPassword}})
	step := s.get(other, urls.SignInCode())
	if !strings.Contains(step.body, "Use a passkey") || !strings.Contains(step.body, `name="code"`) {
		t.Fatalf("the second step does not ask for both:\n%.3000s", step.body)
	}
	token = formToken(t, step)
	answered := keys.gives(s, other, token)
	if a := s.post(other, urls.SignInCode(), url.Values{"_csrf": {token}, "code": {answered}}); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != urls.Home() {
		t.Fatalf("sign in: got %s\n%.3000s", a.Status, a.body)
	}

	id := s.passkeyOf("approver@demo.test")
	token = formToken(t, page)
	if a := s.post(c, urls.RemovePasskey(id), url.Values{"_csrf": {token}}); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("remove: got %s", a.Status)
	}
	if page := s.get(c, urls.Account()); strings.Contains(page.body, "Yubikey in the safe") || !strings.Contains(page.body, "The passkey is removed") {
		t.Error("the passkey is still on the page")
	}
}

// passkeyOf is the row of a person's passkey, 0 when there is none.
func (s *site) passkeyOf(email string) (id int64) {
	s.t.Helper()
	err := s.app.db.Pool.QueryRow(s.t.Context(), `SELECT COALESCE(max(k.id), 0) FROM staff_passkeys k JOIN staff st ON st.id = k.staff_id WHERE st.email = $1`, email).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func TestPasskeyIsAddedWithAFreshFactorOnly(t *testing.T) {
	t.Parallel()
	o := &office{site: newSite(t).byName()}
	c, keys := o.person("approver@demo.test"), &ring{Authenticator: vw.NewAuthenticator()}
	o.stale()
	page := o.get(c, urls.Account())
	if strings.Contains(page.body, "data-passkey-new") || !strings.Contains(page.body, "give your second factor first") {
		t.Fatalf("an old factor is enough:\n%.3000s", page.body)
	}
	token := url.Values{"_csrf": {formToken(t, page)}}
	if a := o.post(c, urls.NewPasskey(), token); a.StatusCode != http.StatusConflict {
		t.Errorf("asked for options: got %s", a.Status)
	}
	token.Set("name", "mine")
	if a := o.post(c, urls.Passkeys(), token); a.StatusCode != http.StatusConflict {
		t.Errorf("sent one: got %s", a.Status)
	}
	token.Set("confirm", "000000")
	if a := o.post(c, urls.Confirm(), token); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="confirm-e"`) {
		t.Errorf("wrong code: got %s\n%.3000s", a.Status, a.body)
	}
	token.Set("confirm", o.freshCode("approver@demo.test"))
	if a := o.post(c, urls.Confirm(), token); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("right code: got %s", a.Status)
	}
	if a := keys.add(o.site, c, "mine"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("add: got %s\n%.3000s", a.Status, a.body)
	}
}

func TestPasskeyFormWithoutScriptSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t).byName()
	c := s.browser()
	s.signIn(c, "approver@demo.test")
	token := formToken(t, s.get(c, urls.Account()))
	a := s.post(c, urls.Passkeys(), url.Values{"_csrf": {token}, "name": {"mine"}, "passkey": {""}})
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "in a browser with JavaScript") {
		t.Errorf("got %s\n%.2000s", a.Status, a.body)
	}
}

func TestPasskeysBelongToOneAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.browser()
	s.signIn(c, "approver@demo.test")
	if page := s.get(c, urls.Account()); strings.Contains(page.body, "data-passkey-new") || !strings.Contains(page.body, `href="http://localhost:8080/account"`) {
		t.Errorf("the page at another address does not lead to the right one:\n%.3000s", page.body)
	}
}

func TestBatchIsApprovedWithAPasskey(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3)
	o.byName()
	batch := o.submitted(o.person("finance@demo.test"))
	c, keys := o.person("approver@demo.test"), &ring{Authenticator: vw.NewAuthenticator()}
	keys.add(o.site, c, "phone")
	o.stale()
	page := o.get(c, batch)
	if !strings.Contains(page.body, "Use a passkey") {
		t.Fatal("the page of the batch does not offer the passkey")
	}
	f := form(t, page, batch+"/approve")
	f.Set("confirmed", "yes")
	f.Set("code", keys.gives(o.site, c, f.Get("_csrf")))
	f.Set("seal", "00")
	if a := o.post(c, batch+"/approve", f); a.StatusCode != http.StatusConflict {
		t.Fatalf("another seal: got %s", a.Status)
	}
	f.Set("seal", form(t, page, batch+"/approve").Get("seal"))
	answered := f.Get("code")
	f.Set("code", strings.Replace(answered, `"signature":"ME`, `"signature":"MF`, 1))
	if a := o.post(c, batch+"/approve", f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "The passkey was not accepted") {
		t.Fatalf("forged: got %s\n%.3000s", a.Status, a.body)
	}
	f.Set("code", answered)
	if a := o.post(c, batch+"/approve", f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("its question was used up by the forged answer, yet: %s", a.Status)
	}
	f.Set("code", keys.gives(o.site, c, f.Get("_csrf")))
	if a := o.post(c, batch+"/approve", f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("approve: got %s\n%.3000s", a.Status, a.body)
	}
	if page := o.get(c, batch); !strings.Contains(page.body, "Approved") && !strings.Contains(page.body, "approved") {
		t.Error("the page does not say so")
	}
}
