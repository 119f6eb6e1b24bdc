package expiry_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/expiry"
	"pagaduria/services/mail"
	"pagaduria/services/onboarding"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
)

// desk is the service, somebody of compliance, and payees.
type desk struct {
	*expiry.Service
	t    *testing.T
	ana  models.Actor
	day  time.Time
	next int
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, day: models.Day(time.Now()), ana: models.Actor{Name: "Ana", Roles: []models.Role{models.RoleCompliance}}}
	db := storetest.New(t)
	now, today := func() time.Time { return d.day.Add(15 * time.Hour) }, func() time.Time { return d.day }
	keys, err := vault.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	o, err := onboarding.New(onboarding.Options{DB: db, Mail: mail.New(db, keys, now), Vault: keys, Now: now, Today: today,
		Link:   func(token string) string { return "https://example.test/p/" + url.PathEscape(token) },
		Mailed: func(kyc.Letter) (string, string) { return "Renew", "Renew" }, Texted: func(kyc.Letter) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	d.Service = &expiry.Service{DB: db, Onboarding: o, Now: now, Today: today}
	if err := db.Pool.QueryRow(t.Context(), `INSERT INTO staff (email, name, roles) VALUES ('ana@example.test', 'Ana', '{compliance}') RETURNING id`).Scan(&d.ana.StaffID); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.DB.Pool.Exec(context.Background(), sql, args...); err != nil {
		d.t.Fatal(err)
	}
}

// payee was verified some days ago, until a day or without end (0).
func (d *desk) payee(ago, until int) (id int64) {
	d.t.Helper()
	d.next++
	var end *time.Time
	if until != 0 {
		x := d.day.AddDate(0, 0, until)
		end = &x
	}
	err := d.DB.Pool.QueryRow(context.Background(), `INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, email, verification, verified_until)
		VALUES ($1, 'natural', 'CC', $1, 'Luz', 'Ospina', $1 || '@example.test', 'verified', $2) RETURNING id`, fmt.Sprintf("D%d", d.next), end).Scan(&id)
	if err != nil {
		d.t.Fatal(err)
	}
	d.exec(`INSERT INTO verifications (distributor_id, from_state, to_state, until, reason, staff_id, staff_name, at) VALUES ($1, 'unverified', 'verified', $2, 'x', 0, 'x', $3)`,
		id, end, d.Now().AddDate(0, 0, -ago))
	return id
}

func (d *desk) tend() (expired, asked int) {
	d.t.Helper()
	expired, asked, err := d.Tend(context.Background())
	if err != nil {
		d.t.Fatal(err)
	}
	return expired, asked
}

func (d *desk) want(id int64, days int, why models.ExpiryWhy) {
	d.t.Helper()
	e, ok, err := d.Due(context.Background(), id)
	if err != nil || !ok || !e.DueOn.Equal(d.day.AddDate(0, 0, days)) || e.Why != why {
		d.t.Errorf("payee %d is due %v for %s (%v, %v), want in %d days for %s", id, e.DueOn, e.Why, ok, err, days, why)
	}
}

func (d *desk) state(id int64) (s string) {
	d.t.Helper()
	if err := d.DB.Pool.QueryRow(context.Background(), `SELECT verification FROM distributors WHERE id = $1`, id).Scan(&s); err != nil {
		d.t.Fatal(err)
	}
	return s
}

func TestThePayeeIsDueOnTheFirstDayThatSomethingRunsOut(t *testing.T) {
	t.Parallel()
	d := open(t)
	fresh, ending, old, risky := d.payee(0, 0), d.payee(0, 10), d.payee(800, 0), d.payee(300, 0)
	d.exec(`INSERT INTO risk_scores (distributor_id, score, scored, band, fired, version_id, at) VALUES ($1, 50, 'high', 'high', '[]', 1, now())`, risky)
	d.exec(`INSERT INTO documents (distributor_id, kind, created_at) VALUES ($1, 'identity', now())`, fresh)
	d.tend()
	d.want(fresh, 730, models.ExpiryDiligence)
	d.want(ending, 10, models.ExpiryVerification)
	d.want(old, 30, models.ExpiryDiligence) // there is time to ask
	d.want(risky, 65, models.ExpiryDiligence)

	papers, err := d.Papers(t.Context(), fresh)
	if err != nil || len(papers) != 1 {
		t.Fatalf("%d papers, %v", len(papers), err)
	}
	day := d.day.AddDate(0, 0, 5)
	if n, err := d.SetPapers(t.Context(), d.ana, fresh, map[int64]*time.Time{papers[0].DocumentID: &day}); err != nil || n != 1 {
		t.Fatalf("set %d, %v", n, err)
	}
	if n, err := d.SetPapers(t.Context(), d.ana, fresh, map[int64]*time.Time{papers[0].DocumentID: &day}); err != nil || n != 0 {
		t.Errorf("the same day again: set %d, %v", n, err)
	}
	d.tend()
	d.want(fresh, 5, models.ExpiryPaper)
	page, err := d.List(t.Context(), d.ana, models.ExpiryFilter{Days: 30}, store.Cursor{})
	if err != nil || len(page.Rows) != 3 || page.Rows[0].DistributorID != fresh || page.Rows[1].DistributorID != ending {
		t.Errorf("the list is %+v, %v", page.Rows, err)
	}
	if page, err := d.List(t.Context(), d.ana, models.ExpiryFilter{Band: models.RiskHigh}, store.Cursor{}); err != nil || len(page.Rows) != 1 {
		t.Errorf("of high risk: %+v, %v", page.Rows, err)
	}
	support := models.Actor{StaffID: 9, Name: "S", Roles: []models.Role{models.RoleSupport}}
	if page, err := d.List(t.Context(), support, models.ExpiryFilter{Band: models.RiskHigh}, store.Cursor{}); err != nil || len(page.Rows) != 4 || page.Rows[3].Band != "" {
		t.Errorf("support learns of risk: %+v, %v", page.Rows, err)
	}
	counts, err := d.Counts(t.Context())
	if err != nil || counts.All != 4 || fmt.Sprint(counts.Within) != "[1 3 3 4]" {
		t.Errorf("counted %+v, %v", counts, err)
	}
}

func TestWhatRanOutIsNotPayable(t *testing.T) {
	t.Parallel()
	d := open(t)
	ending, old := d.payee(0, 1), d.payee(800, 0)
	if expired, _ := d.tend(); expired != 0 {
		t.Errorf("%d ended before their day", expired)
	}
	d.day = d.day.AddDate(0, 0, 2)
	if expired, _ := d.tend(); expired != 1 || d.state(ending) != "expired" || d.state(old) != "verified" {
		t.Errorf("%d ended: %s, %s", expired, d.state(ending), d.state(old))
	}
	if expired, _ := d.tend(); expired != 0 {
		t.Errorf("a second round ended %d", expired)
	}
	d.day = d.day.AddDate(0, 0, 29)
	if expired, _ := d.tend(); expired != 1 || d.state(old) != "expired" {
		t.Errorf("%d ended: %s", expired, d.state(old))
	}
	if _, ok, _ := d.Due(t.Context(), old); ok {
		t.Error("who is not verified is still due")
	}
	var events, reasons int
	err := d.DB.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM audit_events WHERE action = 'distributor.expire'), (SELECT count(*) FROM verifications WHERE to_state = 'expired')`).Scan(&events, &reasons)
	if err != nil || events != 2 || reasons != 2 {
		t.Errorf("%d events, %d decisions, %v", events, reasons, err)
	}
}

func TestPayeesAreAskedAnewOnceBeforeTheirDay(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.payee(0, 10)
	d.payee(0, 100)
	if _, asked := d.tend(); asked != 0 {
		t.Errorf("%d asked although nobody set it", asked)
	}
	x, err := d.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x.OpenDays = 30
	if err := d.SetSettings(t.Context(), models.Actor{StaffID: 1, Name: "F", Roles: []models.Role{models.RoleFinance}}, x.ID, x); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance sets it: %v", err)
	}
	if err := d.SetSettings(t.Context(), d.ana, x.ID, x); err != nil {
		t.Fatal(err)
	}
	if err := d.SetSettings(t.Context(), d.ana, x.ID, x); models.KindOf(err) != models.Conflict {
		t.Errorf("stale settings: %v", err)
	}
	if _, asked := d.tend(); asked != 1 {
		t.Errorf("%d asked, want 1", asked)
	}
	d.exec(`UPDATE kyc_cases SET state = 'expired'`)
	if _, asked := d.tend(); asked != 0 {
		t.Errorf("%d asked again", asked)
	}
	r, err := d.Reach(t.Context(), models.ExpiryFilter{})
	if err != nil || r.Count != 2 {
		t.Errorf("reach %+v, %v", r, err)
	}
	if _, err := d.Renew(t.Context(), d.ana, expiry.Renewal{Expected: 7}); models.KindOf(err) != models.Conflict {
		t.Errorf("another count: %v", err)
	}
	if _, err := d.Renew(t.Context(), d.ana, expiry.Renewal{Expected: 2}); err != nil {
		t.Error(err)
	}
}
