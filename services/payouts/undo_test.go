package payouts_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/models"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
)

// waiting is an office whose approved batch of n payouts waits a minute for its hand-over.
func waiting(t *testing.T, n int) (*office, models.Batch) {
	t.Helper()
	o := open(t)
	o.HandOverAfter = time.Minute
	o.crowd(n)
	b := o.batch()
	o.approve(b)
	return o, o.load(b.ID)
}

// job runs the batch's dispatch and answers whether it asked to come back later.
func (o *office) job(b models.Batch) (later bool) {
	o.t.Helper()
	err := o.Dispatch(o.t.Context(), payouts.DispatchArgs{BatchID: b.ID, From: 0, To: 1 << 60})
	var snooze *river.JobSnoozeError
	if err != nil && !errors.As(err, &snooze) {
		o.t.Fatal(err)
	}
	return snooze != nil
}

func TestHandOverWaitsUntilItsTime(t *testing.T) {
	t.Parallel()
	o, b := waiting(t, 3)
	if want := o.clock().Add(time.Minute); b.HandOverAt == nil || !b.HandOverAt.Equal(want) {
		t.Fatalf("hand-over at %v, want %v", b.HandOverAt, want)
	}
	jobs := o.number(`SELECT count(*) FROM river_job WHERE kind = 'payouts.dispatch' AND state = 'scheduled' AND scheduled_at = $1`, *b.HandOverAt)
	if jobs != 1 {
		t.Errorf("%d jobs are scheduled for the hand-over, want 1", jobs)
	}
	o.pass(59 * time.Second)
	if !o.job(b) || o.states(b) != "approved 3" || len(o.rail.Orders()) != 0 {
		t.Fatalf("a second early: %s, %d orders at the rail; the job must come back", o.states(b), len(o.rail.Orders()))
	}
	if err := o.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := o.number(`SELECT count(*) FROM river_job WHERE kind = 'payouts.dispatch'`); n != 1 {
		t.Errorf("the sweep made it %d jobs while hand-over waits", n)
	}
	o.pass(time.Second)
	if o.job(b) || o.states(b) != "sent 3" {
		t.Errorf("in time: %s", o.states(b))
	}
}

func TestWhoMayUndoAnApproval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		by   func(*office) models.Actor
		seen int // added to the version
		want models.ErrorKind
	}{
		{"the approver who decided", func(o *office) models.Actor { return o.checker }, 0, ""},
		{"another approver", func(o *office) models.Actor { return o.other }, 0, ""},
		{"the maker", func(o *office) models.Actor { return o.maker }, 0, ""},
		{"a stale page", func(o *office) models.Actor { return o.checker }, -1, models.Conflict},
		{"an auditor", func(o *office) models.Actor { return o.person("Aura", models.RoleAuditor) }, 0, models.Forbidden},
		{"an administrator", func(o *office) models.Actor { return o.person("Ada", models.RoleAdmin) }, 0, models.Forbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, b := waiting(t, 2)
			err := o.Undo(t.Context(), tt.by(o), b.ID, b.Version+tt.seen)
			if models.KindOf(err) != tt.want || err != nil && tt.want == "" {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			want, state := "in_batch 2", models.BatchInApproval
			if tt.want != "" {
				want, state = "approved 2", models.BatchApproved
			}
			if got := o.load(b.ID); got.State != state || o.states(b) != want {
				t.Errorf("the batch is %s with %s, want %s with %s", got.State, o.states(b), state, want)
			}
			o.balanced()
		})
	}
}

