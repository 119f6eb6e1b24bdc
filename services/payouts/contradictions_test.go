package payouts_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/payouts"
)

// liar is an office whose rail says what it is told to, payout by payout, and takes whatever it is sent.
type liar struct {
	*office
	says map[string]models.PayoutState // by code; "" is sent
}

func lying(o *office) *liar {
	l := &liar{o, map[string]models.PayoutState{}}
	way := o.bend()
	way.status = func(_ context.Context, ref providers.Ref) (providers.Status, error) {
		state := l.says[ref.Reference]
		if state == "" {
			state = models.PayoutSent
		}
		return providers.Status{State: state, Code: "808", Reason: "said so", Exchange: providers.Exchange{Response: `{"cashout_status":1}`}}, nil
	}
	return l
}

// say has the rail say something of a payout and notify us.
func (l *liar) say(id int64, state models.PayoutState) {
	l.t.Helper()
	p, err := l.Payout(l.t.Context(), id)
	if err != nil {
		l.t.Fatal(err)
	}
	l.says[p.Code] = state
	if _, err := l.AskStatus(l.t.Context(), id, "notification", models.Actor{}); err != nil {
		l.t.Fatal(err)
	}
	l.verified()
}

func (l *liar) contradiction(payout int64) models.Contradiction {
	l.t.Helper()
	x, err := l.Contradiction(l.t.Context(), l.number(`SELECT max(id) FROM contradictions WHERE payout_id = $1`, payout))
	if err != nil {
		l.t.Fatal(err)
	}
	return x
}

func (l *liar) settle(id int64, how models.ContradictionState) error {
	request, err := l.AskSettlement(l.t.Context(), l.maker, id, payouts.Settlement{How: how, Evidence: "Case 4711 of the rail"})
	if err != nil {
		return err
	}
	if err = l.consent(request); err != nil {
		l.exec(`UPDATE requests SET state = 'withdrawn', decided_at = now() WHERE id = $1`, request)
	}
	return err
}

func (l *liar) mustSettle(id int64, how models.ContradictionState) {
	l.t.Helper()
	if err := l.settle(id, how); err != nil {
		l.t.Fatal(err)
	}
	l.balanced()
	l.verified()
}

// sent is a payout that the rail has.
func (l *liar) sent(payee int64) int64 {
	l.t.Helper()
	b := l.batch()
	l.approve(b)
	l.dispatch(l.load(b.ID))
	return l.number(`SELECT id FROM payouts WHERE batch_id = $1 AND distributor_id = $2`, b.ID, payee)
}

func TestWhatARailPaysAfterAllIsTakenAsPaid(t *testing.T) {
	t.Parallel()
	for _, gone := range []models.PayoutState{models.PayoutFailed, models.PayoutExpired, models.PayoutCancelled} {
		t.Run(string(gone), func(t *testing.T) {
			t.Parallel()
			l := lying(open(t))
			payee := l.payee("1020304051")
			l.owe(payee, 50_030)
			id := l.sent(payee)
			l.say(id, gone)
			l.say(id, models.PayoutPaid)
			x := l.contradiction(id)
			if x.State != models.ContradictionOpen || x.OurState != gone || x.RailState != models.PayoutPaid || x.Response == "" || x.Origin != "notification" {
				t.Fatalf("kept %+v", x)
			}
			if n := l.number(`SELECT count(*) FROM events WHERE kind = 'contradiction.open' AND permission = 'funds.edit'`); n != 1 {
				t.Errorf("%d events tell finance, want 1", n)
			}
			l.say(id, models.PayoutPaid)
			if x = l.contradiction(id); x.Statements != 2 {
				t.Errorf("%d statements, want 2 of one contradiction", x.Statements)
			}
			l.mustSettle(x.ID, models.ContradictionPaid)
			if got := l.state(id); got != models.PayoutPaid {
				t.Errorf("the payout is %s", got)
			}
			if n := l.number(`SELECT count(*) FROM commission_lines WHERE state <> 'paid' OR payout_id <> $1`, id); n != 0 {
				t.Errorf("%d lines are not paid by it", n)
			}
			if paid := l.booked("float"); paid >= 0 {
				t.Errorf("the float says %d", paid)
			}
			if err := l.settle(x.ID, models.ContradictionKept); models.KindOf(err) != models.Conflict {
				t.Errorf("settled again: %v", err)
			}
			l.say(id, models.PayoutFailed)
			if got := l.state(id); got != models.PayoutReturned {
				t.Errorf("returned after all, and it is %s", got)
			}
		})
	}
}

