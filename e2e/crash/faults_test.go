package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/views/urls"
)

// fault is something that goes wrong while people work; strike does it and puts it right again.
type fault struct {
	name   string
	times  int // strikes in each part of the work
	strike func(*world) error
	small  bool // needs a small disk
}

var faults = []fault{
	{"the server is killed", 3, func(w *world) error { w.server.kill(); return nil }, false},
	{"a worker is killed", 4, func(w *world) error { w.workers[w.chance.IntN(len(w.workers))].kill(); return nil }, false},
	{"Postgres is killed", 2, func(w *world) error { return errors.Join(w.killPostgres(), w.startPostgres()) }, false},
	{"the disk is full", 1, fillDisk, true},
	{"the database is away for a minute", 1, takeAway, false},
}

// away is how long the database does not answer. Each part of the work is struck, so it is a third of a minute each.
const away = 20 * time.Second

// TestWhateverFailsTheBooksAgree has people import a statement, approve batches and pay them while something fails in
// each part of it. Nobody repairs anything by hand; in the end every line is in once, every batch was approved once, the
// rail has one order for each payout, and books and audit log agree.
func TestWhateverFailsTheBooksAgree(t *testing.T) {
	t.Parallel()
	bin := build(t)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			folder := roomFor(t, f)
			w := newWorld(t, folder, bin)
			w.during(f, "import", w.importStatement)
			ids := w.compose()
			w.during(f, "approval", func() { w.approveAll(ids) })
			w.during(f, "dispatch", w.handOver)
			w.reckon()
		})
	}
}

// during works while f strikes at random moments, and goes on until the work is done.
func (w *world) during(f fault, part string, work func()) {
	w.t.Helper()
	began := time.Now()
	struck := make(chan struct{})
	moments := make([]time.Duration, f.times)
	for i := range moments {
		moments[i] = time.Duration(20+w.chance.IntN(600)) * time.Millisecond
	}
	go func() {
		defer close(struck)
		for _, m := range moments {
			time.Sleep(m)
			if err := f.strike(w); err != nil {
				w.t.Errorf("%s: %v", f.name, err)
			}
		}
	}()
	work()
	<-struck
	w.t.Logf("%s: %s", part, time.Since(began).Round(10*time.Millisecond))
}

// importStatement hands the statement in and takes it, from the start whenever it failed.
func (w *world) importStatement() {
	w.t.Helper()
	text, at, last := w.statement(), "", ""
	w.eventually("the statement is taken", func() bool {
		var err error
		if at == "" {
			at, err = w.finance.upload("commissions", "statement.csv", text)
			last = fmt.Sprint(err)
			if err != nil {
				at = ""
			}
			return false
		}
		id, err := strconv.ParseInt(filepath.Base(at), 10, 64)
		if err != nil {
			at = ""
			return false
		}
		switch state := w.importState(id); state {
		case "preview":
			if form, err := w.finance.form(at, at+"/apply"); err == nil {
				_, err = w.finance.post(at+"/apply", form)
				last = fmt.Sprint(state, err)
			}
		case "applied":
			return true
		case "failed", "dropped":
			at = ""
		}
		return false
	})
	w.t.Logf("import: last error %s", last)
	if n, ok := w.number(`SELECT count(*) FROM commission_lines`); !ok || n != payees*periods*lines {
		w.t.Fatalf("%d lines are in, want %d", n, payees*periods*lines)
	}
}

func (w *world) importState(id int64) (state string) {
	_ = w.db.Pool.QueryRow(w.t.Context(), `SELECT state FROM imports WHERE id = $1`, id).Scan(&state)
	return state
}

// compose makes a batch of each period and submits it.
func (w *world) compose() (ids []int64) {
	w.t.Helper()
	for n := 1; n <= periods; n++ {
		comp := models.Composition{Cutoff: time.Now().Add(time.Minute), Period: fmt.Sprintf("2026-%02d", n)}
		p, err := w.service.Preview(w.t.Context(), w.connection, comp)
		w.must(err)
		id, err := w.service.Create(w.t.Context(), w.finance.actor, payouts.NewBatch{ConnectionID: w.connection, Composition: p.Composition,
			ExpectCount: payees, ExpectTotal: p.Total, Submit: true})
		w.must(err)
		ids = append(ids, id)
	}
	return ids
}

