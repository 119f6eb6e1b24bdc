package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// looks cover every page at each width, theme and language; together they are few enough for every run.
var looks = []look{
	{1440, 900, "light", "en"},
	{390, 844, "dark", "es-CO"},
	{1440, 900, "dark", "zh-CN"},
}

// page is one address to look at.
type page struct {
	path   string
	as     string // e-mail of the demo account; "" before signing in
	status int
	late   bool // it may say that the payout, or the batch, has moved on: the simulated rail goes its own way meanwhile
}

// records are queries for what :id stands for below a root: a record that shows much.
var records = map[string]string{
	"/distributors/:id":        `SELECT distributor_id FROM payouts WHERE state = 'paid' ORDER BY id DESC LIMIT 1`,
	"/distributors/import/:id": `SELECT max(id) FROM imports WHERE kind = 'distributors'`,
	"/orders/import/:id":       `SELECT max(id) FROM imports WHERE kind = 'orders'`,
	"/commissions/import/:id":  `SELECT max(id) FROM imports WHERE kind = 'commissions'`,
	"/tracking/import/:id":     `SELECT max(id) FROM imports WHERE kind = 'tracking'`,
	"/distributors/merges/:id": `SELECT max(id) FROM merges`,
	"/carriers/:id":            `SELECT id FROM carriers WHERE slug = 'coordinadora'`,
	"/shops/:id":               `SELECT min(id) FROM shops`,
	"/shops/messages/:id":      `SELECT max(id) FROM shop_deliveries WHERE verdict = 'accepted'`,
	"/orders/:id":              `SELECT o.id FROM orders o JOIN commission_lines l ON l.order_number = o.number ORDER BY o.id DESC LIMIT 1`,
	"/batches/:id":             `SELECT id FROM batches WHERE state = 'in_approval' ORDER BY id DESC LIMIT 1`,
	"/contradictions/:id":      `SELECT max(id) FROM contradictions`,
	"/rules/:id":               `SELECT max(id) FROM rule_versions WHERE state <> 'replaced'`,
	"/payouts/:id":             `SELECT payout_id FROM payout_attempts ORDER BY id DESC LIMIT 1`,
	"/webhooks/events/:id":     `SELECT max(id) FROM webhook_events`,
	"/connections/:id":         `SELECT id FROM connections WHERE slug = 'demo'`,
	"/staff/:id":               `SELECT id FROM staff WHERE email = 'support@demo.test'`,
	"/outbox/:id":              `SELECT max(id) FROM mails`,
	"/requests/:id":            `SELECT max(id) FROM requests`,
	"/tasks/:id":               `SELECT max(id) FROM tasks`,
	"/plans/:id":               `SELECT max(id) FROM plans`,
	"/ros/:id":                 `SELECT max(id) FROM ros_reports`,
	"/privacy/payees/:id":      `SELECT min(id) FROM distributors`,
	"/risk/payees/:id":         `SELECT min(distributor_id) FROM risk_scores`,
	"/kyc/:id":                 `SELECT max(id) FROM kyc_cases WHERE state = 'started'`,
	"/reviews/:id":             `SELECT max(id) FROM kyc_cases WHERE state = 'submitted'`,
	"/schedules/:id":           `SELECT min(id) FROM schedules`,
	"/views/:id":               `SELECT min(id) FROM saved_views`,
	"/screening/lists/:id":     `SELECT max(id) FROM sanctions_versions`,
	"/screening/hits/:id":      `SELECT max(id) FROM screening_hits`,
	"/screening/entries/:id":   `SELECT min(id) FROM sanctions_entries`,
}

