package sim

import (
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"pagaduria/models"
)

//go:embed pages/*.html pages/teller.css
var files embed.FS

var pages = template.Must(template.New("").ParseFS(files, "pages/*.html"))

// Handler is the whole sandbox of this rail: the API under /d24, the teller under /teller, the switches and the
// orders as JSON under /sim, and an index at /.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/d24/", http.StripPrefix("/d24", s.API()))
	mux.Handle("/teller", s.Teller())
	mux.Handle("/teller/", s.Teller())
	mux.Handle("/sim/", s.Admin())
	mux.Handle("GET /{$}", guarded(s.indexPage))
	return mux
}

// Teller is the counter's pages, at /teller and below.
func (s *Server) Teller() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /teller/teller.css", guarded(stylesheet))
	mux.Handle("GET /teller", guarded(s.counterPage))
	mux.Handle("POST /teller/orders/{id}/{act}", guarded(s.serve))
	mux.Handle("POST /teller/collect-all", guarded(s.collectAll))
	mux.Handle("GET /teller/switches", guarded(s.switchesPage))
	mux.Handle("POST /teller/switches", guarded(s.setSwitch))
	mux.Handle("POST /teller/switches/clear", guarded(s.clearSwitches))
	mux.Handle("POST /teller/reverse", guarded(s.reverse))
	mux.Handle("GET /teller/amounts", guarded(s.amountsPage))
	return http.NewCrossOriginProtection().Handler(mux)
}

// guarded sets the headers of a page: nothing but our own style sheet, in no frame.
func guarded(page http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		page(w, r)
	})
}

func stylesheet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(w, r, files, "pages/teller.css")
}

// Admin is for programs: GET /sim/orders (all, or ?external_id=), GET /sim/summary, and the fault switches as JSON at
// GET, POST and DELETE /sim/faults.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sim/orders", s.listOrders)
	mux.HandleFunc("GET /sim/summary", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Summary()) })
	mux.HandleFunc("GET /sim/faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Faults()) })
	mux.HandleFunc("DELETE /sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /sim/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&f)
		if err != nil || faultTexts[f.Kind] == "" {
			http.Error(w, "the body is not a fault", http.StatusUnprocessableEntity)
			return
		}
		s.Inject(f)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /sim/collect-all", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]int{"collected": s.CollectAll()})
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// listOrders writes an array, in slices, so that a million orders neither hold the lock nor fill the memory.
func (s *Server) listOrders(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	if key := r.URL.Query().Get("external_id"); key != "" {
		found := []Order{}
		if o, ok := s.Find(key); ok && o.ExternalID == key {
			found = append(found, o)
		}
		_ = enc.Encode(found)
		return
	}
	_, _ = w.Write([]byte("["))
	for from := 0; ; {
		part := s.slice(from, 1000)
		for i, o := range part {
			if from+i > 0 {
				_, _ = w.Write([]byte(","))
			}
			if enc.Encode(o) != nil {
				return
			}
		}
		if from += len(part); len(part) == 0 {
			break
		}
	}
	_, _ = w.Write([]byte("]\n"))
}

func (s *Server) slice(from, n int) []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
	part := make([]Order, 0, n)
	for i := from; i < len(s.orders) && i < from+n; i++ {
		part = append(part, s.orders[i].view())
	}
	return part
}

// Summary counts the orders by status.
type Summary struct {
	Orders   int            `json:"orders"`
	ByStatus map[string]int `json:"by_status"`
	Waiting  int            `json:"waiting_at_teller"`
	Spent    models.Money   `json:"-"`
	Notices  NoticeCounts   `json:"notifications"`
	Due      int            `json:"events_due_later"`
	At       time.Time      `json:"at"`
}

// Summary returns the counts now.
func (s *Server) Summary() Summary {
	waiting, _ := s.Waiting(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	by := map[string]int{}
	for status, n := range s.byState {
		by[strconv.Itoa(status)+" "+statusWords[status]] = n
	}
	return Summary{
		Orders: len(s.orders), ByStatus: by, Waiting: waiting, Spent: s.spent, Notices: s.notices,
		Due: len(s.due), At: s.opts.Now(),
	}
}
