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
	if done, err := Current(ctx, pool); err != nil || done {
		return err
	}
	m, err := newMigrator(pool)
	if err != nil {
		return err
	}
	defer m.close()
	return m.locked(ctx, func() error {
		if done, err := Current(ctx, pool); err != nil || done {
			return err
		}
		// The queue's tables come first: a migration of ours takes two of their indexes away.
		if _, err := m.river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate job queue up: %w", err)
		}
		if _, err := m.goose.Up(ctx); err != nil {
			return fmt.Errorf("migrate up: %w", err)
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
	defer m.close()
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
	defer m.close()
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

const countAppliedSQL = `
SELECT (SELECT count(*) FROM goose_db_version WHERE version_id > 0 AND is_applied),
       (SELECT count(*) FROM river_migration WHERE line = 'main')`

// Current answers whether the schema is what this program was built for, in one short query.
func Current(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	wanted, _ := fs.Glob(files, "*.sql") // the pattern is a constant and cannot be malformed
	river, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return false, fmt.Errorf("read job queue migrations: %w", err)
	}
	var ours, theirs int
	err = pool.QueryRow(ctx, countAppliedSQL).Scan(&ours, &theirs)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "42703") { // no such table or column yet
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read schema version: %w", err)
	}
	return ours >= len(wanted) && theirs >= len(river.AllVersions()), nil
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

func (m *migrator) close() { _ = m.goose.Close() } // its handle on the pool; the pool stays open

// locked runs do while no other process migrates this database. Waiting holds no connection: others of
// the same pool may need it to finish.
func (m *migrator) locked(ctx context.Context, do func() error) error {
	for {
		conn, err := m.tryLock(ctx)
		if err != nil {
			return fmt.Errorf("lock migrations: %w", err)
		}
		if conn != nil {
			defer conn.Release()
			defer func() {
				_, _ = conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockKey)
			}()
			return do()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lock migrations: %w", ctx.Err())
		case <-time.After(lockWait):
		}
	}
}

// tryLock answers the connection that holds the lock, or nil when another process has it.
func (m *migrator) tryLock(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	var got bool
	err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lockKey).Scan(&got)
	if err == nil && got {
		return conn, nil
	}
	conn.Release()
	return nil, err
}