// approveAll approves the batches by the approver's page, each until it is approved.
func (w *world) approveAll(ids []int64) {
	w.t.Helper()
	for _, id := range ids {
		w.eventually("the batch is approved", func() bool {
			if n, ok := w.number(`SELECT count(*) FROM batches WHERE id = $1 AND state IN ('approved', 'dispatching', 'done')`, id); ok && n == 1 {
				return true
			}
			form, err := w.approver.form(urls.Batch(id), urls.ApproveBatch(id))
			if err != nil {
				return false
			}
			form.Set("code", w.approver.code())
			form.Set("confirmed", "yes")
			_, _ = w.approver.post(urls.ApproveBatch(id), form)
			return false
		})
	}
}

// handOver waits until the rail has every payout and people collected them.
func (w *world) handOver() {
	w.t.Helper()
	w.eventually("everything is paid", func() bool {
		w.rail.CollectAll()
		n, ok := w.number(`SELECT count(*) FROM payouts WHERE state <> 'paid'`)
		return ok && n == 0
	})
}

// reckon looks at the books when all is done.
func (w *world) reckon() {
	w.t.Helper()
	seen := map[string]int{}
	for _, o := range w.rail.Orders() {
		seen[o.ExternalID]++
	}
	rows, err := store.Select[struct{ Code string }](w.t.Context(), w.db.Pool, `SELECT code FROM payouts`)
	w.must(err)
	for _, p := range rows {
		if seen[p.Code] != 1 {
			w.t.Errorf("the rail has %d orders for %s", seen[p.Code], p.Code)
		}
	}
	if len(seen) != payees*periods || len(rows) != payees*periods {
		w.t.Errorf("%d orders for %d payouts, want %d", len(seen), len(rows), payees*periods)
	}
	for what, c := range map[string]struct {
		sql  string
		want int64
	}{
		"lines":     {`SELECT count(*) FROM commission_lines WHERE state = 'paid'`, payees * periods * lines},
		"approvals": {`SELECT count(*) FROM batch_decisions WHERE decision = 'approve'`, periods},
		"pesos":     {`SELECT CAST(sum(amount) / 100 AS bigint) FROM payouts`, payees * periods * lines * pesosPerLine},
	} {
		if n, ok := w.number(c.sql); !ok || n != c.want {
			w.t.Errorf("%d %s, want %d", n, what, c.want)
		}
	}
	w.eventually("the audit log is sealed", func() bool {
		n, ok := w.number(`SELECT count(*) FROM audit_events e WHERE NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.event_id = e.id)`)
		return ok && n == 0
	})
	for _, what := range []string{"ledger", "audit"} {
		if out, err := w.command(what, "verify").CombinedOutput(); err != nil {
			w.t.Errorf("%s verify: %v\n%s", what, err, out)
		}
	}
}

var mounted sync.Mutex

// roomFor answers the folder of the fault's cluster: on a disk of its own when it shall be full.
func roomFor(t *testing.T, f fault) string {
	t.Helper()
	if !f.small {
		return t.TempDir()
	}
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("only root on Linux can mount a small disk")
	}
	folder, err := os.MkdirTemp("", "pagaduria-disk-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	mounted.Lock()
	defer mounted.Unlock()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=400m,mode=755"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		_ = syscall.Unmount(folder, syscall.MNT_DETACH)
		_ = os.Remove(folder)
	})
	return folder
}

// takeAway stops the database for a while.
func takeAway(w *world) error {
	if err := w.killPostgres(); err != nil {
		return err
	}
	time.Sleep(away)
	return w.startPostgres()
}

// fillDisk leaves no byte for a while. Postgres may go down over it and is started again, as an init system does.
func fillDisk(w *world) error {
	file := filepath.Join(w.folder, "filler")
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	block := []byte(strings.Repeat("x", 64<<10))
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		if _, err := f.Write(block); err != nil {
			time.Sleep(20 * time.Millisecond) // what Postgres frees is taken too
		}
	}
	return errors.Join(f.Close(), os.Remove(file), w.startPostgres())
}
