package payouts_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pagaduria/models"
)

// enforce puts rules in force, as an admin's draft with an approver's consent does.
func (o *office) enforce(rules ...models.ApprovalRule) {
	o.t.Helper()
	text, err := json.Marshal(rules)
	if err != nil {
		o.t.Fatal(err)
	}
	o.exec(`UPDATE rule_versions SET state = 'replaced', replaced_at = now() WHERE state = 'in_force'`)
	o.exec(`INSERT INTO rule_versions (number, state, rules, author_ids, decider_id, in_force_at) SELECT max(number) + 1, 'in_force', $1, ARRAY[$2::bigint], $3, now() FROM rule_versions`,
		string(text), o.maker.StaffID, o.checker.StaffID)
}

func every(steps ...models.ApprovalStep) models.ApprovalRule {
	return models.ApprovalRule{Name: "every batch", Blocks: []models.ConditionBlock{{}}, Steps: steps}
}

func anybody(n int) models.ApprovalStep {
	return models.ApprovalStep{Mode: models.StepNOf, Roles: []models.Role{models.RoleApprover}, Count: n}
}

func named(people ...models.Actor) models.ApprovalStep {
	s := models.ApprovalStep{Mode: models.StepAny}
	for _, p := range people {
		s.People = append(s.People, p.StaffID)
	}
	return s
}

func (o *office) wants(what string, err error, kind models.ErrorKind) {
	o.t.Helper()
	if models.KindOf(err) != kind || kind == "" && err != nil {
		o.t.Errorf("%s: got %v, want %q", what, err, kind)
	}
}

func TestStepByStep(t *testing.T) {
	t.Parallel()
	o := open(t)
	dora := o.person("Dora", models.RoleApprover, models.RoleCompliance)
	o.enforce(models.ApprovalRule{Name: "large", Blocks: []models.ConditionBlock{{{Kind: models.CondItemAmount, Amount: models.Pesos(100_000)}}},
		Steps: []models.ApprovalStep{{Mode: models.StepAny, Roles: []models.Role{models.RoleCompliance}}}}, every(anybody(1)))
	o.crowd(3)
	b := o.batch()
	j, err := o.Judged(t.Context(), b)
	if err != nil || j.Number != 2 || len(j.Steps) != 2 || len(j.Matches) != 2 {
		t.Fatalf("got %+v, %v", j, err)
	}
	if r := j.Matches[0].Reasons[0]; r.Got.Minor < models.Pesos(100_000).Minor-5000 || r.Item == "" {
		t.Errorf("the reason is %+v", r)
	}
	o.wants("not of this step", o.decide(o.checker, b, models.Approve, ""), models.Forbidden)
	o.wants("first step", o.decide(dora, b, models.Approve, ""), "")
	o.wants("a page of before", o.decide(o.checker, b, models.Approve, ""), models.Conflict)
	b = o.load(b.ID)
	o.wants("both steps by one", o.decide(dora, b, models.Approve, ""), models.Forbidden)
	if b.State != models.BatchInApproval || o.states(b) != "in_batch 3" {
		t.Fatalf("after one of two steps the batch is %s, %s", b.State, o.states(b))
	}
	o.wants("second step", o.decide(o.checker, b, models.Approve, ""), "")
	if got := o.load(b.ID); got.State != models.BatchApproved || o.states(b) != "approved 3" {
		t.Fatalf("the batch is %s, %s", got.State, o.states(b))
	}
	o.balanced()
}

