package d24

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"pagaduria/models"
	"pagaduria/providers"
)

func order() providers.Order {
	return providers.Order{
		Reference: "PAG-1", Amount: models.Pesos(100_000),
		Payee: models.Payee{Country: "CO", DocType: "CC", DocNumber: "1032456789", GivenNames: "Luz", Surnames: "Peña",
			Phone: "+573104028587", Email: "luz@example.com", Address: "Calle 18"},
		Destination: models.Destination{Kind: models.EfectyCash},
	}
}

// answering is a client of a rail that always answers this.
func answering(t *testing.T, status int, body string) *Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusTemporaryRedirect {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	return New(Config{BaseURL: srv.URL, Login: "l", Pass: "p", Signature: "k"})
}

func TestSubmitTrustsOnlyDocumentedAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   string // receipt, unknown, or the cause of a refusal
	}{
		"accepted":                         {200, `{"cashout_id":"8405147"}`, "receipt"},
		"accepted with a number":           {200, `{"cashout_id":8405147}`, "receipt"},
		"200 with an empty object":         {200, `{}`, "unknown"},
		"200 with an empty id":             {200, `{"cashout_id":""}`, "unknown"},
		"200 with null":                    {200, `{"cashout_id":null}`, "unknown"},
		"200 with an id that is an object": {200, `{"cashout_id":{}}`, "unknown"},
		"200 with an error code":           {200, `{"code":514,"message":"x"}`, "unknown"},
		"200 with an id and an error":      {200, `{"cashout_id":"1","code":511}`, "unknown"},
		"200 cut off":                      {200, `{"cashout_id":"84`, "unknown"},
		"200 of a proxy":                   {200, `<html>`, "unknown"},
		"200 without end":                  {200, `{"cashout_id":"1"}` + strings.Repeat(" ", maxAnswer), "unknown"},
		"202":                              {202, `{"cashout_id":"1"}`, "unknown"},
		"redirect":                         {307, ``, "unknown"},
		"412 documented":                   {412, `{"code":514,"message":"x"}`, "insufficient_funds"},
		"412 code as a string":             {412, `{"code":"514","message":"x"}`, "insufficient_funds"},
		"412 with reason":                  {412, `{"code":504,"message":"x","reason":"Underage user detected","reason_code":105}`, "compliance"},
		"400 about the account":            {400, `{"code":300,"message":"bankAccount: Invalid or missing Bank account"}`, "account"},
		"400 about anything":               {400, `{"code":300,"message":"something"}`, "bad_request"},
		"401 credentials":                  {401, `{"code":401,"message":"x"}`, "bad_signature"},
		"401 address":                      {401, `{"code":402,"message":"x"}`, "address_not_allowed"},
		"duplicate":                        {412, `{"code":511,"message":"x"}`, "duplicate"},
		"not found makes no sense":         {412, `{"code":509,"message":"x"}`, "unknown"},
		"transition makes no sense":        {412, `{"code":510,"message":"x"}`, "unknown"},
		"412 undocumented":                 {412, `{"code":999,"message":"x"}`, "unknown"},
		"412 rejection code, not an error": {412, `{"code":806,"message":"x"}`, "unknown"},
		"412 without code":                 {412, `{"message":"x"}`, "unknown"},
		"412 not JSON":                     {412, `no`, "unknown"},
		"403 of a firewall":                {403, `<html>`, "unknown"},
		"404":                              {404, ``, "unknown"},
		"429":                              {429, ``, "unknown"},
		"500":                              {500, `{"code":514,"message":"x"}`, "unknown"},
		"502 of a proxy":                   {502, ``, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receipt, err := answering(t, c.status, c.body).Submit(context.Background(), order())
			if got := outcome(receipt, err); got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
			var failed *providers.Failed
			if errors.As(err, &failed) && failed.Exchange.Status != c.status {
				t.Errorf("exchange has status %d, want %d", failed.Exchange.Status, c.status)
			}
		})
	}
}

func outcome(receipt providers.Receipt, err error) string {
	var no *providers.Rejected
	switch {
	case errors.As(err, &no):
		return string(no.Cause)
	case errors.Is(err, providers.ErrNotSent):
		return "not sent"
	case errors.Is(err, providers.ErrNotFound):
		return "not found"
	case errors.As(err, new(*providers.Failed)):
		return "unknown"
	case err == nil && receipt.RailID != "":
		return "receipt"
	}
	return "neither"
}

func TestDuplicateKeepsTheIDTheAnswerNames(t *testing.T) {
	t.Parallel()
	_, err := answering(t, 412, `{"code":511,"message":"x","cashout_id":77}`).Submit(context.Background(), order())
	var no *providers.Rejected
	if !errors.As(err, &no) || no.RailID != "77" {
		t.Errorf("got %+v", err)
	}
}

func TestNotSentNeedsProof(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	refused := New(Config{BaseURL: "http://" + l.Addr().String()})
	silent := New(Config{BaseURL: "http://rail.invalid", HTTP: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("connection refused")
	})}})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(slow.Close)
	reset := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(reset.Close)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		client *Client
		ctx    context.Context
		want   string
	}{
		"connection refused":              {refused, context.Background(), "not sent"},
		"cancelled before":                {refused, gone, "not sent"},
		"a transport that proves nothing": {silent, context.Background(), "unknown"},
		"time-out":                        {New(Config{BaseURL: slow.URL, Timeout: 50 * time.Millisecond}), context.Background(), "unknown"},
		"connection lost after the write": {New(Config{BaseURL: reset.URL}), context.Background(), "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			receipt, err := c.client.Submit(c.ctx, order())
			if got := outcome(receipt, err); got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCircuitOpensOnFailuresOnly(t *testing.T) {
	t.Parallel()
	var status, calls atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, `{"code":514,"message":"x"}`)
	}))
	t.Cleanup(srv.Close)
	c := New(Config{BaseURL: srv.URL, BreakAfter: 3, BreakFor: time.Hour})
	status.Store(412)
	for range 10 {
		_, _ = c.Submit(context.Background(), order())
	}
	if c.Open() {
		t.Fatal("refusals opened the circuit")
	}
	status.Store(500)
	for range 3 {
		_, err := c.Submit(context.Background(), order())
		if got := outcome(providers.Receipt{}, err); got != "unknown" {
			t.Fatalf("got %s, want unknown", got)
		}
	}
	before := calls.Load()
	_, err := c.Submit(context.Background(), order())
	if got := outcome(providers.Receipt{}, err); got != "not sent" || !c.Open() || calls.Load() != before {
		t.Errorf("got %s, %d calls more; want not sent and none", got, calls.Load()-before)
	}
}

