package webhooks

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pagaduria/services/queue"
)

// intake commits notifications in groups: while one group is being written, the next gathers. A sender is answered
// only when its group is on disk, and the cost of a commit is shared.
type intake struct {
	pool    *pgxpool.Pool
	waiting chan pending
	stopped chan struct{}
	done    sync.WaitGroup
}

type pending struct {
	event  event
	answer chan answer
}

type answer struct {
	verdict Verdict
	reason  Reason
	err     error
}

const (
	committers = 1   // two make smaller groups, and their rows wait for each other on the connection they name
	groupSize  = 128 // notifications in one transaction at most
	backlog    = 1024

	// linger bounds how long a group waits for the senders just answered to come back with their next notification.
	linger = 500 * time.Microsecond
)

// errStopped answers a notification that arrives while the product stops; the rail sends it again.
var errStopped = errors.New("the product is stopping")

// Start begins taking notifications in. Stop lets those under way be written.
func (s *Service) Start() {
	s.intake.waiting = make(chan pending, backlog)
	s.intake.stopped = make(chan struct{})
	s.intake.pool = ownPool(s.DB.Pool)
	for range committers {
		s.intake.done.Go(func() { s.intake.run(s.intake.pool) })
	}
}

// ownPool gives the committers connections that keep one plan for their statement. Left to choose, Postgres plans it
// anew for every small group, which costs more than storing it.
func ownPool(shared *pgxpool.Pool) *pgxpool.Pool {
	config := shared.Config()
	config.MinConns, config.MinIdleConns, config.MaxConns = 0, 0, committers
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		panic("webhooks: the configuration of a pool that runs was refused: " + err.Error())
	}
	return pool
}

// Stop writes what has arrived and returns.
func (s *Service) Stop() {
	close(s.intake.stopped)
	s.intake.done.Wait()
	s.intake.pool.Close()
}

func (i *intake) store(ctx context.Context, e event) (Verdict, Reason, error) {
	p := pending{e, make(chan answer, 1)}
	select {
	case i.waiting <- p:
	case <-i.stopped:
		return "", "", errStopped
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
	// Once handed over, the answer comes whatever happens to the request: the rail must not be told "no" about an
	// event that is stored.
	select {
	case a := <-p.answer:
		return a.verdict, a.reason, a.err
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
}

func (i *intake) run(pool *pgxpool.Pool) {
	group := make([]pending, 0, groupSize)
	expected := 0 // senders that are busy: those just answered and those who waited meanwhile
	for {
		group = group[:0]
		select {
		case p := <-i.waiting:
			group = i.await(i.gather(append(group, p)), expected)
		case <-i.stopped:
			if group = i.gather(group); len(group) == 0 {
				return
			}
		}
		i.commit(pool, group)
		expected = len(group) + len(i.waiting)
	}
}

// await gives busy senders a moment to join the group: one commit for all of them is faster for each than a commit
// for one half while the other half waits. A sender who is alone is not kept waiting.
func (i *intake) await(group []pending, expected int) []pending {
	expected = min(expected, groupSize)
	if len(group) >= expected {
		return group
	}
	enough := time.NewTimer(linger)
	defer enough.Stop()
	for len(group) < expected {
		select {
		case p := <-i.waiting:
			group = append(group, p)
		case <-enough.C:
			return group
		case <-i.stopped:
			return group
		}
	}
	return group
}

// gather takes what has arrived meanwhile, without waiting.
func (i *intake) gather(group []pending) []pending {
	for len(group) < groupSize {
		select {
		case p := <-i.waiting:
			group = append(group, p)
		default:
			return group
		}
	}
	return group
}

// storeEvents stores a group and enqueues the work on what was accepted, all in one statement and so in one transaction:
// a second round trip would cost more than the group itself. A notification whose very bytes were accepted before is a
// duplicate.
const storeEvents = `
WITH arrived AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[], $6::bytea[], $7::text[], $8::text[], $9::text[], $10::text[])
        WITH ORDINALITY AS x(connection_id, rail, remote, headers, body, body_hash, verdict, reason, reference, rail_id, n)
), fresh AS (
    INSERT INTO webhook_bodies (body_hash, connection_id) SELECT body_hash, connection_id FROM arrived WHERE verdict = 'accepted' ORDER BY body_hash
    ON CONFLICT DO NOTHING RETURNING body_hash
), stored AS (
    INSERT INTO webhook_events (connection_id, rail, remote, headers, body, body_hash, verdict, reason, reference, rail_id)
    SELECT NULLIF(x.connection_id, 0), x.rail, x.remote, x.headers, x.body, x.body_hash,
        CASE WHEN x.verdict = 'accepted' AND f.body_hash IS NULL THEN 'duplicate' ELSE x.verdict END, x.reason, x.reference, x.rail_id
    FROM arrived x LEFT JOIN fresh f ON f.body_hash = x.body_hash
    ORDER BY x.n
    RETURNING id, verdict
), enqueued AS (` + queue.InsertSQL + `
    SELECT jsonb_build_object('events', jsonb_agg(id ORDER BY id)), $11, 25 FROM stored WHERE verdict = 'accepted' HAVING count(*) > 0
)
SELECT verdict FROM stored ORDER BY id`

func (i *intake) commit(pool *pgxpool.Pool, group []pending) {
	verdicts, err := write(pool, group)
	for n, p := range group {
		if err != nil {
			p.answer <- answer{err: err}
			continue
		}
		p.answer <- answer{verdicts[n], p.event.reason, nil}
	}
}

// write stores a group and answers what became of each.
func write(pool *pgxpool.Pool, group []pending) ([]Verdict, error) {
	rows, err := pool.Query(context.Background(), storeEvents, columns(group)...) // the group belongs to many requests
	if err != nil {
		return nil, fmt.Errorf("store %d notifications: %w", len(group), err)
	}
	verdicts, err := pgx.CollectRows(rows, pgx.RowTo[Verdict])
	if err != nil {
		return nil, fmt.Errorf("store %d notifications: %w", len(group), err)
	}
	return verdicts, nil
}

// columns turns a group into arrays. The same bytes twice in one group are a duplicate at once.
func columns(group []pending) []any {
	n := len(group)
	connection := make([]int64, n)
	rail, remote, headers, verdict := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	reason, reference, railID := make([]string, n), make([]string, n), make([]string, n)
	body, hash := make([][]byte, n), make([][]byte, n)
	seen := make(map[[32]byte]bool, n)
	for k := range group {
		e := &group[k].event
		if e.verdict == Accepted && seen[e.hash] {
			e.verdict = Duplicate
		}
		if e.verdict == Accepted {
			seen[e.hash] = true
		}
		connection[k], rail[k], remote[k], headers[k] = e.connection, e.rail, e.remote, e.headers
		body[k], hash[k], verdict[k], reason[k] = e.body, e.hash[:], string(e.verdict), string(e.reason)
		reference[k], railID[k] = e.reference, e.railID
		if body[k] == nil {
			body[k] = []byte{}
		}
	}
	return []any{connection, rail, remote, headers, body, hash, verdict, reason, reference, railID, WorkArgs{}.Kind()}
}
