package orders

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/imports"
	"pagaduria/services/store"
)

// TrackingKind is the import of carrier events, for the registry.
func (s *Service) TrackingKind() imports.Kind {
	return imports.Kind{Name: "tracking", Columns: intake.TrackingColumns, Run: s.ImportTracking}
}

// trackingRecord is one record of the file: an event, or why it is none.
type trackingRecord struct {
	row   intake.TrackingRow
	copy  int16 // which time the file has this event
	skip  string
	fault *intake.Fault
	cells map[string]string
}

// ImportTracking takes a file of carrier events. An event that the file repeats is kept as a copy and counts as
// skipped; one that an earlier file brought is unchanged. The parcels that got new events are folded again. An order's
// own status stays what the shop said.
func (s *Service) ImportTracking(ctx context.Context, file io.ReadSeeker, o models.ImportOptions) (models.ImportResult, error) {
	run := &trackingRun{report: imports.Report{Options: o}, seed: maphash.MakeSeed()}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		run.tx = tx
		if !o.DryRun {
			if err := imports.Lock(tx, "tracking"); err != nil {
				return err
			}
		}
		if err := run.read(ctx, file); err != nil || o.DryRun {
			return err
		}
		return imports.Applied(tx, "tracking", o, run.report.Result)
	})
	return run.report.Result, err
}

type trackingRun struct {
	report imports.Report
	tx     *gorm.DB
	seed   maphash.Seed
	seen   map[uint64]int16 // how often the file had an event
}

func (r *trackingRun) read(ctx context.Context, file io.ReadSeeker) error {
	in, err := imports.OpenSheet(file)
	if err != nil {
		return err
	}
	rules, err := intake.NewTracking(in.Header(), r.report.Options.Mapping)
	if err != nil {
		return imports.Refusal(err)
	}
	r.report.Start(in.Header(), intake.TrackingColumns)
	r.seen = map[uint64]int16{}
	read := 0
	fill := func(c *[]trackingRecord) (more bool, err error) {
		*c = (*c)[:0]
		for len(*c) < chunkRows {
			if !in.Next() {
				return false, in.Err()
			}
			var rec trackingRecord
			rec.skip, rec.fault = rules.Parse(in.Record(), &rec.row)
			if read++; read <= models.PreviewRows {
				rec.cells = r.report.Preview(in.Record())
			}
			if rec.skip == "" && rec.fault == nil {
				key := maphash.String(r.seed, rec.row.Same())
				r.seen[key]++
				rec.copy = r.seen[key]
			}
			*c = append(*c, rec)
		}
		return true, nil
	}
	return imports.InChunks(ctx, fill, r.take)
}

func (r *trackingRun) take(chunk *[]trackingRecord) error {
	events := make([]*trackingRecord, 0, len(*chunk))
	for i := range *chunk {
		if rec := &(*chunk)[i]; rec.copy > 0 {
			events = append(events, rec)
		}
	}
	known, err := knownEvents(r.tx, events)
	if err != nil {
		return err
	}
	fresh := events[:0:0]
	for i, rec := range events {
		if !known[i] {
			fresh = append(fresh, rec)
		}
	}
	isFresh := make(map[*trackingRecord]bool, len(fresh))
	for _, rec := range fresh {
		isFresh[rec] = true
	}
	for i := range *chunk {
		rec := &(*chunk)[i]
		if err := r.report.Count(rec.verdict(isFresh[rec])); err != nil {
			return err
		}
	}
	if r.report.Options.DryRun || len(fresh) == 0 {
		return nil
	}
	if err := copyEvents(r.tx, fresh); err != nil {
		return err
	}
	return foldShipments(r.tx, fresh)
}

func (rec *trackingRecord) verdict(fresh bool) imports.Verdict {
	v := imports.Verdict{Line: rec.row.Line, Fault: rec.fault, Cells: rec.cells, Warnings: rec.row.Warnings}
	switch {
	case rec.fault != nil:
		v.Outcome = models.RowRefused
	case rec.skip != "" || rec.copy > 1:
		v.Outcome = models.RowSkipped
	case fresh:
		v.Outcome = models.RowCreated
	default:
		v.Outcome = models.RowUnchanged
	}
	return v
}

const selectKnown = `
SELECT u.n FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::smallint[])
    WITH ORDINALITY u (carrier, waybill, at, code, status_text, incident, copy, n)
JOIN tracking_events e USING (carrier, waybill, at, code, status_text, incident, copy)`

