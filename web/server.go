package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"

	"pagaduria/handlers"
	"pagaduria/services/store"
)

// server is the HTTP side of the product.
type server struct {
	cfg     config
	db      *store.DB
	h       *handlers.Handlers
	log     *slog.Logger
	metrics *metrics
	// authenticate reads the session into a handlers.Visitor; nil knows nobody.
	authenticate echo.MiddlewareFunc
}

// Time-outs and bounds of connections. A route's own limit (Route.Within) moves the deadlines of reading and writing.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 25 * time.Second
	headerBytes   = 64 << 10
)

// handler builds the router: the table of routes, each behind the same layers in the same order.
func (s *server) handler() (http.Handler, error) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.answerError
	e.IPExtractor = remoteAddress(s.cfg.TrustedProxies)
	e.Use(s.identify, s.metrics.measure, s.accessLog, s.recover, s.securityHeaders)
	people := s.locale
	if s.authenticate != nil {
		people = func(next echo.HandlerFunc) echo.HandlerFunc { return s.authenticate(s.noteStaff(s.locale(next))) }
	}
	cross := http.NewCrossOriginProtection()
	if err := cross.AddTrustedOrigin(s.cfg.BaseURL.Scheme + "://" + s.cfg.BaseURL.Host); err != nil {
		return nil, fmt.Errorf("base address: %w", err)
	}
	table := routes(s)
	s.h.Routes = routesByPermission(table)
	for _, r := range table {
		h := limit(r)(r.Handler)
		if !r.Outside {
			// Permission first: of somebody who may not, no body is read to look for a token in it.
			h = limit(r)(people(permit(r)(patient(r)(sameSite(cross)(r.Handler)))))
		}
		e.Add(r.Method, r.Path, h)
	}
	e.RouteNotFound("/*", people(func(echo.Context) error { return echo.ErrNotFound }))
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	return lean(e, compress(e)), nil
}

// listen opens the address before anything slow is done, so that a taken port is known at once.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s, choose another address with --addr: %w", addr, err)
	}
	return l, nil
}

// serve answers requests until ctx ends, then lets those at work finish.
func (s *server) serve(ctx context.Context, l net.Listener) error {
	h, err := s.handler()
	if err != nil {
		return err
	}
	srv := s.httpServer(h)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(fmt.Errorf("requests were broken off: %w", err), srv.Close())
	}
	return nil
}

// httpServer bounds what a connection may cost: nobody holds one by sending slowly, or fills memory with headers.
func (s *server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: defaultWithin, WriteTimeout: 2 * defaultWithin,
		IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}

// answerError shows pages to people and bare statuses to programs.
func (s *server) answerError(err error, c echo.Context) {
	if outside, _ := c.Get(outsideKey).(bool); !outside {
		s.h.Error(err, c)
		return
	}
	if c.Response().Committed {
		return
	}
	status := handlers.Status(err)
	if status >= http.StatusInternalServerError {
		s.log.ErrorContext(c.Request().Context(), "request failed", slog.String("route", c.Path()), slog.Any("error", err))
	}
	_ = c.String(status, http.StatusText(status)+"\n") // the other side has gone: nothing to do about it
}
