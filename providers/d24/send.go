package d24

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"pagaduria/providers"
)

// userAgent is sent because D24 refuses requests without one.
const userAgent = "Pagaduria/1 (+payouts)"

// maxAnswer bounds what is read of an answer; documented ones have less than 1 KB.
const maxAnswer = 64 << 10

// answer is what came back: an HTTP status below 500 and the body.
type answer struct {
	status   int
	body     []byte
	exchange providers.Exchange
}

// call is one request: the bytes that are signed and sent, and the same with secrets masked for the record.
type call struct {
	method, url  string
	body, masked []byte
}

// send sends a call once. Its errors are ErrNotSent when no connection was had, else *providers.Failed.
func (c *Client) send(ctx context.Context, call call) (answer, error) {
	release, err := c.admit(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("d24: %w: %w", providers.ErrNotSent, err)
	}
	defer release()
	a, err := c.breaker.Execute(func() (answer, error) { return c.exchange(ctx, call) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return answer{}, fmt.Errorf("d24: %w: %w", providers.ErrNotSent, err)
	}
	return a, err
}

func (c *Client) exchange(ctx context.Context, call call) (answer, error) {
	inner, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var w wire
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(inner, w.trace()), call.method, call.url, bytes.NewReader(call.body))
	if err != nil {
		return answer{}, fmt.Errorf("d24: %w: %w", providers.ErrNotSent, err)
	}
	req.Header = http.Header{
		"Content-Type":      {"application/json"},
		"Accept":            {"application/json"},
		"User-Agent":        {userAgent},
		"Payload-Signature": {c.sign(call.body)},
	}
	a := answer{exchange: providers.Exchange{
		Method: call.method, URL: call.url, Request: string(call.masked), StartedAt: c.cfg.Now(),
	}}
	began := time.Now()
	resp, err := c.http.Do(req)
	a.exchange.Took = time.Since(began)
	if err != nil {
		if ctx.Err() != nil {
			err = gaveUpError{err}
		}
		if w.untouched() {
			return answer{}, fmt.Errorf("d24: %w: %w", providers.ErrNotSent, err)
		}
		return a, &providers.Failed{Err: fmt.Errorf("d24: %w", err), Exchange: a.exchange}
	}
	defer resp.Body.Close()
	err = a.read(resp)
	a.exchange.Took = time.Since(began)
	if err != nil {
		return a, &providers.Failed{Err: fmt.Errorf("d24: read answer: %w", err), Exchange: a.exchange}
	}
	if a.status >= http.StatusInternalServerError {
		return a, &providers.Failed{Err: fmt.Errorf("d24: answered %d", a.status), Exchange: a.exchange}
	}
	return a, nil
}

func (a *answer) read(resp *http.Response) error {
	a.status = resp.StatusCode
	a.exchange.Status = resp.StatusCode
	a.exchange.RequestID = providers.Text(resp.Header.Get("X-Request-Id"))
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	a.body = body
	a.exchange.Response = providers.Text(string(body))
	if err == nil && len(body) > maxAnswer {
		a.exchange.Response = providers.Text(string(body[:1024]))
		return errors.New("it is larger than any documented one")
	}
	return err
}

// sign is the Payload-Signature of exactly these bytes.
func (c *Client) sign(body []byte) string {
	mac := hmac.New(sha256.New, c.key)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// wire notes whether a connection was had for a request. Until then not one byte can have left.
type wire struct{ asked, got atomic.Bool }

func (w *wire) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.got.Store(true) },
	}
}

// untouched needs the proof that the transport reports to the trace at all: one that does not has told us nothing.
func (w *wire) untouched() bool { return w.asked.Load() && !w.got.Load() }

// gaveUpError marks a failure caused by our caller's context, which must not count against the rail.
type gaveUpError struct{ error }

func (e gaveUpError) Unwrap() error { return e.error }

func gaveUp(err error) bool {
	var g gaveUpError
	return errors.As(err, &g) && errors.Is(err, context.Canceled)
}
