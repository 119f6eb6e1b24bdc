package payouts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// RenewArgs is the job that takes payouts back at their rail and issues their money again. It comes by the clock, and at
// once with each one; it is safe to run twice and in many processes.
type RenewArgs struct{}

// Kind names the job.
func (RenewArgs) Kind() string { return "payouts.renew" }

// InsertOpts tries once: the next round is seconds away.
func (RenewArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

const (
	renewalColumns = `r.id, r.payout_id, r.kind, r.state, COALESCE(r.request_id, 0), COALESCE(r.maker_id, 0), COALESCE((SELECT name FROM staff s WHERE s.id = r.maker_id), ''), r.reason,
    COALESCE(r.connection_id, 0), r.method_kind, r.tries, r.note, r.detail, COALESCE(r.batch_id, 0), r.created_at, r.ended_at`
	insertRenewal = `
INSERT INTO payout_renewals (payout_id, kind, request_id, maker_id, reason, connection_id, method_kind, next_at, created_at)
VALUES ($1, $2, NULLIF($3, 0), NULLIF($4, 0), $5, NULLIF($6, 0), $7, $8, $8) ON CONFLICT (payout_id) WHERE ended_at IS NULL DO NOTHING RETURNING id`
	claimRenewals = `
WITH due AS (SELECT id FROM payout_renewals WHERE ended_at IS NULL AND next_at <= $1 ORDER BY next_at LIMIT 20 FOR UPDATE SKIP LOCKED)
UPDATE payout_renewals r SET tries = r.tries + 1, next_at = $2 FROM due WHERE r.id = due.id RETURNING ` + renewalColumns
	putOff     = `UPDATE payout_renewals SET state = $2, note = $3, detail = $4, next_at = $5 WHERE id = $1 AND ended_at IS NULL`
	endRenewal = `UPDATE payout_renewals SET state = $2, note = $3, detail = $4, batch_id = NULLIF($5, 0), ended_at = $6 WHERE id = $1 AND ended_at IS NULL`
)

// Renewals lists how a payout was taken back to be issued again, newest first.
func (s *Service) Renewals(ctx context.Context, payout int64) ([]models.Renewal, error) {
	list, err := store.Select[models.Renewal](ctx, s.DB.Pool, `SELECT `+renewalColumns+` FROM payout_renewals r WHERE r.payout_id = $1 ORDER BY r.id DESC LIMIT 20`, payout)
	if err != nil {
		return nil, fmt.Errorf("renewals of payout %d: %w", payout, err)
	}
	return list, nil
}

// openRenewal puts a payout on its way to be issued again. The payout is locked by the caller.
func (s *Service) openRenewal(tx *gorm.DB, by models.Actor, r models.Renewal) (int64, error) {
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertRenewal, r.PayoutID, r.Kind, r.RequestID, r.MakerID, r.Reason, r.ConnectionID, r.Method, s.Now())
	if err != nil {
		return 0, fmt.Errorf("renew payout %d: %w", r.PayoutID, err)
	}
	if len(rows) == 0 {
		return 0, refuseRenewal(models.RefusedRenewing)
	}
	if err := queue.Insert(tx, RenewArgs{}, nil); err != nil {
		return 0, err
	}
	return rows[0].ID, audit.Record(tx, audit.Entry{By: by, Action: "payout.renew_" + string(r.Kind), SubjectType: "payout", SubjectID: r.PayoutID, Reason: r.Reason,
		After: map[string]any{"renewal": rows[0].ID, "request": r.RequestID, "connection": r.ConnectionID, "method": r.Method}})
}

// renewWithin is how long a claimed renewal is left to the process that has it.
const renewWithin = 2 * time.Minute

// Renew goes on with every renewal that is due.
func (s *Service) Renew(ctx context.Context) error {
	var failed error
	for ctx.Err() == nil {
		now := s.Now()
		list, err := store.Select[models.Renewal](ctx, s.DB.Pool, claimRenewals, now, now.Add(renewWithin))
		if err != nil {
			return errors.Join(failed, fmt.Errorf("claim renewals: %w", err))
		}
		if len(list) == 0 {
			return failed
		}
		for _, r := range list {
			if err := s.renew(ctx, r); err != nil {
				failed = errors.Join(failed, fmt.Errorf("renew payout %d: %w", r.PayoutID, err))
			}
		}
	}
	return errors.Join(failed, ctx.Err())
}

