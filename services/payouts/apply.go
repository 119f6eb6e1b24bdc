package payouts

import (
	"context"
	"fmt"
	"maps"
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

func (s *Service) resendAfter() time.Duration {
	if s.ResendAfter > 0 {
		return s.ResendAfter
	}
	return resendAfter
}

// nextState is where a payout goes when the rail, asked while it was in the state asked, answers said. A rail that
// says of a paid one that it did not go through, by whatever code, has taken the money back.
func nextState(asked, said models.PayoutState) models.PayoutState {
	if asked == models.PayoutPaid && said.Releases() {
		return models.PayoutReturned
	}
	return said
}

// lockPayouts locks by id, so that two who lock several never wait for each other.
const lockPayouts = `SELECT ` + payoutColumns + ` FROM payouts p WHERE p.id = ANY($1) ORDER BY p.id FOR UPDATE`

// applyAll brings payouts to where the rail says they are, in one transaction. Where that fails each has one of its own:
// an answer that can't be applied keeps no other back.
func (s *Service) applyAll(ctx context.Context, connection models.Connection, answers []answer, c change) map[int64]Asked {
	if len(answers) == 0 {
		return nil
	}
	asked, err := s.applyOnce(ctx, connection, answers, c)
	switch {
	case err == nil:
		return asked
	case len(answers) == 1:
		return map[int64]Asked{answers[0].asked.ID: {Err: err}}
	}
	asked = make(map[int64]Asked, len(answers))
	for i := range answers {
		maps.Copy(asked, s.applyAll(ctx, connection, answers[i:i+1], c))
	}
	return asked
}

// applying is a transaction that brings payouts to where the rail says they are.
type applying struct {
	*Service
	tx         *gorm.DB
	connection models.Connection
	asked      map[int64]Asked

	moves     []moving
	lookups   []lookup
	unchanged []models.Payout
	again     []DispatchArgs // to be sent again
}

func (s *Service) applyOnce(ctx context.Context, connection models.Connection, answers []answer, c change) (map[int64]Asked, error) {
	byID, ids := make(map[int64]answer, len(answers)), make([]int64, len(answers))
	for i, a := range answers {
		byID[a.asked.ID], ids[i] = a, a.asked.ID
	}
	var asked map[int64]Asked
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		asked = make(map[int64]Asked, len(answers))
		a := &applying{Service: s, tx: tx, connection: connection, asked: asked}
		list, err := selectPayoutsTx(tx, lockPayouts, ids)
		if err != nil {
			return fmt.Errorf("lock payouts %v: %w", ids, err)
		}
		for i := range list {
			if err := a.take(&list[i], byID[list[i].ID], c); err != nil {
				return err
			}
		}
		return a.write()
	})
	return asked, err
}

// take decides what an answer means for its payout, which is locked.
func (a *applying) take(p *models.Payout, said answer, c change) error {
	a.asked[p.ID] = Asked{Moved: Moved{From: p.State, To: p.State}}
	if said.notFound {
		a.takeNotFound(p, said, c)
		return nil
	}
	return a.takeStatus(p, said, c)
}

// takeStatus deals with what the rail says of a payout. What it says late or out of order, such as "sent" after "paid",
// changes nothing; that it pays one whose money was given back is an alarm.
func (a *applying) takeStatus(p *models.Payout, said answer, c change) error {
	status, asked := said.status, said.asked.State
	if status.RailID != "" && p.RailID != "" && status.RailID != p.RailID {
		a.asked[p.ID] = Asked{Err: fmt.Errorf("payout %d is %s at the rail, not %s", p.ID, p.RailID, status.RailID)}
		return nil
	}
	if p.RailID == "" {
		p.RailID = status.RailID
	}
	next := nextState(asked, status.State)
	if asked.Releases() && !next.Releases() {
		return a.contradict(a.tx, *p, status, c, "its money was made payable again, but the rail says that it is "+string(next))
	}
	if asked.Releases() { // what it said in between may have contradicted us
		if err := a.restate(a.tx, *p, status, c); err != nil {
			return err
		}
	}
	if next == p.State || !p.State.CanMoveTo(next) {
		a.unchanged = append(a.unchanged, *p)
		return nil
	}
	p.Cause, p.RailCode, p.RailReason = "", "", "" // of an earlier request
	if next.Releases() || next == models.PayoutOnHold {
		p.RailCode, p.RailReason = status.Code, status.Reason
		if next != models.PayoutOnHold {
			p.Cause = string(causeOf(next, func() providers.Cause { return explain(a.connection, a.Service, status.Code) }))
		}
	}
	if p.ExpiresAt == nil {
		p.ExpiresAt = expectedExpiry(a.connection, *p, sentTime(*p, a.Now()))
	}
	a.moveTo(p, next, c)
	a.lookups = append(a.lookups, lookup{p.ID, "found", status.Exchange})
	return nil
}

