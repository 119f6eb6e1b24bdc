package main

import (
	"net/http"
	"strings"
	"testing"

	"pagaduria/views/urls"
)

func TestANameIsCorrectedInABrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance := o.person("finance@demo.test")
	id := o.failed(finance, "failed", "name", "806")[0]
	page := o.get(finance, urls.Payout(id))
	for _, want := range []string{"Name does not match", "Correct the name", "The network is not changed:", "What cannot be done, and why"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the payout lacks %q", want)
		}
	}
	ask := o.get(finance, urls.CorrectName(id))
	if !strings.Contains(ask.body, "Somebody of compliance consents") || !strings.Contains(ask.body, `value="Ana"`) {
		t.Fatalf("the form: %s\n%.2000s", ask.Status, ask.body)
	}
	f := form(t, ask, urls.CorrectName(id))
	f.Set("first_names", "Ana María")
	f.Set("last_names", "")
	f.Set("doc_type", "CC")
	f.Set("doc_number", "52147896")
	f.Set("reason", "The cashier read another name")
	if a := o.post(finance, urls.CorrectName(id), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="Ana María"`) {
		t.Errorf("without a surname: %s", a.Status)
	}
	f.Set("last_names", "Rojas Páez")
	if a := o.post(finance, urls.CorrectName(id), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("asked: %s\n%.2000s", a.Status, a.body)
	}
	if a := o.post(finance, urls.CorrectName(id), f); a.StatusCode != http.StatusConflict {
		t.Errorf("asked for twice: %s", a.Status)
	}
	if a := o.get(finance, urls.Payout(id)); !strings.Contains(a.body, "a second person has to consent") || strings.Contains(a.body, urls.CorrectName(id)+`"`) {
		t.Error("the payout does not say that it waits for a consent, or offers to ask again")
	}
	auditor := o.person("auditor@demo.test")
	if a := o.post(auditor, urls.CorrectName(id), f); a.StatusCode != http.StatusForbidden {
		t.Errorf("the auditor: %s", a.Status)
	}
	request := int64(o.count(`SELECT max(id) FROM requests WHERE kind = 'payout.correct_name'`))
	compliance := o.person("compliance@demo.test")
	shown := o.get(compliance, urls.Request(request))
	for _, want := range []string{"Right name of a payee", "Rojas Páez", "The cashier read another name", "Given names"} {
		if !strings.Contains(shown.body, want) {
			t.Errorf("the request lacks %q", want)
		}
	}
	if strings.Contains(shown.body, "52147896") {

		t.Error("the request shows the number whole")
	}
	r := form(t, shown, urls.RevealRequest(request))
	if a := o.post(compliance, urls.RevealRequest(request), r); a.StatusCode != http.StatusUnprocessableEntity || strings.Contains(a.body, "52147896") {
		t.Errorf("revealed without a reason: %s", a.Status)
	}
	r.Set("reason", "Compare with the document")
	if a := o.post(compliance, urls.RevealRequest(request), r); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "52147896") {
		t.Errorf("revealed: %s", a.Status)
	}
	if n := o.count(`SELECT count(*) FROM audit_events WHERE action = 'personal.reveal' AND subject_type = 'request' AND subject_id = $1 AND reason = 'Compare with the document'`, request); n != 1 {
		t.Errorf("%d reveals on record", n)
	}
	if n := o.count(`SELECT count(*) FROM audit_events WHERE CAST(after AS text) LIKE '%52147896%'`); n != 0 {
		t.Error("the audit log has the number whole")
	}
	g := form(t, shown, urls.GrantRequest(request))
	g.Set("code", o.freshCode("compliance@demo.test"))
	if a := o.post(compliance, urls.GrantRequest(request), g); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("consented: %s\n%.2000s", a.Status, a.body)
	}
	if err := o.app.h.Payouts.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	batch := int64(o.count(`SELECT batch_id FROM payouts WHERE replaces_id = $1 AND surnames = 'Rojas Páez' AND state = 'in_batch'`, id))
	if a := o.get(finance, urls.Payout(id)); !strings.Contains(a.body, "issued again with the right name") || !strings.Contains(a.body, urls.Batch(batch)) {
		t.Error("the payout does not lead to the batch that pays it again")
	}
}

func TestTheNetworkIsChangedInABrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance := o.person("finance@demo.test")
	id := o.failed(finance, "expired", "expired", "809")[0]
	if a := o.get(finance, urls.SwitchNetwork(id)); !strings.Contains(a.body, "There is no other way to pay this person") {
		t.Errorf("without an e-mail: %s", a.Status)
	}
	if _, err := o.app.db.Pool.Exec(t.Context(), `UPDATE distributors SET email = 'ana@example.co'`); err != nil {
		t.Fatal(err)
	}
	ask := o.get(finance, urls.SwitchNetwork(id))
	for _, want := range []string{"Punto Red, D24", "Efecty, D24", "Fits float and caps", "no limit of ours", "The money is back already"} {
		if !strings.Contains(ask.body, want) {
			t.Errorf("the question lacks %q", want)
		}
	}
	f := form(t, ask, urls.SwitchNetwork(id))
	f.Set("to", urls.Num(o.connection)+":puntored_cash")
	if a := o.post(finance, urls.SwitchNetwork(id), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %s", a.Status)
	}
	f.Set("reason", "No Efecty point in the village")
	if a := o.post(o.person("approver@demo.test"), urls.SwitchNetwork(id), f); a.StatusCode != http.StatusForbidden {
		t.Errorf("an approver: %s", a.Status)
	}
	if a := o.post(finance, urls.SwitchNetwork(id), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("changed: %s\n%.2000s", a.Status, a.body)
	}
	if a := o.post(finance, urls.SwitchNetwork(id), f); a.StatusCode != http.StatusConflict {
		t.Errorf("a second click: %s", a.Status)
	}
	fresh := int64(o.count(`SELECT id FROM payouts WHERE replaces_id = $1 AND method_kind = 'puntored_cash'`, id))
	want := "Network changed from Efecty, D24 to Punto Red, D24 because: No Efecty point in the village"
	if a := o.get(finance, urls.Payout(fresh)); !strings.Contains(a.body, want) {
		t.Error("the new payout does not say why it goes another way")
	}
	batch := int64(o.count(`SELECT batch_id FROM payouts WHERE id = $1`, fresh))
	approver := o.person("approver2@demo.test")
	if a := o.get(approver, urls.Batch(batch)); !strings.Contains(a.body, want) {
		t.Error("the approver does not read on the batch that the network was changed")
	}
	if a := o.get(approver, urls.BatchItem(batch, fresh)); !strings.Contains(a.body, want) {
		t.Error("the approver does not read on the payout of the batch that the network was changed")
	}
}
