package payouts_test

import (
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/payouts"
)

// lapse pays one payee and lets the payout expire; it returns the payout and its batch.
func (o *office) lapse(payee int64) (int64, models.Batch) {
	o.t.Helper()
	b := o.batch()
	o.approve(b)
	o.dispatch(o.load(b.ID))
	o.pass(time.Minute)
	o.poll()
	id := o.number(`SELECT id FROM payouts WHERE batch_id = $1 AND distributor_id = $2`, b.ID, payee)
	o.expire(id)
	return id, b
}

// expire lets a payout that is ready to collect lapse at the rail.
func (o *office) expire(payout int64) {
	o.t.Helper()
	p, err := o.Payout(o.t.Context(), payout)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.rail.Expire(p.Code); err != nil {
		o.t.Fatal(err)
	}
	o.pass(2 * time.Hour)
	o.poll()
	if got := o.state(payout); got != models.PayoutExpired {
		o.t.Fatalf("the payout is %s, want expired", got)
	}
}

func (o *office) state(payout int64) models.PayoutState {
	o.t.Helper()
	p, err := o.Payout(o.t.Context(), payout)
	if err != nil {
		o.t.Fatal(err)
	}
	return p.State
}

// preview is what issuing the payouts again would be.
func (o *office) preview(ids ...int64) payouts.Reissue {
	o.t.Helper()
	r, err := o.ReissuePreview(o.t.Context(), o.connection, payouts.FailureChoice{IDs: ids})
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (o *office) reissue(r payouts.Reissue, ids ...int64) (int64, error) {
	return o.Reissue(o.t.Context(), o.maker, payouts.FailureChoice{IDs: ids},
		payouts.NewBatch{ConnectionID: o.connection, ExpectCount: len(r.Preview.Items), ExpectTotal: r.Preview.Total, Submit: true})
}

// again issues payouts again and returns the batch.
func (o *office) again(ids ...int64) models.Batch {
	o.t.Helper()
	id, err := o.reissue(o.preview(ids...), ids...)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.load(id)
}

// why is the reason for which a payout is left out.
func (o *office) why(payout int64) models.Refusal {
	o.t.Helper()
	f, err := o.FailureOf(o.t.Context(), payout)
	if err != nil {
		o.t.Fatal(err)
	}
	return f.Why
}

func TestAnExpiredPayoutIsIssuedAgain(t *testing.T) {
	t.Parallel()
	o := open(t)
	payee := o.payee("1020304051")
	o.owe(payee, 100_000)
	old, _ := o.lapse(payee)
	o.owe(payee, 40_000) // earned since: not part of it
	b := o.again(old)
	if b.Items != 1 || b.Total != models.Pesos(100_000) || b.State != models.BatchInApproval {
		t.Fatalf("got %d payouts of %s in a batch that is %s, want the old one in approval", b.Items, b.Total, b.State)
	}
	o.balanced()
	fresh := o.number(`SELECT id FROM payouts WHERE batch_id = $1 AND replaces_id = $2`, b.ID, old)
	if got := o.why(old); got != models.RefusedAgain {
		t.Errorf("the old one: %q, want %q", got, models.RefusedAgain)
	}
	_, after, err := o.Chain(t.Context(), old)
	if err != nil || len(after) != 1 || after[0].ID != fresh || !after[0].Named {
		t.Errorf("the old one leads to %+v (%v), want %d", after, err, fresh)
	}
	before, _, err := o.Chain(t.Context(), fresh)
	if err != nil || len(before) != 1 || before[0].ID != old {
		t.Errorf("the new one comes from %+v (%v), want %d", before, err, old)
	}
	if err := o.decide(o.maker, b, models.Approve, ""); models.KindOf(err) != models.Forbidden {
		t.Errorf("who issued it again approves it: %v", err)
	}
	o.approve(b)
	o.dispatch(o.load(b.ID))
	o.pass(time.Minute)
	o.poll()
	o.rail.CollectAll()
	o.pass(time.Hour)
	o.poll()
	if got := o.state(fresh); got != models.PayoutPaid {
		t.Errorf("the new one is %s, want paid", got)
	}
	o.balanced()
}

func TestIssuedAgainOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	payee := o.payee("1020304051")
	o.owe(payee, 100_000)
	old, _ := o.lapse(payee)
	r := o.preview(old)
	var wait sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wait.Go(func() { _, errs[i] = o.reissue(r, old) })
	}
	wait.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if models.KindOf(err) != models.Conflict {
			t.Errorf("got %v, want a conflict", err)
		}
	}
	if n := o.number(`SELECT count(*) FROM payouts WHERE replaces_id = $1`, old); made != 1 || n != 1 {
		t.Errorf("%d of six clicks made a batch and %d payouts take its place, want one", made, n)
	}
	o.balanced()
}

func TestAMakerAndAReissueAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	payee := o.payee("1020304051")
	o.owe(payee, 100_000)
	old, _ := o.lapse(payee)
	r := o.preview(old)
	p, err := o.Preview(t.Context(), o.connection, models.Composition{Cutoff: o.clock()})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var one, two error
	wait.Go(func() { _, one = o.reissue(r, old) })
	wait.Go(func() {
		_, two = o.Create(t.Context(), o.other, payouts.NewBatch{ConnectionID: o.connection, Composition: p.Composition, ExpectCount: 1, ExpectTotal: p.Total})
	})
	wait.Wait()
	if (one == nil) == (two == nil) {
		t.Fatalf("issued again: %v, composed: %v; want one of them", one, two)
	}
	if n := o.number(`SELECT count(*) FROM payouts WHERE state = 'in_batch'`); n != 1 {
		t.Errorf("%d payouts hold the money, want one", n)
	}
	o.balanced()
}

func TestWhatIsNotIssuedAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		then func(o *office, payee, payout int64)
		want models.Refusal
	}{
		{"expired", func(*office, int64, int64) {}, ""},
		{"a cause that stays", func(o *office, _, p int64) {
			o.exec(`UPDATE payouts SET state = 'failed', cause = 'name', rail_code = '806' WHERE id = $1`, p)
		}, models.RefusedCause},
		{"the name was corrected", func(o *office, d, p int64) {
			o.exec(`UPDATE payouts SET state = 'failed', cause = 'name', rail_code = '806' WHERE id = $1`, p)
			o.exec(`UPDATE distributors SET surnames = 'Rojas Peña' WHERE id = $1`, d)
		}, ""},
		{"another name does not cure an account", func(o *office, d, p int64) {
			o.exec(`UPDATE payouts SET state = 'failed', cause = 'account', rail_code = '801' WHERE id = $1`, p)
			o.exec(`UPDATE distributors SET surnames = 'Rojas Peña' WHERE id = $1`, d)
		}, models.RefusedCause},
		{"another method does", func(o *office, _, p int64) {
			o.exec(`UPDATE payouts SET state = 'failed', cause = 'account', rail_code = '801', method_kind = 'nequi', account_number = '3104028587' WHERE id = $1`, p)
		}, ""},
		{"a limit renews", func(o *office, _, p int64) {
			o.exec(`UPDATE payouts SET state = 'failed', cause = 'limit', rail_code = '810' WHERE id = $1`, p)
		}, ""},
		{"risk rules", func(o *office, _, p int64) {
			o.exec(`UPDATE payouts SET state = 'failed', cause = 'compliance', rail_code = '811' WHERE id = $1`, p)
		}, models.RefusedCause},
		{"its lines are held", func(o *office, d, _ int64) {
			o.exec(`UPDATE commission_lines SET state = 'held', reason = 'asked' WHERE distributor_id = $1`, d)
		}, models.RefusedHeld},
		{"its lines are in another batch", func(o *office, _, _ int64) { o.batch() }, models.RefusedAgain},
		{"that batch was recalled", func(o *office, _, _ int64) {
			b := o.batch()
			if err := o.Recall(o.t.Context(), o.maker, b.ID, b.Version, "again"); err != nil {
				o.t.Fatal(err)
			}
		}, ""},
		{"the rail pays it after all", func(o *office, _, p int64) { o.exec(`UPDATE payouts SET overdue_at = now() WHERE id = $1`, p) }, models.RefusedContradicted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			payee := o.payee("1020304051")
			o.owe(payee, 100_000)
			id, _ := o.lapse(payee)
			tt.then(o, payee, id)
			if got := o.why(id); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.want == "" {
				return
			}
			if r := o.preview(id); len(r.Preview.Items) != 0 || len(r.LeftOut) != 1 || r.LeftOut[0].Why != tt.want {
				t.Errorf("the preview has %d payouts and leaves out %+v", len(r.Preview.Items), r.LeftOut)
			}
			before := o.number(`SELECT count(*) FROM batches`)
			if _, err := o.reissue(payouts.Reissue{}, id); models.KindOf(err) != models.Conflict {
				t.Errorf("got %v, want a conflict", err)
			}
			if _, err := o.Create(t.Context(), o.maker, payouts.NewBatch{ConnectionID: o.connection, ExpectCount: 1, ExpectTotal: models.Pesos(100_000),
				Composition: models.Composition{Cutoff: o.clock(), Reissue: []int64{id}}}); models.KindOf(err) != models.Conflict {
				t.Errorf("past the list: got %v, want a conflict", err)
			}
			if n := o.number(`SELECT count(*) FROM batches`); n != before {
				t.Errorf("a refusal left %d batches behind", n-before)
			}
		})
	}
}

