package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/events"
	"pagaduria/services/staff"
	"pagaduria/services/store"
	"pagaduria/views/urls"
)

func (o *office) told() {
	o.t.Helper()
	if _, err := o.app.h.Alerts.Deliver(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

func TestABatchTellsWhoItWaitsFor(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	finance, approver := o.person("finance@demo.test"), o.person("approver@demo.test")
	batch := o.submitted(finance)
	o.told()
	page := o.get(approver, urls.Notices())
	for _, want := range []string{"submitted “Commissions of November” for approval: 2 payouts", "Mark 1 notice as read", "Notices: 1 unread", "Waiting for you"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the list of notices lacks %q", want)
		}
	}
	if own := o.get(finance, urls.Notices()); !strings.Contains(own.body, "No notices yet") {
		t.Error("the maker is told of their own batch")
	}
	var id int64
	if err := o.app.db.Pool.QueryRow(t.Context(), `SELECT n.id FROM notices n JOIN staff s ON s.id = n.staff_id WHERE s.email = 'approver@demo.test'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	f := form(t, page, urls.OpenNotice(id))
	if a := o.post(finance, urls.OpenNotice(id), form(t, o.get(finance, urls.NoticePreferences()), urls.NoticePreferences())); a.StatusCode != http.StatusNotFound {
		t.Errorf("somebody else's notice: %s, want 404", a.Status)
	}
	if a := o.post(approver, urls.OpenNotice(id), f); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != batch {
		t.Errorf("opening leads to %q (%s), want %q", a.Header.Get("Location"), a.Status, batch)
	}
	after := o.get(approver, urls.NoticesWith(url.Values{"show": {"unread"}}))
	if !strings.Contains(after.body, "Nothing unread") || !strings.Contains(after.body, "Notices: 0 unread") {
		t.Error("the opened notice is still unread")
	}
	if a := o.get(approver, urls.NoticesWith(url.Values{"topic": {"float"}})); !strings.Contains(a.body, urls.Notices()+`"`) || strings.Contains(a.body, "No notices yet") {
		t.Error("a topic without notices does not say that nothing matches")
	}
	if a := o.get(approver, urls.NoticesWith(url.Values{"topic": {"gossip"}})); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown topic: %s", a.Status)
	}
}

func TestNoticesInThreeLanguagesAndOfUnknownKinds(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	approver := o.person("approver@demo.test")
	err := o.app.db.InTx(t.Context(), func(tx *gorm.DB) error {
		for _, e := range []events.Event{
			{Kind: "payouts.failed", SubjectType: "batch", SubjectID: 3, Facts: map[string]any{"Count": 1204, "Batch": "B-1"}},
			{Kind: "connection.paused", SubjectType: "connection", SubjectID: 1, Facts: map[string]any{"Name": "D24", "Cause": "bad_signature"}},
			{Kind: "payouts.expiring", SubjectType: "payouts", Facts: map[string]any{"Count": 1, "Total": models.Pesos(1_234_500)}},
			{Kind: "planet.aligned", SubjectType: "batch", SubjectID: 9},
		} {
			e.Permission = models.PermBatchesDecide
			if err := events.Record(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o.told()
	for locale, want := range map[string][]string{
		"en":    {"1.204 payouts of batch B-1 failed", "paused by itself: Our credentials refused", "1 payout in cash expires within two days: $\u00a01.234.500", "planet.aligned: Batch 9"},
		"es-CO": {"1.204 pagos del lote B-1 fallaron", "planet.aligned: Lote 9"},
		"zh-CN": {"批次 B-1 有 1,204 笔代付失败", "planet.aligned：批次 9"},
	} {
		if _, err := o.app.db.Pool.Exec(t.Context(), `UPDATE staff SET locale = $1`, locale); err != nil {
			t.Fatal(err)
		}
		page := o.get(approver, urls.Notices())
		for _, w := range want {
			if !strings.Contains(page.body, w) {
				t.Errorf("%s: the list lacks %q", locale, w)
			}
		}
	}
	if err := o.app.h.Alerts.SavePreferences(t.Context(), o.actor("approver@demo.test"), models.NoticePreferences{Now: []models.Topic{models.TopicFailed, models.TopicOther}}); err != nil {
		t.Fatal(err)
	}
	if err := o.app.h.Alerts.WriteMails(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := o.count(`SELECT count(*) FROM mails WHERE recipient = 'approver@demo.test' AND subject = 'Pagaduría：批次 B-1 有 1,204 笔代付失败'
		OR body LIKE '%http://127.0.0.1:8080/payouts?batch=3&state=failed%' AND recipient = 'approver@demo.test'`); n != 1 {
		t.Errorf("%d mails tell of the failed payouts with their address, want 1", n)
	}
}

// actor is a demo account as services take it.
func (o *office) actor(email string) models.Actor {
	o.t.Helper()
	list, err := o.app.h.Staff.List(o.t.Context(), staff.Filter{Query: email}, store.Cursor{})
	if err != nil || len(list.Rows) != 1 {
		o.t.Fatalf("%s: %d accounts, %v", email, len(list.Rows), err)
	}
	return models.Actor{StaffID: list.Rows[0].ID, Name: list.Rows[0].Name, Roles: list.Rows[0].Roles}
}

func TestMailsAreChosenByTopic(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance := o.person("finance@demo.test")
	page := o.get(finance, urls.NoticePreferences())
	f := form(t, page, urls.NoticePreferences())
	for k, v := range map[string]string{"mail_waiting": "app", "mail_failed": "now", "mail_expiring": "digest", "quiet_from": "21:30", "quiet_to": "06:00", "digest_at": "07:15"} {
		f.Set(k, v)
	}
	f["urgent"] = []string{"failed", "waiting"}
	if a := o.post(finance, urls.NoticePreferences(), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("save: %s\n%.2000s", a.Status, a.body)
	}
	if n := o.count(`SELECT count(*) FROM notice_preferences WHERE now = '{failed}' AND digest = '{expiring}' AND urgent = '{failed}' AND quiet_from = 1290 AND digest_at = 435 AND NOT quiet_weekends`); n != 1 {
		t.Error("the choice was not kept as made")
	}
	if n := o.count(`SELECT count(*) FROM audit_events WHERE action = 'staff.notices'`); n != 1 {
		t.Errorf("%d audit events", n)
	}
	for field, value := range map[string]string{"digest_at": "23:00", "quiet_from": "late"} {
		g := url.Values{}
		for k, v := range f {
			g[k] = v
		}
		g.Set(field, value)
		if a := o.post(finance, urls.NoticePreferences(), g); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "is-invalid") {
			t.Errorf("%s=%s: %s, want the form back with the field marked", field, value, a.Status)
		}
	}
}
