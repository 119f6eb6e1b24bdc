package d24_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24"
	"pagaduria/providers/d24/sim"
)

// TestEveryCodeIsReachableAndExplained walks the magic amounts: what the simulated rail says is understood.
func TestEveryCodeIsReachableAndExplained(t *testing.T) {
	t.Parallel()
	b := open(t, sim.Options{})
	for _, m := range sim.Magics() {
		if m.Code >= 901 {
			continue // faults have tests of their own
		}
		ref := providers.Ref{Reference: fmt.Sprintf("MAGIC-%d", m.Code), Kind: models.EfectyCash}
		receipt, err := b.client.Submit(context.Background(), magicOrder(m.Code)(ref.Reference))
		ref.RailID = receipt.RailID
		switch {
		case m.Code >= 300 && m.Code < 800:
			wantRefused(t, b.client, m.Code, err)
		case err != nil:
			t.Errorf("%d: %v", m.Code, err)
		case m.Code >= 800:
			b.advance(2 * time.Second)
			b.advance(3 * time.Second)
			b.advance(3 * time.Second)
			st, err := b.client.Status(context.Background(), ref)
			if err != nil || st.Code != fmt.Sprint(m.Code) {
				t.Errorf("%d: got %+v, %v", m.Code, st, err)
			}
			if x := b.client.Explain(st.Code, true); x.Rail == "" {
				t.Errorf("%d is not explained", m.Code)
			}
		}
	}
}

func wantRefused(t *testing.T, c *d24.Client, code int, err error) {
	t.Helper()
	var no *providers.Rejected
	if !errors.As(err, &no) || no.Code != fmt.Sprint(code) {
		t.Errorf("%d: got %v", code, err)
		return
	}
	if x := c.Explain(no.Code, false); x.Rail == "" || x.Cause == "" {
		t.Errorf("%d is not explained", code)
	}
}

func TestMagicStatuses(t *testing.T) {
	t.Parallel()
	b := open(t, sim.Options{})
	for code, want := range map[int]models.PayoutState{
		0: models.PayoutSent, 1: models.PayoutPaid, 2: models.PayoutCancelled, 4: models.PayoutAvailable, 5: models.PayoutOnHold,
	} {
		ref := fmt.Sprintf("STATUS-%d", code)
		if _, err := b.client.Submit(context.Background(), magicOrder(code)(ref)); err != nil {
			t.Fatal(err)
		}
		b.advance(2 * time.Second)
		b.advance(3 * time.Second)
		st, err := b.client.Status(context.Background(), providers.Ref{Reference: ref, Kind: models.EfectyCash})
		if err != nil || st.State != want {
			t.Errorf("%d: got %s (%v), want %s", code, st.State, err, want)
		}
	}
}

func TestFaultsOfTheWayBack(t *testing.T) {
	t.Parallel()
	for kind, accepted := range map[sim.FaultKind]int{
		sim.TimeoutBefore: 0, sim.ErrorBefore: 0, sim.DropBefore: 0,
		sim.TimeoutAfter: 1, sim.ErrorAfter: 1, sim.DropAfter: 1, sim.Garbage: 1,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := open(t, sim.Options{})
			b.sim.Inject(sim.Fault{Kind: kind})
			_, err := b.client.Submit(context.Background(), cashOrder("PAG-1"))
			if !errors.As(err, new(*providers.Failed)) || b.sim.Count() != accepted {
				t.Errorf("got %v and %d orders, want an unknown outcome and %d", err, b.sim.Count(), accepted)
			}
			if left := b.sim.Faults(); len(left) != 0 {
				t.Errorf("switches left: %v", left)
			}
		})
	}
}

func TestEveryMethodPassesTheRailsOwnChecks(t *testing.T) {
	t.Parallel()
	b := open(t, sim.Options{})
	for i, d := range []models.Destination{
		{Kind: models.EfectyCash}, {Kind: models.PuntoredCash},
		{Kind: models.BankAccount, BankCode: "001", AccountType: "C", AccountNumber: "56687456"},
		{Kind: models.Nequi, AccountNumber: "3001234567"}, {Kind: models.Daviplata, AccountNumber: "3001234567"},
		{Kind: models.BreB, BreBKeyKind: models.BreBPhone, BreBKey: "3001234567"},
		{Kind: models.BreB, BreBKeyKind: models.BreBEmail, BreBKey: "a@example.com"},
		{Kind: models.BreB, BreBKeyKind: models.BreBDocument, BreBKey: "1032456789"},
	} {
		o := cashOrder(fmt.Sprintf("METHOD-%d", i))
		o.Destination = d
		if _, err := b.client.Submit(context.Background(), o); err != nil {
			t.Errorf("%s %s: %v", d.Kind, d.BreBKeyKind, err)
		}
	}
}

// BenchmarkSubmit is client and simulator in one process over loopback, without notifications.
func BenchmarkSubmit(b *testing.B) {
	rail, err := sim.New(sim.Options{DeliverAfter: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = rail.Close() }()
	api := httptest.NewServer(http.StripPrefix("/d24", rail.API()))
	defer api.Close()
	c := d24.New(d24.Config{BaseURL: api.URL + "/d24", Login: sim.DefaultLogin, Pass: sim.DefaultPass,
		Signature: sim.DefaultSignature, NotificationURL: "http://127.0.0.1/hook", Concurrency: 16})
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Submit(context.Background(), cashOrder(fmt.Sprintf("BENCH-%d", n.Add(1)))); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
}
