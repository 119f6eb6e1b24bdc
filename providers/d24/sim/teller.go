package sim

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// page is what every page of the sandbox has.
type page struct {
	Lang   string
	Title  string
	Path   string
	Notice string // what just happened
	Failed bool   // and that it was nothing good
	Body   any
}

// T returns a text in the page's language.
func (p page) T(key string) string { return texts[key].in(p.Lang) }

// Fault says what a fault does, in the page's language.
func (p page) Fault(k FaultKind) string {
	if p.Lang == "es" {
		return faultTextsES[k]
	}
	return faultTexts[k]
}

// Money writes pesos as Colombia does: $ 1.234.567.
func (p page) Money(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	b.WriteString("$\u00a0")
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte('.')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Other is the link to this page in the other language.
func (p page) Other() string {
	if p.Lang == "es" {
		return p.Path + "?lang=en"
	}
	return p.Path + "?lang=es"
}

// language is chosen by link, remembered in a cookie, and else the browser's.
func language(w http.ResponseWriter, r *http.Request) string {
	if l := r.URL.Query().Get("lang"); l == "es" || l == "en" {
		http.SetCookie(w, &http.Cookie{Name: "teller_lang", Value: l, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 365 * 24 * 3600})
		return l
	}
	if c, err := r.Cookie("teller_lang"); err == nil && (c.Value == "es" || c.Value == "en") {
		return c.Value
	}
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en") {
		return "en"
	}
	return "es"
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, name, title string, body any) {
	p := page{Lang: language(w, r), Path: r.URL.Path, Body: body}
	p.Title = p.T(title)
	if done := r.URL.Query().Get("done"); done != "" {
		if _, ok := texts["done."+done]; ok {
			p.Notice = p.T("done." + done)
			p.Failed = done == "late" || done == "unknown"
		}
	}
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, p); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	_, _ = b.WriteTo(w)
}

// counterBody is the counter: a person's payouts when a document was typed, else some that wait.
type counterBody struct {
	Document string
	Orders   []Order
	Waiting  int
}

// counterPage is GET /teller.
func (s *Server) counterPage(w http.ResponseWriter, r *http.Request) {
	b := counterBody{Document: plainDocument(r.URL.Query().Get("document"))}
	b.Waiting, b.Orders = s.Waiting(20)
	if b.Document != "" {
		b.Orders = s.Ready(b.Document)
	}
	s.show(w, r, "counter", "counter", b)
}

// plainDocument drops what people put into a number: points, blanks, the dash of a NIT.
func plainDocument(typed string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			return c
		}
		return -1
	}, strings.ToUpper(typed))
}

// serve is POST /teller/orders/{id}/{act}: collect, refuse or expire.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	id, act := r.PathValue("id"), r.PathValue("act")
	var err error
	switch act {
	case "collect":
		err = s.Collect(id)
	case "refuse":
		code := r.PostFormValue("code")
		if code != "805" && code != "806" && code != "808" && code != "811" {
			code = "808"
		}
		err = s.Refuse(id, code)
	case "expire":
		err = s.Expire(id)
	default:
		http.NotFound(w, r)
		return
	}
	back(w, r, "/teller", result(act, err), plainDocument(r.PostFormValue("document")))
}

func result(act string, err error) string {
	switch {
	case errors.Is(err, ErrNoOrder):
		return "unknown"
	case err != nil:
		return "late"
	}
	return act
}

// back answers a form with a redirect, so that Reload does nothing twice.
func back(w http.ResponseWriter, r *http.Request, path, done, document string) {
	q := url.Values{"done": {done}}
	if document != "" {
		q.Set("document", document)
	}
	http.Redirect(w, r, path+"?"+q.Encode(), http.StatusSeeOther)
}

// collectAll is POST /teller/collect-all.
func (s *Server) collectAll(w http.ResponseWriter, r *http.Request) {
	s.CollectAll()
	back(w, r, "/teller", "all", "")
}

type switchesBody struct {
	Kinds  []FaultKind
	Ops    []Op
	Faults []Fault
}

// switchesPage is GET /teller/switches: fault switches and reversals.
func (s *Server) switchesPage(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, "switches", "switches", switchesBody{FaultKinds, []Op{OpCreate, OpStatus, OpHold, OpCancel}, s.Faults()})
}

// setSwitch is POST /teller/switches.
func (s *Server) setSwitch(w http.ResponseWriter, r *http.Request) {
	f := Fault{Kind: FaultKind(r.PostFormValue("kind")), Op: Op(r.PostFormValue("op")), Reference: strings.TrimSpace(r.PostFormValue("reference"))}
	times, err := strconv.Atoi(r.PostFormValue("times"))
	if err != nil || faultTexts[f.Kind] == "" {
		back(w, r, "/teller/switches", "unknown", "")
		return
	}
	f.Times = times
	if seconds, err := strconv.Atoi(r.PostFormValue("seconds")); err == nil {
		f.Delay = time.Duration(seconds) * time.Second
	}
	s.Inject(f)
	back(w, r, "/teller/switches", "set", "")
}

// clearSwitches is POST /teller/switches/clear.
func (s *Server) clearSwitches(w http.ResponseWriter, r *http.Request) {
	s.ClearFaults()
	back(w, r, "/teller/switches", "cleared", "")
}

// reverse is POST /teller/reverse.
func (s *Server) reverse(w http.ResponseWriter, r *http.Request) {
	err := s.Reverse(strings.TrimSpace(r.PostFormValue("key")))
	back(w, r, "/teller/switches", result("reverse", err), "")
}

// magicRow is one row of the table of magic amounts.
type magicRow struct {
	Pesos int64
	Code  string
	Does  string
}

// amountsPage is GET /teller/amounts.
func (s *Server) amountsPage(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, "amounts", "amounts", magicRows())
}

func magicRows() []magicRow {
	rows := make([]magicRow, len(magics))
	for i, m := range magics {
		code := strconv.Itoa(m.Code)
		rows[i] = magicRow{pesos(m.Amount), strings.Repeat("0", 3-len(code)) + code, m.Does}
	}
	return rows
}

type indexBody struct {
	Summary Summary
	Login   string
	Amounts []magicRow
}

// indexPage is GET /: what the sandbox offers.
func (s *Server) indexPage(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, "index", "sandbox", indexBody{s.Summary(), s.opts.Login, magicRows()})
}
