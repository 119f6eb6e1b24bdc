package handlers

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/staff"
	"pagaduria/views/layout"
)

// Sessions keeps gorilla sessions in staff_sessions. A ready-made store for GORM would keep an opaque blob beside
// it; here one row is the cookie, the person, their rights and a line in the list of sessions that can be ended, so
// that a request costs one query and an ended session ends at once.
//
// The cookie is the session's ID: 32 random bytes, of which the database keeps a hash. Somebody who has not signed
// in has a cookie without a row: their form tokens are made from it.
type Sessions struct {
	Staff  *staff.Service
	Secure bool // everywhere but on a loopback http address
}

// Keys of a session's values: who is signed in, and what the next page says.
const (
	signedInKey = "signed_in"
	flashKey    = "flash"
)

// Name is the cookie's name. The prefix makes browsers refuse one that another host of the domain has set.
func (s *Sessions) Name() string {
	if s.Secure {
		return "__Host-pagaduria"
	}
	return "pagaduria"
}

// Get answers the session of a request, read once.
func (s *Sessions) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session behind the cookie; without one it is new and has no ID, with an unknown cookie it is new.
func (s *Sessions) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}
	loaded, err := s.Staff.Load(r.Context(), cookie.Value)
	if errors.Is(err, staff.ErrNoSession) {
		if len(cookie.Value) == len(s.Staff.NewToken()) {
			session.ID = cookie.Value
		}
		return session, nil
	}
	if err != nil {
		return session, err
	}
	session.ID, session.IsNew = cookie.Value, false
	for k, v := range loaded.Data {
		session.Values[k] = v
	}
	if loaded.SignedIn != nil {
		session.Values[signedInKey] = *loaded.SignedIn
	}
	return session, nil
}

// Save writes what changed and the cookie. A negative MaxAge takes the cookie away; the row is ended by
// staff.SignOut.
func (s *Sessions) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if session.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	if session.ID == "" {
		session.ID = s.Staff.NewToken()
	}
	if !session.IsNew {
		kept := map[string]string{}
		for k, v := range session.Values {
			key, isKey := k.(string)
			value, isText := v.(string)
			if isKey && isText {
				kept[key] = value
			}
		}
		return s.Staff.Keep(r.Context(), session.ID, kept)
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}

// Authenticate reads the session into the Visitor of the request.
func (h *Handlers) Authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		session, err := h.session(c)
		if err != nil {
			return err
		}
		if err := h.greet(c, session); err != nil {
			return err
		}
		return next(c)
	}
}

func (h *Handlers) session(c echo.Context) (*sessions.Session, error) {
	return h.Sessions.Get(c.Request(), h.Sessions.Name())
}

// greet makes the Visitor of a session. Messages of the last request are said by the first page that follows.
func (h *Handlers) greet(c echo.Context, session *sessions.Session) error {
	v := Visitor{Theme: themeOf(c)}
	if who, ok := session.Values[signedInKey].(models.SignedIn); ok {
		v.SignedIn, v.Signed, v.Locale = who, true, who.Staff.Locale
		if who.Staff.Theme != "" {
			v.Theme = who.Staff.Theme
		}
	}
	if session.ID != "" {
		id := session.ID
		v.CSRF = h.Staff.FormToken(id)
		v.SameForm = func(sent string) bool { return h.Staff.SameFormToken(id, sent) }
	}
	if said, ok := session.Values[flashKey].(string); ok && c.Request().Method == http.MethodGet && !partial(c) {
		if err := json.Unmarshal([]byte(said), &v.Flash); err != nil {
			return err
		}
		delete(session.Values, flashKey)
		if err := session.Save(c.Request(), c.Response()); err != nil {
			return err
		}
	}
	SetVisitor(c, v)
	return nil
}

// ensureCookie gives somebody without a session a cookie, so that the form on this page can carry its token.
func (h *Handlers) ensureCookie(c echo.Context) error {
	session, err := h.session(c)
	if err != nil || session.ID != "" {
		return err
	}
	if err := session.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	return h.greet(c, session)
}

// takeUp makes the cookie that of another session: a session's token changes with every step of signing in.
func (h *Handlers) takeUp(c echo.Context, token string) error {
	session, err := h.session(c)
	if err != nil {
		return err
	}
	session.ID, session.IsNew = token, true
	return session.Save(c.Request(), c.Response())
}

// dropCookie takes the cookie away after signing out.
func (h *Handlers) dropCookie(c echo.Context) error {
	session, err := h.session(c)
	if err != nil {
		return err
	}
	session.Options.MaxAge = -1
	return session.Save(c.Request(), c.Response())
}

// flash leaves a message for the page that a redirect leads to. kind is ok, wait, bad, info or hold.
func (h *Handlers) flash(c echo.Context, kind, text string) error {
	session, err := h.session(c)
	if err != nil || session.IsNew {
		return err
	}
	var said []layout.Flash
	if before, ok := session.Values[flashKey].(string); ok {
		_ = json.Unmarshal([]byte(before), &said) // ours: unreadable messages are not worth an error
	}
	b, err := json.Marshal(append(said, layout.Flash{Kind: kind, Text: text}))
	if err != nil {
		return err
	}
	session.Values[flashKey] = string(b)
	return session.Save(c.Request(), c.Response())
}
