package payouts

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
)

// change says why a payout moves.
type change struct {
	origin string // submit, lookup, poll, notification, person, sweep
	by     models.Actor
	note   string
}

const (
	savePayout = `
UPDATE payouts SET state = $3, rail_id = $4, cause = $5, rail_code = $6, rail_reason = $7, removed_reason = $8, worker_id = $9, next_poll_at = $10,
    overdue_at = $11, expires_at = $12, submitted_at = $13, sent_at = $14, available_at = $15, paid_at = $16, state_at = $17, version = version + 1
WHERE id = $1 AND version = $2`
	insertEvent = `INSERT INTO payout_events (payout_id, at, from_state, to_state, origin, actor_name, note) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	freeLines   = `UPDATE commission_lines SET state = 'eligible', payout_id = NULL, version = version + 1, updated_at = $2 WHERE payout_id = $1`
	payLines    = `UPDATE commission_lines SET state = 'paid', version = version + 1, updated_at = $2 WHERE payout_id = $1`
	giveCarry   = `
INSERT INTO carries AS c (distributor_id, amount) VALUES ($1, $2)
ON CONFLICT (distributor_id) DO UPDATE SET amount = c.amount + EXCLUDED.amount`
)

// move brings one locked payout into another state and does all that follows: times, books, lines, history. It is
// the only way a single payout changes state.
func (s *Service) move(tx *gorm.DB, p *models.Payout, next models.PayoutState, c change) error {
	from, seen, now := p.State, p.Version, s.Now()
	if err := p.MoveTo(next, now); err != nil {
		return err
	}
	p.Version++
	p.NextPollAt = p.NextPoll(now)
	var worker *int64
	if next == models.PayoutSubmitting {
		worker = s.worker.current()
	}
	n, err := store.ExecTx(tx, savePayout, p.ID, seen, p.State, p.RailID, p.Cause, p.RailCode, p.RailReason, p.RemovedReason, worker, p.NextPollAt,
		p.OverdueAt, p.ExpiresAt, p.SubmittedAt, p.SentAt, p.AvailableAt, p.PaidAt, p.StateAt)
	if err != nil {
		return fmt.Errorf("move payout %d to %s: %w", p.ID, next, err)
	}
	if n != 1 {
		return fmt.Errorf("move payout %d to %s: version %d is gone although the row is locked", p.ID, next, seen)
	}
	if err := ledger.Post(tx, p.Transfers(from)...); err != nil {
		return err
	}
	if err := s.settleLines(tx, p, now); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, insertEvent, p.ID, now, from, next, c.origin, c.by.Name, c.note); err != nil {
		return fmt.Errorf("note that payout %d moved: %w", p.ID, err)
	}
	return nil
}

// settleLines makes the lines paid, or payable again with their remainder.
func (s *Service) settleLines(tx *gorm.DB, p *models.Payout, now time.Time) error {
	var err error
	switch {
	case p.State == models.PayoutPaid:
		_, err = store.ExecTx(tx, payLines, p.ID, now)
	case p.State.Releases():
		if _, err = store.ExecTx(tx, freeLines, p.ID, now); err == nil && p.PaidAt != nil {
			err = s.giveUpClaim(tx, *p)
		}
		if err == nil {
			if back := p.CarryIn.Sub(p.CarryOut); back.Minor != 0 {
				_, err = store.ExecTx(tx, giveCarry, p.DistributorID, back.Minor)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("settle lines of payout %d: %w", p.ID, err)
	}
	return nil
}

const (
	released = `
CREATE TEMP TABLE released ON COMMIT DROP AS
SELECT id, state, distributor_id, amount, carry_in - carry_out AS back FROM payouts p WHERE batch_id = %d AND `
	cancelReleased = `UPDATE payouts SET state = 'cancelled', state_at = $1, overdue_at = NULL, version = version + 1 WHERE id IN (SELECT id FROM released)`
	postReleased   = `
INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
SELECT 'held', distributor_id, 'payable', distributor_id, amount, currency, 'release', 'payout', id, version FROM payouts WHERE id IN (SELECT id FROM released)`
	freeReleased = `
UPDATE commission_lines SET state = 'eligible', payout_id = NULL, version = version + 1, updated_at = $1 WHERE payout_id IN (SELECT id FROM released)`
	carryReleased = `
INSERT INTO carries AS c (distributor_id, amount) SELECT distributor_id, back FROM released WHERE back <> 0
ON CONFLICT (distributor_id) DO UPDATE SET amount = c.amount + EXCLUDED.amount`
	noteReleased = `
INSERT INTO payout_events (payout_id, at, from_state, to_state, origin, actor_name, note)
SELECT id, $1, state, 'cancelled', 'person', $2, $3 FROM released`
)

// releaseAll cancels every payout of a locked batch that has not left; the money is payable again. Set by set.
// The batch's lock keeps its payouts still: a payout leaves in_batch or approved only under it, or in dispatch,
// which cannot have begun before a decision.
func (s *Service) releaseAll(tx *gorm.DB, batch int64, by models.Actor, note string) error {
	return s.releaseThose(tx, batch, `state IN ('in_batch', 'approved')`, by, note)
}

// releaseThose is releaseAll of the payouts p that a condition selects, all of which have not left; the table released
// of the transaction holds them.
func (s *Service) releaseThose(tx *gorm.DB, batch int64, condition string, by models.Actor, note string) error {
	now := s.Now()
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{fmt.Sprintf(released, batch) + condition, nil},
		{cancelReleased, []any{now}},
		{postReleased, nil},
		{freeReleased, []any{now}},
		{carryReleased, nil},
		{noteReleased, []any{now, by.Name, note}},
	} {
		if _, err := store.ExecTx(tx, step.sql, step.args...); err != nil {
			return fmt.Errorf("release batch %d: %w", batch, err)
		}
	}
	return nil
}

// errorAs is errors.As as an expression.
func errorAs[T error](err error) (T, bool) {
	var t T
	ok := errors.As(err, &t)
	return t, ok
}
