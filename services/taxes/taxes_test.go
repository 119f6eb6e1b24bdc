package taxes_test

import (
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/tax"
	"pagaduria/services/requests"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/taxes"
)

var start = time.Date(2026, 11, 10, 15, 0, 0, 0, time.UTC)

// desk is a service with people who write and consent, and one payee.
type desk struct {
	*taxes.Service
	t              *testing.T
	clock          time.Time
	writer, second models.Actor
	payee          int64
	requests       *requests.Service
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, clock: start}
	now := func() time.Time { return d.clock }
	d.Service = &taxes.Service{DB: storetest.New(t), Now: now, Today: func() time.Time { return d.clock.Truncate(24 * time.Hour) }}
	d.writer, d.second = d.person("Fina", models.RoleFinance), d.person("Aura", models.RoleApprover)
	d.requests = &requests.Service{DB: d.DB, Now: now, Kinds: d.RequestKinds()}
	d.payee = d.one(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames) VALUES ('D-1', 'natural', 'CC', '1', 'Ana', 'Ruiz') RETURNING id`)
	return d
}

func (d *desk) person(name string, role models.Role) models.Actor {
	d.t.Helper()
	id := d.one(`INSERT INTO staff (email, name, roles) VALUES (lower($1) || '@example.test', $1, ARRAY[$2]) RETURNING id`, name, string(role))
	return models.Actor{StaffID: id, Name: name, Roles: []models.Role{role}}
}

func (d *desk) one(sql string, args ...any) int64 {
	d.t.Helper()
	n, err := store.SelectOne[struct{ N int64 }](d.t.Context(), d.DB.Pool, sql, args...)
	if err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n.N
}

func (d *desk) day(offset int) time.Time { return d.Today().AddDate(0, 0, offset) }

func (d *desk) profile(offset int, of tax.Declaration) tax.Profile {
	return tax.Profile{DistributorID: d.payee, From: d.day(offset), Declaration: of, Evidence: "Letter of the payee"}
}

func settings() tax.Settings {
	return tax.Settings{Income: true, Step: 1, MinimumStep: 1000, Tariffs: []tax.Tariff{{Divipola: "11001", Rate: 966, MinUVT: 4}}}
}

// ask asks for settings from a day on, by what is on the screen now.
func (d *desk) ask(offset int, s tax.Settings) (int64, error) {
	d.t.Helper()
	list, err := d.Versions(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	seen := int64(0)
	if len(list) > 0 {
		seen = list[0].ID
	}
	return d.Ask(d.t.Context(), d.writer, seen, d.day(offset), s, "as the accountant says")
}

func (d *desk) decide(request int64, by models.Actor) error {
	return d.requests.Decide(d.t.Context(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: d.clock})
}

func TestADeclarationCountsFromItsDayAndNeverChanges(t *testing.T) {
	t.Parallel()
	d := open(t)
	first, later := tax.Declaration{Person: tax.Natural}, tax.Declaration{Person: tax.Natural, Declarant: true, IVA: true, Municipality: "11001"}
	for _, p := range []tax.Profile{d.profile(-30, first), d.profile(10, later)} {
		if err := d.Declare(t.Context(), d.writer, p); err != nil {
			t.Fatal(err)
		}
	}
	list, now, err := d.Profiles(t.Context(), d.payee)
	if err != nil || len(list) != 2 || now != list[1].ID || list[0].Declaration != later || list[1].Declaration != first || list[0].StaffName != "Fina" {
		t.Fatalf("%+v, now %d, %v", list, now, err)
	}
	d.clock = d.clock.AddDate(0, 0, 10)
	if _, now, _ := d.Profiles(t.Context(), d.payee); now != list[0].ID {
		t.Errorf("ten days later %d counts", now)
	}
	for _, sql := range []string{`UPDATE tax_profiles SET declarant = NOT declarant WHERE id = $1`, `UPDATE tax_profiles SET evidence = 'x' WHERE id = $1`, `DELETE FROM tax_profiles WHERE id = $1`} {
		if _, err := d.DB.Pool.Exec(t.Context(), sql, list[0].ID); err == nil {
			t.Errorf("%s: the database took it", sql)
		}
	}
	if n := d.one(`SELECT count(*) FROM audit_events WHERE action = 'tax.declare' AND subject_id = $1`, d.payee); n != 2 {
		t.Errorf("%d events", n)
	}
}

func TestWhoRecordsDeclarationsAndOfWhom(t *testing.T) {
	t.Parallel()
	d := open(t)
	sound := d.profile(0, tax.Declaration{Person: tax.Natural})
	if err := d.Declare(t.Context(), d.second, sound); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver records: %v", err)
	}
	for name, change := range map[string]func(*tax.Profile){
		"evidence": func(p *tax.Profile) { p.Evidence = "" }, "from": func(p *tax.Profile) { p.From = d.day(400) },
		"work_income": func(p *tax.Profile) { p.WorkIncome, p.Simple = true, true }, "municipality": func(p *tax.Profile) { p.Municipality = "1" },
	} {
		p := sound
		change(&p)
		refusal, is := d.Declare(t.Context(), d.writer, p).(*models.Error)
		if !is || refusal.Fields[name] == "" {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	p := sound
	p.DistributorID = 999
	if err := d.Declare(t.Context(), d.writer, p); models.KindOf(err) != models.NotFound {
		t.Errorf("nobody's: %v", err)
	}
}

func TestSettingsNeedASecondPersonAndComeInForceOnTheirDay(t *testing.T) {
	t.Parallel()
	d := open(t)
	if _, err := d.Ask(t.Context(), d.second, 0, d.day(0), settings(), "x"); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver asks: %v", err)
	}
	request, err := d.ask(5, settings())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.decide(request, d.writer); models.KindOf(err) != models.Forbidden {
		t.Errorf("the asker consents: %v", err)
	}
	if list, _ := d.Versions(t.Context()); len(list) != 0 {
		t.Error("settings count that nobody consented to")
	}
	if err := d.decide(request, d.second); err != nil {
		t.Fatal(err)
	}
	list, err := d.Versions(t.Context())
	if err != nil || len(list) != 1 || list[0].MakerName != "Fina" || list[0].DeciderName != "Aura" {
		t.Fatalf("%+v %v", list, err)
	}
	if v, ok := tax.InForce(list, d.day(4)); ok || !v.Settings.Off() {
		t.Error("they count before their day")
	}
	if v, ok := tax.InForce(list, d.day(5)); !ok || !v.Settings.Income || len(v.Settings.Tariffs) != 1 || v.Settings.Tariffs[0] != settings().Tariffs[0] {
		t.Errorf("on their day: %+v", v)
	}
	if _, err := d.ask(5, settings()); models.KindOf(err) != models.Conflict {
		t.Errorf("the same again: %v", err)
	}
	for _, sql := range []string{`UPDATE tax_versions SET reason = 'x' WHERE id = $1`, `DELETE FROM tax_versions WHERE id = $1`} {
		if _, err := d.DB.Pool.Exec(t.Context(), sql, list[0].ID); err == nil {
			t.Errorf("%s: the database took it", sql)
		}
	}
}

func TestConsentIsToWhatWasAskedAndInTime(t *testing.T) {
	t.Parallel()
	d := open(t)
	if _, err := d.ask(-1, settings()); models.KindOf(err) != models.Invalid {
		t.Errorf("from a day that is over: %v", err)
	}
	request, err := d.ask(0, settings())
	if err != nil {
		t.Fatal(err)
	}
	d.clock = d.clock.AddDate(0, 0, 1)
	if err := d.decide(request, d.second); models.KindOf(err) != models.Conflict {
		t.Errorf("consented a day late: %v", err)
	}
	if err := d.requests.Withdraw(t.Context(), d.writer, request); err != nil {
		t.Fatal(err)
	}
	if request, err = d.ask(0, settings()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ask(1, settings()); models.KindOf(err) != models.Conflict {
		t.Errorf("two at once: %v", err)
	}
	if err := d.decide(request, d.second); err != nil {
		t.Fatal(err)
	}
	other := settings()
	other.Step = 1000
	if _, err := d.Ask(t.Context(), d.writer, 0, d.day(3), other, "stale page"); models.KindOf(err) != models.Conflict {
		t.Errorf("by a page from before: %v", err)
	}
}

func TestTheDatabaseWantsTheSecondPerson(t *testing.T) {
	t.Parallel()
	d := open(t)
	request, err := d.ask(0, settings())
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.DB.Pool.Exec(t.Context(), `INSERT INTO tax_versions (valid_from, settings, reason, consent_id, maker_name, decider_name, at) VALUES ('2026-11-10', '{}', 'x', $1, 'x', 'y', now())`, request)
	if err == nil || !strings.Contains(err.Error(), "nobody consented") {
		t.Errorf("settings without consent: %v", err)
	}
}
