package payouts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Work is what needs somebody now.
type Work struct {
	ForMe        []BatchRow // waiting for this person's decision, or returned to them
	ForOthers    []BatchRow // waiting, but not for this person
	Blocked      Sum        // waiting, and nobody may approve them
	Failed       Sum        // money that came back within RecentFailures and was not paid again
	Expiring     Sum        // ready to collect and expected to expire within two days
	Overdue      Sum        // should have moved and has not
	Unknown      Sum        // outcome unknown
	Contradicted Sum        // the rail pays them after it said that it would not
	Payable      Sum        // eligible commission lines of verified payees
	Unverified   int64      // distributors who are owed and not verified
	RejectedIn   int64      // notifications rejected within 24 hours
	PausedRails  int64      // connections that are paused
	Waiting      int64      // approved batches that wait for float or for tomorrow
	LowFloat     int64      // connections whose float runs low
	WaitsAt      int64      // a connection with one of these, 0 without any
}

// RecentFailures is how far back the home page counts what came back; older ones stay in the list of failures.
const RecentFailures = 24 * time.Hour

const workSums = `
SELECT (SELECT count(*) FROM payouts WHERE state = 'available' AND expires_at < @soon),
    (SELECT CAST(COALESCE(sum(amount), 0) AS bigint) FROM payouts WHERE state = 'available' AND expires_at < @soon),
    (SELECT count(*) FROM payouts WHERE overdue_at < @now),
    (SELECT CAST(COALESCE(sum(amount), 0) AS bigint) FROM payouts WHERE overdue_at < @now),
    (SELECT CAST(COALESCE(sum(n), 0) AS bigint) FROM tallies WHERE list = 'payouts' AND key = 'unknown'),
    (SELECT CAST(COALESCE(sum(total), 0) AS bigint) FROM tallies WHERE list = 'payouts' AND key = 'unknown'),
    (SELECT CAST(COALESCE(sum(n), 0) AS bigint) FROM tallies WHERE list = 'commissions' AND key = 'eligible'),
    (SELECT CAST(COALESCE(sum(total), 0) AS bigint) FROM tallies WHERE list = 'commissions' AND key = 'eligible'),
    (SELECT CAST(COALESCE(sum(n), 0) AS bigint) FROM tallies WHERE list = 'distributors' AND key = 'unverified'),
    (SELECT count(*) FROM webhook_events WHERE verdict = 'rejected' AND received_at > @day),
    (SELECT count(*) FROM connections WHERE state = 'paused'),
    (SELECT CAST(COALESCE(sum(n), 0) AS bigint) FROM tallies WHERE list = 'batches' AND key = 'blocked'),
    (SELECT CAST(COALESCE(sum(total), 0) AS bigint) FROM tallies WHERE list = 'batches' AND key = 'blocked')`

// Work gathers what waits for a person, for the home page.
func (s *Service) Work(ctx context.Context, by models.Actor) (w Work, err error) {
	now := s.Now()
	row := s.DB.Pool.QueryRow(ctx, workSums, pgx.NamedArgs{"day": now.Add(-24 * time.Hour), "soon": now.Add(48 * time.Hour), "now": now})
	err = row.Scan(&w.Expiring.Count, &w.Expiring.Total, &w.Overdue.Count, &w.Overdue.Total,
		&w.Unknown.Count, &w.Unknown.Total, &w.Payable.Count, &w.Payable.Total, &w.Unverified, &w.RejectedIn, &w.PausedRails,
		&w.Blocked.Count, &w.Blocked.Total)
	if err != nil {
		return w, fmt.Errorf("gather work: %w", err)
	}
	if w.Contradicted, err = s.OpenContradictions(ctx); err != nil {
		return w, err
	}
	if w.Failed, err = s.FailureSum(ctx, FailureFilter{Since: now.Add(-RecentFailures)}); err != nil {
		return w, err
	}
	if err := s.workOfFloat(ctx, &w); err != nil {
		return w, err
	}
	waiting, err := s.ListBatches(ctx, models.BatchInApproval, store.Cursor{})
	if err != nil {
		return w, err
	}
	for _, b := range waiting.Rows {
		if b.DecidableBy(by) == nil {
			if b.Approval, err = s.approvalOf(ctx, s.DB.Pool, b.Batch); err != nil {
				return w, err
			}
		}
		if b.ApprovableBy(by) == nil {
			w.ForMe = append(w.ForMe, b)
			continue
		}
		w.ForOthers = append(w.ForOthers, b)
	}
	if !by.May(models.PermBatchesPrepare) {
		return w, nil
	}
	returned, err := s.ListBatches(ctx, models.BatchReturned, store.Cursor{})
	w.ForMe = append(w.ForMe, returned.Rows...)
	return w, err
}

// workOfFloat counts what waits for money at a rail or for tomorrow, and where money runs low.
func (s *Service) workOfFloat(ctx context.Context, w *Work) error {
	connections, err := s.Connections(ctx)
	if err != nil {
		return err
	}
	for _, c := range connections {
		waiting, err := s.WaitingBatches(ctx, c)
		if err != nil {
			return err
		}
		if w.Waiting += int64(len(waiting)); len(waiting) > 0 {
			w.WaitsAt = c.ID
		}
		if c.FloatAlarm == nil && c.AlarmDays == nil {
			continue
		}
		f, err := s.Float(ctx, c.ID)
		if err != nil {
			return err
		}
		if f.Below(c) != nil {
			w.LowFloat, w.WaitsAt = w.LowFloat+1, c.ID
		}
	}
	return nil
}
