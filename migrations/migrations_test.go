package migrations_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"pagaduria/migrations"
	"pagaduria/services/store/storetest"
)

func open(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), storetest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestProcessesStartingTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	pool := open(t)
	errs := make(chan error)
	for range 5 {
		go func() { errs <- migrations.Up(context.Background(), pool) }()
	}
	for range 5 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if current, err := migrations.Current(context.Background(), pool); err != nil || !current {
		t.Errorf("current %v, %v; want true", current, err)
	}
}

func TestEveryMigrationGoesDownAndUpAgain(t *testing.T) {
	t.Parallel()
	pool := open(t)
	ctx := context.Background()
	if err := migrations.Up(ctx, pool); err != nil {
		t.Fatal(err)
	}
	steps, err := migrations.Status(ctx, pool)
	if err != nil {
		t.Fatal(err)
	}
	for range steps {
		if err := migrations.Down(ctx, pool); err != nil {
			t.Fatal(err)
		}
	}
	var left int
	err = pool.QueryRow(ctx, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%'`).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d tables left, %v; want none", left, err)
	}
	if err := migrations.Up(ctx, pool); err != nil {
		t.Fatal(err)
	}
	steps, err = migrations.Status(ctx, pool)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.AppliedAt.IsZero() {
			t.Errorf("%s is not applied", s.Name)
		}
	}
}