func TestWhatARailSaysWronglyIsKeptAsOurs(t *testing.T) {
	t.Parallel()
	l := lying(open(t))
	payee := l.payee("1020304051")
	l.owe(payee, 50_000)
	id := l.sent(payee)
	l.say(id, models.PayoutExpired)
	l.say(id, models.PayoutSent)
	x := l.contradiction(id)
	if err := l.settle(x.ID, models.ContradictionPaid); models.KindOf(err) != models.Conflict {
		t.Errorf("taken as paid while it is under way: %v", err)
	}
	if why := l.why(id); why != models.RefusedContradicted {
		t.Errorf("it may be issued again: %q", why)
	}
	if _, err := l.AskSettlement(t.Context(), l.checker, x.ID, payouts.Settlement{How: models.ContradictionKept, Evidence: "x"}); models.KindOf(err) != models.Forbidden {
		t.Errorf("asked by an approver: %v", err)
	}
	if _, err := l.AskSettlement(t.Context(), l.maker, x.ID, payouts.Settlement{How: models.ContradictionKept, Evidence: " "}); models.KindOf(err) != models.Invalid {
		t.Errorf("without evidence: %v", err)
	}
	l.mustSettle(x.ID, models.ContradictionKept)
	if why := l.why(id); why != "" || l.state(id) != models.PayoutExpired {
		t.Errorf("it is %s and may not be issued again: %q", l.state(id), why)
	}
}

func TestMoneyPaidTwiceIsClaimedBack(t *testing.T) {
	t.Parallel()
	l := lying(open(t))
	payee := l.payee("1020304051")
	l.owe(payee, 50_000)
	first := l.sent(payee)
	l.say(first, models.PayoutExpired)
	b := l.again(first)
	l.approve(b)
	l.dispatch(l.load(b.ID))
	second := l.number(`SELECT id FROM payouts WHERE replaces_id = $1`, first)
	l.say(second, models.PayoutPaid)
	l.say(first, models.PayoutPaid)
	x := l.contradiction(first)
	l.mustSettle(x.ID, models.ContradictionPaid)
	if x = l.contradiction(first); x.Twice != models.Pesos(50_000) {
		t.Errorf("%s were paid twice", x.Twice)
	}
	l.owe(payee, 80_000)
	next := l.batch()
	if next.Total != models.Pesos(30_000) {
		t.Errorf("the next batch pays %s, want what is left after the claim", next.Total)
	}
	l.balanced()
	l.say(first, models.PayoutFailed) // and takes it back once more
	if l.state(first) != models.PayoutReturned || !l.contradiction(first).GivenUp {
		t.Error("the claim stands although the money came back")
	}
	l.balanced()
}

func TestMoneyThatWaitsInABatchIsTakenOutFirst(t *testing.T) {
	t.Parallel()
	l := lying(open(t))
	payee := l.payee("1020304051")
	l.owe(payee, 50_000)
	first := l.sent(payee)
	l.say(first, models.PayoutExpired)
	b := l.again(first)
	l.say(first, models.PayoutPaid)
	x := l.contradiction(first)
	if err := l.settle(x.ID, models.ContradictionPaid); models.KindOf(err) != models.Conflict {
		t.Fatalf("got %v, want the other payout to be named", err)
	}
	l.verified()
	if err := l.decide(l.checker, b, models.Reject, "the rail pays it"); err != nil {
		t.Fatal(err)
	}
	l.mustSettle(x.ID, models.ContradictionPaid)
}

