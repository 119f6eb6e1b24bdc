package sim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"pagaduria/models"
)

// maxBody bounds a request; a full create has about 1 KB.
const maxBody = 64 << 10

// answer is what the API answers with: JSON already written.
type answer struct {
	status int
	body   []byte
}

// problem is an error answer of the documented shape.
func problem(status, code int, message string) answer {
	body, _ := json.Marshal(struct { // strings and numbers always marshal
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{code, message})
	return answer{status, body}
}

var (
	underage     = answer{http.StatusPreconditionFailed, []byte(`{"code":504,"message":"User unauthorized due to cadastral situation.","reason":"Underage user detected","reason_code":105}`)}
	notFound     = problem(http.StatusPreconditionFailed, 509, "Cashout not found with this ID")
	noTransition = problem(http.StatusPreconditionFailed, 510, "Invalid status transition")
)

// API is the documented API at its documented paths, /v3/….
func (s *Server) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/cashout", s.endpoint(OpCreate, s.create))
	mux.HandleFunc("POST /v3/cashout/status", s.endpoint(OpStatus, s.status))
	mux.HandleFunc("PUT /v3/cashout/status", s.endpoint(OpHold, s.hold))
	mux.HandleFunc("DELETE /v3/cashout/cancel", s.endpoint(OpCancel, s.cancel))
	return mux
}

// endpoint does what all four have in common: read, check who asks, and go wrong when a fault switch says so.
func (s *Server) endpoint(op Op, do func(*request, Fault) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			write(w, problem(http.StatusBadRequest, 502, "Malformed JSON"))
			return
		}
		var req request
		if refused, ok := s.admit(r, body, &req); !ok {
			write(w, refused)
			return
		}
		f := s.fault(op, &req)
		if f.before(s, w, r) {
			return
		}
		a := do(&req, f)
		if f.after(s, w, r) {
			return
		}
		write(w, a)
	}
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// admit checks form, credentials, address and signature, in this order.
func (s *Server) admit(r *http.Request, body []byte, req *request) (answer, bool) {
	switch err := parse(body, req); {
	case errors.As(err, new(*json.UnmarshalTypeError)):
		return problem(http.StatusBadRequest, 300, strings.TrimPrefix(err.Error(), "json: ")), false
	case err != nil:
		return problem(http.StatusBadRequest, 502, "Malformed JSON"), false
	case r.UserAgent() == "":
		return problem(http.StatusBadRequest, 300, "User-Agent: missing header"), false
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return problem(http.StatusBadRequest, 300, "Content-Type: must be application/json"), false
	case req.Login != s.opts.Login || req.Pass != s.opts.Pass:
		return problem(http.StatusUnauthorized, 401, "Invalid credentials"), false
	case !s.allowed(r.RemoteAddr):
		return problem(http.StatusUnauthorized, 402, "Invalid IP address"), false
	case !s.signed(r.Header.Get("Payload-Signature"), body):
		return problem(http.StatusPreconditionFailed, 302, "Invalid signature"), false
	}
	return answer{}, true
}

// parse reads one JSON object and nothing behind it.
func parse(body []byte, req *request) error {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("not an object")
	}
	return json.Unmarshal(body, req)
}

