package main

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"pagaduria/services/store"
)

// metrics are the product's figures for Prometheus.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	jobs     *prometheus.HistogramVec
	rails    *prometheus.HistogramVec
}

func newMetrics(db *store.DB) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: histogram("pagaduria_request_seconds", "Requests answered, by route and status.", "route", "method", "status"),
		jobs:     histogram("pagaduria_job_seconds", "Jobs ended, by kind and outcome.", "kind", "outcome"),
		rails:    histogram("pagaduria_rail_call_seconds", "Calls to payout rails, by outcome.", "rail", "call", "outcome"),
	}
	m.registry.MustRegister(m.requests, m.jobs, m.rails, databaseFigures{db},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func histogram(name, help string, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30},
	}, labels)
}

// ObserveJob counts a job that ended.
func (m *metrics) ObserveJob(kind, outcome string, took time.Duration) {
	m.jobs.WithLabelValues(kind, outcome).Observe(took.Seconds())
}

// ObserveRail counts a call to a rail.
func (m *metrics) ObserveRail(rail, call, outcome string, took time.Duration) {
	m.rails.WithLabelValues(rail, call, outcome).Observe(took.Seconds())
}

// measure counts requests by their route's pattern, so that ids do not multiply the series.
func (m *metrics) measure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		route := c.Path()
		if route == "" {
			route = "none"
		}
		status := strconv.Itoa(c.Response().Status)
		m.requests.WithLabelValues(route, methodLabel(c.Request().Method), status).Observe(time.Since(began).Seconds())
		return nil
	}
}

// methodLabel keeps invented methods from making series of their own.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// show answers /metrics to whoever bears the token; without one configured, to this machine only. What a
// proxy says about the address does not count here.
func (m *metrics) show(token Secret) echo.HandlerFunc {
	page := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return func(c echo.Context) error {
		r := c.Request()
		allowed := false
		if token != "" {
			sent, ok := strings.CutPrefix(r.Header.Get(echo.HeaderAuthorization), "Bearer ")
			allowed = ok && subtle.ConstantTimeCompare([]byte(sent), []byte(token)) == 1
		} else if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
			allowed = peer.Addr().Unmap().IsLoopback() && r.Header.Get(echo.HeaderXForwardedFor) == ""
		}
		if !allowed {
			return echo.NewHTTPError(http.StatusNotFound)
		}
		page.ServeHTTP(c.Response(), r)
		return nil
	}
}

// databaseFigures reads the pool and the payouts' tallies when Prometheus asks.
type databaseFigures struct{ db *store.DB }

var (
	poolConns    = prometheus.NewDesc("pagaduria_db_connections", "Connections of the pool.", []string{"state"}, nil)
	poolWaits    = prometheus.NewDesc("pagaduria_db_waits_total", "Times a connection had to be waited for.", nil, nil)
	payoutsState = prometheus.NewDesc("pagaduria_payouts", "Payouts by state.", []string{"state"}, nil)
	overdue      = prometheus.NewDesc("pagaduria_payouts_overdue", "Payouts that should have moved on and have not.", nil, nil)
	floatFree    = prometheus.NewDesc("pagaduria_float_free_pesos", "What is free at a rail by our books, in pesos.", []string{"connection"}, nil)
	jobsState    = prometheus.NewDesc("pagaduria_jobs_waiting", "Jobs not yet done, by state.", []string{"state"}, nil)
)

// Describe is part of prometheus.Collector.
func (databaseFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{poolConns, poolWaits, payoutsState, overdue, floatFree, jobsState} {
		ch <- d
	}
}

type stateCount struct {
	State string
	N     int64
}

const (
	payoutStatesSQL = `SELECT key, CAST(sum(n) AS bigint) FROM tallies WHERE list = 'payouts' GROUP BY key`
	overdueSQL      = `SELECT count(*) FROM payouts WHERE overdue_at < now()`
	floatSQL        = `SELECT c.slug, CAST(COALESCE(sum(f.amount), 0) / 100 AS bigint) FROM connections c LEFT JOIN float_free f ON f.connection_id = c.id GROUP BY c.slug`
	jobStatesSQL    = `SELECT CAST(state AS text), count(*) FROM river_job
WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') GROUP BY state`
)

// Collect is part of prometheus.Collector.
func (f databaseFigures) Collect(ch chan<- prometheus.Metric) {
	stat := f.db.Pool.Stat()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(poolConns, float64(stat.AcquiredConns()), "used")
	gauge(poolConns, float64(stat.IdleConns()), "idle")
	gauge(poolConns, float64(stat.MaxConns()), "most")
	ch <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var late int64
	if err := f.db.Pool.QueryRow(ctx, overdueSQL).Scan(&late); err == nil {
		gauge(overdue, float64(late))
	}
	for d, sql := range map[*prometheus.Desc]string{payoutsState: payoutStatesSQL, floatFree: floatSQL, jobsState: jobStatesSQL} {
		rows, err := store.Select[stateCount](ctx, f.db.Pool, sql)
		if err != nil {
			continue // the other figures are still worth having
		}
		for _, r := range rows {
			gauge(d, float64(r.N), r.State)
		}
	}
}
