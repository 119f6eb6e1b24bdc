package payouts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Operation is what a person may ask of a payout that is under way.
type Operation string

// The operations. Cancel takes the payout back while the rail still lets go of it.
const (
	OpHold    Operation = "hold"
	OpRelease Operation = "release"
	OpCancel  Operation = "cancel"
	OpLookup  Operation = "lookup" // only asks
)

// Offered lists what can be done with a payout in its present state.
func Offered(p models.Payout) []Operation {
	switch p.State {
	case models.PayoutApproved:
		return []Operation{OpCancel}
	case models.PayoutSent:
		return []Operation{OpHold, OpCancel, OpLookup}
	case models.PayoutOnHold:
		return []Operation{OpRelease, OpLookup} // D24 cancels pending payouts only
	case models.PayoutAvailable, models.PayoutUnknown, models.PayoutPaid:
		return []Operation{OpLookup}
	}
	return nil
}

// Hindrances says of every operation that changes something and is not offered why it is not, as a key of the catalogues.
func Hindrances(p models.Payout) map[Operation]string {
	why := map[Operation]string{}
	offered := Offered(p)
	for _, op := range []Operation{OpHold, OpRelease, OpCancel} {
		if !slices.Contains(offered, op) {
			why[op] = hindrance(p.State, op)
		}
	}
	return why
}

func hindrance(s models.PayoutState, op Operation) string {
	switch {
	case s.Releases():
		return "back"
	case s == models.PayoutPaid:
		return "paid"
	case s == models.PayoutInBatch:
		return "in_batch"
	case s == models.PayoutSubmitting || s == models.PayoutUnknown:
		return "uncertain"
	case op == OpRelease:
		return "not_held"
	case s == models.PayoutOnHold && op == OpHold:
		return "held"
	case s == models.PayoutOnHold:
		return "release_first"
	case s == models.PayoutApproved:
		return "not_left"
	}
	return "delivered"
}

// Operate holds, releases or cancels a payout at its rail, on record before the request leaves. Whatever the rail
// answers, the payout's state follows from asking it afterwards. One that has not left is cancelled on the spot.
func (s *Service) Operate(ctx context.Context, by models.Actor, id int64, op Operation, reason string) (Moved, error) {
	if !by.May(models.PermPayoutsOperate) {
		return Moved{}, models.Refuse(models.Forbidden, "payout.refused.role", "Only finance or an approver can do this.", nil)
	}
	if reason == "" && op != OpLookup {
		return Moved{}, models.Refuse(models.Invalid, "payout.refused.reason", "Give a reason; it stays with the payout.", nil).
			WithField("reason", "payout.refused.reason")
	}
	p, attempt, err := s.beginOperation(ctx, by, id, op, reason)
	if err != nil || attempt == 0 {
		return Moved{From: models.PayoutApproved, To: p.State, Changed: attempt == 0 && err == nil}, err
	}
	connection, rail, err := s.Rail(ctx, p.ConnectionID)
	if err != nil {
		return Moved{}, err
	}
	if op == OpLookup {
		return s.ask(ctx, connection, rail, p, change{origin: "person", by: by})
	}
	refused := s.operate(ctx, connection, rail, p, op, attempt)
	moved, err := s.ask(ctx, connection, rail, p, change{origin: "person", by: by, note: reason})
	if refused != nil && !moved.Changed {
		return moved, refused
	}
	return moved, err
}

