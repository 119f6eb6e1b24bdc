package payouts

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A process that sends payouts beats in the table workers. Its id is written on every payout it is sending, so that
// another process can tell which sends may have been cut off.
const (
	beatEvery = 3 * time.Second
	// deadAfter is how long a process may be silent before others look up what it was sending. sendWithin is
	// shorter, so that a process that cannot reach the database stops sending before it is taken for dead.
	deadAfter  = 15 * time.Second
	sendWithin = 9 * time.Second
)

type workerState struct {
	mu   sync.Mutex
	id   int64
	beat time.Time // of the last successful beat, by this machine's clocks
}

// current returns the id of this process, or nil when it never beat.
func (w *workerState) current() *int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.id == 0 {
		return nil
	}
	id := w.id
	return &id
}

// alive answers whether this process may still send. Both clocks must say so: the monotonic one stands still while
// the machine is suspended, the other one may be set back.
func (w *workerState) alive() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	return w.id != 0 && now.Sub(w.beat) < sendWithin && now.Round(0).Sub(w.beat.Round(0)) < sendWithin
}

// Beat registers this process and keeps it alive until ctx ends. Processes that run jobs call it once and wait for
// the first beat.
func (s *Service) Beat(ctx context.Context) error {
	if err := s.beat(ctx); err != nil {
		return err
	}
	go func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = s.beat(ctx) // a missed beat shows in alive
			}
		}
	}()
	return nil
}

func (s *Service) beat(ctx context.Context) error {
	s.worker.mu.Lock()
	id := s.worker.id
	s.worker.mu.Unlock()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	// The row may have been swept away while the process slept: it then starts over under a new id.
	err := s.DB.Pool.QueryRow(ctx, `
WITH seen AS (UPDATE workers SET seen_at = clock_timestamp() WHERE id = $1 RETURNING id),
fresh AS (INSERT INTO workers (seen_at) SELECT clock_timestamp() WHERE NOT EXISTS (SELECT 1 FROM seen) RETURNING id)
SELECT id FROM seen UNION ALL SELECT id FROM fresh`, id).Scan(&id)
	if err != nil {
		return fmt.Errorf("beat: %w", err)
	}
	s.worker.mu.Lock()
	s.worker.id, s.worker.beat = id, began
	s.worker.mu.Unlock()
	return nil
}

func (s *Service) deadAfter() time.Duration {
	if s.DeadAfter > 0 {
		return s.DeadAfter
	}
	return deadAfter
}
