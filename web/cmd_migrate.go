package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"pagaduria/migrations"
)

var migrateCommand = command{name: "migrate", args: "up|down|status", says: "brings the database schema up, one step down, or lists it", run: runMigrate}

func runMigrate(ctx context.Context, t *terminal, args []string) (err error) {
	words, err := flags("migrate", args, nil)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "up" && words[0] != "down" && words[0] != "status" {
		return usageError{"migrate takes one of up, down and status."}
	}
	cfg, err := loadConfig(t.env, "")
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg, slog.New(slog.DiscardHandler), func(s string) { fmt.Fprintln(t.err, s) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	switch words[0] {
	case "up":
		err = migrations.Up(ctx, db.Pool)
	case "down":
		err = migrations.Down(ctx, db.Pool)
	}
	if err != nil {
		return err
	}
	return showMigrations(ctx, t, db)
}

func showMigrations(ctx context.Context, t *terminal, db *database) error {
	steps, err := migrations.Status(ctx, db.Pool)
	if err != nil {
		return err
	}
	for _, s := range steps {
		at := "not applied"
		if !s.AppliedAt.IsZero() {
			at = s.AppliedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(t.out, "%-24s %s\n", s.Name, at)
	}
	return nil
}
