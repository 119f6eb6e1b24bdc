package payouts_test

import (
	"testing"
	"time"

	"pagaduria/models"
)

// paid brings one payout of the amount to its payee and returns it.
func (o *office) paid(pesos int64) models.Payout {
	o.t.Helper()
	o.owe(o.payee("1020304051"), pesos)
	b := o.batch()
	o.approve(b)
	o.dispatch(b)
	o.pass(time.Minute)
	o.poll()
	o.rail.CollectAll()
	o.pass(2 * time.Minute)
	o.poll()
	p, err := o.Payout(o.t.Context(), o.number(`SELECT id FROM payouts WHERE batch_id = $1`, b.ID))
	if err != nil || p.State != models.PayoutPaid {
		o.t.Fatalf("the payout is %s: %v", p.State, err)
	}
	return p
}

func (o *office) booked(account string) int64 {
	o.t.Helper()
	return o.number(`SELECT COALESCE(sum(CASE WHEN debit = $1 THEN amount ELSE -amount END), 0) / 100 FROM ledger_entries WHERE debit = $1 OR credit = $1`, account)
}

func TestACostIsBookedByItsParts(t *testing.T) {
	t.Parallel()
	o := open(t)
	if err := o.SetGMF(t.Context(), models.System("test"), o.connection, 1, true, "the contract"); err != nil {
		t.Fatal(err)
	}
	p := o.paid(100_000)
	if p.Fee != models.Pesos(4500) || p.FeeIVA != models.Pesos(855) || p.GMF != models.Pesos(400) {
		t.Errorf("expected to cost %s, %s and %s", p.Fee, p.FeeIVA, p.GMF)
	}
	if fees, gmf, float := o.booked("fee_expense"), o.booked("gmf_expense"), o.booked("float"); fees != 5355 || gmf != 400 || float != -105_755 {
		t.Errorf("the books: fees %d, GMF %d, float %d", fees, gmf, float)
	}
	if b := o.load(p.BatchID); b.Fees != models.Pesos(5355) || b.GMF != models.Pesos(400) {
		t.Errorf("the batch: %s and %s", b.Fees, b.GMF)
	}
	o.verified()
}

func TestPayoutsKeepThePriceOfTheirDay(t *testing.T) {
	t.Parallel()
	o := open(t)
	admin := o.person("Ada", models.RoleAdmin)
	next := models.FeeSchedule{ConnectionID: o.connection, From: models.Day(o.clock()).AddDate(0, 0, 1), Tiers: []models.FeeTier{{Fixed: models.Pesos(6000)}},
		Min: models.Pesos(0), IVABPS: 1900}
	if _, err := o.AddFeeSchedule(t.Context(), admin, next); err != nil {
		t.Fatal(err)
	}
	o.owe(o.payee("1020304051"), 50_000)
	today := o.batch()
	o.pass(24 * time.Hour)
	o.owe(o.payee("1020304052"), 50_000)
	tomorrow := o.batch()
	if today.Fees != models.Pesos(5355) || tomorrow.Fees != models.Pesos(7140) || o.load(today.ID).Fees != today.Fees {
		t.Errorf("today %s, tomorrow %s", today.Fees, tomorrow.Fees)
	}
}

func TestVersionsOfFeesAreKept(t *testing.T) {
	t.Parallel()
	o := open(t)
	admin := o.person("Ada", models.RoleAdmin)
	ctx, today := t.Context(), models.Day(o.clock())
	from := func(d int) models.FeeSchedule {
		return models.FeeSchedule{ConnectionID: o.connection, From: today.AddDate(0, 0, d), Tiers: []models.FeeTier{{Fixed: models.Pesos(1)}}, Min: models.Pesos(0)}
	}
	for _, tt := range []struct {
		name string
		by   models.Actor
		v    models.FeeSchedule
		want models.ErrorKind
	}{
		{"of yesterday", admin, from(-1), models.Invalid}, {"of a day that has one", admin, from(0), models.Conflict},
		{"by finance", o.maker, from(3), models.Forbidden}, {"without a price", admin, models.FeeSchedule{ConnectionID: o.connection, From: today, Min: models.Pesos(0)}, models.Invalid},
	} {
		if _, err := o.AddFeeSchedule(ctx, tt.by, tt.v); models.KindOf(err) != tt.want {
			t.Errorf("a version %s: %v, want %s", tt.name, err, tt.want)
		}
	}
	id, err := o.AddFeeSchedule(ctx, admin, from(2))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.WithdrawFeeSchedule(ctx, o.maker, o.connection, id); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance withdraws: %v", err)
	}
	if err := o.WithdrawFeeSchedule(ctx, admin, o.connection, o.number(`SELECT min(id) FROM fee_schedules`)); models.KindOf(err) != models.Conflict {
		t.Errorf("one in force is withdrawn: %v", err)
	}
	if err := o.WithdrawFeeSchedule(ctx, admin, o.connection, id); err != nil {
		t.Error(err)
	}
	if _, err := o.AddFeeSchedule(ctx, admin, from(2)); err != nil {
		t.Errorf("another one for that day: %v", err)
	}
	for _, sql := range []string{`UPDATE fee_schedules SET iva_bps = 0`, `UPDATE fee_tiers SET fixed = 0`, `DELETE FROM fee_tiers`, `DELETE FROM fee_schedules`,
		`UPDATE fee_schedules SET withdrawn_at = valid_from + interval '1 day'`} {
		if _, err := o.db.Pool.Exec(ctx, sql); err == nil {
			t.Errorf("the database lets %s", sql)
		}
	}
}

