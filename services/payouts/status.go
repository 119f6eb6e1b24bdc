package payouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/store"
)

// resendAfter is how long a payout's outcome must have been unknown before it may be sent again because the rail does
// not know it. Requests still on their way have been cut off by then; and the reference stays the same, so that even a
// late one cannot become a second order.
const resendAfter = submitTimeout + 10*time.Second

const insertAttempt = `
INSERT INTO payout_attempts (payout_id, kind, started_at, finished_at, outcome, method, url, request, status, response, request_id, failure, took_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

// Moved says what asking for a payout's status led to.
type Moved struct {
	From, To models.PayoutState
	Changed  bool
}

// AskStatus asks the rail where a payout stands and applies the answer. origin is poll, notification, lookup or person.
func (s *Service) AskStatus(ctx context.Context, id int64, origin string, by models.Actor) (Moved, error) {
	p, err := s.Payout(ctx, id)
	if err != nil {
		return Moved{}, err
	}
	connection, rail, err := s.Rail(ctx, p.ConnectionID)
	if err != nil {
		return Moved{}, err
	}
	return s.ask(ctx, connection, rail, p, change{origin: origin, by: by})
}

// ask calls the rail outside any transaction, then applies what it said.
func (s *Service) ask(ctx context.Context, connection models.Connection, rail providers.Provider, p models.Payout, c change) (Moved, error) {
	// Of one whose money was given back nothing is asked without cause; a notification is one.
	again := p.State.Releases() && p.SubmittedAt != nil && c.origin == "notification"
	if !p.State.AtRail() && p.State != models.PayoutPaid && !again {
		return Moved{From: p.State, To: p.State}, nil
	}
	call, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	began := time.Now()
	status, err := rail.Status(call, refOf(p))
	took := time.Since(began)
	var moved Moved
	switch {
	case err == nil:
		s.observe(connection, "status", "found", took)
		moved, err = s.apply(ctx, connection, p, status, c)
	case errors.Is(err, providers.ErrNotFound):
		s.observe(connection, "status", "not_found", took)
		moved, err = s.applyNotFound(ctx, p.ID, exchangeOf(providers.Exchange{}, err), c)
	default:
		s.observe(connection, "status", "failed", took)
		return Moved{From: p.State, To: p.State}, fmt.Errorf("ask for the status of payout %d: %w", p.ID, err)
	}
	if err != nil {
		return moved, err
	}
	return moved, nil
}

// nextState is where a payout goes when the rail, asked while it was in the state asked, answers said. A rail that
// says of a paid one that it did not go through, by whatever code, has taken the money back.
func nextState(asked, said models.PayoutState) models.PayoutState {
	if asked == models.PayoutPaid && said.Releases() {
		return models.PayoutReturned
	}
	return said
}

// apply brings a payout to where the rail says it is. What the rail says late or out of order, such as "sent" after
// "paid", changes nothing; that it pays one whose money was given back is an alarm.
func (s *Service) apply(ctx context.Context, connection models.Connection, asked models.Payout, status providers.Status, c change) (Moved, error) {
	var moved Moved
	id := asked.ID
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		p, err := loadLocked(tx, id)
		if err != nil {
			return err
		}
		moved = Moved{From: p.State, To: p.State}
		if status.RailID != "" && p.RailID != "" && status.RailID != p.RailID {
			return fmt.Errorf("payout %d is %s at the rail, not %s", id, p.RailID, status.RailID)
		}
		if p.RailID == "" {
			p.RailID = status.RailID
		}
		next := nextState(asked.State, status.State)
		if asked.State.Releases() && !next.Releases() {
			return s.contradict(tx, p, status, c, "its money was made payable again, but the rail says that it is "+string(next))
		}
		if asked.State.Releases() { // what it said in between may have contradicted us
			if err := s.restate(tx, p, status, c); err != nil {
				return err
			}
		}
		if next == p.State || !p.State.CanMoveTo(next) {
			return s.unchanged(tx, p)
		}
		p.Cause, p.RailCode, p.RailReason = "", "", "" // of an earlier request
		if next.Releases() || next == models.PayoutOnHold {
			p.RailCode, p.RailReason = status.Code, status.Reason
			if next != models.PayoutOnHold {
				p.Cause = string(causeOf(next, func() providers.Cause { return explain(connection, s, status.Code) }))
			}
		}
		if p.ExpiresAt == nil {
			p.ExpiresAt = expectedExpiry(connection, p, sentTime(p, s.Now()))
		}
		moved.To, moved.Changed = next, true
		if err := s.move(tx, &p, next, c); err != nil {
			return err
		}
		return s.noteLookup(tx, p.ID, "found", status.Exchange, "")
	})
	return moved, err
}

func sentTime(p models.Payout, now time.Time) time.Time {
	if p.SubmittedAt != nil {
		return *p.SubmittedAt
	}
	return now
}

// causeOf names the cause of a state that says it itself, else what the rail's code means.
func causeOf(state models.PayoutState, explained func() providers.Cause) providers.Cause {
	switch state {
	case models.PayoutCancelled:
		return providers.CauseCancelled
	case models.PayoutExpired:
		return providers.CauseExpired
	case models.PayoutReturned:
		return providers.CauseReversed
	}
	return explained()
}

// explain is the cause behind a rail's rejection code.
func explain(connection models.Connection, s *Service, code string) providers.Cause {
	s.rails.mu.Lock()
	defer s.rails.mu.Unlock()
	if known, ok := s.rails.rails[connection.ID]; ok {
		return known.provider.Explain(code, true).Cause
	}
	return providers.CauseOther
}

// unchanged only plans the next question.
func (s *Service) unchanged(tx *gorm.DB, p models.Payout) error {
	_, err := store.ExecTx(tx, `UPDATE payouts SET next_poll_at = $2, polls = polls + 1, rail_id = $3 WHERE id = $1`, p.ID, p.NextPoll(s.Now()), p.RailID)
	if err != nil {
		return fmt.Errorf("plan the next poll of payout %d: %w", p.ID, err)
	}
	return nil
}

// applyNotFound deals with a payout that the rail does not know: one of unknown outcome was never created, and is
// sent again under the same reference once no earlier request can still be under way.
func (s *Service) applyNotFound(ctx context.Context, id int64, x providers.Exchange, c change) (Moved, error) {
	var moved Moved
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		p, err := loadLocked(tx, id)
		if err != nil {
			return err
		}
		moved = Moved{From: p.State, To: p.State}
		if p.State != models.PayoutUnknown || s.Now().Sub(p.StateAt) < s.resendAfter() {
			return s.unchanged(tx, p)
		}
		if err := s.noteLookup(tx, id, "not_found", x, ""); err != nil {
			return err
		}
		if p.RailCode != "" { // its last request was refused, and no earlier one got through
			moved.To, moved.Changed = models.PayoutFailed, true
			return s.move(tx, &p, models.PayoutFailed, c)
		}
		moved.To, moved.Changed = models.PayoutApproved, true
		c.note = "the rail does not know it: sent again under the same reference"
		if err := s.move(tx, &p, models.PayoutApproved, c); err != nil {
			return err
		}
		return enqueueDispatch(tx, DispatchArgs{BatchID: p.BatchID, From: p.ID, To: p.ID})
	})
	return moved, err
}

func (s *Service) resendAfter() time.Duration {
	if s.ResendAfter > 0 {
		return s.ResendAfter
	}
	return resendAfter
}

func (s *Service) noteLookup(tx *gorm.DB, payout int64, outcome string, x providers.Exchange, failure string) error {
	started := x.StartedAt
	if started.IsZero() {
		started = s.Now()
	}
	_, err := store.ExecTx(tx, insertAttempt, payout, "lookup", started, started.Add(x.Took), outcome, x.Method, x.URL, x.Request, x.Status, x.Response,
		x.RequestID, failure, x.Took.Milliseconds())
	if err != nil {
		return fmt.Errorf("note lookup of payout %d: %w", payout, err)
	}
	return nil
}
