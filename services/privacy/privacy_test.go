package privacy_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/privacy"
	"pagaduria/services/requests"
	"pagaduria/services/store/storetest"
)

// desk is the service, two people of compliance, and a payee.
type desk struct {
	*privacy.Service
	t         *testing.T
	day       time.Time
	ana, luis models.Actor
	payee     int64
}

func open(t *testing.T) *desk {
	t.Helper()
	db := storetest.New(t)
	d := &desk{t: t, day: time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)}
	now, today := func() time.Time { return d.day.Add(15 * time.Hour) }, func() time.Time { return d.day }
	d.Service = &privacy.Service{DB: db, Distributors: &distributors.Service{DB: db, Today: today}, Documents: &documents.Service{DB: db, Now: now}, Now: now, Today: today}
	for _, a := range []struct {
		to   *models.Actor
		name string
	}{{&d.ana, "Ana"}, {&d.luis, "Luis"}} {
		*a.to = models.Actor{Name: a.name, Roles: []models.Role{models.RoleCompliance},
			StaffID: d.one(`INSERT INTO staff (email, name, roles) VALUES (lower($1) || '@example.test', $1, '{compliance}') RETURNING id`, a.name)}
	}
	d.payee = d.one(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, email) VALUES ('D-1', 'natural', 'CC', '52999001', 'Martha', 'Ríos', 'm@example.test') RETURNING id`)
	return d
}

func (d *desk) one(sql string, args ...any) (n int64) {
	d.t.Helper()
	if err := d.DB.Pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// consent has Luis agree with a request.
func (d *desk) consent(id int64) error {
	desk := &requests.Service{DB: d.DB, Now: d.Now, Kinds: d.RequestKinds()}
	return desk.Decide(context.Background(), d.luis, id, requests.Verdict{Grant: true, Seen: 1, FactorAt: d.Now()})
}

func as(role models.Role) models.Actor {
	return models.Actor{StaffID: 99, Name: string(role), Roles: []models.Role{role}}
}

func TestOnlyComplianceAnswersPayees(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	for _, role := range models.Roles {
		by, works, reads := as(role), role == models.RoleCompliance, role == models.RoleCompliance || role == models.RoleAuditor
		for name, err := range map[string]error{
			"hold":    d.Keep(ctx, by, 0, ""),
			"receive": second(d.Receive(ctx, by, d.payee, models.NewPrivacyRequest{})),
			"answer":  second(d.Answer(ctx, by, 999, privacy.Reply{})),
			"lift":    second(d.AskLift(ctx, by, d.payee, "")),
			"erase":   second(d.AskErase(ctx, by, d.payee, "")),
		} {
			if got := models.KindOf(err) != models.Forbidden; got != works {
				t.Errorf("%s may %s: %v (%v)", role, name, got, err)
			}
		}
		if _, err := d.Of(ctx, by, d.payee); (models.KindOf(err) != models.Forbidden) != reads {
			t.Errorf("%s reads: %v", role, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestDeadlinesAreOfBusinessDays(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	d.day = time.Date(2026, 12, 18, 0, 0, 0, 0, time.UTC)
	for kind, want := range map[models.PrivacyKind][2]string{ // Christmas, New Year and Epiphany (moved to the 11th) are no business days
		models.PrivacyConsult: {"2027-01-05", "2027-01-13"},
		models.PrivacyCorrect: {"2027-01-13", "2027-01-25"},
	} {
		id, err := d.Receive(ctx, d.ana, d.payee, models.NewPrivacyRequest{Kind: kind, Asked: "¿Qué saben de mí?", ReceivedOn: d.day})
		if err != nil {
			t.Fatal(err)
		}
		due := func() (s string) {
			if err := d.DB.Pool.QueryRow(ctx, `SELECT to_char(due_on, 'YYYY-MM-DD') FROM privacy_requests WHERE id = $1`, id).Scan(&s); err != nil {
				t.Fatal(err)
			}
			return s
		}
		if got := due(); got != want[0] {
			t.Errorf("%s is due on %s, want %s", kind, got, want[0])
		}
		if _, err := d.Answer(ctx, d.ana, id, privacy.Reply{Seen: 1, To: "extended", Text: "Falta el archivo"}); err != nil {
			t.Fatal(err)
		}
		if got := due(); got != want[1] {
			t.Errorf("%s with more time is due on %s, want %s", kind, got, want[1])
		}
		if _, err := d.Answer(ctx, d.ana, id, privacy.Reply{Seen: 2, To: "extended", Text: "Otra vez"}); models.KindOf(err) != models.Conflict {
			t.Errorf("time was taken twice: %v", err)
		}
	}
}

func TestARequestIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	id, err := d.Receive(ctx, d.ana, d.payee, models.NewPrivacyRequest{Kind: models.PrivacyKinds[0], Asked: "x", ReceivedOn: d.day})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for n, by := range []models.Actor{d.ana, d.luis} {
		wait.Go(func() {
			_, errs[n] = d.Answer(context.Background(), by, id, privacy.Reply{Seen: 1, To: "answered", Text: by.Name})
		})
	}
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("not one of two: %v, %v", errs[0], errs[1])
	}
	if n := d.one(`SELECT count(*) FROM audit_events WHERE action = 'privacy.answered'`); n != 1 {
		t.Errorf("%d answers on record", n)
	}
}

func TestALegalHoldKeepsWhatWasToBeErased(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	erase, err := d.AskErase(ctx, d.ana, d.payee, "She asks")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Keep(ctx, d.luis, d.payee, "A judge asked"); err != nil {
		t.Fatal(err)
	}
	if err := d.Keep(ctx, d.luis, d.payee, "Another judge"); models.KindOf(err) != models.Conflict {
		t.Errorf("held twice: %v", err)
	}
	if err := d.consent(erase); models.KindOf(err) != models.Conflict {
		t.Errorf("erased under a hold that came after the request: %v", err)
	}
	if n := d.one(`SELECT count(*) FROM distributors WHERE doc_number = '52999001'`); n != 1 {
		t.Fatal("the payee is gone")
	}
	if _, err := d.AskErase(ctx, d.ana, d.payee, "She asks again"); models.KindOf(err) != models.Conflict {
		t.Errorf("asked under a hold: %v", err)
	}
}

func TestAReportKeepsThePayeeAndIsNotGivenAway(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	d.one(`INSERT INTO ros_reports (distributor_id, operation, signals, amount, from_on, to_on, author_id, author_name, created_at, updated_at)
		VALUES ($1, 'x', 'x', 0, '2026-01-01', '2026-01-02', $2, 'Ana', $3, $3) RETURNING id`, d.payee, d.ana.StaffID, d.Now())
	_, err := d.AskErase(ctx, d.ana, d.payee, "She asks")
	if models.KindOf(err) != models.Conflict {
		t.Fatalf("a reported payee is erased: %v", err)
	}
	seen, err := d.Of(ctx, as(models.RoleAuditor), d.payee)
	if err != nil || seen.KeptUntil() != nil {
		t.Errorf("the auditor learns that something is kept: %v, %v", seen.KeptUntil(), err)
	}
	d.one(`UPDATE ros_reports SET state = 'dropped', outcome = 'Nothing', decider_name = 'Luis' RETURNING id`)
	if _, err := d.AskErase(ctx, d.ana, d.payee, "She asks"); err != nil {
		t.Errorf("a dropped report keeps the payee: %v", err)
	}
}

func TestTheDatabaseErasesNothingByItself(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	if err := d.Keep(ctx, d.ana, d.payee, "A judge asked"); err != nil {
		t.Fatal(err)
	}
	err := d.DB.InTx(ctx, func(tx *gorm.DB) error { return tx.Exec(`DELETE FROM legal_holds`).Error })
	if err == nil {
		t.Error("a hold was deleted")
	}
	if _, err := d.DB.Pool.Exec(ctx, `INSERT INTO erasures (distributor_id, consent_id, reason, maker_name, decider_name, at) VALUES ($1, NULL, 'x', 'Ana', 'Ana', now())`, d.payee); err == nil {
		t.Error("an erasure was recorded without consent")
	}
}