func (s *Server) allowed(remote string) bool {
	if len(s.opts.Allow) == 0 {
		return true
	}
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.opts.Allow {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// signed checks the signature over exactly the bytes received; documented is lower-case hex.
func (s *Server) signed(signature string, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(s.opts.Signature))
	mac.Write(body)
	return hmac.Equal([]byte(signature), []byte(hex.EncodeToString(mac.Sum(nil))))
}

// create is POST /v3/cashout.
func (s *Server) create(req *request, f Fault) answer {
	if a, ok := s.check(req); !ok {
		return a
	}
	amount, err := req.amount()
	if err != nil {
		return problem(http.StatusBadRequest, 300, "amount: Invalid or missing amount")
	}
	magic := magicOf(amount)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	if o := s.byRef[req.ExternalID]; o != nil {
		o.tries++
		return problem(http.StatusPreconditionFailed, 511, "External ID already used")
	}
	if m := magicByCode[max(0, magic)]; m.create != 0 {
		if m.Code == 504 {
			return underage
		}
		return problem(m.create, m.Code, m.text)
	}
	if s.opts.Balance.Positive() && s.spent.Add(amount).Minor > s.opts.Balance.Minor {
		return problem(http.StatusPreconditionFailed, 514, "Insufficient funds")
	}
	o := s.accept(req, amount, magic, f)
	return answer{http.StatusOK, strconv.AppendInt([]byte(`{"cashout_id":"`), o.id, 10)}.closed(`"}`)
}

func (a answer) closed(end string) answer {
	a.body = append(a.body, end...)
	return a
}

// accept keeps the order. The caller holds s.mu.
func (s *Server) accept(req *request, amount models.Money, magic int, f Fault) *order {
	now := s.opts.Now()
	o := &order{
		id: firstID + int64(len(s.orders)), ref: req.ExternalID, amount: amount, bank: req.BankCode,
		docType: req.DocumentType, doc: req.DocumentID, name: strings.TrimSpace(req.Name + " " + req.Lastname),
		notifyURL: req.NotificationURL, tries: 1, created: now, changed: now, magic: magic,
	}
	if o.notifyURL == "" {
		o.notifyURL = s.opts.NotificationURL
	}
	if req.OnHold || magic == magicOnHold {
		o.status = OnHold
	}
	switch f.Kind {
	case NoticesDropped, NoticesDoubled, NoticesSwapped:
		o.notices = f.Kind
	}
	s.add(o)
	s.journal.created(o)
	s.schedule(o)
	return o
}

// status is POST /v3/cashout/status.
func (s *Server) status(req *request, _ Fault) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	o := s.named(req)
	if o == nil {
		return notFound
	}
	return statusAnswer(o)
}

// named finds the order a request is about. Given both ids, they must be of the same order.
func (s *Server) named(req *request) *order {
	id := req.cashoutID()
	if id == "" {
		return s.byRef[req.ExternalID]
	}
	o := s.findID(id)
	if o != nil && req.ExternalID != "" && o.ref != req.ExternalID {
		return nil
	}
	return o
}

func statusAnswer(o *order) answer {
	b := strconv.AppendInt([]byte(`{"cashout_status":`), int64(o.status), 10)
	b = append(b, `,"cashout_status_description":"`...)
	b = append(b, statusWords[o.status]...)
	b = append(b, '"')
	if o.status == Rejected {
		b = append(b, `,"rejection_code":`+o.code+`,"rejection_reason":"`+rejectionText(o.code)+`"`...)
	}
	return answer{http.StatusOK, append(b, '}')}
}

// hold is PUT /v3/cashout/status: ON_HOLD stops a pending cashout, PENDING lets a held one go on.
func (s *Server) hold(req *request, _ Fault) answer {
	if req.cashoutID() == "" {
		return problem(http.StatusBadRequest, 300, "cashoutId: Invalid or missing cashout id")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	o := s.named(req)
	switch {
	case o == nil:
		return notFound
	case req.Status != "ON_HOLD" && req.Status != "PENDING":
		return problem(http.StatusBadRequest, 300, "status: Invalid or missing status")
	case req.Status == "ON_HOLD" && o.status == Pending:
		s.move(o, OnHold, "", s.opts.Now())
	case req.Status == "PENDING" && o.status == OnHold:
		s.move(o, Pending, "", s.opts.Now())
	default:
		return noTransition
	}
	return statusAnswer(o)
}

// cancel is DELETE /v3/cashout/cancel: only while pending.
func (s *Server) cancel(req *request, _ Fault) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	o := s.named(req)
	switch {
	case o == nil:
		return notFound
	case o.status != Pending:
		return noTransition
	}
	s.move(o, Cancelled, "", s.opts.Now())
	return statusAnswer(o)
}
