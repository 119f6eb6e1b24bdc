package review_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/kyc"
	"pagaduria/services/requests"
	"pagaduria/services/review"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

var now = time.Date(2026, 11, 19, 9, 0, 0, 0, colombia.Bogota)

// office is a service with people of compliance.
type office struct {
	*review.Service
	t         *testing.T
	ana, luis models.Actor
	next      int
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, Service: &review.Service{DB: storetest.New(t), Now: func() time.Time { return now },
		Words: func(lang string, r kyc.Reason) string { return lang + " " + string(r) }}}
	o.ana, o.luis = o.person("Ana Ruiz", models.RoleCompliance), o.person("Luis Paz", models.RoleCompliance)
	return o
}

func (o *office) exec(sql string, args ...any) {
	o.t.Helper()
	if _, err := o.DB.Pool.Exec(context.Background(), sql, args...); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) one(sql string, args ...any) (n int64) {
	o.t.Helper()
	if err := o.DB.Pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

func (o *office) text(sql string, args ...any) (s string) {
	o.t.Helper()
	if err := o.DB.Pool.QueryRow(context.Background(), sql, args...).Scan(&s); err != nil {
		o.t.Fatal(err)
	}
	return s
}

func (o *office) person(name string, role models.Role) models.Actor {
	o.t.Helper()
	email := strings.ReplaceAll(strings.ToLower(name), " ", ".") + "@example.test"
	return models.Actor{Name: name, Roles: []models.Role{role}, StaffID: o.one(`INSERT INTO staff (email, name, roles) VALUES ($1, $2, $3) RETURNING id`, email, name, []string{string(role)})}
}

// sent is a case that a payee sent some minutes after another one.
func (o *office) sent(kind string) (id int64) {
	o.t.Helper()
	o.next++
	d := o.one(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames) VALUES ($1, $2, 'CC', $3, 'Nidia', 'Cuero') RETURNING id`,
		fmt.Sprintf("D-%d", o.next), kind, fmt.Sprint(52000000+o.next))
	at := now.Add(time.Duration(o.next) * time.Minute)
	id = o.one(`INSERT INTO kyc_cases (distributor_id, state, person_kind, lang, staff_id, created_at, submitted_at, due_at, expires_at)
		VALUES ($1, 'submitted', $2, 'es', $3, $4, $4, $5, $6) RETURNING id`, d, kind, o.ana.StaffID, at, at.Add(time.Hour), at.AddDate(0, 1, 0))
	for n, item := range []string{"consent", "who", "contact", "declarations", "signature"} {
		version := 1
		if item == "consent" || item == "signature" {
			version = 0
		}
		o.exec(`INSERT INTO kyc_items (case_id, item, step, position, required, state, version, given_at) VALUES ($1, $2, $2, $3, true, 'given', $4, $5)`, id, item, n, version, at)
		if version > 0 {
			o.exec(`INSERT INTO kyc_answers (case_id, item, version, answer, address, at) VALUES ($1, $2, 1, '{"pep": false}', '', $3)`, id, item, at)
		}
	}
	return id
}

func (o *office) list(f kyc.QueueFilter) (ids []int64) {
	o.t.Helper()
	page, err := o.Queue(context.Background(), o.ana, f, store.Cursor{})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, r := range page.Rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func same(a, b []int64) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func TestTheQueueShowsWhatIsDueFirst(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), context.Background()
	a, b, c := o.sent("natural"), o.sent("juridical"), o.sent("natural")
	o.exec(`UPDATE kyc_cases SET due_at = $2 WHERE id = $1`, c, now.Add(-time.Hour))
	if err := o.Tag(ctx, o.ana, []int64{b}, "Feria", false); err != nil {
		t.Fatal(err)
	}
	if err := o.Take(ctx, o.luis, a); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		f    kyc.QueueFilter
		want []int64
	}{
		"all":             {kyc.QueueFilter{}, []int64{c, a, b}},
		"overdue":         {kyc.QueueFilter{Tab: kyc.TabOverdue}, []int64{c}},
		"new":             {kyc.QueueFilter{Tab: kyc.TabNew}, []int64{c, b}},
		"in review":       {kyc.QueueFilter{Tab: kyc.TabReview}, []int64{a}},
		"mine":            {kyc.QueueFilter{Tab: kyc.TabMine}, nil},
		"of somebody":     {kyc.QueueFilter{Reviewer: o.luis.StaffID}, []int64{a}},
		"of nobody":       {kyc.QueueFilter{Reviewer: kyc.Nobody}, []int64{c, b}},
		"companies":       {kyc.QueueFilter{PersonKind: "juridical"}, []int64{b}},
		"tagged":          {kyc.QueueFilter{Tag: "feria"}, []int64{b}},
		"tag and another": {kyc.QueueFilter{Tag: "feria", PersonKind: "natural"}, nil},
		"on a desk":       {kyc.QueueFilter{Desk: "fraud"}, nil},
	} {
		if got := o.list(x.f); !same(got, x.want) {
			t.Errorf("%s: got %v, want %v", name, got, x.want)
		}
	}
	counts, err := o.Counts(ctx, o.luis)
	if err != nil || counts[kyc.TabAll] != 3 || counts[kyc.TabMine] != 1 || counts[kyc.TabNew] != 2 || counts[kyc.TabOverdue] != 1 {
		t.Errorf("counts %v, %v", counts, err)
	}
	if _, err := o.Queue(ctx, o.person("Sara", models.RoleSupport), kyc.QueueFilter{}, store.Cursor{}); models.KindOf(err) != models.Forbidden {
		t.Errorf("support sees the queue: %v", err)
	}
}

func TestPagesOfTheQueueFollowEachOther(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), context.Background()
	var want []int64
	for range review.PageSize + 7 {
		want = append(want, o.sent("natural"))
	}
	first, err := o.Queue(ctx, o.ana, kyc.QueueFilter{}, store.Cursor{})
	if err != nil || len(first.Rows) != review.PageSize || first.Newer != "" {
		t.Fatalf("%d rows, %q, %v", len(first.Rows), first.Newer, err)
	}
	at, _ := store.ParseCursor(first.Older)
	second, err := o.Queue(ctx, o.ana, kyc.QueueFilter{}, at)
	if err != nil || len(second.Rows) != 7 || second.Rows[0].ID != want[review.PageSize] || second.Older != "" {
		t.Fatalf("%d rows, %v", len(second.Rows), err)
	}
	at, _ = store.ParseCursor(second.Newer)
	back, err := o.Queue(ctx, o.ana, kyc.QueueFilter{}, at)
	if err != nil || len(back.Rows) != review.PageSize || back.Rows[0].ID != want[0] {
		t.Fatalf("back: %d rows, %v", len(back.Rows), err)
	}
}

func TestTakeNextGivesACaseOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 6 {
		o.sent("natural")
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	taken := map[int64]int{}
	for n := range 8 {
		by := []models.Actor{o.ana, o.luis}[n%2]
		wait.Go(func() {
			id, err := o.TakeNext(context.Background(), by)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				taken[id]++
			} else if models.KindOf(err) != models.Conflict {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for id, n := range taken {
		if n != 1 {
			t.Errorf("case %d was taken %d times", id, n)
		}
	}
	if n := o.one(`SELECT count(*) FROM kyc_cases WHERE state = 'in_review' AND reviewer_id IS NOT NULL AND assigned_at IS NOT NULL`); int(n) != len(taken) || n != 6 {
		t.Errorf("%d in review, %d taken", n, len(taken))
	}
}

func TestTakeNextLeavesOutWhatIsNotToBeTaken(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), context.Background()
	snoozed, escalated, free := o.sent("natural"), o.sent("natural"), o.sent("natural")
	if err := o.Snooze(ctx, o.ana, snoozed, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), "El banco responde el lunes"); err != nil {
		t.Fatal(err)
	}
	if err := o.Escalate(ctx, o.ana, escalated, "fraud", "Dos cédulas con la misma foto"); err != nil {
		t.Fatal(err)
	}
	if id, err := o.TakeNext(ctx, o.ana); err != nil || id != free {
		t.Errorf("took %d, want %d: %v", id, free, err)
	}
	if _, err := o.TakeNext(ctx, o.ana); models.KindOf(err) != models.Conflict {
		t.Errorf("took another one: %v", err)
	}
	if n := o.one(`SELECT count(*) FROM events WHERE kind = 'case.escalated' AND permission = 'kyc.review' AND except_id = $1`, o.ana.StaffID); n != 1 {
		t.Errorf("%d events of the escalation", n)
	}
	for name, err := range map[string]error{
		"put off into the past": o.Snooze(ctx, o.ana, snoozed, time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC), "x"),
		"put off for a year":    o.Snooze(ctx, o.ana, snoozed, time.Date(2027, 11, 19, 0, 0, 0, 0, time.UTC), "x"),
		"escalated to nowhere":  o.Escalate(ctx, o.ana, snoozed, "attic", "x"),
		"without a reason":      o.Escalate(ctx, o.ana, snoozed, "fraud", ""),
	} {
		if models.KindOf(err) != models.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := o.Take(ctx, o.luis, escalated); err != nil {
		t.Fatal(err)
	}
	if err := o.Take(ctx, o.ana, escalated); models.KindOf(err) != models.Conflict {
		t.Errorf("taken from somebody: %v", err)
	}
}

func TestCasesAreHandedOverTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), context.Background()
	a, b := o.sent("natural"), o.sent("natural")
	over := o.sent("natural")
	o.exec(`UPDATE kyc_cases SET state = 'expired' WHERE id = $1`, over)
	if err := o.Assign(ctx, o.ana, []int64{a, b, over}, review.HandOver{To: o.luis.StaffID}); models.KindOf(err) != models.Conflict {
		t.Errorf("a case that is over was assigned: %v", err)
	}
	if n := o.one(`SELECT count(*) FROM kyc_cases WHERE reviewer_id IS NOT NULL`); n != 0 {
		t.Errorf("%d cases were assigned nevertheless", n)
	}
	if err := o.Assign(ctx, o.ana, []int64{a, b}, review.HandOver{To: o.luis.StaffID, Note: "Llamar antes de las 4"}); err != nil {
		t.Fatal(err)
	}
	if n := o.one(`SELECT count(*) FROM events WHERE kind = 'case.assigned' AND staff = ARRAY[$1::bigint] AND facts->>'Count' = '2'`, o.luis.StaffID); n != 1 {
		t.Errorf("%d events", n)
	}
	if n := o.one(`SELECT count(*) FROM kyc_notes WHERE kind = 'hand_over'`); n != 2 {
		t.Errorf("%d notes", n)
	}
	o.exec(`INSERT INTO absences (staff_id, from_day, to_day) VALUES ($1, '2026-11-18', '2026-11-20')`, o.ana.StaffID)
	for name, to := range map[string]int64{"away": o.ana.StaffID, "no reviewer": o.person("Sara", models.RoleSupport).StaffID, "nobody there": 999} {
		if err := o.Assign(ctx, o.luis, []int64{a}, review.HandOver{To: to}); models.KindOf(err) != models.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSharingOutDoesWhatThePlanSaid(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), context.Background()
	eva := o.person("Eva Gil", models.RoleCompliance)
	o.exec(`INSERT INTO absences (staff_id, from_day, to_day) VALUES ($1, '2026-11-19', '2026-11-19')`, eva.StaffID)
	for range 5 {
		o.sent("natural")
	}
	plan, err := o.Plan(ctx, o.ana)
	if err != nil || plan.Cases != 5 || plan.Given != 5 {
		t.Fatalf("%+v, %v", plan, err)
	}
	o.sent("natural")
	if err := o.ShareOut(ctx, o.ana, plan.Given); models.KindOf(err) != models.Conflict {
		t.Errorf("an old plan was carried out: %v", err)
	}
	if err := o.ShareOut(ctx, o.ana, 6); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[int64]int64{o.ana.StaffID: 3, o.luis.StaffID: 3, eva.StaffID: 0} {
		if n := o.one(`SELECT count(*) FROM kyc_cases WHERE reviewer_id = $1`, who); n != want {
			t.Errorf("%d has %d, want %d", who, n, want)
		}
	}
}

func TestANoteTellsWhomItNames(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), context.Background()
	id := o.sent("natural")
	if err := o.Note(ctx, o.ana, id, "¿Lo viste, @luis paz? El NIT es de otra empresa."); err != nil {
		t.Fatal(err)
	}
	if n := o.one(`SELECT count(*) FROM events WHERE kind = 'case.mentioned' AND staff = ARRAY[$1::bigint]`, o.luis.StaffID); n != 1 {
		t.Errorf("%d events", n)
	}
	if err := o.Note(ctx, o.ana, id, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("an empty note: %v", err)
	}
}

func TestTwoOfficersDecideAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.sent("natural")
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for n, by := range []models.Actor{o.ana, o.luis} {
		wait.Go(func() {
			errs[n] = o.Decide(context.Background(), by, id, kyc.Who, kyc.Decide{Verdict: kyc.Accept, Version: 1})
		})
	}
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("not one of two: %v, %v", errs[0], errs[1])
	}
	for _, err := range errs {
		if err != nil && models.KindOf(err) != models.Conflict {
			t.Error(err)
		}
	}
	if n := o.one(`SELECT count(*) FROM kyc_verdicts`); n != 1 {
		t.Errorf("%d verdicts", n)
	}
}

func TestAVerdictCountsForItsVersionAlone(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), context.Background()
	id := o.sent("natural")
	accept := kyc.Decide{Verdict: kyc.Accept, Version: 1}
	if err := o.Decide(ctx, o.ana, id, kyc.Who, accept); err != nil {
		t.Fatal(err)
	}
	if s := o.text(`SELECT state FROM kyc_items WHERE case_id = $1 AND item = 'who'`, id); s != "accepted" {
		t.Errorf("the item is %s", s)
	}
	if err := o.Decide(ctx, o.ana, id, kyc.Who, accept); models.KindOf(err) != models.Conflict {
		t.Errorf("decided twice from one page: %v", err)
	}
	o.exec(`UPDATE kyc_items SET state = 'given', version = 2 WHERE case_id = $1 AND item = 'who'`, id)
	if err := o.Decide(ctx, o.ana, id, kyc.Who, accept); models.KindOf(err) != models.Conflict {
		t.Errorf("the version before was decided: %v", err)
	}
	if _, err := o.DB.Pool.Exec(ctx, `UPDATE kyc_items SET state = 'accepted' WHERE case_id = $1 AND item = 'who'`, id); store.Constraint(err) == "" && err == nil {
		t.Error("the database takes a version for accepted that nobody accepted")
	}
	if err := o.Decide(ctx, o.ana, id, kyc.Contact, kyc.Decide{Verdict: kyc.AskAgain, Version: 1, Reason: kyc.NumberMismatch}); err != nil {
		t.Fatal(err)
	}
	if s := o.text(`SELECT to_payee FROM kyc_verdicts WHERE item = 'contact'`); s != "es NUMBER_MISMATCH" {
		t.Errorf("the payee reads %q", s)
	}
	if err := o.Decide(ctx, o.person("Sara", models.RoleSupport), id, kyc.Contact, accept); models.KindOf(err) != models.Forbidden {
		t.Errorf("support decides: %v", err)
	}
	if _, err := o.DB.Pool.Exec(ctx, `DELETE FROM kyc_verdicts`); err == nil {
		t.Error("verdicts can be deleted")
	}
}

func TestRulesOfTwoPeopleAreTakenAwayByTwo(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), context.Background()
	desk := &requests.Service{DB: o.DB, Now: o.Now, Kinds: o.RequestKinds()}
	k, err := o.Settings(ctx)
	if err != nil || len(k.FourEyes) != len(kyc.Whys) {
		t.Fatalf("%v, %v", k.FourEyes, err)
	}
	if _, err := o.DB.Pool.Exec(ctx, `INSERT INTO kyc_review_settings (open_from, open_to, weekdays, due_minutes, amber_minutes, capacity, four_eyes) VALUES (0, 60, '{1}', 60, 0, 1, '{}')`); err == nil {
		t.Error("the database takes rules away without a second person")
	}
	if _, err := o.AskFourEyes(ctx, o.ana, k.ID, []kyc.Why{"pep", "company"}, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := o.AskFourEyes(ctx, o.ana, k.ID, kyc.Whys, "x"); models.KindOf(err) != models.Conflict {
		t.Errorf("the same rules: %v", err)
	}
	id, err := o.AskFourEyes(ctx, o.ana, k.ID, []kyc.Why{"pep", "company"}, "Poco volumen")
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Decide(ctx, o.ana, id, requests.Verdict{Grant: true, Seen: 1, FactorAt: now}); models.KindOf(err) != models.Forbidden {
		t.Errorf("by who asked: %v", err)
	}
	if err := desk.Decide(ctx, o.luis, id, requests.Verdict{Grant: true, Seen: 1, FactorAt: now}); err != nil {
		t.Fatal(err)
	}
	if k, err = o.Settings(ctx); err != nil || fmt.Sprint(k.Rules()) != "[pep company]" {
		t.Errorf("%v, %v", k.FourEyes, err)
	}
	k.Capacity = 3
	if err := o.SetSettings(ctx, o.ana, k.ID, k); err != nil {
		t.Errorf("other settings: %v", err)
	}
}
