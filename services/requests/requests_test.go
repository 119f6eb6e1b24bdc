package requests_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/requests"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

var now = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// desk is two approvers, an auditor, and a kind of request whose application is counted.
type desk struct {
	*requests.Service
	t                    *testing.T
	db                   *store.DB
	maker, checker, idle models.Actor
	applied, dropped     atomic.Int64
	hindrance            error
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, db: storetest.New(t)}
	d.Service = &requests.Service{DB: d.db, Now: func() time.Time { return now }, Kinds: []requests.Kind{{
		Name: "test.change", Decides: models.PermBatchesDecide,
		Apply: func(*gorm.DB, models.Actor, models.Request) error { d.applied.Add(1); return d.hindrance },
		Drop:  func(*gorm.DB, models.Actor, models.Request) error { d.dropped.Add(1); return nil },
	}}}
	d.maker, d.checker, d.idle = d.person("Marta", models.RoleApprover), d.person("Carlos", models.RoleApprover), d.person("Aura", models.RoleAuditor)
	return d
}

func (d *desk) person(name string, role models.Role) models.Actor {
	d.t.Helper()
	var id int64
	err := d.db.Pool.QueryRow(d.t.Context(), `INSERT INTO staff (email, name, roles) VALUES (lower($1) || '@example.test', $1, ARRAY[$2]) RETURNING id`, name, string(role)).Scan(&id)
	if err != nil {
		d.t.Fatal(err)
	}
	return models.Actor{StaffID: id, Name: name, Roles: []models.Role{role}}
}

func (d *desk) ask(subject int64) (id int64, err error) {
	d.t.Helper()
	err = d.db.InTx(d.t.Context(), func(tx *gorm.DB) error {
		id, err = requests.Open(tx, d.maker, requests.New{Kind: "test.change", SubjectType: "thing", SubjectID: subject, Payload: map[string]int{"to": 2},
			Changes: []models.Change{{Field: "test.limit", Before: "1", After: "2"}}, Reason: "more volume", Decides: models.PermBatchesDecide})
		return err
	})
	return id, err
}

func (d *desk) mustAsk(subject int64) int64 {
	d.t.Helper()
	id, err := d.ask(subject)
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) decide(by models.Actor, id int64, grant bool, answer string) error {
	return d.Decide(d.t.Context(), by, id, requests.Verdict{Grant: grant, Answer: answer, Seen: 1, FactorAt: now.Add(-time.Minute)})
}

func (d *desk) state(id int64) models.RequestState {
	d.t.Helper()
	r, _, err := d.Request(d.t.Context(), d.checker, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return r.State
}

func TestWhoDecidesOnARequest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		by    func(*desk) models.Actor
		v     requests.Verdict
		want  models.ErrorKind
		state models.RequestState
	}{
		{"second person", func(d *desk) models.Actor { return d.checker }, requests.Verdict{Grant: true, Seen: 1, FactorAt: now}, "", models.RequestGranted},
		{"its maker", func(d *desk) models.Actor { return d.maker }, requests.Verdict{Grant: true, Seen: 1, FactorAt: now}, models.Forbidden, models.RequestOpen},
		{"without the permission", func(d *desk) models.Actor { return d.idle }, requests.Verdict{Grant: true, Seen: 1, FactorAt: now}, models.Forbidden, models.RequestOpen},
		{"old code", func(d *desk) models.Actor { return d.checker }, requests.Verdict{Grant: true, Seen: 1, FactorAt: now.Add(-6 * time.Minute)}, models.Forbidden, models.RequestOpen},
		{"stale page", func(d *desk) models.Actor { return d.checker }, requests.Verdict{Grant: true, Seen: 7, FactorAt: now}, models.Conflict, models.RequestOpen},
		{"refused without a word", func(d *desk) models.Actor { return d.checker }, requests.Verdict{Seen: 1}, models.Invalid, models.RequestOpen},
		{"refused with a reason", func(d *desk) models.Actor { return d.checker }, requests.Verdict{Seen: 1, Answer: "too much"}, "", models.RequestRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			id := d.mustAsk(1)
			err := d.Decide(t.Context(), tt.by(d), id, tt.v)
			if models.KindOf(err) != tt.want || err != nil && tt.want == "" {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if got := d.state(id); got != tt.state {
				t.Errorf("the request is %s, want %s", got, tt.state)
			}
			if got, want := d.applied.Load() == 1, tt.state == models.RequestGranted; got != want {
				t.Errorf("applied: %v, want %v", got, want)
			}
			if got, want := d.dropped.Load() == 1, tt.state == models.RequestRefused; got != want {
				t.Errorf("dropped: %v, want %v", got, want)
			}
		})
	}
}

