package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// Querier is what reads rows: DB.Pool, or the connection of a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Select reads all rows of a statement into structs, column by column in the order of the fields. It is
// the fast way for lists; args are positional ($1) or one pgx.NamedArgs (@name).
func Select[T any](ctx context.Context, q Querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// SelectOne reads the first row of a statement; without one the error is gorm.ErrRecordNotFound, so that
// NotFound serves for both ways of reading.
func SelectOne[T any](ctx context.Context, q Querier, sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, err
	}
	row, err := pgx.CollectOneRow(rows, pgx.RowToStructByPos[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return row, fmt.Errorf("%w: %w", gorm.ErrRecordNotFound, err)
	}
	return row, err
}

// SelectTx is Select inside a transaction begun by InTx.
func SelectTx[T any](tx *gorm.DB, sql string, args ...any) (rows []T, err error) {
	err = Conn(tx, func(c *pgx.Conn) error {
		rows, err = Select[T](tx.Statement.Context, c, sql, args...)
		return err
	})
	return rows, err
}

// ExecTx runs a statement inside a transaction begun by InTx and answers how many rows it touched;
// unlike GORM's Exec it takes slices as Postgres arrays (= ANY($1)).
func ExecTx(tx *gorm.DB, sql string, args ...any) (n int64, err error) {
	err = Conn(tx, func(c *pgx.Conn) error {
		tag, err := c.Exec(tx.Statement.Context, sql, args...)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}
