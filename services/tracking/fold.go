package tracking

import (
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// parcels are the numbers of some parcels: their carriers' names and waybills, side by side.
type parcels struct{ carriers, waybills []string }

func (p *parcels) add(carrier, waybill string) {
	p.carriers, p.waybills = append(p.carriers, carrier), append(p.waybills, waybill)
}

const (
	beginParcels = `
INSERT INTO shipments (carrier, waybill, state, last_event_at, events, incidents, cash_collected, cash)
SELECT DISTINCT u.carrier, u.waybill, 'unknown', CAST('epoch' AS timestamptz), 0, 0, FALSE, 0 FROM unnest($1::text[], $2::text[]) u (carrier, waybill)
ORDER BY 1, 2 ON CONFLICT (carrier, waybill) DO NOTHING`
	lockThem = `
SELECT count(*) FROM (SELECT s.carrier FROM shipments s JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) u (carrier, waybill)) u USING (carrier, waybill)
    ORDER BY s.carrier, s.waybill FOR UPDATE OF s) locked`
)

// lockParcels makes whoever else has events of these parcels wait until the transaction ends: without that, each of two
// would work out where a parcel is without the other's event. It comes before anything is written about them.
func lockParcels(tx *gorm.DB, p parcels) error {
	if _, err := store.ExecTx(tx, beginParcels, p.carriers, p.waybills); err != nil {
		return fmt.Errorf("begin parcels: %w", err)
	}
	if _, err := store.ExecTx(tx, lockThem, p.carriers, p.waybills); err != nil {
		return fmt.Errorf("lock parcels: %w", err)
	}
	return nil
}

const (
	eventsOf = `
SELECT e.id, e.carrier, e.waybill, e.at, e.code, e.carrier_state, e.status_text, e.incident, e.state, e.cash, e.copy
FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) u (carrier, waybill)) u JOIN tracking_events e USING (carrier, waybill)
ORDER BY e.carrier, e.waybill, e.id`
	restate = `
UPDATE tracking_events e SET state = u.state FROM unnest($1::bigint[], $2::text[]) u (id, state) WHERE e.id = u.id`
	saveShipments = `
UPDATE shipments s SET state = u.state, stage = u.stage, last_event_at = u.last_event_at, events = u.events, incidents = u.incidents,
    cash_collected = u.cash_collected, cash = u.cash, remitted_at = u.remitted_at, flags = string_to_array(u.flags, '|')
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[], $7::integer[], $8::boolean[], $9::bigint[], $10::timestamptz[],
    $11::text[]) u (carrier, waybill, state, stage, last_event_at, events, incidents, cash_collected, cash, remitted_at, flags)
WHERE s.carrier = u.carrier AND s.waybill = u.waybill`
)

type storedEvent struct {
	ID               int64
	Carrier, Waybill string
	At               time.Time
	Code, Said       string
	Text, Incident   string
	State            string
	Cash             models.Money
	Copy             int
}

// folded collects where parcels are, for saveShipments.
type folded struct {
	parcels
	state, stage, flags []string
	at                  []time.Time
	events, incidents   []int32
	collected           []bool
	cash                []int64
	remitted            []*time.Time
}

func (f *folded) add(of storedEvent, events []models.TrackingEvent) {
	s, _ := models.FoldShipment(events)
	f.parcels.add(of.Carrier, of.Waybill)
	f.state, f.stage = append(f.state, string(s.State)), append(f.stage, string(s.Stage))
	f.at, f.events, f.incidents = append(f.at, s.LastEventAt), append(f.events, int32(s.Events)), append(f.incidents, int32(s.Incidents))
	f.collected, f.cash, f.remitted = append(f.collected, s.CashCollected), append(f.cash, s.Cash.Minor), append(f.remitted, s.RemittedAt)
	f.flags = append(f.flags, strings.Join(s.Flags, "|"))
}

// foldParcels works out again, by the codes given, what each event of the parcels means and where the parcels are. It reads
// everything that is stored of them, so that doing it again changes nothing. The parcels are locked.
func foldParcels(tx *gorm.DB, codes codeBook, p parcels) error {
	stored, err := store.SelectTx[storedEvent](tx, eventsOf, p.carriers, p.waybills)
	if err != nil {
		return fmt.Errorf("read events of parcels: %w", err)
	}
	var f folded
	var events []models.TrackingEvent
	var changed []int64
	var states []string
	for i, e := range stored {
		means := codes.maps[e.Carrier].Means(models.CarrierSays{Code: e.Code, State: e.Said, Text: e.Text, Incident: e.Incident})
		if means != e.State {
			changed, states = append(changed, e.ID), append(states, means)
		}
		events = append(events, models.TrackingEvent{At: e.At, State: means, Cash: e.Cash, Copy: e.Copy})
		if i+1 == len(stored) || stored[i+1].Carrier != e.Carrier || stored[i+1].Waybill != e.Waybill {
			f.add(e, events)
			events = events[:0]
		}
	}
	if len(changed) > 0 {
		if _, err := store.ExecTx(tx, restate, changed, states); err != nil {
			return fmt.Errorf("read events again: %w", err)
		}
	}
	_, err = store.ExecTx(tx, saveShipments, f.carriers, f.waybills, f.state, f.stage, f.at, f.events, f.incidents, f.collected, f.cash, f.remitted, f.flags)
	if err != nil {
		return fmt.Errorf("save parcels: %w", err)
	}
	return nil
}
