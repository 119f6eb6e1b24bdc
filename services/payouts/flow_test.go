package payouts_test

import (
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
)

func TestPaidInCash(t *testing.T) {
	t.Parallel()
	o := open(t)
	payee := o.payee("1020304051")
	o.owe(payee, 123_456)
	o.owe(payee, -3_400)
	b := o.batch()
	if b.Items != 1 || b.Total != models.Pesos(120_050) {
		t.Fatalf("got %d payouts of %s, want one of the net rounded down to 50 pesos", b.Items, b.Total)
	}
	o.balanced()
	o.approve(b)
	o.dispatch(o.load(b.ID))
	if got := o.states(b); got != "sent 1" {
		t.Fatalf("after dispatch: %s", got)
	}
	o.balanced()
	o.pass(time.Minute)
	o.poll()
	if got := o.states(b); got != "available 1" {
		t.Fatalf("after delivery: %s", got)
	}
	if o.rail.CollectAll() != 1 {
		t.Fatal("the teller found nothing to pay")
	}
	o.pass(2 * time.Minute)
	o.poll()
	if got := o.states(b); got != "paid 1" {
		t.Fatalf("after collection: %s", got)
	}
	o.balanced()
	if carry := o.number(`SELECT amount FROM carries WHERE distributor_id = $1`, payee); carry != 600 {
		t.Errorf("the remainder is %d centavos, want 600", carry)
	}
	if err := o.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := o.load(b.ID).State; got != models.BatchDone {
		t.Errorf("the batch is %s, want done", got)
	}
}

func TestExpiredMoneyIsPayableAgain(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("1020304051"), 99_970)
	first := o.batch()
	o.approve(first)
	o.dispatch(first)
	o.pass(time.Minute)
	o.poll()
	o.pass(8 * 24 * time.Hour)
	o.poll()
	if got := o.states(first); got != "expired 1" {
		t.Fatalf("after eight days: %s", got)
	}
	o.balanced()
	again := o.batch()
	if again.Total != models.Pesos(99_950) {
		t.Fatalf("the second batch pays %s, want what the first one gave back", again.Total)
	}
	o.balanced()
}

func TestReversedAfterPaid(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("1020304051"), 50_000)
	b := o.batch()
	o.approve(b)
	o.dispatch(b)
	o.pass(time.Minute)
	o.poll()
	o.rail.CollectAll()
	o.pass(2 * time.Minute)
	o.poll()
	for _, order := range o.rail.Orders() {
		if err := o.rail.Reverse(order.ExternalID); err != nil {
			t.Fatal(err)
		}
	}
	o.pass(25 * time.Hour)
	o.poll()
	if got := o.states(b); got != "returned 1" {
		t.Fatalf("after the reversal: %s", got)
	}
	o.balanced()
	if next := o.batch(); next.Total != models.Pesos(50_000) {
		t.Errorf("the next batch pays %s", next.Total)
	}
}

func TestWhoMayDecide(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("1020304051"), 50_000)
	b := o.batch()
	both := models.Actor{StaffID: o.maker.StaffID, Name: o.maker.Name, Roles: []models.Role{models.RoleFinance, models.RoleApprover}}
	for name, by := range map[string]models.Actor{"own batch": both, "no role": o.person("Sol", models.RoleSupport)} {
		if err := o.decide(by, b, models.Approve, ""); models.KindOf(err) != models.Forbidden {
			t.Errorf("%s: got %v, want forbidden", name, err)
		}
	}
	stale := b
	stale.Version--
	if err := o.decide(o.checker, stale, models.Approve, ""); models.KindOf(err) != models.Conflict {
		t.Errorf("stale page: got %v, want a conflict", err)
	}
	if err := o.decide(o.checker, b, models.Reject, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("rejection without a reason: got %v", err)
	}
	old := payouts.Verdict{Decision: models.Approve, Seen: models.Seen{Version: b.Version, Hash: b.ContentHash}, FactorAt: o.clock().Add(-6 * time.Minute)}
	if err := o.Decide(t.Context(), o.checker, b.ID, old); models.KindOf(err) != models.Forbidden {
		t.Errorf("old second factor: got %v", err)
	}
	_, err := o.db.Pool.Exec(t.Context(), `INSERT INTO batch_decisions (batch_id, maker_id, editor_id, staff_id, decision, content_hash) VALUES ($1, $2, $2, $2, 'approve', $3)`,
		b.ID, o.maker.StaffID, b.ContentHash)
	if err == nil {
		t.Error("the database let the maker approve")
	}
	if got := o.states(b); got != "in_batch 1" {
		t.Errorf("refusals left something behind: %s", got)
	}
}

