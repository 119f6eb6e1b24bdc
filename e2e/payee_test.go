package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pagaduria/services/files/filestest"
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
	at := func(step string) { t.Helper(); phone.atStep(link, step) }
	send := func() { t.Helper(); phone.sendStep() }

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
	at("documents")
	phone.sendPapers(p, link)
	send()
	at("signature")
	phone.says("01b_cedula_reverso.jpg")

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

// atStep fails unless a payee is at a step of the form, on a page without faults.
func (b *tab) atStep(link, step string) {
	b.t.Helper()
	if b.where() != link+"/"+step {
		b.t.Fatalf("at %s, want %s:\n%s", b.where(), step, b.text("main"))
	}
	b.expectClean()
}

// sendStep presses the button at the foot of a step.
func (b *tab) sendStep() {
	b.t.Helper()
	b.click(".foot-bar .btn-primary")
}

// sendPapers sends what is asked of a person: a side is refused, a large picture breaks off and goes on where it stopped,
// and what was sent can be looked at.
func (b *tab) sendPapers(p *product, link string) {
	b.t.Helper()
	folder := b.t.TempDir()
	keep := func(name string, body []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, body, 0o600); err != nil {
			b.t.Fatal(err)
		}
		return path
	}
	choose := func(field, path string) {
		b.t.Helper()
		b.must(chromedp.SetUploadFiles(chromedp.CSS(field), []string{path}))
	}
	large := keep("IMG_2001.JPG", noise(b.t))
	back := keep("01b_cedula_reverso.jpg", filestest.Read(b.t, "documents/01b_cedula_reverso.jpg"))
	rut := keep("rut.pdf", filestest.Read(b.t, "documents/14_rut_natural.pdf"))

	choose("#rut-more", keep("rut.exe", []byte("MZ this is no document")))
	b.allow(func() { b.submit("#rut-more") })
	b.expectAccessible()
	b.says("rut.exe")

	b.visit(link + "/documents")
	b.js(`const real = fetch; let sent = 0; window.fetch = (url, how) => how?.method === 'PATCH' && ++sent > 1 ? Promise.reject(new TypeError('no network')) : real(url, how)`)
	choose("#identity-front", large)
	b.js(`document.querySelector('#identity-front').form.requestSubmit()`)
	p.eventually(time.Minute, "no piece arrives", func() bool {
		return p.number(`SELECT count(*) FROM document_uploads WHERE received > 0 AND received < size`) == 1
	})
	b.visit(link + "/documents")
	b.js(`const real = fetch; window.fetch = (url, how) => {
		if (how?.method === 'PATCH' && !sessionStorage.first) sessionStorage.first = how.headers['Upload-Offset'];
		return real(url, how);
	}`)
	choose("#identity-front", large)
	choose("#identity-back", back)
	b.submit("#identity-front")
	b.expectClean()
	if first := value[string](b, `sessionStorage.first`); first != "1048576" {
		b.t.Errorf("the picture that broke off goes on at %q", first)
	}
	choose("#rut-more", rut)
	b.submit("#rut-more")
	b.expectClean()
	if n := p.number(`SELECT count(*) FROM kyc_items i JOIN document_versions v ON v.id = i.document_version_id WHERE v.staff_id IS NULL AND i.state = 'given'`); n != 2 {
		b.t.Errorf("%d documents are given, want 2", n)
	}
	b.visit(link + "/documents")
	b.js(`document.querySelector('#identity summary').click()`)
	p.eventually(time.Minute, "what was sent is not shown", func() bool {
		return value[bool](b, `(() => { const i = document.querySelector('#identity img'); return i.complete && i.naturalWidth > 100; })()`)
	})
	b.expectClean()
}

// noise is a picture that does not compress: several pieces of an upload.
func noise(t testing.TB) []byte {
	t.Helper()
	picture, from := image.NewNRGBA(image.Rect(0, 0, 1800, 1100)), rand.New(rand.NewPCG(1, 2))
	for i := range picture.Pix {
		picture.Pix[i] = byte(from.Uint32())
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 97}); err != nil {
		t.Fatal(err)
	}
	if out.Len() < 2<<20 {
		t.Fatalf("%d bytes are too few", out.Len())
	}
	return out.Bytes()
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
