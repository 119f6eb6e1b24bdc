package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"pagaduria/providers/d24/sim"
)

// The statement of models/intake/testdata/payouts and its distributors, as their READMEs count them.
const (
	refusedDistributors = 100
	refusedLines        = 263
)

// TestTheWholeJob pays a commission statement, in Chromium, on an installation without demo data: two people in
// finance and approval, a compliance officer, and a cashier at the simulated counter.
func TestTheWholeJob(t *testing.T) {
	p := install(t)
	rail := p.sandbox()
	chromium := browser(t)
	person := func(name, role string) *person {
		who := p.invite(open(t, chromium, p.url, looks[0]), name, role)
		who.signIn()
		return who
	}
	admin, finance := person("Adela Torres", "admin"), person("Fabio Luna", "finance")
	compliance, approver := person("Carmen Páez", "compliance"), person("Andrés Gil", "approver")
	finance.expectCleanAt("/", "/distributors", "/commissions", "/orders", "/batches", "/batches/new", "/payouts", "/ledger", "/distributors/import")
	admin.expectCleanAt("/connections", "/webhooks", "/outbox", "/audit")

	admin.connect(p, rail)
	finance.importFile(p, "distributors", refusedDistributors)
	compliance.verifyEverybody(p)
	finance.importFile(p, "commissions", refusedLines)
	batch := finance.composeBatch(p)
	finance.cannotApprove(p, batch)
	approver.approve(p, batch)
	p.pay(open(t, chromium, rail, looks[1]), rail, batch)

	finance.expectCleanAt(fmt.Sprintf("/batches/%d", batch), "/payouts", "/ledger", "/")
	p.reckon(rail, batch)
}

// sandbox starts the rail simulators in a process of their own and answers their address.
func (p *product) sandbox() string {
	p.t.Helper()
	addr := freeAddress(p.t)
	p.start("sandbox", "--addr", addr)
	p.await("http://" + addr + "/sim/summary")
	return "http://" + addr
}

// connect sets the connection to the rail up by its form.
func (w *person) connect(p *product, rail string) {
	w.t.Helper()
	w.visit("/connections/new")
	for name, v := range map[string]string{"name": "D24", "slug": "d24-main", "base_url": rail + "/d24", "login": sim.DefaultLogin,
		"pass": sim.DefaultPass, "signature": sim.DefaultSignature, "rate": "500", "concurrency": "16", "egress_address": "127.0.0.1"} {
		w.fill("input[name="+name+"]", v)
	}
	w.choose("input[name=state][value=live]", "")
	w.submit("input[name=slug]")
	w.expectClean()
	if n := p.number(`SELECT count(*) FROM connections WHERE state = 'live'`); n != 1 {
		w.t.Fatalf("%d live connections:\n%s", n, w.text("main"))
	}
}

// importFile brings a file in; the preview tells exactly what is refused, and nothing is in before it is taken.
func (w *person) importFile(p *product, kind string, refused int64) {
	w.t.Helper()
	table := map[string]string{"distributors": "distributors", "commissions": "commission_lines"}[kind]
	w.upload(p, kind)
	w.expectClean()
	w.says(fmt.Sprint(refused), "Nothing has changed yet.")
	if n := p.number(`SELECT (result->>'refused')::bigint FROM imports ORDER BY id DESC LIMIT 1`); n != refused {
		w.t.Errorf("%s: %d rows are refused, want %d", kind, n, refused)
	}
	if n := p.number("SELECT count(*) FROM " + table); n != 0 {
		w.t.Fatalf("%d %s before the import was taken", n, table)
	}
	w.take(p)
	w.expectClean()
	created := p.number(`SELECT (result->>'created')::bigint FROM imports ORDER BY id DESC LIMIT 1`)
	if n := p.number("SELECT count(*) FROM " + table); n != created || n == 0 {
		w.t.Fatalf("%d %s are in, the page says %d", n, table, created)
	}
}

// verifyEverybody records decisions for all unverified distributors: the count is shown first, rows with a warning are
// left out, and the evidence can be opened afterwards.
func (w *person) verifyEverybody(p *product) {
	w.t.Helper()
	warned := p.number(`SELECT count(*) FROM distributors WHERE cardinality(warnings) > 0`)
	plain := p.number(`SELECT count(*) FROM distributors WHERE cardinality(warnings) = 0`)
	w.visit("/distributors/decisions?to=verified&verification=unverified")
	w.expectClean()
	w.says(grouped(plain)+" distributors will be changed", grouped(warned))
	w.decide(p)
	w.expectClean()
	if n := p.number(`SELECT count(*) FROM distributors WHERE verification = 'verified'`); n != plain {
		w.t.Errorf("%d are verified, the page said %d", n, plain)
	}
	if n := p.number(`SELECT count(*) FROM distributors WHERE verification = 'verified' AND cardinality(warnings) > 0`); n != 0 {
		w.t.Errorf("%d with a warning are verified", n)
	}
}

