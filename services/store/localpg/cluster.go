package localpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	socketPort = "5432" // only part of the socket's file name
	// A socket's path must fit sockaddr_un: 104 bytes on BSD and macOS, 108 on Linux, with the final zero.
	longestSocket = 103
)

// cluster is one Postgres cluster on disk and the system user its processes run as.
type cluster struct {
	base   string // our files: locks, logs
	data   string // PGDATA
	socket string // folder of the socket
	owner  *owner // nil: run as ourselves
}

// owner is the unprivileged user that runs Postgres when we are root, whom Postgres refuses.
type owner struct{ uid, gid uint32 }

// prepare makes the folders. When root's user cannot reach folder, because a parent is private, the
// cluster lives under /var/lib and folder/postgres is a link to it.
func prepare(folder string) (cluster, error) {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return cluster{}, err
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return cluster{}, fmt.Errorf("make data folder: %w", err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return cluster{}, err
	}
	c := cluster{base: filepath.Join(abs, "postgres")}
	if os.Getuid() == 0 {
		if c.owner, err = unprivileged(); err != nil {
			return cluster{}, err
		}
		if c.base, err = reachable(abs, c.base); err != nil {
			return cluster{}, err
		}
	}
	c.data = filepath.Join(c.base, "data")
	c.socket = filepath.Join(c.base, "run")
	if len(filepath.Join(c.socket, ".s.PGSQL."+socketPort)) > longestSocket {
		c.socket = filepath.Join("/tmp", "pagaduria-"+strconv.Itoa(os.Getuid())+"-"+short(c.base))
	}
	for _, dir := range []string{c.base, c.data, c.socket} {
		if err := c.makeDir(dir); err != nil {
			return cluster{}, err
		}
	}
	return c, nil
}

// makeDir makes a private folder of the cluster's user; one that belongs to somebody else is refused.
func (c cluster) makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder of embedded Postgres: %w", err)
	}
	if c.owner != nil {
		return os.Chown(dir, int(c.owner.uid), int(c.owner.gid))
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return fmt.Errorf("the folder %s belongs to another user: give it to yours, or choose another PAGADURIA_DATA_DIR", dir)
	}
	return os.Chmod(dir, 0o700)
}

func unprivileged() (*owner, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &owner{uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("the embedded Postgres does not run as root and there is neither a user postgres nor nobody: run as a normal user, or set DATABASE_URL")
}

// reachable answers where the cluster can live: base itself when every folder above it can be entered by
// anybody, else a folder under /var/lib with base as a link to it.
func reachable(abs, base string) (string, error) {
	if real, err := filepath.EvalSymlinks(base); err == nil && real != base {
		return real, nil
	}
	open := true
	for dir := abs; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return "", err
		}
		open = open && info.Mode().Perm()&0o001 != 0
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if open {
		return base, nil
	}
	away := filepath.Join("/var/lib/pagaduria", "postgres-"+short(base))
	if err := os.MkdirAll(away, 0o755); err != nil {
		return "", fmt.Errorf("make folder of embedded Postgres: %w", err)
	}
	if err := os.Symlink(away, base); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("link embedded Postgres: %w", err)
	}
	return away, nil
}

func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// ensureRunning joins the running server or starts it, making the cluster on the first start.
func (c cluster) ensureRunning(ctx context.Context, o Options) error {
	if c.settled(ctx) {
		return nil
	}
	if o.Disposable {
		if err := c.empty(); err != nil {
			return err
		}
	}
	b, err := findPrograms(ctx, c, o.Say)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(c.data, "PG_VERSION")); err != nil {
		o.Say("Making the embedded database.")
		if err := c.initialise(b, o); err != nil {
			return err
		}
	}
	if err := c.start(b, o); err != nil {
		return err
	}
	if err := c.wait(ctx); err != nil {
		return err
	}
	if o.Disposable {
		return c.watch(b, o)
	}
	return nil
}

