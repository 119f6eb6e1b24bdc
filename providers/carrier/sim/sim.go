// Package sim is a carrier that answers what package carrier asks: late, out of order, with failures, as real ones do.
package sim

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"pagaduria/models/parcel"
)

// Server is a simulated carrier. Its zero value knows no parcel.
type Server struct {
	Token string
	Delay time.Duration // before each answer

	mu      sync.Mutex
	parcels map[string][]parcel.Event
	broken  int // how many of the next answers are 500
	asked   map[string]int
}

// Tell has something happen to a parcel.
func (s *Server) Tell(e parcel.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parcels == nil {
		s.parcels = map[string][]parcel.Event{}
	}
	s.parcels[e.Waybill] = append([]parcel.Event{e}, s.parcels[e.Waybill]...) // the newest first
}

// Break makes the next n answers fail.
func (s *Server) Break(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = n
}

// Asked is how often a parcel was asked for.
func (s *Server) Asked(waybill string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[waybill]
}

// ServeHTTP answers GET …/tracking/{waybill}.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, waybill, ok := strings.Cut(r.URL.Path, "/tracking/")
	if !ok || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+s.Token {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	select {
	case <-time.After(s.Delay):
	case <-r.Context().Done():
		return
	}
	events, status := s.answer(waybill)
	if status != http.StatusOK {
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(events) // the caller is gone when this fails
}

func (s *Server) answer(waybill string) ([]parcel.Event, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked = map[string]int{}
	}
	s.asked[waybill]++
	if s.broken > 0 {
		s.broken--
		return nil, http.StatusInternalServerError
	}
	events, known := s.parcels[waybill]
	if !known {
		return nil, http.StatusNotFound
	}
	return events, http.StatusOK
}
