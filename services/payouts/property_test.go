package payouts_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
)

var once sync.Once

// fewer lets rapid tell fewer stories by default, because each needs a database of its own; more by -rapid.checks.
func fewer(t *testing.T) {
	once.Do(func() {
		if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
			if err := checks.Value.Set("40"); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestWhateverHappensTheBooksAgree drives random sequences of what people, rails and processes do, one after the other
// and several at once from processes of their own. After every step the books agree with lines and payouts and every
// approved batch has the approvals that its rules demand; in the end no line was paid twice, and the rail has at most
// one order for each payout and pays none whose money was given back.
func TestWhateverHappensTheBooksAgree(t *testing.T) {
	t.Parallel()
	fewer(t)
	rapid.Check(t, func(rt *rapid.T) {
		o := open(t)
		defer o.db.Close() // the test's end is too late for a thousand stories
		r := &random{office: o, rt: rt, demands: map[int64]demand{1: one}}
		r.people = []models.Actor{o.maker, o.checker, o.other, o.person("Dora", models.RoleApprover, models.RoleCompliance), o.person("Elsa", models.RoleApprover)}
		r.processes = []*payouts.Service{o.Service, o.process(), o.process()}
		r.way = o.bend()
		for i := range 4 {
			r.payees = append(r.payees, o.payee(fmt.Sprintf("10203%05d", i)))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"owe":      r.owe,
			"compose":  r.compose,
			"reissue":  r.reissue,
			"decide":   r.decide,
			"remove":   r.remove,
			"recall":   r.recall,
			"undo":     r.undo,
			"takeback": r.takeBack,
			"dispatch": r.send,
			"fault":    r.fault,
			"time": func(rt *rapid.T) {
				o.pass(time.Duration(rapid.IntRange(-1500, 3000).Draw(rt, "minutes")) * time.Minute)
			},
			"poll":    func(*rapid.T) { _ = o.Poll(t.Context()) }, // a fault may answer; polling goes on
			"collect": func(*rapid.T) { o.rail.CollectAll() },
			"reverse": r.reverse,
			"operate": r.operate,
			"suspend": r.suspend,
			"crash":   r.crash,
			"hold":    r.hold,
			"sweep":   func(*rapid.T) { r.allow(o.Sweep(t.Context())) },
			"refuse":  r.refuse,
			"notify":  r.notify,
			"rules":   r.rules,
			"account": r.account,
			"at once": r.atOnce,
			"": func(*rapid.T) {
				o.balanced()
				r.lawful()
				if n := o.number(lost); n != 0 {
					t.Fatalf("%d lines or payouts are lost or paid twice", n)
				}
			},
		})
		r.settle()
	})
}

type random struct {
	*office
	rt     *rapid.T
	payees []int64
	way    *bent

	people    []models.Actor
	processes []*payouts.Service // on one database, the first of them being the office's own
	demands   map[int64]demand   // by version of the approval rules
}

// demand is how many people have to approve a batch of this total.
type demand func(total models.Money) int

func one(models.Money) int { return 1 }

// process starts another process on the office's database, with a straight way to the rail.
func (o *office) process() *payouts.Service {
	o.t.Helper()
	s := &payouts.Service{DB: o.db, Vault: o.Vault, Now: o.clock, ResendAfter: o.ResendAfter, Open: o.Open}
	ctx, stop := context.WithCancel(o.t.Context())
	o.t.Cleanup(stop)
	if err := s.Beat(ctx); err != nil {
		o.t.Fatal(err)
	}
	return s
}

// rules puts other rules in force; batches that wait keep theirs until they change.
func (r *random) rules(rt *rapid.T) {
	limit := models.Pesos(100_000)
	kinds := []struct {
		rules []models.ApprovalRule
		needs demand
	}{
		{nil, one},
		{[]models.ApprovalRule{every(anybody(2))}, func(models.Money) int { return 2 }},
		{[]models.ApprovalRule{{Name: "large", Blocks: []models.ConditionBlock{{{Kind: models.CondTotal, Amount: limit}}}, Steps: []models.ApprovalStep{
			{Mode: models.StepAny, Roles: []models.Role{models.RoleCompliance}}, anybody(2)}}},
			func(total models.Money) int {
				if total.Minor >= limit.Minor {
					return 3
				}
				return 1
			}},
	}
	kind := kinds[rapid.IntRange(0, len(kinds)-1).Draw(rt, "rules")]
	r.enforce(kind.rules...)
	r.demands[r.number(`SELECT id FROM rule_versions WHERE state = 'in_force'`)] = kind.needs
}

// lawful fails the test when a batch was approved by fewer people than the rules it was judged by demand, or by its
// maker or last editor.
func (r *random) lawful() {
	rows, err := r.db.Pool.Query(r.t.Context(), `SELECT b.id, b.rules_id, b.total, count(DISTINCT d.staff_id), count(*) FILTER (WHERE d.staff_id IN (b.maker_id, b.editor_id))
		FROM batches b LEFT JOIN batch_decisions d ON d.batch_id = b.id AND d.round = b.round AND d.content_hash = b.content_hash AND d.decision = 'approve'
		WHERE b.state IN ('approved', 'dispatching', 'done') GROUP BY b.id`)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var batch, version, total int64
		var approved, own int
		if err := rows.Scan(&batch, &version, &total, &approved, &own); err != nil {
			r.t.Fatal(err)
		}
		if needs := r.demands[version](models.Money{Minor: total, Currency: models.COP}); approved < needs || own > 0 {
			r.t.Fatalf("batch %d has %d approvals, %d of them by its own people; its rules demand %d", batch, approved, own, needs)
		}
	}
	if rows.Err() != nil {
		r.t.Fatal(rows.Err())
	}
}

// account has the account of a payee changed, which cools off for some days or did so by now.
func (r *random) account(rt *rapid.T) {
	r.exec(`UPDATE distributors SET account_changed_on = $2::date - 3, payable_from = $2::date + $3::integer WHERE id = $1`, rapid.SampledFrom(r.payees).Draw(rt, "payee"),
		models.Day(r.clock()), rapid.SampledFrom([]int{0, 0, 3}).Draw(rt, "days"))
}

// atOnce lets two to four things happen at the same time, each from one of the processes. What one of them finds
// changed by another is refused; nothing else may go wrong.
func (r *random) atOnce(rt *rapid.T) {
	var acts []func() error
	for range rapid.IntRange(2, 4).Draw(rt, "acts") {
		acts = append(acts, r.act(rt, rapid.SampledFrom(r.processes).Draw(rt, "process")))
	}
	errs := make([]error, len(acts))
	var all sync.WaitGroup
	for i, act := range acts {
		all.Go(func() { errs[i] = act() })
	}
	all.Wait()
	for _, err := range errs {
		r.allow(err)
	}
}

// act draws what a process does; it is done later.
func (r *random) act(rt *rapid.T, s *payouts.Service) func() error {
	ctx := r.t.Context()
	waiting, waits := r.some(rt, models.BatchInApproval)
	going, goes := r.some(rt, models.BatchApproved, models.BatchDispatching)
	payout := r.number(`SELECT COALESCE(min(id), 0) FROM payouts WHERE state IN ('sent', 'available', 'unknown')`)
	acts := []func() error{
		func() error { return s.Sweep(ctx) },
		func() error { _ = s.Poll(ctx); return nil }, // a fault may answer
	}
	if waits {
		by := rapid.SampledFrom(r.people).Draw(rt, "by")
		acts = append(acts, func() error {
			return s.Decide(ctx, by, waiting.ID, payouts.Verdict{Decision: models.Approve, Seen: models.Seen{Version: waiting.Version, Hash: waiting.ContentHash}, FactorAt: r.clock()})
		}, func() error { return s.Recall(ctx, r.maker, waiting.ID, waiting.Version, "again") })
	}
	if goes {
		acts = append(acts, func() error { return s.Dispatch(ctx, payouts.DispatchArgs{BatchID: going.ID, To: 1 << 60}) },
			func() error { return s.Undo(ctx, r.maker, going.ID, going.Version) },
			func() error { _, err := s.TakeBack(ctx, r.maker, going.ID, "enough"); return err })
	}
	if payout != 0 {
		acts = append(acts, func() error { _, _ = s.Operate(ctx, r.maker, payout, payouts.OpCancel, "asked for"); return nil },
			func() error { _, _ = s.AskStatus(ctx, payout, "notification", models.Actor{}); return nil })
	}
	return acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "act")]
}

