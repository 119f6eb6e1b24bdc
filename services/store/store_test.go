package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

func mustExec(t *testing.T, db *store.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Pool.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t *testing.T, db *store.DB, table string) (n int) {
	t.Helper()
	if err := db.Pool.QueryRow(context.Background(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCopyAndGormCommitAndRollBackTogether(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	mustExec(t, db, "CREATE TABLE things (id bigint PRIMARY KEY)")
	both := func(first int64, end error) error {
		return db.InCopyTx(context.Background(), func(tx *gorm.DB, copyFrom store.CopyFrom) error {
			if err := tx.Exec("INSERT INTO things VALUES (?)", first).Error; err != nil {
				return err
			}
			n, err := copyFrom(pgx.Identifier{"things"}, []string{"id"}, pgx.CopyFromRows([][]any{{first + 1}, {first + 2}}))
			if err != nil || n != 2 {
				return fmt.Errorf("copied %d: %w", n, err)
			}
			seen, err := store.SelectTx[struct{ ID int64 }](tx, "SELECT id FROM things WHERE id = ANY($1)", []int64{first, first + 1})
			if err != nil || len(seen) != 2 {
				return fmt.Errorf("saw %v: %w", seen, err)
			}
			return end
		})
	}
	if err := both(1, nil); err != nil {
		t.Fatal(err)
	}
	if got := count(t, db, "things"); got != 3 {
		t.Errorf("after commit %d rows, want 3", got)
	}
	refused := errors.New("refused")
	if err := both(11, refused); !errors.Is(err, refused) {
		t.Errorf("got %v, want %v", err, refused)
	}
	if got := count(t, db, "things"); got != 3 {
		t.Errorf("after rollback %d rows, want 3", got)
	}
}

func TestPanicRollsBackAndFreesTheConnection(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	mustExec(t, db, "CREATE TABLE things (id bigint)")
	func() {
		defer func() { _ = recover() }()
		_ = db.InTx(context.Background(), func(tx *gorm.DB) error {
			tx.Exec("INSERT INTO things VALUES (1)")
			panic("bug")
		})
	}()
	if got := count(t, db, "things"); got != 0 {
		t.Errorf("%d rows, want 0", got)
	}
	if got := db.Pool.Stat().AcquiredConns(); got != 0 {
		t.Errorf("%d connections still taken, want 0", got)
	}
}

func TestDeadlockRunsAgain(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	mustExec(t, db, "CREATE TABLE things (id bigint PRIMARY KEY, n int NOT NULL)")
	mustExec(t, db, "INSERT INTO things VALUES (1, 0), (2, 0)")
	var meet sync.WaitGroup
	meet.Add(2)
	tries := make([]int, 2)
	move := func(who int, order ...int) error {
		return db.InTx(context.Background(), func(tx *gorm.DB) error {
			tries[who]++
			for i, id := range order {
				if err := tx.Exec("UPDATE things SET n = n + 1 WHERE id = ?", id).Error; err != nil {
					return err
				}
				if i == 0 && tries[who] == 1 {
					meet.Done()
					meet.Wait()
				}
			}
			return nil
		})
	}
	errs := make(chan error, 2)
	go func() { errs <- move(0, 1, 2) }()
	go func() { errs <- move(1, 2, 1) }()
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if tries[0]+tries[1] != 3 {
		t.Errorf("tries %v, want three in all", tries)
	}
	var sum int
	if err := db.Pool.QueryRow(context.Background(), "SELECT sum(n) FROM things").Scan(&sum); err != nil || sum != 4 {
		t.Errorf("sum %d, %v; want 4", sum, err)
	}
}

func TestErrorsOfTheDatabaseAreKnown(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	mustExec(t, db, "CREATE TABLE things (id bigint CONSTRAINT things_once PRIMARY KEY)")
	err := db.InTx(context.Background(), func(tx *gorm.DB) error {
		return errors.Join(tx.Exec("INSERT INTO things VALUES (1)").Error, tx.Exec("INSERT INTO things VALUES (1)").Error)
	})
	if !errors.Is(err, gorm.ErrDuplicatedKey) || store.Constraint(err) != "things_once" {
		t.Errorf("got %v (constraint %q), want a duplicate of things_once", err, store.Constraint(err))
	}
	_, err = store.SelectOne[struct{ ID int64 }](context.Background(), db.Pool, "SELECT id FROM things WHERE id = 7")
	if err := store.NotFound(err, "thing.none", "There is no such thing."); models.KindOf(err) != models.NotFound {
		t.Errorf("got %v, want a refusal of kind not found", err)
	}
}

func TestArraysPassThroughGorm(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	type thing struct {
		ID    int64
		Ids   store.Int64s
		Words store.Strings
	}
	mustExec(t, db, "CREATE TABLE things (id bigint PRIMARY KEY, ids bigint[], words text[])")
	in := thing{ID: 1, Ids: store.Int64s{1, -2}, Words: store.Strings{`a "quoted", word`, "ñandú", ""}}
	if err := db.Gorm.Create(&in).Error; err != nil {
		t.Fatal(err)
	}
	var out thing
	if err := db.Gorm.Where("words = ? AND id = ANY(?)", in.Words, store.Int64s{1, 5}).First(&out).Error; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out.Ids, in.Ids) || !slices.Equal(out.Words, in.Words) {
		t.Errorf("got %+v, want %+v", out, in)
	}
}

func TestPagesWalkBothWays(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	mustExec(t, db, "CREATE TABLE things (id bigint PRIMARY KEY, created_at timestamptz NOT NULL)")
	mustExec(t, db, "INSERT INTO things SELECT n, TIMESTAMPTZ '2026-01-01' + (n / 3) * INTERVAL '1.000001 s' FROM generate_series(1, 10) n")
	type row struct {
		ID        int64
		CreatedAt time.Time
	}
	read := func(cursor string) store.Page[row] {
		t.Helper()
		c, err := store.ParseCursor(cursor)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := store.Select[row](context.Background(), db.Pool, "SELECT id, created_at FROM things WHERE "+
			c.Where("created_at", "id")+" ORDER BY "+c.Order("created_at", "id")+" LIMIT @n", c.Bind(pgx.NamedArgs{"n": 5}))
		if err != nil {
			t.Fatal(err)
		}
		return store.MakePage(rows, 4, c, func(r row) store.Cursor { return store.Cursor{At: r.CreatedAt, ID: r.ID} })
	}
	ids := func(p store.Page[row]) string {
		s := ""
		for _, r := range p.Rows {
			s += fmt.Sprint(r.ID, " ")
		}
		return s
	}
	first := read("")
	second := read(first.Older)
	third := read(second.Older)
	back := read(third.Newer)
	home := read(back.Newer)
	for _, c := range []struct {
		page         store.Page[row]
		ids          string
		newer, older bool
	}{
		{first, "10 9 8 7 ", false, true},
		{second, "6 5 4 3 ", true, true},
		{third, "2 1 ", true, false},
		{back, "6 5 4 3 ", true, true},
		{home, "10 9 8 7 ", false, true},
	} {
		if ids(c.page) != c.ids || (c.page.Newer != "") != c.newer || (c.page.Older != "") != c.older {
			t.Errorf("got %s newer %q older %q, want %s %v %v", ids(c.page), c.page.Newer, c.page.Older, c.ids, c.newer, c.older)
		}
	}
}
