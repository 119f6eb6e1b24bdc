package payouts_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/services/commissions"
	"pagaduria/services/distributors"
	"pagaduria/services/mail"
	"pagaduria/services/payouts"
	"pagaduria/services/requests"
)

// registry is an office with people who look after distributors.
type registry struct {
	*office
	people   *distributors.Service
	requests *requests.Service
	lines    *commissions.Service
	asker    models.Actor
	second   models.Actor
}

func openRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{office: open(t)}
	r.people = &distributors.Service{DB: r.db, Mail: mail.New(r.db, nil, nil), Today: func() time.Time { return models.Day(r.clock()) }}
	r.requests = &requests.Service{DB: r.db, Kinds: r.people.RequestKinds(), Now: r.clock}
	r.lines = &commissions.Service{DB: r.db, Now: r.clock}
	r.asker, r.second = r.maker, r.person("Clara", models.RoleCompliance)
	return r
}

func (r *registry) of(id int64) models.Distributor {
	r.t.Helper()
	d, err := r.people.Get(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *registry) ask(survivor, absorbed int64, take ...models.MergePart) (int64, error) {
	return r.people.AskMerge(r.t.Context(), r.asker, distributors.MergeAsk{SurvivorID: survivor, AbsorbedID: absorbed, SurvivorVersion: r.of(survivor).Version,
		AbsorbedVersion: r.of(absorbed).Version, Taken: take, Reason: "the same person"})
}

// grant has somebody consent to what was asked about a merge last.
func (r *registry) grant(by models.Actor, merge int64) error {
	r.t.Helper()
	request := r.number(`SELECT max(id) FROM requests WHERE subject_type = 'merge' AND subject_id = $1`, merge)
	return r.requests.Decide(r.t.Context(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: r.clock()})
}

func (r *registry) merge(survivor, absorbed int64, take ...models.MergePart) int64 {
	r.t.Helper()
	id, err := r.ask(survivor, absorbed, take...)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.grant(r.second, id); err != nil {
		r.t.Fatal(err)
	}
	r.sound()
	return id
}

func (r *registry) undo(merge int64) error {
	if err := r.people.AskUnmerge(r.t.Context(), r.asker, merge, "they are two"); err != nil {
		return err
	}
	return r.grant(r.second, merge)
}

// sound fails the test when the books are not in order.
func (r *registry) sound() {
	r.t.Helper()
	r.balanced()
	r.verified()
}

const owedInAll = `SELECT CAST(COALESCE(sum(CASE WHEN credit IN ('payable', 'held') THEN amount ELSE 0 END - CASE WHEN debit IN ('payable', 'held') THEN amount ELSE 0 END), 0) AS bigint) FROM ledger_entries`

func (r *registry) payable(id int64) int64 {
	r.t.Helper()
	return r.number(`SELECT CAST(COALESCE(sum(CASE WHEN credit = 'payable' AND credit_party = $1 THEN amount ELSE 0 END
		- CASE WHEN debit = 'payable' AND debit_party = $1 THEN amount ELSE 0 END), 0) / 100 AS bigint) FROM ledger_entries`, id)
}

// statement takes a commission statement: rows of code, order and whole pesos.
func (r *registry) statement(rows ...string) (models.ImportResult, error) {
	text := "tipo_documento,documento,codigo_distribuidor,pedido,periodo,concepto,valor_cop\n"
	for _, row := range rows {
		f := strings.Fields(row)
		text += fmt.Sprintf("CC,%s,D-%s,%s,2026-10,Comisión por venta,%s\n", f[0], f[1], f[2], f[3])
	}
	return r.lines.Import(r.t.Context(), strings.NewReader(text), models.ImportOptions{By: models.System("test"), Today: models.Day(r.clock())})
}

func (r *registry) mustTake(created, unchanged int, rows ...string) {
	r.t.Helper()
	got, err := r.statement(rows...)
	if err != nil || got.Created != created || got.Unchanged != unchanged {
		r.t.Fatalf("statement %v: %+v, %v; want %d created and %d unchanged", rows, got, err, created, unchanged)
	}
}

// payAll pays whatever can be paid.
func (r *registry) payAll() {
	r.t.Helper()
	b := r.batch()
	r.approve(b)
	r.dispatch(b)
	r.pass(time.Minute)
	r.poll()
	r.rail.CollectAll()
	r.pass(time.Hour)
	r.poll()
	r.exec(`UPDATE batches SET state = 'done' WHERE id = $1 AND state = 'dispatching'`, b.ID)
}

const docA, docB, docC = "1020300001", "1020300002", "1020300003"

func TestTwoRecordsBecomeOneAndTwoAgain(t *testing.T) {
	t.Parallel()
	r := openRegistry(t)
	a, b, c := r.payee(docA), r.payee(docB), r.payee(docC)
	r.exec(`UPDATE distributors SET upline_id = $1 WHERE id = $2`, b, c)
	r.exec(`UPDATE distributors SET upline_id = $1 WHERE id = $2`, c, a)
	r.mustTake(3, 0, docA+" "+docA+" 1 10025", docB+" "+docB+" 2 20030", docC+" "+docC+" 9 70000")
	r.payAll()
	r.mustTake(3, 0, docA+" "+docA+" 3 30000", docB+" "+docB+" 3 30000", docB+" "+docB+" 4 44444")
	owed, before := r.number(owedInAll), [2]int64{r.payable(a), r.payable(b)}

	id := r.merge(a, b)
	if got := r.payable(a); got != before[0]+before[1] || r.payable(b) != 0 || r.number(owedInAll) != owed {
		t.Errorf("owed %d and %d, before %v", got, r.payable(b), before)
	}
	if d := r.of(b); d.Verification != models.Merged || d.MergedInto == nil || *d.MergedInto != a {
		t.Errorf("the absorbed record is %s, part of %v", d.Verification, d.MergedInto)
	}
	if n := r.number(`SELECT count(*) FROM payouts WHERE distributor_id = $1 AND merged_from = $2`, a, b); n != 1 {
		t.Errorf("%d payouts went over", n)
	}
	if up := r.of(c).UplineID; up == nil || *up != a {
		t.Errorf("the downline stands below %v", up)
	}
	if up := r.of(a).UplineID; up != nil {
		t.Errorf("the survivor stands below %d, which stands below it", *up)
	}
	if n := r.number(`SELECT count(*) FROM commission_lines WHERE distributor_id = $1 AND order_number = '3' AND state = 'held' AND merged_from = $2 AND reason <> ''`, a, b); n != 1 {
		t.Error("two lines that say the same are both paid")
	}
	// Files that name the absorbed record, or mix the two, mean the survivor.
	r.mustTake(0, 4, docA+" "+docA+" 3 30000", docB+" "+docB+" 3 30000", docB+" "+docB+" 2 20030", docA+" "+docB+" 4 44444")
	r.mustTake(0, 1, docA+" "+docA+" 4 44444")
	r.mustTake(1, 0, docB+" "+docB+" 5 5000")
	if n := r.number(`SELECT count(*) FROM commission_lines WHERE distributor_id = $1`, b); n != 0 {
		t.Errorf("%d lines under the absorbed record", n)
	}
	r.sound()

	if err := r.undo(id); err != nil {
		t.Fatal(err)
	}
	r.sound()
	if r.payable(a) != before[0] || r.payable(b) != before[1]+5000 || r.number(owedInAll) != owed+500_000 {
		t.Errorf("owed %d and %d, before %v", r.payable(a), r.payable(b), before)
	}
	if d := r.of(b); d.Verification != models.Verified || d.MergedInto != nil {
		t.Errorf("the absorbed record is %s, part of %v", d.Verification, d.MergedInto)
	}
	if up, own := r.of(c).UplineID, r.of(a).UplineID; up == nil || *up != b || own == nil || *own != c {
		t.Errorf("the network is not as it was: %v, %v", up, own)
	}
	if n := r.number(`SELECT count(*) FROM payouts WHERE distributor_id = $1 AND merged_from IS NULL`, b); n != 1 {
		t.Errorf("%d payouts went back", n)
	}
	if n := r.number(`SELECT count(*) FROM commission_lines WHERE distributor_id = $1 AND merged_from IS NULL AND state = 'eligible'`, b); n != 3 {
		t.Errorf("%d payable lines went back", n)
	}
	r.mustTake(0, 2, docB+" "+docB+" 5 5000", docB+" "+docB+" 2 20030")
	if err := r.people.AskUnmerge(t.Context(), r.asker, id, "once more"); models.KindOf(err) != models.Conflict {
		t.Errorf("undone twice: %v", err)
	}
}

func TestADebtGoesOverAndOneMergeAfterAnother(t *testing.T) {
	t.Parallel()
	r := openRegistry(t)
	a, b, c := r.payee(docA), r.payee(docB), r.payee(docC)
	r.owe(a, 10_000)
	r.owe(b, -4_000)
	r.owe(c, 3_000)
	owed := r.number(owedInAll)
	first := r.merge(a, b)
	second := r.merge(c, a)
	if r.payable(c) != 9_000 || r.number(owedInAll) != owed || *r.of(b).MergedInto != c {
		t.Errorf("owed %d in the end; the first one is part of %v", r.payable(c), r.of(b).MergedInto)
	}
	if err := r.undo(first); models.KindOf(err) != models.Conflict {
		t.Errorf("undone below another merge: %v", err)
	}
	for _, id := range []int64{second, first} {
		if err := r.undo(id); err != nil {
			t.Fatal(err)
		}
		r.sound()
	}
	if r.payable(a) != 10_000 || r.payable(b) != -4_000 || r.payable(c) != 3_000 {
		t.Errorf("owed %d, %d and %d", r.payable(a), r.payable(b), r.payable(c))
	}
}

func TestWhatTheSurvivorTakesOver(t *testing.T) {
	t.Parallel()
	r := openRegistry(t)
	a, b := r.payee(docA), r.payee(docB)
	r.exec(`UPDATE distributors SET email = 'old@example.org' WHERE id = $1`, a)
	r.exec(`UPDATE distributors SET email = 'new@example.org', phone = '+573001112233', given_names = 'Lina' WHERE id = $1`, b)
	r.exec(`UPDATE payout_methods SET preferred = false WHERE distributor_id = $1`, b)
	r.exec(`ALTER TABLE payout_methods DISABLE TRIGGER payout_methods_check`)
	r.exec(`INSERT INTO payout_methods (distributor_id, kind, account_number, preferred) VALUES ($1, 'nequi', '3001112233', true)`, b)
	r.exec(`ALTER TABLE payout_methods ENABLE TRIGGER payout_methods_check`)
	r.exec(`UPDATE distributors SET method_kind = 'nequi' WHERE id = $1`, b)
	id := r.merge(a, b, models.MergeNames, models.MergeContact, models.MergeMethod)
	d := r.of(a)
	if d.GivenNames != "Lina" || d.Email != "new@example.org" || d.MethodKind != models.Nequi || d.Verification != models.Unverified {
		t.Errorf("the survivor is %s %s, %s, %s", d.GivenNames, d.Email, d.MethodKind, d.Verification)
	}
	if d.PayableFrom == nil || !d.PayableFrom.Equal(models.CoolsOff(models.Day(r.clock()))) {
		t.Errorf("payable from %v", d.PayableFrom)
	}
	if n := r.number(`SELECT count(*) FROM mails WHERE recipient = 'old@example.org'`); n != 2 {
		t.Errorf("%d mails to the old contact, want one about the contact and one about the account", n)
	}
	if err := r.undo(id); err != nil {
		t.Fatal(err)
	}
	if d := r.of(a); d.GivenNames != "Ana" || d.Email != "old@example.org" || d.MethodKind != models.EfectyCash || d.Verification != models.Verified {
		t.Errorf("after undoing it is %s %s, %s, %s", d.GivenNames, d.Email, d.MethodKind, d.Verification)
	}
	if n := r.number(`SELECT count(*) FROM distributors d WHERE (SELECT count(*) FROM payout_methods m WHERE m.distributor_id = d.id AND m.preferred) <> 1`); n != 0 {
		t.Errorf("%d distributors without one preferred method", n)
	}
}

func TestWhatComplianceStoppedStaysStopped(t *testing.T) {
	t.Parallel()
	r := openRegistry(t)
	a, b := r.payee(docA), r.payee(docB)
	r.exec(`UPDATE distributors SET verification = 'suspended' WHERE id = $1`, b)
	id := r.merge(a, b)
	if r.of(a).Verification != models.Suspended {
		t.Errorf("the survivor is %s", r.of(a).Verification)
	}
	if err := r.undo(id); err != nil || r.of(a).Verification != models.Verified || r.of(b).Verification != models.Suspended {
		t.Errorf("%v: %s and %s", err, r.of(a).Verification, r.of(b).Verification)
	}
}

// heldByAHit has a record stand still, as screening does when it may be listed.
func (r *registry) heldByAHit(id int64) {
	r.t.Helper()
	r.exec(`INSERT INTO sanctions_versions (list, entries, names, documents, added, removed, changed, files, staff_id, staff_name, loaded_at, confirmed_at)
		VALUES ('OFAC', 1, 1, 0, 1, 0, 0, '{}', 0, 'test', now(), now())`)
	r.exec(`INSERT INTO sanctions_entries (list, number, name, data, hash, since_id) SELECT 'OFAC', '1', 'X', '{}', decode(repeat('ab', 32), 'hex'), max(id) FROM sanctions_versions`)
	r.exec(`WITH d AS (UPDATE distributors SET on_hold = true WHERE id = $1)
		INSERT INTO screening_hits (distributor_id, list, number, entry_id, identity, asked, score, level, why, found_at, updated_at)
		SELECT $1, 'OFAC', '1', id, 1, '{}', 1000, 'hold', '{}', now(), now() FROM sanctions_entries`, id)
}

func (r *registry) openCase(id int64, state string) {
	r.t.Helper()
	r.exec(`INSERT INTO kyc_cases (distributor_id, state, person_kind, lang, staff_id, created_at, started_at, submitted_at, expires_at)
		VALUES ($1, $2, 'natural', 'es', $3, now(), now(), now(), now() + interval '9 days')`, id, state, r.asker.StaffID)
}

func TestHoldsAndCasesFollowAMerge(t *testing.T) {
	t.Parallel()
	r := openRegistry(t)
	a, b := r.payee(docA), r.payee(docB)
	r.heldByAHit(b)
	r.openCase(a, "approved")
	r.openCase(b, "approved")
	r.openCase(b, "submitted")
	id := r.merge(a, b)
	if !r.of(a).OnHold {
		t.Error("the survivor is paid, and a hit holds what became part of it")
	}
	if n := r.number(`SELECT count(*) FROM kyc_cases WHERE distributor_id = $1`, a); n != 3 {
		t.Errorf("the survivor has %d cases, want 3", n)
	}
	if _, err := r.db.Pool.Exec(t.Context(), `UPDATE distributors SET on_hold = false WHERE id = $1`, a); err == nil {
		t.Error("the database lets the survivor go, and the hit still holds")
	}
	if err := r.undo(id); err != nil {
		t.Fatal(err)
	}
	if r.of(a).OnHold || !r.of(b).OnHold {
		t.Errorf("after the undoing: held %v and %v", r.of(a).OnHold, r.of(b).OnHold)
	}
	if n := r.number(`SELECT count(*) FROM kyc_cases WHERE distributor_id = $1`, b); n != 2 {
		t.Errorf("%d cases came back, want 2", n)
	}
}

func TestTwoOpenCasesStandInTheWayOfAMerge(t *testing.T) {
	t.Parallel()
	r := openRegistry(t)
	a, b := r.payee(docA), r.payee(docB)
	r.openCase(a, "started")
	id, err := r.ask(a, b)
	if err != nil {
		t.Fatal(err)
	}
	r.openCase(b, "waiting")
	if err := r.grant(r.second, id); models.KindOf(err) != models.Conflict {
		t.Errorf("consented: %v", err)
	}
	plan, err := r.people.MergePlan(t.Context(), a, b)
	if err != nil || len(plan.Obstacles) < 2 || plan.Obstacles[len(plan.Obstacles)-1].Kind != "case" || plan.Obstacles[len(plan.Obstacles)-1].SubjectType != "kyc_case" {
		t.Errorf("obstacles %+v, %v", plan.Obstacles, err)
	}
	if n := r.number(`SELECT count(DISTINCT distributor_id) FROM kyc_cases`); n != 2 {
		t.Error("a case went over")
	}
}

func TestWhatStandsInTheWayOfAMerge(t *testing.T) {
	t.Parallel()
	r := openRegistry(t)
	a, b, c := r.payee(docA), r.payee(docB), r.payee(docC)
	refused := func(what string, err error, kind models.ErrorKind) {
		t.Helper()
		if models.KindOf(err) != kind {
			t.Errorf("%s: got %v, want %s", what, err, kind)
		}
	}
	_, err := r.ask(a, a)
	refused("one record", err, models.Invalid)
	support := models.Actor{StaffID: r.asker.StaffID, Roles: []models.Role{models.RoleSupport}}
	_, err = r.people.AskMerge(t.Context(), support, distributors.MergeAsk{SurvivorID: a, AbsorbedID: b, Reason: "x"})
	refused("support", err, models.Forbidden)
	_, err = r.people.AskMerge(t.Context(), r.asker, distributors.MergeAsk{SurvivorID: a, AbsorbedID: b})
	refused("without a reason", err, models.Invalid)
	_, err = r.ask(a, b, models.MergeMethod)
	refused("a method that is the same", err, models.Invalid)

	id, err := r.ask(a, b)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.ask(c, b)
	refused("asked for another merge of one of them", err, models.Conflict)
	refused("consented to by who asked", r.grant(r.asker, id), models.Forbidden)
	r.exec(`UPDATE distributors SET version = version + 1 WHERE id = $1`, b)
	refused("changed since it was asked for", r.grant(r.second, id), models.Conflict)
	r.exec(`UPDATE distributors SET version = version - 1 WHERE id = $1`, b)

	r.owe(b, 20_000)
	batch := r.batch()
	refused("in a batch", r.grant(r.second, id), models.Conflict)
	r.approve(batch)
	r.dispatch(batch)
	refused("on its way", r.grant(r.second, id), models.Conflict)
	plan, err := r.people.MergePlan(t.Context(), a, b)
	if err != nil || len(plan.Obstacles) < 2 {
		t.Errorf("obstacles %+v, %v", plan.Obstacles, err)
	}
	r.pass(time.Minute)
	r.poll()
	r.rail.CollectAll()
	r.pass(time.Hour)
	r.poll()
	r.exec(`UPDATE batches SET state = 'done' WHERE id = $1`, batch.ID)
	if err := r.grant(r.second, id); err != nil {
		t.Fatal(err)
	}
	r.sound()
	refused("consented to twice", r.grant(r.second, id), models.Conflict)
	_, err = r.ask(c, b)
	refused("merged already", err, models.Conflict)
	err = r.people.SetVerification(t.Context(), r.second, b, r.of(b).Version, distributors.Decision{To: models.Verified, Reason: "x"})
	refused("verifying what is part of another record", err, models.Conflict)

	r.owe(a, 30_000)
	r.exec(`UPDATE commission_lines SET merged_from = $2 WHERE distributor_id = $1 AND state = 'eligible'`, a, b)
	r.payAll()
	refused("undoing what was paid since", r.undo(id), models.Conflict)
	late := r.merge(c, a)
	r.pass(31 * 24 * time.Hour)
	refused("undoing after thirty days", r.undo(late), models.Conflict)
}

func TestTheDatabaseRefusesMergesWithoutConsent(t *testing.T) {
	t.Parallel()
	r := openRegistry(t)
	a, b := r.payee(docA), r.payee(docB)
	id, err := r.ask(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for what, sql := range map[string]string{
		"a record marked as merged": `UPDATE distributors SET verification = 'merged', merged_into = ` + fmt.Sprint(a) + ` WHERE id = ` + fmt.Sprint(b),
		"a merge marked as done": `UPDATE merges SET state = 'done', merged_on = '2026-11-20', survivor_before = '{}', survivor_after = '{}', absorbed_before = '{}', absorbed_carry = 0,
			amount = 0, last_payout = 0 WHERE id = ` + fmt.Sprint(id),
		"another survivor":      `UPDATE merges SET survivor_id = absorbed_id WHERE id = ` + fmt.Sprint(id),
		"forgetting a merge":    `DELETE FROM merges`,
		"consent by its maker":  `UPDATE requests SET state = 'granted', decider_id = maker_id, decided_at = now()`,
		"merged into itself":    `UPDATE distributors SET verification = 'merged', merged_into = id WHERE id = ` + fmt.Sprint(b),
		"merged into nobody":    `UPDATE distributors SET verification = 'merged' WHERE id = ` + fmt.Sprint(b),
		"a method by the merge": `INSERT INTO payout_methods (distributor_id, kind, consent_id) SELECT ` + fmt.Sprint(a) + `, 'puntored_cash', max(id) FROM requests`,
	} {
		if _, err := r.db.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("the database takes %s", what)
		}
	}
	if err := r.grant(r.second, id); err != nil {
		t.Fatal(err)
	}
	r.exec(`INSERT INTO batches (code, name, state, connection_id, cutoff_at, maker_id, editor_id) VALUES ('B', 'B', 'draft', $1, now(), $2, $2)`, r.connection, r.maker.StaffID)
	if _, err := r.db.Pool.Exec(t.Context(), `INSERT INTO payouts (code, batch_id, distributor_id, connection_id, method_id, state, amount, payee_name, doc_type, doc_number, method_kind)
		SELECT 'P', b.id, $1, b.connection_id, m.id, 'in_batch', 100, 'x', 'CC', '1', 'efecty_cash' FROM batches b, payout_methods m WHERE m.distributor_id = $1 LIMIT 1`, b); err == nil {
		t.Error("the database lets a merged record be paid")
	}
}

// A merge, a batch and a statement at the same moment: whichever comes first, every peso is owed to somebody who can be
// paid, and nothing is in two places.
func TestMergingWhileOthersWork(t *testing.T) {
	t.Parallel()
	for round := range 4 {
		r := openRegistry(t)
		a, b := r.payee(docA), r.payee(docB)
		r.mustTake(2, 0, docA+" "+docA+" 1 50000", docB+" "+docB+" 2 60000")
		id, err := r.ask(a, b)
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Preview(t.Context(), r.connection, models.Composition{Cutoff: r.clock()})
		if err != nil {
			t.Fatal(err)
		}
		acts := []func() error{
			func() error { return r.grant(r.second, id) },
			func() error { return r.grant(r.second, id) },
			func() error {
				_, err := r.statement(docB+" "+docB+" 3 70000", docB+" "+docB+" 2 60000")
				return err
			},
			func() error {
				_, err := r.Create(t.Context(), r.maker, payouts.NewBatch{ConnectionID: r.connection, Composition: p.Composition, ExpectCount: len(p.Items), ExpectTotal: p.Total})
				return err
			},
		}
		var all sync.WaitGroup
		for i := range acts {
			act := acts[(i+round)%len(acts)]
			all.Go(func() {
				if err := act(); err != nil && models.KindOf(err) == "" {
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		r.sound()
		if n := r.number(owedInAll); n != 18_000_000 {
			t.Errorf("%d centavos are owed in all", n)
		}
		if n := r.number(`SELECT count(*) FROM merges WHERE state = 'done'`) + r.number(`SELECT count(*) FROM batches`); n < 1 {
			t.Error("neither the merge nor the batch was made")
		}
		if n := r.number(`SELECT count(*) FROM commission_lines WHERE order_number = '2'`); n != 1 {
			t.Errorf("a line that was known was stored %d times", n)
		}
	}
}

// Whatever is merged, undone, earned and paid: the books agree, merging changes nobody's total, and no line is paid twice.
func TestWhateverIsMerged(t *testing.T) {
	t.Parallel()
	fewer(t)
	rapid.Check(t, func(rt *rapid.T) {
		r := openRegistry(t)
		docs := []string{docA, docB, docC, "1020300004"}
		ids := make([]int64, len(docs))
		for i, doc := range docs {
			ids[i] = r.payee(doc)
		}
		who := rapid.IntRange(0, len(docs)-1)
		orders, merges := 0, []int64{}
		for range rapid.IntRange(4, 14).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"earn", "earn", "merge", "merge", "undo", "pay", "same line"}).Draw(rt, "step") {
			case "earn":
				orders++
				doc := docs[who.Draw(rt, "who")]
				if _, err := r.statement(fmt.Sprintf("%s %s %d %d", doc, doc, orders, rapid.IntRange(1, 90_000).Draw(rt, "pesos"))); err != nil {
					rt.Fatal(err)
				}
			case "same line":
				doc := docs[who.Draw(rt, "who")]
				if _, err := r.statement(fmt.Sprintf("%s %s %d 12345", doc, doc, rapid.IntRange(1, 3).Draw(rt, "order"))); err != nil {
					rt.Fatal(err)
				}
			case "merge":
				owed := r.number(owedInAll)
				id, err := r.ask(ids[who.Draw(rt, "survivor")], ids[who.Draw(rt, "absorbed")])
				if err == nil {
					err = r.grant(r.second, id)
				}
				if err != nil && models.KindOf(err) == "" {
					rt.Fatal(err)
				}
				if err == nil {
					merges = append(merges, id)
				}
				if r.number(owedInAll) != owed {
					rt.Fatal("a merge changed what is owed in all")
				}
			case "undo":
				if len(merges) == 0 {
					continue
				}
				owed := r.number(owedInAll)
				if err := r.undo(rapid.SampledFrom(merges).Draw(rt, "merge")); err != nil && models.KindOf(err) == "" {
					rt.Fatal(err)
				}
				if r.number(owedInAll) != owed {
					rt.Fatal("undoing changed what is owed in all")
				}
			case "pay":
				p, err := r.Preview(t.Context(), r.connection, models.Composition{Cutoff: r.clock()})
				if err != nil {
					rt.Fatal(err)
				}
				if len(p.Items) > 0 {
					r.payAll()
				}
			}
			r.sound()
		}
		if n := r.number(`SELECT count(*) FROM (SELECT x.line_id FROM payout_lines x JOIN payouts p ON p.id = x.payout_id AND p.state = 'paid' GROUP BY 1 HAVING count(*) > 1) d`); n != 0 {
			rt.Fatalf("%d lines were paid twice", n)
		}
	})
}
