package tracking

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/parcel"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// DeliveryArgs is the job that works on an accepted message. It is safe to run twice: the work on a message and its
// outcome are one transaction.
type DeliveryArgs struct {
	ID int64 `json:"id"`
}

// Kind names the job.
func (DeliveryArgs) Kind() string { return "tracking.delivery" }

const (
	lockDelivery = `
SELECT d.id, c.id, c.name, d.body, d.outcome FROM carrier_deliveries d JOIN carriers c ON c.id = d.carrier_id
WHERE d.id = $1 AND d.verdict = 'accepted' FOR UPDATE OF d`
	noteDelivery = `UPDATE carrier_deliveries SET outcome = $2, note = $3, waybill = $4, worked_at = $5 WHERE id = $1`
	insertEvent  = `
INSERT INTO tracking_events (carrier, waybill, at, code, status_text, carrier_state, state, incident, cash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`
)

type lockedDelivery struct {
	ID, CarrierID int64
	Carrier       string
	Body          []byte
	Outcome       string
}

// WorkDelivery takes the event of an accepted message. One that can't be understood is refused with the reason and stays;
// only a fault of ours is tried again.
func (s *Service) WorkDelivery(ctx context.Context, a DeliveryArgs) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[lockedDelivery](tx, lockDelivery, a.ID)
		if err != nil {
			return fmt.Errorf("read message %d: %w", a.ID, err)
		}
		if len(rows) == 0 || rows[0].Outcome != "" {
			return nil
		}
		_, err = s.work(tx, rows[0])
		return err
	})
}

func (s *Service) work(tx *gorm.DB, d lockedDelivery) (outcome string, err error) {
	note := ""
	e, refused := parcel.Read(d.Body, s.Now())
	if refused != nil {
		outcome, note = models.DeliveryRefused, refused.Error()
	} else if outcome, err = takeEvents(tx, d.Carrier, []parcel.Event{e}); err != nil {
		return "", err
	}
	if _, err := store.ExecTx(tx, noteDelivery, d.ID, outcome, clip(note), clip(e.Waybill), s.Now()); err != nil {
		return "", fmt.Errorf("note work on message %d: %w", d.ID, err)
	}
	return outcome, nil
}

// takeEvents stores checked events of one parcel and works out where it is. The outcome is "unchanged" when all were known,
// "unknown" when one of them has a code that nobody has explained, else "stored".
func takeEvents(tx *gorm.DB, carrier string, events []parcel.Event) (outcome string, err error) {
	var p parcels
	p.add(carrier, events[0].Waybill)
	if err := lockParcels(tx, p); err != nil {
		return "", err
	}
	codes, err := readCodes(tx)
	if err != nil {
		return "", err
	}
	outcome = "unchanged"
	for i := range events {
		e := &events[i]
		cash, err := e.Money()
		if err != nil {
			return "", err
		}
		means := codes.maps[carrier].Means(e.Says())
		n, err := store.ExecTx(tx, insertEvent, carrier, e.Waybill, e.OccurredAt, e.Code, e.Description, e.State, means, e.Incident, cash.Minor)
		if err != nil {
			return "", fmt.Errorf("store event of parcel %s: %w", e.Waybill, err)
		}
		switch {
		case n == 0:
		case means == models.TrackingUnknown:
			outcome = "unknown"
		case outcome == "unchanged":
			outcome = "stored"
		}
	}
	if err := foldParcels(tx, codes, p); err != nil {
		return "", err
	}
	return outcome, codes.settle(tx)
}

// Again works on a refused message once more because a person asked, and answers what came of it.
func (s *Service) Again(ctx context.Context, by models.Actor, carrier, delivery int64) (outcome string, err error) {
	if err := forbid(by, models.PermWebhooksReplay); err != nil {
		return "", err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[lockedDelivery](tx, lockDelivery, delivery)
		if err != nil {
			return fmt.Errorf("read message %d: %w", delivery, err)
		}
		if len(rows) == 0 || rows[0].CarrierID != carrier {
			return models.Refuse(models.NotFound, "carriers.no_message", "There is no such message.", nil)
		}
		if rows[0].Outcome != models.DeliveryRefused {
			return models.Refuse(models.Conflict, "carriers.not_again", "Only a message that was refused can be processed again.", nil)
		}
		if outcome, err = s.work(tx, rows[0]); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "carrier.again", SubjectType: "carrier", SubjectID: carrier, After: map[string]string{"outcome": outcome}})
	})
	return outcome, err
}