func TestRateAndConcurrencyGiveUpWithoutSending(t *testing.T) {
	t.Parallel()
	c := answering(t, 200, `{"cashout_id":"1"}`)
	limited := New(Config{BaseURL: c.cfg.BaseURL, Rate: 0.001})
	if _, err := limited.Submit(context.Background(), order()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := limited.Submit(ctx, order())
	if got := outcome(providers.Receipt{}, err); got != "not sent" {
		t.Errorf("rate: got %s (%v), want not sent", got, err)
	}
	busy := New(Config{BaseURL: c.cfg.BaseURL, Concurrency: 1})
	busy.slots <- struct{}{}
	gone, stop := context.WithCancel(context.Background())
	stop()
	_, err = busy.Submit(gone, order())
	if got := outcome(providers.Receipt{}, err); got != "not sent" {
		t.Errorf("concurrency: got %s (%v), want not sent", got, err)
	}
}

func TestTheSignedBytesAreTheSentBytes(t *testing.T) {
	t.Parallel()
	var body []byte
	var header http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		_, _ = io.WriteString(w, `{"cashout_id":"1"}`)
	}))
	t.Cleanup(srv.Close)
	c := New(Config{BaseURL: srv.URL + "/", Login: "the-login", Pass: "the-pass", Signature: "k"})
	receipt, err := c.Submit(context.Background(), order())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := header.Get("Payload-Signature"), c.sign(body); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	if header.Get("User-Agent") == "" || header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", header)
	}
	for _, secret := range []string{"the-login", "the-pass", "1032456789", "4028587", "luz@"} {
		if strings.Contains(receipt.Exchange.Request, secret) {
			t.Errorf("the record shows %q: %s", secret, receipt.Exchange.Request)
		}
	}
	if !strings.Contains(receipt.Exchange.Request, `"***6789"`) {
		t.Errorf("the record hides too much: %s", receipt.Exchange.Request)
	}
}

func TestHoldWithoutCashoutIDSendsNothing(t *testing.T) {
	t.Parallel()
	c := answering(t, 200, `{}`)
	_, err := c.Hold(context.Background(), providers.Ref{Reference: "PAG-1"})
	if !errors.Is(err, providers.ErrNotSent) {
		t.Errorf("got %v, want ErrNotSent", err)
	}
}

func TestCancelDoesNotTrustAnotherStatus(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"cashout_status":2}`: "neither", // no error at all
		`{}`:                   "neither",
		`{"cashout_status":1}`: "unknown",
		`gone`:                 "unknown",
	} {
		_, err := answering(t, 200, body).Cancel(context.Background(), providers.Ref{Reference: "PAG-1", RailID: "7"})
		if got := outcome(providers.Receipt{}, err); got != want {
			t.Errorf("%s: got %s (%v), want %s", body, got, err, want)
		}
	}
}

func TestAStatusOfAnotherCashoutIsNoAnswer(t *testing.T) {
	t.Parallel()
	for body, trusted := range map[string]bool{
		`{"cashout_status":1}`:                        true,
		`{"cashout_status":1,"cashout_id":7}`:         true,
		`{"cashout_status":1,"cashout_id":"8"}`:       false,
		`{"cashout_status":1,"external_id":"PAG-1"}`:  true,
		`{"cashout_status":1,"external_id":"PAG-11"}`: false,
	} {
		_, err := answering(t, 200, body).Status(context.Background(), providers.Ref{Reference: "PAG-1", RailID: "7"})
		if (err == nil) != trusted {
			t.Errorf("%s: got %v, trusted is %v", body, err, trusted)
		}
	}
}

// A rail that answers in another encoding, or with a NUL, is understood, and what it wrote can be kept.
func TestWhatARailWritesCanBeKept(t *testing.T) {
	t.Parallel()
	kept := func(s string) {
		t.Helper()
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Errorf("%q can't be kept", s)
		}
	}
	st, err := answering(t, 200, "{\"cashout_status\":3,\"rejection_code\":\"205\",\"rejection_reason\":\"Raz\xf3n \\u0000\"}").Status(t.Context(), providers.Ref{Reference: "PAG-1", Kind: models.EfectyCash})
	if err != nil || st.State == "" {
		t.Fatalf("%+v, %v", st, err)
	}
	kept(st.Reason)
	kept(st.Exchange.Response)
	_, err = answering(t, 400, "{\"code\":300,\"message\":\"Direcci\xf3n \\u0000\"}").Submit(t.Context(), order())
	var r *providers.Rejected
	if !errors.As(err, &r) {
		t.Fatal(err)
	}
	kept(r.Message)
	kept(r.Exchange.Response)
	_, err = answering(t, 200, "\xff\x00").Submit(t.Context(), order())
	var f *providers.Failed
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	kept(f.Exchange.Response)
}
