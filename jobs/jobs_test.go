package jobs_test

import (
	"context"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"pagaduria/jobs"
	"pagaduria/services/queue"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

type greetArgs struct{}

func (greetArgs) Kind() string { return "test.greet" }

func start(t *testing.T, db *store.DB, work func() error) (ended chan string) {
	t.Helper()
	workers := river.NewWorkers()
	jobs.Work(workers, river.WorkFunc(func(context.Context, *river.Job[greetArgs]) error { return work() }))
	ended = make(chan string, 10)
	c, err := jobs.New(db.Pool, jobs.Options{Workers: workers, Observe: func(_, outcome string, _ time.Duration) { ended <- outcome }})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return ended
}

func insert(t *testing.T, db *store.DB) {
	t.Helper()
	if err := db.InTx(context.Background(), func(tx *gorm.DB) error { return queue.Insert(tx, greetArgs{}, nil) }); err != nil {
		t.Fatal(err)
	}
}

func wait(t *testing.T, ended chan string, want string) {
	t.Helper()
	select {
	case got := <-ended:
		if got != want {
			t.Errorf("job ended %s, want %s", got, want)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the job was not worked")
	}
}

func TestJobIsWorked(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ended := start(t, db, func() error { return nil })
	insert(t, db)
	wait(t, ended, "completed")
}

func TestJobOfADeadProcessIsTakenUp(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	insert(t, db)
	_, err := db.Pool.Exec(context.Background(), `UPDATE river_job
		SET state = 'running', attempt = 1, attempted_at = now() - INTERVAL '1 minute', attempted_by = ARRAY['pagaduria-dead']`)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, start(t, db, func() error { return nil }), "completed")
}
