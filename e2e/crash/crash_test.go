// Package crash kills the product while it sends payouts, again and again, and looks at the books in the end.
package crash

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
)

const crowd = 500

var key = []byte("0123456789abcdef0123456789abcdef")

// TestKilledWhileSending kills the worker (SIGKILL) at random points while it dispatches 500 payouts. In the end the
// rail has exactly one order for each, and the books agree.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	rail, err := sim.New(sim.Options{DeliverAfter: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rail.Close() })
	rail.Inject(sim.Fault{Kind: sim.Delay, Op: sim.OpCreate, Times: -1, Delay: 25 * time.Millisecond})
	api := httptest.NewServer(http.StripPrefix("/d24", rail.API()))
	t.Cleanup(api.Close)

	approveCrowd(t, db, api.URL+"/d24")
	bin := build(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 1))
	kills := 0
	for ; kills < 40 && rail.Count() < crowd; kills++ {
		stop := work(t, bin, url)
		target := rail.Count() + 20 + chance.IntN(80)
		waitUntil(t, 2*time.Minute, func() bool { return rail.Count() >= min(target, crowd) })
		stop(os.Kill)
	}
	if kills < 3 {
		t.Fatalf("only %d kills: the test did not disturb anything", kills)
	}
	stop := work(t, bin, url)
	waitUntil(t, 4*time.Minute, func() bool { return settled(t, db) })
	rail.ClearFaults()
	waitUntil(t, 4*time.Minute, func() bool {
		rail.CollectAll()
		return count(t, db, `SELECT count(*) FROM payouts WHERE state <> 'paid'`) == 0
	})
	stop(os.Interrupt)

	seen := map[string]int{}
	for _, o := range rail.Orders() {
		seen[o.ExternalID]++
	}
	rows, err := store.Select[struct{ Code string }](t.Context(), db.Pool, `SELECT code FROM payouts`)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rows {
		if seen[p.Code] != 1 {
			t.Errorf("the rail has %d orders for %s", seen[p.Code], p.Code)
		}
	}
	if len(seen) != crowd || len(rows) != crowd {
		t.Errorf("%d orders for %d payouts, want %d", len(seen), len(rows), crowd)
	}
	if out, err := command(bin, url, "ledger", "verify").CombinedOutput(); err != nil {
		t.Errorf("the books do not agree: %v\n%s", err, out)
	}
	t.Logf("%d kills, %d creates refused as repeated", kills, repeated(rail))
}

func repeated(rail *sim.Server) (n int) {
	for _, o := range rail.Orders() {
		n += o.Tries - 1
	}
	return n
}

// settled answers whether every payout is at the rail, and known to be.
func settled(t *testing.T, db *store.DB) bool {
	return count(t, db, `SELECT count(*) FROM payouts WHERE state IN ('approved', 'submitting', 'unknown')`) == 0
}

func count(t *testing.T, db *store.DB, sql string) (n int) {
	t.Helper()
	if err := db.Pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// waitUntil looks every 50 ms: what is waited for happens in another process.
func waitUntil(t *testing.T, limit time.Duration, done func() bool) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("not done within %s", limit)
		case <-tick.C:
		}
	}
}

func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "pagaduria")
	if out, err := exec.Command("go", "build", "-o", bin, "pagaduria/web").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

func command(bin, url string, args ...string) *exec.Cmd {
	c := exec.Command(bin, args...)
	c.Env = append(os.Environ(), "DATABASE_URL="+url, "PAGADURIA_SECRET_KEY="+base64.StdEncoding.EncodeToString(key), "PAGADURIA_DATA_DIR="+filepath.Dir(bin))
	return c
}

// work starts a worker process and answers how to end it.
func work(t *testing.T, bin, url string) (stop func(os.Signal)) {
	t.Helper()
	c := command(bin, url, "worker")
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop = func(s os.Signal) {
		if ended {
			return
		}
		ended = true
		_ = c.Process.Signal(s)
		_ = c.Wait()
		if t.Failed() {
			t.Logf("the worker said:\n%s", said.String())
		}
	}
	t.Cleanup(func() { stop(os.Kill) })
	return stop
}

// approveCrowd stores payees with a line each, and has a batch of them approved.
func approveCrowd(t *testing.T, db *store.DB, api string) {
	t.Helper()
	ctx := t.Context()
	box, err := vault.New(key)
	if err != nil {
		t.Fatal(err)
	}
	s := &payouts.Service{DB: db, Vault: box, Now: time.Now, Open: func(c models.Connection, k models.Credentials) (providers.Provider, error) {
		return d24.New(d24.Config{BaseURL: c.BaseURL, Login: k.Login, Pass: k.Pass, Signature: k.Signature}), nil
	}}
	connection, err := s.SaveConnection(ctx, models.System("test"), models.Connection{Slug: "d24", Rail: "d24", Name: "D24", State: "live", BaseURL: api,
		ValidityDays: 7, Rate: 1000, Concurrency: 4}, &models.Credentials{Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Pool.Exec(ctx, fmt.Sprintf(`
WITH d AS (INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, address, city, verification, method_kind)
    SELECT 'D-' || n, 'natural', 'CC', CAST(10000000 + n AS text), 'Ana', 'Rojas', '+573104028587', 'Calle 1', 'Bogotá', 'verified', 'efecty_cash' FROM generate_series(1, %d) n RETURNING id),
m AS (INSERT INTO payout_methods (distributor_id, kind, preferred) SELECT id, 'efecty_cash', true FROM d),
l AS (INSERT INTO commission_lines (distributor_id, period, concept, amount) SELECT id, '2026-10', 'Comisión por venta', 5000000 FROM d RETURNING id, distributor_id, amount)
INSERT INTO ledger_entries (debit, debit_party, credit, credit_party, amount, currency, kind, source, source_id, step)
SELECT 'commission_expense', 0, 'payable', distributor_id, amount, 'COP', 'accrual', 'commission', id, 1 FROM l`, crowd))
	if err != nil {
		t.Fatal(err)
	}
	maker, checker := person(t, db, "Marta", models.RoleFinance), person(t, db, "Carlos", models.RoleApprover)
	p, err := s.Preview(ctx, connection, models.Composition{Cutoff: time.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Create(ctx, maker, payouts.NewBatch{ConnectionID: connection, Composition: p.Composition, ExpectCount: crowd, ExpectTotal: p.Total, Submit: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Batch(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Decide(ctx, checker, id, payouts.Verdict{Decision: models.Approve, Seen: models.Seen{Version: b.Version, Hash: b.ContentHash}, FactorAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
}

func person(t *testing.T, db *store.DB, name string, role models.Role) models.Actor {
	t.Helper()
	a := models.Actor{Name: name, Roles: []models.Role{role}}
	err := db.Pool.QueryRow(context.Background(), `INSERT INTO staff (email, name, roles, state, password_hash, totp_secret) VALUES (lower($1) || '@example.test', $1, $2, 'active', 'x', 'x') RETURNING id`, name, []string{string(role)}).Scan(&a.StaffID)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
