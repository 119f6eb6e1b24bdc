package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"pagaduria/migrations"
	"pagaduria/services/store"
	"pagaduria/services/store/localpg"
)

// database is the open database and, when it is embedded, the server it runs on.
type database struct {
	*store.DB
	local *localpg.Server
}

// embeddedName is the database of the embedded Postgres.
const embeddedName = "pagaduria"

// openDatabase connects to the configured server, or starts or joins the embedded one.
func openDatabase(ctx context.Context, c config, log *slog.Logger, say func(string)) (*database, error) {
	d := &database{}
	address := string(c.DatabaseURL)
	if c.embedded() {
		local, err := localpg.Start(ctx, c.DataDir, localpg.Options{Say: say})
		if err != nil {
			return nil, err
		}
		d.local, address = local, local.URL(embeddedName)
		if err := local.Database(ctx, embeddedName); err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	db, err := store.Open(ctx, address, store.Options{Logger: log})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the database cannot be used: %w", err), d.close())
	}
	d.DB = db
	return d, nil
}

// openMigrated is openDatabase with the schema brought up to date.
func openMigrated(ctx context.Context, c config, log *slog.Logger, say func(string)) (*database, error) {
	d, err := openDatabase(ctx, c, log, say)
	if err != nil {
		return nil, err
	}
	if err := migrations.Up(ctx, d.Pool); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// close ends the connections, and the embedded server when nobody else uses it.
func (d *database) close() error {
	if d.DB != nil {
		d.DB.Close()
	}
	if d.local != nil {
		return d.local.Stop()
	}
	return nil
}
