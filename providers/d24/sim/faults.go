package sim

import (
	"net/http"
	"slices"
	"time"
)

// FaultKind is a way the rail misbehaves.
type FaultKind string

// The faults. "Before" is before the order exists, "after" once it does.
const (
	Delay          FaultKind = "delay"
	TimeoutBefore  FaultKind = "timeout_before"
	TimeoutAfter   FaultKind = "timeout_after"
	ErrorBefore    FaultKind = "error_before"
	ErrorAfter     FaultKind = "error_after"
	DropBefore     FaultKind = "drop_before"
	DropAfter      FaultKind = "drop_after"
	Garbage        FaultKind = "garbage"
	NoticesDropped FaultKind = "notices_dropped"
	NoticesDoubled FaultKind = "notices_doubled"
	NoticesSwapped FaultKind = "notices_swapped"
)

// FaultKinds lists every fault in the order pages show them.
var FaultKinds = []FaultKind{Delay, TimeoutBefore, TimeoutAfter, ErrorBefore, ErrorAfter, DropBefore, DropAfter,
	Garbage, NoticesDropped, NoticesDoubled, NoticesSwapped}

var faultTexts = map[FaultKind]string{
	Delay:          "answers after a delay",
	TimeoutBefore:  "no answer, nothing accepted",
	TimeoutAfter:   "accepted, but no answer",
	ErrorBefore:    "500, nothing accepted",
	ErrorAfter:     "accepted, but 500",
	DropBefore:     "connection dropped, nothing accepted",
	DropAfter:      "accepted, but the connection dropped",
	Garbage:        "accepted, but the answer is not JSON",
	NoticesDropped: "its notifications are lost",
	NoticesDoubled: "its notifications come twice",
	NoticesSwapped: "its notifications come in the wrong order",
}

// Op is an endpoint a fault is for.
type Op string

// The operations.
const (
	OpCreate Op = "create"
	OpStatus Op = "status"
	OpHold   Op = "hold" // and release
	OpCancel Op = "cancel"
)

// Fault is a switch: the next Times requests of Op (create when empty), of one reference or of any, go wrong.
type Fault struct {
	Kind      FaultKind     `json:"kind"`
	Op        Op            `json:"op"`
	Times     int           `json:"times"` // 0 is once, below 0 until cleared
	Reference string        `json:"reference,omitempty"`
	Delay     time.Duration `json:"delay_ns,omitempty"` // of Delay; 0 is 2 s
}

// Inject sets a fault switch. Earlier ones go first.
func (s *Server) Inject(f Fault) {
	if f.Op == "" {
		f.Op = OpCreate
	}
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Delay <= 0 {
		f.Delay = 2 * time.Second
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Faults returns the switches still set.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := make([]Fault, len(s.faults))
	for i, f := range s.faults {
		set[i] = *f
	}
	return set
}

// ClearFaults takes all switches back.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault returns the fault this request meets, by switch or by magic amount; the zero Fault is none.
func (s *Server) fault(op Op, req *request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Op != op || f.Reference != "" && f.Reference != req.ExternalID {
			continue
		}
		taken := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		return taken
	}
	if op == OpCreate {
		return s.magicFault(req)
	}
	return Fault{}
}

// magicFault lets a fault strike the first create of a reference only: when nothing was accepted the next one must
// be able to succeed.
func (s *Server) magicFault(req *request) Fault {
	amount, err := req.amount()
	if err != nil {
		return Fault{}
	}
	kind := magicByCode[max(0, magicOf(amount))].fault
	if kind == "" || s.byRef[req.ExternalID] != nil {
		return Fault{}
	}
	if kind == TimeoutBefore || kind == ErrorBefore || kind == DropBefore {
		if s.struck == nil {
			s.struck = map[string]bool{}
		}
		if s.struck[req.ExternalID] {
			return Fault{}
		}
		s.struck[req.ExternalID] = true
	}
	return Fault{Kind: kind, Delay: 2 * time.Second}
}

// before strikes ahead of the work and answers whether the request is over.
func (f Fault) before(s *Server, w http.ResponseWriter, r *http.Request) bool {
	switch f.Kind {
	case Delay:
		s.hang(r, f.Delay)
	case TimeoutBefore:
		s.hang(r, s.opts.Hang)
		panic(http.ErrAbortHandler)
	case ErrorBefore:
		w.WriteHeader(http.StatusInternalServerError)
		return true
	case DropBefore:
		panic(http.ErrAbortHandler)
	}
	return false
}

// after strikes when the work is done and answers whether the request is over.
func (f Fault) after(s *Server, w http.ResponseWriter, r *http.Request) bool {
	switch f.Kind {
	case TimeoutAfter:
		s.hang(r, s.opts.Hang)
		panic(http.ErrAbortHandler)
	case ErrorAfter:
		w.WriteHeader(http.StatusInternalServerError)
		return true
	case DropAfter:
		panic(http.ErrAbortHandler)
	case Garbage:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>Service temporarily"))
		return true
	}
	return false
}

// hang keeps a request until the time is over, the caller gives up or the sandbox closes.
func (s *Server) hang(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
}
