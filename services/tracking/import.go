package tracking

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/imports"
	"pagaduria/services/store"
)

// chunkRows is how many records are read, looked up and written at a time.
const chunkRows = 5000

// ImportKind is the import of carrier events, for the registry.
func (s *Service) ImportKind() imports.Kind {
	return imports.Kind{Name: "tracking", Columns: intake.TrackingColumns, Run: s.Import}
}

// trackingRecord is one record of the file: an event, or why it is none.
type trackingRecord struct {
	row   intake.TrackingRow
	copy  int16 // which time the file has this event
	skip  string
	fault *intake.Fault
	cells map[string]string
}

// Import takes a file of carrier events. An event that the file repeats is kept as a copy and counts as
// skipped; one that an earlier file brought is unchanged. The parcels that got new events are folded again. An order's
// own status stays what the shop said.
func (s *Service) Import(ctx context.Context, file io.ReadSeeker, o models.ImportOptions) (models.ImportResult, error) {
	run := &trackingRun{report: imports.Report{Options: o}, seed: maphash.MakeSeed()}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		run.tx = tx
		if !o.DryRun {
			if err := imports.Lock(tx, "tracking"); err != nil {
				return err
			}
		}
		var err error
		if run.codes, err = readCodes(tx); err != nil {
			return err
		}
		if err := run.read(ctx, file); err != nil || o.DryRun {
			return err
		}
		if err := run.codes.settle(tx); err != nil {
			return err
		}
		return imports.Applied(tx, "tracking", o, run.report.Result)
	})
	return run.report.Result, err
}

type trackingRun struct {
	report imports.Report
	tx     *gorm.DB
	codes  codeBook
	seed   maphash.Seed
	seen   map[uint64]int16 // how often the file had an event
}

func (r *trackingRun) read(ctx context.Context, file io.ReadSeeker) error {
	in, err := imports.OpenSheet(file)
	if err != nil {
		return err
	}
	rules, err := intake.NewTracking(in.Header(), r.report.Options.Mapping, r.codes.maps)
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
	if !r.report.Options.DryRun {
		if err := lockParcels(r.tx, parcelsOf(events)); err != nil {
			return err
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
	return foldParcels(r.tx, r.codes, parcelsOf(fresh))
}

func parcelsOf(events []*trackingRecord) (p parcels) {
	for _, e := range events {
		p.add(e.row.Carrier, e.row.Waybill)
	}
	return p
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

var eventColumns = []string{"carrier", "waybill", "at", "code", "status_text", "carrier_state", "state", "incident", "divipola", "cash", "copy"}

func copyEvents(tx *gorm.DB, events []*trackingRecord) error {
	_, err := store.Copy(tx, pgx.Identifier{"tracking_events"}, eventColumns, pgx.CopyFromSlice(len(events), func(i int) ([]any, error) {
		e := &events[i].row
		return []any{e.Carrier, e.Waybill, e.At, e.Code, e.StatusText, e.Said, e.State, e.Incident, e.Divipola, e.Cash.Minor, events[i].copy}, nil
	}))
	return err
}
