// Package webhooks takes in what rails notify: every notification is checked, stored raw and durable before it is
// acknowledged, and worked on afterwards in a job. A notification is only a hint: the rail is asked for the status.
package webhooks

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
)

// Service takes notifications in and works on them. Start it before use.
type Service struct {
	DB      *store.DB
	Payouts *payouts.Service
	Now     func() time.Time

	intake intake
	known  knownRails
}

// Delivery is a notification as it arrived.
type Delivery struct {
	Rail, Slug string
	Header     http.Header
	Body       []byte
	TooLarge   bool // the body was cut off at MaxBody
	Remote     string
}

// MaxBody is the largest notification that is taken; D24's are below 1 KB.
const MaxBody = 64 << 10

// rejectedBody is how much of a rejected body is kept: enough to explain it, too little to fill the disk.
const rejectedBody = 2 << 10

// Verdict is what became of a notification on arrival.
type Verdict string

// The verdicts. Duplicates are kept, and not worked on again.
const (
	Accepted  Verdict = "accepted"
	Duplicate Verdict = "duplicate"
	Rejected  Verdict = "rejected"
)

// Reason is why a notification was rejected.
type Reason string

// The reasons.
const (
	ReasonSignature  Reason = "bad_signature"
	ReasonTooLarge   Reason = "too_large"
	ReasonConnection Reason = "unknown_connection"
)

// Receive checks a notification and stores it, accepted or rejected. When it returns without an error, the event is
// on disk.
func (s *Service) Receive(ctx context.Context, d Delivery) (Verdict, Reason, error) {
	e := event{rail: d.Rail, remote: d.Remote, headers: headersOf(d.Header), body: d.Body, verdict: Accepted}
	connection, rail, err := s.known.find(ctx, s.Payouts, d.Rail, d.Slug)
	switch {
	case models.KindOf(err) == models.NotFound:
		e.reject(ReasonConnection)
	case err != nil:
		return "", "", err
	default:
		e.connection = connection.ID
		if d.TooLarge {
			e.reject(ReasonTooLarge)
			break
		}
		n, err := rail.Authenticate(d.Header, d.Body)
		if err != nil {
			e.reject(ReasonSignature)
			break
		}
		e.reference, e.railID = n.Reference, n.RailID
	}
	e.hash = sha256.Sum256(e.body)
	return s.intake.store(ctx, e)
}

// event is a row of webhook_events on its way in.
type event struct {
	connection int64 // 0 when unknown
	rail       string
	remote     string
	headers    string
	body       []byte
	hash       [32]byte
	verdict    Verdict
	reason     Reason
	reference  string
	railID     string
}

func (e *event) reject(why Reason) {
	e.verdict, e.reason = Rejected, why
	e.body = e.body[:min(len(e.body), rejectedBody)]
}

// keptHeaders are those that help support; authorisation and cookies are never kept.
var keptHeaders = []string{"Content-Type", "User-Agent", "X-Request-Id", "X-Forwarded-For"}

func headersOf(h http.Header) string {
	kept := make(map[string]string, len(keptHeaders))
	for _, name := range keptHeaders {
		if v := h.Get(name); v != "" {
			kept[name] = v[:min(len(v), 256)]
		}
	}
	b, _ := json.Marshal(kept) // a map of strings always marshals
	return string(b)
}

// knownRails remembers which adapter an address names for a second, so that a burst does not ask the database each
// time. A changed signature therefore counts within a second.
type knownRails struct {
	mu    sync.Mutex
	rails map[string]knownRail
}

type knownRail struct {
	connection models.Connection
	provider   providers.Provider
	until      time.Time
}

const knownFor = time.Second

func (k *knownRails) find(ctx context.Context, s *payouts.Service, rail, slug string) (models.Connection, providers.Provider, error) {
	key := rail + "/" + slug
	k.mu.Lock()
	known, ok := k.rails[key]
	k.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return known.connection, known.provider, nil
	}
	connection, err := s.ConnectionBySlug(ctx, rail, slug)
	if err != nil {
		return connection, nil, err
	}
	connection, provider, err := s.Rail(ctx, connection.ID)
	if err != nil {
		return connection, nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.rails == nil {
		k.rails = map[string]knownRail{}
	}
	k.rails[key] = knownRail{connection, provider, time.Now().Add(knownFor)}
	return connection, provider, nil
}
