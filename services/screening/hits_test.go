package screening_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/requests"
	"pagaduria/services/screening"
	"pagaduria/services/store"
)

// office is a service with the lists loaded and people of compliance.
type office struct {
	*screening.Service
	t         *testing.T
	requests  *requests.Service
	ana, luis models.Actor
	mu        sync.Mutex
	next      int
	clock     time.Time
}

func newOffice(t *testing.T, without ...string) *office {
	t.Helper()
	o := &office{Service: newService(t), t: t, clock: now}
	o.Now = func() time.Time { o.mu.Lock(); defer o.mu.Unlock(); return o.clock }
	o.requests = &requests.Service{DB: o.DB, Now: o.Now, Kinds: o.RequestKinds()}
	o.ana, o.luis = o.person("Ana Ruiz", models.RoleCompliance), o.person("Luis Paz", models.RoleCompliance)
	load(t, o.Service, append(ofac(t, without...), text("un.xml", published(t, "UN.xml")))...)
	return o
}

func (o *office) exec(sql string, args ...any) {
	o.t.Helper()
	if _, err := o.DB.Pool.Exec(context.Background(), sql, args...); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) person(name string, roles ...models.Role) models.Actor {
	o.t.Helper()
	a := models.Actor{Name: name, Roles: roles}
	email := strings.ReplaceAll(strings.ToLower(name), " ", ".") + "@example.test"
	if err := o.DB.Pool.QueryRow(o.t.Context(), `INSERT INTO staff (email, name, roles) VALUES ($1, $2, $3) RETURNING id`, email, name, []string{string(roles[0])}).Scan(&a.StaffID); err != nil {
		o.t.Fatal(err)
	}
	return a
}

func (o *office) payee(given, surnames, document string) (id int64) {
	o.t.Helper()
	o.next++
	err := o.DB.Pool.QueryRow(context.Background(), `INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, verification)
		VALUES ($1, 'natural', 'CC', $2, $3, $4, 'verified') RETURNING id`, fmt.Sprintf("D-%d", o.next), document, given, surnames).Scan(&id)
	if err != nil {
		o.t.Fatal(err)
	}
	return id
}

func (o *office) rescreen() int {
	o.t.Helper()
	n, err := o.Rescreen(context.Background())
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

// held answers whether the distributor's payouts stand still; payable whether a dispatch would take them.
func (o *office) held(id int64) bool {
	return count(o.t, o.Service, `SELECT count(*) FROM distributors WHERE id = $1 AND on_hold`, id) == 1
}

func (o *office) current(id int64) bool {
	return count(o.t, o.Service, `SELECT count(*) FROM distributors d WHERE d.id = $1 AND `+screening.Current, id) == 1
}

func (o *office) hit(distributor int64) models.HitDetail {
	o.t.Helper()
	page, err := o.Hits(context.Background(), models.HitFilter{Distributor: distributor}, store.Cursor{})
	if err != nil || len(page.Rows) != 1 {
		o.t.Fatalf("%d hits, %v", len(page.Rows), err)
	}
	x, err := o.Hit(context.Background(), page.Rows[0].ID)
	if err != nil {
		o.t.Fatal(err)
	}
	return x
}

func (o *office) decide(by models.Actor, h models.HitDetail, to models.HitState) (screening.Decided, error) {
	d := models.HitDecision{To: to, Comment: "Compared the birth dates"}
	if to == models.HitCleared {
		until := models.Day(now).AddDate(0, 1, 0)
		d.Until = &until
	}
	return o.Decide(context.Background(), by, h.ID, h.Version, d)
}

func (o *office) consent(by models.Actor, request int64) error {
	return o.requests.Decide(context.Background(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: o.Now()})
}

// clear has two people let a pair through.
func (o *office) clear(h models.HitDetail) {
	o.t.Helper()
	done, err := o.decide(o.ana, h, models.HitCleared)
	if err != nil || done.Request == 0 {
		o.t.Fatalf("asked for %+v, %v", done, err)
	}
	if err := o.consent(o.luis, done.Request); err != nil {
		o.t.Fatal(err)
	}
}

func TestWhoIsListedIsHeldAndNobodyElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	listed, ordinary, byDocument := o.payee("Oliverio", "Abril Cortés", "1000001"), o.payee("Luz Marina", "Ospina Giraldo", "1000002"), o.payee("Zacarías", "Ñungo", "16692007")
	if o.current(ordinary) {
		t.Error("nobody compared them, and they could be paid")
	}
	if n := o.rescreen(); n != 3 {
		t.Errorf("compared %d, want 3", n)
	}
	if !o.held(listed) || o.held(ordinary) || !o.held(byDocument) || !o.current(ordinary) {
		t.Errorf("held %v %v %v", o.held(listed), o.held(ordinary), o.held(byDocument))
	}
	if n := o.rescreen(); n != 0 {
		t.Errorf("compared %d again, want 0", n)
	}
	if h := o.hit(byDocument); h.Why.Document == "" || h.Score != sanctions.Full || h.Entry.Number != "4398" {
		t.Errorf("got %+v", h.Hit)
	}
	if n := count(t, o.Service, `SELECT count(*) FROM events WHERE kind = 'screening.hits' AND permission = 'screening.decide'`); n != 1 {
		t.Errorf("%d notices, want 1", n)
	}
}

func TestAnotherNameOrDocumentIsComparedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.payee("Luz Marina", "Ospina Giraldo", "1000002")
	o.rescreen()
	o.exec(`UPDATE distributors SET phone = '+573001112233' WHERE id = $1`, id)
	if !o.current(id) {
		t.Error("another phone makes them due")
	}
	o.exec(`UPDATE distributors SET given_names = 'Nubia', surnames = 'Buitrago Marín' WHERE id = $1`, id)
	if o.current(id) {
		t.Error("another name does not make them due")
	}
	o.rescreen()
	if !o.held(id) {
		t.Error("the new name is not held")
	}
	o.exec(`UPDATE distributors SET given_names = 'Luz Marina', surnames = 'Ospina Giraldo' WHERE id = $1`, id)
	o.rescreen()
	if !o.held(id) || !o.hit(id).Moved() {
		t.Error("a name that was changed away ends the hold")
	}
}

func TestAListUpdateComparesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "4307", "8902")
	listed, other := o.payee("Oliverio", "Abril Cortés", "1000001"), o.payee("Nubia", "Buitrago Marín", "1000003")
	o.rescreen()
	if o.held(listed) || !o.held(other) {
		t.Fatalf("held %v %v", o.held(listed), o.held(other))
	}
	before := o.hit(other)
	load(t, o.Service, ofac(t)...)
	if o.current(listed) {
		t.Error("not compared with the new list, and could be paid")
	}
	if n := o.rescreen(); n != 2 || !o.held(listed) {
		t.Errorf("compared %d, held %v", n, o.held(listed))
	}
	if after := o.hit(other); after.Version != before.Version {
		t.Error("a hit on what did not change was written again")
	}
}

func TestAnEntryThatIsDroppedEndsTheHoldNobodyDecidedOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	open, confirmed := o.payee("Oliverio", "Abril Cortés", "1000001"), o.payee("Nubia", "Buitrago Marín", "1000003")
	o.rescreen()
	if _, err := o.decide(o.ana, o.hit(confirmed), models.HitConfirmed); err != nil {
		t.Fatal(err)
	}
	load(t, o.Service, ofac(t, "4307", "4293")...)
	o.rescreen()
	if o.held(open) || o.hit(open).State != models.HitLapsed || !o.held(confirmed) {
		t.Errorf("held %v (%s) and %v", o.held(open), o.hit(open).State, o.held(confirmed))
	}
	load(t, o.Service, ofac(t)...)
	o.rescreen()
	if !o.held(open) || o.hit(open).State != models.HitOpen {
		t.Errorf("listed again: held %v, %s", o.held(open), o.hit(open).State)
	}
}