func (r *random) owe(rt *rapid.T) {
	amount := rapid.Int64Range(-40_000, 120_000).Filter(func(n int64) bool { return n != 0 }).Draw(rt, "pesos")
	r.office.owe(rapid.SampledFrom(r.payees).Draw(rt, "payee"), amount)
}

func (r *random) compose(rt *rapid.T) {
	comp := models.Composition{Cutoff: r.clock()}
	if rapid.Bool().Draw(rt, "one payee") {
		comp.DistributorID = rapid.SampledFrom(r.payees).Draw(rt, "payee")
	}
	p, err := r.Preview(r.t.Context(), r.connection, comp)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(p.Items) == 0 {
		return
	}
	_, err = r.Create(r.t.Context(), r.maker, payouts.NewBatch{ConnectionID: r.connection, Composition: comp, ExpectCount: len(p.Items), ExpectTotal: p.Total, Submit: rapid.Bool().Draw(rt, "submit")})
	if err != nil {
		r.t.Fatal(err)
	}
}

// reissue issues again whatever came back, or some of it: refusals leave everything as it is.
func (r *random) reissue(rt *rapid.T) {
	var ids []int64
	rows, err := r.db.Pool.Query(r.t.Context(), `SELECT id FROM payouts ORDER BY id`)
	if err != nil {
		r.t.Fatal(err)
	}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			r.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return
	}
	choice := payouts.FailureChoice{All: rapid.Bool().Draw(rt, "all")}
	if !choice.All {
		choice.IDs = rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, min(3, len(ids)), rapid.ID).Draw(rt, "payouts")
	}
	p, err := r.ReissuePreview(r.t.Context(), r.connection, choice)
	if err != nil {
		r.t.Fatal(err)
	}
	n := payouts.NewBatch{ConnectionID: r.connection, ExpectCount: len(p.Preview.Items), ExpectTotal: p.Preview.Total, Submit: rapid.Bool().Draw(rt, "submit")}
	_, err = r.Reissue(r.t.Context(), r.maker, choice, n)
	if (err == nil) != (len(p.Preview.Items) > 0) {
		r.t.Fatalf("%d payouts could be issued again: %v", len(p.Preview.Items), err)
	}
	r.allow(err)
}