// composeBatch takes everything that can be paid into a batch, sees who is left out, and submits it.
func (w *person) composeBatch(p *product) (batch int64) {
	w.t.Helper()
	w.visit("/batches/new")
	w.expectClean()
	w.says("Left out of this batch")
	if n := value[int64](w.tab, `[...document.querySelectorAll('#left li')].filter(li => li.textContent.includes('PPT')).length`); n == 0 ||
		n != p.number(`SELECT count(DISTINCT d.id) FROM distributors d JOIN commission_lines l ON l.distributor_id = d.id
			WHERE d.doc_type = 'PPT' AND d.verification = 'verified'`) {
		w.t.Errorf("%d holders of a PPT are named as left out", n)
	}
	before := p.number(`SELECT count(*) FROM batches`)
	if before != 0 {
		w.t.Fatalf("looking at the preview made %d batches", before)
	}
	count := p.number(`SELECT count(DISTINCT l.distributor_id) FROM commission_lines l JOIN distributors d ON d.id = l.distributor_id WHERE d.verification = 'verified'`)
	w.fill("input[name=name]", "Commissions of the statement")
	w.click("#decide button[name=submit]")
	w.expectClean()
	batch = p.number(`SELECT max(id) FROM batches WHERE state = 'in_approval'`)
	items := p.number(`SELECT count(*) FROM payouts WHERE batch_id = $1`, batch)
	if batch == 0 || items < 700 || items > count {
		w.t.Fatalf("batch %d has %d payouts of %d payees:\n%s", batch, items, count, w.text("main"))
	}
	if n := p.number(`SELECT count(*) FROM payouts WHERE batch_id = $1 AND doc_type = 'PPT'`, batch); n != 0 {
		w.t.Errorf("%d payouts to holders of a PPT, which the rail does not take", n)
	}
	w.t.Logf("%d payouts", items)
	return batch
}

// cannotApprove sees why there is no button, and is refused without one, too.
func (w *person) cannotApprove(p *product, batch int64) {
	w.t.Helper()
	w.visit(fmt.Sprintf("/batches/%d", batch))
	w.says("You prepared this batch, so you cannot approve it.")
	if w.has("#approve") {
		w.t.Error("the maker has a form to approve")
	}
	if status := w.posts(fmt.Sprintf("/batches/%d/approve", batch), map[string]string{"code": w.code(), "confirmed": "yes"}); status != http.StatusForbidden {
		w.t.Errorf("the maker's approval is answered with %d", status)
	}
	if n := p.number(`SELECT count(*) FROM batches WHERE id = $1 AND state = 'in_approval'`, batch); n != 1 {
		w.t.Fatal("the maker's attempt changed the batch")
	}
}

// approve types a fresh code and holds the button.
func (w *person) approve(p *product, batch int64) {
	w.t.Helper()
	w.visit(fmt.Sprintf("/batches/%d", batch))
	w.expectClean()
	w.fill("#approve input[name=code]", w.code())
	w.hold(p, batch)
	w.visit(fmt.Sprintf("/batches/%d", batch))
	w.expectClean()
}

// hold keeps the button of a batch pressed until it is approved; a short press is not enough.
func (b *tab) hold(p *product, batch int64) {
	b.t.Helper()
	at := value[[]float64](b, `(() => { const b = document.querySelector('#approve .hold-btn'); b.scrollIntoView({block: 'center'});
		const r = b.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	b.must(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, at[0], at[1], chromedp.ButtonLeft))
	decided := func() bool { return p.number(`SELECT count(*) FROM batch_decisions WHERE batch_id = $1`, batch) == 1 }
	if decided() {
		b.t.Error("a short press approved the batch")
	}
	p.eventually(15*time.Second, "holding the button does not approve", decided)
	b.must(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, at[0], at[1], chromedp.ButtonLeft))
}

// pay plays the counter until every payout of the batch has come to its end: one is collected, one refused and one left
// to expire by hand, the others are collected.
func (p *product) pay(cashier *tab, rail string, batch int64) {
	p.t.Helper()
	waiting := func() bool { return summary(p, rail).Waiting > 10 }
	p.eventually(2*time.Minute, "nothing waits at the counter", waiting)
	open := func() int64 {
		return p.number(`SELECT count(*) FROM payouts WHERE batch_id = $1 AND state NOT IN ('paid', 'failed', 'expired', 'returned', 'cancelled')`, batch)
	}
	for _, path := range []string{"/teller", "/teller/switches", "/teller/amounts", "/"} {
		cashier.visit(path)
		if found := cashier.accessible(); len(found) > 0 {
			p.t.Errorf("%s of the counter%s", path, report(found))
		}
	}
	for _, act := range []string{"collect", "refuse", "expire"} {
		cashier.visit("/teller")
		cashier.click(fmt.Sprintf("ul.orders li form[action$=%q] button", "/"+act))
	}
	p.eventually(3*time.Minute, "the batch does not come to its end", func() bool {
		res, err := http.Post(rail+"/sim/collect-all", "application/json", strings.NewReader("{}"))
		if err == nil {
			_ = res.Body.Close()
		}
		return open() == 0
	})
}

func summary(p *product, rail string) (s sim.Summary) {
	p.t.Helper()
	res, err := http.Get(rail + "/sim/summary")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// reckon checks that everybody's books agree in the end.
func (p *product) reckon(rail string, batch int64) {
	p.t.Helper()
	items := p.number(`SELECT items FROM batches WHERE id = $1`, batch)
	if n := int64(summary(p, rail).Orders); n != items {
		p.t.Errorf("the rail has %d orders for %d payouts", n, items)
	}
	p.eventually(time.Minute, "the batch is not done", func() bool {
		return p.number(`SELECT count(*) FROM batches WHERE id = $1 AND state = 'done'`, batch) == 1
	})
	for state, least := range map[string]int64{"paid": 700, "expired": 1, "failed": 1} {
		if n := p.number(`SELECT count(*) FROM payouts WHERE batch_id = $1 AND state = $2`, batch, state); n < least {
			p.t.Errorf("%d payouts are %s, want at least %d", n, state, least)
		}
	}
	if n := p.number(`SELECT count(*) FROM webhook_events WHERE verdict = 'accepted'`); n < items {
		p.t.Errorf("%d notifications are kept for %d payouts", n, items)
	}
	p.t.Log(p.run("ledger", "verify"), p.run("audit", "verify"))
}

// grouped writes a number as pages do: 1.234.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}
