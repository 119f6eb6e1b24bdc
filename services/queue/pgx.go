package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// pgxInserter serves transactions that speak pgx alone.
var pgxInserter = sync.OnceValues(func() (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(nil), &river.Config{Logger: slog.New(slog.DiscardHandler)})
})

// InsertPgx is Insert for a transaction begun on the pool, where every round trip counts.
func InsertPgx(ctx context.Context, tx pgx.Tx, args river.JobArgs) error {
	client, err := pgxInserter()
	if err != nil {
		return err
	}
	if _, err := client.InsertTx(ctx, tx, args, nil); err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	return nil
}
