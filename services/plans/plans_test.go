package plans_test

import (
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/services/plans"
	"pagaduria/services/requests"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

var start = time.Date(2026, 11, 10, 15, 0, 0, 0, time.UTC)

// desk is a service with people who write and consent.
type desk struct {
	*plans.Service
	t              testing.TB
	clock          time.Time
	writer, second models.Actor
	requests       *requests.Service
}

func open(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, clock: start}
	now := func() time.Time { return d.clock }
	d.Service = &plans.Service{DB: storetest.New(t), Now: now}
	d.writer, d.second = d.person("Fina", models.RoleFinance), d.person("Aura", models.RoleApprover)
	d.requests = &requests.Service{DB: d.DB, Now: now, Kinds: d.RequestKinds()}
	return d
}

func (d *desk) person(name string, roles ...models.Role) models.Actor {
	d.t.Helper()
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	id := d.count(`INSERT INTO staff (email, name, roles) VALUES (lower($1) || '@example.test', $1, $2) RETURNING id`, name, words)
	return models.Actor{StaffID: id, Name: name, Roles: roles}
}

func (d *desk) count(sql string, args ...any) int64 {
	d.t.Helper()
	n, err := store.SelectOne[struct{ N int64 }](d.t.Context(), d.DB.Pool, sql, args...)
	if err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n.N
}

// draft is a draft of terms from a month on.
func (d *desk) draft(from string, terms plan.Terms) int64 {
	d.t.Helper()
	id, err := d.Begin(d.t.Context(), d.writer, 0)
	if err == nil {
		err = d.Save(d.t.Context(), d.writer, plan.Plan{ID: id, Version: 1, Name: "Plan " + from, From: from, Terms: terms})
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) decide(request int64, by models.Actor) error {
	return d.requests.Decide(d.t.Context(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: d.clock})
}

// publish has a plan in force from a month on.
func (d *desk) publish(from string, terms plan.Terms) int64 {
	d.t.Helper()
	id := d.draft(from, terms)
	request, err := d.Ask(d.t.Context(), d.writer, id, 2, "as agreed")
	if err == nil {
		err = d.decide(request, d.second)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func tenPercent() plan.Terms {
	return plan.Terms{Kind: plan.Percent, Percent: 1000, ReturnDays: 5, Remittance: true}
}

func TestAPlanIsPublishedByASecondPersonAndNeverChanges(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.draft("2026-11", tenPercent())
	if _, err := d.Ask(t.Context(), d.second, id, 2, "x"); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver asks: %v", err)
	}
	if _, err := d.Ask(t.Context(), d.writer, id, 1, "x"); models.KindOf(err) != models.Conflict {
		t.Errorf("asked for what was seen before a change: %v", err)
	}
	request, err := d.Ask(t.Context(), d.writer, id, 2, "as agreed")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.decide(request, d.writer); models.KindOf(err) != models.Forbidden {
		t.Errorf("the writer consents: %v", err)
	}
	if err := d.decide(request, d.second); err != nil {
		t.Fatal(err)
	}
	found, err := d.Plan(t.Context(), id)
	if err != nil || !found.Current || found.Plan.State != plan.Published || found.Plan.Publisher != "Aura" {
		t.Fatalf("published: %+v %v", found, err)
	}
	if err := d.Save(t.Context(), d.writer, found.Plan); models.KindOf(err) != models.Conflict {
		t.Errorf("a published plan is changed: %v", err)
	}
	if err := d.Drop(t.Context(), d.writer, id, found.Plan.Version); models.KindOf(err) != models.Conflict {
		t.Errorf("a published plan is removed: %v", err)
	}
	for _, sql := range []string{`UPDATE plans SET name = 'x' WHERE id = $1`, `UPDATE plans SET terms = '{}' WHERE id = $1`, `DELETE FROM plans WHERE id = $1`} {
		if _, err := d.DB.Pool.Exec(t.Context(), sql, id); err == nil || !strings.Contains(err.Error(), "never changes") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestTheDatabaseWantsTheSecondPerson(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.draft("2026-11", tenPercent())
	request, err := d.Ask(t.Context(), d.writer, id, 2, "as agreed")
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.DB.Pool.Exec(t.Context(), `UPDATE plans SET state = 'published', consent_id = $2, publisher = 'x', published_at = now() WHERE id = $1`, id, request)
	if err == nil || !strings.Contains(err.Error(), "nobody else consented") {
		t.Errorf("published without consent: %v", err)
	}
}

func TestConsentIsToWhatWasAsked(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.draft("2026-11", tenPercent())
	request, err := d.Ask(t.Context(), d.writer, id, 2, "as agreed")
	if err != nil {
		t.Fatal(err)
	}
	terms := tenPercent()
	terms.Percent = 9000
	if err := d.Save(t.Context(), d.writer, plan.Plan{ID: id, Version: 2, Name: "Dearer", From: "2026-11", Terms: terms}); err != nil {
		t.Fatal(err)
	}
	if err := d.decide(request, d.second); models.KindOf(err) != models.Conflict {
		t.Errorf("consented to a draft that changed: %v", err)
	}
}

func TestPlansComeInForceByMonth(t *testing.T) {
	t.Parallel()
	d := open(t)
	old := d.draft("2026-10", tenPercent())
	if _, err := d.Ask(t.Context(), d.writer, old, 2, "late"); models.KindOf(err) != models.Conflict {
		t.Errorf("a plan for a month that is over: %v", err)
	}
	now, next := d.publish("2026-11", tenPercent()), d.publish("2026-12", tenPercent())
	if _, current, err := d.List(t.Context()); err != nil || current != now {
		t.Errorf("in force now: %d %v, want %d", current, err, now)
	}
	d.clock = d.clock.AddDate(0, 1, 0)
	if _, current, err := d.List(t.Context()); err != nil || current != next {
		t.Errorf("in force next month: %d %v, want %d", current, err, next)
	}
}
