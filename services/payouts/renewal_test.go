package payouts_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
	"pagaduria/services/requests"
)

// counterDesk is an office where names are corrected: support asks, compliance consents.
type counterDesk struct {
	*office
	desk            *requests.Service
	support         models.Actor
	compliance      models.Actor
	distributor, id int64
}

// sentOut pays one payee; the rail has the payout and it does not wait at a counter yet.
func sentOut(t *testing.T) *counterDesk {
	t.Helper()
	o := open(t)
	d := &counterDesk{office: o, desk: &requests.Service{DB: o.db, Now: o.clock, Kinds: o.RequestKinds()}}
	d.support, d.compliance = o.person("Sofía", models.RoleSupport), o.person("Nora", models.RoleCompliance)
	d.distributor = o.payee("1020304051")
	o.owe(d.distributor, 100_000)
	b := o.batch()
	o.approve(b)
	o.dispatch(o.load(b.ID))
	d.id = o.number(`SELECT id FROM payouts WHERE batch_id = $1`, b.ID)
	d.want(models.PayoutSent)
	return d
}

// atTheCounter is sentOut once the cash waits.
func atTheCounter(t *testing.T) *counterDesk {
	t.Helper()
	d := sentOut(t)
	d.pass(time.Minute)
	d.poll()
	d.want(models.PayoutAvailable)
	return d
}

func (d *counterDesk) want(s models.PayoutState) {
	d.t.Helper()
	if got := d.state(d.id); got != s {
		d.t.Fatalf("the payout is %s, want %s", got, s)
	}
}

func (d *counterDesk) code() string {
	d.t.Helper()
	p, err := d.Payout(d.t.Context(), d.id)
	if err != nil {
		d.t.Fatal(err)
	}
	return p.Code
}

var rightName = models.Identity{DocType: "CC", DocNumber: "1020304051", GivenNames: "Ana María", Surnames: "Rojas Páez"}

func (d *counterDesk) ask(by models.Actor) int64 {
	d.t.Helper()
	id, err := d.AskRightName(d.t.Context(), by, d.id, rightName, "The cashier says that the name is another one")
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *counterDesk) consent(request int64) error {
	return d.desk.Decide(d.t.Context(), d.compliance, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: d.clock()})
}