// answers tries a connection.
func (c cluster) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// settled answers whether the server answers, giving one that starts, recovers or is going down the time
// to finish. When it answers false, no process of the cluster is left.
func (c cluster) settled(ctx context.Context) bool {
	for range 600 {
		if c.answers(ctx) == nil {
			return true
		}
		if !c.alive() {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
	return false
}

// alive answers whether a process of the cluster lives. Where /proc tells, it is asked for postgres
// processes in the data folder, and pid files that a crash left behind are removed: their number may belong
// to another program now, or to a dead child nobody waited for, and Postgres would refuse to start.
func (c cluster) alive() bool {
	file := filepath.Join(c.data, "postmaster.pid")
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	dirs, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err == nil && len(dirs) > 0 {
		for _, dir := range dirs {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(dir), "comm"))
			if at, err := os.Readlink(dir); err == nil && at == c.data && strings.HasPrefix(string(name), "postgres") {
				return true
			}
		}
		_ = os.Remove(file)
		_ = os.Remove(filepath.Join(c.socket, ".s.PGSQL."+socketPort+".lock"))
		return false
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	return err == nil && pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// wait waits for the server to finish its start, which after a crash includes recovery.
func (c cluster) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := c.answers(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the embedded Postgres does not answer, see %s: %w", filepath.Join(c.base, "server.log"), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// empty removes the data of a disposable cluster, so that nothing of earlier runs piles up.
func (c cluster) empty() error {
	if err := os.RemoveAll(c.data); err != nil {
		return err
	}
	return c.makeDir(c.data)
}

// initialise makes the cluster: UTF-8 with character classes of Unicode where the system has them.
func (c cluster) initialise(b programs, o Options) error {
	args := []string{"-D", c.data, "-U", superuser, "-E", "UTF8", "--auth-local=trust", "--auth-host=reject"}
	if o.Disposable {
		args = append(args, "--no-sync")
	}
	var err error
	for _, locale := range []string{"C.UTF-8", "en_US.UTF-8", "C"} {
		if err = c.run(b, "initdb", append(args, "--locale="+locale)...); err == nil {
			return nil
		}
		if err := c.empty(); err != nil {
			return err
		}
	}
	return fmt.Errorf("make embedded database: %w", err)
}

func (c cluster) start(b programs, o Options) error {
	settings := map[string]string{
		"listen_addresses": "", "unix_socket_directories": c.socket, "unix_socket_permissions": "0700", "port": socketPort,
		"shared_buffers": "256MB", "max_connections": "100", "wal_compression": "on", "max_wal_size": "4GB",
		"checkpoint_completion_target": "0.9", "random_page_cost": "1.1", "effective_cache_size": "1GB",
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "log_checkpoints": "off",
	}
	if o.Disposable {
		settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"] = "off", "off", "off"
		settings["max_connections"], settings["shared_buffers"] = "400", "128MB"
		settings["max_wal_size"], settings["autovacuum"] = "1GB", "off"
	}
	var flags []string
	for name, value := range settings {
		flags = append(flags, "-c "+name+"='"+strings.ReplaceAll(value, "'", "''")+"'")
	}
	err := c.run(b, "pg_ctl", "start", "-s", "-w", "-t", "300", "-D", c.data, "-l", filepath.Join(c.base, "server.log"), "-o", strings.Join(flags, " "))
	if err != nil {
		return fmt.Errorf("start embedded Postgres: %w", err)
	}
	return nil
}

func (c cluster) stop() error {
	b, err := installed(c)
	if err != nil {
		return err
	}
	if err := c.run(b, "pg_ctl", "stop", "-s", "-w", "-t", "60", "-m", "fast", "-D", c.data); err != nil {
		return fmt.Errorf("stop embedded Postgres: %w", err)
	}
	return nil
}

// watchScript stops a disposable server once nobody has touched $1 for $2 minutes.
const watchScript = `while [ -n "$(find "$1" -mmin -"$2" 2>/dev/null)" ]; do sleep 15; done
exec "$3" stop -s -m immediate -D "$4"`

func (c cluster) watch(b programs, o Options) error {
	minutes := int(o.Idle / time.Minute)
	if minutes <= 0 {
		minutes = 10
	}
	touch, err := c.lock("users.lock", syscall.LOCK_SH)
	if err != nil {
		return err
	}
	_ = touch.Close()
	cmd := c.command("/bin/sh", "-c", watchScript, "watch", filepath.Join(c.base, "users.lock"), strconv.Itoa(minutes),
		filepath.Join(b.dir, "pg_ctl"), c.data)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("watch embedded Postgres: %w", err)
	}
	return cmd.Process.Release()
}

// run runs a Postgres program as the cluster's user and keeps what it says in commands.log.
func (c cluster) run(b programs, name string, args ...string) error {
	log, err := os.OpenFile(filepath.Join(c.base, "commands.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	fmt.Fprintf(log, "%s %s %s\n", time.Now().UTC().Format(time.RFC3339), name, strings.Join(args, " "))
	from, _ := log.Seek(0, 2)
	cmd := c.command(filepath.Join(b.dir, name), args...)
	cmd.Stdout, cmd.Stderr = log, log // a file, not a pipe: the server inherits it and would keep a pipe open
	if err := cmd.Run(); err != nil {
		said := make([]byte, 600)
		n, _ := log.ReadAt(said, from)
		return fmt.Errorf("%s: %w: %s", name, err, strings.Join(strings.Fields(string(said[:n])), " "))
	}
	return nil
}

// command is a child in a session of its own, so that Ctrl-C in the terminal reaches the product only.
func (c cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.base
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if c.owner != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.owner.uid, Gid: c.owner.gid}
	}
	cmd.Env = append(os.Environ(), "LC_MESSAGES=C", "PGTZ=UTC")
	return cmd
}

func isDuplicate(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42P04" || pg.Code == "23505") // database exists, or is being made
}
