package payouts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/store"
)

// outcome is what came of one submit.
type outcome struct {
	sending
	receipt providers.Receipt
	err     error
	at      time.Time
}

// kind is the outcome in the words of payout_attempts.
func (o outcome) kind() string {
	if o.err == nil {
		return "accepted"
	}
	if errors.Is(o.err, providers.ErrNotSent) {
		return "not_sent"
	}
	if r, ok := errorAs[*providers.Rejected](o.err); ok && definite(r) {
		return "rejected"
	}
	return "unknown"
}

// definite answers whether a refusal of a submit proves that no order exists. A used reference proves the contrary:
// it is looked up like any unknown outcome.
func definite(r *providers.Rejected) bool { return r.Cause != providers.CauseDuplicate }

// standstill answers whether a refusal concerns the connection rather than the payout: until a person mends it, every
// other payout would be refused alike. No order exists, so what was refused waits, approved, and the connection pauses.
func standstill(err error) (providers.Cause, bool) {
	r, ok := errorAs[*providers.Rejected](err)
	if !ok {
		return "", false
	}
	switch r.Cause {
	case providers.CauseBadSignature, providers.CauseBadAddress, providers.CauseNotEnabled, providers.CauseFunds:
		return r.Cause, true
	}
	return "", false
}

// exchangeOf is the request and answer of the call, as far as known.
func exchangeOf(receipt providers.Exchange, err error) providers.Exchange {
	if r, ok := errorAs[*providers.Rejected](err); ok {
		return r.Exchange
	}
	if f, ok := errorAs[*providers.Failed](err); ok {
		return f.Exchange
	}
	return receipt
}

const (
	// Accepted orders move set by set: nothing but the state changes, the money is in transit already. An id that the rail
	// gave to another payout before is not taken: the payout is then asked for by our own reference.
	markSent = `
UPDATE payouts p SET state = 'sent', worker_id = NULL, sent_at = $3, state_at = $3, next_poll_at = $4, overdue_at = x.overdue_at,
    expires_at = x.expires_at, version = version + 1,
    rail_id = CASE WHEN EXISTS (SELECT 1 FROM payouts o WHERE o.rail_id = x.rail_id AND o.rail_id <> '' AND o.connection_id = p.connection_id AND o.id <> p.id)
              THEN '' ELSE x.rail_id END
FROM unnest($1::bigint[], $2::text[], $5::timestamptz[], $6::timestamptz[]) AS x(id, rail_id, overdue_at, expires_at)
WHERE p.id = x.id AND p.state = 'submitting' AND p.worker_id = $7
RETURNING p.id`
	noteSent = `
INSERT INTO payout_events (payout_id, at, from_state, to_state, origin) SELECT id, $2, 'submitting', 'sent', 'submit' FROM unnest($1::bigint[]) AS i(id)`
	closeAttempts = `
UPDATE payout_attempts a SET finished_at = $2, outcome = x.outcome, method = x.method, url = x.url, request = x.request, status = x.status,
    response = x.response, request_id = x.request_id, failure = x.failure, took_ms = x.took
FROM unnest($1::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::text[], $9::text[], $10::text[], $11::integer[])
    AS x(id, outcome, method, url, request, status, response, request_id, failure, took)
WHERE a.id = x.id`
)

// recordTries is how often an outcome is written before it is left to the sweep, which can only look it up.
const recordTries = 3

// record writes what came of a claim's submits in one transaction.
func (s *Service) record(ctx context.Context, connection models.Connection, outcomes []outcome) error {
	var err error
	for try := range recordTries {
		if try > 0 {
			time.Sleep(time.Duration(try) * 200 * time.Millisecond) // the database was lost for a moment
		}
		if err = s.recordOnce(ctx, connection, outcomes); err == nil {
			return nil
		}
	}
	return fmt.Errorf("record %d submits: %w", len(outcomes), err)
}

