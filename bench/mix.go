package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"pagaduria/views/urls"
)

// measureMix is figure 23: how many pages are viewed while notifications come in at half of what figure 1 is to reach,
// against pages alone. Those who view and what sends share the machine with the product.
func measureMix(ctx context.Context, b *bench) error {
	return b.with(ctx, func(*process) error {
		who, err := b.signIn(ctx)
		if err != nil {
			return err
		}
		if _, err := b.db.Pool.Exec(ctx, `CREATE TABLE IF NOT EXISTS bench_events (LIKE webhook_events INCLUDING ALL)`); err != nil {
			return err
		}
		view := func() (sample, error) { return b.load50(ctx, productAddr, get(urls.Payouts(), who.cookie())) }
		if _, err := view(); err != nil { // warm
			return err
		}
		var alone, beside, limits, reached []float64
		for range b.scale.Runs {
			limit, err := b.insertAlone(ctx, 32)
			if err != nil {
				return err
			}
			a, err := view()
			if err != nil {
				return err
			}
			wanted := limit.rate * targets[1].goal / 2
			stop, err := b.keepNotifying(ctx, wanted)
			if err != nil {
				return err
			}
			m, err := view()
			rate, failed := stop()
			if err != nil || failed != nil {
				return fmt.Errorf("pages: %w; notifications: %w", err, failed)
			}
			limits, alone, beside, reached = append(limits, wanted), append(alone, a.rate), append(beside, m.rate), append(reached, rate)
		}
		say("     notifications came in at %.0f/s, of %.0f/s wanted", middle(reached), middle(limits))
		b.add(23, middle(beside), middle(alone))
		return nil
	}, "--no-worker")
}

// keepNotifying posts notifications at a rate, from 8 connections, until it is stopped; then it answers the rate that
// was reached.
func (b *bench) keepNotifying(ctx context.Context, rate float64) (stop func() (float64, error), err error) {
	const connections = 8
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	var sent atomic.Int64
	failures := make(chan error, connections)
	began := time.Now()
	for i := range connections {
		w, err := dial(productAddr)
		if err != nil {
			cancel()
			return nil, err
		}
		group.Go(func() {
			defer w.close()
			every := time.Duration(connections / rate * float64(time.Second))
			next := began.Add(every * time.Duration(i) / connections)
			for ctx.Err() == nil {
				time.Sleep(time.Until(next))
				next = next.Add(every)
				status, _, err := w.ask(newNotification())
				if err == nil && status != 200 {
					err = fmt.Errorf("a notification was answered %d", status)
				}
				if err != nil {
					failures <- err
					return
				}
				sent.Add(1)
			}
		})
	}
	return func() (float64, error) {
		cancel()
		group.Wait()
		took := time.Since(began)
		select {
		case err := <-failures:
			return 0, err
		default:
			return float64(sent.Load()) / took.Seconds(), nil
		}
	}, nil
}
