package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/sms"
	smssim "pagaduria/services/sms/sim"
	payoutpages "pagaduria/views/payouts"
	"pagaduria/views/urls"
)

// waiting pays everybody by one batch and brings the payouts to the counter, where they wait until tomorrow; phones are
// spoken to over HTTP.
func (o *office) waiting(finance *http.Client) (ids []int64, phones *smssim.Gateway) {
	o.t.Helper()
	phones = &smssim.Gateway{}
	server := httptest.NewServer(phones.Handler())
	o.t.Cleanup(server.Close)
	var err error
	if o.app.h.Payouts.Messenger.SMS, err = sms.NewGateway(server.URL+"/sms/messages", smssim.Token, ""); err != nil {
		o.t.Fatal(err)
	}
	ids = o.failed(finance, "available", "", "")
	if _, err := o.app.db.Pool.Exec(o.t.Context(), `UPDATE payouts SET expires_at = now() + interval '1 day', available_at = now(), rail_id = '84' || id`); err != nil {
		o.t.Fatal(err)
	}
	return ids, phones
}

func TestSupportSendsTheCodeAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	ids, phones := o.waiting(o.person("finance@demo.test"))
	support, auditor := o.person("support@demo.test"), o.person("auditor@demo.test")
	page := o.get(support, urls.Payout(ids[0]))
	if !strings.Contains(page.body, "Send the code again") || !strings.Contains(page.body, "Nothing was sent") {
		t.Fatalf("the page: %s", page.Status)
	}
	if a := o.get(auditor, urls.Payout(ids[0])); strings.Contains(a.body, "Send the code again") {
		t.Error("the auditor is offered to send it")
	}
	f := form(t, page, urls.TellPayout(ids[0]))
	if a := o.post(auditor, urls.TellPayout(ids[0]), f); a.StatusCode != http.StatusForbidden {
		t.Errorf("the auditor sends it: %s", a.Status)
	}
	if a := o.post(support, urls.TellPayout(ids[0]), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("sent again: %s\n%.2000s", a.Status, a.body)
	}
	if a := o.post(support, urls.TellPayout(ids[0]), f); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "within the last hour") {
		t.Errorf("a second click: %s", a.Status)
	}
	if err := o.app.h.Payouts.SendMessages(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := phones.Messages(); len(got) != 1 || !strings.Contains(got[0].Text, "Efecty") || !strings.Contains(got[0].Text, "Referencia 84") {
		t.Errorf("the phone has %+v", got)
	}
	page = o.get(support, urls.Payout(ids[0]))
	for _, want := range []string{"Code sent again", "+57 3", "Sent", "The code is not sent again now."} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.body, "+573104028587") {
		t.Error("the page shows the whole phone")
	}
}

func TestManyAreRemindedInABrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3)
	o.waiting(o.person("finance@demo.test"))
	if _, err := o.app.db.Pool.Exec(t.Context(), `UPDATE distributors SET phone = '' WHERE id = (SELECT min(id) FROM distributors)`); err != nil {
		t.Fatal(err)
	}
	support := o.person("support@demo.test")
	list := o.get(support, urls.Payouts()+"?recent=expiring")
	if !strings.Contains(list.body, "1 payee cannot be reached") || !strings.Contains(list.body, "Remind them") {
		t.Fatalf("the list names nobody without contact, or does not remind: %s", list.Status)
	}
	ask := o.get(support, urls.Remind()+"?recent=expiring")
	if !strings.Contains(ask.body, "Remind these 2 now, $") || !strings.Contains(ask.body, "1 payee cannot be reached") {
		t.Fatalf("the question: %s\n%.3000s", ask.Status, ask.body)
	}
	f := form(t, ask, urls.Remind())
	f.Set("expect", "3")
	if a := o.post(support, urls.Remind(), f); a.StatusCode != http.StatusConflict {
		t.Errorf("another number than is true: %s", a.Status)
	}
	f.Set("expect", "2")
	if a := o.post(support, urls.Remind(), f); a.StatusCode != http.StatusSeeOther || !strings.HasSuffix(a.Header.Get("Location"), "recent=expiring") {
		t.Errorf("reminded: %s to %s", a.Status, a.Header.Get("Location"))
	}
	if n := o.count(`SELECT count(*) FROM payee_messages WHERE kind = 'again'`); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
	if a := o.get(support, urls.Remind()+"?recent=expiring"); !strings.Contains(a.body, "There is nobody to remind now") || !strings.Contains(a.body, "2 were told within the last hour") {
		t.Error("afterwards it does not say that nobody is left")
	}
}

func TestWhatPayeesAreToldIsSetInABrowser(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	finance, support := o.person("finance@demo.test"), o.person("support@demo.test")
	page := o.get(finance, urls.MessageRules())
	for _, want := range []string{"There is no SMS gateway", "nobody is told anything", "is ready to collect at any Efecty point"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	f := form(t, page, urls.MessageRules())
	f["available"], f["reminder"] = []string{"mail"}, []string{"mail", "sms"}
	f.Set("days_before", "0")
	if a := o.post(finance, urls.MessageRules(), f); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Between 1 and 30") {
		t.Errorf("no day: %s", a.Status)
	}
	f.Set("days_before", "3")
	if a := o.post(support, urls.MessageRules(), f); a.StatusCode != http.StatusForbidden {
		t.Errorf("support: %s", a.Status)
	}
	if a := o.post(finance, urls.MessageRules(), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("saved: %s", a.Status)
	}
	if a := o.post(finance, urls.MessageRules(), f); a.StatusCode != http.StatusConflict {
		t.Errorf("from the stale page: %s", a.Status)
	}
	r, err := o.app.h.Payouts.MessageRules(t.Context())
	if err != nil || len(r.Reminder) != 2 || len(r.Available) != 1 || r.DaysBefore != 3 {
		t.Errorf("the rules are %+v, %v", r, err)
	}
	if a := o.get(support, urls.MessageRules()); a.StatusCode != http.StatusOK || strings.Contains(a.body, "Save the rules") {
		t.Errorf("support sees %s, or may save", a.Status)
	}
}

func TestMessagesAreInThePayeesLanguage(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"es": "esta listo", "": "esta listo", "en": "is ready", "zh": "领取", "fr": "esta listo"} {
		w := models.PayeeWords{Kind: models.MessageAvailable, Lang: lang, Amount: models.Pesos(10_000), Network: models.EfectyCash, Reference: "84"}
		if got := payoutpages.MessageText(w); !strings.Contains(got, want) || strings.Contains(got, "\u00a0") {
			t.Errorf("%q reads %q", lang, got)
		}
	}
}
