package payouts_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/sanctions"
)

// hold and release do what screening does, with a hit that stands behind it.
func (o *office) hold(payee string) {
	o.t.Helper()
	o.exec(`UPDATE distributors SET on_hold = true WHERE id = ` + payee)
}

func (o *office) unhold() { o.exec(`UPDATE distributors SET on_hold = false`) }

const firstPayee = `(SELECT min(id) FROM distributors)`

func TestAPayeeOnHoldIsNotComposedApprovedOrSent(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(2)
	o.hold(firstPayee)
	p, err := o.Preview(t.Context(), o.connection, models.Composition{Cutoff: o.clock()})
	if err != nil || len(p.Items) != 1 || len(p.LeftOut) != 1 || p.LeftOut[0].Why != models.RefusedOnHold {
		t.Fatalf("composed %d, left out %+v, %v", len(p.Items), p.LeftOut, err)
	}
	o.unhold()
	b := o.batch()
	o.hold(firstPayee)
	if err := o.decide(o.checker, b, models.Approve, ""); models.KindOf(err) != models.Conflict {
		t.Errorf("approved: %v", err)
	}
	o.unhold()
	o.approve(b)
	o.hold(firstPayee)
	o.dispatch(b)
	if got := o.states(b); got != "approved 1, sent 1" {
		t.Fatalf("got %s, want the one on hold to wait", got)
	}
	o.balanced()
	o.unhold()
	o.dispatch(b)
	if got := o.states(b); got != "sent 2" {
		t.Errorf("after the hold: %s", got)
	}
}

// TestWhoWasNotComparedWaits has a list come in force after the approval: nobody is sent before they were compared with it.
func TestWhoWasNotComparedWaits(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(2)
	b := o.batch()
	o.approve(b)
	o.exec(`INSERT INTO sanctions_versions (list, entries, names, documents, added, removed, changed, files, staff_id, staff_name, loaded_at, confirmed_at)
		VALUES ($1, 1, 1, 0, 1, 0, 0, '{}', 0, 'test', now(), now())`, string(sanctions.OFAC))
	o.dispatch(b)
	if got := o.states(b); got != "approved 2" {
		t.Fatalf("got %s", got)
	}
	o.exec(`INSERT INTO screenings (distributor_id, identity, through_id, thresholds_id, at) SELECT d.id, d.identity, v.id, 1, now() FROM distributors d, sanctions_versions v`)
	o.exec(`UPDATE distributors SET surnames = 'Otra' WHERE id = ` + firstPayee)
	o.dispatch(b)
	if got := o.states(b); got != "approved 1, sent 1" {
		t.Errorf("got %s, want the renamed one to wait", got)
	}
}

// TestHoldAgainstDispatch races a hold with hand-over: whoever commits first wins, and no payout leaves after the hold.
func TestHoldAgainstDispatch(t *testing.T) {
	t.Parallel()
	for range 6 {
		o := open(t)
		o.crowd(8)
		b := o.batch()
		o.approve(b)
		var wait sync.WaitGroup
		var held time.Time
		wait.Go(func() {
			if _, err := o.db.Pool.Exec(context.Background(), `UPDATE distributors SET on_hold = true`); err != nil {
				t.Error(err)
			}
			held = time.Now()
		})
		wait.Go(func() { o.dispatch(b) })
		wait.Wait()
		before := o.states(b)
		o.dispatch(b)
		if after := o.states(b); after != before {
			t.Fatalf("after the hold at %v %s became %s", held, before, after)
		}
		o.balanced()
	}
}