func TestWhatCannotBeAppliedStaysOpen(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.mustAsk(1)
	d.hindrance = models.Refuse(models.Conflict, "x", "Something stands in the way.", nil)
	if err := d.decide(d.checker, id, true, ""); !errors.Is(err, d.hindrance) {
		t.Errorf("got %v, want what stands in the way", err)
	}
	if got := d.state(id); got != models.RequestOpen {
		t.Errorf("the request is %s, want open", got)
	}
}

func TestOneOpenRequestOfAKindAndSubject(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.mustAsk(1)
	if _, err := d.ask(1); models.KindOf(err) != models.Conflict {
		t.Errorf("a second request: got %v, want a conflict", err)
	}
	d.mustAsk(2)
	if err := d.Withdraw(t.Context(), d.checker, id); models.KindOf(err) != models.Forbidden {
		t.Errorf("withdrawn by another: got %v, want a refusal", err)
	}
	if err := d.Withdraw(t.Context(), d.maker, id); err != nil {
		t.Fatal(err)
	}
	if d.dropped.Load() != 1 {
		t.Error("withdrawing did not undo what asking did")
	}
	d.mustAsk(1)
}

func TestManyDecideAtOnceAndOneCounts(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.mustAsk(1)
	var wg sync.WaitGroup
	var granted atomic.Int64
	for range 8 {
		wg.Go(func() {
			switch err := d.decide(d.checker, id, true, ""); {
			case err == nil:
				granted.Add(1)
			case models.KindOf(err) != models.Conflict:
				t.Errorf("got %v, want a conflict", err)
			}
		})
	}
	wg.Wait()
	if granted.Load() != 1 || d.applied.Load() != 1 {
		t.Errorf("granted %d times, applied %d times", granted.Load(), d.applied.Load())
	}
}

func TestTheDatabaseRefusesToo(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.mustAsk(1)
	for name, sql := range map[string]string{
		"granted by its maker": `UPDATE requests SET state = 'granted', decider_id = maker_id, decided_at = now() WHERE id = $1`,
		"granted by nobody":    `UPDATE requests SET state = 'granted', decided_at = now() WHERE id = $1`,
		"another content":      `UPDATE requests SET payload = '{"to": 3}' WHERE id = $1`,
		"another maker":        `UPDATE requests SET maker_id = maker_id + 1 WHERE id = $1`,
		"deleted":              `DELETE FROM requests WHERE id = $1`,
	} {
		if _, err := d.db.Pool.Exec(t.Context(), sql, id); err == nil {
			t.Errorf("%s: the database took it", name)
		}
	}
	if err := d.decide(d.checker, id, true, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.db.Pool.Exec(t.Context(), `UPDATE requests SET answer = 'changed' WHERE id = $1`, id); err == nil {
		t.Error("a decided request was changed")
	}
}

func TestWhatWaitsForMe(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.mustAsk(1)
	for name, tt := range map[string]struct {
		by   models.Actor
		want int
	}{"second person": {d.checker, 1}, "its maker": {d.maker, 0}, "an auditor": {d.idle, 0}} {
		list, err := d.ForMe(t.Context(), tt.by)
		if err != nil || len(list) != tt.want {
			t.Errorf("%s: %d requests, %v; want %d", name, len(list), err, tt.want)
		}
	}
	page, err := d.List(t.Context(), models.Actor{}, models.RequestOpen, store.Cursor{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Changes[0].After != "2" || page.Rows[0].MakerName != "Marta" {
		t.Errorf("got %+v, %v", page.Rows, err)
	}
	var told int
	if err := d.db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM events WHERE kind = 'request.made' AND permission = 'batches.decide' AND except_id = $1`, d.maker.StaffID).Scan(&told); err != nil || told != 1 {
		t.Errorf("%d events tell of the request, %v", told, err)
	}
}
