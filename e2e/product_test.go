// Package e2e looks at the product as people do: the real program on a real Postgres, in a real Chromium.
// TestEveryPage visits every page of the route table; TestTheWholeJob pays a commission statement with two people;
// TestShots takes pictures (make shots).
package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pagaduria/services/store/storetest"
)

// folder holds what a run builds.
var folder string

// binary is the program, built once a run.
var binary = sync.OnceValues(func() (string, error) {
	file := filepath.Join(folder, "pagaduria")
	build := exec.Command("go", "build", "-o", file, "./web")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "pagaduria-e2e-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// product is a running installation with a database of its own.
type product struct {
	formLink string            // of a payee, once inviteToForm made one
	sessions map[string]string // by the e-mail of who signed in, see as
	t        testing.TB
	url      string
	env      []string
	pool     *pgxpool.Pool // to look up ids that a person would find by clicking
	log      *safeBuffer
}

// safeBuffer takes what a process says while the test reads it.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// key is the secret key of the tests' installations.
var key = base64.StdEncoding.EncodeToString([]byte("a secret key of the e2e tests !!"))

// install starts serve with the flags on a fresh database and waits until it is ready.
func install(t testing.TB, flags ...string) *product {
	t.Helper()
	address := storetest.NewURL(t)
	addr := freeAddress(t)
	p := &product{t: t, url: "http://" + addr, log: &safeBuffer{}, env: append(os.Environ(),
		"DATABASE_URL="+address, "PAGADURIA_SECRET_KEY="+key, "PAGADURIA_DATA_DIR="+t.TempDir(),
		"PAGADURIA_ADDR="+addr, "PAGADURIA_ALLOW_LOOPBACK_HOOKS=on", "PAGADURIA_LOG=text")}
	p.start(append([]string{"serve", "--addr", addr}, flags...)...)
	pool, err := pgxpool.New(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	p.pool = pool
	p.await(p.url + "/readyz")
	return p
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// start runs the program in the background until the test ends; it must then end well when told to.
func (p *product) start(args ...string) {
	p.t.Helper()
	cmd := p.command(args...)
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	p.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case err := <-ended:
			if err != nil {
				p.t.Errorf("%s ended badly: %v", args[0], err)
			}
		case <-time.After(40 * time.Second):
			_ = cmd.Process.Kill()
			p.t.Errorf("%s does not end when told to", args[0])
		}
		if p.t.Failed() {
			p.t.Logf("%s said:\n%s", args[0], lastLines(p.log.String(), 40))
		}
	})
}

func (p *product) command(args ...string) *exec.Cmd {
	p.t.Helper()
	file, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(file, args...)
	cmd.Env = p.env
	return cmd
}

// run runs a command to its end and answers what it printed.
func (p *product) run(args ...string) string {
	p.t.Helper()
	cmd := p.command(args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("pagaduria %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), said.String())
	}
	return out.String()
}

// await waits until an address answers 200.
func (p *product) await(url string) {
	p.t.Helper()
	p.eventually(60*time.Second, url+" does not answer", func() bool {
		res, err := http.Get(url)
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// eventually asks again until it is so.
func (p *product) eventually(within time.Duration, otherwise string, so func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(within); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s\n%s", otherwise, lastLines(p.log.String(), 40))
		}
	}
}

// number asks the database for one number, 0 when there is none.
func (p *product) number(sql string, args ...any) int64 {
	p.t.Helper()
	var n *int64
	if err := p.pool.QueryRow(context.Background(), "SELECT ("+sql+")", args...).Scan(&n); err != nil {
		p.t.Fatalf("%s: %v", sql, err)
	}
	if n == nil {
		return 0
	}
	return *n
}

// lastLines is the end of a log, without the requests that went well.
func lastLines(s string, n int) string {
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(s), "\n"), func(line string) bool {
		return strings.Contains(line, "msg=request") && !strings.Contains(line, "status=5")
	})
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