// addresses are queries for the whole path, where the records' ids depend on each other or on a state.
var addresses = map[string]string{
	"/distributors/:id/evidence/:file": `SELECT format('/distributors/%s/evidence/%s', distributor_id, file_id) FROM verifications WHERE file_id IS NOT NULL LIMIT 1`,
	"/distributors/:id/documents":      `SELECT format('/distributors/%s/documents', max(distributor_id)) FROM documents`,
	"/distributors/:id/documents/new":  `SELECT format('/distributors/%s/documents/new?kind=identity', max(distributor_id)) FROM documents`,
	"/distributors/:id/documents/:doc": `SELECT format('/distributors/%s/documents/%s', distributor_id, id) FROM documents ORDER BY id DESC LIMIT 1`,
	"/distributors/:id/documents/:doc/pages/:page": `SELECT format('/distributors/%s/documents/%s/pages/%s', d.distributor_id, d.id, b.id) FROM documents d
		JOIN document_versions v ON v.document_id = d.id JOIN document_files f ON f.version_id = v.id JOIN document_blobs b ON b.file_id = f.id AND b.page > 0
		ORDER BY d.id DESC LIMIT 1`,
	"/distributors/:id/methods/:method/retire": `SELECT format('/distributors/%s/methods/%s/retire', distributor_id, id) FROM payout_methods ORDER BY id LIMIT 1`,
	"/distributors/:id/merge/:other":           `SELECT format('/distributors/%s/merge/%s', first_id, second_id) FROM likenesses ORDER BY id DESC LIMIT 1`,
	"/distributors/:id/distinct/:other":        `SELECT format('/distributors/%s/distinct/%s', first_id, second_id) FROM likenesses ORDER BY id LIMIT 1`,
	"/batches/:id/payouts/:payout/remove": `SELECT format('/batches/%s/payouts/%s/remove', b.id, p.id) FROM batches b JOIN payouts p ON p.batch_id = b.id
		WHERE b.state = 'in_approval' ORDER BY p.id DESC LIMIT 1`,
	"/batches/:id/progress":        `SELECT format('/batches/%s/progress', id) FROM batches WHERE state IN ('dispatching', 'done') ORDER BY id DESC LIMIT 1`,
	"/batches/:id/payouts/:payout": `SELECT format('/batches/%s/payouts/%s', batch_id, payout_id) FROM payout_findings ORDER BY payout_id DESC LIMIT 1`,
	"/batches/:id/remove": `SELECT format('/batches/%s/remove?ids=%s', b.id, p.id) FROM batches b JOIN payouts p ON p.batch_id = b.id
		WHERE b.state = 'in_approval' AND p.removed_reason = '' ORDER BY p.id DESC LIMIT 1`,
	"/reviews/assign":        `SELECT format('/reviews/assign?ids=%s', max(id)) FROM kyc_cases WHERE state = 'submitted'`,
	"/reviews/ask":           `SELECT format('/reviews/ask?ids=%s', max(id)) FROM kyc_cases WHERE state = 'submitted'`,
	"/reviews/tag":           `SELECT format('/reviews/tag?ids=%s', max(id)) FROM kyc_cases WHERE state = 'submitted'`,
	"/ros/new":               `SELECT format('/ros/new?distributor=%s', min(id)) FROM distributors`,
	"/orders/attribute":      `SELECT format('/orders/attribute?ids=%s', max(id)) FROM orders WHERE attributed_by = ''`,
	"/batches/decide":        `SELECT '/batches/decide?all=1'`,
	"/exports/statement":     `SELECT format('/exports/statement?distributor=%s', min(id)) FROM distributors`,
	"/batches/:id/take-back": `SELECT format('/batches/%s/take-back', id) FROM batches ORDER BY state = 'dispatching' DESC, id DESC LIMIT 1`,
	"/topups/:topup":         `SELECT format('/topups/%s', max(id)) FROM float_topups`,
	"/caps/:cap":             `SELECT format('/caps/%s', max(id)) FROM caps`,
	"/payouts/remind":        `SELECT '/payouts/remind?recent=expiring'`,
	"/commissions/hold":      `SELECT '/commissions/hold?all=1'`,
	"/commissions/release":   `SELECT '/commissions/release?all=1'`,
	"/failures":              `SELECT '/failures?cause=expired'`,
	"/failures/reissue":      `SELECT '/failures/reissue?all=1'`,
	"/payouts/:id/name": `SELECT format('/payouts/%s/name', p.id) FROM payouts p JOIN payout_lines x ON x.payout_id = p.id JOIN commission_lines l ON l.id = x.line_id
		WHERE p.state IN ('expired', 'failed') AND l.state = 'eligible' ORDER BY p.cause = 'name' DESC, p.id DESC LIMIT 1`,
	"/payouts/:id/network": `SELECT format('/payouts/%s/network', p.id) FROM payouts p JOIN payout_lines x ON x.payout_id = p.id JOIN commission_lines l ON l.id = x.line_id
		WHERE p.state = 'expired' AND l.state = 'eligible' ORDER BY p.id DESC LIMIT 1`,
	"/payouts/:id/hold":    `SELECT format('/payouts/%s/hold', id) FROM payouts ORDER BY state = 'sent' DESC, id DESC LIMIT 1`,
	"/payouts/:id/cancel":  `SELECT format('/payouts/%s/cancel', id) FROM payouts ORDER BY state IN ('sent', 'approved') DESC, id DESC LIMIT 1`,
	"/payouts/:id/release": `SELECT format('/payouts/%s/release', id) FROM payouts ORDER BY state = 'on_hold' DESC, id DESC LIMIT 1`,
}

