package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/static"
	"pagaduria/views/urls"
)

// Route is one line of the table: where, who may, and what answers.
type Route struct {
	Method  string
	Path    string
	Perm    models.Permission
	Handler echo.HandlerFunc

	// Door lets in who has no account, or refuses them, before a body is read; nil asks nothing.
	Door echo.MiddlewareFunc
	// Outside is for programs, not browsers: no session, no form token, no page for an error.
	Outside bool
	// Body is how many bytes a request may send; 0 = 1 MiB.
	Body int64
	// Within bounds the whole request, reading and writing included; 0 = 30 seconds.
	Within time.Duration
}

// Limits of routes that name none, and of those that take files.
const (
	defaultBody   = 1 << 20
	defaultWithin = 30 * time.Second
	uploadBody    = 512 << 20
	uploadWithin  = 15 * time.Minute
)

// routes is the whole table: there is no other place where a path meets a handler.
func routes(s *server) []Route {
	return slices.Concat(groundRoutes(s), pageRoutes(s.h), peopleRoutes(s.h))
}

// groundRoutes are answered without knowing who asks.
func groundRoutes(s *server) []Route {
	files := echo.WrapHandler(static.Handler())
	return []Route{
		{Method: http.MethodGet, Path: urls.HealthPattern, Perm: models.PermPublic, Handler: healthy, Outside: true},
		{Method: http.MethodGet, Path: urls.ReadyPattern, Perm: models.PermPublic, Handler: readiness(s.db), Outside: true},
		{Method: http.MethodGet, Path: urls.MetricsPattern, Perm: models.PermPublic, Handler: s.metrics.show(s.cfg.MetricsToken), Outside: true},
		{Method: http.MethodGet, Path: urls.StaticPattern, Perm: models.PermPublic, Handler: files, Outside: true},
		{Method: http.MethodHead, Path: urls.StaticPattern, Perm: models.PermPublic, Handler: files, Outside: true},
	}
}

// pageRoutes are the pages for people, area by area.
func pageRoutes(h *handlers.Handlers) []Route {
	return slices.Concat(
		distributorRoutes(h),
		screeningRoutes(h),
		riskRoutes(h),
		attributionRoutes(h),
		planRoutes(h),
		taxRoutes(h),
		carrierRoutes(h),
		expiryRoutes(h),
		privacyRoutes(h),
		rosRoutes(h),
		caseRoutes(h),
		reviewRoutes(h),
		payeeRoutes(h),
		documentRoutes(h),
		importRoutes(h),
		earningRoutes(h),
		moneyRoutes(h),
		failureRoutes(h),
		scheduleRoutes(h),
		railRoutes(h),
		requestRoutes(h),
		taskRoutes(h),
		exportRoutes(h),
		viewRoutes(h),
	)
}
