package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Run is one attempt at a task.
type Run struct {
	Task models.Task

	service *Service
	payload []byte
	attempt int
	total   atomic.Int64
	done    atomic.Int64
}

// ErrStopped ends a run that somebody stopped; the run's context is cancelled with it.
var ErrStopped = errors.New("the work was stopped")

// errTakenOver ends a run whose task another process works on: it took this one for dead.
var errTakenOver = errors.New("another process took this work over")

// By is who asked for the work.
func (r *Run) By() models.Actor { return models.Actor{StaffID: r.Task.StaffID, Name: r.Task.StaffName} }

// Payload reads what the work was asked with.
func (r *Run) Payload(into any) error {
	if err := json.Unmarshal(r.payload, into); err != nil {
		return fmt.Errorf("read payload of task %d: %w", r.Task.ID, err)
	}
	return nil
}

// Expect says how much there is to do.
func (r *Run) Expect(total int64) { r.total.Store(total) }

// Did says how much more was done. It costs nothing: what is kept goes out a few times a second.
func (r *Run) Did(n int64) { r.done.Add(n) }

// Commit makes the work unstoppable in the transaction that saves it: it comes right before the commit. When somebody
// stopped the work before, it answers ErrStopped and the transaction must be undone.
func Commit(tx *gorm.DB, id int64) error {
	n, err := store.ExecTx(tx, "UPDATE tasks SET committed = true WHERE id = $1 AND state = 'running' AND NOT stopping", id)
	if err != nil {
		return fmt.Errorf("commit task %d: %w", id, err)
	}
	if n == 0 {
		return ErrStopped
	}
	return nil
}

// Result is what came of the work: a record, or a file that is kept until a moment for who asked for it.
type Result struct {
	SubjectType string
	SubjectID   int64
	Rows        int64
	FileKey     string
	FileSize    int64
	FileUntil   *time.Time
	Permission  models.Permission
}

const finishTask = `
UPDATE tasks SET state = 'done', done = greatest(total, done), total = greatest(total, done), stopping = false, payload = '{}', finished_at = $3,
    subject_type = CASE WHEN $4 = '' THEN subject_type ELSE $4 END, subject_id = CASE WHEN $4 = '' THEN subject_id ELSE $5 END,
    rows = $6, file_key = $7, file_size = $8, file_until = $9, permission = $10
WHERE id = $1 AND attempt = $2 AND state = 'running' AND (committed OR NOT stopping)`

// Finish ends the task as done, in the work's last transaction, and tells who asked for it. ErrStopped means that
// somebody stopped it before: undo the transaction.
func (r *Run) Finish(tx *gorm.DB, x Result) error {
	n, err := store.ExecTx(tx, finishTask, r.Task.ID, r.attempt, r.service.Now(), x.SubjectType, x.SubjectID, x.Rows, x.FileKey, x.FileSize, x.FileUntil, x.Permission)
	if err != nil {
		return fmt.Errorf("finish task %d: %w", r.Task.ID, err)
	}
	if n == 0 {
		return ErrStopped
	}
	t := r.Task
	t.State = models.TaskDone
	return tell(tx, t)
}

const claimTask = `
UPDATE tasks SET state = 'running', attempt = attempt + 1, done = 0, started_at = coalesce(started_at, $2) WHERE id = $1 AND state IN ('waiting', 'running')
RETURNING attempt, CAST(payload AS text)`

// Work runs a task that is not over. It is safe to run twice: what is over is left alone, and of two at once the first
// one can no longer finish. last says that a failure of this attempt is the end.
func (s *Service) Work(ctx context.Context, id int64, last bool) error {
	claimed, err := store.Select[struct {
		Attempt int
		Payload string
	}](ctx, s.DB.Pool, claimTask, id, s.Now())
	if err != nil {
		return fmt.Errorf("claim task %d: %w", id, err)
	}
	if len(claimed) == 0 {
		return nil
	}
	t, err := s.read(ctx, id)
	if err != nil {
		return err
	}
	r := &Run{Task: t, service: s, payload: []byte(claimed[0].Payload), attempt: claimed[0].Attempt}
	err = s.run(ctx, r)
	if err == nil {
		return nil
	}
	return s.stumbled(context.WithoutCancel(ctx), r, err, last)
}

