package sim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
)

// sandbox is a server whose time a test moves.
type sandbox struct {
	*Server
	now time.Time
	mu  sync.Mutex
}

func open(t *testing.T, opts Options) *sandbox {
	t.Helper()
	b := &sandbox{now: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
	opts.Manual = true
	opts.Now = func() time.Time {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.now
	}
	var err error
	if b.Server, err = New(opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func (b *sandbox) advance(d time.Duration) {
	b.mu.Lock()
	b.now = b.now.Add(d)
	b.mu.Unlock()
	b.Step()
}

type fields map[string]any

// good is a create that the documentation would take.
func good(reference string) fields {
	return fields{
		"login": DefaultLogin, "pass": DefaultPass, "external_id": reference, "country": "CO", "currency": "COP",
		"amount": 100000, "document_id": "1032456789", "document_type": "CC", "bank_code": "10003", "bank_account": "",
		"account_type": "S", "beneficiary_name": "Luz", "beneficiary_lastname": "Peña", "phone": "+57 310 4028587",
		"address": "Calle 18, Colombia", "notification_url": "http://127.0.0.1:1/hook",
	}
}

func (f fields) with(change fields) fields {
	all := maps.Clone(f)
	maps.Copy(all, change)
	return all
}

// call signs and sends as a merchant would.
func (b *sandbox) call(method, path string, f fields) (int, map[string]any) {
	body, _ := json.Marshal(f)
	return b.raw(method, path, body, nil)
}

func (b *sandbox) raw(method, path string, body []byte, header map[string]string) (int, map[string]any) {
	mac := hmac.New(sha256.New, []byte(DefaultSignature))
	mac.Write(body)
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "test")
	r.Header.Set("Payload-Signature", hex.EncodeToString(mac.Sum(nil)))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	b.API().ServeHTTP(w, r)
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, answer
}

func TestParameterErrors(t *testing.T) {
	t.Parallel()
	b := open(t, Options{Minimum: models.Pesos(1000), Limit: models.Pesos(5_000_000), Balance: models.Pesos(4_000_000)})
	bank := fields{"bank_code": "007", "bank_account": "12345678901", "account_type": "C"}
	for name, c := range map[string]struct {
		change fields
		code   float64 // 0: accepted
	}{
		"as documented":         {nil, 0},
		"bank":                  {bank, 0},
		"no reference":          {fields{"external_id": ""}, 300},
		"long reference":        {fields{"external_id": strings.Repeat("x", 101)}, 300},
		"country":               {fields{"country": "PE"}, 300},
		"currency":              {fields{"currency": "EUR"}, 526},
		"zero":                  {fields{"amount": 0}, 300},
		"centavos":              {fields{"amount": 1000.5}, 300},
		"amount is a word":      {fields{"amount": "much"}, 300},
		"below minimum":         {fields{"amount": 999}, 533},
		"over the limit":        {fields{"amount": 5_000_001}, 508},
		"over the balance":      {fields{"amount": 4_500_000}, 514},
		"document type":         {fields{"document_type": "PPT"}, 300},
		"document":              {fields{"document_id": "12345"}, 300},
		"no name":               {fields{"beneficiary_name": ""}, 300},
		"no surname":            {fields{"beneficiary_lastname": ""}, 300},
		"company":               {fields{"document_type": "NIT", "document_id": "8301319931", "beneficiary_lastname": ""}, 0},
		"phone":                 {fields{"phone": "123"}, 543},
		"Efecty without phone":  {fields{"phone": ""}, 540},
		"Efecty with account":   {fields{"bank_account": "1"}, 300},
		"Punto Red, no e-mail":  {fields{"bank_code": "10006", "bank_account": "3104028587"}, 540},
		"e-mail":                {fields{"email": "x"}, 300},
		"no address":            {fields{"address": ""}, 300},
		"no notification url":   {fields{"notification_url": ""}, 300},
		"notification url":      {fields{"notification_url": "ftp://x"}, 300},
		"unknown bank":          {fields{"bank_code": "10002"}, 303},
		"short account":         {bank.with(fields{"bank_account": "1234567"}), 300},
		"account type":          {bank.with(fields{"account_type": "X"}), 300},
		"wrong type of a field": {fields{"external_id": 7}, 300},
		"credentials":           {fields{"pass": "x"}, 401},
	} {
		status, a := b.call("POST", "/v3/cashout", good("REF-"+name).with(c.change))
		code, _ := a["code"].(float64)
		if code != c.code || (status == 200) != (c.code == 0) {
			t.Errorf("%s: got %d %v, want code %v", name, status, a, c.code)
		}
	}
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	b := open(t, Options{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}) // httptest asks from there
	body, _ := json.Marshal(good("A"))
	for name, c := range map[string]struct {
		body   []byte
		header map[string]string
		code   float64
	}{
		"bad signature":        {body, map[string]string{"Payload-Signature": "00"}, 302},
		"upper-case signature": {body, map[string]string{"Payload-Signature": strings.Repeat("A", 64)}, 302},
		"no user agent":        {body, map[string]string{"User-Agent": ""}, 300},
		"not JSON by name":     {body, map[string]string{"Content-Type": "text/plain"}, 300},
		"malformed":            {body[:20], nil, 502},
		"an array":             {[]byte("[]"), nil, 502},
		"empty":                {nil, nil, 502},
		"all right":            {body, nil, 0},
	} {
		if _, a := b.raw("POST", "/v3/cashout", c.body, c.header); a["code"] != nil && a["code"] != c.code || a["code"] == nil && c.code != 0 {
			t.Errorf("%s: got %v, want %v", name, a, c.code)
		}
	}
	shut := open(t, Options{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	if _, a := shut.call("POST", "/v3/cashout", good("A")); a["code"] != float64(402) {
		t.Errorf("address: got %v, want 402", a)
	}
}

func TestBalanceComesBack(t *testing.T) {
	t.Parallel()
	b := open(t, Options{Balance: models.Pesos(150_000)})
	b.call("POST", "/v3/cashout", good("A"))
	if _, a := b.call("POST", "/v3/cashout", good("B")); a["code"] != float64(514) {
		t.Fatalf("got %v, want 514", a)
	}
	b.call("DELETE", "/v3/cashout/cancel", fields{"login": DefaultLogin, "pass": DefaultPass, "external_id": "A"})
	if status, a := b.call("POST", "/v3/cashout", good("B")); status != 200 {
		t.Errorf("after a cancel: %v", a)
	}
}

// hook is a receiver of notifications that answers as told.
type hook struct {
	mu     sync.Mutex
	forms  []url.Values
	answer int
	came   chan struct{} // one for each, when set
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forms = append(h.forms, form)
	w.WriteHeader(h.answer)
	if h.came != nil {
		h.came <- struct{}{}
	}
}

func (h *hook) got() []url.Values {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]url.Values(nil), h.forms...)
}

func listen(t *testing.T, answer int) (*hook, string) {
	t.Helper()
	h := &hook{answer: answer}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return h, srv.URL
}

func TestNotificationsAreTriedSixTimes(t *testing.T) {
	t.Parallel()
	h, url := listen(t, 500)
	b := open(t, Options{Backoff: func(int) time.Duration { return time.Second }})
	b.call("POST", "/v3/cashout", good("A").with(fields{"notification_url": url}))
	for range 20 {
		b.advance(2 * time.Second)
	}
	if got := h.got(); len(got) != 1+maxRetries {
		t.Errorf("%d tries, want %d", len(got), 1+maxRetries)
	}
	if n := b.Summary().Notices; n.GivenUp != 1 {
		t.Errorf("%+v", n)
	}
}

func TestNotificationFaults(t *testing.T) {
	t.Parallel()
	for kind, want := range map[FaultKind][]string{
		"":             {"4", "1"},
		NoticesDropped: nil,
		NoticesDoubled: {"4", "4", "1", "1"},
		NoticesSwapped: {"1", "4"},
	} {
		h, url := listen(t, 200)
		b := open(t, Options{})
		if kind != "" {
			b.Inject(Fault{Kind: kind})
		}
		b.call("POST", "/v3/cashout", good("A").with(fields{"notification_url": url}))
		delivered := b.now.Add(2 * time.Second).Format("2006-01-02 15:04:05")
		b.advance(2 * time.Second)
		b.mu.Lock()
		b.now = b.now.Add(time.Second)
		b.mu.Unlock()
		if err := b.Collect("A"); err != nil {
			t.Fatal(err)
		}
		b.Step()
		var got []string
		for _, f := range h.got() {
			status := "1"
			if f.Get("date") == delivered {
				status = "4"
			}
			got = append(got, status)
			if f.Get("control") != control(DefaultSignature, "A") || f.Get("cashout_id") != "8405147" {
				t.Errorf("form %v", f)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: got %v, want %v", kind, got, want)
		}
	}
}

func TestJournalKeepsOrdersOverARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "d24.jsonl")
	b := open(t, Options{Journal: path})
	for _, ref := range []string{"A", "B", "C"} {
		b.call("POST", "/v3/cashout", good(ref))
	}
	b.advance(2 * time.Second)
	if err := b.Collect("A"); err != nil {
		t.Fatal(err)
	}
	before := b.Orders()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	cut, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = cut.WriteString(`{"id":84051`) // as a kill in the middle of a line leaves it
	_ = cut.Close()
	again := open(t, Options{Journal: path})
	if got := again.Orders(); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("got  %v\nwant %v", got, before)
	}
	if _, a := again.call("POST", "/v3/cashout", good("A")); a["code"] != float64(511) {
		t.Errorf("a known reference: %v", a)
	}
	if err := again.Collect("B"); err != nil {
		t.Errorf("collect after the restart: %v", err)
	}
	again.advance(8 * 24 * time.Hour)
	if o, _ := again.Find("C"); o.Code != "809" {
		t.Errorf("C did not expire: %+v", o)
	}
}

