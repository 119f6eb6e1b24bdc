package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

const eventsAndSeals = `
SELECT ` + eventFields + `, s.hash FROM audit_events e LEFT JOIN audit_seals s ON s.event_id = e.id ORDER BY e.id`

const orphanSeal = `
SELECT min(s.event_id) FROM audit_seals s WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.id = s.event_id)`

// Verify reads the whole log in one snapshot, event by event, and works the chain out again. A fault is part of
// the report, not an error.
func Verify(ctx context.Context, db *store.DB, progress store.Progress) (models.AuditReport, error) {
	var report models.AuditReport
	err := pgx.BeginTxFunc(ctx, db.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error {
			var last int64
			if err := tx.QueryRow(ctx, `SELECT COALESCE(max(id), 0) FROM audit_events`).Scan(&last); err != nil {
				return err
			}
			progress.Expect(last) // ids have gaps, which are few
			if err := verifyChain(ctx, tx, &report, progress); err != nil || report.Fault != nil {
				return err
			}
			var orphan *int64
			if err := tx.QueryRow(ctx, orphanSeal).Scan(&orphan); err != nil {
				return err
			}
			if orphan != nil {
				report.Fault = &models.AuditFault{EventID: *orphan, Kind: models.AuditMissing}
			}
			return nil
		})
	if err != nil {
		return report, fmt.Errorf("verify the audit log: %w", err)
	}
	return report, nil
}

func verifyChain(ctx context.Context, tx pgx.Tx, report *models.AuditReport, progress store.Progress) error {
	rows, err := tx.Query(ctx, eventsAndSeals)
	if err != nil {
		return err
	}
	defer rows.Close()
	var links chain
	var unsealed *int64 // first event met without a seal
	for rows.Next() {
		var e sealed
		var seal []byte
		err := rows.Scan(&e.ID, &e.At, &e.ActorID, &e.ActorName, &e.Address, &e.SessionID, &e.Action, &e.SubjectType,
			&e.SubjectID, &e.Reason, &e.Before, &e.After, &seal)
		if err != nil {
			return err
		}
		report.Events++
		progress.Did(1)
		switch {
		case seal == nil:
			report.Unsealed++
			if unsealed == nil {
				unsealed = &e.ID
			}
		case unsealed != nil:
			report.Fault = &models.AuditFault{EventID: *unsealed, Kind: models.AuditUnsealed}
			return nil
		case !bytes.Equal(links.next(&e), seal):
			report.Fault = &models.AuditFault{EventID: e.ID, Kind: models.AuditChanged}
			return nil
		default:
			report.Sealed++
		}
	}
	if report.Sealed > 0 {
		report.Head = hex.EncodeToString(links.head[:])
	}
	return rows.Err()
}