func TestAnUndoneApprovalIsGivenAgain(t *testing.T) {
	t.Parallel()
	o, b := waiting(t, 2)
	held := o.number(`SELECT count(*) FROM ledger_entries`)
	if err := o.Undo(t.Context(), o.maker, b.ID, b.Version); err != nil {
		t.Fatal(err)
	}
	again := o.load(b.ID)
	if string(again.ContentHash) == string(b.ContentHash) || again.HandOverAt != nil || again.Items != 2 || again.Total != b.Total {
		t.Errorf("after the undo: %+v, want the same content under another seal", again)
	}
	if n := o.number(`SELECT count(*) FROM ledger_entries`); n != held {
		t.Errorf("the undo posted %d entries", n-held)
	}
	decisions, err := o.Decisions(t.Context(), b.ID)
	if err != nil || len(decisions) != 1 || decisions[0].Current {
		t.Errorf("decisions %+v, %v; want one that no longer counts", decisions, err)
	}
	if err := o.Undo(t.Context(), o.maker, b.ID, again.Version); models.KindOf(err) != models.Conflict {
		t.Errorf("undone twice: %v, want a conflict", err)
	}
	if _, err := o.db.Pool.Exec(t.Context(), `UPDATE batches SET state = 'approved' WHERE id = $1`, b.ID); err == nil {
		t.Error("the database counts the approval of before")
	}
	if err := o.decide(o.checker, b, models.Approve, ""); models.KindOf(err) != models.Conflict {
		t.Errorf("approved from the page of before: %v, want a conflict", err)
	}
	o.pass(time.Minute)
	if o.job(b) || len(o.rail.Orders()) != 0 {
		t.Error("the job of the undone approval sent something, or comes back")
	}
	o.approve(o.load(b.ID))
	if !o.job(b) || len(o.rail.Orders()) != 0 {
		t.Error("the job of the undone approval does not wait for the new one's time")
	}
	o.pass(time.Minute)
	if o.job(b); o.states(b) != "sent 2" {
		t.Errorf("after the second approval: %s", o.states(b))
	}
	o.balanced()
}

func TestWhatWasCancelledMeanwhileStaysOut(t *testing.T) {
	t.Parallel()
	o, b := waiting(t, 3)
	id := o.number(`SELECT min(id) FROM payouts WHERE batch_id = $1`, b.ID)
	if _, err := o.Operate(t.Context(), o.maker, id, payouts.OpCancel, "wrong person"); err != nil {
		t.Fatal(err)
	}
	if err := o.Undo(t.Context(), o.checker, b.ID, b.Version); err != nil {
		t.Fatal(err)
	}
	if got := o.load(b.ID); got.Items != 2 {
		t.Errorf("%d payouts are in the batch, want 2", got.Items)
	}
	if n := o.number(`SELECT count(*) FROM payouts WHERE id = $1 AND removed_reason = 'wrong person'`, id); n != 1 {
		t.Error("the cancelled one is not shown as taken out with its reason")
	}
	o.approve(o.load(b.ID))
	o.balanced()
}

func TestUndoAgainstDispatch(t *testing.T) {
	t.Parallel()
	for try := range 6 {
		t.Run(fmt.Sprint(try), func(t *testing.T) {
			t.Parallel()
			o, b := waiting(t, 40)
			o.pass(time.Minute)
			var race sync.WaitGroup
			var undone atomic.Int64
			start := make(chan struct{})
			for range 2 {
				race.Go(func() { <-start; o.job(b) })
				race.Go(func() {
					<-start
					time.Sleep(time.Duration(try) * 300 * time.Microsecond)
					err := o.Undo(t.Context(), o.checker, b.ID, b.Version)
					if err == nil {
						undone.Add(1)
					} else if models.KindOf(err) != models.Conflict {
						t.Error(err)
					}
				})
			}
			close(start)
			race.Wait()
			o.job(b)
			want := map[int64]string{0: "sent 40", 1: "in_batch 40"}[undone.Load()]
			if got := o.states(b); got != want {
				t.Errorf("undone %d times: %s, want %s", undone.Load(), got, want)
			}
			if n := len(o.rail.Orders()); (n == 0) != (undone.Load() == 1) {
				t.Errorf("undone %d times, and the rail has %d orders", undone.Load(), n)
			}
			o.balanced()
		})
	}
}

func TestTheRestIsTakenBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(30)
	b := o.batch()
	o.approve(b)
	if _, err := o.TakeBack(t.Context(), o.checker, b.ID, "changed our mind"); models.KindOf(err) != models.Conflict {
		t.Errorf("before hand-over: %v, want a conflict", err)
	}
	first := o.number(`SELECT min(id) FROM payouts WHERE batch_id = $1`, b.ID)
	if err := o.Dispatch(t.Context(), payouts.DispatchArgs{BatchID: b.ID, From: first, To: first + 9}); err != nil {
		t.Fatal(err)
	}
	if err := o.Undo(t.Context(), o.checker, b.ID, o.load(b.ID).Version); models.KindOf(err) != models.Conflict {
		t.Errorf("undone after the first was handed over: %v, want a conflict", err)
	}
	if _, err := o.TakeBack(t.Context(), o.checker, b.ID, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	left, err := o.NotHandedOver(t.Context(), b.ID)
	if err != nil || left.Count != 20 {
		t.Fatalf("%d left, %v; want 20", left.Count, err)
	}
	taken, err := o.TakeBack(t.Context(), o.checker, b.ID, "changed our mind")
	if err != nil || taken != left {
		t.Fatalf("took back %+v, %v; want %+v", taken, err, left)
	}
	if _, err := o.TakeBack(t.Context(), o.checker, b.ID, "again"); models.KindOf(err) != models.Conflict {
		t.Errorf("taken back twice: %v, want a conflict", err)
	}
	o.dispatch(b)
	if got := o.states(b); got != "cancelled 20, sent 10" || len(o.rail.Orders()) != 10 {
		t.Errorf("in the end: %s, %d orders at the rail", got, len(o.rail.Orders()))
	}
	if n := o.number(`SELECT count(*) FROM commission_lines WHERE state = 'eligible'`); n != 20 {
		t.Errorf("%d lines are payable again, want 20", n)
	}
	o.balanced()
}

func TestTakingBackAgainstDispatch(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(200)
	b := o.batch()
	o.approve(b)
	first := o.number(`SELECT min(id) FROM payouts WHERE batch_id = $1`, b.ID)
	if err := o.Dispatch(t.Context(), payouts.DispatchArgs{BatchID: b.ID, From: first, To: first}); err != nil {
		t.Fatal(err)
	}
	o.rail.Inject(sim.Fault{Kind: sim.Delay, Op: sim.OpCreate, Times: -1, Delay: time.Millisecond})
	var race sync.WaitGroup
	var taken atomic.Int64
	for range 2 {
		race.Go(func() { o.job(b) })
		race.Go(func() {
			sum, err := o.TakeBack(t.Context(), o.checker, b.ID, "enough")
			if err != nil && models.KindOf(err) != models.Conflict {
				t.Error(err)
			}
			taken.Add(sum.Count)
		})
	}
	race.Wait()
	o.job(b)
	cancelled := o.number(`SELECT count(*) FROM payouts WHERE state = 'cancelled'`)
	if sent := int64(len(o.rail.Orders())); cancelled != taken.Load() || sent+cancelled != 200 {
		t.Errorf("%d orders at the rail, %d cancelled, %d said to be taken back; want each payout once", sent, cancelled, taken.Load())
	}
	o.balanced()
}

func TestWhatMayHaveArrivedIsNotTakenBack(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(2)
	b := o.batch()
	o.approve(b)
	first := o.number(`SELECT min(id) FROM payouts WHERE batch_id = $1`, b.ID)
	if err := o.Dispatch(t.Context(), payouts.DispatchArgs{BatchID: b.ID, From: first, To: first}); err != nil {
		t.Fatal(err)
	}
	second := first + 1
	o.exec(`INSERT INTO payout_attempts (payout_id, kind, started_at, outcome) VALUES ($1, 'submit', $2, 'unknown')`, second, o.clock())
	if _, err := o.TakeBack(t.Context(), o.checker, b.ID, "enough"); models.KindOf(err) != models.Conflict {
		t.Errorf("got %v, want a conflict: its request may still arrive", err)
	}
	if got := o.states(b); got != "approved 1, sent 1" {
		t.Errorf("states %s", got)
	}
}

func TestTheDatabaseGuardsHandedOverBatches(t *testing.T) {
	t.Parallel()
	o, b := waiting(t, 1)
	for name, sql := range map[string]string{
		"undone with its payouts approved":  `UPDATE batches SET state = 'in_approval', content_hash = sha256('x')`,
		"undone under the same seal":        `UPDATE payouts SET state = 'in_batch'; UPDATE batches SET state = 'in_approval'`,
		"rejected after it was approved":    `UPDATE batches SET state = 'rejected'`,
		"approved again after it was begun": `UPDATE batches SET state = 'dispatching'; UPDATE batches SET state = 'approved'`,
		"undone after hand-over had begun":  `UPDATE batches SET state = 'dispatching'; UPDATE batches SET state = 'in_approval', content_hash = sha256('x')`,
	} {
		if _, err := o.db.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: the database let it pass", name)
		}
	}
	if got := o.load(b.ID).State; got != models.BatchApproved {
		t.Errorf("the batch is %s", got)
	}
}
