package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/screening"
	"pagaduria/services/store"
)

const (
	// payableNow is models.Candidate.Refused in SQL, as far as the payee is concerned; %[1]s is the Bogotá date. All of it
	// stands on the distributor's row, which is locked where it counts.
	payableNow  = `(` + verifiedNow + ` AND ` + settledNow + ` AND NOT d.on_hold)`
	verifiedNow = `(d.verification = 'verified' AND COALESCE(d.verified_until, 'infinity') >= %[1]s)`
	settledNow  = `(d.payable_from IS NULL OR d.payable_from <= %[1]s)` // the account was not changed just now

	// The connection is as it was read: not paused, and not another account. Changing it waits for this transaction.
	sameConnection = `SELECT id FROM connections WHERE id = $1 AND version = $2 AND state = 'live' FOR SHARE`

	markSubmitting = `
UPDATE payouts SET state = 'submitting', worker_id = $2, submitted_at = $3, state_at = $3, overdue_at = LEAST(overdue_at, $4), version = version + 1
WHERE id = ANY($1)`
	postDispatch = `
INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
SELECT 'held', distributor_id, 'in_transit', connection_id, amount, currency, 'dispatch', 'payout', id, version FROM payouts WHERE id = ANY($1)`
	noteSubmitting = `
INSERT INTO payout_events (payout_id, at, from_state, to_state, origin) SELECT id, $2, 'approved', 'submitting', 'submit' FROM unnest($1::bigint[]) AS i(id)`
	openAttempts = `
INSERT INTO payout_attempts (payout_id, kind, started_at) SELECT id, $2, $3 FROM unnest($1::bigint[]) AS i(id) RETURNING payout_id, id`
	startBatch = `
UPDATE batches SET state = 'dispatching', version = version + 1, updated_at = $2
WHERE id = $1 AND state = 'approved' AND COALESCE(hand_over_at, '-infinity') <= $2`
	standingOf = `SELECT state, hand_over_at FROM batches WHERE id = $1`
)

// sendable is true of a payout p to a payee d that may leave; the argument is the Bogotá date.
var sendable = payableNow + ` AND NOT ` + contradicted + ` AND ` + screening.Current

// Locks are taken by id. A payout whose payee is on hold, or was not yet compared with the sanctions lists in force, waits:
// the sweep asks for it again. One whose payee was suspended meanwhile, or whose money the rail pays by an earlier payout
// after all, is left where it is by the one and cancelled by the other, unless an earlier request for it may still reach
// the rail: see unsettled.
var (
	claimApproved = `SELECT ` + payoutColumns + ` FROM payouts p JOIN distributors d ON d.id = p.distributor_id
WHERE p.batch_id = $1 AND p.id BETWEEN $2 AND $3 AND p.state = 'approved' AND ` + fmt.Sprintf(sendable, "$5") + `
  AND p.method_kind <> ALL($6)
ORDER BY p.id LIMIT $4 FOR UPDATE OF p SKIP LOCKED FOR SHARE OF d SKIP LOCKED`
	claimUnpayable = `SELECT ` + payoutColumns + ` FROM payouts p JOIN distributors d ON d.id = p.distributor_id
WHERE p.batch_id = $1 AND p.id BETWEEN $2 AND $3 AND p.state = 'approved' AND NOT %s
  AND NOT ` + fmt.Sprintf(unsettled, "$5") + `
ORDER BY p.id FOR UPDATE OF p SKIP LOCKED`
)

// hindrances are what keeps an approved payee from being paid at the last moment.
var hindrances = []struct {
	cause providers.Cause
	note  string
	sql   string
}{
	{providers.CauseSuspended, "payee is not verified any more", fmt.Sprintf(claimUnpayable, fmt.Sprintf(verifiedNow, "$4"))},
	{providers.CauseAccountChanged, "account of the payee was changed", fmt.Sprintf(claimUnpayable, fmt.Sprintf(settledNow, "$4"))},
	{providers.CauseContradicted, "the rail pays the same money by an earlier payout after all", fmt.Sprintf(claimUnpayable, `(CAST($4 AS date) IS NOT NULL AND NOT `+contradicted+`)`)},
}

