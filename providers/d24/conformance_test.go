package d24_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24"
	"pagaduria/providers/d24/sim"
	"pagaduria/providers/providertest"
)

// bench is a client and its simulator on loopback, with a clock of its own.
type bench struct {
	sim    *sim.Server
	api    *httptest.Server
	client *d24.Client
	cfg    d24.Config

	mu      sync.Mutex
	now     time.Time
	notices []providertest.Notice
}

func open(t testing.TB, opts sim.Options) *bench {
	t.Helper()
	b := &bench{now: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
	hook := httptest.NewServer(http.HandlerFunc(b.receive))
	t.Cleanup(hook.Close)
	opts.Now, opts.Manual, opts.Hang = b.clock, true, time.Millisecond
	rail, err := sim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rail.Close() })
	b.sim = rail
	b.api = httptest.NewServer(http.StripPrefix("/d24", rail.API()))
	t.Cleanup(b.api.Close)
	b.cfg = d24.Config{
		BaseURL: b.api.URL + "/d24", Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature,
		NotificationURL: hook.URL + "/webhooks/d24/1", Now: b.clock,
	}
	b.client = d24.New(b.cfg)
	return b
}

func (b *bench) receive(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notices = append(b.notices, providertest.Notice{Header: r.Header.Clone(), Body: body})
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	b.now = b.now.Add(d)
	b.mu.Unlock()
	b.sim.Step()
}

// with is another client of the same simulator.
func (b *bench) with(change func(*d24.Config)) *d24.Client {
	cfg := b.cfg
	change(&cfg)
	return d24.New(cfg)
}

func cashOrder(reference string) providers.Order {
	return providers.Order{
		Reference: reference, Amount: models.Pesos(123_450),
		Payee: models.Payee{
			Country: "CO", DocType: "CC", DocNumber: "1032456789", GivenNames: "Luz Marina", Surnames: "Peña & Ríos",
			Phone: "+573104028587", Email: "luz@example.com", Address: "Cl. 116 # 74A-42", City: "La Macarena",
		},
		Destination: models.Destination{Kind: models.EfectyCash},
	}
}

func bankOrder(reference string) providers.Order {
	o := cashOrder(reference)
	o.Destination = models.Destination{Kind: models.BankAccount, BankCode: "007", AccountType: "S", AccountNumber: "12345678901"}
	return o
}

func magicOrder(code int) func(string) providers.Order {
	return func(reference string) providers.Order {
		o := cashOrder(reference)
		o.Amount = sim.MagicAmount(code)
		return o
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t *testing.T) providertest.Rail {
		b := open(t, sim.Options{})
		return providertest.Rail{
			Provider:       b.client,
			BadSignature:   b.with(func(c *d24.Config) { c.Signature = "another" }),
			BadCredentials: b.with(func(c *d24.Config) { c.Login = "another" }),
			Cash:           cashOrder, Bank: bankOrder, Rejecting: magicOrder(806), Reversing: magicOrder(826),
			Deliver:    func() { b.advance(2 * time.Second) },
			Complete:   func() { b.advance(3 * time.Second) },
			Reverse:    func() { b.advance(3 * time.Second) },
			Expire:     func() { b.advance(7 * 24 * time.Hour) },
			Collect:    b.sim.Collect,
			LoseAnswer: func() { b.sim.Inject(sim.Fault{Kind: sim.TimeoutAfter}) },
			FailBefore: func() { b.sim.Inject(sim.Fault{Kind: sim.ErrorBefore}) },
			Orders: func(reference string) int {
				n := 0
				for _, o := range b.sim.Orders() {
					if o.ExternalID == reference {
						n++
					}
				}
				return n
			},
			Notices: func() []providertest.Notice {
				b.mu.Lock()
				defer b.mu.Unlock()
				return append([]providertest.Notice(nil), b.notices...)
			},
		}
	})
}
