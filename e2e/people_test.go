package e2e

import (
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
)

// person works at a merchant whose installation has no demo data: with a password and a phone of their own.
type person struct {
	*tab
	email  string
	secret string
	used   int64 // the time step of the last code: none is taken twice
}

const (
	codePeriod = 30 // seconds
	password   = "la nómina sale los viernes"
)

// invite makes an account by the command and opens its set-up link as the person does.
func (p *product) invite(b *tab, name, role string) *person {
	p.t.Helper()
	who := &person{tab: b, email: role + "@merchant.example"}
	b.visit(p.setUpLink(who.email, name, role))
	b.expectClean()
	who.secret = strings.ReplaceAll(value[string](b, `document.querySelector('details p.mono').textContent`), " ", "")
	b.fill("input[name=password]", password)
	b.fill("input[name=code]", who.code())
	b.submit("input[name=code]")
	b.expectClean()
	if n := value[int](b, `document.querySelectorAll('ol.mono li').length`); n < 8 {
		p.t.Fatalf("%d recovery codes:\n%s", n, b.text("main"))
	}
	return who
}

// code is what the person's phone shows, waiting for the next one when this one was used.
func (w *person) code() string {
	w.t.Helper()
	for time.Now().Unix()/codePeriod+1 <= w.used {
		time.Sleep(200 * time.Millisecond)
	}
	at := max(time.Now().Unix()/codePeriod, w.used+1)
	w.used = at
	code, err := totp.GenerateCode(w.secret, time.Unix(at*codePeriod, 0))
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// signIn goes through both steps.
func (w *person) signIn() {
	w.t.Helper()
	w.visit("/signin")
	w.fill("input[name=email]", w.email)
	w.fill("input[name=password]", password)
	w.submit("input[name=password]")
	w.fill("input[name=code]", w.code())
	w.submit("input[name=code]")
	if at := w.where(); at != "/" {
		w.t.Fatalf("signed in as %s, at %s:\n%s", w.email, at, w.text("main"))
	}
}

// expectClean fails when anything is wrong with the page at hand.
func (b *tab) expectClean() {
	b.t.Helper()
	if found := b.check(false); len(found) > 0 {
		b.t.Errorf("%s in %s%s", b.where(), b.look, report(found))
	}
}

// expectCleanAt visits pages and looks at each.
func (b *tab) expectCleanAt(paths ...string) {
	b.t.Helper()
	for _, path := range paths {
		b.visit(path)
		b.expectClean()
	}
}

// posts sends a form of ours as a browser would, without the page that leads to it, and answers the status.
func (b *tab) posts(path string, fields map[string]string) int {
	b.t.Helper()
	var list strings.Builder
	for name, v := range fields {
		fmt.Fprintf(&list, "f.set(%q, %q);", name, v)
	}
	b.mu.Lock()
	b.allowed = true
	b.mu.Unlock()
	status := value[int](b, fmt.Sprintf(`(() => { const f = new URLSearchParams(); f.set('_csrf', document.querySelector('meta[name=csrf-token]').content); %s
		return fetch(%q, {method: 'POST', body: f}).then(r => r.status); })()`, list.String(), path))
	b.faults() // the refusal is what was asked for
	b.mu.Lock()
	b.allowed = false
	b.mu.Unlock()
	return status
}
