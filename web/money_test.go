package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pagaduria/models"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
	"pagaduria/views/urls"
)

// office is a site with a simulated rail, a connection to it and payees who are owed.
type office struct {
	*site
	rail       *sim.Server
	connection int64
}

func newOffice(t *testing.T, payees int) *office {
	t.Helper()
	o := &office{site: newSite(t)}
	var err error
	if o.rail, err = sim.New(sim.Options{Manual: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.rail.Close() })
	api := httptest.NewServer(http.StripPrefix("/d24", o.rail.API()))
	t.Cleanup(api.Close)
	o.connection, err = o.app.h.Payouts.SaveConnection(t.Context(), models.System("test"), models.Connection{Slug: "d24", Rail: "d24", Name: "D24", State: "live",
		BaseURL: api.URL + "/d24", ValidityDays: 7, Rate: 10_000, Concurrency: 8},
		&models.Credentials{Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.app.h.Payouts.AddFeeSchedule(t.Context(), models.System("test"), models.FeeSchedule{ConnectionID: o.connection, From: models.Day(o.app.h.Now()),
		Tiers: []models.FeeTier{{Fixed: models.Pesos(4500)}}, Min: models.Pesos(0), IVABPS: 1900})
	if err != nil {
		t.Fatal(err)
	}
	for i := range payees {
		o.owed("CC", "10000"+strconv.Itoa(1000+i), 50_000+int64(i)*1000)
	}
	return o
}

// owed stores a verified payee in cash with one payable line.
func (o *office) owed(docType, number string, pesos int64) {
	o.t.Helper()
	_, err := o.app.db.Pool.Exec(o.t.Context(), `
WITH d AS (INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, address, city, divipola, verification, method_kind)
    VALUES ('D-' || CAST($2 AS text), 'natural', $1, CAST($2 AS text), 'Ana', 'Rojas ' || CAST($2 AS text), '+573104028587', 'Calle 1', 'Bogotá', '11001', 'verified', 'efecty_cash') RETURNING id),
m AS (INSERT INTO payout_methods (distributor_id, kind, preferred) SELECT id, 'efecty_cash', true FROM d),
l AS (INSERT INTO commission_lines (distributor_id, order_number, period, concept, amount, state) SELECT id, CAST($2 AS text), '2026-11', 'direct_sale', $3, 'eligible' FROM d RETURNING id, distributor_id, amount)
INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
SELECT 'commission_expense', 0, 'payable', distributor_id, amount, 'COP', 'accrual', 'commission', id, 1 FROM l`, docType, number, pesos*100)
	if err != nil {
		o.t.Fatal(err)
	}
}

// person is a browser signed in as a demo account.
func (o *office) person(email string) *http.Client {
	o.t.Helper()
	c := o.browser()
	if a := o.signIn(c, email); a.StatusCode != http.StatusSeeOther {
		o.t.Fatalf("sign in as %s: %s", email, a.Status)
	}
	return c
}

// stale makes the session's second factor older than the window, as after a while at work.
func (o *office) stale() {
	o.t.Helper()
	if _, err := o.app.db.Pool.Exec(o.t.Context(), `UPDATE staff_sessions SET factor_at = now() - interval '1 hour'`); err != nil {
		o.t.Fatal(err)
	}
}

// freshCode is a code the account has not used yet: the test cannot wait for the next half minute.
func (o *office) freshCode(email string) string {
	o.t.Helper()
	if _, err := o.app.db.Pool.Exec(o.t.Context(), `UPDATE staff SET totp_step = totp_step - 4 WHERE email = $1`, email); err != nil {
		o.t.Fatal(err)
	}
	code, err := o.app.h.Staff.DemoCode(o.t.Context(), email)
	if err != nil {
		o.t.Fatal(err)
	}
	return code
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// form reads the hidden fields of the form that is posted to action.
func form(t *testing.T, a answer, action string) url.Values {
	t.Helper()
	_, after, ok := strings.Cut(a.body, `action="`+action+`"`)
	if !ok {
		t.Fatalf("%s: no form to %s in\n%.3000s", a.Status, action, a.body)
	}
	inside, _, _ := strings.Cut(after, "</form>")
	v := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(inside, -1) {
		v.Add(m[1], m[2])
	}
	return v
}

// submitted composes and submits a batch in the browser of finance and answers its page's path.
func (o *office) submitted(c *http.Client) string {
	o.t.Helper()
	f := form(o.t, o.get(c, urls.NewBatch()), urls.Batches())
	f.Set("submit", "1")
	f.Set("name", "Commissions of November")
	a := o.post(c, urls.Batches(), f)
	if a.StatusCode != http.StatusSeeOther {
		o.t.Fatalf("submit: %s\n%.3000s", a.Status, a.body)
	}
	return a.Header.Get("Location")
}

func (o *office) count(sql string, args ...any) (n int) {
	o.t.Helper()
	if err := o.app.db.Pool.QueryRow(o.t.Context(), sql, args...).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

func TestTwoPeopleApproveABatch(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3)
	o.owed("PPT", "700123456", 80_000)
	finance := o.person("finance@demo.test")
	preview := o.get(finance, urls.NewBatch())
	for _, want := range []string{"Submit 3 payouts", "Document not taken by the rail", "Rojas 700123456", "Everything here stays payable"} {
		if !strings.Contains(preview.body, want) {
			t.Errorf("the preview lacks %q", want)
		}
	}
	batch := o.submitted(finance)
	own := o.get(finance, batch)
	if !strings.Contains(own.body, "You prepared this batch, so you cannot approve it.") || strings.Contains(own.body, "Hold to approve") {
		t.Error("the maker's page does not say why the button is absent")
	}
	approver := o.person("approver@demo.test")
	o.stale()
	page := o.get(approver, batch)
	if home := o.get(approver, urls.Home()); !strings.Contains(home.body, "Commissions of November") {
		t.Error("the home page does not show what waits")
	}
	f := form(t, page, batch+"/approve")
	f.Set("code", "000000")
	if a := o.post(approver, batch+"/approve", f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "That code is wrong") {
		t.Fatalf("a wrong code: %s", a.Status)
	}
	f.Set("code", o.freshCode("approver@demo.test"))
	sure := o.post(approver, batch+"/approve", f) // as without JavaScript: a plain submit
	if sure.StatusCode != http.StatusOK || !strings.Contains(sure.body, "Yes, approve") {
		t.Fatalf("a plain submit: %s\n%.2000s", sure.Status, sure.body)
	}
	confirm := form(t, sure, batch+"/approve")
	if a := o.post(approver, batch+"/approve", confirm); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("approve: %s\n%.3000s", a.Status, a.body)
	}
	if n := o.count(`SELECT count(*) FROM payouts WHERE state = 'approved'`); n != 3 {
		t.Errorf("%d payouts approved", n)
	}
	if a := o.post(approver, batch+"/approve", confirm); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "not waiting for approval") {
		t.Errorf("Back and resubmit: %s", a.Status)
	}
	if n := o.count(`SELECT count(*) FROM batch_decisions`); n != 1 {
		t.Errorf("%d decisions", n)
	}
	after := o.get(approver, batch)
	for _, want := range []string{"approved the batch.", "submitted the batch.", "data-live", "Where the payouts are"} {
		if !strings.Contains(after.body, want) {
			t.Errorf("the approved batch lacks %q", want)
		}
	}
}

func TestNobodyApprovesTheirOwnBatch(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance := o.person("finance@demo.test")
	batch := o.submitted(finance)
	if _, err := o.app.db.Pool.Exec(t.Context(), `UPDATE staff SET roles = '{finance,approver}' WHERE email = 'finance@demo.test'`); err != nil {
		t.Fatal(err)
	}
	page := o.get(finance, batch)
	f := form(t, page, batch+"/recall")
	f.Set("code", o.freshCode("finance@demo.test"))
	f.Set("confirmed", "yes")
	a := o.post(finance, batch+"/approve", f)
	if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "somebody else has to decide") {
		t.Errorf("got %s", a.Status)
	}
	if n := o.count(`SELECT count(*) FROM payouts WHERE state <> 'in_batch'`); n != 0 {
		t.Error("something moved")
	}
}