// recordOnce writes only payouts that are still this process's. Of one that another process took over meanwhile that
// one settles the refusal, but an acceptance is news in every state.
func (s *Service) recordOnce(ctx context.Context, connection models.Connection, outcomes []outcome) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.recordSent(tx, connection, outcomes); err != nil {
			return err
		}
		for _, o := range outcomes {
			if o.err != nil {
				if err := s.recordRefusal(tx, o); err != nil {
					return err
				}
			}
		}
		if err := s.pauseWhen(tx, connection, outcomes); err != nil {
			return err
		}
		return closeAll(tx, s.Now(), outcomes)
	})
}

func (s *Service) recordSent(tx *gorm.DB, connection models.Connection, outcomes []outcome) error {
	now := s.Now()
	var ids []int64
	var railIDs []string
	var overdue, expires []*time.Time
	accepted, named := map[int64]outcome{}, map[string]bool{}
	for _, o := range outcomes {
		if o.err != nil {
			continue
		}
		p := o.payout
		p.State = models.PayoutSent
		p.ExpiresAt = expectedExpiry(connection, p, now)
		if named[o.receipt.RailID] {
			o.receipt.RailID = "" // the rail gave one id to two payouts: neither is asked for by it twice
		}
		accepted[p.ID], named[o.receipt.RailID] = o, true
		ids, railIDs = append(ids, p.ID), append(railIDs, o.receipt.RailID)
		overdue, expires = append(overdue, p.Overdue(now)), append(expires, p.ExpiresAt)
	}
	if len(ids) == 0 {
		return nil
	}
	// The first question is asked soon: a fast rail has an answer by then.
	soon := now.Add(5 * time.Second)
	moved, err := store.SelectTx[struct{ ID int64 }](tx, markSent, ids, railIDs, now, soon, overdue, expires, s.worker.current())
	if err != nil {
		return fmt.Errorf("mark sent: %w", err)
	}
	ids = ids[:0]
	for _, m := range moved {
		ids = append(ids, m.ID)
		delete(accepted, m.ID)
	}
	if _, err := store.ExecTx(tx, noteSent, ids, now); err != nil {
		return fmt.Errorf("note sent: %w", err)
	}
	for _, id := range slices.Sorted(maps.Keys(accepted)) {
		if err := s.recordLate(tx, connection, accepted[id]); err != nil {
			return err
		}
	}
	return nil
}

// recordLate deals with an acceptance for a payout that another process took over while this one was cut off.
func (s *Service) recordLate(tx *gorm.DB, connection models.Connection, o outcome) error {
	p, err := loadLocked(tx, o.payout.ID)
	if err != nil {
		return err
	}
	if p.RailID == "" {
		p.RailID, p.ExpiresAt = o.receipt.RailID, expectedExpiry(connection, p, s.Now())
	}
	c := change{origin: "submit", note: "the rail accepted it while another process took it over"}
	switch {
	case p.State == models.PayoutApproved:
		if err := s.move(tx, &p, models.PayoutSubmitting, c); err != nil {
			return err
		}
		return s.move(tx, &p, models.PayoutSent, c)
	case p.State == models.PayoutUnknown:
		return s.move(tx, &p, models.PayoutSent, c)
	case p.State.Releases():
		return s.contradict(tx, p, providers.Status{State: models.PayoutSent, RailID: o.receipt.RailID, Exchange: o.receipt.Exchange}, c, "the rail accepted it after it was given up")
	}
	return nil
}

// expectedExpiry is when a cash payout is expected to lapse: D24 gives no date, so the connection's validity counts.
func expectedExpiry(connection models.Connection, p models.Payout, now time.Time) *time.Time {
	if !p.To.Kind.Cash() {
		return nil
	}
	at := now.AddDate(0, 0, connection.ValidityDays)
	return &at
}