func (d *counterDesk) renew() {
	d.t.Helper()
	if err := d.Renew(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// renewal is the state and note of the last renewal.
func (d *counterDesk) renewal() string {
	d.t.Helper()
	list, err := d.Renewals(d.t.Context(), d.id)
	if err != nil || len(list) == 0 {
		d.t.Fatalf("renewals %v, %v", list, err)
	}
	return strings.TrimSpace(string(list[0].State) + " " + list[0].Note)
}

// successors are the payouts that take the place of the first one.
func (d *counterDesk) successors() int64 {
	return d.number(`SELECT count(*) FROM payouts WHERE replaces_id = $1`, d.id)
}

// issued fails the test unless one payout takes the place of the first one, in a batch that waits for a second person,
// with the right name.
func (d *counterDesk) issued() models.Payout {
	d.t.Helper()
	if got := d.renewal(); got != "issued" {
		d.t.Fatalf("the renewal is %q, want issued", got)
	}
	if n := d.successors(); n != 1 {
		d.t.Fatalf("%d payouts take its place, want one", n)
	}
	p, err := d.Payout(d.t.Context(), d.number(`SELECT id FROM payouts WHERE replaces_id = $1`, d.id))
	if err != nil {
		d.t.Fatal(err)
	}
	if b := d.load(p.BatchID); b.State != models.BatchInApproval {
		d.t.Errorf("its batch is %s, want in approval", b.State)
	}
	d.balanced()
	return p
}

func TestANameIsCorrectedByTwoPeopleWhileTheCodeCanBeTakenBack(t *testing.T) {
	t.Parallel()
	d := sentOut(t)
	request := d.ask(d.maker)
	if got := d.number(`SELECT count(*) FROM distributors WHERE surnames = 'Rojas Páez'`); got != 0 {
		t.Fatal("the name changed before anybody consented")
	}
	if err := d.consent(request); err != nil {
		t.Fatal(err)
	}
	if got := d.number(`SELECT count(*) FROM distributors WHERE given_names = 'Ana María' AND surnames = 'Rojas Páez' AND verification = 'verified'`); got != 1 {
		t.Error("the distributor is not named rightly, or not verified any more")
	}
	if got := d.number(`SELECT count(*) FROM audit_events WHERE action = 'distributor.correct_name' AND actor_id = $1`, d.compliance.StaffID); got != 1 {
		t.Errorf("%d audit events of the correction, want one", got)
	}
	d.want(models.PayoutSent) // nothing is asked of the rail in the transaction of the consent
	d.renew()
	d.want(models.PayoutCancelled)
	p := d.issued()
	if p.Payee.GivenNames != "Ana María" || p.Payee.Surnames != "Rojas Páez" || p.Amount != models.Pesos(100_000) {
		t.Errorf("the new payout is %s to %q", p.Amount, p.Payee.Name())
	}
	b := d.load(p.BatchID)
	if b.MakerID != d.maker.StaffID {
		t.Errorf("prepared by %d, want who asked", b.MakerID)
	}
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

func TestACodeThatTheRailKeepsIsIssuedAgainOnceItExpires(t *testing.T) {
	t.Parallel()
	d := atTheCounter(t)
	if err := d.consent(d.ask(d.maker)); err != nil {
		t.Fatal(err)
	}
	d.renew()
	if got := d.renewal(); got != "waiting refused" {
		t.Fatalf("the renewal is %q, want waiting because the rail refused", got)
	}
	d.want(models.PayoutAvailable)
	if n := d.number(`SELECT count(*) FROM payout_attempts WHERE payout_id = $1 AND kind = 'cancel' AND outcome = 'rejected'`, d.id); n != 1 {
		t.Errorf("%d refused cancellations on record, want one", n)
	}
	d.pass(2 * time.Minute)
	d.renew()
	d.pass(2 * time.Minute)
	d.renew()
	if n := d.number(`SELECT count(*) FROM payout_attempts WHERE payout_id = $1 AND kind = 'cancel'`, d.id); n != 1 || d.successors() != 0 {
		t.Errorf("%d cancellations and %d successors while it waits, want one and none", n, d.successors())
	}
	d.expire(d.id)
	d.renew()
	d.issued()
}

func TestWhatWasCollectedIsNotPaidAgain(t *testing.T) {
	t.Parallel()
	t.Run("before the consent", func(t *testing.T) {
		t.Parallel()
		d := atTheCounter(t)
		request := d.ask(d.maker)
		d.rail.CollectAll()
		d.pass(time.Hour)
		d.poll()
		if err := d.consent(request); models.KindOf(err) != models.Conflict || !strings.Contains(err.Error(), "collected") {
			t.Fatalf("the consent: %v", err)
		}
		if n := d.number(`SELECT count(*) FROM distributors WHERE surnames = 'Rojas Páez'`); n != 0 {
			t.Error("the name was changed all the same")
		}
	})
	t.Run("after the consent, unseen", func(t *testing.T) {
		t.Parallel()
		d := atTheCounter(t)
		if err := d.consent(d.ask(d.maker)); err != nil {
			t.Fatal(err)
		}
		d.rail.CollectAll()
		d.pass(time.Second)
		d.renew()
		d.want(models.PayoutPaid)
		if got := d.renewal(); got != "collected" || d.successors() != 0 {
			t.Errorf("the renewal is %q with %d successors, want collected and none", got, d.successors())
		}
		if n := d.number(`SELECT count(*) FROM payout_attempts WHERE payout_id = $1 AND kind = 'cancel'`, d.id); n != 0 {
			t.Errorf("%d cancellations of what was collected", n)
		}
		d.balanced()
	})
	t.Run("while the rail was refusing", func(t *testing.T) {
		t.Parallel()
		d := atTheCounter(t)
		if err := d.consent(d.ask(d.maker)); err != nil {
			t.Fatal(err)
		}
		d.renew()
		d.rail.CollectAll()
		d.pass(2 * time.Hour)
		d.poll()
		d.renew()
		if got := d.renewal(); got != "collected" || d.successors() != 0 {
			t.Errorf("the renewal is %q with %d successors, want collected and none", got, d.successors())
		}
	})
	t.Run("while the poll says so at the same moment", func(t *testing.T) {
		t.Parallel()
		d := atTheCounter(t)
		request := d.ask(d.maker)
		d.rail.CollectAll()
		d.pass(time.Hour)
		var wait sync.WaitGroup
		var consent error
		wait.Go(func() { consent = d.consent(request) })
		wait.Go(func() { d.poll() })
		wait.Wait()
		d.renew()
		d.want(models.PayoutPaid)
		if d.successors() != 0 {
			t.Errorf("collected and issued again (consent: %v)", consent)
		}
		if consent == nil && d.renewal() != "collected" {
			t.Errorf("the renewal is %q, want collected", d.renewal())
		}
	})
}

func TestACancellationOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		faults []sim.Fault
		first  string
	}{
		{"taken, no answer", []sim.Fault{{Kind: sim.TimeoutAfter, Op: sim.OpCancel}}, "issued"},
		{"not taken", []sim.Fault{{Kind: sim.ErrorBefore, Op: sim.OpCancel}}, "cancelling unknown"},
		{"the status is not known either", []sim.Fault{{Kind: sim.ErrorBefore, Op: sim.OpStatus}}, "cancelling unknown"},
		{"an answer nobody can read", []sim.Fault{{Kind: sim.Garbage, Op: sim.OpCancel}}, "issued"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := sentOut(t)
			if err := d.consent(d.ask(d.maker)); err != nil {
				t.Fatal(err)
			}
			for _, f := range tt.faults {
				d.rail.Inject(f)
			}
			d.renew()
			if got := d.renewal(); got != tt.first {
				t.Fatalf("the renewal is %q, want %q", got, tt.first)
			}
			if tt.first != "issued" && d.successors() != 0 {
				t.Fatal("issued again although nobody knows whether it was taken back")
			}
			d.mu.Lock()
			d.now = d.now.Add(time.Minute)
			d.mu.Unlock()
			d.rail.ClearFaults()
			// The clock of the rail moved on, so that the cash may wait at the counter by now: either way it comes to one end.
			d.renew()
			if d.state(d.id) == models.PayoutAvailable {
				d.expire(d.id)
				d.renew()
			}
			d.issued()
		})
	}
}

