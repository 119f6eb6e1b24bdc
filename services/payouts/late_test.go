package payouts_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/ledger"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
)

// bent is the way to the simulated rail with something wrong on it.
type bent struct {
	providers.Provider
	submit func(context.Context, providers.Order) (providers.Receipt, error)
	status func(context.Context, providers.Ref) (providers.Status, error)
}

func (b *bent) Submit(ctx context.Context, o providers.Order) (providers.Receipt, error) {
	if b.submit != nil {
		return b.submit(ctx, o)
	}
	return b.Provider.Submit(ctx, o)
}

func (b *bent) Status(ctx context.Context, ref providers.Ref) (providers.Status, error) {
	if b.status != nil {
		return b.status(ctx, ref)
	}
	return b.Provider.Status(ctx, ref)
}

// bend puts b between the office and its rail.
func (o *office) bend() *bent {
	o.t.Helper()
	b, straight := &bent{}, o.Open
	o.Open = func(c models.Connection, k models.Credentials) (providers.Provider, error) {
		var err error
		b.Provider, err = straight(c, k)
		return b, err
	}
	if _, _, err := o.Rail(o.t.Context(), o.connection); err != nil {
		o.t.Fatal(err)
	}
	return b
}

// one approves a batch of one payout.
func (o *office) one() (models.Batch, int64) {
	o.t.Helper()
	o.owe(o.payee("1020304051"), 50_000)
	b := o.batch()
	o.approve(b)
	return b, o.number(`SELECT id FROM payouts`)
}

func (o *office) want(b models.Batch, states string) {
	o.t.Helper()
	if got := o.states(b); got != states {
		o.t.Fatalf("got %s, want %s", got, states)
	}
	o.balanced()
	o.verified()
}

func (o *office) verified() {
	o.t.Helper()
	r, err := ledger.Verify(o.t.Context(), o.db, store.Unseen{})
	if err != nil {
		o.t.Fatal(err)
	}
	if r.Fault != "" {
		o.t.Fatal(r.Fault)
	}
}

var errLost = &providers.Failed{Err: errors.New("the answer was lost")}

// The first request arrives only after the look-up, and is why the second one is refused.
func TestARefusalAfterAnUnknownOutcomeIsLookedUp(t *testing.T) {
	t.Parallel()
	for name, arrives := range map[string]bool{"the first one got through": true, "neither got through": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			way := o.bend()
			b, _ := o.one()
			way.submit = func(context.Context, providers.Order) (providers.Receipt, error) { return providers.Receipt{}, errLost }
			o.dispatch(b)
			o.want(b, "unknown 1")
			o.pass(time.Minute)
			o.poll()
			o.want(b, "approved 1")
			way.submit = func(ctx context.Context, order providers.Order) (providers.Receipt, error) {
				if arrives {
					if _, err := way.Provider.Submit(ctx, order); err != nil {
						t.Error(err)
					}
				}
				return providers.Receipt{}, &providers.Rejected{Code: "508", Message: "DAILY", Cause: providers.CauseLimit}
			}
			o.dispatch(b)
			o.want(b, "unknown 1")
			o.pass(time.Minute)
			o.poll()
			if arrives {
				o.want(b, "available 1")
				return
			}
			o.want(b, "failed 1")
		})
	}
}

// The process stands still in the middle of a request, others take over, and then it wakes up and the request goes out.
func TestAProcessThatWakesUpLate(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.DeadAfter = time.Minute
	way := o.bend()
	b, id := o.one()
	way.submit = func(ctx context.Context, order providers.Order) (providers.Receipt, error) {
		o.exec(`UPDATE workers SET seen_at = now() - interval '2 minutes'`)
		if err := o.Sweep(ctx); err != nil {
			t.Error(err)
		}
		o.pass(time.Minute)
		o.poll()
		if got := o.states(b); got != "approved 1" {
			t.Errorf("taken over: %s", got)
		}
		if _, err := o.Operate(ctx, o.maker, id, payouts.OpCancel, "not needed"); models.KindOf(err) != models.Conflict {
			t.Errorf("its money was given back: %v", err)
		}
		return way.Provider.Submit(ctx, order)
	}
	o.dispatch(b)
	o.want(b, "sent 1")
	if o.number(`SELECT count(*) FROM payouts WHERE rail_id <> ''`) != 1 {
		t.Error("the rail's id is lost")
	}
	if n := len(o.rail.Orders()); n != 1 {
		t.Errorf("the rail has %d orders", n)
	}
}