// takeNotFound deals with a payout that the rail does not know: one of unknown outcome was never created, and is
// sent again under the same reference once no earlier request can still be under way.
func (a *applying) takeNotFound(p *models.Payout, said answer, c change) {
	if p.State != models.PayoutUnknown || a.Now().Sub(p.StateAt) < a.resendAfter() {
		a.unchanged = append(a.unchanged, *p)
		return
	}
	a.lookups = append(a.lookups, lookup{p.ID, "not_found", said.status.Exchange})
	if p.RailCode != "" { // its last request was refused, and no earlier one got through
		a.moveTo(p, models.PayoutFailed, c)
		return
	}
	c.note = "the rail does not know it: sent again under the same reference"
	a.moveTo(p, models.PayoutApproved, c)
	a.again = append(a.again, DispatchArgs{BatchID: p.BatchID, From: p.ID, To: p.ID})
}

func (a *applying) moveTo(p *models.Payout, next models.PayoutState, c change) {
	a.asked[p.ID] = Asked{Moved: Moved{From: p.State, To: next, Changed: true}}
	a.moves = append(a.moves, moving{p, next, c})
}

// write does what the answers led to, set by set.
func (a *applying) write() error {
	if err := a.moveAll(a.tx, a.moves); err != nil {
		return err
	}
	if err := a.planAll(); err != nil {
		return err
	}
	if err := a.noteLookups(); err != nil {
		return err
	}
	for _, d := range a.again {
		if err := enqueueDispatch(a.tx, d); err != nil {
			return err
		}
	}
	return nil
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

const planQuestions = `
UPDATE payouts p SET next_poll_at = x.next_poll_at, polls = polls + 1, rail_id = x.rail_id
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS x(id, next_poll_at, rail_id) WHERE p.id = x.id`

// planAll only plans the next question for payouts that did not move.
func (a *applying) planAll() error {
	if len(a.unchanged) == 0 {
		return nil
	}
	now, n := a.Now(), len(a.unchanged)
	ids, next, railIDs := make([]int64, n), make([]*time.Time, n), make([]string, n)
	for i, p := range a.unchanged {
		ids[i], next[i], railIDs[i] = p.ID, p.NextPoll(now), p.RailID
	}
	if _, err := store.ExecTx(a.tx, planQuestions, ids, next, railIDs); err != nil {
		return fmt.Errorf("plan the next poll of payouts %v: %w", ids, err)
	}
	return nil
}

const insertLookups = `
INSERT INTO payout_attempts (payout_id, kind, started_at, finished_at, outcome, method, url, request, status, response, request_id, took_ms)
SELECT payout_id, 'lookup', started_at, finished_at, outcome, method, url, request, status, response, request_id, took_ms
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::text[], $10::text[], $11::integer[])
    AS x(payout_id, started_at, finished_at, outcome, method, url, request, status, response, request_id, took_ms)`

// lookup is a question that led to something, for the record.
type lookup struct {
	payout  int64
	outcome string // found or not_found
	providers.Exchange
}

func (a *applying) noteLookups() error {
	n := len(a.lookups)
	if n == 0 {
		return nil
	}
	payouts, status, took := make([]int64, n), make([]int, n), make([]int64, n)
	started, finished := make([]time.Time, n), make([]time.Time, n)
	outcome, method, url, request, response, requestID := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, l := range a.lookups {
		if started[i] = l.StartedAt; l.StartedAt.IsZero() {
			started[i] = a.Now()
		}
		payouts[i], finished[i], took[i] = l.payout, started[i].Add(l.Took), l.Took.Milliseconds()
		outcome[i], method[i], url[i], request[i] = l.outcome, l.Method, l.URL, l.Request
		status[i], response[i], requestID[i] = l.Status, l.Response, l.RequestID
	}
	_, err := store.ExecTx(a.tx, insertLookups, payouts, started, finished, outcome, method, url, request, status, response, requestID, took)
	if err != nil {
		return fmt.Errorf("note lookups of payouts %v: %w", payouts, err)
	}
	return nil
}