func TestConsentAndJobsThatRunTwice(t *testing.T) {
	t.Parallel()
	d := sentOut(t)
	request := d.ask(d.maker)
	other := d.person("Nadia", models.RoleCompliance)
	var wait sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		by := []models.Actor{d.compliance, other}[i%2]
		wait.Go(func() {
			errs[i] = d.desk.Decide(t.Context(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: d.clock()})
		})
	}
	wait.Wait()
	granted := 0
	for _, err := range errs {
		if err == nil {
			granted++
		} else if models.KindOf(err) != models.Conflict {
			t.Error(err)
		}
	}
	if n := d.number(`SELECT count(*) FROM payout_renewals`); granted != 1 || n != 1 {
		t.Fatalf("%d consents and %d renewals, want one of each", granted, n)
	}
	for range 6 {
		wait.Go(func() { d.renew() })
	}
	wait.Wait()
	d.issued()
}

func TestARenewalWhoseProcessDiesIsTakenUp(t *testing.T) {
	t.Parallel()
	d := sentOut(t)
	if err := d.consent(d.ask(d.maker)); err != nil {
		t.Fatal(err)
	}
	// It was claimed, the rail took the code back, and nothing was written.
	d.exec(`UPDATE payout_renewals SET tries = 1, next_at = $1`, d.clock().Add(2*time.Minute))
	if _, err := d.Operate(t.Context(), d.maker, d.id, payouts.OpCancel, "as the job would"); err != nil {
		t.Fatal(err)
	}
	d.renew()
	if d.successors() != 0 {
		t.Error("taken from a process that may be at work")
	}
	d.pass(3 * time.Minute)
	d.renew()
	d.issued()
}

func TestANameThatTheCounterRefused(t *testing.T) {
	t.Parallel()
	d := atTheCounter(t)
	if err := d.rail.Refuse(d.code(), "806"); err != nil {
		t.Fatal(err)
	}
	d.pass(time.Hour)
	d.poll()
	d.want(models.PayoutFailed)
	if got := d.why(d.id); got != models.RefusedCause {
		t.Errorf("issued again unchanged: %q, want %q", got, models.RefusedCause)
	}
	if err := d.consent(d.ask(d.maker)); err != nil {
		t.Fatal(err)
	}
	d.renew()
	if p := d.issued(); p.Payee.Surnames != "Rojas Páez" {
		t.Errorf("paid to %q", p.Payee.Name())
	}
	if _, err := d.AskRightName(t.Context(), d.maker, d.id, rightName, "again"); models.KindOf(err) != models.Conflict {
		t.Errorf("asked for once more: %v", err)
	}
}

