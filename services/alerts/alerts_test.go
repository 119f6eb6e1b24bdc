package alerts_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/alerts"
	"pagaduria/services/events"
	"pagaduria/services/mail"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
)

// desk is an office whose clock the test moves.
type desk struct {
	*alerts.Service
	t   *testing.T
	db  *store.DB
	mu  sync.Mutex
	now time.Time
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, db: storetest.New(t)}
	d.at("2026-11-24 10:00") // a Tuesday
	keys, err := vault.New(bytes.Repeat([]byte{5}, vault.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now }
	d.Service = &alerts.Service{DB: d.db, Mail: mail.New(d.db, keys, clock), Now: clock,
		Compose: func(locale, name string, list []models.Notice) (subject, body string) {
			kinds := make([]string, len(list))
			for i, n := range list {
				kinds[i] = n.Kind
			}
			return locale + " " + name, strings.Join(kinds, " ")
		}}
	return d
}

// at sets the clock to a time in Bogotá.
func (d *desk) at(text string) {
	d.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, time.FixedZone("America/Bogota", -5*60*60))
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	d.now = at
	d.mu.Unlock()
}

func (d *desk) person(name, state string, roles ...models.Role) models.Actor {
	d.t.Helper()
	words := []string{}
	for _, r := range roles {
		words = append(words, string(r))
	}
	var id int64
	err := d.db.Pool.QueryRow(d.t.Context(), `INSERT INTO staff (email, name, roles, state, password_hash, totp_secret, locale)
		VALUES (lower($1) || '@example.test', $1, $2, $3, 'x', 'x', 'es-CO') RETURNING id`, name, words, state).Scan(&id)
	if err != nil {
		d.t.Fatal(err)
	}
	return models.Actor{StaffID: id, Name: name, Roles: roles}
}

func (d *desk) record(e events.Event) {
	d.t.Helper()
	if err := d.db.InTx(d.t.Context(), func(tx *gorm.DB) error { return events.Record(tx, e) }); err != nil {
		d.t.Fatal(err)
	}
}

// tell records an event for one person and delivers it.
func (d *desk) tell(to models.Actor, kind string) {
	d.t.Helper()
	d.record(events.Event{Kind: kind, SubjectType: "batch", SubjectID: 1, Staff: []int64{to.StaffID}})
	d.deliver()
}

