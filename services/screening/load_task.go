package screening

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/tasks"
)

// MaxListBytes is the largest file of a list: the editions have a few megabytes.
const MaxListBytes = 64 << 20

// uploaded is one file of an upload, in the blob store until it is loaded.
type uploaded struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

type loadPayload struct {
	Files   []uploaded `json:"files"`
	Smaller bool       `json:"smaller"`
}

// Upload keeps the files of lists and has them loaded in the background. It answers the task.
func (s *Service) Upload(ctx context.Context, by models.Actor, l Load) (task int64, err error) {
	if err := forbid(by, models.PermScreeningDecide); err != nil {
		return 0, err
	}
	if len(l.Files) == 0 {
		return 0, models.Refuse(models.Invalid, "screening.refused.none", "Choose the files of a list.", nil).WithField("file", "screening.refused.none")
	}
	p, names := loadPayload{Smaller: l.Smaller}, []string{}
	defer func() {
		if err != nil {
			s.discard(ctx, p.Files)
		}
	}()
	for _, f := range l.Files {
		if _, err := sniff(f); err != nil {
			return 0, err
		}
		key, err := s.keep(ctx, f)
		if err != nil {
			return 0, err
		}
		p.Files = append(p.Files, uploaded{f.Name, key})
		names = append(names, f.Name)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) (err error) {
		task, err = tasks.Start(tx, by, tasks.New{Kind: models.TaskListsLoad, Name: strings.Join(names, ", "), Payload: p})
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "sanctions.upload", SubjectType: "task", SubjectID: task, After: map[string]any{"files": names}})
	})
	return task, err
}

func (s *Service) keep(ctx context.Context, f File) (key string, err error) {
	r, err := f.Open()
	if err != nil {
		return "", fmt.Errorf("open %s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }()
	put, err := s.Blobs.Put(ctx, "lists", path.Ext(f.Name), r, MaxListBytes)
	return put.Key, err
}

func (s *Service) discard(ctx context.Context, files []uploaded) {
	for _, f := range files {
		_ = s.Blobs.Delete(context.WithoutCancel(ctx), f.Key)
	}
}

// TaskKind is the loading of uploaded lists, for the registry.
func (s *Service) TaskKind() tasks.Kind {
	return tasks.Kind{Name: models.TaskListsLoad, Run: s.loadTask}
}

func (s *Service) loadTask(ctx context.Context, r *tasks.Run) error {
	var p loadPayload
	if err := r.Payload(&p); err != nil {
		return err
	}
	load := Load{Smaller: p.Smaller, Finish: func(tx *gorm.DB, done []Loaded) error {
		if err := tasks.Commit(tx, r.Task.ID); err != nil {
			return err
		}
		last := done[len(done)-1]
		return r.Finish(tx, tasks.Result{SubjectType: "sanctions_list", SubjectID: last.ID, Rows: int64(last.Entries)})
	}}
	for _, f := range p.Files {
		load.Files = append(load.Files, File{f.Name, func() (io.ReadCloser, error) { return s.Blobs.Open(ctx, f.Key) }})
	}
	_, err := s.LoadLists(ctx, r.By(), load)
	if err == nil || models.KindOf(err) != "" || errors.Is(err, tasks.ErrStopped) { // else it is tried again
		s.discard(ctx, p.Files)
	}
	return err
}
