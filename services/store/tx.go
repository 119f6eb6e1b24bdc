package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// maxTries is how often a transaction runs in all when Postgres breaks it off for the sake of another one.
const maxTries = 4

// pinned is a transaction together with the connection it runs on, so that a part of it can speak
// pgx directly. GORM carries it as its connection pool.
type pinned struct {
	*sql.Tx
	conn *sql.Conn
}

// InTx runs do in one transaction: committed when it returns nil, rolled back on an error or a panic.
// After a deadlock or serialization failure the whole of do runs again, up to three times, so it must
// not change anything outside the database. Inside, only tx may be used.
func (db *DB) InTx(ctx context.Context, do func(tx *gorm.DB) error) error {
	for try := 1; ; try++ {
		err := db.once(ctx, do)
		if err == nil || try == maxTries || !brokenOff(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(try*try) * 5 * time.Millisecond):
		}
	}
}

// CopyFrom streams rows into a table by COPY and answers how many went in.
type CopyFrom func(table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error)

// InCopyTx is InTx with COPY at hand: what copy writes is part of the same transaction. A source that is
// read only once must not be used where do may run again: open it inside do.
func (db *DB) InCopyTx(ctx context.Context, do func(tx *gorm.DB, copyFrom CopyFrom) error) error {
	return db.InTx(ctx, func(tx *gorm.DB) error {
		return do(tx, func(table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
			return Copy(tx, table, columns, rows)
		})
	})
}

// Copy streams rows into a table by COPY inside the transaction tx, which InTx must have begun.
func Copy(tx *gorm.DB, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (n int64, err error) {
	err = Conn(tx, func(c *pgx.Conn) error {
		n, err = c.CopyFrom(tx.Statement.Context, table, columns, rows)
		return err
	})
	if err != nil {
		return n, fmt.Errorf("copy into %s: %w", table.Sanitize(), err)
	}
	return n, nil
}

// Conn lends the pgx connection under a transaction begun by InTx. It must not be kept, and no
// transaction may be begun or ended on it.
func Conn(tx *gorm.DB, use func(*pgx.Conn) error) error {
	p, ok := tx.Statement.ConnPool.(*pinned)
	if !ok {
		return errors.New("this transaction was not begun by store.InTx")
	}
	return p.conn.Raw(func(driver any) error {
		return use(driver.(*stdlib.Conn).Conn())
	})
}

// SQLTx answers the database/sql transaction under tx, for libraries that speak it.
func SQLTx(tx *gorm.DB) (*sql.Tx, error) {
	switch p := tx.Statement.ConnPool.(type) {
	case *pinned:
		return p.Tx, nil
	case *sql.Tx:
		return p, nil
	}
	return nil, errors.New("not inside a transaction")
}

func (db *DB) once(ctx context.Context, do func(tx *gorm.DB) error) error {
	pool, err := db.Gorm.DB()
	if err != nil {
		return err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("take a database connection: %w", err)
	}
	defer func() { _ = conn.Close() }()
	sqlTx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = sqlTx.Rollback() }() // after Commit this does nothing

	tx := db.Gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	tx.Statement.ConnPool = &pinned{Tx: sqlTx, conn: conn}
	if err := do(tx); err != nil {
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// brokenOff answers whether Postgres gave this transaction up so that another could go on.
func brokenOff(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == "40001" || pg.Code == "40P01" // serialization failure, deadlock detected
}

// Constraint answers the name of the constraint that err says was violated, or "".
func Constraint(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.ConstraintName
	}
	return ""
}