func TestStalePagesAndDoubleClicks(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance, approver := o.person("finance@demo.test"), o.person("approver@demo.test")
	second := o.person("approver2@demo.test")
	batch := o.submitted(finance)
	old := form(t, o.get(approver, batch), batch+"/approve")
	item := regexp.MustCompile(batch + `/payouts/\d+/remove`).FindString(o.get(second, batch).body)
	ask := o.get(second, item)
	if !strings.Contains(ask.body, "Remove the payout to Ana Rojas") {
		t.Fatalf("no page to remove: %s", ask.Status)
	}
	remove := form(t, ask, item)
	if a := o.post(second, item, remove); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("removal without a reason: %s", a.Status)
	}
	remove.Set("reason", "amount")
	remove.Set("note", "Looks too high")
	if a := o.post(second, item, remove); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("remove: %s", a.Status)
	}
	if page := o.get(second, batch+"?tab=removed"); !strings.Contains(page.body, "Looks too high") || !strings.Contains(page.body, "You changed this batch last") {
		t.Error("the removed payout or the banner is missing")
	}
	old.Set("code", o.freshCode("approver@demo.test"))
	old.Set("confirmed", "yes")
	if a := o.post(approver, batch+"/approve", old); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "changed after you opened it") {
		t.Errorf("a stale page: %s", a.Status)
	}
	fresh := form(t, o.get(approver, batch), batch+"/approve")
	fresh.Set("code", o.freshCode("approver@demo.test"))
	fresh.Set("confirmed", "yes")
	var clicks sync.WaitGroup
	status := make([]int, 2)
	for i := range status {
		clicks.Go(func() { status[i] = o.post(approver, batch+"/approve", fresh).StatusCode })
	}
	clicks.Wait()
	if status[0]+status[1] != http.StatusSeeOther+http.StatusConflict {
		t.Errorf("two clicks: %v", status)
	}
	if n := o.count(`SELECT count(*) FROM batch_decisions`); n != 1 {
		t.Errorf("%d decisions", n)
	}
}