func TestWhoCorrectsAName(t *testing.T) {
	t.Parallel()
	d := sentOut(t)
	auditor := d.person("Aura", models.RoleAuditor)
	if _, err := d.AskRightName(t.Context(), d.checker, d.id, rightName, "x"); models.KindOf(err) != models.Forbidden {
		t.Errorf("an approver, who may not see documents whole, asks: %v", err)
	}
	if _, err := d.AskRightName(t.Context(), auditor, d.id, rightName, "x"); models.KindOf(err) != models.Forbidden {
		t.Errorf("the auditor asks: %v", err)
	}
	for field, typed := range map[string]models.Identity{
		"doc_number": {DocType: "CC", DocNumber: "12", GivenNames: "Ana", Surnames: "Rojas"}, "last_names": {DocType: "CC", DocNumber: "1020304051", GivenNames: "Ana"},
	} {
		_, err := d.AskRightName(t.Context(), d.maker, d.id, typed, "x")
		if e, ok := err.(*models.Error); !ok || e.Kind != models.Invalid || e.Fields[field] == "" {
			t.Errorf("a wrong %s: %v", field, err)
		}
	}
	other := d.payee("1020304052")
	taken := rightName
	taken.DocNumber = "1020304052"
	if _, err := d.AskRightName(t.Context(), d.maker, d.id, taken, "x"); models.KindOf(err) != models.Invalid {
		t.Errorf("the document of payee %d: %v", other, err)
	}
	if _, err := d.AskRightName(t.Context(), d.maker, d.id, rightName, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	request := d.ask(d.maker)
	if _, err := d.AskRightName(t.Context(), d.maker, d.id, rightName, "x"); models.KindOf(err) != models.Conflict {
		t.Errorf("asked for twice: %v", err)
	}
	for name, by := range map[string]models.Actor{"its maker": d.maker, "an approver": d.checker} {
		err := d.desk.Decide(t.Context(), by, request, requests.Verdict{Grant: true, Seen: 1, FactorAt: d.clock()})
		if models.KindOf(err) != models.Forbidden {
			t.Errorf("%s consents: %v", name, err)
		}
	}
	d.exec(`UPDATE distributors SET surnames = 'Otra' WHERE id = $1`, d.distributor)
	if err := d.consent(request); models.KindOf(err) != models.Conflict {
		t.Errorf("on a distributor that changed meanwhile: %v", err)
	}
}

// Nobody of the two prepares batches: then the money is payable, and finance issues it again by hand.
func TestWhenNobodyOfTheTwoPreparesBatches(t *testing.T) {
	t.Parallel()
	d := sentOut(t)
	if err := d.consent(d.ask(d.support)); err != nil {
		t.Fatal(err)
	}
	d.renew()
	if got := d.renewal(); got != "stopped nobody" || d.successors() != 0 {
		t.Fatalf("the renewal is %q with %d successors", got, d.successors())
	}
	if b := d.again(d.id); b.Items != 1 {
		t.Errorf("issued again by hand: %d payouts", b.Items)
	}
	d.balanced()
}

func TestTheDatabaseWantsTheConsentBehindANewName(t *testing.T) {
	t.Parallel()
	d := sentOut(t)
	request := d.ask(d.maker)
	_, err := d.db.Pool.Exec(t.Context(), `INSERT INTO payout_renewals (payout_id, kind, request_id, reason, next_at, created_at) VALUES ($1, 'name', $2, 'x', now(), now())`, d.id, request)
	if err == nil || !strings.Contains(err.Error(), "nobody consented") {
		t.Errorf("without a consent: %v", err)
	}
	if _, err := d.db.Pool.Exec(t.Context(), `INSERT INTO payout_renewals (payout_id, kind, reason, next_at, created_at) VALUES ($1, 'name', 'x', now(), now())`, d.id); err == nil {
		t.Error("without a request at all")
	}
}