// claimSize is how many payouts are marked as being sent in one transaction: enough to keep the connection busy for
// two rounds, and no more, since what is marked when a process dies has to be looked up one by one.
func claimSize(c models.Connection) int { return min(2*c.Concurrency, 200) }

// errWorker means that this process may not send: it has not been able to beat.
var errWorker = errors.New("this process lost touch with the database and may not send")

// Dispatch hands the approved payouts of one part of a batch to the rail. It is safe to run twice and in many
// processes at once: each payout is claimed under its lock, marked as being sent in a transaction of its own, sent
// outside any, and its outcome recorded in a third. While the connection is paused it sends nothing.
func (s *Service) Dispatch(ctx context.Context, a DispatchArgs) error {
	var connectionID int64
	if err := s.DB.Pool.QueryRow(ctx, `SELECT connection_id FROM batches WHERE id = $1`, a.BatchID).Scan(&connectionID); err != nil {
		return fmt.Errorf("dispatch batch %d: %w", a.BatchID, err)
	}
	connection, rail, err := s.Rail(ctx, connectionID)
	if err != nil {
		return err
	}
	if !connection.Live() {
		return nil // the sweep enqueues again once it is live
	}
	began, err := s.begin(ctx, a)
	if err != nil || !began {
		return err
	}
	for {
		if !s.worker.alive() {
			return errWorker
		}
		claimed, last, err := s.claim(ctx, a, connection)
		switch {
		case errors.Is(err, errConnectionChanged):
		case err != nil:
			return err
		case last == 0:
			return nil
		default:
			if err := s.send(ctx, connection, rail, claimed); err != nil {
				return err
			}
			a.From = last + 1 // what came back meanwhile has a job of its own, and what has to wait the sweep
		}
		if connection, rail, err = s.Rail(ctx, connectionID); err != nil || !connection.Live() {
			return err // paused meanwhile, by a person or because the rail refused it as a whole
		}
	}
}

