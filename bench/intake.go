package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"pagaduria/providers/d24/sim"
)

// notification is one of D24's, with a field that brings the stored event to 1.2 KB.
var filler = strings.Repeat("una notificacion de prueba ", 32)

// serial makes every notification another one, over runs too.
var serial atomic.Int64

// newBody answers a body nobody sent before, signed as the rail does.
func newBody(n int64) []byte {
	reference := "BENCH-" + strconv.FormatInt(n, 10)
	mac := hmac.New(sha256.New, []byte(sim.DefaultSignature))
	mac.Write([]byte("Be4" + reference + "Bo7"))
	return []byte("external_id=" + reference + "&cashout_id=" + strconv.FormatInt(8_000_000+n, 10) +
		"&control=" + strings.ToUpper(hex.EncodeToString(mac.Sum(nil))) + "&comments=" + strings.ReplaceAll(filler, " ", "+"))
}

func newNotification() []byte {
	body := newBody(serial.Add(1))
	return append([]byte("POST /webhooks/d24/"+slug+" HTTP/1.1\r\nHost: "+productAddr+
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nUser-Agent: d24\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"), body...)
}

// measureIntake is figures 1 to 3. Nobody works on what arrives meanwhile: the limit does not either.
func measureIntake(ctx context.Context, b *bench) error {
	if _, err := b.db.Pool.Exec(ctx, `CREATE TABLE bench_events (LIKE webhook_events INCLUDING ALL)`); err != nil {
		return err
	}
	return b.with(ctx, func(*process) error {
		var answered int64
		for _, m := range []struct{ number, clients int }{{1, 32}, {2, 8}, {3, 1}} {
			var ours, limit []sample
			for range b.scale.Runs {
				l, err := b.insertAlone(ctx, m.clients)
				if err != nil {
					return err
				}
				o, err := b.notify(ctx, m.clients, &answered)
				if err != nil {
					return err
				}
				limit, ours = append(limit, l), append(ours, o)
			}
			o, l := median(ours), median(limit)
			if m.number == 3 {
				b.add(3, o.p95, l.p95)
			} else {
				b.add(m.number, o.rate, l.rate)
			}
		}
		return b.checkStored(ctx, answered)
	}, "--no-worker")
}

// notify posts notifications to the product; each must be answered 200.
func (b *bench) notify(ctx context.Context, clients int, answered *int64) (sample, error) {
	return drive(ctx, clients, b.scale.Each, func(int) (func() error, func(), error) {
		w, err := dial(productAddr)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			status, _, err := w.ask(newNotification())
			if err == nil && status != 200 {
				err = fmt.Errorf("a notification was answered %d", status)
			}
			atomic.AddInt64(answered, 1)
			return err
		}, w.close, nil
	})
}

// checkStored holds that everything answered 200 is in the log as accepted.
func (b *bench) checkStored(ctx context.Context, answered int64) error {
	var stored int64
	err := b.db.Pool.QueryRow(ctx, `SELECT count(*) FROM webhook_events WHERE verdict = 'accepted' AND reference LIKE 'BENCH-%'`).Scan(&stored)
	if err == nil && stored != answered {
		err = fmt.Errorf("%d notifications were answered 200 and %d are stored", answered, stored)
	}
	return err
}

const insertAlone = `INSERT INTO bench_events (connection_id, rail, remote, headers, body, body_hash, verdict, reference, rail_id)
VALUES ($1, 'd24', '127.0.0.1', $2, $3, $4, 'accepted', $5, $6)`

// insertAlone is the limit: one durable insert a notification, into a table with the same indexes.
func (b *bench) insertAlone(ctx context.Context, clients int) (sample, error) {
	pool, err := b.pool(ctx, clients)
	if err != nil {
		return sample{}, err
	}
	defer pool.Close()
	headers := `{"Content-Type":"application/x-www-form-urlencoded","User-Agent":"d24"}`
	return drive(ctx, clients, b.scale.Each, func(int) (func() error, func(), error) {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			n := serial.Add(1)
			body := newBody(n)
			hash := sha256.Sum256(body)
			_, err := conn.Exec(ctx, insertAlone, b.connection.ID, headers, body, hash[:], "BENCH-"+strconv.FormatInt(n, 10), strconv.FormatInt(8_000_000+n, 10))
			return err
		}, conn.Release, nil
	})
}