func (d *desk) deliver() {
	d.t.Helper()
	if _, err := d.Deliver(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) list(by models.Actor, f alerts.Filter) []models.Notice {
	d.t.Helper()
	page, err := d.List(d.t.Context(), by, f, store.Cursor{})
	if err != nil {
		d.t.Fatal(err)
	}
	return page.Rows
}

// mails writes what is due and answers the bodies of all mails so far.
func (d *desk) mails() []string {
	d.t.Helper()
	if err := d.WriteMails(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	rows, err := store.Select[struct{ Body string }](d.t.Context(), d.db.Pool, `SELECT body FROM mails ORDER BY id`)
	if err != nil {
		d.t.Fatal(err)
	}
	bodies := []string{}
	for _, r := range rows {
		bodies = append(bodies, r.Body)
	}
	return bodies
}

func (d *desk) number(sql string, args ...any) (n int) {
	d.t.Helper()
	if err := d.db.Pool.QueryRow(d.t.Context(), sql, args...).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	one, two := d.person("Uno", "active", models.RoleApprover), d.person("Dos", "active", models.RoleApprover, models.RoleFinance)
	maker, support := d.person("Tres", "active", models.RoleFinance), d.person("Cuatro", "active", models.RoleSupport)
	gone, new := d.person("Cinco", "disabled", models.RoleApprover), d.person("Seis", "invited", models.RoleApprover)
	d.record(events.Event{Kind: "batch.waiting", SubjectType: "batch", SubjectID: 7, Permission: models.PermBatchesDecide, Except: two.StaffID, Facts: map[string]any{"Count": 3}})
	d.record(events.Event{Kind: "batch.approved", SubjectType: "batch", SubjectID: 7, Staff: []int64{maker.StaffID, gone.StaffID}})
	d.record(events.Event{Kind: "some.news", SubjectType: "thing", SubjectID: 7, Staff: []int64{support.StaffID}, Permission: models.PermBatchesDecide})
	d.deliver()
	for _, tt := range []struct {
		name string
		who  models.Actor
		want []string
	}{
		{"an approver", one, []string{"some.news", "batch.waiting"}},
		{"who did it holds the permission too", two, []string{"some.news"}},
		{"by name", maker, []string{"batch.approved"}},
		{"by name of another kind", support, []string{"some.news"}},
		{"disabled", gone, nil},
		{"invited", new, nil},
	} {
		var got []string
		for _, n := range d.list(tt.who, alerts.Filter{}) {
			got = append(got, n.Kind)
		}
		if strings.Join(got, " ") != strings.Join(tt.want, " ") {
			t.Errorf("%s: told %v, want %v", tt.name, got, tt.want)
		}
	}
	if n := d.list(one, alerts.Filter{Topic: models.TopicWaiting}); len(n) != 1 || n[0].SubjectID != 7 || n[0].Facts["Count"] != 3.0 {
		t.Errorf("got %+v", n)
	}
	if n := d.list(one, alerts.Filter{Topic: models.TopicOther}); len(n) != 1 {
		t.Errorf("an unknown kind: got %+v", n)
	}
}

func TestDeliveredByManyAndToldOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	ana := d.person("Ana", "active", models.RoleApprover)
	for i := range 150 {
		d.record(events.Event{Kind: "batch.waiting", SubjectType: "batch", SubjectID: int64(i), Permission: models.PermBatchesDecide})
	}
	if n := d.number(`SELECT count(*) FROM river_job WHERE kind = 'events.deliver'`); n != 150 {
		t.Errorf("%d jobs deliver 150 events", n)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := d.Deliver(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	d.deliver()
	if _, err := d.db.Pool.Exec(t.Context(), `UPDATE events SET delivered_at = NULL WHERE subject_id < 10`); err != nil {
		t.Fatal(err)
	}
	d.deliver() // as after a restore
	if n, err := d.Unread(t.Context(), ana, ""); err != nil || n != 150 {
		t.Errorf("told of %d, %v; want 150", n, err)
	}
}

func TestWhatIsToldOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.person("Ana", "active", models.RoleApprover)
	for range 3 {
		d.record(events.Event{Kind: "float.low", SubjectType: "connection", SubjectID: 1, Permission: models.PermBatchesDecide, Once: "float 1"})
	}
	if events, jobs := d.number(`SELECT count(*) FROM events`), d.number(`SELECT count(*) FROM river_job WHERE kind = 'events.deliver'`); events != 1 || jobs != 1 {
		t.Errorf("%d events, %d jobs, want one of each", events, jobs)
	}
}

func TestOneReadsOnlyOnesOwn(t *testing.T) {
	t.Parallel()
	d := open(t)
	ana, berta := d.person("Ana", "active", models.RoleApprover), d.person("Berta", "active", models.RoleApprover)
	for range 3 {
		d.record(events.Event{Kind: "batch.waiting", SubjectType: "batch", SubjectID: 1, Permission: models.PermBatchesDecide})
		d.deliver()
	}
	hers := d.list(ana, alerts.Filter{})
	if _, err := d.Open(t.Context(), berta, hers[0].ID); models.KindOf(err) != models.NotFound {
		t.Errorf("opening somebody else's: got %v, want not found", err)
	}
	if n, err := d.Open(t.Context(), ana, hers[0].ID); err != nil || n.ReadAt == nil || n.SubjectID != 1 {
		t.Errorf("opening one's own: got %+v, %v", n, err)
	}
	if n, err := d.ReadAll(t.Context(), ana, "", hers[1].ID); err != nil || n != 2 {
		t.Errorf("marked %d, %v; want the two that were left", n, err)
	}
	if n, err := d.Badge(t.Context(), ana); err != nil || n != 0 {
		t.Errorf("badge %d, %v", n, err)
	}
	if n, err := d.Badge(t.Context(), berta); err != nil || n != 3 {
		t.Errorf("the other's badge is %d, %v; want 3", n, err)
	}
	d.tell(ana, "batch.approved")
	newest := d.list(ana, alerts.Filter{Unread: true})
	if n, err := d.ReadAll(t.Context(), ana, "", newest[0].ID-1); err != nil || n != 0 {
		t.Errorf("marked %d that were not on the page, %v", n, err)
	}
}

func TestMailsWaitForQuietHours(t *testing.T) {
	t.Parallel()
	d := open(t)
	ana := d.person("Ana", "active", models.RoleApprover)
	wants := models.DefaultNoticePreferences()
	wants.Urgent = []models.Topic{models.TopicFloat}
	if err := d.SavePreferences(t.Context(), ana, wants); err != nil {
		t.Fatal(err)
	}
	d.at("2026-11-27 19:00") // a Friday
	d.tell(ana, "batch.waiting")
	if got := d.mails(); len(got) != 1 || got[0] != "batch.waiting" {
		t.Fatalf("in the day: %v", got)
	}
	d.at("2026-11-27 21:00")
	d.tell(ana, "batch.approved")
	d.tell(ana, "float.low")
	if got := d.mails(); len(got) != 2 || got[1] != "float.low" {
		t.Fatalf("at night, but for what is urgent: %v", got)
	}
	for _, quiet := range []string{"2026-11-28 00:00", "2026-11-28 12:00", "2026-11-29 12:00", "2026-11-30 06:59"} {
		d.at(quiet)
		if got := d.mails(); len(got) != 2 {
			t.Fatalf("%s: %v", quiet, got)
		}
	}
	d.at("2026-11-30 07:00")
	if got := d.mails(); len(got) != 3 || got[2] != "batch.approved" {
		t.Fatalf("after the weekend: %v", got)
	}
	if got := d.mails(); len(got) != 3 {
		t.Fatalf("mailed again: %v", got)
	}
}

func TestDigestOnceADay(t *testing.T) {
	t.Parallel()
	d := open(t)
	ana := d.person("Ana", "active", models.RoleApprover)
	d.at("2026-12-07 09:00") // a Monday; Tuesday is a holiday
	d.tell(ana, "payouts.expiring")
	d.at("2026-12-07 23:30")
	d.tell(ana, "some.news")
	for _, quiet := range []string{"2026-12-08 08:00", "2026-12-08 12:00", "2026-12-09 07:59"} {
		d.at(quiet)
		if got := d.mails(); len(got) != 0 {
			t.Fatalf("%s: %v", quiet, got)
		}
	}
	d.at("2026-12-09 08:00")
	if got := d.mails(); len(got) != 1 || got[0] != "payouts.expiring some.news" {
		t.Fatalf("got %v", got)
	}
	d.at("2026-12-09 08:30")
	d.tell(ana, "batch.expired")
	wants := models.DefaultNoticePreferences()
	wants.DigestAt = 9 * 60 // later the same day: today's went out already
	if err := d.SavePreferences(t.Context(), ana, wants); err != nil {
		t.Fatal(err)
	}
	d.at("2026-12-09 10:00")
	if got := d.mails(); len(got) != 1 {
		t.Fatalf("a second digest of the day: %v", got)
	}
	d.at("2026-12-10 09:00")
	if got := d.mails(); len(got) != 2 || got[1] != "batch.expired" {
		t.Fatalf("the next day: %v", got)
	}
}

func TestWhatIsNotMailed(t *testing.T) {
	t.Parallel()
	d := open(t)
	ana, berta := d.person("Ana", "active", models.RoleApprover), d.person("Berta", "active", models.RoleApprover)
	d.tell(ana, "work.done") // in the app alone, by default
	d.at("2026-11-24 21:00")
	d.tell(ana, "batch.waiting")
	if _, err := d.Open(t.Context(), ana, d.list(ana, alerts.Filter{})[0].ID); err != nil {
		t.Fatal(err)
	}
	d.tell(berta, "batch.waiting")
	if _, err := d.db.Pool.Exec(t.Context(), `UPDATE staff SET state = 'disabled' WHERE id = $1`, berta.StaffID); err != nil {
		t.Fatal(err)
	}
	d.at("2026-11-25 09:00")
	if got := d.mails(); len(got) != 0 {
		t.Errorf("mailed %v: read in the app, in the app alone, or to a disabled account", got)
	}
	if n := d.number(`SELECT count(*) FROM notices WHERE mail = 'waiting'`); n != 0 {
		t.Errorf("%d notices wait for a mail for ever", n)
	}
}

func TestMailsByManyAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	ana := d.person("Ana", "active", models.RoleApprover)
	for range 5 {
		d.tell(ana, "batch.waiting")
		d.tell(ana, "payouts.expiring")
	}
	d.at("2026-11-25 08:00")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := d.WriteMails(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := d.mails(); len(got) != 6 {
		t.Errorf("%d mails, want five and a digest: %v", len(got), got)
	}
}

// stuck stores payouts of one batch in a state since a moment.
func (d *desk) stuck(maker models.Actor, state string, since time.Time, n int) {
	d.t.Helper()
	_, err := d.db.Pool.Exec(d.t.Context(), `
WITH c AS (INSERT INTO connections (slug, rail, name, base_url, secrets) VALUES ('d24', 'd24', 'D24', 'http://x', '') ON CONFLICT (slug) DO UPDATE SET name = 'D24' RETURNING id),
b AS (INSERT INTO batches (code, name, state, connection_id, cutoff_at, content_hash, maker_id, editor_id) SELECT 'B-1', 'One', 'dispatching', id, now(), sha256(''), $1, $1 FROM c
    ON CONFLICT (code) DO UPDATE SET name = 'One' RETURNING id, connection_id),
d AS (INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, verification, method_kind)
    SELECT format('D-%s-%s', $2::text, i), 'natural', 'CC', format('%s%s', abs(hashtext($2::text)), i), 'Ana', 'Rojas', 'verified', 'efecty_cash' FROM generate_series(1, $4) i RETURNING id),
m AS (INSERT INTO payout_methods (distributor_id, kind, preferred) SELECT id, 'efecty_cash', true FROM d RETURNING id, distributor_id)
INSERT INTO payouts (code, batch_id, distributor_id, connection_id, method_id, state, amount, payee_name, doc_type, doc_number, method_kind, state_at, expires_at)
SELECT format('P-%s-%s', $2::text, m.id), b.id, m.distributor_id, b.connection_id, m.id, $2, 5000000, 'Ana', 'CC', '1', 'efecty_cash', $3, $3::timestamptz + interval '1 day' FROM m, b`,
		maker.StaffID, state, since, n)
	if err != nil {
		d.t.Fatal(err)
	}
}

func TestFailuresAreGatheredByBatchAndHour(t *testing.T) {
	t.Parallel()
	d := open(t)
	finance := d.person("Fina", "active", models.RoleFinance)
	d.at("2026-11-24 10:20")
	d.stuck(finance, "failed", d.now.Add(-10*time.Minute), 20)
	d.stuck(finance, "available", d.now, 3)
	watch := func() {
		t.Helper()
		if err := d.Watch(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.deliver()
	}
	watch()
	watch()
	list := d.list(finance, alerts.Filter{})
	if len(list) != 2 || list[1].Kind != "payouts.failed" || list[1].Facts["Count"] != 20.0 || list[0].Kind != "payouts.expiring" || list[0].Facts["Count"] != 3.0 {
		t.Fatalf("got %+v", list)
	}
	if _, err := d.db.Pool.Exec(t.Context(), `UPDATE payouts SET state = 'failed', state_at = $1 WHERE id = (SELECT min(id) FROM payouts WHERE state = 'available')`, d.now); err != nil {
		t.Fatal(err)
	}
	watch()
	if list = d.list(finance, alerts.Filter{Topic: models.TopicFailed}); len(list) != 1 || list[0].Facts["Count"] != 21.0 {
		t.Errorf("one more in the same hour: got %+v", list)
	}
	d.at("2026-11-24 11:05")
	d.stuck(finance, "returned", d.now, 2)
	watch()
	if list = d.list(finance, alerts.Filter{Topic: models.TopicFailed}); len(list) != 2 || list[0].Kind != "payouts.returned" {
		t.Errorf("another state: got %+v", list)
	}
}

func TestOldNoticesGo(t *testing.T) {
	t.Parallel()
	d := open(t)
	ana := d.person("Ana", "active", models.RoleApprover)
	day := func(ago int) time.Time { return d.Now().AddDate(0, 0, -ago) }
	for _, n := range []struct {
		kind          string
		created, read int // days ago; 0 is not read
		once          string
	}{
		{"batch.approved", 100, 89, ""}, {"batch.returned", 100, 91, ""}, {"batch.rejected", 364, 0, ""}, {"batch.expired", 366, 0, ""},
		{"batch.blocked", 500, 400, ""}, {"float.low", 500, 400, "float 1"},
	} {
		d.record(events.Event{Kind: n.kind, SubjectType: "batch", SubjectID: 1, Staff: []int64{ana.StaffID}, Once: n.once})
		d.deliver()
		var read *time.Time
		if n.read > 0 {
			at := day(n.read)
			read = &at
		}
		_, err := d.db.Pool.Exec(t.Context(), `WITH e AS (SELECT max(id) AS id FROM events), x AS (UPDATE events SET delivered_at = $1 WHERE id = (SELECT id FROM e))
			UPDATE notices SET created_at = $1, read_at = $2 WHERE event_id = (SELECT id FROM e)`, day(n.created), read)
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := d.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	left := []string{}
	for _, n := range d.list(ana, alerts.Filter{}) {
		left = append(left, n.Kind)
	}
	if got := strings.Join(left, " "); got != "batch.rejected batch.approved" {
		t.Errorf("left are %q", got)
	}
	if n := d.number(`SELECT count(*) FROM events WHERE kind IN ('batch.blocked', 'batch.expired')`); n != 0 {
		t.Errorf("%d events that nobody has a notice of are left", n)
	}
	if n := d.number(`SELECT count(*) FROM events WHERE kind = 'float.low'`); n != 1 {
		t.Error("what is told once could be told again")
	}
}