func TestGMFNeedsAReason(t *testing.T) {
	t.Parallel()
	o := open(t)
	admin := o.person("Ada", models.RoleAdmin)
	if err := o.SetGMF(t.Context(), admin, o.connection, 1, true, " "); models.KindOf(err) != models.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if err := o.SetGMF(t.Context(), admin, o.connection, 7, true, "the contract"); models.KindOf(err) != models.Conflict {
		t.Errorf("from a stale page: %v", err)
	}
	if err := o.SetGMF(t.Context(), o.maker, o.connection, 1, true, "the contract"); models.KindOf(err) != models.Forbidden {
		t.Errorf("by finance: %v", err)
	}
}

func TestWhatTheRailChargedIsBooked(t *testing.T) {
	t.Parallel()
	o := open(t)
	p := o.paid(100_000)
	for _, step := range []struct {
		name         string
		charged      int64
		fees, float_ int64
		entries      int64
	}{
		{"more", 6_000, 6_000, -106_000, 1}, {"the same again", 6_000, 6_000, -106_000, 1},
		{"less", 2_000, 2_000, -102_000, 2}, {"nothing", 0, 0, -100_000, 3}, {"as expected", 5_355, 5_355, -105_355, 4},
	} {
		if err := o.RecordCharge(t.Context(), o.maker, p.ID, p.Version, models.Pesos(step.charged), "invoice 7"); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		p.Version++
		if fees, float := o.booked("fee_expense"), o.booked("float"); fees != step.fees || float != step.float_ {
			t.Errorf("%s: fees %d, float %d, want %d and %d", step.name, fees, float, step.fees, step.float_)
		}
		if n := o.number(`SELECT count(*) FROM ledger_entries WHERE kind = 'fee_adjustment'`); n != step.entries {
			t.Errorf("%s: %d adjustments, want %d", step.name, n, step.entries)
		}
		o.verified()
	}
	if n := o.number(`SELECT count(*) FROM audit_events WHERE action = 'payout.charge'`); n != 5 {
		t.Errorf("%d of 5 are in the audit log", n)
	}
}

func TestAFeeForAPayoutThatWasNotPaid(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.owe(o.payee("1020304051"), 99_950)
	b := o.batch()
	o.approve(b)
	id := o.number(`SELECT id FROM payouts WHERE batch_id = $1`, b.ID)
	charge := func(by models.Actor, seen int, pesos int64, reason string) error {
		return o.RecordCharge(t.Context(), by, id, seen, models.Pesos(pesos), reason)
	}
	version := func() int { return int(o.number(`SELECT version FROM payouts WHERE id = $1`, id)) }
	if err := charge(o.maker, version(), 1_000, "invoice 7"); models.KindOf(err) != models.Conflict {
		t.Errorf("before the rail had it: %v", err)
	}
	o.dispatch(b)
	o.pass(time.Minute)
	o.poll()
	if err := charge(o.maker, version(), 1_000, "invoice 7"); models.KindOf(err) != models.Conflict {
		t.Errorf("while it is under way: %v", err)
	}
	o.pass(8 * 24 * time.Hour)
	o.poll()
	for name, tt := range map[string]struct {
		by     models.Actor
		seen   int
		pesos  int64
		reason string
		want   models.ErrorKind
	}{
		"by an approver": {o.checker, version(), 1_000, "invoice 7", models.Forbidden}, "without a reason": {o.maker, version(), 1_000, " ", models.Invalid},
		"below nothing": {o.maker, version(), -1, "invoice 7", models.Invalid}, "from a stale page": {o.maker, version() - 1, 1_000, "invoice 7", models.Conflict},
	} {
		if err := charge(tt.by, tt.seen, tt.pesos, tt.reason); models.KindOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	if err := charge(o.maker, version(), 1_000, "invoice 7"); err != nil {
		t.Fatal(err)
	}
	if fees, float := o.booked("fee_expense"), o.booked("float"); fees != 1_000 || float != -1_000 {
		t.Errorf("an expired payout that cost 1000: fees %d, float %d", fees, float)
	}
	o.verified()
}
