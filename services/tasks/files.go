package tasks

import (
	"context"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// FileKept is how long a file waits to be downloaded.
const FileKept = 7 * 24 * time.Hour

// File opens a task's file for who asked for it, and records that they took it.
func (s *Service) File(ctx context.Context, by models.Actor, id int64) (models.Task, io.ReadCloser, error) {
	t, err := s.read(ctx, id)
	if err != nil {
		return t, nil, err
	}
	if err := t.Download(by, s.Now()); err != nil {
		return t, nil, err
	}
	file, err := s.Blobs.Open(ctx, t.FileKey)
	if err != nil {
		return t, nil, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "task.download", SubjectType: "task", SubjectID: id, After: map[string]any{"name": t.Name, "rows": t.Rows}})
	})
	if err != nil {
		_ = file.Close()
		return t, nil, err
	}
	return t, file, nil
}

// lostTasks are those that wait for a job which does not exist any more.
const lostTasks = `
SELECT t.id FROM tasks t WHERE t.state IN ('waiting', 'running') AND NOT EXISTS (
    SELECT 1 FROM river_job j WHERE j.kind = 'tasks.work' AND j.args @> jsonb_build_object('id', t.id)
      AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))
ORDER BY t.id LIMIT 100`

// oldFiles are those whose time is over.
const oldFiles = `SELECT id, file_key FROM tasks WHERE file_key <> '' AND file_until <= $1 ORDER BY file_until LIMIT 500`

// Sweep ends tasks that nobody works on any more, and removes files that were kept long enough.
func (s *Service) Sweep(ctx context.Context) error {
	lost, err := store.Select[struct{ ID int64 }](ctx, s.DB.Pool, lostTasks)
	if err != nil {
		return fmt.Errorf("find lost tasks: %w", err)
	}
	for _, t := range lost {
		if err := s.GiveUp(ctx, t.ID); err != nil {
			return err
		}
	}
	old, err := store.Select[struct {
		ID  int64
		Key string
	}](ctx, s.DB.Pool, oldFiles, s.Now())
	if err != nil {
		return fmt.Errorf("find old files: %w", err)
	}
	for _, f := range old {
		if err := s.Blobs.Delete(ctx, f.Key); err != nil {
			return err
		}
		if _, err := s.DB.Pool.Exec(ctx, "UPDATE tasks SET file_key = '' WHERE id = $1", f.ID); err != nil {
			return fmt.Errorf("forget file of task %d: %w", f.ID, err)
		}
	}
	return nil
}
