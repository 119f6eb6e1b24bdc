package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pagaduria/views/urls"
)

// pageClients is how many people look at lists at once.
const pageClients = 8

// measurePages is figures 5, 6 and 20.
func measurePages(ctx context.Context, b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, err := b.start(ctx, "bare.log", "http://"+bareAddr, self, bareWord, bareAddr)
	if err != nil {
		return err
	}
	err = b.with(ctx, func(p *process) error {
		who, err := b.signIn(ctx)
		if err != nil {
			return err
		}
		pool, err := b.pool(ctx, pageClients)
		if err != nil {
			return err
		}
		defer pool.Close()
		if _, err := b.load50(ctx, productAddr, get(urls.Payouts(), who.cookie())); err != nil { // warm
			return err
		}
		var ours, sql, alone []sample
		for range b.scale.Runs {
			for _, m := range []struct {
				list *[]sample
				take func() (sample, error)
			}{
				{&sql, func() (sample, error) { return b.selectAlone(ctx, pool) }},
				{&alone, func() (sample, error) { return b.load50(ctx, bareAddr, get("/", "")) }},
				{&ours, func() (sample, error) { return b.load50(ctx, productAddr, get(urls.Payouts(), who.cookie())) }},
			} {
				s, err := m.take()
				if err != nil {
					return err
				}
				*m.list = append(*m.list, s)
			}
		}
		o, s, a := median(ours), median(sql), median(alone)
		say("     the page alone over HTTP: %.0f/s, p95 %.2f ms; its SQL: %.0f/s, p95 %.2f ms", a.rate, a.p95, s.rate, s.p95)
		b.add(5, o.rate, s.rate)
		b.add(6, o.p95, a.p95+s.p95)
		b.add(20, residentMB(p.pid()), 0)
		return nil
	})
	return errors.Join(err, bare.stop())
}

func get(path, cookie string) []byte {
	request := "GET " + path + " HTTP/1.1\r\nHost: " + productAddr + "\r\nAccept: text/html\r\nAccept-Language: es-CO\r\nAccept-Encoding: gzip\r\n"
	if cookie != "" {
		request += "Cookie: " + cookie + "\r\n"
	}
	return []byte(request + "\r\n")
}

// smallestPage is what a compressed list of 50 rows takes at least: less is some other page.
const smallestPage = 3000

// load50 reads a list again and again.
func (b *bench) load50(ctx context.Context, addr string, request []byte) (sample, error) {
	return drive(ctx, pageClients, b.scale.Each, func(int) (func() error, func(), error) {
		w, err := dial(addr)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			status, size, err := w.ask(request)
			if err == nil && (status != 200 || size < smallestPage) {
				err = fmt.Errorf("the list was answered %d with %d bytes", status, size)
			}
			return err
		}, w.close, nil
	})
}

// firstPage is the statement of the list of payouts.
const firstPage = `SELECT p.id, p.code, p.batch_id, p.distributor_id, p.state, p.amount, p.payee_name, p.doc_type, p.doc_number, p.method_kind,
    p.bank_code, CASE WHEN p.method_kind = 'bre_b' THEN p.bre_b_key ELSE p.account_number END, p.rail_id, p.cause, p.expires_at, p.overdue_at, p.state_at, p.created_at
FROM payouts p WHERE TRUE AND TRUE ORDER BY p.created_at DESC, p.id DESC LIMIT 51`

// listed is a row of it, as narrow as can be.
type listed struct {
	id, batch, distributor, amount                int64
	code, state, payee, docType, document, method string
	bank, account, railID, cause                  string
	expires, overdue                              *time.Time
	stateAt, createdAt                            time.Time
}

// selectAlone is the limit: the list's statement, every row scanned.
func (b *bench) selectAlone(ctx context.Context, pool *pgxpool.Pool) (sample, error) {
	return drive(ctx, pageClients, b.scale.Each, func(int) (func() error, func(), error) {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		list := make([]listed, 0, 64)
		return func() error {
			list = list[:0]
			rows, err := conn.Query(ctx, firstPage)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var r listed
				if err := rows.Scan(&r.id, &r.code, &r.batch, &r.distributor, &r.state, &r.amount, &r.payee, &r.docType, &r.document, &r.method,
					&r.bank, &r.account, &r.railID, &r.cause, &r.expires, &r.overdue, &r.stateAt, &r.createdAt); err != nil {
					return err
				}
				list = append(list, r)
			}
			if err := rows.Err(); err != nil {
				return err
			}
			if len(list) != 51 {
				return fmt.Errorf("the list has %d rows", len(list))
			}
			return nil
		}, conn.Release, nil
	})
}
