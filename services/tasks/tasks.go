// Package tasks runs long work that people ask for: in the background, with its progress to be seen from any page, to
// be stopped until it commits, and never left hanging when a process dies. What a kind of work does is the business of
// the area that registers it.
package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/blobs"
	"pagaduria/services/events"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// Kind is one kind of work.
type Kind struct {
	Name models.TaskKind
	// Run does the work. Its last transaction ends with Run.Finish. A refusal (*models.Error) ends the task as failed,
	// any other error has it tried again.
	Run func(context.Context, *Run) error
	// Ended is called in the transaction that ends the task as failed or cancelled, to put the record it works on back;
	// nil when there is nothing.
	Ended func(*gorm.DB, models.Task) error
}

// Service keeps tasks. A job works each: see WorkArgs.
type Service struct {
	DB    *store.DB
	Blobs *blobs.Store
	Kinds []Kind
	Now   func() time.Time
}

// New is work about to be asked for. Name fills its title; Payload is kept as JSON until it is over.
type New struct {
	Kind        models.TaskKind
	Name        string
	Payload     any
	SubjectType string
	SubjectID   int64
}

// WorkArgs is the job that works one task. It is safe to run twice: a task that is over is left alone.
type WorkArgs struct {
	ID int64 `json:"id"`
}

// Kind names the job in the queue.
func (WorkArgs) Kind() string { return "tasks.work" }

// InsertOpts has it wait among the long jobs; when it failed as often as it may, the task fails.
func (WorkArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queue.Bulk, MaxAttempts: 4}
}

// SweepArgs is the periodic job that ends tasks whose job is gone and removes files that were kept long enough.
type SweepArgs struct{}

// Kind names the job in the queue.
func (SweepArgs) Kind() string { return "tasks.sweep" }

// InsertOpts tries once: the next round comes soon.
func (SweepArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

const insertTask = `INSERT INTO tasks (kind, name, payload, staff_id, staff_name, subject_type, subject_id) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`

// Start asks for work in the transaction tx and has a job do it.
func Start(tx *gorm.DB, by models.Actor, n New) (int64, error) {
	payload, err := json.Marshal(n.Payload)
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", n.Kind, err)
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertTask, n.Kind, n.Name, string(payload), by.StaffID, by.Name, n.SubjectType, n.SubjectID)
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", n.Kind, err)
	}
	return rows[0].ID, queue.Insert(tx, WorkArgs{ID: rows[0].ID}, nil)
}

const taskColumns = `id, kind, name, state, staff_id, staff_name, done, total, stopping, committed, subject_type, subject_id, rows, file_key, file_size,
    file_until, permission, failure, failure_args, created_at, started_at, finished_at`

var errNoTask = models.Refuse(models.NotFound, "task.not_found", "There is no such work.", nil)

// Task reads one task for somebody who may see it.
func (s *Service) Task(ctx context.Context, by models.Actor, id int64) (models.Task, error) {
	t, err := s.read(ctx, id)
	if err == nil && !t.VisibleTo(by) {
		err = errNoTask
	}
	return t, err
}

func (s *Service) read(ctx context.Context, id int64) (models.Task, error) {
	t, err := store.SelectOne[models.Task](ctx, s.DB.Pool, "SELECT "+taskColumns+" FROM tasks WHERE id = $1", id)
	if err != nil {
		return t, store.NotFound(fmt.Errorf("read task %d: %w", id, err), errNoTask.Key, errNoTask.Message)
	}
	return t, nil
}

// OfSubject reads the latest task about a record; ok is false when there is none.
func OfSubject(ctx context.Context, q store.Querier, subjectType string, id int64) (t models.Task, ok bool, err error) {
	list, err := store.Select[models.Task](ctx, q, "SELECT "+taskColumns+" FROM tasks WHERE subject_type = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 1", subjectType, id)
	if err != nil {
		return t, false, fmt.Errorf("read task of %s %d: %w", subjectType, id, err)
	}
	if len(list) == 0 {
		return t, false, nil
	}
	return list[0], true, nil
}

// PageSize is how many tasks a page of the list holds.
const PageSize = 50

