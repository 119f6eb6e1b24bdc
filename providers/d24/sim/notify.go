package sim

import (
	"container/heap"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	notifiers  = 16 // notifications under way at once
	maxRetries = 5  // documented: up to 5 retries until a 2xx
)

// notice is one notification on its way.
type notice struct {
	url     string
	body    string
	retries int
}

// outbox is a queue of notices ready to go.
type outbox struct {
	waiting []notice
	head    int
}

func (q *outbox) push(n notice) { q.waiting = append(q.waiting, n) }

func (q *outbox) pop() (notice, bool) {
	if q.head == len(q.waiting) {
		q.waiting, q.head = q.waiting[:0], 0
		return notice{}, false
	}
	n := q.waiting[q.head]
	q.waiting[q.head] = notice{}
	q.head++
	return n, true
}

func notifyClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = notifiers
	return &http.Client{
		Transport: t, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// notify makes the notification of an order's change and sends it on its way, or what the order's fault makes of it.
func (s *Server) notify(o *order) {
	if o.notifyURL == "" {
		return
	}
	n := notice{url: o.notifyURL, body: s.form(o)}
	switch o.notices {
	case NoticesDropped:
		s.notices.Dropped++
		return
	case NoticesDoubled:
		s.send(n)
	case NoticesSwapped:
		if o.withheld == nil && o.status == Delivered {
			o.withheld = &n
			return
		}
	}
	s.send(n)
	if o.withheld != nil {
		s.send(*o.withheld)
		o.withheld = nil
	}
}

// form is the documented body. It carries no status: whoever gets it must ask.
func (s *Server) form(o *order) string {
	reason := ""
	if o.status == Rejected {
		reason = rejectionText(o.code)
	}
	return url.Values{
		"date":              {o.changed.UTC().Format("2006-01-02 15:04:05")},
		"bank_reference_id": {""},
		"comments":          {""},
		"external_id":       {o.ref},
		"control":           {control(s.opts.Signature, o.ref)},
		"cashout_id":        {strconv.FormatInt(o.id, 10)},
		"status_reason":     {reason},
	}.Encode()
}

// control is what a notification is signed with: upper-case hex HMAC-SHA256 of "Be4" + external_id + "Bo7".
func control(key, externalID string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("Be4" + externalID + "Bo7"))
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}

func (s *Server) send(n notice) {
	s.outbox.push(n)
	s.wake.Signal()
}

// notifier delivers until the server closes.
func (s *Server) notifier() {
	for {
		s.mu.Lock()
		n, ok := s.outbox.pop()
		for !ok && s.ctx.Err() == nil {
			s.wake.Wait()
			n, ok = s.outbox.pop()
		}
		s.mu.Unlock()
		if s.ctx.Err() != nil {
			return
		}
		s.deliver(n)
	}
}

// deliver tries once; without a 2xx the next try is due after the back-off.
func (s *Server) deliver(n notice) {
	ok := s.post(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ok:
		s.notices.Delivered++
	case n.retries == maxRetries:
		s.notices.GivenUp++
	default:
		s.notices.Retried++
		wait := s.opts.Backoff(n.retries)
		n.retries++
		heap.Push(&s.due, event{at: s.opts.Now().Add(wait), notice: &n})
	}
}

func (s *Server) post(n notice) bool {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, n.url, strings.NewReader(n.body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "D24-Simulator/1")
	resp, err := s.opts.Notify.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	return resp.StatusCode/100 == 2
}
