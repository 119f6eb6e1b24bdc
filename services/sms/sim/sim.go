// Package sim is an SMS gateway of the kind that package sms speaks to, with no telephone behind it: what it was given
// can be read on a page. Tests and the demo send to it over HTTP.
package sim

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Token opens the simulated gateway; it protects nothing.
const Token = "sandbox-sms-token"

// Message is one SMS as it would reach a phone.
type Message struct {
	Number string
	ID     string
	To     string
	From   string
	Text   string
	At     time.Time
}

// Fault is what happens to one request.
type Fault string

// The faults. Lost takes the message and does not say so.
const (
	Refuse Fault = "refuse"
	Busy   Fault = "busy"
	Lost   Fault = "lost"
	Down   Fault = "down" // a failure before anything was taken, which looks the same
)

// kept is how many messages the page remembers.
const kept = 200

// Gateway is one simulated gateway. All methods are safe for concurrent use.
type Gateway struct {
	mu       sync.Mutex
	messages []Message
	faults   []Fault
	asked    int
}

// Inject lets these things happen to the next requests, one each.
func (g *Gateway) Inject(faults ...Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, faults...)
}

// Messages are what reached a phone, oldest first.
func (g *Gateway) Messages() []Message {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.messages)
}

// Asked is how many requests came.
func (g *Gateway) Asked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

// Handler takes messages at POST /sms/messages and shows them at GET /sms.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sms/messages", g.take)
	mux.HandleFunc("GET /sms", g.show)
	return mux
}

// take keeps one message. One whose id it has is answered as before and reaches nobody again.
func (g *Gateway) take(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+Token {
		http.Error(w, "wrong token", http.StatusUnauthorized)
		return
	}
	var m struct{ ID, To, From, Text string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&m); err != nil || m.To == "" || m.Text == "" {
		http.Error(w, "id, to and text are needed", http.StatusUnprocessableEntity)
		return
	}
	status, number := g.keep(Message{ID: m.ID, To: m.To, From: m.From, Text: m.Text, At: time.Now()})
	if status != http.StatusCreated {
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"id": number})
}

func (g *Gateway) keep(m Message) (status int, number string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	var fault Fault
	if len(g.faults) > 0 {
		fault, g.faults = g.faults[0], g.faults[1:]
	}
	switch fault {
	case Refuse:
		return http.StatusUnprocessableEntity, ""
	case Busy:
		return http.StatusTooManyRequests, ""
	case Down:
		return http.StatusInternalServerError, ""
	}
	for _, known := range g.messages {
		if known.ID == m.ID {
			return http.StatusCreated, known.Number
		}
	}
	m.Number = fmt.Sprintf("sms-%06d", g.asked)
	g.messages = append(g.messages, m)
	if len(g.messages) > kept {
		g.messages = g.messages[1:]
	}
	if fault == Lost {
		return http.StatusInternalServerError, ""
	}
	return http.StatusCreated, m.Number
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="es"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>SMS</title><h1>SMS</h1>{{range .}}<article><h2>{{.To}}</h2><p>{{.Text}}</p><p><small>{{.From}} · {{.At.Format "2006-01-02 15:04:05"}} · {{.Number}}</small></p></article>{{else}}<p>–</p>{{end}}</html>`))

func (g *Gateway) show(w http.ResponseWriter, _ *http.Request) {
	list := g.Messages()
	slices.Reverse(list)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	_ = page.Execute(w, list)
}