// lost counts lines that are neither payable, kept back, under way nor paid, or in two payouts that pay.
const lost = `SELECT (SELECT count(*) FROM commission_lines l WHERE l.state NOT IN ('eligible', 'held', 'in_batch', 'paid'))
    + (SELECT count(*) FROM commission_lines l JOIN payouts p ON p.id = l.payout_id WHERE p.state IN ('failed', 'expired', 'returned', 'cancelled'))
    + (SELECT count(*) FROM (SELECT x.line_id FROM payout_lines x JOIN payouts p ON p.id = x.payout_id AND p.state NOT IN ('failed', 'expired', 'returned', 'cancelled')
        GROUP BY 1 HAVING count(*) > 1) twice)
    + (SELECT count(*) FROM (SELECT replaces_id FROM payouts WHERE replaces_id IS NOT NULL AND state NOT IN ('failed', 'expired', 'returned', 'cancelled')
        GROUP BY 1 HAVING count(*) > 1) twice)`

// some picks a batch in one of the states, if there is one.
func (r *random) some(rt *rapid.T, states ...models.BatchState) (models.Batch, bool) {
	var ids []int64
	rows, err := r.db.Pool.Query(r.t.Context(), `SELECT id FROM batches WHERE state = ANY($1) ORDER BY id`, states)
	if err != nil {
		r.t.Fatal(err)
	}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			r.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return models.Batch{}, false
	}
	return r.load(rapid.SampledFrom(ids).Draw(rt, "batch")), true
}