// begin shows the batch as under way and takes out payees that may no longer be paid. From then on the approval cannot
// be undone. It answers false, and nothing may be sent, while the approval can be undone or when it was; the job of an
// approval that still waits comes back at its time.
func (s *Service) begin(ctx context.Context, a DispatchArgs) (began bool, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		now := s.Now()
		if _, err := store.ExecTx(tx, startBatch, a.BatchID, now); err != nil {
			return fmt.Errorf("start batch %d: %w", a.BatchID, err)
		}
		standing, err := store.SelectTx[standing](tx, standingOf, a.BatchID)
		if err != nil {
			return fmt.Errorf("start batch %d: %w", a.BatchID, err)
		}
		if began = standing[0].State == models.BatchDispatching; !began {
			return standing[0].comeBack(now)
		}
		for _, h := range hindrances {
			list, err := selectPayoutsTx(tx, h.sql, a.BatchID, a.From, a.To, models.Day(now), now.Add(-settledAfter))
			if err != nil {
				return fmt.Errorf("find unpayable of batch %d: %w", a.BatchID, err)
			}
			for _, p := range list {
				p.Cause = string(h.cause)
				if err := s.move(tx, &p, models.PayoutCancelled, change{origin: "submit", note: h.note}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return began, err
}

// standing is where a batch stands before hand-over.
type standing struct {
	State      models.BatchState
	HandOverAt *time.Time
}

// comeBack asks for the job again when its batch still waits.
func (b standing) comeBack(now time.Time) error {
	if b.State != models.BatchApproved || b.HandOverAt == nil {
		return nil
	}
	// Never for long: the clock that says "not yet" may be wrong, and another process's right.
	return river.JobSnooze(min(max(b.HandOverAt.Sub(now), time.Second), time.Minute))
}

// sending is one payout on its way to the rail, with the attempt that records it.
type sending struct {
	payout  models.Payout
	attempt int64
}

// errConnectionChanged means that the connection is not what it was when it was read.
var errConnectionChanged = errors.New("the connection was changed meanwhile")

// claim marks payouts as being sent, with the attempt on record before the first byte leaves. Those that the float or
// today's caps do not let through stay approved. last is the id of the last payout it looked at, 0 when there is none.
func (s *Service) claim(ctx context.Context, a DispatchArgs, connection models.Connection) (claimed []sending, last int64, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		claimed, last = nil, 0
		same, err := store.SelectTx[struct{ ID int64 }](tx, sameConnection, connection.ID, connection.Version)
		if err != nil {
			return err
		}
		if len(same) == 0 {
			return errConnectionChanged
		}
		now := s.Now()
		l, err := limitsOf(tx, connection, a.BatchID, now)
		if err != nil || l.short {
			return err
		}
		list, err := selectPayoutsTx(tx, claimApproved, a.BatchID, a.From, a.To, claimSize(connection), models.Day(now), l.full)
		if err != nil || len(list) == 0 {
			return err
		}
		last = list[len(list)-1].ID
		if list, err = l.fit(tx, connection.ID, now, list); err != nil || len(list) == 0 {
			return err
		}
		ids := make([]int64, len(list))
		for i := range list {
			ids[i] = list[i].ID
			if err := list[i].MoveTo(models.PayoutSubmitting, now); err != nil {
				return err
			}
			list[i].Version++
		}
		overdue := list[0].Overdue(now)
		for _, step := range []struct {
			sql  string
			args []any
		}{
			{markSubmitting, []any{ids, s.worker.current(), now, overdue}},
			{postDispatch, []any{ids}},
			{noteSubmitting, []any{ids, now}},
		} {
			if _, err := store.ExecTx(tx, step.sql, step.args...); err != nil {
				return err
			}
		}
		attempts, err := openAttemptsOf(tx, ids, "submit", now)
		if err != nil {
			return err
		}
		claimed = make([]sending, len(list))
		for i, p := range list {
			claimed[i] = sending{p, attempts[p.ID]}
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("claim payouts %d to %d: %w", a.From, a.To, err)
	}
	return claimed, last, nil
}

// openAttemptsOf puts one attempt a payout on record and returns their ids by payout.
func openAttemptsOf(tx *gorm.DB, payouts []int64, kind string, now time.Time) (map[int64]int64, error) {
	rows, err := store.SelectTx[struct{ Payout, ID int64 }](tx, openAttempts, payouts, kind, now)
	if err != nil {
		return nil, fmt.Errorf("open attempts: %w", err)
	}
	attempts := make(map[int64]int64, len(rows))
	for _, r := range rows {
		attempts[r.Payout] = r.ID
	}
	return attempts, nil
}

// send submits claimed payouts, a few at once, and records every outcome. The rail call runs under its own context:
// when the product is told to stop, calls under way are let finish, and what was not begun is given back.
func (s *Service) send(ctx context.Context, connection models.Connection, rail providers.Provider, claimed []sending) error {
	outcomes := make([]outcome, len(claimed))
	var g errgroup.Group
	g.SetLimit(connection.Concurrency)
	for i, c := range claimed {
		g.Go(func() error {
			outcomes[i] = s.submitOne(ctx, connection, rail, c)
			return nil
		})
	}
	_ = g.Wait()
	if err := s.record(context.WithoutCancel(ctx), connection, outcomes); err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.kind() == "not_sent" {
			return o.err // the rail is not reachable: the job comes back later instead of trying over and over
		}
	}
	return nil
}

// submitTimeout bounds one call to a rail.
const submitTimeout = 20 * time.Second

func (s *Service) submitOne(ctx context.Context, connection models.Connection, rail providers.Provider, c sending) outcome {
	o := outcome{sending: c, at: s.Now()}
	if ctx.Err() != nil || !s.worker.alive() {
		o.err = fmt.Errorf("%w: the product is stopping", providers.ErrNotSent)
		return o
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), submitTimeout)
	defer cancel()
	began := time.Now()
	receipt, err := rail.Submit(call, orderOf(c.payout))
	o.receipt, o.err = receipt, err
	s.observe(connection, "submit", o.kind(), time.Since(began))
	return o
}

func (s *Service) observe(c models.Connection, call, outcome string, took time.Duration) {
	if s.Observe != nil {
		s.Observe(c.Rail, call, outcome, took)
	}
}