func TestTheLastEditorMayNotApprove(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(3)
	b := o.batch()
	items, _, err := o.Review(t.Context(), b.ID, "all", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.RemoveItem(t.Context(), o.other, b.ID, items[0].ID, b.Version, "paid by hand"); err != nil {
		t.Fatal(err)
	}
	edited := o.load(b.ID)
	if edited.Items != 2 || string(edited.ContentHash) == string(b.ContentHash) {
		t.Fatalf("got %d payouts and the seal unchanged is %v", edited.Items, string(edited.ContentHash) == string(b.ContentHash))
	}
	if err := o.decide(o.other, edited, models.Approve, ""); models.KindOf(err) != models.Forbidden {
		t.Errorf("the editor approves: got %v", err)
	}
	if err := o.decide(o.checker, b, models.Approve, ""); models.KindOf(err) != models.Conflict {
		t.Errorf("approval of what was on the screen before: got %v", err)
	}
	o.approve(edited)
	o.balanced()
}

func TestTwoCheckersAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(5)
	b := o.batch()
	second := o.person("Dora", models.RoleApprover)
	var wg sync.WaitGroup
	results := make([]error, 6)
	for i := range results {
		by := o.checker
		if i%2 == 1 {
			by = second
		}
		wg.Go(func() { results[i] = o.decide(by, b, models.Approve, "") })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		switch models.KindOf(err) {
		case "":
			if err != nil {
				t.Errorf("got %v", err)
			}
			won++
		case models.Conflict:
		default:
			t.Errorf("got %v, want a conflict", err)
		}
	}
	if won != 1 || o.number(`SELECT count(*) FROM batch_decisions`) != 1 {
		t.Errorf("%d approvals went through", won)
	}
}

func TestSentOnceByManyWorkers(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(120)
	b := o.batch()
	o.approve(b)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { o.dispatch(b) })
	}
	wg.Wait()
	o.dispatch(b)
	if got := o.states(b); got != "sent 120" {
		t.Fatalf("after dispatch: %s", got)
	}
	if n := len(o.rail.Orders()); n != 120 {
		t.Errorf("the rail has %d orders", n)
	}
	o.balanced()
}

func TestUnknownOutcomes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault  sim.FaultKind
		orders int
	}{
		"time-out after accepting": {sim.TimeoutAfter, 1},
		"500 before accepting":     {sim.ErrorBefore, 0},
		"500 after accepting":      {sim.ErrorAfter, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.owe(o.payee("1020304051"), 50_000)
			b := o.batch()
			o.approve(b)
			o.rail.Inject(sim.Fault{Kind: tt.fault, Op: sim.OpCreate, Times: 1})
			o.dispatch(b)
			if got := o.states(b); got != "unknown 1" {
				t.Fatalf("after the fault: %s", got)
			}
			if n := len(o.rail.Orders()); n != tt.orders {
				t.Fatalf("the rail has %d orders, want %d", n, tt.orders)
			}
			o.balanced()
			o.pass(time.Minute)
			o.poll()
			o.dispatch(b) // does nothing when the look-up found it
			o.pass(time.Minute)
			o.poll()
			if got := o.states(b); got != "available 1" {
				t.Fatalf("in the end: %s", got)
			}
			if n := len(o.rail.Orders()); n != 1 {
				t.Fatalf("the rail has %d orders in the end", n)
			}
			o.balanced()
		})
	}
}

func TestADeadProcessIsTakenOver(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.DeadAfter = time.Nanosecond
	o.crowd(3)
	b := o.batch()
	o.approve(b)
	dead := o.number(`INSERT INTO workers (seen_at) VALUES (now() - interval '1 hour') RETURNING id`)
	o.exec(`INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
		SELECT 'held', distributor_id, 'in_transit', connection_id, amount, currency, 'dispatch', 'payout', id, version + 1 FROM payouts`)
	o.exec(`UPDATE payouts SET state = 'submitting', worker_id = $1, submitted_at = $2, version = version + 1`, dead, o.clock())
	if err := o.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := o.states(b); got != "unknown 3" {
		t.Fatalf("after the sweep: %s", got)
	}
	o.pass(time.Minute)
	o.poll()
	if got := o.states(b); got != "approved 3" {
		t.Fatalf("the rail knows none of them, yet: %s", got)
	}
	o.balanced()
	o.dispatch(b)
	if got := o.states(b); got != "sent 3" {
		t.Fatalf("in the end: %s", got)
	}
	o.balanced()
}