// What stands in the way of a renewal, as the page says it.
const (
	noteUnknown = "unknown" // what the rail said to the cancellation is not known
	noteRefused = "refused" // the rail does not let go of it
	noteWait    = "wait"    // it is on its way, or its outcome is not known
	noteNobody  = "nobody"  // nobody who asked may prepare a batch
)

// renew takes one renewal as far as it goes now. Where the payout stands is asked before anything is done to it.
func (s *Service) renew(ctx context.Context, r models.Renewal) error {
	p, err := s.Payout(ctx, r.PayoutID)
	if err != nil {
		return err
	}
	if p.State.AtRail() && r.State == models.RenewalCancelling {
		if p, err = s.takeBack(ctx, r, p); err != nil {
			return err
		}
	}
	switch {
	case p.State == models.PayoutPaid:
		return s.endRenewal(ctx, r, models.RenewalCollected, "", "")
	case p.State.Releases():
		return s.issueRenewal(ctx, r, p)
	}
	return nil // takeBack, or the state it waits for, says when to come back
}

// takeBack asks the rail to let go of a payout, as a person does who cancels it, and answers where the payout stands then.
// The next try is put off as the outcome wants it.
func (s *Service) takeBack(ctx context.Context, r models.Renewal, p models.Payout) (models.Payout, error) {
	connection, rail, err := s.Rail(ctx, p.ConnectionID)
	if err != nil {
		return p, err
	}
	c := change{origin: "sweep", by: models.System("renewal"), note: r.Reason}
	if _, err := s.ask(ctx, connection, rail, p, c); err != nil {
		return p, s.later(ctx, r, models.RenewalCancelling, noteUnknown, err.Error())
	}
	attempt := int64(0)
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if p, err = loadLocked(tx, p.ID); err != nil || !slices.Contains(cancellable, p.State) {
			return err
		}
		attempts, err := openAttemptsOf(tx, []int64{p.ID}, string(OpCancel), s.Now())
		if err != nil {
			return err
		}
		attempt = attempts[p.ID]
		return audit.Record(tx, audit.Entry{By: c.by, Action: "payout.cancel", SubjectType: "payout", SubjectID: p.ID, Reason: r.Reason,
			Before: map[string]any{"state": p.State, "code": p.Code}})
	})
	if err != nil {
		return p, err
	}
	if attempt == 0 {
		if p.State.AtRail() { // on its way, or unknown: not to be touched before that is settled
			return p, s.later(ctx, r, models.RenewalCancelling, noteWait, "")
		}
		return p, nil
	}
	refused := s.operate(ctx, connection, rail, p, OpCancel, attempt)
	_, asked := s.ask(ctx, connection, rail, p, c)
	if p, err = s.Payout(ctx, p.ID); err != nil || !p.State.AtRail() {
		return p, err
	}
	switch {
	case asked == nil && models.KindOf(refused) == models.Conflict:
		return p, s.later(ctx, r, models.RenewalWaiting, noteRefused, detailOf(refused))
	case refused == nil && asked == nil:
		return p, s.later(ctx, r, models.RenewalCancelling, noteWait, "") // the rail took it in and does not show it yet
	}
	return p, s.later(ctx, r, models.RenewalCancelling, noteUnknown, "")
}

// cancellable are the states in which a rail may let go of a payout.
var cancellable = []models.PayoutState{models.PayoutSent, models.PayoutAvailable, models.PayoutOnHold}

// detailOf is what the rail said.
func detailOf(refused error) string {
	if e, ok := errorAs[*models.Error](refused); ok {
		if said, ok := e.Args["Message"].(string); ok {
			return said
		}
	}
	return ""
}

// later puts a renewal off: soon at first, then less often. One that waits for the code to expire is looked at each minute,
// in our own books only.
func (s *Service) later(ctx context.Context, r models.Renewal, state models.RenewalState, note, detail string) error {
	wait := time.Minute
	if state == models.RenewalCancelling {
		wait = min(time.Duration(r.Tries*r.Tries)*5*time.Second, 10*time.Minute)
	}
	if _, err := s.DB.Pool.Exec(ctx, putOff, r.ID, state, note, detail, s.Now().Add(wait)); err != nil {
		return fmt.Errorf("put renewal %d off: %w", r.ID, err)
	}
	if state == models.RenewalWaiting && r.State != state {
		return s.DB.InTx(ctx, func(tx *gorm.DB) error { return tellRenewal(tx, r, state, "") })
	}
	return nil
}

