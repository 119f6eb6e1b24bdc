package payouts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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
	savePayouts = `
UPDATE payouts p SET state = x.state, rail_id = x.rail_id, cause = x.cause, rail_code = x.rail_code, rail_reason = x.rail_reason,
    removed_reason = x.removed_reason, worker_id = x.worker_id, next_poll_at = x.next_poll_at, overdue_at = x.overdue_at, expires_at = x.expires_at,
    submitted_at = x.submitted_at, sent_at = x.sent_at, available_at = x.available_at, paid_at = x.paid_at, state_at = x.state_at, version = p.version + 1
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::timestamptz[],
        $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::timestamptz[])
    AS x(id, seen, state, rail_id, cause, rail_code, rail_reason, removed_reason, worker_id, next_poll_at,
        overdue_at, expires_at, submitted_at, sent_at, available_at, paid_at, state_at)
WHERE p.id = x.id AND p.version = x.seen`
	noteMoves = `
INSERT INTO payout_events (payout_id, at, from_state, to_state, origin, actor_name, note)
SELECT id, $2, from_state, to_state, origin, actor_name, note
FROM unnest($1::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS x(id, from_state, to_state, origin, actor_name, note)`
	freeLines = `UPDATE commission_lines SET state = 'eligible', payout_id = NULL, version = version + 1, updated_at = $2 WHERE payout_id = ANY($1)`
	payLines  = `UPDATE commission_lines SET state = 'paid', version = version + 1, updated_at = $2 WHERE payout_id = ANY($1)`
	giveCarry = `
INSERT INTO carries AS c (distributor_id, amount) SELECT * FROM unnest($1::bigint[], $2::bigint[])
ON CONFLICT (distributor_id) DO UPDATE SET amount = c.amount + EXCLUDED.amount`
)

// moving is one payout on its way into another state.
type moving struct {
	payout *models.Payout
	to     models.PayoutState
	change
}

// move is moveAll of one.
func (s *Service) move(tx *gorm.DB, p *models.Payout, next models.PayoutState, c change) error {
	return s.moveAll(tx, []moving{{p, next, c}})
}

// moveAll brings locked payouts into other states and does all that follows: times, books, lines, history. However many
// they are it takes the same few statements. It is the only way a single payout changes state.
func (s *Service) moveAll(tx *gorm.DB, list []moving) error {
	if len(list) == 0 {
		return nil
	}
	now := s.Now()
	var saved savedColumns
	var noted notedColumns
	var transfers []models.Transfer
	for _, m := range list {
		p, from, seen := m.payout, m.payout.State, m.payout.Version
		if err := p.MoveTo(m.to, now); err != nil {
			return err
		}
		p.Version++
		p.NextPollAt = p.NextPoll(now)
		var worker *int64
		if m.to == models.PayoutSubmitting {
			worker = s.worker.current()
		}
		saved.add(*p, seen, worker)
		noted.add(p.ID, from, m.to, m.change)
		transfers = append(transfers, p.Transfers(from)...)
	}
	if err := saved.save(tx); err != nil {
		return err
	}
	if err := ledger.Post(tx, transfers...); err != nil {
		return err
	}
	if err := s.settleLines(tx, list, now); err != nil {
		return err
	}
	return noted.write(tx, now)
}

// savedColumns are what savePayouts writes, one element of each for a payout.
type savedColumns struct {
	id, seen                                                                   []int64
	state, railID, cause, railCode, railReason, removedReason                  []string
	worker                                                                     []*int64
	nextPollAt, overdueAt, expiresAt, submittedAt, sentAt, availableAt, paidAt []*time.Time
	stateAt                                                                    []time.Time
}

