package risk_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/requests"
	"pagaduria/services/risk"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

// desk is a service, two people of compliance and one of support.
type desk struct {
	*risk.Service
	t                *testing.T
	requests         *requests.Service
	ana, luis, marta models.Actor
	mu               sync.Mutex
	clock            time.Time
	next             int
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, clock: time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)}
	now := func() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.clock }
	d.Service = &risk.Service{DB: storetest.New(t), Now: now, Today: func() time.Time { return models.Day(now()) }}
	d.requests = &requests.Service{DB: d.DB, Now: now, Kinds: d.RequestKinds()}
	d.ana, d.luis, d.marta = d.person("Ana", models.RoleCompliance), d.person("Luis", models.RoleCompliance), d.person("Marta", models.RoleSupport)
	return d
}

func (d *desk) person(name string, role models.Role) models.Actor {
	d.t.Helper()
	a := models.Actor{Name: name, Roles: []models.Role{role}}
	if err := d.DB.Pool.QueryRow(context.Background(), `INSERT INTO staff (email, name, roles) VALUES (lower($1) || '@example.test', $1, ARRAY[$2]) RETURNING id`, name, string(role)).Scan(&a.StaffID); err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *desk) exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.DB.Pool.Exec(context.Background(), sql, args...); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) payee(docType, divipola string) (id int64) {
	d.t.Helper()
	d.next++
	err := d.DB.Pool.QueryRow(context.Background(), `INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, divipola, phone, verification)
		VALUES ($1, 'natural', $2, $3, 'Luz', 'Ospina', $4, $5, 'verified') RETURNING id`, fmt.Sprintf("D-%d", d.next), docType, fmt.Sprint(1000+d.next), divipola,
		fmt.Sprintf("+57300000%04d", d.next)).Scan(&id)
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) due() {
	d.t.Helper()
	if _, err := d.ScoreDue(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) of(id int64) models.RiskDetail {
	d.t.Helper()
	r, err := d.Of(context.Background(), d.ana, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *desk) want(id int64, score int, band models.RiskBand) {
	d.t.Helper()
	if r := d.of(id); r.Score != score || r.Band != band {
		d.t.Errorf("payee %d: %d points, %s by %+v; want %d, %s", id, r.Score, r.Band, r.Fired, score, band)
	}
}

func (d *desk) consent(by models.Actor, request int64) error {
	return d.requests.Decide(context.Background(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: d.Now()})
}

func (d *desk) count(sql string, args ...any) (n int) {
	d.t.Helper()
	if err := d.DB.Pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

func TestScoresFollowTheFacts(t *testing.T) {
	t.Parallel()
	d := open(t)
	plain, foreign := d.payee("CC", "11001"), d.payee("PA", "54001")
	d.due()
	d.want(plain, 0, models.RiskLow)
	d.want(foreign, 20, models.RiskLow)

	d.exec(`UPDATE distributors SET phone = '+573009999999' WHERE id = $1`, foreign)
	d.due()
	d.want(foreign, 30, models.RiskMedium)
	d.exec(`UPDATE distributors SET phone = '+573009999999' WHERE id = $1`, plain) // the same phone now
	d.due()
	d.want(plain, 25, models.RiskMedium)
	d.want(foreign, 45, models.RiskMedium)
	if n := d.count(`SELECT count(*) FROM audit_events WHERE action = 'risk.band' AND subject_type = 'risk_score' AND subject_id = $1`, foreign); n != 1 {
		t.Errorf("%d changes of the band on record, want 1", n)
	}

	d.exec(`INSERT INTO kyc_cases (distributor_id, state, person_kind, lang, staff_id, created_at, started_at, expires_at) VALUES ($1, 'started', 'natural', 'es', $2, now(), now(), now())`, plain, d.ana.StaffID)
	d.exec(`INSERT INTO kyc_answers (case_id, item, version, answer, address, at) SELECT max(id), 'declarations', 1, '{"pep": false, "relative": true}', '', now() FROM kyc_cases`)
	d.due()
	d.want(plain, 25, models.RiskMedium)
	d.exec(`UPDATE kyc_cases SET state = 'submitted', submitted_at = now()`)
	d.due()
	d.want(plain, 75, models.RiskHigh)

	d.mu.Lock()
	d.clock = time.Now().AddDate(0, 0, 40) // the phone is not new any more: nothing but time passed
	d.mu.Unlock()
	if n, err := d.Sweep(context.Background()); err != nil || n != 2 {
		t.Fatalf("swept %d, %v", n, err)
	}
	d.want(foreign, 35, models.RiskMedium)
	d.due()
	if n, err := d.ScoreDue(context.Background()); n != 0 || err != nil {
		t.Errorf("still %d due, %v", n, err)
	}
}

func TestRulesComeInForceByTwoPeople(t *testing.T) {
	t.Parallel()
	d := open(t)
	foreign := d.payee("PA", "11001")
	d.due()
	d.want(foreign, 10, models.RiskLow)
	list, err := d.Versions(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%d versions, %v", len(list), err)
	}
	rules := list[0].Rules
	rules.Medium, rules.High = 5, 10
	if counts, err := d.Try(t.Context(), d.ana, rules); err != nil || counts[models.RiskHigh] != 1 {
		t.Errorf("tried: %v, %v", counts, err)
	}
	d.want(foreign, 10, models.RiskLow) // trying changes nothing

	if _, err := d.AskRules(t.Context(), d.marta, 1, rules, "Stricter"); models.KindOf(err) != models.Forbidden {
		t.Errorf("support asks: %v", err)
	}
	if _, err := d.AskRules(t.Context(), d.ana, 1, rules, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := d.AskRules(t.Context(), d.ana, 1, list[0].Rules, "The same"); models.KindOf(err) != models.Conflict {
		t.Errorf("the same rules: %v", err)
	}
	request, err := d.AskRules(t.Context(), d.ana, 1, rules, "Stricter")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.consent(d.ana, request); models.KindOf(err) != models.Forbidden {
		t.Errorf("consents to her own: %v", err)
	}
	if _, _, err := d.requests.Request(t.Context(), d.marta, request); models.KindOf(err) != models.NotFound {
		t.Errorf("support sees the request: %v", err)
	}
	if err := d.consent(d.luis, request); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.want(foreign, 10, models.RiskHigh)
	if _, err := d.AskRules(t.Context(), d.ana, 1, list[0].Rules, "Back"); models.KindOf(err) != models.Conflict {
		t.Errorf("a stale page: %v", err)
	}
	if _, err := d.DB.Pool.Exec(t.Context(), `INSERT INTO risk_versions (rules, reason, consent_id, maker_name) VALUES ('{}', 'x', NULL, 'x')`); err == nil {
		t.Error("the database took rules that nobody consented to")
	}
}

func TestAWordStandsInPlaceOfTheScoreUntilItsDay(t *testing.T) {
	t.Parallel()
	d := open(t)
	payee := d.payee("CC", "11001")
	if _, err := d.AskOverride(t.Context(), d.ana, payee, models.RiskWord{Band: models.RiskHigh, Reason: "x"}); models.KindOf(err) != models.NotFound {
		t.Errorf("before there is a score: %v", err)
	}
	d.due()
	day := func(n int) *time.Time { x := d.Today().AddDate(0, 0, n); return &x }
	for name, w := range map[string]models.RiskWord{
		"no reason":    {Band: models.RiskHigh, Until: day(1)},
		"no day":       {Band: models.RiskHigh, Reason: "x"},
		"yesterday":    {Band: models.RiskHigh, Until: day(-1), Reason: "x"},
		"too long":     {Band: models.RiskHigh, Until: day(366), Reason: "x"},
		"unknown band": {Band: "?", Until: day(1), Reason: "x"},
	} {
		if _, err := d.AskOverride(t.Context(), d.ana, payee, w); models.KindOf(err) != models.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.AskOverride(t.Context(), d.ana, payee, models.RiskWord{Reason: "back"}); models.KindOf(err) != models.Conflict {
		t.Errorf("back to a score that counts: %v", err)
	}
	request, err := d.AskOverride(t.Context(), d.ana, payee, models.RiskWord{Band: models.RiskHigh, Until: day(10), Reason: "Press reports"})
	if err != nil {
		t.Fatal(err)
	}
	d.want(payee, 0, models.RiskLow)
	if err := d.consent(d.ana, request); models.KindOf(err) != models.Forbidden {
		t.Errorf("consents to her own: %v", err)
	}
	if err := d.consent(d.luis, request); err != nil {
		t.Fatal(err)
	}
	d.want(payee, 0, models.RiskHigh)
	page, err := d.List(t.Context(), d.ana, models.RiskFilter{Band: models.RiskHigh, Overridden: true}, store.Cursor{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].DistributorID != payee {
		t.Errorf("the list has %+v, %v", page.Rows, err)
	}
	d.mu.Lock()
	d.clock = d.clock.AddDate(0, 0, 11)
	d.mu.Unlock()
	if _, err := d.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.want(payee, 0, models.RiskLow)
	if _, err := d.DB.Pool.Exec(t.Context(), `UPDATE risk_scores SET band = 'high'`); err == nil {
		t.Error("the database took a band that neither a score nor a word gives")
	}
	request, err = d.AskOverride(t.Context(), d.ana, payee, models.RiskWord{Band: models.RiskMedium, Until: day(30), Reason: "Again"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.DB.Pool.Exec(t.Context(), `INSERT INTO risk_overrides (distributor_id, band, until, reason, consent_id, maker_name, decider_name)
		VALUES ($1, 'low', '2027-01-01', 'x', $2, 'x', 'x')`, payee, request); err == nil {
		t.Error("the database took a word that nobody consented to")
	}
	if _, err := d.Of(t.Context(), d.marta, payee); models.KindOf(err) != models.Forbidden {
		t.Errorf("support reads: %v", err)
	}
}
