package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// outsideKey marks requests of programs in the echo context.
const outsideKey = "outside"

// localeCookie keeps the language of somebody who has not signed in.
const localeCookie = "lang"

// contentPolicy allows nothing inline and nothing from elsewhere; Tabler draws ticks with data URIs.
const contentPolicy = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// identify gives the request its id, for the log, the error page and the X-Request-Id header.
func (s *server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		b := make([]byte, 8)
		_, _ = rand.Read(b) // never fails: see crypto/rand
		info := &requestInfo{id: hex.EncodeToString(b)}
		c.Response().Header().Set(echo.HeaderXRequestID, info.id)
		r := c.Request()
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), requestKey{}, info)))
		return next(c)
	}
}

// accessLog writes one line a request, without its query: that may hold what people searched for.
func (s *server) accessLog(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		r, w := c.Request(), c.Response()
		if c.Path() == urls.StaticPattern && w.Status < http.StatusBadRequest {
			return nil
		}
		s.log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", r.Method), slog.String("path", loggedPath(c)),
			slog.Int("status", w.Status), slog.Int64("bytes", w.Size), slog.Duration("took", time.Since(began)), slog.String("from", c.RealIP()))
		return nil
	}
}

// loggedPath leaves tokens out: they stand in the path of one-time links.
func loggedPath(c echo.Context) string {
	if strings.Contains(c.Path(), ":token") {
		return c.Path()
	}
	return c.Request().URL.Path
}

// recover turns a panic into an internal error, so that one request fails and not the process.
func (s *server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}()
		return next(c)
	}
}

func (s *server) securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	secure := s.cfg.BaseURL.Scheme == "https"
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		return next(c)
	}
}

// limit bounds a request's body and time as its route says.
func limit(r Route) echo.MiddlewareFunc {
	body, within := r.Body, r.Within
	if body == 0 {
		body = defaultBody
	}
	if within == 0 {
		within = defaultWithin
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.Set(outsideKey, r.Outside)
			req, w := c.Request(), c.Response()
			if req.ContentLength > body {
				return echo.ErrStatusRequestEntityTooLarge
			}
			req.Body = http.MaxBytesReader(w, req.Body, body)
			ctx, cancel := context.WithTimeout(req.Context(), within)
			defer cancel()
			c.SetRequest(req.WithContext(ctx))
			return next(c)
		}
	}
}

// patient moves the connection's deadlines for a route that takes long: for whoever may use it, and not for strangers,
// who could hold connections open that way.
func patient(r Route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if r.Within <= defaultWithin {
			return next
		}
		return func(c echo.Context) error {
			// Not every writer has deadlines (those of tests do not); the context bounds the work anyway.
			deadlines := http.NewResponseController(c.Response().Writer)
			_ = deadlines.SetReadDeadline(time.Now().Add(r.Within))
			_ = deadlines.SetWriteDeadline(time.Now().Add(r.Within))
			return next(c)
		}
	}
}

// locale chooses the language: the person's, else the one kept in a cookie, else the browser's.
func (s *server) locale(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		l := i18n.Locale(handlers.VisitorFrom(c).Locale)
		if !l.Valid() {
			if kept, err := c.Cookie(localeCookie); err == nil {
				l = i18n.Locale(kept.Value)
			}
		}
		if !l.Valid() {
			l = i18n.Match(r.Header.Get("Accept-Language"))
		}
		c.SetRequest(r.WithContext(i18n.With(r.Context(), l)))
		return next(c)
	}
}

// noteStaff tells the log who makes the request.
func (s *server) noteStaff(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if info, ok := c.Request().Context().Value(requestKey{}).(*requestInfo); ok {
			info.staff = handlers.ActorFrom(c).StaffID
		}
		return next(c)
	}
}

// sameSite refuses requests that change something and were made by another site's page: by what the
// browser says of their origin, and by the token that our forms carry.
func sameSite(cross *http.CrossOriginProtection) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			switch r.Method {
			case http.MethodGet, http.MethodHead, http.MethodOptions:
				return next(c)
			}
			if err := cross.Check(r); err != nil {
				return errForged
			}
			same := handlers.VisitorFrom(c).SameForm
			if same == nil {
				return next(c)
			}
			sent, err := handlers.FormToken(c)
			if err != nil {
				return err
			}
			if !same(sent) {
				return errForged
			}
			return next(c)
		}
	}
}

var errForged = models.Refuse(models.Forbidden, "error.forged", "This form is out of date. Open the page again and send it once more.", nil)

// permit asks for the route's permission: who has not signed in goes to sign in, who may not is refused.
func permit(r Route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if r.Door != nil {
			next = r.Door(next)
		}
		return func(c echo.Context) error {
			actor := handlers.ActorFrom(c)
			switch {
			case actor.May(r.Perm):
				return next(c)
			case actor.StaffID == 0:
				return handlers.ToSignIn(c)
			}
			return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this.", nil)
		}
	}
}

// remoteAddress reads X-Forwarded-For only as far as trusted proxies wrote it.
func remoteAddress(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		_, network, err := net.ParseCIDR(p.Masked().String())
		if err == nil {
			options = append(options, echo.TrustIPRange(network))
		}
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