// endRenewal closes a renewal without a batch.
func (s *Service) endRenewal(ctx context.Context, r models.Renewal, state models.RenewalState, note, detail string) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error { return s.end(tx, r, state, note, detail, 0) })
}

// errEnded means that another process closed the renewal.
var errEnded = errors.New("the renewal has ended")

func (s *Service) end(tx *gorm.DB, r models.Renewal, state models.RenewalState, note, detail string, batch int64) error {
	n, err := store.ExecTx(tx, endRenewal, r.ID, state, note, detail, batch, s.Now())
	if err != nil {
		return fmt.Errorf("end renewal %d: %w", r.ID, err)
	}
	if n == 0 {
		return errEnded
	}
	if err := tellRenewal(tx, r, state, note); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: models.System("renewal"), Action: "payout.renewal_" + string(state), SubjectType: "payout", SubjectID: r.PayoutID, Reason: r.Reason,
		After: map[string]any{"renewal": r.ID, "batch": batch, "note": note}})
}

const renewalNews = `
SELECT p.payee_name, p.amount, COALESCE(q.maker_id, 0), COALESCE(q.decider_id, 0)
FROM payout_renewals r JOIN payouts p ON p.id = r.payout_id LEFT JOIN requests q ON q.id = r.request_id WHERE r.id = $1`

// tellRenewal tells those who asked and consented how it came out; of money that a person has to go on with all who prepare batches.
func tellRenewal(tx *gorm.DB, r models.Renewal, state models.RenewalState, note string) error {
	rows, err := store.SelectTx[struct {
		Name           string
		Amount         models.Money
		Asked, Consent int64
	}](tx, renewalNews, r.ID)
	if err != nil {
		return fmt.Errorf("read news of renewal %d: %w", r.ID, err)
	}
	e := events.Event{Kind: "renewal." + string(state), SubjectType: "payout", SubjectID: r.PayoutID, Facts: map[string]any{"Name": rows[0].Name, "Amount": rows[0].Amount, "Note": note}}
	for _, id := range []int64{r.MakerID, rows[0].Asked, rows[0].Consent} {
		if id != 0 && !slices.Contains(e.Staff, id) {
			e.Staff = append(e.Staff, id)
		}
	}
	if state == models.RenewalStopped {
		e.Permission = models.PermBatchesPrepare
	}
	return events.Record(tx, e)
}

// issueRenewal makes a batch of the money that came back, in the name of who prepares it; like any batch it waits for a
// second person. The renewal is closed in the batch's transaction, so that there is one batch however often this runs.
func (s *Service) issueRenewal(ctx context.Context, r models.Renewal, p models.Payout) error {
	var maker models.Actor
	may := false
	err := s.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
		maker, may, err = activePreparer(tx, r.MakerID)
		return err
	})
	if err != nil {
		return err
	}
	if !may {
		return s.endRenewal(ctx, r, models.RenewalStopped, noteNobody, "")
	}
	connection := p.ConnectionID
	comp := models.Composition{Cutoff: s.Now(), Reissue: []int64{p.ID}}
	if r.Kind == models.RenewNetwork {
		connection, comp.Switch = r.ConnectionID, &models.Switch{Method: r.Method, Reason: r.Reason}
	}
	list, err := s.failuresOf(ctx, s.DB.Pool, comp.Reissue)
	if err != nil {
		return err
	}
	again, left := sortFailures(list, comp.Switch)
	if len(again) == 0 {
		return s.endRenewal(ctx, r, models.RenewalStopped, string(left[0].Why), "")
	}
	preview, err := s.Preview(ctx, connection, comp)
	if err != nil {
		return err
	}
	if len(preview.Items) == 0 {
		note, detail := string(models.RefusedAgain), ""
		if len(preview.LeftOut) > 0 {
			note, detail = string(preview.LeftOut[0].Why), preview.LeftOut[0].Detail
		}
		return s.endRenewal(ctx, r, models.RenewalStopped, note, detail)
	}
	_, err = s.create(ctx, maker, NewBatch{Name: p.Code, ConnectionID: connection, Composition: comp, ExpectCount: len(preview.Items), ExpectTotal: preview.Total, Submit: true},
		func(tx *gorm.DB, batch int64) error { return s.end(tx, r, models.RenewalIssued, "", "", batch) })
	if errors.Is(err, errEnded) || errors.Is(err, errMoved) {
		return nil // by another process, or something changed in between: the next round looks again
	}
	return err
}