var parameter = regexp.MustCompile(`:[a-z]+`)

// outside are GET routes for programs: they answer, and are no pages.
var outside = []string{"/healthz", "/readyz", "/metrics", "/static/*"}

// TestEveryPage visits every GET route of the running product, in each look and as somebody it is for, and the
// states that a list and a record can be in, in one look each.
func TestEveryPage(t *testing.T) {
	p := install(t, "--demo")
	chromium := browser(t)
	p.settle()
	admin := p.as(t, chromium, "admin@demo.test", looks[0])
	p.prepare(t, chromium)
	routes, others := p.pagesOf(routesOf(t, admin)), states(p)
	pages := append(routes, others...)
	sessions := p.signEverybodyIn(t, chromium, pages)
	var wait sync.WaitGroup
	for n, l := range looks {
		wait.Go(func() {
			b := open(t, chromium, p.url, l)
			for i, at := range pages {
				if i >= len(routes) && i%len(looks) != n {
					continue // the same templates in another state: one look each
				}
				if found := b.inspect(at, sessions[at.as]); len(found) > 0 {
					t.Errorf("%s in %s%s", at.path, l, report(found))
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%d pages in %d looks", len(pages), len(looks))
}

// inspect opens one address and answers what is wrong with it.
func (b *tab) inspect(at page, session string) []string {
	b.setCookie(sessionCookie, session)
	if isFile(at.path) {
		return b.fetches(at)
	}
	b.mu.Lock()
	b.allowed = at.status >= 400 || at.late
	b.mu.Unlock()
	status, err := b.to(at.path)
	if err != nil {
		return []string{err.Error()}
	}
	found := b.check(b.look == looks[0])
	if status != at.status && !(at.late && status == 409) {
		found = append(found, fmt.Sprintf("status %d as %s", status, at.as))
	}
	return found
}

// isFile answers whether the address is a download or a part of a page.
func isFile(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".pdf") || strings.HasSuffix(path, "/progress") || strings.HasSuffix(path, "/here") || strings.HasSuffix(path, "/sum") || slices.Contains(outside, path) ||
		strings.Contains(path, "/evidence/") || strings.Contains(path, "/pages/")
}

// fetches asks for something that is not a page, from a page of ours.
func (b *tab) fetches(at page) []string {
	got := value[string](b, fmt.Sprintf(`fetch(%q, {headers: {'HX-Request': 'true'}}).then(async r => r.status + ' ' + (await r.text()).length)`, at.path))
	if status, size, _ := strings.Cut(got, " "); status != fmt.Sprint(at.status) || size == "0" {
		return []string{"answers " + got + " bytes as " + at.as}
	}
	return b.faults()
}

// settle waits until what the demo sends on its way has happened.
func (p *product) settle() {
	p.t.Helper()
	p.eventually(60*time.Second, "the demo sends nothing", func() bool {
		return p.number(`SELECT count(*) FROM webhook_events`) > 0 && p.number(`SELECT count(*) FROM payouts WHERE state = 'paid'`) > 0
	})
}

// prepare hands in files and records decisions, so that the pages of both have something to show.
func (p *product) prepare(t testing.TB, chromium context.Context) {
	t.Helper()
	finance := p.as(t, chromium, "finance@demo.test", looks[1])
	for kind := range data {
		finance.upload(p, kind)
		if kind == "distributors" {
			finance.take(p)
		}
	}
	_, told := p.pool.Exec(context.Background(), `INSERT INTO contradictions (payout_id, our_state, rail_state, rail_code, rail_reason, origin, url, response, first_at, last_at)
		SELECT max(id), 'expired', 'paid', '100', 'Cashout paid', 'notification', 'https://api.example.test/v3/cashout/status', '{"cashout_id":"4711","cashout_status":1}', now(), now() FROM payouts WHERE state = 'expired'`)
	if told != nil {
		t.Fatal(told)
	}
	_, asked := p.pool.Exec(context.Background(), `INSERT INTO requests (kind, subject_type, subject_id, payload, reason, maker_id)
		SELECT 'method.change', 'distributor', (SELECT min(id) FROM distributors), '{}', 'More volume', id FROM staff WHERE email = 'finance@demo.test'`)
	if asked != nil {
		t.Fatal(asked)
	}
	p.setUpLink("every.mail@example.test", "Mario Mora", "support")
	p.formLink = p.inviteToForm(t, chromium)
	compliance := p.as(t, chromium, "compliance@demo.test", looks[2])
	compliance.decide(p)
	compliance.addDocument(p)
	_, err := p.pool.Exec(context.Background(), `INSERT INTO ros_reports (distributor_id, operation, signals, amount, from_on, to_on, author_id, author_name, created_at, updated_at)
		SELECT (SELECT min(id) FROM distributors), 'Many payouts on one day', 'No orders', 100000000, '2026-01-01', '2026-01-31', id, name, now(), now() FROM staff WHERE email = 'compliance@demo.test'`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.pool.Exec(context.Background(), `INSERT INTO schedules (name, connection_id, cadence, weekdays, at, shift, submit, maker_id, since)
		SELECT 'Fridays', min(id), 'weekly', '{5}', 600, 'next', false, (SELECT id FROM staff WHERE email = 'finance@demo.test'), now() FROM connections`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.pool.Exec(context.Background(), `INSERT INTO saved_views (list, name, query, owner_id, shared)
		SELECT 'payouts', v.name, query, s.id, shared FROM staff s,
			(VALUES ('Collected in the last 7 days', 'cols=none&cols=state&cols=changed&cols=amount&from=-7d&state=paid', false), ('Waiting at a counter', 'state=available', true),
				('Of last month, as it was kept years ago', 'from=last_month&to=last_month&state=vanished', false)) v (name, query, shared)
		WHERE s.email = 'finance@demo.test'`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.pool.Exec(context.Background(), `INSERT INTO rule_versions (number, rules, author_ids)
		SELECT 2, '[{"name": "Large batches", "blocks": [[{"kind": "total", "amount": {"Minor": 2000000000, "Currency": "COP"}}]], "steps": [{"mode": "n_of", "roles": ["approver"], "count": 2}]}]', ARRAY[id]
		FROM staff WHERE email = 'admin@demo.test'`)
	if err != nil {
		t.Fatal(err)
	}
}

// pagesOf turns the route table into addresses. A route nobody knows an address for fails the test.
func (p *product) pagesOf(routes []route) []page {
	p.t.Helper()
	var pages []page
	for _, r := range routes {
		if r.pattern == "/static/*" {
			continue
		}
		at := page{path: p.addressOf(r.pattern), as: r.visitor(), status: 200, late: strings.HasPrefix(r.pattern, "/payouts/:id/") || r.pattern == "/batches/:id/take-back"}
		if strings.HasPrefix(r.pattern, "/signin") || strings.HasPrefix(r.pattern, "/setup/") || strings.HasPrefix(r.pattern, "/p/") {
			at.as = ""
		}
		if at.path != "" {
			pages = append(pages, at)
		}
	}
	return pages
}

// addressOf is where a pattern is visited; "" for one that is looked at on the way to the others.
func (p *product) addressOf(pattern string) string {
	p.t.Helper()
	switch {
	case pattern == "/setup/:token":
		return p.setUpLink("every.page@example.test", "Nora Peña", "support")
	case pattern == "/p/:token/documents/:item/:page", // needs the device that sent it, see payee_test.go
		pattern == "/signin/code",    // needs a password first, see signInDemo
		pattern == "/tasks/:id/file": // needs an export of one's own, see web
		return ""
	case strings.HasPrefix(pattern, "/p/:token"):
		return strings.NewReplacer("/p/:token", p.formLink, ":step", "consent").Replace(pattern)
	case strings.HasPrefix(pattern, "/kyc/:id/fill/"):
		return strings.NewReplacer(":id", fmt.Sprint(p.number(records["/kyc/:id"])), ":step", "payment").Replace(pattern)
	}
	if sql, ok := addresses[pattern]; ok {
		var path string
		if err := p.pool.QueryRow(context.Background(), sql).Scan(&path); err != nil {
			p.t.Errorf("GET %s: %v", pattern, err)
		}
		return path
	}
	if !strings.Contains(pattern, ":") {
		return pattern
	}
	root := parameter.FindString(pattern)
	root = pattern[:strings.Index(pattern, root)+len(root)]
	sql, ok := records[root]
	if !ok {
		p.t.Errorf("GET %s: no record is known for it, add one", pattern)
		return ""
	}
	return strings.Replace(pattern, ":id", fmt.Sprint(p.number(sql)), 1)
}

// setUpLink invites somebody by the command and answers the path of their one-time link.
func (p *product) setUpLink(email, name, roles string) string {
	p.t.Helper()
	said := p.run("staff", "add", "--email", email, "--name", name, "--role", roles)
	for _, word := range strings.Fields(said) {
		if u, err := url.Parse(word); err == nil && strings.HasPrefix(u.Path, "/setup/") {
			return u.Path
		}
	}
	p.t.Fatalf("staff add printed no link:\n%s", said)
	return ""
}

// states are what pages look like when there is nothing, too much or something wrong.
func states(p *product) []page {
	finance, auditor := "finance@demo.test", "auditor@demo.test"
	pages := []page{
		{path: "/no/such/page", status: 404}, {path: "/no/such/page", as: finance, status: 404}, {path: "/payouts/999999999", as: finance, status: 404},
		{path: "/batches/999999999", as: auditor, status: 404}, {path: "/staff", as: "support@demo.test", status: 403}, {path: "/signin", status: 200},
		{path: "/setup/of-somebody-else", status: 404}, {path: "/audit?action=no.such", as: auditor, status: 200}, {path: "/search?q=Mar", as: finance, status: 200},
		{path: "/search?q=zzzzqqqq", as: finance, status: 200}, {path: "/failures", as: finance, status: 200}, {path: "/failures?cause=name", as: auditor, status: 200},
		{path: "/failures?cause=no-such", as: auditor, status: 422},
		{path: "/tax?amount=500000&on=2026-06-15&person=juridical&responsible=1&income=1&reteiva=1&iva=19&ica=9,66&municipality=11001&step=1&minimum_step=1000&all=1", as: finance, status: 200},
		{path: "/tax?amount=&on=&step=1&minimum_step=1", as: auditor, status: 422},
	}
	for _, id := range p.numbers(`SELECT id FROM saved_views`) {
		pages = append(pages, page{path: fmt.Sprintf("/payouts?view=%d", id), as: finance, status: 200})
	}
	pages = append(pages, page{path: "/payouts?from=-7d&cols=none&cols=state&cols=changed&cols=amount&view=1", as: finance, status: 200},
		page{path: "/views/payouts?from=last_month&to=last_month&state=paid", as: finance, status: 200}, page{path: "/views/orders?payment=cod", as: "support@demo.test", status: 200},
		page{path: "/orders?from=this_month&to=-1d", as: finance, status: 200}, page{path: "/webhooks?from=last_week&until=last_week", as: auditor, status: 200})
	for _, list := range []string{"/distributors", "/commissions", "/orders", "/batches", "/payouts", "/webhooks", "/audit", "/staff"} {
		pages = append(pages, page{path: list + "?q=zzzzqqqq", as: auditor, status: 200})
	}
	for _, list := range []string{"/distributors", "/commissions", "/orders", "/batches", "/payouts", "/webhooks", "/audit"} {
		pages = append(pages, page{path: list + "?after=not-a-cursor", as: auditor, status: 422})
	}
	for _, of := range []struct{ kind, as, sql string }{
		{"payouts", "support@demo.test", `SELECT DISTINCT ON (state) id FROM payouts ORDER BY state, id DESC`},
		{"batches", "approver@demo.test", `SELECT DISTINCT ON (state) id FROM batches ORDER BY state, id DESC`},
		{"webhooks/events", "admin@demo.test", `SELECT DISTINCT ON (verdict) id FROM webhook_events ORDER BY verdict, id DESC`},
		{"distributors", "compliance@demo.test", `SELECT DISTINCT ON (verification) id FROM distributors ORDER BY verification, id DESC`},
		{"connections", "admin@demo.test", `SELECT id FROM connections`},
	} {
		for _, id := range p.numbers(of.sql) {
			pages = append(pages, page{path: fmt.Sprintf("/%s/%d", of.kind, id), as: of.as, status: 200})
		}
	}
	return pages
}

// numbers asks the database for some.
func (p *product) numbers(sql string) []int64 {
	p.t.Helper()
	rows, err := p.pool.Query(context.Background(), sql)
	if err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			p.t.Fatal(err)
		}
		all = append(all, n)
	}
	if err := rows.Err(); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	return all
}

// signEverybodyIn signs in whoever the pages need, once, and answers their sessions. It looks at the pages on the way.
func (p *product) signEverybodyIn(t testing.TB, chromium context.Context, pages []page) map[string]string {
	t.Helper()
	for i, at := range pages {
		if _, ok := p.sessions[at.as]; ok || at.as == "" {
			continue
		}
		b := open(t, chromium, p.url, looks[i%len(looks)])
		b.deep = true
		b.signInDemo(at.as)
		p.keep(at.as, b)
	}
	sessions := maps.Clone(p.sessions)
	sessions[""] = "nobody"
	return sessions
}
