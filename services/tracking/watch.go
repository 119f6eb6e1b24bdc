package tracking

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// WatchArgs is the job that looks for parcels that ask for somebody. It is safe to run twice and at once.
type WatchArgs struct{}

// Kind names the job.
func (WatchArgs) Kind() string { return "tracking.watch" }

const (
	// An order that the shop has done with is nobody's trouble any more. Cash counts as handed over when finance noted it or
	// the carrier said so.
	wantedAlarms = `
SELECT 'stuck' AS kind, o.id AS order_id, s.last_event_at AS since
FROM carriers c JOIN shipments s ON s.carrier = c.name AND s.state IN ('in_transit','incident','unknown') AND s.last_event_at < CAST($1 AS timestamptz) - make_interval(days => c.stuck_days)
JOIN orders o ON o.waybill = s.waybill AND o.carrier = s.carrier AND o.waybill <> '' AND o.status NOT IN ('delivered','returned_to_sender','cancelled','failed','refunded')
UNION ALL
SELECT 'stuck', o.id, o.placed_at
FROM carriers c JOIN orders o ON o.carrier = c.name AND o.waybill <> '' AND o.status IN ('guide_generated','in_transit','out_for_delivery','incident')
    AND o.placed_at < CAST($1 AS timestamptz) - make_interval(days => c.stuck_days)
WHERE NOT EXISTS (SELECT 1 FROM shipments s WHERE s.carrier = o.carrier AND s.waybill = o.waybill)
UNION ALL
SELECT 'unremitted', o.id, s.last_event_at
FROM carriers c JOIN shipments s ON s.carrier = c.name AND s.state = 'delivered' AND s.cash_collected AND s.remitted_at IS NULL
    AND s.last_event_at < CAST($1 AS timestamptz) - make_interval(days => c.remit_days)
JOIN orders o ON o.waybill = s.waybill AND o.carrier = s.carrier AND o.waybill <> '' AND o.payment = 'cod'
WHERE NOT EXISTS (SELECT 1 FROM remittances r WHERE r.order_id = o.id)`
	refreshAlarms = `
WITH wanted AS MATERIALIZED (` + wantedAlarms + `
), gone AS (
    DELETE FROM parcel_alarms a WHERE NOT EXISTS (SELECT 1 FROM wanted w WHERE w.kind = a.kind AND w.order_id = a.order_id)
)
INSERT INTO parcel_alarms (kind, order_id, since) SELECT kind, order_id, since FROM wanted
ON CONFLICT (kind, order_id) DO UPDATE SET since = excluded.since WHERE parcel_alarms.since <> excluded.since`
	oneWatch    = `SELECT pg_advisory_xact_lock(hashtextextended('tracking.watch', 0))`
	countAlarms = `SELECT kind, count(*) FROM parcel_alarms GROUP BY kind`
	saveDays    = `UPDATE carriers SET stuck_days = $3, remit_days = $4, version = version + 1 WHERE id = $1 AND version = $2`
)

// Watch works out which parcels are stuck, and which carriers should have handed cash over and have not.
func (s *Service) Watch(ctx context.Context) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := store.ExecTx(tx, oneWatch); err != nil {
			return fmt.Errorf("wait for another watch: %w", err)
		}
		if _, err := store.ExecTx(tx, refreshAlarms, s.Now()); err != nil {
			return fmt.Errorf("look for parcels that ask for somebody: %w", err)
		}
		return nil
	})
}

// Alarms counts the orders whose parcel asks for somebody.
func (s *Service) Alarms(ctx context.Context) (map[models.ParcelAlarm]int64, error) {
	rows, err := store.Select[struct {
		Kind models.ParcelAlarm
		N    int64
	}](ctx, s.DB.Pool, countAlarms)
	if err != nil {
		return nil, fmt.Errorf("count parcels that ask for somebody: %w", err)
	}
	counts := map[models.ParcelAlarm]int64{}
	for _, r := range rows {
		counts[r.Kind] = r.N
	}
	return counts, nil
}

var errStaleSettings = models.Refuse(models.Conflict, "carriers.stale_settings", "Somebody changed these settings after you opened them. Load them again.", nil)

// SetDays says after how many days a parcel of the carrier is stuck and its cash overdue; c.Version is what was on the page.
func (s *Service) SetDays(ctx context.Context, by models.Actor, c models.Carrier) error {
	if err := forbid(by, models.PermCarriersEdit); err != nil {
		return err
	}
	if err := c.CheckDays(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		before, err := store.SelectTx[models.Carrier](tx, oneCarrier, c.ID)
		if err != nil {
			return fmt.Errorf("read carrier %d: %w", c.ID, err)
		}
		n, err := store.ExecTx(tx, saveDays, c.ID, c.Version, c.StuckDays, c.RemitDays)
		if err != nil {
			return fmt.Errorf("save days of carrier %d: %w", c.ID, err)
		}
		if n == 0 || len(before) == 0 {
			return errStaleSettings
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "carrier.days", SubjectType: "carrier", SubjectID: c.ID, Before: daysOf(before[0]), After: daysOf(c)})
	})
}

func daysOf(c models.Carrier) map[string]int {
	return map[string]int{"stuck_days": c.StuckDays, "remit_days": c.RemitDays}
}