func TestAnEditStartsTheApprovalAnew(t *testing.T) {
	t.Parallel()
	o := open(t)
	dora := o.person("Dora", models.RoleApprover)
	o.enforce(models.ApprovalRule{Name: "many", Blocks: []models.ConditionBlock{{{Kind: models.CondTotal, Amount: models.Pesos(250_000)}}}, Steps: []models.ApprovalStep{anybody(2)}})
	o.crowd(3)
	b := o.batch()
	o.wants("first approval", o.decide(o.checker, b, models.Approve, ""), "")
	o.wants("the same page, once more", o.decide(o.checker, b, models.Approve, ""), models.Forbidden)
	items, _, err := o.Review(t.Context(), b.ID, "all", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.RemoveItem(t.Context(), o.other, b.ID, items[0].ID, b.Version, "paid by hand"); err != nil {
		t.Fatal(err)
	}
	b = o.load(b.ID)
	if len(b.Approval.Steps) != 1 || b.Approval.Left() != 1 {
		t.Fatalf("below the limit %d approvals are asked for, want one", b.Approval.Left())
	}
	if err := o.decide(dora, b, models.Return, "look again"); err != nil {
		t.Fatal(err)
	}
	if err := o.Submit(t.Context(), o.maker, b.ID, o.load(b.ID).Version); err != nil {
		t.Fatal(err)
	}
	o.wants("after a return with the same content", o.decide(o.checker, o.load(b.ID), models.Approve, ""), "")
	o.balanced()
}

func TestFiftyApproversAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.enforce(every(anybody(1)), every(anybody(2)))
	o.crowd(4)
	people := make([]models.Actor, 50)
	for i := range people {
		people[i] = o.person(fmt.Sprintf("Approver %02d", i), models.RoleApprover)
	}
	b := o.batch()
	var wg sync.WaitGroup
	var counted atomic.Int64
	for _, by := range people {
		wg.Go(func() {
			for seen := b; ; {
				err := o.decide(by, seen, models.Approve, "")
				switch kind := models.KindOf(err); {
				case err == nil:
					counted.Add(1)
					return
				case kind != models.Conflict && kind != models.Forbidden:
					t.Errorf("%s: got %v", by.Name, err)
					return
				}
				now, err := o.Batch(t.Context(), b.ID)
				if err != nil || now.Version == seen.Version || now.State != models.BatchInApproval {
					return
				}
				seen = now // what the person sees after loading the page again
			}
		})
	}
	wg.Wait()
	if n := o.number(`SELECT count(DISTINCT staff_id) FROM batch_decisions WHERE decision = 'approve'`); counted.Load() != 3 || n != 3 {
		t.Errorf("%d approvals were answered as counted, %d are kept, want 3", counted.Load(), n)
	}
	if got := o.load(b.ID).State; got != models.BatchApproved {
		t.Errorf("the batch is %s", got)
	}
	if n := o.number(`SELECT count(*) FROM river_job WHERE kind = 'payouts.dispatch'`); n != 1 {
		t.Errorf("%d jobs hand it over", n)
	}
	o.balanced()
}

func (o *office) away(who models.Actor, delegate int64) {
	o.t.Helper()
	day := models.Day(o.clock())
	o.exec(`INSERT INTO absences (staff_id, from_day, to_day, delegate_id) VALUES ($1, $2, $3, NULLIF($4, 0))`, who.StaffID, day, day.AddDate(0, 0, 2), delegate)
}

