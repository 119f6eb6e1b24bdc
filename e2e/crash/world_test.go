package crash

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/services/store/localpg"
	"pagaduria/services/vault"
)

// world is an installation as it stands in a machine room: a Postgres of its own, a web server, two workers that are
// started again when they end, a rail, and people at their browsers.
type world struct {
	t       *testing.T
	folder  string // of the cluster
	blobs   string // uploads, shared by the processes
	bin     string
	addr    string
	url     string
	mu      sync.Mutex
	pg      []*localpg.Server // one a start
	db      *store.DB
	rail    *sim.Server
	service *payouts.Service
	chance  *rand.Rand

	connection        int64
	finance, approver *visitor

	server  *kept
	workers []*kept
}

// newWorld sets everything up below folder; payees distributors have one line a period of periods in the statement.
func newWorld(t *testing.T, folder, bin string) *world {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := &world{t: t, folder: folder, blobs: t.TempDir(), bin: bin, chance: rand.New(rand.NewPCG(seed, 1))}
	w.must(w.startPostgres())
	t.Cleanup(w.stopPostgres)
	w.must(w.pg[0].Database(t.Context(), "pagaduria"))
	w.url = w.pg[0].URL("pagaduria")
	if out, err := w.command("migrate", "up").CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v\n%s", err, out)
	}
	var err error
	w.db, err = store.Open(t.Context(), w.url, store.Options{})
	w.must(err)
	t.Cleanup(w.db.Close)
	w.rail, err = sim.New(sim.Options{DeliverAfter: 50 * time.Millisecond})
	w.must(err)
	t.Cleanup(func() { _ = w.rail.Close() })
	w.rail.Inject(sim.Fault{Kind: sim.Delay, Op: sim.OpCreate, Times: -1, Delay: 20 * time.Millisecond})
	api := httptest.NewServer(http.StripPrefix("/d24", w.rail.API()))
	t.Cleanup(api.Close)
	box, err := vault.New(key)
	w.must(err)
	w.service = &payouts.Service{DB: w.db, Vault: box, Now: time.Now, Open: func(c models.Connection, k models.Credentials) (providers.Provider, error) {
		return d24.New(d24.Config{BaseURL: c.BaseURL, Login: k.Login, Pass: k.Pass, Signature: k.Signature}), nil
	}}
	w.connection, err = w.service.SaveConnection(t.Context(), models.System("test"), models.Connection{Slug: "d24", Rail: "d24", Name: "D24", State: "live",
		BaseURL: api.URL + "/d24", ValidityDays: 7, Rate: 1000, Concurrency: 4}, &models.Credentials{Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature})
	w.must(err)
	w.payees()
	w.addr = freeAddress(t)
	w.finance, w.approver = w.hire("Marta", models.RoleFinance), w.hire("Carlos", models.RoleApprover)
	w.server = w.keep("serve", "--no-worker", "--addr", w.addr)
	w.workers = []*kept{w.keep("worker"), w.keep("worker")}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// startPostgres starts the cluster, or joins it where it runs already. After a crash it recovers first.
func (w *world) startPostgres() error {
	pg, err := localpg.Start(context.Background(), w.folder, localpg.Options{})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pg = append(w.pg, pg)
	return nil
}

// stopPostgres ends every use of the cluster, and with it the cluster.
func (w *world) stopPostgres() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, pg := range w.pg {
		_ = pg.Stop()
	}
}

func (w *world) command(args ...string) *exec.Cmd {
	c := exec.Command(w.bin, args...)
	c.Env = append(os.Environ(), "DATABASE_URL="+w.url, "PAGADURIA_SECRET_KEY="+base64.StdEncoding.EncodeToString(key), "PAGADURIA_DATA_DIR="+filepath.Dir(w.bin),
		"PAGADURIA_BLOB_URL=file://"+w.blobs, "PAGADURIA_ALLOW_LOOPBACK_HOOKS=on")
	if w.addr != "" {
		c.Env = append(c.Env, "PAGADURIA_BASE_URL=http://"+w.addr)
	}
	return c
}

const (
	payees  = 100
	periods = 4 // each has a batch
)

// payees stores verified distributors who are paid in cash and owed nothing yet.
func (w *world) payees() {
	w.t.Helper()
	_, err := w.db.Pool.Exec(w.t.Context(), `
WITH d AS (INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, address, city, verification, method_kind)
    SELECT 'D-' || n, 'natural', 'CC', CAST(10000000 + n AS text), 'Ana', 'Rojas', '+573104028587', 'Calle 1', 'Bogotá', 'verified', 'efecty_cash' FROM generate_series(1, $1::int) n RETURNING id)
INSERT INTO payout_methods (distributor_id, kind, preferred) SELECT id, 'efecty_cash', true FROM d`, payees)
	w.must(err)
}

// statement is the commission file: a line for each payee and period, and many of nothing but bulk, so that taking it
// lasts long enough to be disturbed.
func (w *world) statement() string {
	var b strings.Builder
	b.WriteString("linea,tipo_documento,documento,codigo_distribuidor,pedido,periodo,concepto,valor_cop,nota\n")
	line := 0
	for n := 1; n <= payees; n++ {
		for p := 1; p <= periods; p++ {
			for order := range lines {
				line++
				fmt.Fprintf(&b, "%d,CC,%d,D-%d,#%d,2026-%02d,Comisión por venta,%d,\n", line, 10000000+n, n, order, p, pesosPerLine)
			}
		}
	}
	return b.String()
}

const (
	lines        = 20 // of each payee and period
	pesosPerLine = 5000
)

// number reads one number; ok is false while the database does not answer.
func (w *world) number(sql string, args ...any) (n int64, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return n, w.db.Pool.QueryRow(ctx, sql, args...).Scan(&n) == nil
}

// eventually waits until done, looking every 50 ms: what is waited for happens in other processes.
func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within three minutes: %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// kept is a process that is started again whenever it ends, as an init system does.
type kept struct {
	mu      sync.Mutex
	process *os.Process
	over    bool
	said    *strings.Builder
}

func (w *world) keep(args ...string) *kept {
	w.t.Helper()
	k := &kept{said: &strings.Builder{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for k.run(w.command(args...)) {
			time.Sleep(200 * time.Millisecond)
		}
	}()
	w.t.Cleanup(func() {
		k.end()
		<-done
		if w.t.Failed() {
			w.t.Logf("%s said:\n%s", args[0], lastPart(k.said.String()))
		}
	})
	return k
}

func lastPart(s string) string { return s[max(0, len(s)-6000):] }

// run is one life of the process; it answers whether there shall be another one.
func (k *kept) run(c *exec.Cmd) bool {
	k.mu.Lock()
	if k.over {
		k.mu.Unlock()
		return false
	}
	c.Stdout, c.Stderr = k.said, k.said
	err := c.Start()
	k.process = c.Process
	k.mu.Unlock()
	if err != nil {
		return false
	}
	_ = c.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.process = nil
	return !k.over
}

func (k *kept) kill() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.process != nil {
		_ = k.process.Signal(os.Kill)
	}
}

func (k *kept) end() {
	k.mu.Lock()
	k.over = true
	k.mu.Unlock()
	k.kill()
}

// killPostgres ends every process of the cluster at once, as a power cut does to a program.
func (w *world) killPostgres() error {
	data, err := filepath.EvalSymlinks(filepath.Join(w.folder, "postgres"))
	if err != nil {
		return err
	}
	data = filepath.Join(data, "data")
	dirs, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if at, err := os.Readlink(dir); err != nil || at != data {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	return nil
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
