// Package localpg runs the embedded Postgres of a data folder: it finds or installs the programs, makes
// the cluster, starts it or joins the one that is running, and stops it when nobody uses it any more.
//
// The server listens on a Unix socket only, in a folder that its user and root alone can enter; that is
// the whole of its access control, and it needs no port.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// superuser is the role that owns everything in the cluster.
const superuser = "pagaduria"

// Options tune Start; the zero value is what the product runs with.
type Options struct {
	// Disposable is for tests: nothing survives a crash, the folder is emptied before a fresh start, and
	// Stop leaves the server running until Touch has not been called for Idle.
	Disposable bool
	// Idle is how long a disposable server waits for a new user; 0 = 10 minutes.
	Idle time.Duration
	// Say tells the person what takes long (installing, making the cluster); nil = silence.
	Say func(sentence string)
}

// Server is a running Postgres that this process uses. Several processes may use one at a time.
type Server struct {
	cluster cluster
	options Options
	using   *os.File // a shared lock held for as long as this process uses the server
}

// Start makes sure the Postgres in folder runs and registers this process as a user of it.
// A server left running by a killed process is taken over.
func Start(ctx context.Context, folder string, o Options) (*Server, error) {
	if o.Say == nil {
		o.Say = func(string) {}
	}
	c, err := prepare(folder)
	if err != nil {
		return nil, err
	}
	starting, err := c.lock("start.lock", unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer func() { _ = starting.Close() }()
	if err := c.ensureRunning(ctx, o); err != nil {
		return nil, err
	}
	using, err := c.lock("users.lock", unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	s := &Server{cluster: c, options: o, using: using}
	s.Touch()
	return s, nil
}

// URL is the address of a database of this server, for pgx.
func (s *Server) URL(database string) string { return s.cluster.url(database) }

// Touch keeps a disposable server from stopping for want of use.
func (s *Server) Touch() {
	now := time.Now()
	_ = os.Chtimes(filepath.Join(s.cluster.base, "users.lock"), now, now)
}

// Stop ends this process's use of the server, and the server itself when this was the last user.
func (s *Server) Stop() error {
	starting, err := s.cluster.lock("start.lock", unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer func() { _ = starting.Close() }()
	if err := s.using.Close(); err != nil {
		return err
	}
	if s.options.Disposable {
		return nil
	}
	alone, err := s.cluster.lock("users.lock", unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil // another process goes on using it and will stop it
	}
	if err != nil {
		return err
	}
	defer func() { _ = alone.Close() }()
	return s.cluster.stop()
}

// Database makes sure a database of that name exists.
func (s *Server) Database(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return fmt.Errorf("reach embedded Postgres: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var exists bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if err != nil && !isDuplicate(err) {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// lock opens a file of the folder and takes an advisory lock on it, which ends with the file or the process.
func (c cluster) lock(name string, how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(c.base, name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of embedded Postgres: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return f, nil
}

func (c cluster) url(database string) string {
	q := url.Values{"host": {c.socket}, "port": {socketPort}}
	return (&url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: q.Encode()}).String()
}