func TestAHoldEndsByTwoPeople(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.payee("Oliverio", "Abril Cortés", "1000001")
	o.rescreen()
	h := o.hit(id)
	finance := o.person("Sol Vega", models.RoleFinance)
	if _, err := o.decide(finance, h, models.HitCleared); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance: %v", err)
	}
	done, err := o.decide(o.ana, h, models.HitCleared)
	if err != nil || done.Request == 0 || !o.held(id) {
		t.Fatalf("asked for %+v, %v, held %v", done, err, o.held(id))
	}
	if err := o.consent(o.ana, done.Request); models.KindOf(err) != models.Forbidden || !o.held(id) {
		t.Errorf("who asked consents: %v", err)
	}
	if _, _, err := o.requests.Request(t.Context(), finance, done.Request); models.KindOf(err) != models.NotFound {
		t.Errorf("finance learns of the request: %v", err)
	}
	list, err := o.requests.List(t.Context(), finance, "", store.Cursor{})
	if err != nil || len(list.Rows) != 0 {
		t.Errorf("finance sees %d requests, %v", len(list.Rows), err)
	}
	if err := o.consent(o.luis, done.Request); err != nil {
		t.Fatal(err)
	}
	if o.held(id) || o.hit(id).State != models.HitCleared {
		t.Errorf("held %v, %s", o.held(id), o.hit(id).State)
	}
	o.rescreen()
	if o.held(id) {
		t.Error("the pair that was let through is held again")
	}
}

func TestAClearanceEnds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*office, int64){
		"when its time runs out": func(o *office, _ int64) { o.mu.Lock(); o.clock = now.AddDate(0, 2, 0); o.mu.Unlock() },
		"when the name changes": func(o *office, id int64) {
			o.exec(`UPDATE distributors SET given_names = 'Oliberio' WHERE id = $1`, id)
		},
		"when the entry changes": func(o *office, _ int64) {
			files := ofac(o.t)
			files[0] = text("sdn.csv", strings.Replace(published(o.t, "sdn.csv"), `"ABRIL CORTEZ, Oliverio","individual","SDNT"`, `"ABRIL CORTEZ, Oliverio","individual","SDNT] [SDGT"`, 1))
			if v := load(o.t, o.Service, files...); v[0].Changed != 1 {
				o.t.Fatalf("got %+v", v)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			id := o.payee("Oliverio", "Abril Cortés", "1000001")
			o.rescreen()
			o.clear(o.hit(id))
			change(o, id)
			o.rescreen()
			if !o.held(id) || o.hit(id).State != models.HitOpen {
				t.Errorf("held %v, %s", o.held(id), o.hit(id).State)
			}
		})
	}
}

func TestConfirmingSuspendsInNeutralWords(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.payee("Oliverio", "Abril Cortés", "1000001")
	o.rescreen()
	if _, err := o.decide(o.ana, o.hit(id), models.HitConfirmed); err != nil {
		t.Fatal(err)
	}
	if n := count(t, o.Service, `SELECT count(*) FROM distributors WHERE id = $1 AND verification = 'suspended' AND on_hold`, id); n != 1 {
		t.Error("the payee is not suspended")
	}
	if n := count(t, o.Service, `SELECT count(*) FROM verifications WHERE distributor_id = $1 AND reason ILIKE '%sanction%'`, id); n != 0 {
		t.Error("the reason tips off")
	}
}

func TestDecisionsThatAreRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.payee("Oliverio", "Abril Cortés", "1000001")
	o.rescreen()
	h := o.hit(id)
	day := func(n int) *time.Time { d := models.Day(now).AddDate(0, 0, n); return &d }
	for name, tt := range map[string]struct {
		d    models.HitDecision
		seen int
		want models.ErrorKind
	}{
		"no comment":     {models.HitDecision{To: models.HitConfirmed}, h.Version, models.Invalid},
		"no day":         {models.HitDecision{To: models.HitCleared, Comment: "x"}, h.Version, models.Invalid},
		"a day gone by":  {models.HitDecision{To: models.HitCleared, Comment: "x", Until: day(-1)}, h.Version, models.Invalid},
		"for ever":       {models.HitDecision{To: models.HitCleared, Comment: "x", Until: day(400)}, h.Version, models.Invalid},
		"no such state":  {models.HitDecision{To: "open", Comment: "x"}, h.Version, models.Invalid},
		"a stale screen": {models.HitDecision{To: models.HitConfirmed, Comment: "x"}, h.Version - 1, models.Conflict},
	} {
		if _, err := o.Decide(t.Context(), o.ana, h.ID, tt.seen, tt.d); models.KindOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	if got := o.hit(id); got.Version != h.Version || len(got.Decisions) != 0 {
		t.Errorf("refusals left something behind: %+v", got.Hit)
	}
}

