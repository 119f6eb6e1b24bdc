package imports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Work does what an upload waits for: the dry run of one that is checking, the run of one that is
// applying, nothing otherwise. It is safe to run twice and at once. A file refused as a whole ends as
// failed; any other error leaves the upload waiting, to be tried again.
func (s *Service) Work(ctx context.Context, id int64) error {
	i, err := store.SelectOne[models.Import](ctx, s.DB.Pool, "SELECT "+importColumns+" FROM imports WHERE id = $1", id)
	if err != nil {
		return fmt.Errorf("read import %d: %w", id, err)
	}
	if !i.State.Busy() {
		return nil
	}
	err = s.run(ctx, i)
	var refusal *models.Error
	if errors.As(err, &refusal) {
		return s.fail(ctx, i, refusal)
	}
	return err
}

func (s *Service) run(ctx context.Context, i models.Import) error {
	k, err := s.Kind(i.Kind)
	if err != nil {
		return err
	}
	file, err := s.Blobs.Open(ctx, i.BlobKey)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	findings, err := newFindings()
	if err != nil {
		return err
	}
	defer findings.close()
	result, err := k.Run(ctx, file, s.options(i, findings))
	if err != nil {
		return Refusal(err)
	}
	report, err := findings.store(ctx, s.Blobs)
	if err != nil {
		return err
	}
	return s.finish(ctx, i, result, findings, report)
}

func (s *Service) options(i models.Import, f *findings) models.ImportOptions {
	by := models.Actor{StaffID: i.CreatedBy, Name: i.CreatedName}
	if i.State == models.ImportApplying {
		by = models.Actor{StaffID: i.AppliedBy, Name: i.AppliedName}
	}
	return models.ImportOptions{
		DryRun: i.State == models.ImportChecking, By: by, Mapping: i.Mapping, ImportID: i.ID, FileName: i.FileName,
		Today: s.Today(), OnFault: f.fault, OnRow: f.row,
	}
}

// finish shows the outcome. After a dry run it moves the upload to preview; after a run Applied has
// closed it already, in the transaction of the rows.
func (s *Service) finish(ctx context.Context, i models.Import, r models.ImportResult, f *findings, report string) error {
	result, err := json.Marshal(r)
	if err != nil {
		return err
	}
	preview, err := json.Marshal(f.rows)
	if err != nil {
		return err
	}
	next := models.ImportPreview
	from := []string{string(models.ImportChecking)}
	if i.State == models.ImportApplying {
		next, from = models.ImportApplied, []string{string(models.ImportApplying), string(models.ImportApplied)}
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		n, err := store.ExecTx(tx, `UPDATE imports SET state = $1, result = $2, preview = $3, report_key = $4, failure = '',
			finished_at = CASE WHEN $1 = 'applied' THEN coalesce(finished_at, now()) END WHERE id = $5 AND state = ANY($6)`,
			string(next), string(result), string(preview), report, i.ID, from)
		if err != nil {
			return fmt.Errorf("save result of import %d: %w", i.ID, err)
		}
		if n == 0 {
			return nil // somebody else was quicker, or it was dropped meanwhile
		}
		return saveFaults(tx, i.ID, f.shown)
	})
}

func saveFaults(tx *gorm.DB, id int64, faults []models.ShownFault) error {
	if err := tx.Exec("DELETE FROM import_faults WHERE import_id = ?", id).Error; err != nil {
		return fmt.Errorf("clear faults of import %d: %w", id, err)
	}
	_, err := store.Copy(tx, pgx.Identifier{"import_faults"}, []string{"import_id", "seq", "line", "severity", "field", "code", "message"},
		pgx.CopyFromSlice(len(faults), func(n int) ([]any, error) {
			f := faults[n]
			return []any{id, n, f.Line, string(f.Severity), f.Field, f.Code, f.Message}, nil
		}))
	return err
}

func (s *Service) fail(ctx context.Context, i models.Import, refusal *models.Error) error {
	failure := refusal.Message
	if refusal.Key != "" && len(refusal.Args) == 0 {
		failure = refusal.Key
	}
	err := s.DB.Gorm.WithContext(ctx).Exec("UPDATE imports SET state = 'failed', failure = ? WHERE id = ? AND state = ?", failure, i.ID, i.State).Error
	if err != nil {
		return fmt.Errorf("save failure of import %d: %w", i.ID, err)
	}
	return nil
}

// GiveUp ends an upload whose job failed for the last time, so that a person can try it again.
func (s *Service) GiveUp(ctx context.Context, id int64) error {
	err := s.DB.Gorm.WithContext(ctx).Exec("UPDATE imports SET state = 'failed', failure = 'import.gave_up' WHERE id = ? AND state IN ('checking','applying')", id).Error
	if err != nil {
		return fmt.Errorf("give up import %d: %w", id, err)
	}
	return nil
}
