package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"pagaduria/services/staff"
)

// carryKey plugs a security key into the tab: one that says who touches it, or one that does not know.
func (b *tab) carryKey(knowsWho bool) webauthn.AuthenticatorID {
	b.t.Helper()
	b.call(func() error {
		_, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{})
		return err
	})
	key, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true,
		HasUserVerification: true, IsUserVerified: knowsWho, AutomaticPresenceSimulation: true}})
	if err != nil {
		b.t.Fatal(err)
	}
	return key.AuthenticatorID
}

// recognises sets whether the key knows who touches it.
func (b *tab) recognises(key webauthn.AuthenticatorID, who bool) {
	b.t.Helper()
	b.call(func() error {
		_, err := chromedp.Call(b.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: key, IsUserVerified: who})
		return err
	})
}

// awaits waits until the page says so.
func (b *tab) awaits(p *product, selector, words string) {
	b.t.Helper()
	p.eventually(20*time.Second, b.where()+" does not say "+words, func() bool { return strings.Contains(b.text(selector), words) })
}

// TestPasskey registers a passkey in Chromium, signs in with it and approves a batch with it.
func TestPasskey(t *testing.T) {
	p := install(t, "--demo")
	p.settle()
	b := open(t, browser(t), strings.Replace(p.url, "127.0.0.1", "localhost", 1), looks[0])
	key := b.carryKey(true)
	b.signInDemo("approver@demo.test")

	b.visit("/account")
	b.fill("#passkey-name", "Key on my ring")
	b.submit("#passkey-name")
	b.says("The passkey is added", "Key on my ring", "Never")
	b.expectClean()

	// a stranger with the key in hand is not let in, and the page stays what it was
	b.js(`document.querySelector('form[action="/signout"]').requestSubmit()`)
	p.eventually(20*time.Second, "still signed in", func() bool { return strings.HasPrefix(b.where(), "/signin") })
	b.fill("input[name=email]", "approver@demo.test")
	b.fill("input[name=password]", staff.DemoPassword)
	b.click("main form.form button[type=submit]")
	b.expectClean()
	b.recognises(key, false)
	b.must(chromedp.Click(chromedp.CSS("[data-passkey]"), chromedp.NodeVisible))
	b.awaits(p, "[data-passkey-said]", "No passkey was given")
	b.expectClean()
	b.recognises(key, true)
	b.click("[data-passkey]")
	if at := b.where(); at != "/" {
		t.Fatalf("signed in by passkey, at %s:\n%s", at, b.text("main"))
	}
	if n := p.number(`SELECT count(*) FROM audit_events WHERE action = 'session.open' AND after->>'factor' = 'passkey'`); n != 1 {
		t.Errorf("%d sign-ins by passkey are recorded", n)
	}

	if _, err := p.pool.Exec(t.Context(), `UPDATE staff_sessions SET factor_at = now() - interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	b.visit("/account")
	b.says("To add a passkey, give your second factor first.")
	b.expectClean()
	batch := p.number(`SELECT max(id) FROM batches WHERE state = 'in_approval'`)
	b.visit(fmt.Sprintf("/batches/%d", batch))
	b.must(chromedp.Click(chromedp.CSS("#approve [data-passkey]"), chromedp.NodeVisible))
	b.awaits(p, "#approve", "Your passkey was given in place of a code.")
	b.expectClean()
	b.hold(p, batch)
	b.visit(fmt.Sprintf("/batches/%d", batch))
	b.visit("/account")
	if n := p.number(`SELECT sign_count FROM staff_passkeys`); n < 3 {
		t.Errorf("the key counted to %d", n)
	}
	b.click("#passkeys tbody form button")
	b.says("The passkey is removed")
	b.expectClean()
}