func TestAPreviewThatIsNoLongerTrue(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance := o.person("finance@demo.test")
	f := form(t, o.get(finance, urls.NewBatch()), urls.Batches())
	if _, err := o.app.db.Pool.Exec(t.Context(), `UPDATE distributors SET verification = 'suspended' WHERE doc_number = '100001000'`); err != nil {
		t.Fatal(err)
	}
	a := o.post(finance, urls.Batches(), f)
	if a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "Nothing was created") || !strings.Contains(a.body, "Submit 1 payout") {
		t.Fatalf("got %s\n%.2000s", a.Status, a.body)
	}
	again := form(t, a, urls.Batches())
	if a := o.post(finance, urls.Batches(), again); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the new preview: %s", a.Status)
	}
	if a := o.get(finance, urls.NewBatch()+"?cutoff=tomorrow&period=never"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a composition that cannot be: %s", a.Status)
	}
}

func TestExcludedPayeesStayInSight(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance := o.person("finance@demo.test")
	id := o.count(`SELECT id FROM distributors WHERE doc_number = '100001001'`)
	page := o.get(finance, urls.NewBatch()+"?x="+strconv.Itoa(id))
	if !strings.Contains(page.body, "is-out") || !strings.Contains(page.body, "Include again") || !strings.Contains(page.body, "Submit 1 payout,") {
		t.Error("the excluded payee is not shown struck through")
	}
	file := o.get(finance, urls.NewBatchFilePattern+"?x="+strconv.Itoa(id))
	if file.StatusCode != http.StatusOK || !strings.Contains(file.body, "excluded") {
		t.Errorf("file: %s\n%s", file.Status, file.body)
	}
}

func TestPayoutPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 60)
	finance := o.person("finance@demo.test")
	batch := o.submitted(finance)
	list := o.get(finance, urls.Payouts())
	if n := strings.Count(list.body, `class="row-a"`); n != payouts.PageSize {
		t.Errorf("%d rows", n)
	}
	older := regexp.MustCompile(`/payouts\?after=[^"]+`).FindString(list.body)
	if a := o.get(finance, older); strings.Count(a.body, `class="row-a"`) != 10 {
		t.Error("the second page does not have the rest")
	}
	one := regexp.MustCompile(`href="(/payouts/\d+)"`).FindStringSubmatch(list.body)[1]
	for path, want := range map[string]string{
		urls.Payouts() + "?q=100001007":                           "Rojas 100001007",
		urls.Payouts() + "?state=failed":                          "Nothing matches",
		urls.Payouts() + "?method=efecty_cash&sum=1":              "60 payouts, $",
		urls.PayoutsSumPattern + "?method=efecty_cash":            "60 payouts, $",
		urls.Payouts() + "?recent=expiring&overdue=1&cause=bank":  "Nothing matches",
		urls.Payouts() + "?batch=1&from=2020-01-01&to=2099-01-01": "Ana Rojas",
		urls.PayoutsFilePattern + "?state=in_batch":               "CC •••• 1007",
		urls.Batches():                 "Commissions of November",
		urls.Batches() + "?state=done": "Nothing matches",
		batch + "?tab=all&page=1":      "Previous",
		batch + "/progress":            "Where the payouts are",
		batch + "/recall":              "Take the whole batch back?",
		one:                            "Where is the money?",
		urls.Home():                    "Waiting for others",
	} {
		a := o.get(finance, path)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("GET %s: %s, want %q in\n%.1500s", path, a.Status, want, a.body)
		}
		if key := regexp.MustCompile(`>\s*(home|batches|payouts|cause|refusal)[a-z_]*\.[a-z_.]+`).FindString(a.body); key != "" {
			t.Errorf("GET %s shows the key %s", path, key)
		}
	}
	if a := o.get(finance, urls.Payouts()+"?state=gone"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a state that is none: %s", a.Status)
	}
	if a := o.get(o.person("support@demo.test"), urls.PayoutsFilePattern+"?plain=1"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "CC 100001007") {
		t.Errorf("unmasked for support: %s", a.Status)
	}
	if a := o.get(o.person("auditor@demo.test"), urls.PayoutsFilePattern+"?plain=1"); a.StatusCode != http.StatusForbidden {
		t.Errorf("unmasked for the auditor: %s", a.Status)
	}
	if n := o.count(`SELECT count(*) FROM audit_events WHERE action = 'payout.export'`); n != 2 {
		t.Errorf("%d exports in the audit log", n)
	}
}

func TestAPayoutIsTakenBackWithoutJavaScript(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	batch := o.submitted(o.person("finance@demo.test"))
	approver := o.person("approver@demo.test")
	f := form(t, o.get(approver, batch), batch+"/approve")
	f.Set("code", o.freshCode("approver@demo.test"))
	f.Set("confirmed", "yes")
	if a := o.post(approver, batch+"/approve", f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("approve: %s", a.Status)
	}
	payout := urls.Payout(int64(o.count(`SELECT id FROM payouts`)))
	ask := o.get(approver, payout+"/cancel")
	cancel := form(t, ask, payout+"/cancel")
	if a := o.post(approver, payout+"/cancel", cancel); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Give a reason") {
		t.Errorf("without a reason: %s", a.Status)
	}
	cancel.Set("note", "The payee asked for it")
	if a := o.post(approver, payout+"/cancel", cancel); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("cancel: %s", a.Status)
	}
	if page := o.get(approver, payout); !strings.Contains(page.body, "It was taken back on") || !strings.Contains(page.body, "The payee asked for it") {
		t.Error("the page does not say what happened")
	}
	if a := o.post(approver, payout+"/cancel", cancel); a.StatusCode != http.StatusConflict {
		t.Errorf("again: %s", a.Status)
	}
}
