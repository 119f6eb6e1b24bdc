package payouts_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"pagaduria/services/payouts"
)

// TestClocksThatDisagree has two processes send and follow one batch, one of them with a clock that is wrong, while the
// right one is set forth and back.
func TestClocksThatDisagree(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]time.Duration{"an hour ahead": time.Hour, "three days behind": -72 * time.Hour, "a month ahead": 30 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			other := &payouts.Service{DB: o.db, Vault: o.Vault, Open: o.Open, ResendAfter: o.ResendAfter, Now: func() time.Time { return o.clock().Add(wrong) }}
			ctx, stop := context.WithCancel(t.Context())
			t.Cleanup(stop)
			if err := other.Beat(ctx); err != nil {
				t.Fatal(err)
			}
			o.crowd(12)
			b := o.batch()
			o.approve(b)
			job := payouts.DispatchArgs{BatchID: b.ID, From: 0, To: 1 << 60}
			var wg sync.WaitGroup
			send := func(s *payouts.Service) {
				var later *river.JobSnoozeError
				if err := s.Dispatch(t.Context(), job); err != nil && !errors.As(err, &later) {
					t.Error(err)
				}
			}
			for _, s := range []*payouts.Service{o.Service, other} {
				wg.Go(func() { send(s) })
			}
			wg.Wait()
			o.balanced()
			for _, move := range []time.Duration{time.Minute, -26 * time.Hour, 26 * time.Hour, time.Minute, 2 * time.Hour, 49 * time.Hour} {
				o.pass(move)
				for _, s := range []*payouts.Service{o.Service, other} {
					if err := s.Sweep(t.Context()); err != nil {
						t.Fatal(err)
					}
					send(s)
					if err := s.Poll(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				o.rail.CollectAll()
				o.balanced()
			}
			for range 40 { // a wrong clock put some of the next questions far off
				o.pass(24 * time.Hour)
				o.poll()
			}
			if got := o.states(b); got != "paid 12" {
				t.Errorf("in the end: %s", got)
			}
			if n := len(o.rail.Orders()); n != 12 {
				t.Errorf("the rail has %d orders, want 12", n)
			}
			o.balanced()
		})
	}
}
