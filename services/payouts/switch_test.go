package payouts_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
)

// second adds another live connection to the same rail and returns it.
func (d *counterDesk) second() int64 {
	d.t.Helper()
	first, err := d.Connection(d.t.Context(), d.connection)
	if err != nil {
		d.t.Fatal(err)
	}
	first.ID, first.Slug, first.Name = 0, "second", "D24, second contract"
	id, err := d.SaveConnection(d.t.Context(), models.System("test"), first, &models.Credentials{Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature})
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *counterDesk) switchTo(connection int64, method models.MethodKind) error {
	return d.SwitchNetwork(d.t.Context(), d.maker, d.id, connection, method, "No Efecty point in the village")
}

// option finds one way among those of the payout.
func (d *counterDesk) option(connection int64, method models.MethodKind) payouts.NetworkOption {
	d.t.Helper()
	p, err := d.Payout(d.t.Context(), d.id)
	if err != nil {
		d.t.Fatal(err)
	}
	list, err := d.NetworkOptions(d.t.Context(), p)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, o := range list {
		if o.Connection.ID == connection && o.To.Kind == method {
			return o
		}
	}
	d.t.Fatalf("no such way among %d", len(list))
	return payouts.NetworkOption{}
}

func (d *counterDesk) mailed() *counterDesk {
	d.exec(`UPDATE distributors SET email = 'ana@example.co' WHERE id = $1`, d.distributor)
	return d
}

func TestAnExpiredPayoutGoesThroughAnotherNetwork(t *testing.T) {
	t.Parallel()
	d := atTheCounter(t).mailed()
	_, err := d.AddFeeSchedule(t.Context(), models.System("test"), models.FeeSchedule{ConnectionID: d.connection, From: models.Day(d.clock()), Method: models.PuntoredCash,
		Tiers: []models.FeeTier{{Fixed: models.Pesos(3000)}}, Min: models.Pesos(0), IVABPS: 0})
	if err != nil {
		t.Fatal(err)
	}
	d.expire(d.id)
	if o := d.option(d.connection, models.PuntoredCash); o.Why != "" || o.Costs != models.Pesos(3000) || o.More != models.Pesos(3000-5355) {
		t.Errorf("Punto Red: %q, costs %s, %s more", o.Why, o.Costs, o.More)
	}
	if err := d.switchTo(d.connection, models.PuntoredCash); err != nil {
		t.Fatal(err)
	}
	p := d.issued()
	if p.To.Kind != models.PuntoredCash || p.Amount != models.Pesos(100_000) {
		t.Errorf("the new payout is %s by %s", p.Amount, p.To.Kind)
	}
	w, ok, err := d.SwitchOf(t.Context(), p.ID)
	if err != nil || !ok || w.From.Kind != models.EfectyCash || !strings.Contains(w.Reason, "village") {
		t.Errorf("the reason is %+v, %v, %v", w, ok, err)
	}
	if n := d.number(`SELECT count(*) FROM payout_methods WHERE kind = 'puntored_cash'`); n != 0 {
		t.Errorf("the payee has %d new methods, want none: it is for this once", n)
	}
	b := d.load(p.BatchID)
	d.approve(b)
	d.dispatch(d.load(b.ID))
	d.pass(time.Minute)
	d.poll()
	d.rail.CollectAll()
	d.pass(time.Hour)
	d.poll()
	if got := d.state(p.ID); got != models.PayoutPaid {
		t.Errorf("the new one is %s, want paid", got)
	}
	d.balanced()
}

func TestAnUncollectedPayoutIsTakenBackBeforeItGoesAnotherWay(t *testing.T) {
	t.Parallel()
	d := sentOut(t)
	other := d.second()
	if err := d.switchTo(other, models.EfectyCash); err != nil {
		t.Fatal(err)
	}
	d.want(models.PayoutCancelled)
	if p := d.issued(); p.ConnectionID != other || p.To.Kind != models.EfectyCash {
		t.Errorf("the new payout goes by %s over connection %d", p.To.Kind, p.ConnectionID)
	}
}

func TestWhatTheRailKeepsGoesAnotherWayOnceItExpires(t *testing.T) {
	t.Parallel()
	d := atTheCounter(t).mailed()
	if err := d.switchTo(d.connection, models.PuntoredCash); err != nil {
		t.Fatal(err)
	}
	if got := d.renewal(); got != "waiting refused" || d.successors() != 0 {
		t.Fatalf("the renewal is %q with %d successors", got, d.successors())
	}
	d.expire(d.id)
	d.renew()
	if p := d.issued(); p.To.Kind != models.PuntoredCash {
		t.Errorf("it goes by %s", p.To.Kind)
	}
}

func TestWaysThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	d := atTheCounter(t)
	d.expire(d.id)
	if o := d.option(d.connection, models.PuntoredCash); o.Why == "" || o.Detail == "" {
		t.Errorf("Punto Red without an e-mail: %+v", o)
	}
	for name, try := range map[string]func() error{
		"a way the rail does not take": func() error { return d.switchTo(d.connection, models.PuntoredCash) },
		"the way it went":              func() error { return d.switchTo(d.connection, models.EfectyCash) },
	} {
		if err := try(); models.KindOf(err) != models.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.mailed()
	for name, want := range map[string]struct {
		err  error
		kind models.ErrorKind
	}{
		"an account the payee does not have": {d.switchTo(d.connection, models.Nequi), models.Invalid},
		"an approver":                        {d.SwitchNetwork(t.Context(), d.checker, d.id, d.connection, models.PuntoredCash, "x"), models.Forbidden},
		"without a reason":                   {d.SwitchNetwork(t.Context(), d.maker, d.id, d.connection, models.PuntoredCash, ""), models.Invalid},
	} {
		if models.KindOf(want.err) != want.kind {
			t.Errorf("%s: %v, want %s", name, want.err, want.kind)
		}
	}
	if d.number(`SELECT count(*) FROM payout_renewals`) != 0 {
		t.Error("something was put on its way all the same")
	}
}

// An account that was added just now is no way around the days that a payee waits after another account was preferred.
func TestAFreshAccountIsNoWayAroundTheCoolingOff(t *testing.T) {
	t.Parallel()
	d := atTheCounter(t)
	d.expire(d.id)
	d.exec(`ALTER TABLE payout_methods DISABLE TRIGGER USER`)
	d.exec(`INSERT INTO payout_methods (distributor_id, kind, account_number, created_at) VALUES ($1, 'nequi', '3104028587', $2)`, d.distributor, d.clock().AddDate(0, 0, -2))
	if err := d.switchTo(d.connection, models.Nequi); models.KindOf(err) != models.Invalid {
		t.Errorf("to an account of two days ago: %v", err)
	}
	d.exec(`UPDATE payout_methods SET created_at = $1 WHERE kind = 'nequi'`, d.clock().AddDate(0, 0, -4))
	if err := d.switchTo(d.connection, models.Nequi); err != nil {
		t.Fatal(err)
	}
	if p := d.issued(); p.To.Kind != models.Nequi || p.To.AccountNumber != "3104028587" {
		t.Errorf("it goes to %+v", p.To)
	}
}

func TestANetworkIsChangedOnceAndWithASecondPerson(t *testing.T) {
	t.Parallel()
	d := atTheCounter(t).mailed()
	d.expire(d.id)
	other := d.second()
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wait.Go(func() {
			errs[i] = d.switchTo([]int64{d.connection, other}[i%2], models.PuntoredCash)
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil && models.KindOf(err) != models.Conflict {
			t.Error(err)
		}
	}
	p := d.issued()
	if err := d.decide(d.maker, d.load(p.BatchID), models.Approve, ""); models.KindOf(err) != models.Forbidden {
		t.Errorf("who changed the network approves it: %v", err)
	}
	// Rules that speak of networks see the one it goes by.
	if n := d.number(`SELECT count(*) FROM batch_splits WHERE batch_id = $1 AND method_kind = 'puntored_cash'`, p.BatchID); n != 1 {
		t.Errorf("%d parts of the batch go by Punto Red, want one", n)
	}
}

func TestWhyAnOperationIsNotOffered(t *testing.T) {
	t.Parallel()
	for _, s := range models.PayoutStates {
		offered, why := payouts.Offered(models.Payout{State: s}), payouts.Hindrances(models.Payout{State: s})
		changing := 0
		for _, op := range offered {
			if why[op] != "" {
				t.Errorf("%s: %s is offered, and is said not to be possible: %s", s, op, why[op])
			}
			if op != payouts.OpLookup {
				changing++
			}
		}
		if changing+len(why) != 3 {
			t.Errorf("%s: %d operations offered and %d explained, want three in all", s, changing, len(why))
		}
	}
}