func TestNothingUnderWayIsIssuedAgain(t *testing.T) {
	t.Parallel()
	for _, state := range models.PayoutStates {
		if state.Releases() {
			continue
		}
		failed := models.Failed{State: state, Cure: models.CureRetry, Payable: 1}
		if got := failed.WhyNot(); got != models.RefusedAlive {
			t.Errorf("%s: got %q, want %q", state, got, models.RefusedAlive)
		}
	}
}

func TestTwoFailuresOfOnePayeeGoOneAfterTheOther(t *testing.T) {
	t.Parallel()
	o := open(t)
	payee := o.payee("1020304051")
	o.owe(payee, 100_000)
	first, _ := o.lapse(payee)
	o.exec(`UPDATE commission_lines SET state = 'held', reason = 'asked' WHERE distributor_id = $1`, payee)
	o.owe(payee, 60_000)
	second, _ := o.lapse(payee)
	o.exec(`UPDATE commission_lines SET state = 'eligible', reason = '' WHERE distributor_id = $1 AND state = 'held'`, payee)
	r := o.preview(first, second)
	if len(r.Preview.Items) != 1 || r.Preview.Items[0].Replaces != first || len(r.LeftOut) != 1 || r.LeftOut[0].Why != models.RefusedSamePayee || r.LeftOut[0].ID != second {
		t.Fatalf("got %+v and %+v, want the first one now and the second one later", r.Preview.Items, r.LeftOut)
	}
	if b := o.again(first, second); b.Total != models.Pesos(100_000) {
		t.Errorf("the batch comes to %s", b.Total)
	}
	if b := o.again(second); b.Total != models.Pesos(60_000) {
		t.Errorf("the second batch comes to %s", b.Total)
	}
	o.balanced()
}

func TestAPayeeWhoMayNotBePaidIsLeftOut(t *testing.T) {
	t.Parallel()
	o := open(t)
	payee := o.payee("1020304051")
	o.owe(payee, 100_000)
	old, _ := o.lapse(payee)
	o.exec(`UPDATE distributors SET verification = 'suspended' WHERE id = $1`, payee)
	if r := o.preview(old); len(r.LeftOut) != 1 || r.LeftOut[0].Why != models.RefusedSuspended || r.LeftOut[0].ID != old {
		t.Errorf("left out: %+v", r.LeftOut)
	}
}

func TestAClawBackIsTakenOffWhatIsIssuedAgain(t *testing.T) {
	t.Parallel()
	o := open(t)
	payee := o.payee("1020304051")
	o.owe(payee, 100_000)
	old, _ := o.lapse(payee)
	o.owe(payee, -30_000)
	if b := o.again(old); b.Total != models.Pesos(70_000) {
		t.Errorf("the batch comes to %s, want what is left after the claw-back", b.Total)
	}
	o.balanced()
}