func (r *random) decide(rt *rapid.T) {
	b, ok := r.some(rt, models.BatchInApproval, models.BatchDraft)
	if !ok {
		return
	}
	if b.State == models.BatchDraft {
		r.allow(r.Submit(r.t.Context(), r.maker, b.ID, b.Version))
		return
	}
	by := rapid.SampledFrom(r.people).Draw(rt, "by")
	d := rapid.SampledFrom([]models.Decision{models.Approve, models.Approve, models.Return, models.Reject}).Draw(rt, "decision")
	err := r.office.decide(by, b, d, "because")
	if err == nil && (by.StaffID == b.MakerID || by.StaffID == b.EditorID) {
		r.t.Fatalf("%s decided on their own batch", by.Name)
	}
	r.allow(err)
}

func (r *random) remove(rt *rapid.T) {
	b, ok := r.some(rt, models.BatchInApproval, models.BatchDraft, models.BatchReturned)
	if !ok {
		return
	}
	items, _, err := r.Review(r.t.Context(), b.ID, "all", "", 0)
	if err != nil || len(items) == 0 {
		r.allow(err)
		return
	}
	item := rapid.SampledFrom(items).Draw(rt, "item")
	by := rapid.SampledFrom([]models.Actor{r.maker, r.other}).Draw(rt, "by")
	r.allow(r.RemoveItem(r.t.Context(), by, b.ID, item.ID, b.Version, "not now"))
}

func (r *random) recall(rt *rapid.T) {
	if b, ok := r.some(rt, models.BatchInApproval, models.BatchDraft, models.BatchReturned); ok {
		r.allow(r.Recall(r.t.Context(), r.maker, b.ID, b.Version, "again"))
	}
}

func (r *random) undo(rt *rapid.T) {
	if b, ok := r.some(rt, models.BatchApproved, models.BatchDispatching); ok {
		r.allow(r.Undo(r.t.Context(), r.maker, b.ID, b.Version))
	}
}

func (r *random) takeBack(rt *rapid.T) {
	if b, ok := r.some(rt, models.BatchApproved, models.BatchDispatching); ok {
		_, err := r.TakeBack(r.t.Context(), r.maker, b.ID, "enough")
		r.allow(err)
	}
}

func (r *random) send(rt *rapid.T) {
	if b, ok := r.some(rt, models.BatchApproved, models.BatchDispatching); ok {
		r.dispatch(b)
	}
}

func (r *random) fault(rt *rapid.T) {
	kind := rapid.SampledFrom([]sim.FaultKind{sim.TimeoutBefore, sim.TimeoutAfter, sim.ErrorBefore, sim.ErrorAfter, sim.DropAfter, sim.Garbage}).Draw(rt, "fault")
	op := rapid.SampledFrom([]sim.Op{sim.OpCreate, sim.OpStatus}).Draw(rt, "op")
	r.rail.Inject(sim.Fault{Kind: kind, Op: op})
}

func (r *random) reverse(rt *rapid.T) {
	if orders := r.rail.Orders(); len(orders) > 0 {
		_ = r.rail.Reverse(rapid.SampledFrom(orders).Draw(rt, "order").ExternalID) // refused unless it was paid
	}
}

func (r *random) operate(rt *rapid.T) {
	n := r.number(`SELECT count(*) FROM payouts`)
	if n == 0 {
		return
	}
	id := r.number(`SELECT id FROM payouts ORDER BY id OFFSET $1 LIMIT 1`, rapid.Int64Range(0, n-1).Draw(rt, "payout"))
	op := rapid.SampledFrom([]payouts.Operation{payouts.OpHold, payouts.OpRelease, payouts.OpCancel, payouts.OpLookup}).Draw(rt, "op")
	_, _ = r.Operate(r.t.Context(), r.maker, id, op, "asked for") // refusals and faults leave the books alone
}

func (r *random) suspend(rt *rapid.T) {
	state := rapid.SampledFrom([]string{"verified", "verified", "suspended"}).Draw(rt, "verification")
	r.exec(`UPDATE distributors SET verification = $2 WHERE id = $1`, rapid.SampledFrom(r.payees).Draw(rt, "payee"), state)
}

