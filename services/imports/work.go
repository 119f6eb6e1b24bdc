package imports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
	"pagaduria/services/tasks"
)

// TaskKinds are the long work of uploads: the dry run, and the run.
func (s *Service) TaskKinds() []tasks.Kind {
	return []tasks.Kind{
		{Name: models.TaskImportCheck, Run: s.work, Ended: s.ended},
		{Name: models.TaskImportApply, Run: s.work, Ended: s.ended},
	}
}

// subjectSuffix makes a kind of file the subject of its tasks: "orders_import".
const subjectSuffix = "_import"

func startWork(tx *gorm.DB, by models.Actor, work models.TaskKind, kind, fileName string, id int64) error {
	_, err := tasks.Start(tx, by, tasks.New{Kind: work, Name: fileName, SubjectType: kind + subjectSuffix, SubjectID: id})
	return err
}

// Task reads the latest work on an upload; ok is false while there was none.
func (s *Service) Task(ctx context.Context, i models.Import) (t models.Task, ok bool, err error) {
	return tasks.OfSubject(ctx, s.DB.Pool, i.Kind+subjectSuffix, i.ID)
}

// work does what an upload waits for: the dry run of one that is checking, the run of one that is applying. It is safe
// to run twice and at once. A file refused as a whole ends as failed; any other error leaves the upload waiting, to be
// tried again.
func (s *Service) work(ctx context.Context, r *tasks.Run) error {
	id := r.Task.SubjectID
	i, err := store.SelectOne[models.Import](ctx, s.DB.Pool, "SELECT "+importColumns+" FROM imports WHERE id = $1", id)
	if err != nil {
		return fmt.Errorf("read import %d: %w", id, err)
	}
	if i.State.Task() != r.Task.Kind { // an earlier attempt got that far
		return s.DB.InTx(ctx, func(tx *gorm.DB) error { return r.Finish(tx, tasks.Result{}) })
	}
	err = s.run(ctx, i, r)
	var refusal *models.Error
	if errors.As(err, &refusal) {
		return errors.Join(refusal, s.fail(ctx, i, refusal))
	}
	return err
}

// ended gives an upload back to people whose work was stopped or given up: nothing has changed.
func (s *Service) ended(tx *gorm.DB, t models.Task) error {
	state, failure := models.ImportFailed, "import.gave_up"
	if t.State == models.TaskCancelled {
		failure = "import.stopped"
		if t.Kind == models.TaskImportApply {
			state, failure = models.ImportPreview, ""
		}
	}
	from := models.ImportChecking
	if t.Kind == models.TaskImportApply {
		from = models.ImportApplying
	}
	_, err := store.ExecTx(tx, "UPDATE imports SET state = $2, failure = $3 WHERE id = $1 AND state = $4", t.SubjectID, state, failure, from)
	if err != nil {
		return fmt.Errorf("give import %d back: %w", t.SubjectID, err)
	}
	return nil
}

func (s *Service) run(ctx context.Context, i models.Import, r *tasks.Run) error {
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
	r.Expect(i.Size * int64(max(k.Readings, 1)))
	result, err := k.Run(ctx, counted{file, r.Did}, s.options(i, r, findings))
	if err != nil {
		return Refusal(err)
	}
	report, err := findings.store(ctx, s.Blobs)
	if err != nil {
		return err
	}
	return s.finish(ctx, i, r, result, findings, report)
}

// counted is a file that tells how much of it was read.
type counted struct {
	io.ReadSeeker
	read func(int64)
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadSeeker.Read(p)
	c.read(int64(n))
	return n, err
}

func (s *Service) options(i models.Import, r *tasks.Run, f *findings) models.ImportOptions {
	by := models.Actor{StaffID: i.CreatedBy, Name: i.CreatedName}
	if i.State == models.ImportApplying {
		by = models.Actor{StaffID: i.AppliedBy, Name: i.AppliedName}
	}
	return models.ImportOptions{
		DryRun: i.State == models.ImportChecking, By: by, Mapping: i.Mapping, ImportID: i.ID, FileName: i.FileName, TaskID: r.Task.ID,
		Today: s.Today(), OnFault: f.fault, OnRow: f.row,
	}
}

// finish shows the outcome. After a dry run it moves the upload to preview; after a run Applied has
// closed it already, in the transaction of the rows.
func (s *Service) finish(ctx context.Context, i models.Import, r *tasks.Run, found models.ImportResult, f *findings, report string) error {
	result, err := json.Marshal(found)
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
			return nil // somebody else was quicker
		}
		if err := saveFaults(tx, i.ID, f.shown); err != nil {
			return err
		}
		return r.Finish(tx, tasks.Result{})
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
