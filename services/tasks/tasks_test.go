package tasks_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/blobs"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/tasks"
)

var (
	ana   = models.Actor{StaffID: 7, Name: "Ana Ruiz", Roles: []models.Role{models.RoleFinance}}
	luis  = models.Actor{StaffID: 8, Name: "Luis Paz", Roles: []models.Role{models.RoleFinance}}
	admin = models.Actor{StaffID: 9, Name: "Eva Mora", Roles: []models.Role{models.RoleAdmin}}
	judge = models.Actor{StaffID: 10, Name: "Iris Gil", Roles: []models.Role{models.RoleAuditor}}
)

// newService has one kind, which does what run says.
func newService(t *testing.T, run func(context.Context, *tasks.Run) error) *tasks.Service {
	t.Helper()
	address, err := blobs.FolderAddress(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files, err := blobs.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	return &tasks.Service{DB: storetest.New(t), Blobs: files, Now: time.Now, Kinds: []tasks.Kind{{Name: models.TaskExport, Run: run}}}
}

func start(t *testing.T, s *tasks.Service, payload any) (id int64) {
	t.Helper()
	err := s.DB.InTx(t.Context(), func(tx *gorm.DB) (err error) {
		id, err = tasks.Start(tx, ana, tasks.New{Kind: models.TaskExport, Name: "payouts.csv", Payload: payload})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func read(t *testing.T, s *tasks.Service, id int64) models.Task {
	t.Helper()
	task, err := s.Task(t.Context(), ana, id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// notices are the kinds of events that were recorded.
func notices(t *testing.T, s *tasks.Service) string {
	t.Helper()
	var kinds string
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT coalesce(string_agg(kind, ' ' ORDER BY id), '') FROM events WHERE staff = '{7}'`).Scan(&kinds); err != nil {
		t.Fatal(err)
	}
	return kinds
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal(what)
}

// mark leaves a trace in the transaction of a run.
func mark(tx *gorm.DB) error {
	return tx.Exec(`INSERT INTO tallies (list, key, n, total) VALUES ('test', 'mark', 1, 0)`).Error
}

func marks(t *testing.T, s *tasks.Service) (n int) {
	t.Helper()
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT count(*) FROM tallies WHERE list = 'test'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestProgressIsSeenWhileTheTransactionRuns(t *testing.T) {
	t.Parallel()
	half, on := make(chan struct{}), make(chan struct{})
	var s *tasks.Service
	s = newService(t, func(ctx context.Context, r *tasks.Run) error {
		var asked struct{ Rows int64 }
		if err := r.Payload(&asked); err != nil {
			return err
		}
		return s.DB.InTx(ctx, func(tx *gorm.DB) error {
			r.Expect(asked.Rows)
			r.Did(asked.Rows / 2)
			close(half)
			<-on
			r.Did(asked.Rows / 2)
			return r.Finish(tx, tasks.Result{SubjectType: "batch", SubjectID: 12, Rows: asked.Rows})
		})
	})
	id := start(t, s, map[string]int{"Rows": 1000})
	if got := read(t, s, id); got.State != models.TaskWaiting {
		t.Errorf("state %s before it is worked", got.State)
	}
	ended := make(chan error)
	go func() { ended <- s.Work(context.Background(), id, false) }()
	<-half
	eventually(t, "half of it is never seen", func() bool { return read(t, s, id).Done == 500 })
	if n, ok := read(t, s, id).Percent(); !ok || n != 50 {
		t.Errorf("%d %% %v, want 50", n, ok)
	}
	close(on)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	got := read(t, s, id)
	if got.State != models.TaskDone || got.SubjectID != 12 || got.Rows != 1000 || got.FinishedAt == nil || got.Done != 1000 {
		t.Errorf("got %+v", got)
	}
	if n := notices(t, s); n != "task.export_done" {
		t.Errorf("told %q", n)
	}
	if err := s.Work(t.Context(), id, false); err != nil { // the job comes twice
		t.Error(err)
	}
}

func TestStoppingUndoesTheWork(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	var s *tasks.Service
	s = newService(t, func(ctx context.Context, r *tasks.Run) error {
		return s.DB.InTx(ctx, func(tx *gorm.DB) error {
			if err := mark(tx); err != nil {
				return err
			}
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
	})
	id := start(t, s, nil)
	ended := make(chan error)
	go func() { ended <- s.Work(context.Background(), id, false) }()
	<-begun
	for _, c := range []struct {
		by   models.Actor
		want models.ErrorKind
	}{{luis, models.NotFound}, {judge, models.Forbidden}} {
		if err := s.Stop(t.Context(), c.by, id); models.KindOf(err) != c.want {
			t.Errorf("%s stops it: %v, want %s", c.by.Name, err, c.want)
		}
	}
	if err := s.Stop(t.Context(), admin, id); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, id); got.State != models.TaskCancelled || marks(t, s) != 0 {
		t.Errorf("%s with %d marks, want cancelled with none", got.State, marks(t, s))
	}
	if err := s.Stop(t.Context(), ana, id); models.KindOf(err) != models.Conflict {
		t.Errorf("stopped again: %v", err)
	}
	if n := told(t, s, id); n != 1 {
		t.Errorf("who asked for it is told %d times that an administrator stopped it, want once", n)
	}
}

// told is how often who asked for a task was told that it was stopped.
func told(t *testing.T, s *tasks.Service, id int64) (n int) {
	t.Helper()
	err := s.DB.Pool.QueryRow(t.Context(), `SELECT count(*) FROM events WHERE kind LIKE 'task.%_cancelled' AND subject_id = $1 AND staff = ARRAY[CAST($2 AS bigint)]`, id, ana.StaffID).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStoppingOnesOwnWorkIsNoNews(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	s := newService(t, func(ctx context.Context, _ *tasks.Run) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	id := start(t, s, nil)
	ended := make(chan error)
	go func() { ended <- s.Work(context.Background(), id, false) }()
	<-begun
	if err := s.Stop(t.Context(), ana, id); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got, n := read(t, s, id), told(t, s, id); got.State != models.TaskCancelled || n != 0 {
		t.Errorf("%s, told %d times, want cancelled and not told", got.State, n)
	}
}

func TestStoppingBeforeItsTurn(t *testing.T) {
	t.Parallel()
	s := newService(t, func(context.Context, *tasks.Run) error { t.Error("it ran"); return nil })
	id := start(t, s, nil)
	if err := s.Stop(t.Context(), ana, id); err != nil {
		t.Fatal(err)
	}
	if err := s.Work(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, id); got.State != models.TaskCancelled {
		t.Errorf("state %s, want cancelled", got.State)
	}
}

// TestStopAgainstCommit races a stop against the commit many times: whoever is first wins, and what is said is true.
func TestStopAgainstCommit(t *testing.T) {
	t.Parallel()
	var s *tasks.Service
	s = newService(t, func(ctx context.Context, r *tasks.Run) error {
		return s.DB.InTx(ctx, func(tx *gorm.DB) error {
			if err := mark(tx); err != nil {
				return err
			}
			if err := tasks.Commit(tx, r.Task.ID); err != nil {
				return err
			}
			return r.Finish(tx, tasks.Result{})
		})
	})
	for range 20 {
		if _, err := s.DB.Pool.Exec(t.Context(), `DELETE FROM tallies WHERE list = 'test'`); err != nil {
			t.Fatal(err)
		}
		id := start(t, s, nil)
		var refused, err error
		var wait sync.WaitGroup
		wait.Go(func() { err = s.Work(context.Background(), id, false) })
		wait.Go(func() { refused = s.Stop(context.Background(), ana, id) })
		wait.Wait()
		if err != nil {
			t.Fatal(err)
		}
		want, marked := models.TaskCancelled, 0
		if refused != nil {
			want, marked = models.TaskDone, 1
		}
		if got := read(t, s, id); got.State != want || marks(t, s) != marked {
			t.Fatalf("stop answered %v, the task is %s with %d marks", refused, got.State, marks(t, s))
		}
	}
}

func TestRefusalsAndFailuresEndInASentence(t *testing.T) {
	t.Parallel()
	refusal := models.Refuse(models.Conflict, "batch.refused.moved", "It moved on.", map[string]any{"N": 3})
	broken := errors.New("the disk is full")
	tests := []struct {
		name    string
		err     error
		last    bool
		state   models.TaskState
		failure string
		told    string
	}{
		{"refused", refusal, false, models.TaskFailed, "batch.refused.moved", "task.export_failed"},
		{"refused in its own words", models.Errorf(models.Invalid, "No."), false, models.TaskFailed, "No.", "task.export_failed"},
		{"broken", broken, false, models.TaskWaiting, "", ""},
		{"broken for the last time", broken, true, models.TaskFailed, "task.gave_up", "task.export_failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, func(context.Context, *tasks.Run) error { return tt.err })
			id := start(t, s, nil)
			err := s.Work(t.Context(), id, tt.last)
			if models.KindOf(tt.err) == "" && !errors.Is(err, broken) || models.KindOf(tt.err) != "" && err != nil {
				t.Errorf("the job is told %v", err)
			}
			if got := read(t, s, id); got.State != tt.state || got.Failure != tt.failure {
				t.Errorf("%s %q, want %s %q", got.State, got.Failure, tt.state, tt.failure)
			}
			if got := notices(t, s); got != tt.told {
				t.Errorf("told %q, want %q", got, tt.told)
			}
		})
	}
}

func TestTheProcessThatWasTakenOverCannotFinish(t *testing.T) {
	t.Parallel()
	first, on := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var s *tasks.Service
	s = newService(t, func(ctx context.Context, r *tasks.Run) error {
		slow := false
		once.Do(func() { slow = true })
		return s.DB.InTx(context.WithoutCancel(ctx), func(tx *gorm.DB) error {
			if slow {
				close(first)
				<-on
			}
			if err := mark(tx); err != nil {
				return err
			}
			return r.Finish(tx, tasks.Result{})
		})
	})
	id := start(t, s, nil)
	ended := make(chan error)
	go func() { ended <- s.Work(context.Background(), id, false) }()
	<-first
	if err := s.Work(t.Context(), id, false); err != nil { // the first process is taken for dead
		t.Fatal(err)
	}
	close(on)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, id); got.State != models.TaskDone || marks(t, s) != 1 {
		t.Errorf("%s with %d marks, want done with one", got.State, marks(t, s))
	}
}

func TestTasksWhoseJobIsGoneFail(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	lost, waits := start(t, s, nil), start(t, s, nil)
	if _, err := s.DB.Pool.Exec(t.Context(), `DELETE FROM river_job WHERE args @> jsonb_build_object('id', CAST($1 AS bigint))`, lost); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, lost); got.State != models.TaskFailed || got.Failure != "task.gave_up" {
		t.Errorf("the lost one is %s %q", got.State, got.Failure)
	}
	if got := read(t, s, waits); got.State != models.TaskWaiting {
		t.Errorf("the other one is %s", got.State)
	}
}

func TestFilesAreForTheirOwnerAndForSevenDays(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var s *tasks.Service
	s = newService(t, func(ctx context.Context, r *tasks.Run) error {
		put, err := s.Blobs.Put(ctx, "exports", ".csv", strings.NewReader("a,b\r\n"), 100)
		if err != nil {
			return err
		}
		until := now.Add(tasks.FileKept)
		return s.DB.InTx(ctx, func(tx *gorm.DB) error {
			return r.Finish(tx, tasks.Result{FileKey: put.Key, FileSize: put.Size, FileUntil: &until, Permission: models.PermPayoutsView})
		})
	})
	id := start(t, s, nil)
	if err := s.Work(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	_, file, err := s.File(t.Context(), ana, id)
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	gone := ana
	gone.Roles = nil
	for _, c := range []struct {
		who  string
		by   models.Actor
		want models.ErrorKind
	}{{"a colleague", luis, models.NotFound}, {"an admin", admin, models.NotFound}, {"nobody", models.Actor{}, models.NotFound},
		{"the owner without the role", gone, models.Forbidden}} {
		if _, _, err := s.File(t.Context(), c.by, id); models.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.who, err, c.want)
		}
	}
	key := read(t, s, id).FileKey
	s.Now = func() time.Time { return now.Add(tasks.FileKept) }
	if _, _, err := s.File(t.Context(), ana, id); models.KindOf(err) != models.NotFound {
		t.Errorf("after seven days: %v", err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Blobs.Open(t.Context(), key); models.KindOf(err) != models.NotFound {
		t.Errorf("the file is still there: %v", err)
	}
	if got := read(t, s, id); got.FileKey != "" || got.State != models.TaskDone {
		t.Errorf("got %+v", got)
	}
}

func TestTheListShowsOnesOwn(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	start(t, s, nil)
	for _, c := range []struct {
		by   models.Actor
		all  bool
		want int
	}{{ana, false, 1}, {luis, false, 0}, {luis, true, 0}, {admin, false, 0}, {admin, true, 1}, {judge, true, 1}} {
		list, err := s.List(t.Context(), c.by, c.all, store.Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Rows) != c.want {
			t.Errorf("%s, all %v: %d rows, want %d", c.by.Name, c.all, len(list.Rows), c.want)
		}
	}
}