func TestARefusedConnectionWaits(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(3)
	b := o.batch()
	o.approve(b)
	o.rail.SetBalance(models.Pesos(1))
	o.dispatch(b)
	if got := o.states(b); got != "approved 3" {
		t.Fatalf("without money at the rail: %s", got)
	}
	o.balanced()
	c, err := o.Connection(t.Context(), o.connection)
	if err != nil {
		t.Fatal(err)
	}
	if c.Live() || c.PausedCause != string(providers.CauseFunds) {
		t.Fatalf("the connection is %s for %q", c.State, c.PausedCause)
	}
	o.rail.SetBalance(models.Pesos(10_000_000))
	c.State = "live"
	if _, err := o.SaveConnection(t.Context(), o.person("Ada", models.RoleAdmin), c, nil); err != nil {
		t.Fatal(err)
	}
	o.dispatch(b)
	if got := o.states(b); got != "sent 3" {
		t.Fatalf("after the top-up: %s", got)
	}
	o.balanced()
}

func TestSuspendedMeanwhile(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(2)
	b := o.batch()
	o.approve(b)
	o.exec(`UPDATE distributors SET verification = 'suspended' WHERE id = (SELECT min(id) FROM distributors)`)
	o.dispatch(b)
	if got := o.states(b); got != "cancelled 1, sent 1" {
		t.Fatalf("got %s", got)
	}
	o.balanced()
}

// TestAccountChangedMeanwhile has a payee's account changed at each point on the way to the rail.
func TestAccountChangedMeanwhile(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(2)
	change := func(from string) {
		o.exec(`UPDATE distributors SET account_changed_on = '2026-11-20', payable_from = $1 WHERE id = (SELECT min(id) FROM distributors)`, from)
	}
	change("2026-11-23")
	p, err := o.Preview(t.Context(), o.connection, models.Composition{Cutoff: o.clock()})
	if err != nil || len(p.Items) != 1 || len(p.LeftOut) != 1 || p.LeftOut[0].Why != models.RefusedAccount || p.LeftOut[0].PayableFrom.Day() != 23 {
		t.Fatalf("composed %d, left out %+v, %v", len(p.Items), p.LeftOut, err)
	}
	change("2026-11-20")
	b := o.batch()
	change("2026-11-23")
	if err := o.decide(o.checker, b, models.Approve, ""); models.KindOf(err) != models.Conflict {
		t.Fatalf("approved: %v", err)
	}
	change("2026-11-20")
	o.approve(b)
	change("2026-11-23")
	o.dispatch(b)
	if got := o.states(b); got != "cancelled 1, sent 1" {
		t.Fatalf("got %s", got)
	}
	if n := o.number(`SELECT count(*) FROM payouts WHERE state = 'cancelled' AND cause = 'account_changed'`); n != 1 {
		t.Error("the payout does not say why it was not sent")
	}
	o.balanced()
}

func TestRecalledAndRejected(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(4)
	b := o.batch()
	if err := o.Recall(t.Context(), o.maker, b.ID, b.Version, "wrong cut-off"); err != nil {
		t.Fatal(err)
	}
	o.balanced()
	again := o.batch()
	if again.Total != b.Total {
		t.Fatalf("the second batch pays %s, want %s", again.Total, b.Total)
	}
	if err := o.decide(o.checker, again, models.Reject, "not this month"); err != nil {
		t.Fatal(err)
	}
	o.balanced()
	if got := o.states(again); got != "cancelled 4" {
		t.Errorf("got %s", got)
	}
}

func TestCancelAtTheRail(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(1)
	b := o.batch()
	o.approve(b)
	o.dispatch(b)
	id := o.number(`SELECT id FROM payouts`)
	if _, err := o.Operate(t.Context(), o.maker, id, payouts.OpHold, "asked by the payee"); err != nil {
		t.Fatal(err)
	}
	if got := o.states(b); got != "on_hold 1" {
		t.Fatalf("after hold: %s", got)
	}
	if _, err := o.Operate(t.Context(), o.maker, id, payouts.OpRelease, "sorted out"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Operate(t.Context(), o.maker, id, payouts.OpCancel, "asked by the payee"); err != nil {
		t.Fatal(err)
	}
	if got := o.states(b); got != "cancelled 1" {
		t.Fatalf("after cancel: %s", got)
	}
	o.balanced()
	if _, err := o.Operate(t.Context(), o.maker, id, payouts.OpCancel, "again"); models.KindOf(err) != models.Conflict {
		t.Errorf("a second cancel: got %v", err)
	}
}

func TestSuspendedWhileBeingSent(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(2)
	b := o.batch()
	o.approve(b)
	suspension, err := o.db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = suspension.Rollback(t.Context()) }()
	if _, err := suspension.Exec(t.Context(), `UPDATE distributors SET verification = 'suspended' WHERE id = (SELECT min(id) FROM distributors)`); err != nil {
		t.Fatal(err)
	}
	o.dispatch(b)
	if got := o.states(b); got != "approved 1, sent 1" {
		t.Fatalf("while the suspension is being written: %s", got)
	}
	if err := suspension.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.dispatch(b)
	if got := o.states(b); got != "cancelled 1, sent 1" {
		t.Fatalf("once it is: %s", got)
	}
	o.balanced()
}