// run runs the kind with somebody beside it who notes the progress and listens whether it is to stop.
func (s *Service) run(ctx context.Context, r *Run) error {
	k, err := s.kind(r.Task.Kind)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watch(ctx, cancel, r)
	}()
	defer func() { cancel(nil); <-watched }()
	err = k.Run(ctx, r)
	if err != nil && ctx.Err() != nil {
		if cause := context.Cause(ctx); errors.Is(cause, ErrStopped) || errors.Is(cause, errTakenOver) {
			return cause
		}
	}
	return err
}

// watchEvery is how often progress is noted: often enough to be seen moving.
const watchEvery = 300 * time.Millisecond

const noteProgress = `UPDATE tasks SET done = $3, total = $4 WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING stopping`

// watch notes progress on a connection of its own, so that it is seen while the work's transaction runs, and breaks
// the work off when somebody stopped it or took it over.
func (s *Service) watch(ctx context.Context, cancel context.CancelCauseFunc, r *Run) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		rows, err := store.Select[struct{ Stopping bool }](ctx, s.DB.Pool, noteProgress, r.Task.ID, r.attempt, r.done.Load(), r.total.Load())
		switch {
		case err != nil: // the next round tries again; the work itself notices when the database is gone
		case len(rows) == 0:
			if t, err := s.read(ctx, r.Task.ID); err == nil && t.State.Busy() {
				cancel(errTakenOver)
			}
			return
		case rows[0].Stopping:
			cancel(ErrStopped)
			return
		}
	}
}

// stumbled says what becomes of a task whose run ended with an error.
func (s *Service) stumbled(ctx context.Context, r *Run, cause error, last bool) error {
	var refusal *models.Error
	e := ending{}
	switch {
	case errors.Is(cause, errTakenOver):
		return nil
	case errors.Is(cause, ErrStopped):
		e = ending{state: models.TaskCancelled}
	case errors.As(cause, &refusal):
		e = failing(refusal)
	case last:
		e = ending{state: models.TaskFailed, failure: "task.gave_up"}
	default:
		return errors.Join(cause, s.retry(ctx, r))
	}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		t, err := lock(tx, r.Task.ID)
		if err != nil || !t.State.Busy() {
			return err
		}
		if e.state == models.TaskCancelled {
			if e.quiet, err = stoppedByOwner(tx, t.ID); err != nil {
				return err
			}
		}
		return s.end(tx, t, e)
	})
	if refusal != nil || errors.Is(cause, ErrStopped) {
		return err
	}
	return errors.Join(cause, err)
}

// stoppedByOwner answers whether who asked for the task stopped it.
func stoppedByOwner(tx *gorm.DB, id int64) (bool, error) {
	rows, err := store.SelectTx[struct{ Own bool }](tx, "SELECT stopped_by = staff_id FROM tasks WHERE id = $1", id)
	if err != nil || len(rows) == 0 {
		return false, fmt.Errorf("read who stopped task %d: %w", id, err)
	}
	return rows[0].Own, nil
}

func failing(refusal *models.Error) ending {
	e := ending{state: models.TaskFailed, failure: refusal.Key, args: refusal.Args}
	if e.failure == "" {
		e.failure = refusal.Message
	}
	return e
}

// retry shows the task as waiting until its job comes round again. One that was to be stopped is stopped then.
func (s *Service) retry(ctx context.Context, r *Run) error {
	_, err := s.DB.Pool.Exec(ctx, "UPDATE tasks SET state = 'waiting', done = 0 WHERE id = $1 AND attempt = $2 AND state = 'running' AND NOT stopping", r.Task.ID, r.attempt)
	if err != nil {
		return fmt.Errorf("put task %d back: %w", r.Task.ID, err)
	}
	return nil
}

// GiveUp ends a task whose process died in every attempt.
func (s *Service) GiveUp(ctx context.Context, id int64) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		t, err := lock(tx, id)
		if err != nil || !t.State.Busy() {
			return err
		}
		return s.end(tx, t, ending{state: models.TaskFailed, failure: "task.gave_up"})
	})
}
