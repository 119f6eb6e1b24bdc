package audit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/services/store"
)

// sealLock is the advisory lock that lets one process seal at a time.
const sealLock = `SELECT pg_try_advisory_xact_lock(7205759403792)`

// sealBatch is how many events one transaction seals.
const sealBatch = 10_000

// markEnd notes how far the log reaches in this snapshot, and which transactions may still write below that: an
// event's transaction takes its number (audit_events.xid) before the event takes its id, so whoever holds a lower
// id than one we see has a number below this snapshot's xmax.
const markEnd = `
INSERT INTO audit_marks (event_id, below)
SELECT e.id, pg_snapshot_xmax(pg_current_snapshot())
FROM (SELECT max(id) AS id FROM audit_events) e
WHERE e.id > COALESCE((SELECT max(event_id) FROM audit_seals), 0)
  AND NOT EXISTS (SELECT 1 FROM audit_marks)`

// settledEnd is the end that may be sealed now: no transaction below the mark is left.
const settledEnd = `
SELECT max(event_id) FROM audit_marks WHERE below <= pg_snapshot_xmin(pg_current_snapshot())`

const lastSeal = `SELECT event_id, hash FROM audit_seals ORDER BY event_id DESC LIMIT 1`

const eventsToSeal = `
SELECT ` + eventFields + ` FROM audit_events e WHERE e.id > $1 AND e.id <= $2 ORDER BY e.id LIMIT $3`

// Seal chains the events that were not sealed yet, in order of id and leaving none out, and answers how many. An
// event waits until every transaction that might still write a lower id has ended, so it may take two calls. It
// may be called by any number of processes at any time; only one works.
func Seal(ctx context.Context, db *store.DB) (n int, err error) {
	if _, err := db.Pool.Exec(ctx, markEnd); err != nil {
		return 0, fmt.Errorf("mark the end of the audit log: %w", err)
	}
	for {
		done, err := sealSome(ctx, db)
		n += done
		if err != nil || done < sealBatch {
			return n, err
		}
	}
}

func sealSome(ctx context.Context, db *store.DB) (n int, err error) {
	err = db.InTx(ctx, func(tx *gorm.DB) error {
		n = 0
		var mine bool
		if err := tx.Raw(sealLock).Scan(&mine).Error; err != nil || !mine {
			return err
		}
		// This transaction has written nothing yet: a number of its own would hold xmin back.
		var end *int64
		if err := tx.Raw(settledEnd).Scan(&end).Error; err != nil || end == nil {
			return err
		}
		return store.Conn(tx, func(c *pgx.Conn) error {
			n, err = sealUpTo(ctx, c, *end)
			return err
		})
	})
	if err != nil {
		return 0, fmt.Errorf("seal audit events: %w", err)
	}
	return n, nil
}

func sealUpTo(ctx context.Context, c *pgx.Conn, end int64) (int, error) {
	type seal struct {
		EventID int64
		Hash    []byte
	}
	last, err := store.Select[seal](ctx, c, lastSeal)
	if err != nil {
		return 0, err
	}
	var after int64
	var links chain
	if len(last) == 1 {
		after = last[0].EventID
		copy(links.head[:], last[0].Hash)
	}
	events, err := store.Select[sealed](ctx, c, eventsToSeal, after, end, sealBatch)
	if err != nil {
		return 0, err
	}
	seals := pgx.CopyFromSlice(len(events), func(i int) ([]any, error) {
		hash := links.next(&events[i])
		return []any{events[i].ID, append([]byte(nil), hash...)}, nil
	})
	if _, err := c.CopyFrom(ctx, pgx.Identifier{"audit_seals"}, []string{"event_id", "hash"}, seals); err != nil {
		return 0, err
	}
	if len(events) < sealBatch {
		_, err = c.Exec(ctx, `DELETE FROM audit_marks WHERE event_id <= $1`, end)
	}
	return len(events), err
}