func (o *office) tend() {
	o.t.Helper()
	if err := o.Tend(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

func TestADelegateDecidesInTheirStead(t *testing.T) {
	t.Parallel()
	o := open(t)
	dora, eva := o.person("Dora", models.RoleApprover), o.person("Eva", models.RoleApprover)
	o.enforce(every(named(dora)), every(anybody(1)))
	o.owe(o.payee("1020304051"), 50_000)
	b := o.batch()
	o.wants("somebody else's step", o.decide(eva, b, models.Approve, ""), models.Forbidden)
	o.away(dora, eva.StaffID)
	o.wants("the delegate", o.decide(eva, b, models.Approve, ""), "")
	list, err := o.Decisions(t.Context(), b.ID)
	if err != nil || len(list) != 1 || list[0].ForName != "Dora" || list[0].StaffName != "Eva" {
		t.Fatalf("got %+v, %v", list, err)
	}
	b = o.load(b.ID)
	o.wants("the delegate in the next step", o.decide(eva, b, models.Approve, ""), models.Forbidden)
	o.wants("who was stood in for", o.decide(dora, b, models.Approve, ""), models.Forbidden)
	o.wants("somebody else", o.decide(o.checker, b, models.Approve, ""), "")
}

func TestBlockedUntilSomebodyCan(t *testing.T) {
	t.Parallel()
	o := open(t)
	dora := o.person("Dora", models.RoleApprover)
	o.enforce(every(named(dora)))
	o.away(dora, o.maker.StaffID)
	o.owe(o.payee("1020304051"), 50_000)
	b := o.batch()
	if b.State != models.BatchBlocked || b.StuckStep != 1 {
		t.Fatalf("the batch is %s", b.State)
	}
	if n := o.number(`SELECT count(*) FROM events WHERE kind = 'batch.blocked' AND permission = 'staff.edit' AND subject_id = $1`, b.ID); n != 1 {
		t.Errorf("admins are told %d times", n)
	}
	o.wants("approval of a blocked batch", o.decide(o.checker, b, models.Approve, ""), models.Conflict)
	o.tend()
	if got := o.load(b.ID).State; got != models.BatchBlocked {
		t.Errorf("nothing changed, and the batch is %s", got)
	}
	o.pass(72 * time.Hour)
	o.tend()
	b = o.load(b.ID)
	if b.State != models.BatchInApproval {
		t.Fatalf("Dora is back, and the batch is %s", b.State)
	}
	o.exec(`UPDATE staff SET state = 'disabled' WHERE id = $1`, dora.StaffID)
	o.tend()
	if got := o.load(b.ID); got.State != models.BatchBlocked {
		t.Fatalf("Dora is gone, and the batch is %s", got.State)
	}
	if err := o.Recall(t.Context(), o.maker, b.ID, o.load(b.ID).Version, "nobody can approve it"); err != nil {
		t.Fatal(err)
	}
	o.balanced()
}

func TestExpiresUnapproved(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(3)
	b := o.batch()
	reminders := func() int64 { return o.number(`SELECT count(*) FROM events WHERE kind = 'batch.expiring'`) }
	o.pass(5 * 24 * time.Hour)
	o.tend()
	if reminders() != 0 {
		t.Error("reminded two days before")
	}
	o.pass(24 * time.Hour)
	o.tend()
	o.tend()
	if reminders() != 1 {
		t.Errorf("reminded %d times a day before", reminders())
	}
	o.pass(24 * time.Hour)
	o.wants("approval after its time", o.decide(o.checker, o.load(b.ID), models.Approve, ""), models.Conflict)
	o.tend()
	o.tend()
	if got := o.load(b.ID).State; got != models.BatchExpired || o.states(b) != "cancelled 3" {
		t.Fatalf("the batch is %s, %s", got, o.states(b))
	}
	o.balanced()
	if again := o.batch(); again.Total != b.Total {
		t.Errorf("the next batch pays %s, want %s", again.Total, b.Total)
	}
}

func TestTheDatabaseDemandsEveryStep(t *testing.T) {
	t.Parallel()
	o := open(t)
	dora, eva := o.person("Dora", models.RoleApprover), o.person("Eva", models.RoleApprover)
	o.enforce(every(named(dora)), every(anybody(1)))
	o.owe(o.payee("1020304051"), 50_000)
	b := o.batch()
	decision := func(by, step, forID int64) string {
		return fmt.Sprintf(`INSERT INTO batch_decisions (batch_id, maker_id, editor_id, staff_id, decision, content_hash, round, step, for_id)
			SELECT id, maker_id, editor_id, %d, 'approve', content_hash, round, %d, NULLIF(%d, 0) FROM batches`, by, step, forID)
	}
	o.away(o.checker, eva.StaffID)
	refused := func(cases map[string]string) {
		t.Helper()
		for name, sql := range cases {
			if _, err := o.db.Pool.Exec(t.Context(), sql); err == nil {
				t.Errorf("%s: the database let it pass", name)
			}
		}
	}
	refused(map[string]string{
		"not named":               decision(eva.StaffID, 1, 0),
		"a later step":            decision(eva.StaffID, 2, 0),
		"in the stead of nobody":  decision(eva.StaffID, 1, dora.StaffID),
		"without the role":        decision(o.maker.StaffID, 1, dora.StaffID),
		"another step's delegate": decision(eva.StaffID, 1, o.checker.StaffID),
		"steps taken away":        `DELETE FROM batch_steps`,
		"steps eased":             `UPDATE batch_steps SET needed = 1`,
		"an earlier round":        `UPDATE batches SET round = 0`,
		"done at once":            `UPDATE batches SET state = 'done'`,
		"rules changed":           `UPDATE rule_versions SET rules = '[]' WHERE state = 'in_force'`,
		"rules deleted":           `DELETE FROM rule_versions WHERE state = 'in_force'`,
		"rules back to draft":     `UPDATE rule_versions SET state = 'draft' WHERE state = 'in_force'`,
	})
	if err := o.decide(dora, b, models.Approve, ""); err != nil {
		t.Fatal(err)
	}
	refused(map[string]string{
		"approved after one of two steps": `UPDATE batches SET state = 'approved'`,
		"the same person again":           decision(dora.StaffID, 2, 0),
		"steps of an empty round":         `UPDATE batches SET state = 'approved', round = round + 1`,
	})
	o.exec(decision(eva.StaffID, 2, 0))
	o.exec(`UPDATE batches SET state = 'approved'`)
}

func TestOnlyPaidBeforeIsHistory(t *testing.T) {
	t.Parallel()
	o := open(t)
	dora := o.person("Dora", models.RoleApprover)
	o.enforce(models.ApprovalRule{Name: "new payee", Blocks: []models.ConditionBlock{{{Kind: models.CondNewPayee}}}, Steps: []models.ApprovalStep{anybody(2)}})
	payee := o.payee("1020304051")
	o.owe(payee, 50_000)
	first := o.batch()
	if first.Approval.Left() != 2 {
		t.Fatalf("a new payee asks for %d approvals", first.Approval.Left())
	}
	o.approve(first)
	if err := o.decide(dora, first, models.Approve, ""); err != nil {
		t.Fatal(err)
	}
	o.dispatch(first)
	o.pass(time.Minute)
	o.poll()
	o.rail.CollectAll()
	o.pass(2 * time.Minute)
	o.poll()
	o.owe(payee, 60_000)
	if second := o.batch(); second.Approval.Left() != 1 {
		t.Errorf("a payee who was paid asks for %d approvals", second.Approval.Left())
	}
}
