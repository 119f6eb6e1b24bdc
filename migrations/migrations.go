// Package migrations holds the schema of the product as numbered SQL files and brings a database up to
// date with them and with the tables of the job queue.
package migrations

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed *.sql
var files embed.FS

// lockKey is the advisory lock under which one process at a time migrates.
const lockKey = 7249318852

// lockWait is how often a waiting process asks for the lock. It asks instead of queueing in Postgres,
// because a waiting statement would hold up an index that is built concurrently.
const lockWait = 50 * time.Millisecond

// Migration is one step of the schema as Status shows it.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero when it has not been applied
}

// Up brings the schema up to date. When it already is, one short query is all that happens; processes
// that start together wait for each other.
func Up(ctx context.Context, pool *pgxpool.Pool) error {
	m, err := newMigrator(pool)
	if err != nil {
		return err
	}
	if done, err := m.current(ctx); err != nil || done {
		return err
	}
	return m.locked(ctx, func() error {
		if done, err := m.current(ctx); err != nil || done {
			return err
		}
		if _, err := m.goose.Up(ctx); err != nil {
			return fmt.Errorf("migrate up: %w", err)
		}
		if _, err := m.river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate job queue up: %w", err)
		}
		return nil
	})
}

// Down takes the newest migration back; with the first one the tables of the job queue go too.
func Down(ctx context.Context, pool *pgxpool.Pool) error {
	m, err := newMigrator(pool)
	if err != nil {
		return err
	}
	return m.locked(ctx, func() error {
		if _, err := m.goose.Down(ctx); err != nil {
			return fmt.Errorf("migrate down: %w", err)
		}
		version, err := m.goose.GetDBVersion(ctx)
		if err != nil || version > 0 {
			return err
		}
		_, err = m.river.Migrate(ctx, rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: -1})
		if err != nil {
			return fmt.Errorf("migrate job queue down: %w", err)
		}
		return nil
	})
}

// Status lists every migration with the time it was applied.
func Status(ctx context.Context, pool *pgxpool.Pool) ([]Migration, error) {
	m, err := newMigrator(pool)
	if err != nil {
		return nil, err
	}
	steps, err := m.goose.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read migration status: %w", err)
	}
	list := make([]Migration, len(steps))
	for i, s := range steps {
		list[i] = Migration{Version: s.Source.Version, Name: s.Source.Path, AppliedAt: s.AppliedAt}
	}
	return list, nil
}

// Current answers whether the schema is what this program was built for.
func Current(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	m, err := newMigrator(pool)
	if err != nil {
		return false, err
	}
	return m.current(ctx)
}

// Hash names the schema that Up makes; it changes with any migration of ours or of the job queue.
func Hash() string {
	h := sha256.New()
	names, _ := fs.Glob(files, "*.sql") // the pattern is a constant and cannot be malformed
	for _, name := range names {
		text, _ := files.ReadFile(name)
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	if m, err := rivermigrate.New(riverpgxv5.New(nil), nil); err == nil {
		for _, step := range m.AllVersions() {
			fmt.Fprintf(h, "river %d\n%s", step.Version, step.SQLUp)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

type migrator struct {
	pool  *pgxpool.Pool
	goose *goose.Provider
	river *rivermigrate.Migrator[pgx.Tx]
}

func newMigrator(pool *pgxpool.Pool) (*migrator, error) {
	quiet := slog.New(slog.DiscardHandler)
	g, err := goose.NewProvider(goose.DialectPostgres, stdlib.OpenDBFromPool(pool), files,
		goose.WithSlog(quiet), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	r, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("read job queue migrations: %w", err)
	}
	return &migrator{pool: pool, goose: g, river: r}, nil
}

const countAppliedSQL = `
SELECT (SELECT count(*) FROM goose_db_version WHERE version_id > 0 AND is_applied),
       (SELECT count(*) FROM river_migration WHERE line = 'main')`

// current compares how many steps are applied with how many there are.
func (m *migrator) current(ctx context.Context) (bool, error) {
	var ours, river int
	err := m.pool.QueryRow(ctx, countAppliedSQL).Scan(&ours, &river)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "42703") { // no such table or column yet
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read schema version: %w", err)
	}
	return ours >= len(m.goose.ListSources()) && river >= len(m.river.AllVersions()), nil
}

// locked runs do while no other process migrates this database.
func (m *migrator) locked(ctx context.Context, do func() error) error {
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	defer conn.Release()
	for {
		var got bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lockKey).Scan(&got); err != nil {
			return fmt.Errorf("lock migrations: %w", err)
		}
		if got {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lock migrations: %w", ctx.Err())
		case <-time.After(lockWait):
		}
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockKey)
	}()
	return do()
}
