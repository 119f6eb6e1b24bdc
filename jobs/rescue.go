package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// rescueEvery is how soon the jobs of a process that died are taken up by another one.
const rescueEvery = 5 * time.Second

// rescueLock is the first half of the advisory locks by which working processes show that they live; the
// second half is a hash of the client's id. Postgres drops the lock with the process's connection.
const rescueLock = 724931

// rescuer gives jobs of dead processes back to the queue: River alone would wait for an hour.
type rescuer struct {
	pool   *pgxpool.Pool
	id     string
	log    *slog.Logger
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// rescueSQL leaves out jobs that ran for less than a moment, whose process may just be taking its lock again.
const rescueSQL = `
UPDATE river_job SET state = 'available', scheduled_at = now()
WHERE state = 'running' AND attempted_at < now() - INTERVAL '2 seconds'
AND NOT EXISTS (
    SELECT 1 FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND CAST(CAST(l.classid AS bigint) AS int) = $1
      AND l.objid = CAST(CAST(hashtext(attempted_by[array_upper(attempted_by, 1)]) AS bigint) & 4294967295 AS oid))`

// start takes the lock, gives back what others left behind, and goes on doing so until stop.
func (r *rescuer) start(ctx context.Context) error {
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	conn, err := r.hold(ctx)
	if err != nil {
		r.cancel()
		return fmt.Errorf("register worker: %w", err)
	}
	r.done.Go(func() { r.watch(ctx, conn) })
	return nil
}

func (r *rescuer) stop() {
	r.cancel()
	r.done.Wait()
}

// hold takes a connection of its own and the lock on it.
func (r *rescuer) hold(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1, hashtext($2))`, rescueLock, r.id); err != nil {
		conn.Release()
		return nil, err
	}
	return conn, nil
}

// watch rescues at intervals; when its connection is lost it takes the lock again on another.
func (r *rescuer) watch(ctx context.Context, conn *pgxpool.Conn) {
	tick := time.NewTicker(rescueEvery)
	defer tick.Stop()
	for {
		if conn == nil {
			conn, _ = r.hold(ctx)
		}
		if conn != nil {
			tag, err := conn.Exec(ctx, rescueSQL, rescueLock)
			if err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "rescue of jobs failed", "error", err)
				conn = drop(conn)
			}
			if n := tag.RowsAffected(); n > 0 {
				r.log.InfoContext(ctx, "jobs of a process that ended were given back", "jobs", n)
			}
		}
		select {
		case <-ctx.Done():
			drop(conn)
			return
		case <-tick.C:
		}
	}
}

// drop closes the connection, which releases the lock, and answers nil.
func drop(conn *pgxpool.Conn) *pgxpool.Conn {
	if conn == nil {
		return nil
	}
	c := conn.Hijack()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
	return nil
}
