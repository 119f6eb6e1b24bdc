// Package d24 speaks to D24 (Directa24), whose Cashouts API v3 pays out in Colombia in cash at Efecty and
// Punto Red and to banks, wallets and Bre-B keys.
//
// One Client is one connection: credentials, its rate and concurrency limits and its circuit breaker. What
// matters most is what an error means. A *providers.Rejected is D24's documented refusal. ErrNotSent means that
// no connection was ever had for the request. Everything else (time-out, lost connection, 5xx, an answer that
// is not as documented) leaves the outcome unknown, because money may be on its way.
//
// Source of all documented facts: docs.d24.com, cashouts v3.
package d24

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"pagaduria/providers"
)

// Config is one connection to D24.
type Config struct {
	BaseURL         string // without /v3, e.g. https://api-stg.directa24.com
	Login, Pass     string // at most 32 characters each
	Signature       string // the API Signature: key of the payload signature and of a notification's control
	NotificationURL string // where D24 posts notifications; the real D24 reaches ports 80 and 443 only
	HTTP            *http.Client
	Rate            float64          // requests a second over the whole connection; 0 is no limit
	Concurrency     int              // requests at once; 0 is 32
	Timeout         time.Duration    // of one request, connecting to last byte; 0 is 30 s
	BreakAfter      uint32           // consecutive transport failures or 5xx that open the circuit; 0 is 10
	BreakFor        time.Duration    // how long it stays open before one request tries again; 0 is 10 s
	Now             func() time.Time // nil is time.Now
}

// Client is a providers.Provider over one D24 connection.
type Client struct {
	cfg       Config
	http      *http.Client
	endpoints endpoints
	key       []byte
	limiter   *rate.Limiter
	slots     chan struct{}
	breaker   *gobreaker.CircuitBreaker[answer]
}

var _ providers.Provider = (*Client)(nil)

type endpoints struct{ create, status, cancel string }

// New returns a client. It opens no connection.
func New(cfg Config) *Client {
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = 32
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.BreakAfter == 0 {
		cfg.BreakAfter = 10
	}
	if cfg.BreakFor <= 0 {
		cfg.BreakFor = 10 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	base := strings.TrimSuffix(cfg.BaseURL, "/")
	return &Client{
		cfg:  cfg,
		http: httpClient(cfg),
		endpoints: endpoints{
			create: base + "/v3/cashout",
			status: base + "/v3/cashout/status",
			cancel: base + "/v3/cashout/cancel",
		},
		key:     []byte(cfg.Signature),
		limiter: limiter(cfg.Rate),
		slots:   make(chan struct{}, cfg.Concurrency),
		breaker: breaker(cfg),
	}
}

// httpClient is the configured client, or one tuned for many requests to one host, that never follows a redirect:
// a redirected order could be sent twice.
func httpClient(cfg Config) *http.Client {
	c := http.Client{}
	if cfg.HTTP != nil {
		c = *cfg.HTTP
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxIdleConns:           cfg.Concurrency,
			MaxIdleConnsPerHost:    cfg.Concurrency,
			IdleConnTimeout:        60 * time.Second,
			MaxResponseHeaderBytes: 16 << 10,
			DisableCompression:     true,
		}
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// limiter allows bursts of a tenth of a second, so that a limit holds over any second that D24 may count.
func limiter(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/10)))
}

// breaker counts transport failures and 5xx only; a refusal of the business is an answer like any other, and a
// caller who gave up says nothing about the rail.
func breaker(cfg Config) *gobreaker.CircuitBreaker[answer] {
	return gobreaker.NewCircuitBreaker[answer](gobreaker.Settings{
		Name:        "d24",
		MaxRequests: 1,
		Timeout:     cfg.BreakFor,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= cfg.BreakAfter },
		IsExcluded:  gaveUp,
	})
}

// Open answers whether the circuit breaker refuses requests now.
func (c *Client) Open() bool { return c.breaker.State() == gobreaker.StateOpen }

// admit waits for the connection's rate and for a free slot. The returned function gives the slot back.
func (c *Client) admit(ctx context.Context) (release func(), err error) {
	if c.Open() {
		return nil, gobreaker.ErrOpenState
	}
	if err := c.limiter.Wait(ctx); err != nil {
		return nil, err
	}
	select {
	case c.slots <- struct{}{}:
		return func() { <-c.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
