package tracking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/parcel"
	"pagaduria/providers"
	"pagaduria/services/store"
)

// PollArgs is the job that asks carriers for the events of their parcels. It is safe to run twice and at once: a parcel is
// claimed before it is asked for, and events that are known change nothing.
type PollArgs struct{}

// Kind names the job.
func (PollArgs) Kind() string { return "tracking.poll" }

// pollFor is how long one round asks; rounds come once a minute. A parcel that was claimed and not asked for, because the
// process died, is due again after claimedFor.
const (
	pollFor    = 45 * time.Second
	claimedFor = 5 * time.Minute
)

const (
	pollers = `SELECT id, name, poll_url, poll_token, poll_rate FROM carriers WHERE polling ORDER BY id`
	// A parcel is followed while its order is underway, for sixty days.
	followParcels = `
INSERT INTO parcel_polls (carrier_id, waybill, placed_at, next_at)
SELECT $1, o.waybill, min(o.placed_at), $3 FROM orders o
WHERE o.carrier = $2 AND o.waybill <> '' AND o.status IN ('guide_generated','in_transit','out_for_delivery','incident') AND o.placed_at > CAST($3 AS timestamptz) - interval '60 days'
    AND NOT EXISTS (SELECT 1 FROM shipments s WHERE s.carrier = o.carrier AND s.waybill = o.waybill AND s.state IN ('delivered','returned_to_sender','lost','cancelled'))
GROUP BY o.waybill ON CONFLICT (carrier_id, waybill) DO NOTHING`
	leaveParcels = `
DELETE FROM parcel_polls p WHERE p.carrier_id = $1 AND (p.placed_at < CAST($3 AS timestamptz) - interval '60 days' OR EXISTS (
    SELECT 1 FROM shipments s WHERE s.carrier = $2 AND s.waybill = p.waybill AND s.state IN ('delivered','returned_to_sender','lost','cancelled')))`
	claimParcels = `
WITH due AS (SELECT waybill FROM parcel_polls WHERE carrier_id = $1 AND next_at <= $2 ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE parcel_polls p SET next_at = $4 FROM due WHERE p.carrier_id = $1 AND p.waybill = due.waybill RETURNING p.waybill, p.placed_at, p.failures`
	noteAsked = `UPDATE parcel_polls SET asked_at = $3, next_at = $4, failures = $5, note = $6 WHERE carrier_id = $1 AND waybill = $2`
)

type poller struct {
	ID    int64
	Name  string
	URL   string
	Token []byte
	Rate  int
}

type duePoll struct {
	Waybill  string
	PlacedAt time.Time
	Failures int
}

// Poll asks every carrier that is to be asked for the parcels that are due, no faster than it may be. One carrier's trouble
// does not keep the others waiting.
func (s *Service) Poll(ctx context.Context) error {
	list, err := store.Select[poller](ctx, s.DB.Pool, pollers)
	if err != nil {
		return fmt.Errorf("read carriers to ask: %w", err)
	}
	ended := make(chan error, len(list))
	for _, p := range list {
		go func() { ended <- s.pollCarrier(ctx, p) }()
	}
	for range list {
		err = errors.Join(err, <-ended)
	}
	return err
}

func (s *Service) pollCarrier(ctx context.Context, p poller) error {
	token, err := s.Vault.Open(p.Token, tokenLabel)
	if err != nil {
		return fmt.Errorf("open the token of carrier %d (was the secret key changed?): %w", p.ID, err)
	}
	now := s.Now()
	var due []duePoll
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		for _, sql := range []string{followParcels, leaveParcels} {
			if _, err := store.ExecTx(tx, sql, p.ID, p.Name, now); err != nil {
				return err
			}
		}
		due, err = store.SelectTx[duePoll](tx, claimParcels, p.ID, now, p.Rate*int(pollFor/time.Second), now.Add(claimedFor))
		return err
	})
	if err != nil {
		return fmt.Errorf("claim parcels of carrier %d: %w", p.ID, err)
	}
	tracker := s.Open(p.URL, string(token))
	pace := time.NewTicker(time.Second / time.Duration(p.Rate))
	defer pace.Stop()
	for i, d := range due {
		if i > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-pace.C:
			}
		}
		if err := s.pollParcel(ctx, tracker, p, d); err != nil {
			return err
		}
	}
	return nil
}

// pollParcel asks for one parcel. That the carrier fails is noted with the parcel; an error is a fault of ours.
func (s *Service) pollParcel(ctx context.Context, tracker providers.Tracker, p poller, d duePoll) error {
	events, asked := tracker.Track(ctx, d.Waybill)
	now := s.Now()
	events, note := s.sound(d.Waybill, events)
	failures := 0
	switch {
	case errors.Is(asked, providers.ErrUnknownParcel):
		note = models.PollUnknown
	case asked != nil:
		note, failures = asked.Error(), d.Failures+1
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if len(events) > 0 {
			if _, err := takeEvents(tx, p.Name, events); err != nil {
				return err
			}
		}
		if _, err := store.ExecTx(tx, noteAsked, p.ID, d.Waybill, now, now.Add(models.PollAgain(now.Sub(d.PlacedAt), failures)), failures, clip(note)); err != nil {
			return fmt.Errorf("note question for parcel %s: %w", d.Waybill, err)
		}
		return nil
	})
}

// sound leaves out what can't be events of the parcel, and says what was wrong with the last of them.
func (s *Service) sound(waybill string, events []parcel.Event) (good []parcel.Event, note string) {
	for _, e := range events {
		if e.Waybill == "" {
			e.Waybill = waybill
		}
		err := e.Check(s.Now())
		if err == nil && e.Waybill != waybill {
			err = fmt.Errorf("an event is about parcel %s", e.Waybill)
		}
		if err != nil {
			note = err.Error()
			continue
		}
		good = append(good, e)
	}
	return good, note
}