// List returns one page of tasks, newest first, by one query: one's own, or everybody's for those who may see them.
func (s *Service) List(ctx context.Context, by models.Actor, everybody bool, c store.Cursor) (store.Page[models.Task], error) {
	where := "staff_id = @staff"
	if everybody && by.May(models.PermTasksAll) {
		where = "TRUE"
	}
	rows, err := store.Select[models.Task](ctx, s.DB.Pool, "SELECT "+taskColumns+" FROM tasks WHERE "+where+" AND "+c.Where("", "id")+
		" ORDER BY "+c.Order("", "id")+" LIMIT "+strconv.Itoa(PageSize+1), c.Bind(pgx.NamedArgs{"staff": by.StaffID}))
	if err != nil {
		return store.Page[models.Task]{}, fmt.Errorf("list tasks: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(t models.Task) store.Cursor { return store.Cursor{ID: t.ID} }), nil
}

// Stop has a task stopped: at once while it waits, else as soon as its run notices. What it did is undone.
func (s *Service) Stop(ctx context.Context, by models.Actor, id int64) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		t, err := lock(tx, id)
		if err != nil {
			return err
		}
		if err := t.Stop(by); err != nil {
			return err
		}
		err = audit.Record(tx, audit.Entry{By: by, Action: "task.stop", SubjectType: "task", SubjectID: id, After: map[string]any{"kind": t.Kind, "name": t.Name}})
		if err != nil {
			return err
		}
		if t.State == models.TaskWaiting {
			return s.end(tx, t, ending{state: models.TaskCancelled, quiet: by.StaffID == t.StaffID})
		}
		if _, err := store.ExecTx(tx, "UPDATE tasks SET stopping = true, stopped_by = $2 WHERE id = $1", id, by.StaffID); err != nil {
			return fmt.Errorf("stop task %d: %w", id, err)
		}
		return nil
	})
}

func lock(tx *gorm.DB, id int64) (models.Task, error) {
	list, err := store.SelectTx[models.Task](tx, "SELECT "+taskColumns+" FROM tasks WHERE id = $1 FOR UPDATE", id)
	if err != nil {
		return models.Task{}, fmt.Errorf("lock task %d: %w", id, err)
	}
	if len(list) == 0 {
		return models.Task{}, errNoTask
	}
	return list[0], nil
}

// ending is how a task that did not get done ends.
type ending struct {
	state   models.TaskState // failed or cancelled
	failure string
	args    map[string]any
	quiet   bool // who asked for it knows already
}

const endTask = `
UPDATE tasks SET state = $2, failure = $3, failure_args = $4, payload = '{}', finished_at = $5 WHERE id = $1`

// end ends a task that is locked and not over, and tells who asked for it.
func (s *Service) end(tx *gorm.DB, t models.Task, e ending) error {
	args, err := json.Marshal(e.args)
	if err != nil {
		return fmt.Errorf("end task %d: %w", t.ID, err)
	}
	if e.args == nil {
		args = []byte("{}")
	}
	if _, err := store.ExecTx(tx, endTask, t.ID, e.state, e.failure, string(args), s.Now()); err != nil {
		return fmt.Errorf("end task %d: %w", t.ID, err)
	}
	t.State, t.Failure, t.FailureArgs = e.state, e.failure, e.args
	if k, err := s.kind(t.Kind); err == nil && k.Ended != nil {
		if err := k.Ended(tx, t); err != nil {
			return err
		}
	}
	if e.quiet {
		return nil
	}
	return tell(tx, t)
}

// tell writes the notice that a task is over. Its sentence is notice.task.<kind>_<state>.
func tell(tx *gorm.DB, t models.Task) error {
	if t.StaffID == 0 {
		return nil
	}
	return events.Record(tx, events.Event{Kind: "task." + string(t.Kind) + "_" + string(t.State), SubjectType: "task", SubjectID: t.ID,
		Facts: map[string]any{"Name": t.Name}, Staff: []int64{t.StaffID}})
}

func (s *Service) kind(name models.TaskKind) (Kind, error) {
	for _, k := range s.Kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("there is no kind of work %q", name)
}
