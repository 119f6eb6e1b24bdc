// Package store opens the database and gives every service its transactions, pages and row scanning.
// GORM and pgx share one pool of connections, so that a COPY and a GORM write can be one transaction.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"pagaduria/models"
)

// DB is the one database of the product, seen through GORM and through pgx.
// Writes go through InTx; Pool serves reads that need speed.
type DB struct {
	Gorm *gorm.DB
	Pool *pgxpool.Pool
}

// Options tune Open; the zero value is what the product runs with.
type Options struct {
	MaxConns  int32         // 0 = 24
	Logger    *slog.Logger  // nil = slog.Default()
	SlowQuery time.Duration // statements slower than this are logged; 0 = 500 ms
}

const (
	defaultMaxConns  = 24
	defaultSlowQuery = 500 * time.Millisecond
)

// Open connects to the Postgres at url and answers only when it can be reached.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read database address: %w", err)
	}
	config.MaxConns = defaultMaxConns
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if config.ConnConfig.RuntimeParams["jit"] == "" {
		config.ConnConfig.RuntimeParams["jit"] = "off" // compiling a statement takes longer than any of ours gain by it
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "pagaduria"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	db, err := wrap(pool, o)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

// wrap puts GORM over the pool. pgx caches prepared statements on each connection, so GORM need not;
// transactions are always written out with InTx, so GORM opens none of its own.
func wrap(pool *pgxpool.Pool, o Options) (*DB, error) {
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: stdlib.OpenDBFromPool(pool)}), &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 newQueryLog(o),
	})
	if err != nil {
		return nil, fmt.Errorf("open gorm: %w", err)
	}
	return &DB{Gorm: g, Pool: pool}, nil
}

// Close waits for connections in use and closes them all.
func (db *DB) Close() {
	if s, err := db.Gorm.DB(); err == nil {
		_ = s.Close()
	}
	db.Pool.Close()
}

// NotFound turns GORM's "record not found" into a refusal for a person; other errors pass unchanged.
func NotFound(err error, key, message string) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.Refuse(models.NotFound, key, message, nil)
	}
	return err
}
