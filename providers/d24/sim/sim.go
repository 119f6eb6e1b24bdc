// Package sim is D24's documented Cashouts API v3 for Colombia, simulated: signatures, credentials, address
// list, parameter checks, every documented code, status progress, notifications with retries, and a teller page
// where one plays the counter that pays cash. It is written from the rail's documentation, not from our adapter,
// so that a fault of the adapter shows.
//
// Cash waits at the teller until it is collected, refused or expires. Everything else completes by itself.
// Amounts of the form 9.CCC.950 pesos force the outcome CCC; Magics lists them all:
//
//	9.000.950–9.005.950  a status: stays pending, paid at once, cancelled, stays delivered, on hold
//	9.300.950–9.703.950  the create is refused with that error code
//	9.800.950–9.826.950  accepted, later rejected with that code (809 expires, 826 is paid and then reversed)
//	9.901.950–9.911.950  a fault: time-outs, 500s, dropped connections, lost, doubled or swapped notifications
//
// The form is far from real commissions (nine million and some, ending in 950), a multiple of 50 so that it can
// be cash, and below the ten million from which Colombia asks for a cash report.
package sim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"pagaduria/models"
)

// What a sandbox is opened with unless told otherwise. They protect nothing.
const (
	DefaultLogin     = "sandbox-login"
	DefaultPass      = "sandbox-pass"
	DefaultSignature = "sandbox-api-signature"
)

// Options is how the simulated rail behaves. The zero value is a sandbox with the default credentials.
type Options struct {
	Login, Pass, Signature string
	Allow                  []netip.Prefix // egress addresses of the merchant; empty allows all
	NotificationURL        string         // of the merchant panel: used when a cashout names none
	Balance                models.Money   // what the merchant has at the rail; zero is without end
	Minimum, Limit         models.Money   // of one cashout; zero is none
	DeliverAfter           time.Duration  // pending to delivered; 0 is 2 s
	CompleteAfter          time.Duration  // delivered to completed, not for cash; 0 is 3 s
	Validity               time.Duration  // cash waits this long from creation; 0 is 7 days
	Hang                   time.Duration  // how long a time-out fault keeps a request; 0 is 60 s
	Backoff                func(retry int) time.Duration
	Journal                string // file that keeps the orders over a restart; "" keeps them in memory only
	Notify                 *http.Client
	Now                    func() time.Time
	Manual                 bool // nothing happens by itself: tests call Step
}

func (o *Options) defaults() {
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	wait := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.Login, DefaultLogin)
	set(&o.Pass, DefaultPass)
	set(&o.Signature, DefaultSignature)
	wait(&o.DeliverAfter, 2*time.Second)
	wait(&o.CompleteAfter, 3*time.Second)
	wait(&o.Validity, 7*24*time.Hour)
	wait(&o.Hang, time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Backoff == nil {
		o.Backoff = func(retry int) time.Duration { return 5 * time.Second << retry }
	}
	if o.Notify == nil {
		o.Notify = notifyClient()
	}
}

// Server is one simulated rail with one merchant. All methods are safe for concurrent use.
type Server struct {
	opts    Options
	journal *journal
	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	orders  []*order            // by cashout id: the first is firstID
	byRef   map[string]*order   // by external id
	ready   map[string][]*order // cash waiting at the teller, by document number
	due     events
	outbox  outbox
	wake    *sync.Cond // something is in the outbox, or the server closes
	faults  []*Fault
	struck  map[string]bool // references that a magic fault has struck before they were accepted
	spent   models.Money
	byState [6]int
	notices NoticeCounts
}

// NoticeCounts says what became of notifications.
type NoticeCounts struct{ Delivered, Retried, GivenUp, Dropped int }

// firstID is the cashout_id of the first order; any number of that length looks like D24's.
const firstID = 8_405_147

// New returns a simulated rail, with the orders of its journal when there is one. Close it after use.
func New(opts Options) (*Server, error) {
	opts.defaults()
	s := &Server{
		opts:  opts,
		byRef: map[string]*order{}, ready: map[string][]*order{}, spent: models.Pesos(0),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.wake = sync.NewCond(&s.mu)
	if opts.Journal != "" {
		if err := s.reopen(opts.Journal); err != nil {
			return nil, fmt.Errorf("open journal %s: %w", opts.Journal, err)
		}
	}
	if !opts.Manual {
		s.start()
	}
	return s, nil
}

// Close stops what runs by itself. Requests under way are not waited for.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		return nil
	}
	s.stop()
	s.wake.Broadcast()
	s.mu.Unlock()
	s.running.Wait()
	return s.journal.close()
}

// tick is how often a running sandbox looks for what is due.
const tick = 50 * time.Millisecond

func (s *Server) start() {
	s.running.Go(func() {
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				s.mu.Lock()
				s.runDue()
				s.mu.Unlock()
			case <-s.ctx.Done():
				return
			}
		}
	})
	for range notifiers {
		s.running.Go(s.notifier)
	}
}

// Step does all that is due now, first changes of state and then notifications, and returns when it is done.
func (s *Server) Step() {
	s.mu.Lock()
	s.runDue()
	for {
		n, ok := s.outbox.pop()
		if !ok {
			break
		}
		s.mu.Unlock()
		s.deliver(n)
		s.mu.Lock()
	}
	s.mu.Unlock()
}

// ErrNoOrder and ErrTooLate are what the counter's doings end with.
var (
	ErrNoOrder = errors.New("no such cashout")
	ErrTooLate = errors.New("the cashout is not in a status that allows this")
)

// Orders returns every order ever accepted, oldest first.
func (s *Server) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	all := make([]Order, len(s.orders))
	for i, o := range s.orders {
		all[i] = o.view()
	}
	return all
}

// Count returns how many orders were ever accepted.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.orders)
}

// Find returns the order with this external id or cashout id.
func (s *Server) Find(key string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	o := s.find(key)
	if o == nil {
		return Order{}, false
	}
	return o.view(), true
}

// SetBalance sets what the merchant has left at the rail; zero is without end.
func (s *Server) SetBalance(m models.Money) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Balance, s.spent = m, models.Pesos(0)
}
