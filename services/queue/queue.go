// Package queue puts jobs on River's queue in the caller's transaction, so that a job exists exactly when the change
// it follows from does. Package jobs works them.
package queue

import (
	"database/sql"
	"fmt"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"gorm.io/gorm"

	"pagaduria/services/store"
)

// client only inserts: it works nothing, so it needs neither workers nor a pool of its own.
var client = sync.OnceValues(func() (*river.Client[*sql.Tx], error) {
	return river.NewClient(riverdatabasesql.New(nil), &river.Config{})
})

// Insert puts one job on the queue in tx; opts may be nil.
func Insert(tx *gorm.DB, args river.JobArgs, opts *river.InsertOpts) error {
	return InsertMany(tx, []river.InsertManyParams{{Args: args, InsertOpts: opts}})
}

// InsertMany puts many jobs on the queue in one round trip.
func InsertMany(tx *gorm.DB, jobs []river.InsertManyParams) error {
	if len(jobs) == 0 {
		return nil
	}
	c, err := client()
	if err != nil {
		return fmt.Errorf("open the queue: %w", err)
	}
	sqlTx, err := store.SQLTx(tx)
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", jobs[0].Args.Kind(), err)
	}
	if _, err := c.InsertManyTx(tx.Statement.Context, sqlTx, jobs); err != nil {
		return fmt.Errorf("enqueue %s: %w", jobs[0].Args.Kind(), err)
	}
	return nil
}