// recordRefusal settles a submit that was not accepted.
func (s *Service) recordRefusal(tx *gorm.DB, o outcome) error {
	p, err := loadLocked(tx, o.payout.ID)
	if err != nil {
		return err
	}
	if p.State != models.PayoutSubmitting || p.Version != o.payout.Version {
		return nil // another process took it over
	}
	c := change{origin: "submit", note: o.err.Error()}
	switch o.kind() {
	case "not_sent":
		return s.move(tx, &p, models.PayoutApproved, c)
	case "rejected":
		if _, still := standstill(o.err); still {
			return s.move(tx, &p, models.PayoutApproved, c)
		}
		r, _ := errorAs[*providers.Rejected](o.err)
		p.Cause, p.RailCode, p.RailReason = string(r.Cause), r.Code, r.Message
		// The refusal speaks of this request only. An earlier one may have got through, and be why this one was refused.
		again, err := store.SelectTx[struct{ Yes bool }](tx, openBefore, p.ID, o.attempt)
		if err != nil {
			return fmt.Errorf("earlier attempts of payout %d: %w", p.ID, err)
		}
		if again[0].Yes {
			return s.move(tx, &p, models.PayoutUnknown, c)
		}
		return s.move(tx, &p, models.PayoutFailed, c)
	}
	return s.move(tx, &p, models.PayoutUnknown, c)
}

const (
	openBefore = `SELECT EXISTS (SELECT 1 FROM payout_attempts WHERE payout_id = $1 AND id <> $2 AND kind = 'submit' AND outcome IN ('', 'unknown', 'accepted'))`

	// unsettled is true of a payout p whose request may still reach the rail, or have reached it unseen: sending it again
	// is safe, because the reference stays the same; giving its money back is not.
	unsettled = `EXISTS (SELECT 1 FROM payout_attempts a WHERE a.payout_id = p.id AND a.kind = 'submit' AND a.outcome IN ('', 'unknown', 'accepted') AND a.started_at > %s)`
)

// settledAfter is how long after a request of unknown outcome a payout that the rail does not know may be given up. No
// process can have been stopped in the middle of a request for so long that it still goes through.
const settledAfter = time.Hour

const pauseConnection = `
UPDATE connections SET state = 'paused', paused_cause = $2, version = version + 1, updated_at = $3 WHERE id = $1 AND state = 'live'`

// pauseWhen pauses the connection when the rail refused it as a whole.
func (s *Service) pauseWhen(tx *gorm.DB, connection models.Connection, outcomes []outcome) error {
	for _, o := range outcomes {
		cause, still := standstill(o.err)
		if !still {
			continue
		}
		n, err := store.ExecTx(tx, pauseConnection, connection.ID, cause, s.Now())
		if err != nil || n == 0 {
			return err
		}
		err = events.Record(tx, events.Event{Kind: "connection.paused", SubjectType: "connection", SubjectID: connection.ID, Permission: models.PermConnectionsView,
			Facts: map[string]any{"Name": connection.Name, "Cause": cause}})
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: models.System("dispatch"), Action: "connection.pause", SubjectType: "connection", SubjectID: connection.ID,
			Reason: o.err.Error(), After: map[string]string{"state": "paused", "cause": string(cause)}})
	}
	return nil
}

// closeAll completes the attempts with what was asked and answered.
func closeAll(tx *gorm.DB, now time.Time, outcomes []outcome) error {
	n := len(outcomes)
	ids, status, took := make([]int64, n), make([]int32, n), make([]int32, n)
	kind, method, url, request := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	response, requestID, failure := make([]string, n), make([]string, n), make([]string, n)
	for i, o := range outcomes {
		x := exchangeOf(o.receipt.Exchange, o.err)
		ids[i], kind[i], method[i], url[i], request[i] = o.attempt, o.kind(), x.Method, x.URL, x.Request
		status[i], response[i], requestID[i], took[i] = int32(x.Status), x.Response, x.RequestID, int32(x.Took.Milliseconds())
		if o.err != nil {
			failure[i] = o.err.Error()
		}
	}
	if _, err := store.ExecTx(tx, closeAttempts, ids, now, kind, method, url, request, status, response, requestID, failure, took); err != nil {
		return fmt.Errorf("close attempts: %w", err)
	}
	return nil
}
