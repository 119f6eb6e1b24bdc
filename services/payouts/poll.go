package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// Claiming moves the next question forward, so that two processes never ask for the same payout at once and one that
// dies only delays it.
const claimDue = `
WITH due AS (
    SELECT id FROM payouts WHERE next_poll_at <= $1 ORDER BY next_poll_at LIMIT $2 FOR UPDATE SKIP LOCKED)
UPDATE payouts p SET next_poll_at = $3 FROM due WHERE p.id = due.id
RETURNING ` + payoutColumns

// pollChunk is how many payouts one round asks for.
const pollChunk = 200

// Poll asks for the status of payouts that are due, until none is left or ctx ends. A payout whose question fails is
// asked for again a minute later; one failure is returned at the end, which is enough to say that a rail answers badly.
func (s *Service) Poll(ctx context.Context) error {
	var failed error
	for ctx.Err() == nil {
		now := s.Now()
		list, err := selectPayouts(ctx, s.DB.Pool, claimDue, now, pollChunk, now.Add(submitTimeout+claimGrace))
		if err != nil {
			return fmt.Errorf("claim due payouts: %w", err)
		}
		if len(list) == 0 {
			return failed
		}
		for _, a := range s.askAll(ctx, list, change{origin: "poll"}) {
			if a.Err != nil {
				failed = a.Err
			}
		}
	}
	return errors.Join(failed, ctx.Err())
}

// claimGrace is added to the time-out of a call before a claimed payout is due again.
const claimGrace = 2 * submitTimeout

const (
	// A process is dead when it stopped beating; what it was sending has an unknown outcome. So has what a living one
	// began to send long ago: it could not record what came of it.
	orphans = `SELECT ` + payoutColumns + ` FROM payouts p LEFT JOIN workers w ON w.id = p.worker_id
WHERE p.state = 'submitting' AND (COALESCE(w.seen_at, '-infinity') < clock_timestamp() - make_interval(secs => $1) OR p.submitted_at < $2)
ORDER BY p.id LIMIT 500 FOR UPDATE OF p SKIP LOCKED`
	buryWorkers = `
DELETE FROM workers w WHERE seen_at < clock_timestamp() - interval '1 hour' AND NOT EXISTS (SELECT 1 FROM payouts p WHERE p.worker_id = w.id)`
	// Approved payouts that nobody is sending: their job was given up, or their connection was paused.
	stranded = `
SELECT p.batch_id, min(p.id), max(p.id) FROM payouts p JOIN connections c ON c.id = p.connection_id AND c.state = 'live'
JOIN batches b ON b.id = p.batch_id AND COALESCE(b.hand_over_at, '-infinity') < $1
WHERE p.state = 'approved' AND p.state_at < $1 GROUP BY p.batch_id`
	closeBatches = `
UPDATE batches b SET state = 'done', version = version + 1, updated_at = $1 WHERE b.state IN ('approved', 'dispatching')
  AND NOT EXISTS (SELECT 1 FROM payouts p WHERE p.batch_id = b.id AND p.state IN ('approved', 'submitting', 'unknown', 'sent', 'available', 'on_hold'))`
	foldTallies = `
WITH gone AS (DELETE FROM tallies RETURNING list, key, n, total)
INSERT INTO tallies (list, key, n, total) SELECT list, key, sum(n), sum(total) FROM gone GROUP BY list, key HAVING sum(n) <> 0 OR sum(total) <> 0`
	foldFloat = `
WITH gone AS (DELETE FROM float_free RETURNING connection_id, amount)
INSERT INTO float_free (connection_id, amount) SELECT connection_id, sum(amount) FROM gone GROUP BY connection_id`
	foldLedger = `
WITH gone AS (DELETE FROM ledger_tallies RETURNING account, currency, debit, credit)
INSERT INTO ledger_tallies (account, currency, debit, credit) SELECT account, currency, sum(debit), sum(credit) FROM gone GROUP BY account, currency`
)

// Sweep tidies up after others: payouts that a dead process was sending become unknown and are looked up, stranded
// ones are sent, batches at rest are closed, running sums are folded together.
func (s *Service) Sweep(ctx context.Context) error {
	return errors.Join(s.adopt(ctx), s.restart(ctx), s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := store.ExecTx(tx, closeBatches, s.Now()); err != nil {
			return fmt.Errorf("close batches: %w", err)
		}
		for _, sql := range []string{buryWorkers, foldTallies, foldLedger, foldFloat} {
			if _, err := store.ExecTx(tx, sql); err != nil {
				return fmt.Errorf("tidy up: %w", err)
			}
		}
		return nil
	}))
}

// recordWithin is how long after its claim a payout must have an outcome on record: a claim takes two rounds of calls.
const recordWithin = 2*submitTimeout + 2*time.Minute

// adopt takes over the payouts of processes that died, or that could not record what came of them.
func (s *Service) adopt(ctx context.Context) error {
	for {
		var n int
		err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
			list, err := selectPayoutsTx(tx, orphans, s.deadAfter().Seconds(), s.Now().Add(-recordWithin))
			if err != nil {
				return fmt.Errorf("find orphans: %w", err)
			}
			n = len(list)
			for _, p := range list {
				note := change{origin: "sweep", note: "the process that was sending it recorded no outcome: it is unknown until looked up"}
				if err := s.move(tx, &p, models.PayoutUnknown, note); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// strandedAfter is how long an approved payout may wait before the sweep sends it on.
const strandedAfter = 30 * time.Second

// restart enqueues the dispatch of approved payouts that have waited for a while.
func (s *Service) restart(ctx context.Context) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		list, err := store.SelectTx[DispatchArgs](tx, stranded, s.Now().Add(-strandedAfter))
		if err != nil {
			return fmt.Errorf("find stranded payouts: %w", err)
		}
		for _, a := range list {
			if err := enqueueDispatch(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func enqueueDispatch(tx *gorm.DB, a DispatchArgs) error {
	if err := queue.Insert(tx, a, dispatchOnce()); err != nil {
		return fmt.Errorf("enqueue dispatch of batch %d: %w", a.BatchID, err)
	}
	return nil
}