// beginOperation checks the state under the row lock and puts the attempt on record. attempt is 0 when everything
// was done on the spot.
func (s *Service) beginOperation(ctx context.Context, by models.Actor, id int64, op Operation, reason string) (p models.Payout, attempt int64, err error) {
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if p, err = loadLocked(tx, id); err != nil {
			return err
		}
		if !slices.Contains(Offered(p), op) {
			return models.Refuse(models.Conflict, "payout.refused.operation", "This payout is "+string(p.State)+", so this cannot be done any more.",
				map[string]any{"State": string(p.State)})
		}
		if op == OpLookup {
			attempt = -1
			return nil
		}
		event := audit.Entry{By: by, Action: "payout." + string(op), SubjectType: "payout", SubjectID: id, Reason: reason,
			Before: map[string]any{"state": p.State, "code": p.Code}}
		if p.State == models.PayoutApproved {
			if err := refuseUnsettled(tx, p, s.Now()); err != nil {
				return err
			}
			p.Cause = string(providers.CauseCancelled)
			if err := s.move(tx, &p, models.PayoutCancelled, change{origin: "person", by: by, note: reason}); err != nil {
				return err
			}
			event.After = map[string]any{"state": p.State}
			return audit.Record(tx, event)
		}
		attempts, err := openAttemptsOf(tx, []int64{id}, string(op), s.Now())
		if err != nil {
			return err
		}
		attempt = attempts[id]
		return audit.Record(tx, event)
	})
	return p, attempt, err
}

const isUnsettled = `SELECT %s FROM payouts p WHERE p.id = $1`

// refuseUnsettled keeps the money of an approved payout from being given back while an earlier request for it may yet
// reach the rail.
func refuseUnsettled(tx *gorm.DB, p models.Payout, now time.Time) error {
	rows, err := store.SelectTx[struct{ Yes bool }](tx, fmt.Sprintf(isUnsettled, fmt.Sprintf(unsettled, "$2")), p.ID, now.Add(-settledAfter))
	if err != nil {
		return fmt.Errorf("earlier attempts of payout %d: %w", p.ID, err)
	}
	if rows[0].Yes {
		return models.Refuse(models.Conflict, "payout.refused.unsettled",
			"An earlier request for this payout may still reach the rail, so it is sent again and can be cancelled there.", nil)
	}
	return nil
}

// operate calls the rail and completes the attempt. The error is a refusal for the person, or nil.
func (s *Service) operate(ctx context.Context, connection models.Connection, rail providers.Provider, p models.Payout, op Operation, attempt int64) error {
	call, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	act := map[Operation]func(context.Context, providers.Ref) (providers.Exchange, error){OpHold: rail.Hold, OpRelease: rail.Release, OpCancel: rail.Cancel}[op]
	began := time.Now()
	x, err := act(call, refOf(p))
	o := outcome{sending: sending{p, attempt}, receipt: providers.Receipt{Exchange: x}, err: err, at: s.Now()}
	s.observe(connection, string(op), o.kind(), time.Since(began))
	if saved := s.DB.InTx(context.WithoutCancel(ctx), func(tx *gorm.DB) error { return closeAll(tx, s.Now(), []outcome{o}) }); saved != nil {
		return saved
	}
	switch r, rejected := errorAs[*providers.Rejected](err); {
	case err == nil:
		return nil
	case rejected:
		return models.Refuse(models.Conflict, "payout.refused.rail", "The rail refused: "+r.Message, map[string]any{"Code": r.Code, "Message": r.Message})
	case errors.Is(err, providers.ErrNotSent):
		return models.Refuse(models.Unavailable, "payout.refused.not_sent", "The rail cannot be reached now; nothing was changed. Try again later.", nil)
	}
	return models.Refuse(models.Unavailable, "payout.refused.unknown", "The rail gave no clear answer. Its status is asked for until it is known.", nil)
}

// Attempt is one request to a rail as support sees it.
type Attempt struct {
	ID         int64
	Kind       string
	StartedAt  time.Time
	FinishedAt *time.Time
	Outcome    string
	Method     string
	URL        string
	Request    string
	Status     int
	Response   string
	RequestID  string
	Failure    string
	TookMS     int
}

// Attempts lists the requests made for a payout, newest first.
func (s *Service) Attempts(ctx context.Context, payout int64) ([]Attempt, error) {
	list, err := store.Select[Attempt](ctx, s.DB.Pool, `
SELECT id, kind, started_at, finished_at, outcome, method, url, request, status, response, request_id, failure, took_ms
FROM payout_attempts WHERE payout_id = $1 ORDER BY id DESC LIMIT 100`, payout)
	if err != nil {
		return nil, fmt.Errorf("attempts of payout %d: %w", payout, err)
	}
	return list, nil
}