// hold keeps lines back or lets them go again; it leaves the books alone.
func (r *random) hold(rt *rapid.T) {
	payee := rapid.SampledFrom(r.payees).Draw(rt, "payee")
	if rapid.Bool().Draw(rt, "hold") {
		r.exec(`UPDATE commission_lines SET state = 'held', reason = 'asked for' WHERE distributor_id = $1 AND state = 'eligible'`, payee)
		return
	}
	r.exec(`UPDATE commission_lines SET state = 'eligible', reason = '' WHERE distributor_id = $1 AND state = 'held'`, payee)
}

// refuse lets the rail refuse the next request, whatever became of earlier ones.
func (r *random) refuse(*rapid.T) {
	var once atomic.Bool
	r.way.submit = func(ctx context.Context, o providers.Order) (providers.Receipt, error) {
		if once.Swap(true) {
			return r.way.Provider.Submit(ctx, o)
		}
		return providers.Receipt{}, &providers.Rejected{Code: "508", Message: "DAILY", Cause: providers.CauseLimit}
	}
}

// notify has a notification arrive, once or again, for whatever payout.
func (r *random) notify(rt *rapid.T) {
	n := r.number(`SELECT count(*) FROM payouts`)
	if n == 0 {
		return
	}
	id := r.number(`SELECT id FROM payouts ORDER BY id OFFSET $1 LIMIT 1`, rapid.Int64Range(0, n-1).Draw(rt, "payout"))
	_, _ = r.AskStatus(r.t.Context(), id, "notification", models.Actor{}) // a fault may answer
}

// crash lets the process that is sending die after the claim: its payouts stay behind as being sent.
func (r *random) crash(*rapid.T) {
	dead := r.number(`INSERT INTO workers (seen_at) VALUES (now() - interval '1 hour') RETURNING id`)
	r.exec(`WITH gone AS (UPDATE payouts SET state = 'submitting', worker_id = $1, submitted_at = $2, version = version + 1 WHERE state = 'approved' RETURNING *)
		INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
		SELECT 'held', distributor_id, 'in_transit', connection_id, amount, currency, 'dispatch', 'payout', id, version FROM gone`, dead, r.clock())
}

// settle lets everything come to rest and looks at the end of the story.
func (r *random) settle() {
	r.DeadAfter = time.Second
	r.rail.ClearFaults()
	r.way.submit = nil
	for range 6 {
		if err := r.Sweep(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		r.pass(3 * 24 * time.Hour)
		_ = r.Poll(r.t.Context())
		for {
			b := r.number(`SELECT COALESCE(min(batch_id), 0) FROM payouts WHERE state = 'approved'`)
			if b == 0 {
				break
			}
			r.dispatch(models.Batch{ID: b})
		}
	}
	r.balanced()
	r.verified()
	if n := r.number(`SELECT count(*) FROM payouts WHERE state IN ('submitting', 'unknown', 'approved')`); n != 0 {
		r.t.Fatalf("%d payouts never came to rest", n)
	}
	twice := r.number(`SELECT count(*) FROM (SELECT x.line_id FROM payout_lines x JOIN payouts p ON p.id = x.payout_id AND p.state = 'paid' GROUP BY 1 HAVING count(*) > 1) d`)
	if twice != 0 {
		r.t.Fatalf("%d lines were paid twice", twice)
	}
	seen := map[string]bool{}
	for _, order := range r.rail.Orders() {
		if seen[order.ExternalID] {
			r.t.Fatalf("the rail has %s twice", order.ExternalID)
		}
		seen[order.ExternalID] = true
		if order.Status != 2 && order.Status != 3 && r.number(`SELECT count(*) FROM payouts WHERE code = $1 AND state IN ('failed', 'expired', 'returned', 'cancelled')`, order.ExternalID) != 0 {
			r.t.Fatalf("the rail pays %s, and its money was given back", order.ExternalID)
		}
	}
}

// allow fails the test on anything but a refusal for a person and a job that is to come back later.
func (r *random) allow(err error) {
	var later *river.JobSnoozeError
	if err != nil && models.KindOf(err) == "" && !errors.As(err, &later) {
		r.t.Fatal(err)
	}
}
