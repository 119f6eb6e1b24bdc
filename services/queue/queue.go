// Package queue puts background jobs into the transaction of the change they follow from: they are there
// when it commits and never were when it does not. Package jobs works them.
package queue

import (
	"database/sql"
	"fmt"
	"log/slog"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"gorm.io/gorm"

	"pagaduria/services/store"
)

// The queues. A job's arguments choose one by an InsertOpts method; without it the job goes to Default.
const (
	Default  = river.QueueDefault // short work: mails, seals, notifications, sweeps
	Dispatch = "dispatch"         // payouts on their way to a rail: never waits behind other work
	Bulk     = "bulk"             // imports, exports and everything else that takes minutes
)

// inserter has no connection of its own and works nothing: it only writes into transactions given to it.
var inserter = sync.OnceValues(func() (*river.Client[*sql.Tx], error) {
	return river.NewClient(riverdatabasesql.New(nil), &river.Config{Logger: slog.New(slog.DiscardHandler)})
})

// Insert puts one job into the transaction tx; opts may be nil.
func Insert(tx *gorm.DB, args river.JobArgs, opts *river.InsertOpts) error {
	client, err := inserter()
	if err != nil {
		return err
	}
	sqlTx, err := store.SQLTx(tx)
	if err != nil {
		return err
	}
	if _, err := client.InsertTx(tx.Statement.Context, sqlTx, args, opts); err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	return nil
}

// InsertMany puts many jobs into the transaction tx by one statement.
func InsertMany(tx *gorm.DB, many []river.InsertManyParams) error {
	if len(many) == 0 {
		return nil
	}
	client, err := inserter()
	if err != nil {
		return err
	}
	sqlTx, err := store.SQLTx(tx)
	if err != nil {
		return err
	}
	if _, err := client.InsertManyTx(tx.Statement.Context, sqlTx, many); err != nil {
		return fmt.Errorf("enqueue %d jobs of %s: %w", len(many), many[0].Args.Kind(), err)
	}
	return nil
}