// The payee collects at the counter although the rail had called the payout expired, and the notification comes when it
// was issued again already: neither approval nor dispatch may pay a second time.
func TestPaidLateAfterItWasIssuedAgain(t *testing.T) {
	t.Parallel()
	for _, approved := range []bool{false, true} {
		o := open(t)
		payee := o.payee("1020304051")
		o.owe(payee, 100_000)
		old, _ := o.lapse(payee)
		b := o.again(old)
		if approved {
			o.approve(b)
		}
		o.exec(`UPDATE payouts SET overdue_at = $2 WHERE id = $1`, old, o.clock()) // as contradict does
		if !approved {
			if err := o.decide(o.checker, b, models.Approve, ""); models.KindOf(err) != models.Conflict {
				t.Errorf("approved although the rail pays it: %v", err)
			}
			continue
		}
		o.dispatch(o.load(b.ID))
		if got := o.states(b); got != "cancelled 1" {
			t.Errorf("after dispatch: %s, want it kept back", got)
		}
		if n := o.number(`SELECT count(*) FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id WHERE p.batch_id = $1`, b.ID); n != 0 {
			t.Errorf("%d requests left", n)
		}
		o.balanced()
	}
}

func TestTheDatabaseKeepsOneSuccessor(t *testing.T) {
	t.Parallel()
	o := open(t)
	payee, stranger := o.payee("1020304051"), o.payee("1020304052")
	o.owe(payee, 100_000)
	o.owe(stranger, 100_000)
	old, _ := o.lapse(payee)
	o.again(old)
	o.owe(payee, 50_000)
	o.owe(stranger, 50_000)
	c := o.batch()
	if _, err := o.db.Pool.Exec(t.Context(), `UPDATE payouts SET replaces_id = $1 WHERE batch_id = $2 AND distributor_id = $3`, old, c.ID, payee); err == nil {
		t.Error("a second live payout took its place")
	}
	if _, err := o.db.Pool.Exec(t.Context(), `UPDATE payouts SET replaces_id = $1 WHERE batch_id = $2 AND distributor_id = $3`, old, c.ID, stranger); err == nil {
		t.Error("a payout of another payee took its place")
	}
}

func TestFailuresAreGroupedByCause(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.crowd(5)
	b := o.batch()
	o.approve(b)
	o.dispatch(o.load(b.ID))
	for i, cause := range []struct{ state, cause, code string }{{"expired", "expired", "809"}, {"failed", "limit", "810"}, {"failed", "limit", "503"}, {"failed", "name", "806"}} {
		id := o.number(`SELECT id FROM payouts WHERE batch_id = $1 ORDER BY id OFFSET $2 LIMIT 1`, b.ID, i)
		o.exec(`UPDATE payouts SET state = $2, cause = $3, rail_code = $4, overdue_at = NULL WHERE id = $1`, id, cause.state, cause.cause, cause.code)
		o.exec(`UPDATE commission_lines SET state = 'eligible', payout_id = NULL WHERE payout_id = $1`, id)
	}
	groups, err := o.FailureGroups(t.Context(), payouts.FailureFilter{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][2]int64{}
	for _, g := range groups {
		got[g.Cause] = [2]int64{g.Sum.Count, g.Offered.Count}
	}
	want := map[string][2]int64{"expired": {1, 1}, "limit": {2, 1}, "name": {1, 0}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for cause, n := range want {
		if got[cause] != n {
			t.Errorf("%s: got %v, want %v", cause, got[cause], n)
		}
	}
	page, err := o.Failures(t.Context(), payouts.FailureFilter{Cause: "limit", BatchID: b.ID, Method: models.EfectyCash, ConnectionID: o.connection, Period: "2026-10"})
	if err != nil || len(page.Rows) != 2 {
		t.Errorf("got %d limits (%v), want two", len(page.Rows), err)
	}
	page, err = o.Failures(t.Context(), payouts.FailureFilter{Period: "2026-09"})
	if err != nil || len(page.Rows) != 0 {
		t.Errorf("got %d of another period (%v), want none", len(page.Rows), err)
	}
	all, err := o.ReissuePreview(t.Context(), o.connection, payouts.FailureChoice{All: true})
	if err != nil || len(all.Preview.Items) != 2 || len(all.LeftOut) != 2 {
		t.Errorf("all: %d issued again and %d left out (%v), want two each", len(all.Preview.Items), len(all.LeftOut), err)
	}
}