// knownEvents answers which events are stored already, by their place in the slice.
func knownEvents(tx *gorm.DB, events []*trackingRecord) (map[int]bool, error) {
	n := len(events)
	carrier, waybill, code, text, incident := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	at, copies := make([]time.Time, n), make([]int16, n)
	for i, e := range events {
		carrier[i], waybill[i], at[i], code[i] = e.row.Carrier, e.row.Waybill, e.row.At, e.row.Code
		text[i], incident[i], copies[i] = e.row.StatusText, e.row.Incident, e.copy
	}
	found, err := store.SelectTx[struct{ N int }](tx, selectKnown, carrier, waybill, at, code, text, incident, copies)
	if err != nil {
		return nil, fmt.Errorf("look up tracking events: %w", err)
	}
	known := make(map[int]bool, len(found))
	for _, f := range found {
		known[f.N-1] = true
	}
	return known, nil
}

var eventColumns = []string{"carrier", "waybill", "at", "code", "status_text", "state", "incident", "divipola", "cash", "copy"}

func copyEvents(tx *gorm.DB, events []*trackingRecord) error {
	_, err := store.Copy(tx, pgx.Identifier{"tracking_events"}, eventColumns, pgx.CopyFromSlice(len(events), func(i int) ([]any, error) {
		e := &events[i].row
		return []any{e.Carrier, e.Waybill, e.At, e.Code, e.StatusText, e.State, e.Incident, e.Divipola, e.Cash.Minor, events[i].copy}, nil
	}))
	return err
}

const (
	eventsOf = `
SELECT e.carrier, e.waybill, e.at, e.state, e.cash, e.copy
FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) u (carrier, waybill)) u JOIN tracking_events e USING (carrier, waybill)
ORDER BY e.carrier, e.waybill, e.id`
	saveShipments = `
INSERT INTO shipments (carrier, waybill, state, last_event_at, events, incidents, cash_collected, cash, flags)
SELECT carrier, waybill, state, last_event_at, events, incidents, cash_collected, cash, string_to_array(flags, '|')
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::integer[], $6::integer[], $7::boolean[], $8::bigint[], $9::text[])
    u (carrier, waybill, state, last_event_at, events, incidents, cash_collected, cash, flags)
ON CONFLICT (carrier, waybill) DO UPDATE SET state = EXCLUDED.state, last_event_at = EXCLUDED.last_event_at, events = EXCLUDED.events,
    incidents = EXCLUDED.incidents, cash_collected = EXCLUDED.cash_collected, cash = EXCLUDED.cash, flags = EXCLUDED.flags`
)

type storedEvent struct {
	Carrier, Waybill string
	At               time.Time
	State            string
	Cash             models.Money
	Copy             int
}

// parcels collects folded shipments for saveShipments.
type parcels struct {
	carrier, waybill, state, flags []string
	at                             []time.Time
	events, incidents              []int32
	collected                      []bool
	cash                           []int64
}

func (p *parcels) add(of storedEvent, events []models.TrackingEvent) {
	s, ok := models.FoldShipment(events)
	if !ok {
		return
	}
	p.carrier, p.waybill, p.state = append(p.carrier, of.Carrier), append(p.waybill, of.Waybill), append(p.state, string(s.State))
	p.at, p.events, p.incidents = append(p.at, s.LastEventAt), append(p.events, int32(s.Events)), append(p.incidents, int32(s.Incidents))
	p.collected, p.cash = append(p.collected, s.CashCollected), append(p.cash, s.Cash.Minor)
	p.flags = append(p.flags, strings.Join(s.Flags, "|"))
}

// foldShipments works the state of the parcels out again that got events.
func foldShipments(tx *gorm.DB, fresh []*trackingRecord) error {
	carriers, waybills := make([]string, len(fresh)), make([]string, len(fresh))
	for i, e := range fresh {
		carriers[i], waybills[i] = e.row.Carrier, e.row.Waybill
	}
	stored, err := store.SelectTx[storedEvent](tx, eventsOf, carriers, waybills)
	if err != nil {
		return fmt.Errorf("read events of parcels: %w", err)
	}
	var p parcels
	var events []models.TrackingEvent
	for i, e := range stored {
		events = append(events, models.TrackingEvent{At: e.At, State: e.State, Cash: e.Cash, Copy: e.Copy})
		if i+1 == len(stored) || stored[i+1].Carrier != e.Carrier || stored[i+1].Waybill != e.Waybill {
			p.add(e, events)
			events = events[:0]
		}
	}
	_, err = store.ExecTx(tx, saveShipments, p.carrier, p.waybill, p.state, p.at, p.events, p.incidents, p.collected, p.cash, p.flags)
	if err != nil {
		return fmt.Errorf("save parcels: %w", err)
	}
	return nil
}