func TestTellerPages(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	h := b.Handler()
	for _, ref := range []string{"A", "B", "C", "D"} {
		b.call("POST", "/v3/cashout", good(ref))
	}
	b.advance(2 * time.Second)
	get := func(path string) string {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Language", "en-GB,en")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 || path != "/teller/teller.css" && strings.HasSuffix(path, ".css") {
			t.Errorf("GET %s: %d", path, w.Code)
		}
		return w.Body.String()
	}
	post := func(path string, form url.Values, site string) int {
		r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for path, want := range map[string]string{
		"/": "/d24/v3/cashout", "/teller": "Payouts ready to collect: 4", "/teller?document=1.032.456.789": "Pay out $\u00a0100.000",
		"/teller?document=999": "No payout is ready", "/teller/switches": "accepted, but no answer", "/teller/amounts": "9.809.950",
		"/teller?lang=es": "Punto de pago", "/teller/teller.css": ":root", "/sim/orders?external_id=A": `"external_id":"A"`, "/sim/summary": `"orders":4`,
	} {
		if page := get(path); !strings.Contains(page, want) {
			t.Errorf("GET %s lacks %q", path, want)
		}
	}
	if code := post("/teller/collect-all", nil, "cross-site"); code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", code)
	}
	for ref, act := range map[string]string{"A": "collect", "B": "refuse", "C": "expire"} {
		o, _ := b.Find(ref)
		if code := post("/teller/orders/"+o.CashoutID+"/"+act, url.Values{"code": {"806"}}, "same-origin"); code != http.StatusSeeOther {
			t.Errorf("%s: %d", act, code)
		}
	}
	post("/teller/collect-all", nil, "same-origin")
	post("/teller/reverse", url.Values{"key": {"D"}}, "same-origin")
	for ref, want := range map[string]string{"A": "1 ", "B": "3 806", "C": "3 809", "D": "3 826"} {
		if o, _ := b.Find(ref); fmt.Sprintf("%d %s", o.Status, o.Code) != want {
			t.Errorf("%s: %d %s, want %s", ref, o.Status, o.Code, want)
		}
	}
	post("/teller/switches", url.Values{"kind": {"error_after"}, "op": {"create"}, "times": {"2"}}, "same-origin")
	if f := b.Faults(); len(f) != 1 || f[0].Times != 2 {
		t.Errorf("switches %+v", f)
	}
	var all []Order
	if err := json.Unmarshal([]byte(get("/sim/orders")), &all); err != nil || len(all) != 4 {
		t.Errorf("orders: %d, %v", len(all), err)
	}
}

func TestMagicFaultStrikesOnceWhenNothingWasAccepted(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	srv := httptest.NewServer(b.API())
	t.Cleanup(srv.Close)
	f := good("A").with(fields{"amount": pesos(MagicAmount(903))})
	if status, _ := b.call("POST", "/v3/cashout", f); status != 500 || b.Count() != 0 {
		t.Fatalf("first: %d with %d orders", status, b.Count())
	}
	if status, a := b.call("POST", "/v3/cashout", f); status != 200 {
		t.Errorf("second: %d %v", status, a)
	}
}

func TestARunningSandboxPaysByItselfAndCloses(t *testing.T) {
	t.Parallel()
	h, url := listen(t, 200)
	h.came = make(chan struct{}, 2)
	s, err := New(Options{DeliverAfter: time.Millisecond, CompleteAfter: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	b := &sandbox{Server: s}
	b.call("POST", "/v3/cashout", good("A").with(fields{"notification_url": url, "bank_code": "007", "bank_account": "12345678"}))
	for range 2 {
		select {
		case <-h.came:
		case <-t.Context().Done():
			t.Fatal("no notification came")
		}
	}
	if o, _ := s.Find("A"); o.Status != Completed {
		t.Errorf("status %d", o.Status)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
