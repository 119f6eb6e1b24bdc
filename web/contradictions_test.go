package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/views/urls"
)

// contradicted is a failed payout that the rail says it paid, by the statement alone.
func (o *office) contradicted() string {
	o.t.Helper()
	finance, approver := o.person("finance@demo.test"), o.person("approver@demo.test")
	o.owed("CC", "20009999", 120_000)
	batch := o.submitted(finance)
	f := form(o.t, o.get(approver, batch), batch+"/approve")
	f.Set("code", o.freshCode("approver@demo.test"))
	o.post(approver, batch+"/approve", f)
	_, err := o.app.db.Pool.Exec(o.t.Context(), `
WITH p AS (UPDATE payouts SET state = 'failed', submitted_at = now(), overdue_at = now(), version = version + 1 RETURNING id)
INSERT INTO contradictions (payout_id, our_state, rail_state, origin, response, first_at, last_at) SELECT id, 'failed', 'paid', 'notification', '{"cashout_status":1}', now(), now() FROM p`)
	if err != nil {
		o.t.Fatal(err)
	}
	return urls.Contradiction(o.one(`SELECT max(id) FROM contradictions`))
}

func TestContradictionsAreSettledThroughThePages(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	at := o.contradicted()
	finance, support := o.person("finance@demo.test"), o.person("support@demo.test")
	for path, want := range map[string]string{
		urls.Contradictions():          "Rail says",
		urls.ContradictionsIn("open"):  at,
		urls.ContradictionsIn("kept"):  "Nothing matches",
		urls.Failures():                "Open contradictions",
		urls.Home():                    "Contradicted by a rail",
		at:                             "cashout_status",
		urls.ContradictionsIn("no-it"): "",
	} {
		a := o.get(finance, path)
		if !strings.Contains(a.body, want) || want == "" && a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s without %q", path, a.Status, want)
		}
	}
	settle := at + "/settle"
	if strings.Contains(o.get(support, at).body, settle) {
		t.Error("support is offered to settle it")
	}
	f := form(t, o.get(finance, at), settle)
	f.Set("how", string(models.ContradictionKept))
	if a := o.post(finance, settle, f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Say what proves it") {
		t.Errorf("without evidence: %s", a.Status)
	}
	f.Set("evidence", "Case 4711")
	asked := o.post(finance, settle, f)
	if asked.StatusCode != http.StatusSeeOther {
		t.Fatalf("settle: %s\n%.2000s", asked.Status, asked.body)
	}
	if page := o.get(finance, at); strings.Contains(page.body, `action="`+settle) || !strings.Contains(page.body, "A second person is asked") {
		t.Error("it can be asked for twice")
	}
	request := asked.Header.Get("Location")
	approver := o.person("approver2@demo.test")
	page := o.get(approver, request)
	if !strings.Contains(page.body, "Failed") || strings.Contains(page.body, "state.payout") {
		t.Error("the request does not say the states in words")
	}
	grant := form(t, page, request+"/consent")
	grant.Set("code", o.freshCode("approver2@demo.test"))
	if a := o.post(approver, request+"/consent", grant); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("consent: %s\n%.2000s", a.Status, a.body)
	}
	if a := o.get(finance, at); !strings.Contains(a.body, "Ours kept") {
		t.Error("it is not settled")
	}
	if a := o.get(finance, urls.Contradictions()+"?"+url.Values{"after": {"x"}}.Encode()); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a bad cursor: %s", a.Status)
	}
}
