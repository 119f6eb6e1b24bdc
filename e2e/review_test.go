package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pagaduria/services/files/filestest"
)

// key presses a key outside of any field.
func (b *tab) key(k string) {
	b.t.Helper()
	b.js(fmt.Sprintf(`document.body.dispatchEvent(new KeyboardEvent('keydown', {key: %q, bubbles: true, cancelable: true}))`, k))
}

// TestCasesAreReviewed goes through the desk of compliance in Chromium: one payee is asked again for one thing, by keys,
// and a company is approved by two people.
func TestCasesAreReviewed(t *testing.T) {
	p := install(t, "--demo")
	chromium := browser(t)
	officer := p.as(t, chromium, "compliance@demo.test", look{1440, 900, "light", "en"})

	officer.visit("/reviews")
	officer.expectClean()
	officer.says("Take next case")
	natural := p.number(`SELECT min(id) FROM kyc_cases WHERE state = 'submitted' AND person_kind = 'natural'`)
	officer.visit(fmt.Sprintf("/reviews/%d?item=identity", natural))
	officer.expectClean()
	if shown := value[bool](officer, `(async () => { const i = document.querySelector('.stage img'); await i.decode(); return i.naturalWidth > 100; })()`); !shown {
		t.Error("the picture of the document is not shown")
	}
	officer.click(`a[href*="show=all"]`)
	officer.expectClean()
	if n := value[int](officer, `document.querySelectorAll('.stage figure').length`); n != 2 {
		t.Errorf("%d pages stand side by side", n)
	}
	officer.js(`document.querySelector('[data-zoom-to="200"]').click()`)
	if at := value[string](officer, `document.querySelector('.stage').dataset.zoom + location.search`); at[:3] != "200" {
		t.Errorf("zoomed to %s", at)
	}
	officer.visit(fmt.Sprintf("/reviews/%d?item=identity", natural))
	officer.js(`document.querySelector('#to_payee').focus()`)
	officer.js(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', bubbles: true}))`)
	if value[bool](officer, `document.querySelector('[name=verdict][value=accept]').checked`) {
		t.Error("a letter typed in a field decided")
	}
	officer.key("s")
	officer.key("1")
	if got := value[string](officer, `document.querySelector('[name=verdict]:checked').value + ' ' + document.querySelector('#reason').value`); got != "again DOC_UNREADABLE" {
		t.Fatalf("the keys chose %q", got)
	}
	if words := value[string](officer, `document.querySelector('#to_payee').value`); len(words) < 20 {
		t.Errorf("the payee would read %q", words)
	}
	officer.submit("[name=verdict]")
	officer.expectClean()
	officer.click(fmt.Sprintf("form[action='/reviews/%d/ask'] button", natural))
	officer.expectClean()
	officer.says("Waiting for the payee", "Paused")

	company := p.number(`SELECT min(id) FROM kyc_cases WHERE state = 'submitted' AND person_kind = 'juridical'`)
	officer.visit(fmt.Sprintf("/reviews/%d", company))
	officer.judgeAll(p, company)
	officer.click(".actbar .btn-primary")
	officer.expectClean()
	officer.says("Four eyes: company", "Propose to approve")
	officer.fill("[name=note]", "Everything agrees with the RUT")
	officer.submit("[name=note]")
	officer.says("Proposed. Another person confirms it")

	second := p.as(t, chromium, "compliance2@demo.test", look{390, 844, "dark", "es-CO"})
	second.visit("/reviews?tab=second_review")
	second.expectClean()
	second.visit(fmt.Sprintf("/reviews/%d", company))
	second.expectClean()
	second.click(".actbar .btn-primary")
	second.expectClean()
	second.says("propone aprobar", "Everything agrees with the RUT")
	second.click(fmt.Sprintf("form[action='/reviews/%d/confirm'] button", company))
	second.expectClean()
	second.says("Aprobado")
	if n := p.number(`SELECT count(*) FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id WHERE c.state = 'approved' AND d.verification = 'verified'`); n != 1 {
		t.Errorf("%d companies are verified", n)
	}
	if n := p.number(`SELECT count(*) FROM document_validity v JOIN documents d ON d.id = v.document_id WHERE d.kind = 'chamber_certificate' AND v.good_until > now() + INTERVAL '700 days'`); n != 1 {
		t.Errorf("%d certificates have a day until which they are good", n)
	}
}

// exposed fills the form in as somebody who holds a public office, from the link to the receipt.
func (b *tab) exposed(p *product, chromium context.Context, link string) {
	b.t.Helper()
	folder := b.t.TempDir()
	choose := func(field, name string) {
		b.t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, filestest.Read(b.t, "documents/"+name), 0o600); err != nil {
			b.t.Fatal(err)
		}
		b.must(chromedp.SetUploadFiles(chromedp.CSS(field), []string{path}))
	}
	b.visit(link)
	b.atStep(link, "consent")
	b.choose("input[name=agree]", "")
	b.choose("input[name=sensitive]", "")
	b.sendStep()
	b.visit(link + "/who?choose=natural")
	for field, text := range map[string]string{"first_names": "Martha Lucía", "last_names": "Ríos Peña", "doc_number": "1118534248", "address": "Calle 1 # 2-3"} {
		b.fill("input[name="+field+"]", text)
	}
	b.choose("select[name=doc_type]", "CC")
	b.choose("select[name=divipola]", "11001")
	b.sendStep()
	b.fill("input[name=phone]", "300 111 2233")
	b.fill("input[name=email]", "martha@example.co")
	b.sendStep()
	b.fill("input[name=code]", sixDigits.FindString(p.mailed(b.t, chromium, `SELECT max(id) FROM mails WHERE recipient = 'martha@example.co'`)))
	b.submit("input[name=code]")
	b.visit(link + "/payment?choose=efecty_cash")
	b.sendStep()
	b.choose("input[name=tax_status][value=natural_no_declarante]", "")
	b.sendStep()
	b.choose("input[name=pep][value=yes]", "")
	b.fill("input[name=office]", "Alcaldesa de Sopó, 2024 a 2027")
	b.choose("input[name=relative][value=no]", "")
	b.choose("input[name=funds][value=commissions]", "")
	b.sendStep()
	b.atStep(link, "documents")
	choose("#identity-front", "01a_cedula_frente.jpg")
	choose("#identity-back", "01b_cedula_reverso.jpg")
	b.submit("#identity-front")
	choose("#rut-more", "14_rut_natural.pdf")
	b.submit("#rut-more")
	b.sendStep()
	b.atStep(link, "signature")
	b.fill("input[name=name]", "Martha Lucía Ríos Peña")
	b.sendStep()
	b.atStep(link, "receipt")
}