func (x *savedColumns) add(p models.Payout, seen int, worker *int64) {
	x.id, x.seen = append(x.id, p.ID), append(x.seen, int64(seen))
	x.state, x.railID, x.cause = append(x.state, string(p.State)), append(x.railID, p.RailID), append(x.cause, p.Cause)
	x.railCode, x.railReason = append(x.railCode, p.RailCode), append(x.railReason, p.RailReason)
	x.removedReason, x.worker = append(x.removedReason, p.RemovedReason), append(x.worker, worker)
	x.nextPollAt, x.overdueAt, x.expiresAt = append(x.nextPollAt, p.NextPollAt), append(x.overdueAt, p.OverdueAt), append(x.expiresAt, p.ExpiresAt)
	x.submittedAt, x.sentAt = append(x.submittedAt, p.SubmittedAt), append(x.sentAt, p.SentAt)
	x.availableAt, x.paidAt, x.stateAt = append(x.availableAt, p.AvailableAt), append(x.paidAt, p.PaidAt), append(x.stateAt, p.StateAt)
}

func (x *savedColumns) save(tx *gorm.DB) error {
	n, err := store.ExecTx(tx, savePayouts, x.id, x.seen, x.state, x.railID, x.cause, x.railCode, x.railReason, x.removedReason, x.worker, x.nextPollAt,
		x.overdueAt, x.expiresAt, x.submittedAt, x.sentAt, x.availableAt, x.paidAt, x.stateAt)
	if err != nil {
		return fmt.Errorf("move payouts %v: %w", x.id, err)
	}
	if n != int64(len(x.id)) {
		return fmt.Errorf("move payouts %v: only %d have the version that was read although their rows are locked", x.id, n)
	}
	return nil
}

// notedColumns are what noteMoves writes, one element of each for a payout.
type notedColumns struct {
	id                            []int64
	from, to, origin, actor, note []string
}

func (x *notedColumns) add(id int64, from, to models.PayoutState, c change) {
	x.id, x.from, x.to = append(x.id, id), append(x.from, string(from)), append(x.to, string(to))
	x.origin, x.actor, x.note = append(x.origin, c.origin), append(x.actor, c.by.Name), append(x.note, c.note)
}

func (x *notedColumns) write(tx *gorm.DB, now time.Time) error {
	if _, err := store.ExecTx(tx, noteMoves, x.id, now, x.from, x.to, x.origin, x.actor, x.note); err != nil {
		return fmt.Errorf("note that payouts %v moved: %w", x.id, err)
	}
	return nil
}

// settleLines makes the lines of payouts that were moved paid, or payable again with their remainder.
func (s *Service) settleLines(tx *gorm.DB, list []moving, now time.Time) error {
	var paid, released []int64
	back := map[int64]int64{} // by payee
	for _, m := range list {
		switch p := m.payout; {
		case p.State == models.PayoutPaid:
			paid = append(paid, p.ID)
		case p.State.Releases():
			released = append(released, p.ID)
			if left := p.CarryIn.Sub(p.CarryOut); left.Minor != 0 {
				back[p.DistributorID] += left.Minor
			}
		}
	}
	for _, step := range []struct {
		sql string
		ids []int64
	}{{payLines, paid}, {freeLines, released}} {
		if len(step.ids) == 0 {
			continue
		}
		if _, err := store.ExecTx(tx, step.sql, step.ids, now); err != nil {
			return fmt.Errorf("settle lines of payouts %v: %w", step.ids, err)
		}
	}
	for _, m := range list {
		if m.payout.State.Releases() && m.payout.PaidAt != nil {
			if err := s.giveUpClaim(tx, *m.payout); err != nil {
				return err
			}
		}
	}
	return carryBack(tx, back)
}

// carryBack changes what is carried over for payees, in minor units.
func carryBack(tx *gorm.DB, back map[int64]int64) error {
	if len(back) == 0 {
		return nil
	}
	payees, amounts := slices.Sorted(maps.Keys(back)), make([]int64, len(back))
	for i, id := range payees {
		amounts[i] = back[id]
	}
	if _, err := store.ExecTx(tx, giveCarry, payees, amounts); err != nil {
		return fmt.Errorf("change what is carried over for payees %v: %w", payees, err)
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