func TestTheDatabaseKeepsTheHold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.payee("Oliverio", "Abril Cortés", "1000001")
	o.rescreen()
	for _, sql := range []string{
		`UPDATE distributors SET on_hold = false`,
		`UPDATE screening_hits SET state = 'cleared', cleared_until = '2027-01-01'`,
		`UPDATE screening_hits SET level = 'review', state = 'cleared', cleared_until = '2027-01-01', consent_id = 999`,
		`DELETE FROM screening_hits`,
	} {
		if _, err := o.DB.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
	if !o.held(id) {
		t.Error("the hold is gone")
	}
}

func TestTwoOfficersDecideAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.payee("Oliverio", "Abril Cortés", "1000001")
	o.rescreen()
	h := o.hit(id)
	errs := make([]error, 2)
	var wait sync.WaitGroup
	for i, by := range []models.Actor{o.ana, o.luis} {
		wait.Go(func() { _, errs[i] = o.decide(by, h, []models.HitState{models.HitConfirmed, models.HitUndecided}[i]) })
	}
	wait.Wait()
	conflicts := 0
	for _, err := range errs {
		if models.KindOf(err) == models.Conflict {
			conflicts++
		} else if err != nil {
			t.Error(err)
		}
	}
	if got := o.hit(id); conflicts != 1 || len(got.Decisions) != 1 || !o.held(id) {
		t.Errorf("%d conflicts, %d decisions, held %v", conflicts, len(got.Decisions), o.held(id))
	}
}

// TestListsChangeWhileScreening loads one version after another while everybody is compared: at the end nobody who is
// listed is unheld, and nobody counts as compared who was not.
func TestListsChangeWhileScreening(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "4307")
	listed := o.payee("Oliverio", "Abril Cortés", "1000001")
	for range 300 {
		o.payee("Luz Marina", "Ospina Giraldo", fmt.Sprintf("2%07d", o.next))
	}
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for range 3 {
				if _, err := o.Rescreen(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Go(func() {
		for _, without := range [][]string{{"4293"}, {"4307"}, {"4273"}} {
			if _, err := o.LoadLists(context.Background(), models.System("test"), screening.Load{Files: ofac(t, without...)}); err != nil {
				t.Error(err)
			}
		}
	})
	wait.Wait()
	o.rescreen()
	if !o.held(listed) {
		t.Error("who is listed is not held")
	}
	if n := count(t, o.Service, `SELECT count(*) FROM distributors d WHERE NOT `+screening.Current); n != 0 {
		t.Errorf("%d are still due", n)
	}
}

func TestThresholdsChangeByTwoPeople(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.payee("Salustio", "Amézquita", "1000004")
	o.rescreen()
	if !o.held(id) {
		t.Fatal("not held")
	}
	for _, bad := range []sanctions.Thresholds{{Review: 700, Hold: 950}, {Review: 950, Hold: 900}, sanctions.DefaultThresholds} {
		if _, err := o.AskThresholds(t.Context(), o.ana, bad, "too many"); models.KindOf(err) == "" {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	request, err := o.AskThresholds(t.Context(), o.ana, sanctions.Thresholds{Review: 900, Hold: 980}, "Too many hits with one surname")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.consent(o.luis, request); err != nil {
		t.Fatal(err)
	}
	if n := o.rescreen(); n != 1 || o.held(id) || o.hit(id).Level != sanctions.Review {
		t.Errorf("compared %d, held %v, %s", n, o.held(id), o.hit(id).Level)
	}
}
