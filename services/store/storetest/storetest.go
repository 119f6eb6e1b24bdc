// Package storetest gives every test a fresh, migrated database of its own on a Postgres that all
// packages of a test run share.
package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"pagaduria/migrations"
	"pagaduria/services/store"
	"pagaduria/services/store/localpg"
)

// maxConns bounds each test's pool, so that many tests at a time fit one server.
const maxConns = 12

// keptTemplates is how many schemas of the past stay as templates on the shared server.
const keptTemplates = 6

var (
	shared  = sync.OnceValues(open)
	counter atomic.Int64
)

// server is the Postgres of this test run; local is nil when it was given by its address.
type server struct {
	admin    *pgxpool.Pool
	local    *localpg.Server
	template string
}

// New answers an empty database with the current schema, dropped when the test ends. The server is the
// one of PAGADURIA_TEST_DATABASE_URL, else an embedded one that stops by itself when no test used it for a while.
func New(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), NewURL(t), store.Options{MaxConns: maxConns})
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

// NewURL is New for tests that open the database themselves, such as those which run the program.
func NewURL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("start test Postgres: %v", err)
	}
	name := fmt.Sprintf("t_%d_%d", os.Getpid(), counter.Add(1))
	if err := s.create(name); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() { _ = s.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	return s.url(name)
}

// Empty answers the address of a database without any schema, for tests of the migrations themselves.
func Empty(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("start test Postgres: %v", err)
	}
	name := fmt.Sprintf("t_%d_%d", os.Getpid(), counter.Add(1))
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE template0"); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() { _ = s.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)") })
	return s.url(name)
}

func open() (*server, error) {
	ctx := context.Background()
	s := &server{template: "tpl_" + migrations.Hash()}
	address := os.Getenv("PAGADURIA_TEST_DATABASE_URL")
	if address == "" {
		local, err := localpg.Start(ctx, sharedFolder(), localpg.Options{Disposable: true})
		if err != nil {
			return nil, err
		}
		s.local, address = local, local.URL("postgres")
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 2
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec // every statement is said once
	if s.admin, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	s.dropLeftovers()
	return s, s.makeTemplate(ctx)
}

func sharedFolder() string {
	return filepath.Join(os.TempDir(), "pagaduria-test-"+strconv.Itoa(os.Getuid()))
}

// makeTemplate migrates a database once for all tests of this schema; test binaries that start together
// wait for the first of them.
func (s *server) makeTemplate(ctx context.Context) error {
	conn, err := s.admin.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('storetest'))`); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtext('storetest'))`) }()

	var exists bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, s.template).Scan(&exists)
	if err != nil || exists {
		return err
	}
	making := s.template + "_new"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + making, "CREATE DATABASE " + making + " TEMPLATE template0"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := migrate(ctx, s.url(making)); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+making+" RENAME TO "+s.template); err != nil {
		return err
	}
	return dropAll(ctx, conn.Conn(), `SELECT datname FROM pg_database WHERE datname LIKE 'tpl\_%' ORDER BY oid DESC OFFSET $1`, keptTemplates)
}

func migrate(ctx context.Context, address string) error {
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return err
	}
	defer pool.Close()
	return migrations.Up(ctx, pool)
}

// create copies the template, making it again when another schema's tests have pushed it out.
func (s *server) create(name string) error {
	if s.local != nil {
		s.local.Touch()
	}
	err := s.exec(s.copySQL(name))
	if pg, ok := err.(*pgconn.PgError); ok && pg.Code == "3D000" { // no such database
		if err := s.makeTemplate(context.Background()); err != nil {
			return err
		}
		return s.exec(s.copySQL(name))
	}
	return err
}

// copySQL copies files instead of logging every block: that takes a third of the time.
func (s *server) copySQL(name string) string {
	return "CREATE DATABASE " + name + " TEMPLATE " + s.template + " STRATEGY FILE_COPY"
}

// dropLeftovers removes databases of test binaries that were killed before they could.
func (s *server) dropLeftovers() {
	rows, err := s.admin.Query(context.Background(), `SELECT datname FROM pg_database WHERE datname LIKE 't\_%'`)
	if err != nil {
		return
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return
	}
	for _, name := range names {
		var pid, n int
		if _, err := fmt.Sscanf(name, "t_%d_%d", &pid, &n); err == nil && s.local != nil && gone(pid) {
			_ = s.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
		}
	}
}

func dropAll(ctx context.Context, conn *pgx.Conn, list string, args ...any) error {
	rows, err := conn.Query(ctx, list, args...)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		_, _ = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()) // in use just now: next time
	}
	return nil
}

func (s *server) exec(sql string) error {
	_, err := s.admin.Exec(context.Background(), sql)
	return err
}

// url is the server's address with another database name.
func (s *server) url(name string) string {
	if s.local != nil {
		return s.local.URL(name)
	}
	u, err := url.Parse(os.Getenv("PAGADURIA_TEST_DATABASE_URL"))
	if err != nil {
		return ""
	}
	u.Path = "/" + name
	return u.String()
}
