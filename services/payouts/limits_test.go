package payouts_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/services/requests"
)

func (o *office) consent(request int64) error {
	o.t.Helper()
	s := &requests.Service{DB: o.db, Kinds: o.RequestKinds(), Now: o.clock}
	return s.Decide(o.t.Context(), o.checker, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: o.clock()})
}

func (o *office) topUp(pesos int64, reference string) {
	o.t.Helper()
	id, err := o.TopUp(o.t.Context(), o.maker, o.connection, models.Pesos(pesos), reference, "")
	if err == nil {
		err = o.consent(id)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// control makes hand-over keep to the float.
func (o *office) control() {
	o.t.Helper()
	version := int(o.number(`SELECT version FROM connections WHERE id = $1`, o.connection))
	if err := o.SetFloatRules(o.t.Context(), models.System("test"), o.connection, version, payouts.FloatRules{Control: true}); err != nil {
		o.t.Fatal(err)
	}
}

// four sends batches from four workers at once, each with a service of its own as in processes of their own.
func (o *office) four(batches ...models.Batch) {
	o.t.Helper()
	var wait sync.WaitGroup
	for w := range 4 {
		wait.Go(func() {
			for i := range batches {
				b := batches[(i+w)%len(batches)]
				if err := o.Dispatch(o.t.Context(), payouts.DispatchArgs{BatchID: b.ID, From: 0, To: 1 << 60}); err != nil {
					o.t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func TestABatchThatDoesNotFitWaitsForFloat(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.control()
	o.crowd(3) // 300.000 in multiples of 50, and 3 × 5.355 of fees
	b := o.batch()
	o.approve(b)
	o.topUp(316_064, "T-1") // one peso short
	o.four(b)
	if got := o.states(b); got != "approved 3" {
		t.Fatalf("a batch that does not fit: %s", got)
	}
	c, err := o.Connection(t.Context(), o.connection)
	if err != nil {
		t.Fatal(err)
	}
	w, err := o.Waits(t.Context(), o.load(b.ID), c)
	if err != nil || w.Short == nil || *w.Short != models.Pesos(1) {
		t.Errorf("it waits for %v, %v", w.Short, err)
	}
	o.exec(`DELETE FROM river_job`)
	o.topUp(1, "T-2")
	if n := o.number(`SELECT count(*) FROM river_job WHERE kind = 'payouts.dispatch'`); n != 1 {
		t.Errorf("%d jobs after the top-up: it does not go on by itself", n)
	}
	o.four(b)
	if got := o.states(b); got != "sent 3" {
		t.Errorf("a batch that fits: %s", got)
	}
	if f, err := o.Float(t.Context(), o.connection); err != nil || f.Free != models.Pesos(0) || f.InTransit != models.Pesos(316_065) || f.Booked != models.Pesos(316_065) {
		t.Errorf("the float: %+v, %v", f, err)
	}
	if err := o.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.verified()
}

func TestWorkersDoNotOverdrawTheFloat(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.control()
	var batches []models.Batch
	for i := range 6 {
		o.owe(o.payee(fmt.Sprintf("10203%05d", i)), 100_000)
		b := o.batch()
		o.approve(b)
		batches = append(batches, b)
	}
	o.topUp(350_000, "T-1") // three of 105.355
	o.four(batches...)
	if n := o.number(`SELECT count(*) FROM payouts WHERE state = 'sent'`); n != 3 {
		t.Errorf("%d payouts left, the float covers 3", n)
	}
	if f, err := o.Float(t.Context(), o.connection); err != nil || f.Free != models.Pesos(350_000-3*105_355) {
		t.Errorf("the float: %+v, %v", f, err)
	}
	o.verified()
}

func TestATopUpNeedsASecondPerson(t *testing.T) {
	t.Parallel()
	o := open(t)
	ctx := t.Context()
	for name, tt := range map[string]struct {
		by        models.Actor
		amount    models.Money
		reference string
		want      models.ErrorKind
	}{
		"by an approver": {o.checker, models.Pesos(1), "T", models.Forbidden}, "of nothing": {o.maker, models.Pesos(0), "T", models.Invalid},
		"without a reference": {o.maker, models.Pesos(1), " ", models.Invalid},
	} {
		if _, err := o.TopUp(ctx, tt.by, o.connection, tt.amount, tt.reference, ""); models.KindOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	id, err := o.TopUp(ctx, o.maker, o.connection, models.Pesos(1_000), "T-1", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.TopUp(ctx, o.maker, o.connection, models.Pesos(1_000), "t-1", ""); models.KindOf(err) != models.Conflict {
		t.Errorf("the same reference: %v", err)
	}
	if _, err := o.db.Pool.Exec(ctx, `UPDATE float_topups SET state = 'booked', decided_at = now()`); err == nil {
		t.Error("the database books it without consent")
	}
	s := &requests.Service{DB: o.db, Kinds: o.RequestKinds(), Now: o.clock}
	if err := s.Decide(ctx, o.checker, id, requests.Verdict{Answer: "no", Seen: 1}); err != nil {
		t.Fatal(err)
	}
	if o.booked("float") != 0 {
		t.Error("a refused top-up is in the books")
	}
	o.topUp(1_000, "T-1")
	if o.booked("float") != 1_000 || o.booked("bank") != -1_000 {
		t.Errorf("float %d, bank %d", o.booked("float"), o.booked("bank"))
	}
	if err := o.RecordBalance(ctx, o.maker, o.connection, models.Pesos(900), "panel"); err != nil {
		t.Fatal(err)
	}
	if r, err := o.Reports(ctx, o.connection); err != nil || len(r) != 1 || r[0].Expected != models.Pesos(1_000) || r[0].Reported != models.Pesos(900) {
		t.Errorf("reports %+v, %v", r, err)
	}
	o.verified()
}

func TestALowFloatIsToldOnceADay(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.topUp(1_000, "T-1")
	alarm := models.Pesos(1_001)
	if err := o.SetFloatRules(t.Context(), models.System("test"), o.connection, 1, payouts.FloatRules{Alarm: &alarm}); err != nil {
		t.Fatal(err)
	}
	told := func(want int64) {
		t.Helper()
		if err := o.WatchFloat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := o.number(`SELECT count(*) FROM events WHERE kind = 'float.low'`); n != want {
			t.Errorf("told %d times, want %d", n, want)
		}
	}
	told(1)
	told(1)
	o.pass(24 * time.Hour)
	told(2)
	o.topUp(1, "T-2")
	o.pass(24 * time.Hour)
	told(2)
}

func (o *office) cap(c models.Cap) int64 {
	o.t.Helper()
	c.ConnectionID = o.connection
	request, err := o.SetCap(o.t.Context(), o.maker, c, "")
	if err != nil {
		o.t.Fatal(err)
	}
	return request
}

func count(n int) *int { return &n }

func pesos(n int64) *models.Money { m := models.Pesos(n); return &m }

func TestCapsHoldUnderFourWorkersAndTheDayChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]models.Cap{
		"a number over the connection": {Scope: models.CapConnection, Count: count(5)}, "an amount over the connection": {Scope: models.CapConnection, Amount: pesos(599_000)},
		"a number by the network": {Scope: models.CapNetwork, Method: models.EfectyCash, Count: count(5)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.cap(c)
			o.crowd(12) // of 100.000 each
			b := o.batch()
			o.approve(b)
			for day, want := range []string{"approved 7, sent 5", "approved 2, sent 10", "sent 12"} {
				o.four(b)
				if got := o.states(b); got != want {
					t.Errorf("day %d: %s, want %s", day+1, got, want)
				}
				o.pass(24 * time.Hour)
			}
			o.verified()
		})
	}
}

func TestACapOfEachPayee(t *testing.T) {
	t.Parallel()
	o := open(t)
	ana, ben := o.payee("1020304051"), o.payee("1020304052")
	o.owe(ana, 300_000)
	o.owe(ben, 500_050)
	o.cap(models.Cap{Scope: models.CapPayee, Amount: pesos(500_000)})
	p, err := o.Preview(t.Context(), o.connection, models.Composition{Cutoff: o.clock()})
	if err != nil || len(p.Items) != 1 || len(p.LeftOut) != 1 || p.LeftOut[0].Why != models.RefusedCap {
		t.Fatalf("the preview: %d items, left out %+v, %v", len(p.Items), p.LeftOut, err)
	}
	first := o.batch()
	o.owe(ana, 300_000)
	second := o.batch()
	o.approve(first)
	o.approve(second)
	o.four(first, second)
	if got := o.states(first) + ", " + o.states(second); got != "approved 1, sent 1" && got != "sent 1, approved 1" {
		t.Errorf("twice 300.000 to one payee in a day: %s", got)
	}
	o.pass(24 * time.Hour)
	o.four(first, second)
	if o.number(`SELECT count(*) FROM payouts WHERE state = 'sent'`) != 2 {
		t.Error("it did not leave the day after")
	}
}

func TestRaisingACapNeedsASecondPerson(t *testing.T) {
	t.Parallel()
	o := open(t)
	limit := func() string {
		return fmt.Sprint(o.number(`SELECT COALESCE(amount, 0) / 100 FROM caps`), " ", o.number(`SELECT COALESCE(count, 0) FROM caps`))
	}
	connection := models.Cap{Scope: models.CapConnection}
	with := func(amount *models.Money, n *int) models.Cap {
		c := connection
		c.Amount, c.Count = amount, n
		return c
	}
	for _, step := range []struct {
		name string
		cap  models.Cap
		asks bool
		then string // before consent
	}{
		{"the first one", with(pesos(1_000), nil), false, "1000 0"}, {"a second bound", with(pesos(1_000), count(5)), false, "1000 5"},
		{"lower", with(pesos(900), count(5)), false, "900 5"}, {"lower in one, higher in the other", with(pesos(800), count(6)), true, "900 5"},
		{"lifted in one", with(pesos(800), nil), true, "800 6"}, {"lifted", with(nil, nil), true, "800 0"},
	} {
		request := o.cap(step.cap)
		if (request != 0) != step.asks || limit() != step.then {
			t.Errorf("%s: request %d, the cap is %s, want %s", step.name, request, limit(), step.then)
		}
		if request != 0 {
			if err := o.consent(request); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
		}
	}
	if caps, err := o.Caps(t.Context(), o.connection); err != nil || len(caps) != 0 {
		t.Errorf("a lifted cap still bounds: %+v, %v", caps, err)
	}
	o.cap(with(pesos(500), nil))
	request := o.cap(with(pesos(600), nil))
	o.cap(with(pesos(400), nil)) // meanwhile
	if err := o.consent(request); models.KindOf(err) != models.Conflict {
		t.Errorf("a raise of a cap that changed meanwhile: %v", err)
	}
	if _, err := o.SetCap(t.Context(), o.checker, models.Cap{ConnectionID: o.connection, Scope: models.CapConnection, Count: count(1)}, ""); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver sets a cap: %v", err)
	}
	err := o.db.InTx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(`UPDATE caps SET amount = amount + 100`).Error })
	if err == nil {
		t.Error("the database raises a cap without consent")
	}
}
