package imports_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/blobs"
	"pagaduria/services/imports"
	"pagaduria/services/store/storetest"
	"pagaduria/services/tasks"
)

// newService has one kind, whose rows are refused when they say so.
func newService(t testing.TB) *imports.Service {
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
	s := &imports.Service{DB: storetest.New(t), Blobs: files, Today: time.Now}
	columns := []sheet.Column{{Name: "code"}, {Name: "note", Optional: true}}
	s.Kinds = []imports.Kind{{Name: "orders", Columns: columns, Run: func(ctx context.Context, f io.ReadSeeker, o models.ImportOptions) (r models.ImportResult, err error) {
		err = imports.EachRow(f, columns, o, func(row imports.Row) error {
			r.Rows++
			switch row.Get("note") {
			case "refuse":
				return r.Fault(o, models.ImportError, models.ImportFault{Line: row.Line, Field: row.Column("note"), Code: "no", Message: "No."})
			case "break":
				return errors.New("the disk is full")
			}
			r.Created++
			if o.OnRow != nil {
				o.OnRow(models.ImportRow{Line: row.Line, Outcome: models.RowCreated, Cells: row.Cells()})
			}
			return nil
		})
		if err != nil || o.DryRun {
			return r, err
		}
		return r, s.DB.InTx(ctx, func(tx *gorm.DB) error { return imports.Applied(tx, "orders", o, r) })
	}}}
	return s
}

// work makes one attempt at what the upload waits for.
func work(t testing.TB, s *imports.Service, id int64, last bool) error {
	t.Helper()
	var task int64
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT max(id) FROM tasks WHERE subject_id = $1`, id).Scan(&task); err != nil {
		t.Fatal(err)
	}
	return taskService(s).Work(t.Context(), task, last)
}

func taskService(s *imports.Service) *tasks.Service {
	return &tasks.Service{DB: s.DB, Blobs: s.Blobs, Now: time.Now, Kinds: s.TaskKinds()}
}

var by = models.Actor{StaffID: 7, Name: "Ana Ruiz"}

func TestUploadGoesFromCheckToApplied(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx := t.Context()
	rows := "code;note\n" + strings.Repeat("a;\n", 60) + strings.Repeat("b;refuse\n", models.ShownFaults+5)
	id, err := s.Upload(ctx, by, "orders", "../x/list.csv", strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(ctx, by, "orders", id); models.KindOf(err) != models.Conflict {
		t.Errorf("applied before it was checked: %v", err)
	}
	if err := work(t, s, id, false); err != nil {
		t.Fatal(err)
	}
	i, err := s.Get(ctx, "orders", id)
	if err != nil {
		t.Fatal(err)
	}
	if i.State != models.ImportPreview || i.FileName != "list.csv" || i.Result.Created != 60 || len(i.Preview) != models.PreviewRows {
		t.Errorf("got %+v", i)
	}
	shown, err := s.Faults(ctx, id)
	if err != nil || len(shown) != models.ShownFaults || shown[0].Line != 62 {
		t.Errorf("%d faults shown, %v", len(shown), err)
	}
	all := 0
	if err := s.EachFault(ctx, i, func(models.ShownFault) error { all++; return nil }); err != nil || all != models.ShownFaults+5 {
		t.Errorf("the report has %d faults, %v", all, err)
	}

	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := s.Apply(ctx, by, "orders", id); err != nil {
				t.Error(err)
			}
			if err := work(t, s, id, false); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if i, _ = s.Get(ctx, "orders", id); i.State != models.ImportApplied || i.AppliedName != by.Name || i.FinishedAt == nil {
		t.Errorf("got %+v", i)
	}
	var applied int
	if err := s.DB.Pool.QueryRow(ctx, "SELECT count(*) FROM audit_events WHERE action = 'import.apply'").Scan(&applied); err != nil || applied != 1 {
		t.Errorf("applied %d times, %v", applied, err)
	}
}

func TestBrokenRunWaitsAndIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id, err := s.Upload(t.Context(), by, "orders", "x.csv", strings.NewReader("code;note\na;break\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := work(t, s, id, false); err == nil {
		t.Fatal("the fault was swallowed")
	}
	if i, _ := s.Get(t.Context(), "orders", id); i.State != models.ImportChecking {
		t.Errorf("state is %s, want it to be tried again", i.State)
	}
	if err := work(t, s, id, true); err == nil {
		t.Fatal("the fault was swallowed")
	}
	if i, _ := s.Get(t.Context(), "orders", id); i.State != models.ImportFailed || !i.State.CanDrop() {
		t.Errorf("state is %s", i.State)
	}
	if err := s.Drop(t.Context(), by, "orders", id); err != nil {
		t.Error(err)
	}
	if _, err := s.Get(t.Context(), "tracking", id); models.KindOf(err) != models.NotFound {
		t.Errorf("found under another kind: %v", err)
	}
}

func TestStoppedUploadsGoBackToPeople(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx := t.Context()
	id, err := s.Upload(ctx, by, "orders", "x.csv", strings.NewReader("code;note\na;\n"))
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {
		t.Helper()
		i, err := s.Get(ctx, "orders", id)
		if err != nil {
			t.Fatal(err)
		}
		task, ok, err := s.Task(ctx, i)
		if err != nil || !ok {
			t.Fatalf("no task, %v", err)
		}
		if err := taskService(s).Stop(ctx, by, task.ID); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if i, _ := s.Get(ctx, "orders", id); i.State != models.ImportFailed || i.Failure != "import.stopped" {
		t.Errorf("stopped while it was checked: %s %q", i.State, i.Failure)
	}
	if err := s.Map(ctx, by, "orders", id, map[string]string{"code": "code"}); err != nil {
		t.Fatal(err)
	}
	if err := work(t, s, id, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(ctx, by, "orders", id); err != nil {
		t.Fatal(err)
	}
	stop()
	if i, _ := s.Get(ctx, "orders", id); i.State != models.ImportPreview {
		t.Errorf("stopped while it was taken: %s, want the preview again", i.State)
	}
	if err := s.Apply(ctx, by, "orders", id); err != nil {
		t.Fatal(err)
	}
	if err := work(t, s, id, false); err != nil {
		t.Fatal(err)
	}
	if i, _ := s.Get(ctx, "orders", id); i.State != models.ImportApplied {
		t.Errorf("taken in the end: %s", i.State)
	}
}

func FuzzHeader(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "", "\xff\xfe", "PK\x03\x04", "sep=;\na;b", "\"a\nb"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := strings.NewReader(string(body))
		names, err := imports.Header(r)
		if err != nil {
			if models.KindOf(err) != models.Invalid {
				t.Fatalf("got %v, want a refusal", err)
			}
			return
		}
		if len(names) == 0 || r.Len() != len(body) {
			t.Fatalf("%d names, %d of %d bytes left", len(names), r.Len(), len(body))
		}
	})
}
