package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/views/urls"
)

func TestFeesAreAddedByDate(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	admin, finance := o.person("admin@demo.test"), o.person("finance@demo.test")
	path := urls.Fees(o.connection)
	page := o.get(admin, path)
	tomorrow := models.Day(o.app.h.Now()).AddDate(0, 0, 1)
	typed := func(change ...string) url.Values {
		f := url.Values{"_csrf": {formToken(t, page)}}
		for k, v := range map[string][]string{"from": {tomorrow.Format(time.DateOnly)}, "method": {"bank"}, "up_to": {"200.000", "", "", ""}, "fixed": {"3.000", "3.000", "", ""},
			"percent": {"", "0,5", "", ""}, "min": {""}, "max": {"20.000"}, "iva": {"19"}, "note": {"Annex 7"}} {
			f[k] = v
		}
		for i := 0; i < len(change); i += 2 {
			f.Set(change[i], change[i+1])
		}
		return f
	}
	for _, tt := range []struct {
		name, field, value, says string
	}{
		{"a percentage of three decimals", "iva", "19,955", "two decimals"}, {"a day that is gone", "from", "2020-01-01", "today or a later day"},
		{"no day", "from", "", "Choose a day"}, {"a maximum that is no amount", "max", "many", "whole pesos"},
	} {
		if a := o.post(admin, path, typed(tt.field, tt.value)); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, tt.says) || !strings.Contains(a.body, "Annex 7") {
			t.Errorf("%s: %s", tt.name, a.Status)
		}
	}
	if a := o.post(finance, path, typed("_csrf", formToken(t, o.get(finance, path)))); a.StatusCode != http.StatusForbidden {
		t.Errorf("finance adds fees: %s", a.Status)
	}
	if a := o.post(admin, path, typed()); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %s\n%s", a.Status, a.body)
	}
	if a := o.post(admin, path, typed()); a.StatusCode != http.StatusConflict {
		t.Errorf("twice: %s", a.Status)
	}
	page = o.get(finance, path+"?method=bank&amount=1.000.000&on="+tomorrow.Format(time.DateOnly))
	for _, want := range []string{"Coming", "Annex 7", "$\u00a08.000", "$\u00a01.520", "$\u00a01.009.520"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	withdraw := urls.WithdrawFees(o.connection, int64(o.count(`SELECT max(id) FROM fee_schedules`)))
	if strings.Contains(page.body, withdraw) {
		t.Error("finance is offered to withdraw fees")
	}
	if a := o.post(admin, withdraw, form(t, o.get(admin, path), withdraw)); a.StatusCode != http.StatusSeeOther {
		t.Errorf("withdraw: %s", a.Status)
	}
	if a := o.get(admin, path); !strings.Contains(a.body, "Withdrawn") {
		t.Error("what was withdrawn is not shown any more")
	}
}

func TestGMFStandsInThePreviewAndTheBatch(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2) // 50.000 and 51.000
	admin, finance := o.person("admin@demo.test"), o.person("finance@demo.test")
	f := form(t, o.get(admin, urls.Fees(o.connection)), urls.GMF(o.connection))
	f.Set("gmf", "1")
	if a := o.post(admin, urls.GMF(o.connection), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %s", a.Status)
	}
	f.Set("gmf_reason", "the contract says so")
	if a := o.post(admin, urls.GMF(o.connection), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %s\n%s", a.Status, a.body)
	}
	// 9.000 of fees, 1.710 of IVA, 404 of GMF, 101.000 for the payees.
	for name, a := range map[string]answer{"preview": o.get(finance, urls.NewBatch()), "batch": o.get(finance, o.submitted(finance))} {
		for _, want := range []string{"$\u00a09.000", "$\u00a01.710", "$\u00a0404", "$\u00a0112.114"} {
			if !strings.Contains(a.body, want) {
				t.Errorf("the %s lacks %q", name, want)
			}
		}
	}
}

func TestWhatTheRailChargedIsRecordedOnThePage(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance, approver := o.person("finance@demo.test"), o.person("approver@demo.test")
	o.submitted(finance)
	id := int64(o.count(`SELECT id FROM payouts`))
	if _, err := o.app.db.Pool.Exec(t.Context(), `UPDATE payouts SET state = 'expired', submitted_at = now()`); err != nil {
		t.Fatal(err)
	}
	page := o.get(finance, urls.Payout(id))
	f := form(t, page, urls.ChargePayout(id))
	f.Set("charged", "one")
	f.Set("reason", "invoice 7")
	if a := o.post(finance, urls.ChargePayout(id), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "invoice 7") {
		t.Errorf("no amount: %s", a.Status)
	}
	f.Set("charged", "1.190")
	if a := o.post(finance, urls.ChargePayout(id), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("got %s\n%s", a.Status, a.body)
	}
	if a := o.post(finance, urls.ChargePayout(id), f); a.StatusCode != http.StatusConflict {
		t.Errorf("twice: %s", a.Status)
	}
	seen := o.get(approver, urls.Payout(id))
	if !strings.Contains(seen.body, "$\u00a01.190") || strings.Contains(seen.body, urls.ChargePayout(id)) {
		t.Error("an approver reads what was charged, and cannot change it")
	}
	if o.count(`SELECT amount FROM ledger_entries WHERE kind = 'fee_adjustment'`) != 119_000 {
		t.Error("the difference is not in the books")
	}
}
