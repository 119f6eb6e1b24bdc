package localpg

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

func mustStart(t *testing.T, folder string) *Server {
	t.Helper()
	s, err := Start(context.Background(), folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(s.cluster.base) })
	return s
}

func answers(s *Server) bool { return s.cluster.answers(context.Background()) == nil }

func TestServerIsSharedKeptThroughAndStoppedByTheLast(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first := mustStart(t, folder)
	second := mustStart(t, folder)
	if err := first.Database(context.Background(), "books"); err != nil {
		t.Fatal(err)
	}
	if err := second.Database(context.Background(), "books"); err != nil {
		t.Errorf("a database that exists: %v", err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if !answers(second) {
		t.Fatal("the server stopped while it was in use")
	}
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	if answers(second) {
		t.Error("the server runs on although nobody uses it")
	}
}

func TestServerComesBackAfterItWasKilled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	killed := mustStart(t, folder)
	write(t, killed, "CREATE TABLE kept (n int)")
	text, err := os.ReadFile(filepath.Join(killed.cluster.data, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	again := mustStart(t, folder)
	write(t, again, "INSERT INTO kept VALUES (1)")
	for _, s := range []*Server{killed, again} {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}
}

func write(t *testing.T, s *Server, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}