// judgeAll accepts everything of the case at hand by keys, one after the other, as long as something is open.
func (b *tab) judgeAll(p *product, id int64) {
	b.t.Helper()
	for range 20 {
		if p.number(`SELECT count(*) FROM kyc_items WHERE case_id = $1 AND state = 'given' AND item NOT IN ('consent','signature')`, id) == 0 {
			b.expectClean()
			return
		}
		b.key("a")
		if b.has("[name=issued_on]") {
			b.js(fmt.Sprintf(`document.querySelector('[name=issued_on]').value = %q`, time.Now().AddDate(0, 0, -5).Format(time.DateOnly)))
		}
		b.submit("[name=verdict]")
	}
	b.t.Fatalf("case %d has things that nobody decided about:\n%s", id, b.text("main"))
}

// TestAPayeeBecomesPayable goes from the invitation to money: somebody exposed sends their papers from a telephone, an
// officer works the case off by keys, another confirms, and the commissions that waited can be paid.
func TestAPayeeBecomesPayable(t *testing.T) {
	p := install(t, "--demo")
	chromium := browser(t)
	link := p.inviteToForm(t, chromium)
	id := p.number(`SELECT max(id) FROM kyc_cases`)
	payee := p.number(`SELECT distributor_id FROM kyc_cases WHERE id = $1`, id)
	verified := func() int64 {
		t.Helper()
		return p.number(`SELECT count(*) FROM distributors WHERE id = $1 AND verification = 'verified'`, payee)
	}
	if verified() != 0 {
		t.Fatal("the payee is verified before they sent anything")
	}
	phone := open(t, chromium, p.url, look{390, 844, "light", "es-CO"})
	phone.exposed(p, chromium, link)

	officer := p.as(t, chromium, "compliance@demo.test", look{1440, 900, "light", "en"})
	for range 10 { // those that were sent before come first
		officer.visit("/reviews")
		officer.key("n")
		officer.must(chromedp.WaitReady(chromedp.CSS(".case")))
		if p.number(`SELECT count(*) FROM kyc_cases WHERE id = $1 AND reviewer_id IS NOT NULL`, id) == 1 {
			break
		}
	}
	if at, want := officer.where(), fmt.Sprintf("/reviews/%d", id); at != want {
		t.Fatalf("the next case is at %s, want %s", at, want)
	}
	officer.expectClean()
	officer.says("Alcaldesa de Sopó, 2024 a 2027")
	officer.judgeAll(p, id)
	officer.click(".actbar .btn-primary")
	officer.says("becomes payable", "public office declared")
	officer.fill("[name=note]", "The office is on the mayor's page")
	officer.submit("[name=note]")
	officer.says("Proposed. Another person confirms it")
	if verified() != 0 {
		t.Fatal("one person alone verified somebody exposed")
	}
	officer.click(".actbar .btn-primary")
	if officer.has(fmt.Sprintf("form[action='/reviews/%d/confirm']", id)) {
		t.Error("who proposed may confirm")
	}

	second := p.as(t, chromium, "compliance2@demo.test", look{1440, 900, "dark", "es-CO"})
	second.visit(fmt.Sprintf("/reviews/%d/decide", id))
	second.expectClean()
	second.click(fmt.Sprintf("form[action='/reviews/%d/confirm'] button", id))
	second.says("Aprobado")
	if verified() != 1 {
		t.Error("the payee is not verified")
	}
	if n := p.number(`SELECT count(*) FROM payout_methods WHERE distributor_id = $1 AND retired_at IS NULL`, payee); n == 0 {
		t.Error("the payee has no way to be paid")
	}
	if n := p.number(`SELECT count(*) FROM commission_lines WHERE distributor_id = $1 AND state <> 'eligible'`, payee); n != 0 {
		t.Errorf("%d commissions still wait", n)
	}
	finance := p.as(t, chromium, "finance@demo.test", look{1440, 900, "light", "en"})
	finance.visit(fmt.Sprintf("/distributors/%d", payee))
	finance.says("Verified", "Martha Lucía")
}