func TestASuspendedPayeeWhoseFirstRequestMayStillArrive(t *testing.T) {
	t.Parallel()
	o := open(t)
	way := o.bend()
	b, _ := o.one()
	way.submit = func(context.Context, providers.Order) (providers.Receipt, error) { return providers.Receipt{}, errLost }
	o.dispatch(b)
	o.pass(time.Minute)
	o.poll()
	o.exec(`UPDATE distributors SET verification = 'suspended'`)
	o.dispatch(b)
	o.want(b, "approved 1")
	o.pass(2 * time.Hour)
	o.dispatch(b)
	o.want(b, "cancelled 1")
}

func TestAnOutcomeThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	o := open(t)
	way := o.bend()
	b, _ := o.one()
	way.submit = func(ctx context.Context, order providers.Order) (providers.Receipt, error) {
		o.exec(`ALTER TABLE payout_events RENAME TO gone`)
		return way.Provider.Submit(ctx, order)
	}
	if err := o.Dispatch(t.Context(), payouts.DispatchArgs{BatchID: b.ID, From: 0, To: 1 << 60}); err == nil {
		t.Fatal("it was recorded all the same")
	}
	o.exec(`ALTER TABLE gone RENAME TO payout_events`)
	o.want(b, "submitting 1")
	o.pass(10 * time.Minute)
	if err := o.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.want(b, "unknown 1")
	o.pass(time.Minute)
	o.poll()
	o.want(b, "available 1")
}

func TestGoingRoundDoesNotPutTheAlarmOff(t *testing.T) {
	t.Parallel()
	o := open(t)
	way := o.bend()
	b, _ := o.one()
	way.submit = func(context.Context, providers.Order) (providers.Receipt, error) { return providers.Receipt{}, errLost }
	for range 16 {
		o.dispatch(b)
		o.pass(time.Minute)
		o.poll()
	}
	a, err := o.Overdue(t.Context())
	if err != nil || a.Count != 1 || a.Total != models.Pesos(50_000) {
		t.Errorf("got %+v and %v, want an alarm over one payout", a, err)
	}
}

func TestApprovedAndNeverHandedOverIsOverdue(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.one()
	o.pass(25 * time.Hour)
	if a, err := o.Overdue(t.Context()); err != nil || a.Count != 1 {
		t.Errorf("got %+v and %v", a, err)
	}
}

func TestPayeesWhoMayNotBePaidAnyMore(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"suspended":            `UPDATE distributors SET verification = 'suspended' WHERE id = (SELECT min(id) FROM distributors)`,
		"verification expired": `UPDATE distributors SET verified_until = '2026-11-19' WHERE id = (SELECT min(id) FROM distributors)`,
	}
	for name, change := range tests {
		t.Run(name+" before the approval", func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.crowd(2)
			b := o.batch()
			o.exec(change)
			if err := o.decide(o.checker, b, models.Approve, ""); models.KindOf(err) != models.Conflict {
				t.Errorf("got %v, want a conflict", err)
			}
			o.want(b, "in_batch 2")
		})
		t.Run(name+" before the hand-over", func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.crowd(2)
			b := o.batch()
			o.approve(b)
			o.exec(change)
			o.dispatch(b)
			o.want(b, "cancelled 1, sent 1")
		})
	}
}

func TestAConnectionKeepsItsAccountWhilePayoutsAreUnderWay(t *testing.T) {
	t.Parallel()
	o := open(t)
	ada := o.person("Ada", models.RoleAdmin)
	b, _ := o.one()
	o.dispatch(b)
	c, err := o.Connection(t.Context(), o.connection)
	if err != nil {
		t.Fatal(err)
	}
	other := &models.Credentials{Login: "another", Pass: sim.DefaultPass, Signature: sim.DefaultSignature}
	if _, err := o.SaveConnection(t.Context(), ada, c, other); models.KindOf(err) != models.Conflict {
		t.Errorf("another login: got %v, want a conflict", err)
	}
	moved := c
	moved.BaseURL = "https://elsewhere.example"
	if _, err := o.SaveConnection(t.Context(), ada, moved, nil); models.KindOf(err) != models.Conflict {
		t.Errorf("another address: got %v, want a conflict", err)
	}
	rotated := &models.Credentials{Login: sim.DefaultLogin, Pass: "fresh", Signature: "fresh"}
	if _, err := o.SaveConnection(t.Context(), ada, c, rotated); err != nil {
		t.Errorf("rotated secrets of the same account: got %v", err)
	}
}

func TestPaidAndThenRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	way := o.bend()
	b, _ := o.one()
	o.dispatch(b)
	o.pass(time.Minute)
	o.poll()
	o.rail.CollectAll()
	o.pass(2 * time.Minute)
	o.poll()
	o.want(b, "paid 1")
	way.status = func(context.Context, providers.Ref) (providers.Status, error) {
		return providers.Status{State: models.PayoutFailed, Code: "807"}, nil
	}
	o.pass(25 * time.Hour)
	o.poll()
	o.want(b, "returned 1")
}

func TestARailThatPaysWhatWasGivenBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	way := o.bend()
	b, id := o.one()
	o.dispatch(b)
	said := models.PayoutFailed
	way.status = func(context.Context, providers.Ref) (providers.Status, error) {
		return providers.Status{State: said, Code: "808"}, nil
	}
	o.pass(time.Minute)
	o.poll()
	o.want(b, "failed 1")
	said = models.PayoutPaid
	if _, err := o.AskStatus(t.Context(), id, "notification", models.Actor{}); err != nil {
		t.Fatal(err)
	}
	o.want(b, "failed 1")
	o.pass(time.Second)
	if a, err := o.Overdue(t.Context()); err != nil || a.Count != 1 {
		t.Errorf("got %+v and %v, want an alarm", a, err)
	}
}

func TestOneRailIDForTwoPayouts(t *testing.T) {
	t.Parallel()
	o := open(t)
	way := o.bend()
	o.crowd(3)
	b := o.batch()
	o.approve(b)
	way.submit = func(ctx context.Context, order providers.Order) (providers.Receipt, error) {
		r, err := way.Provider.Submit(ctx, order)
		r.RailID = "4711"
		return r, err
	}
	o.dispatch(b)
	o.want(b, "sent 3")
	if n := o.number(`SELECT count(*) FROM payouts WHERE rail_id = '4711'`); n != 1 {
		t.Errorf("%d payouts have the same id at the rail", n)
	}
}

func TestTheDatabaseGuardsBatches(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(1)
	b := o.batch()
	for name, sql := range map[string]string{
		"another maker":                     fmt.Sprintf(`UPDATE batches SET maker_id = %d`, o.other.StaffID),
		"approved by nobody":                `UPDATE batches SET state = 'approved'`,
		"approved with another content":     fmt.Sprintf(`WITH d AS (INSERT INTO batch_decisions (batch_id, maker_id, editor_id, staff_id, decision, content_hash) SELECT id, maker_id, editor_id, %d, 'approve', content_hash FROM batches RETURNING 1) UPDATE batches SET state = 'approved', content_hash = sha256('')`, o.checker.StaffID),
		"a decision without the content":    fmt.Sprintf(`INSERT INTO batch_decisions (batch_id, maker_id, editor_id, staff_id, decision, content_hash) SELECT id, maker_id, editor_id, %d, 'approve', sha256('') FROM batches`, o.checker.StaffID),
		"a decision in a forged editorship": fmt.Sprintf(`INSERT INTO batch_decisions (batch_id, maker_id, editor_id, staff_id, decision, content_hash) SELECT id, %[1]d, %[1]d, maker_id, 'approve', content_hash FROM batches`, o.other.StaffID),
	} {
		if _, err := o.db.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: the database let it pass", name)
		}
	}
	if got := o.load(b.ID).State; got != models.BatchInApproval {
		t.Errorf("the batch is %s", got)
	}
}

// The answers of a round are applied together. One that the database refuses and one about somebody else's order keep no
// other back, and nothing of theirs is half done.
func TestAnAnswerThatCannotBeAppliedKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	rail := o.bend()
	for _, doc := range []string{"1020304051", "1020304052", "1020304053"} {
		o.owe(o.payee(doc), 50_000)
	}
	b := o.batch()
	o.approve(b)
	o.dispatch(b)
	var ids []int64
	for i := range 3 {
		ids = append(ids, o.number(`SELECT id FROM payouts ORDER BY id OFFSET $1 LIMIT 1`, i))
	}
	codes := map[string]int64{}
	for _, id := range ids {
		p, err := o.Payout(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		codes[p.Code] = id
	}
	rail.status = func(ctx context.Context, ref providers.Ref) (providers.Status, error) {
		st, err := rail.Provider.Status(ctx, ref)
		st.State = models.PayoutPaid
		switch codes[ref.Reference] {
		case ids[0]:
			st.State, st.Reason = models.PayoutFailed, "\x00"
		case ids[1]:
			st.RailID = "another"
		}
		return st, err
	}
	missing := ids[2] + 1
	asked := o.AskStatuses(t.Context(), append(ids, missing), "poll", models.Actor{})
	for id, wrong := range map[int64]bool{ids[0]: true, ids[1]: true, ids[2]: false, missing: true} {
		if a := asked[id]; (a.Err != nil) != wrong || a.Changed == wrong {
			t.Errorf("payout %d: %+v, %v", id-ids[0], a.Moved, a.Err)
		}
	}
	o.want(b, "paid 1, sent 2")
	if got := o.number(`SELECT count(*) FROM payout_events WHERE from_state = 'sent'`); got != 1 {
		t.Errorf("%d moves are noted, want 1", got)
	}
}
