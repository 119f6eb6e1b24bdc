package main

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
)

// TestFiftyApproversClickAtOnce has fifty people approve one batch in the same moment, each in a browser of their own.
func TestFiftyApproversClickAtOnce(t *testing.T) {
	t.Parallel()
	const crowd = 50
	o := newOffice(t, 3)
	batch := o.submitted(o.person("finance@demo.test"))
	browsers, forms := make([]*http.Client, crowd), make([]url.Values, crowd)
	for i := range crowd {
		id := int64(o.count(`INSERT INTO staff (email, name, roles, state, password_hash, totp_secret)
			SELECT $1, $1, '{approver}', 'active', password_hash, totp_secret FROM staff WHERE email = 'approver@demo.test' RETURNING id`, fmt.Sprintf("approver%d@crowd.test", i)))
		cookie, _ := o.signedIn(id)
		browsers[i] = o.browser()
		at, err := url.Parse(o.URL)
		if err != nil {
			t.Fatal(err)
		}
		browsers[i].Jar.SetCookies(at, []*http.Cookie{cookie})
		forms[i] = form(t, o.get(browsers[i], batch), batch+"/approve")
		forms[i].Set("confirmed", "yes")
	}
	o.fresh()
	var clicks sync.WaitGroup
	status := make([]int, crowd)
	for i := range crowd {
		clicks.Go(func() { status[i] = o.post(browsers[i], batch+"/approve", forms[i]).StatusCode })
	}
	clicks.Wait()
	seen := map[int]int{}
	for _, s := range status {
		seen[s]++
	}
	if seen[http.StatusSeeOther] != 1 || seen[http.StatusConflict] != crowd-1 {
		t.Errorf("answers by status: %v, want one 303 and the others 409", seen)
	}
	if n := o.count(`SELECT count(*) FROM batch_decisions`); n != 1 {
		t.Errorf("%d decisions, want 1", n)
	}
	if n := o.count(`SELECT count(*) FROM payouts WHERE state = 'approved'`); n != 3 {
		t.Errorf("%d payouts are approved, want 3", n)
	}
	if n := o.count(`SELECT count(*) FROM audit_events WHERE action = 'batch.approve'`); n != 1 {
		t.Errorf("%d approvals in the audit log, want 1", n)
	}
}

// fresh makes the second factor of every session given just now.
func (o *office) fresh() {
	o.t.Helper()
	if _, err := o.app.db.Pool.Exec(o.t.Context(), `UPDATE staff_sessions SET factor_at = now()`); err != nil {
		o.t.Fatal(err)
	}
}
