package e2e

import (
	"context"
	"fmt"
	"regexp"
	"testing"
)

var (
	formLink  = regexp.MustCompile(`/p/[A-Za-z0-9_-]{40,}`)
	sixDigits = regexp.MustCompile(`\b\d{6}\b`)
)

// inviteToForm has compliance invite somebody who has no case, and an admin read the link in the outbox.
func (p *product) inviteToForm(t testing.TB, chromium context.Context) string {
	t.Helper()
	compliance := p.as(t, chromium, "compliance@demo.test", looks[0])
	id := p.number(`SELECT id FROM distributors d WHERE person_kind = 'natural' AND email <> '' AND lang = 'es' AND NOT EXISTS (SELECT 1 FROM kyc_cases c WHERE c.distributor_id = d.id) ORDER BY id DESC LIMIT 1`)
	compliance.visit(fmt.Sprintf("/distributors/%d", id))
	compliance.expectClean()
	compliance.submit(fmt.Sprintf("form[action='/distributors/%d/invite'] button", id))
	compliance.expectClean()
	return formLink.FindString(p.mailed(t, chromium, `SELECT max(id) FROM mails WHERE body LIKE '%enlace es personal%'`))
}

// mailed is a mail as an admin may read it, with the link or code that is wrapped elsewhere.
func (p *product) mailed(t testing.TB, chromium context.Context, sql string) string {
	t.Helper()
	admin := p.as(t, chromium, "admin@demo.test", looks[0])
	admin.visit(fmt.Sprintf("/outbox/%d", p.number(sql)))
	return admin.text("main")
}

// TestAPayeeFillsInTheForm goes the whole way on a phone, in Chromium: by the link, with a code, to the receipt, and
// on with another device.
func TestAPayeeFillsInTheForm(t *testing.T) {
	p := install(t, "--demo")
	chromium := browser(t)
	link := p.inviteToForm(t, chromium)
	phone := open(t, chromium, p.url, look{390, 844, "light", "es-CO"})
	at := func(step string) {
		t.Helper()
		if phone.where() != link+"/"+step {
			t.Fatalf("at %s, want %s:\n%s", phone.where(), step, phone.text("main"))
		}
		phone.expectClean()
	}
	send := func() { t.Helper(); phone.click(".foot-bar .btn-primary") }

	phone.visit(link)
	at("consent")
	phone.choose("input[name=agree]", "")
	phone.choose("input[name=sensitive]", "")
	send()
	at("who")
	phone.visit(link + "/who?choose=juridical")
	phone.expectClean()
	phone.visit(link + "/who?choose=natural")
	phone.fill("input[name=first_names]", "Martha Lucía")
	phone.fill("input[name=last_names]", "Ríos Peña")
	phone.choose("select[name=doc_type]", "CC")
	phone.fill("input[name=doc_number]", "12")
	phone.choose("select[name=divipola]", "11001")
	phone.fill("input[name=address]", "Calle 1 # 2-3")
	phone.allow(send)
	phone.expectAccessible()
	phone.says("No se guardó nada.")
	phone.fill("input[name=doc_number]", "1118534248")
	send()
	at("contact")
	phone.fill("input[name=phone]", "300 111 2233")
	phone.fill("input[name=email]", "martha@example.co")
	send()
	at("contact")
	phone.fill("input[name=code]", sixDigits.FindString(p.mailed(t, chromium, `SELECT max(id) FROM mails WHERE recipient = 'martha@example.co'`)))
	phone.submit("input[name=code]")
	at("payment")
	phone.click("a[href$='choose=bank']")
	phone.expectClean()
	phone.visit(link + "/payment?choose=efecty_cash")
	send()
	at("tax")
	phone.choose("input[name=tax_status][value=natural_no_declarante]", "")
	send()
	at("declarations")
	phone.choose("input[name=pep][value=no]", "")
	phone.choose("input[name=relative][value=no]", "")
	phone.choose("input[name=funds][value=commissions]", "")
	send()
	at("signature")

	laptop := open(t, chromium, p.url, look{1440, 900, "dark", "zh-CN"})
	laptop.visit(link)
	laptop.expectClean()
	if laptop.where() != link+"/code" {
		t.Errorf("another device is at %s", laptop.where())
	}

	phone.fill("input[name=name]", "Martha Lucía Ríos Peña")
	send()
	at("receipt")
	if n := p.number(`SELECT count(*) FROM kyc_cases WHERE state = 'submitted' AND contact_to = 'martha@example.co'`); n != 1 {
		t.Error("the case was not sent")
	}
}

// allow does something whose answer is a refusal: the console may tell of it.
func (b *tab) allow(do func()) {
	b.t.Helper()
	b.mu.Lock()
	b.allowed = true
	b.mu.Unlock()
	do()
	b.faults()
	b.mu.Lock()
	b.allowed = false
	b.mu.Unlock()
}

// expectAccessible looks at the page at hand for what keeps people out, not at the console.
func (b *tab) expectAccessible() {
	b.t.Helper()
	if found := b.accessible(); len(found) > 0 {
		b.t.Errorf("%s%s", b.where(), report(found))
	}
}