func TestTheDatabaseSettlesNothingWithoutConsent(t *testing.T) {
	t.Parallel()
	l := lying(open(t))
	payee := l.payee("1020304051")
	l.owe(payee, 50_000)
	id := l.sent(payee)
	l.say(id, models.PayoutFailed)
	l.say(id, models.PayoutPaid)
	x := l.contradiction(id)
	request, err := l.AskSettlement(t.Context(), l.maker, x.ID, payouts.Settlement{How: models.ContradictionPaid, Evidence: "Case 4711"})
	if err != nil {
		t.Fatal(err)
	}
	for name, sql := range map[string]string{
		"settled by a request nobody granted": `UPDATE contradictions SET state = 'paid', settled_at = now(), request_id = $1`,
		"settled without a request":           `UPDATE contradictions SET state = 'kept', settled_at = now() WHERE $1 > 0`,
		"deleted":                             `DELETE FROM contradictions WHERE $1 > 0`,
	} {
		if _, err := l.db.Pool.Exec(t.Context(), sql, request); err == nil {
			t.Errorf("%s: the database took it", name)
		}
	}
}

// TestBooksAgreeInWhateverOrderARailContradicts drives what rails say, what is issued again and what people settle in any
// order. After every step the books agree; in the end what left the float is what payees earned and owe.
func TestBooksAgreeInWhateverOrderARailContradicts(t *testing.T) {
	t.Parallel()
	fewer(t)
	rapid.Check(t, func(rt *rapid.T) {
		o := open(t)
		defer o.db.Close()
		l := lying(o)
		payees := []int64{o.payee("1020300001"), o.payee("1020300002")}
		some := func(sql string) (int64, bool) {
			ids := []int64{}
			rows, err := o.db.Pool.Query(t.Context(), sql)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var id int64
				if err := rows.Scan(&id); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
			}
			if len(ids) == 0 {
				return 0, false
			}
			return rapid.SampledFrom(ids).Draw(rt, "id"), true
		}
		allow := (&random{office: o, rt: rt}).allow
		rt.Repeat(map[string]func(*rapid.T){
			"owe": func(rt *rapid.T) {
				o.owe(rapid.SampledFrom(payees).Draw(rt, "payee"), rapid.SampledFrom([]int64{50_000, 20_030, -10_000}).Draw(rt, "pesos"))
			},
			"send": func(*rapid.T) {
				id, err := o.Create(t.Context(), o.maker, payouts.NewBatch{ConnectionID: o.connection, Composition: models.Composition{Cutoff: o.clock()}, Submit: true})
				allow(err)
				if err != nil {
					return
				}
				b := o.load(id)
				if b.State != models.BatchInApproval || rapid.Bool().Draw(rt, "wait") {
					return
				}
				allow(o.decide(o.checker, b, models.Approve, ""))
				_ = o.Dispatch(t.Context(), payouts.DispatchArgs{BatchID: id})
			},
			"release": func(*rapid.T) {
				if id, ok := some(`SELECT id FROM batches WHERE state = 'in_approval' ORDER BY id`); ok {
					allow(o.decide(o.checker, o.load(id), models.Reject, "no"))
				}
			},
			"say": func(rt *rapid.T) {
				if id, ok := some(`SELECT id FROM payouts WHERE submitted_at IS NOT NULL ORDER BY id`); ok {
					l.say(id, rapid.SampledFrom([]models.PayoutState{models.PayoutPaid, models.PayoutPaid, models.PayoutFailed, models.PayoutExpired, models.PayoutSent}).Draw(rt, "says"))
				}
			},
			"settle": func(rt *rapid.T) {
				if id, ok := some(`SELECT id FROM contradictions WHERE state = 'open' ORDER BY id`); ok {
					allow(l.settle(id, rapid.SampledFrom([]models.ContradictionState{models.ContradictionPaid, models.ContradictionPaid, models.ContradictionKept}).Draw(rt, "how")))
				}
			},
			"time": func(*rapid.T) { o.pass(time.Hour) },
			"": func(*rapid.T) {
				o.balanced()
				o.verified()
			},
		})
	})
}
