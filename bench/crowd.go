package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"pagaduria/views/urls"
)

// A crowd is 200 people, each with a session of their own, who look at a page, read for a second and go on.
const (
	crowdSize  = 200
	crowdReads = time.Second
)

// crowdPages is what they look at in turn.
var crowdPages = []string{urls.Home(), urls.Payouts(), urls.PayoutsIn("paid"), urls.Batches(), urls.Distributors(), urls.Orders(), urls.Commissions(), urls.Account()}

// measureCrowd is figures 28, 32 and 33: what 200 signed-in people who browse at once meet.
func measureCrowd(ctx context.Context, b *bench) error {
	return b.with(ctx, func(p *process) error {
		if _, err := b.signIn(ctx); err != nil {
			return err
		}
		cookies, err := b.crowd(ctx)
		if err != nil {
			return err
		}
		if err := resetPeak(p.pid()); err != nil {
			return err
		}
		times, errors := b.browse(ctx, cookies, max(5*time.Second, 3*b.scale.Each))
		if len(times) == 0 {
			return fmt.Errorf("no page was answered, %d errors", errors)
		}
		slices.Sort(times)
		say("     %d pages, %d errors, median %.2f ms, slowest %.0f ms", len(times), errors, milliseconds(times[len(times)/2]), milliseconds(times[len(times)-1]))
		b.add(28, float64(errors), 0)
		b.add(32, milliseconds(times[len(times)*95/100]), 0)
		b.add(33, peakMB(p.pid()), 0)
		return nil
	})
}

const (
	crowdStaff = `
INSERT INTO staff (email, name, roles, state, password_hash, totp_secret)
SELECT 'person' || i || '@bench.test', 'Persona ' || i, s.roles, s.state, s.password_hash, s.totp_secret FROM staff s, generate_series(1, $2) i WHERE s.email = $1
RETURNING id`
	crowdSession = `
INSERT INTO staff_sessions (token_hash, staff_id, factor_at, expires_at) SELECT x.hash, x.id, now(), now() + interval '8 hours'
FROM unnest($1::bytea[], $2::bigint[]) AS x(hash, id)`
)

// crowd makes the people and a session for each, and answers the cookies.
func (b *bench) crowd(ctx context.Context) (cookies []string, err error) {
	rows, err := b.db.Pool.Query(ctx, crowdStaff, personEmail, crowdSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int64
	var hashes [][]byte
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		cookie, hash := newSession()
		ids, hashes, cookies = append(ids, id), append(hashes, hash), append(cookies, cookie)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	_, err = b.db.Pool.Exec(ctx, crowdSession, hashes, ids)
	return cookies, err
}

// browse lets everybody look at pages for a while and answers how long each page took and how many failed.
func (b *bench) browse(ctx context.Context, cookies []string, d time.Duration) (times []time.Duration, errors int64) {
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed atomic.Int64
	until := time.Now().Add(d)
	for i, cookie := range cookies {
		group.Go(func() {
			time.Sleep(crowdReads * time.Duration(i) / time.Duration(len(cookies)))
			w, err := dial(productAddr)
			if err != nil {
				failed.Add(1)
				return
			}
			defer w.close()
			for n := i; time.Now().Before(until) && ctx.Err() == nil; n++ {
				asked := time.Now()
				status, _, err := w.ask(get(crowdPages[n%len(crowdPages)], cookie))
				took := time.Since(asked)
				if err != nil || status != 200 {
					failed.Add(1)
				}
				if err != nil {
					return
				}
				mu.Lock()
				times = append(times, took)
				mu.Unlock()
				time.Sleep(crowdReads)
			}
		})
	}
	group.Wait()
	return times, failed.Load()
}
