package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/migrations"
	"pagaduria/services/store"
)

// healthy answers that the process is up; it asks nobody else.
func healthy(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readiness answers whether database, migrations and queue are usable.
func readiness(db *store.DB) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
		defer cancel()
		if err := ready(ctx, db); err != nil {
			return c.String(http.StatusServiceUnavailable, sentence(err)+"\n")
		}
		return c.String(http.StatusOK, "ready\n")
	}
}

// ready names the first thing that is not usable, without the details an outsider need not know.
func ready(ctx context.Context, db *store.DB) error {
	current, err := migrations.Current(ctx, db.Pool)
	switch {
	case err != nil:
		return fmt.Errorf("the database does not answer")
	case !current:
		return fmt.Errorf("the database schema is not up to date: run pagaduria migrate up")
	}
	var usable bool
	if err := db.Pool.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM river_job WHERE id < 0)`).Scan(&usable); err != nil || !usable {
		return fmt.Errorf("the job queue is not usable")
	}
	return nil
}
