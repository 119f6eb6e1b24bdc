package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"pagaduria/services/exports"
	"pagaduria/views/urls"
)

// copyOut is the limit of an export: the same columns of the same rows, joined and sorted, as Postgres itself writes CSV.
const copyOut = `COPY (
SELECT p.code, p.created_at, b.code, d.code, p.doc_type, p.doc_number, p.doc_dv, p.payee_name, p.method_kind, p.bank_code,
    p.account_number, p.bre_b_key, p.bre_b_kind, p.amount, p.fee, p.fee_iva, p.state, p.state_at, p.rail_id, p.cause, p.rail_code, p.expires_at, p.paid_at, p.gmf, p.fee_charged
FROM payouts p JOIN batches b ON b.id = p.batch_id JOIN distributors d ON d.id = p.distributor_id ORDER BY p.created_at DESC, p.id DESC) TO STDOUT (FORMAT csv)`

// measureExport is figures 17, 25 and 31: every payout there is as one file, streamed and made in the background, and
// the memory that takes.
func measureExport(ctx context.Context, b *bench) error {
	return b.with(ctx, func(p *process) error {
		who, err := b.signIn(ctx)
		if err != nil {
			return err
		}
		time.Sleep(2 * time.Second)
		idle := residentMB(p.pid())
		if err := resetPeak(p.pid()); err != nil {
			return err
		}
		var streamed, background, copied []float64
		for range b.scale.Runs {
			for _, m := range []struct {
				rates *[]float64
				rate  func() (float64, error)
			}{
				{&copied, func() (float64, error) { return b.copyPayouts(ctx) }},
				{&streamed, func() (float64, error) {
					return b.rowsOf(ctx, func() (io.ReadCloser, error) { return who.file(ctx, urls.PayoutsFilePattern) })
				}},
				{&background, func() (float64, error) {
					return b.rowsOf(ctx, func() (io.ReadCloser, error) { return b.askedFor(ctx, who) })
				}},
			} {
				rate, err := m.rate()
				if err != nil {
					return err
				}
				*m.rates = append(*m.rates, rate)
			}
		}
		limit := middle(copied)
		b.add(17, middle(streamed), limit)
		b.add(31, middle(background), limit)
		b.add(25, peakMB(p.pid()), idle)
		return nil
	})
}

// copyPayouts is the limit; it answers rows a second.
func (b *bench) copyPayouts(ctx context.Context) (float64, error) {
	conn, err := b.db.Pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	began := time.Now()
	tag, err := conn.Conn().PgConn().CopyTo(ctx, io.Discard, copyOut)
	return float64(tag.RowsAffected()) / time.Since(began).Seconds(), err
}

// rowsOf counts the rows of a file and answers how many a second there were, from the asking on.
func (b *bench) rowsOf(ctx context.Context, open func() (io.ReadCloser, error)) (float64, error) {
	var want int
	if err := b.db.Pool.QueryRow(ctx, `SELECT count(*) FROM payouts`).Scan(&want); err != nil {
		return 0, err
	}
	began := time.Now()
	file, err := open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	lines, buffer := 0, make([]byte, 256<<10)
	for {
		n, err := file.Read(buffer)
		for _, c := range buffer[:n] {
			if c == '\n' {
				lines++
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	took := time.Since(began)
	if lines != want+1 {
		return 0, fmt.Errorf("the export has %d lines, want the columns' names and %d payouts", lines, want)
	}
	return float64(want) / took.Seconds(), nil
}

// file opens a download.
func (p *person) file(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address(path), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // as it is: COPY does not compress either, and unpacking would cost this machine's cores
	resp, err := p.http.Do(req)
	if err == nil && resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		err = fmt.Errorf("%s was answered %s", path, resp.Status)
	}
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// askedFor fills the form of an export, waits until its file is made and opens it.
func (b *bench) askedFor(ctx context.Context, who *person) (io.ReadCloser, error) {
	page := urls.Export(exports.Payouts)
	at, err := who.send(ctx, page, page, url.Values{"format": {"csv"}})
	if err != nil {
		return nil, err
	}
	for range 6000 {
		var state, failure string
		if err := b.db.Pool.QueryRow(ctx, `SELECT state, failure FROM tasks ORDER BY id DESC LIMIT 1`).Scan(&state, &failure); err != nil {
			return nil, err
		}
		switch state {
		case "done":
			return who.file(ctx, at+"/file")
		case "failed", "cancelled":
			return nil, fmt.Errorf("the export is %s: %s", state, failure)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("the export was not made")
}
