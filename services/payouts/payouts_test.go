package payouts_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/ledger"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
)

// office is a merchant with a connection to a simulated rail, a maker, two checkers and a clock of its own.
type office struct {
	*payouts.Service
	t          *testing.T
	db         *store.DB
	rail       *sim.Server
	connection int64
	maker      models.Actor
	checker    models.Actor
	other      models.Actor

	mu  sync.Mutex
	now time.Time
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, db: storetest.New(t), now: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
	var err error
	o.rail, err = sim.New(sim.Options{Now: o.clock, Manual: true, Hang: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.rail.Close() })
	api := httptest.NewServer(http.StripPrefix("/d24", o.rail.API()))
	t.Cleanup(api.Close)
	box, err := vault.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	o.Service = &payouts.Service{DB: o.db, Vault: box, Now: o.clock, ResendAfter: time.Second,
		Open: func(c models.Connection, k models.Credentials) (providers.Provider, error) {
			return d24.New(d24.Config{BaseURL: c.BaseURL, Login: k.Login, Pass: k.Pass, Signature: k.Signature, NotificationURL: "https://merchant.example/hook",
				Concurrency: c.Concurrency, BreakAfter: 1000, Now: o.clock}), nil
		}}
	o.maker, o.checker, o.other = o.person("Marta", models.RoleFinance), o.person("Carlos", models.RoleApprover), o.person("Olga", models.RoleApprover, models.RoleFinance)
	o.connection, err = o.SaveConnection(t.Context(), models.System("test"), models.Connection{Slug: "d24", Rail: "d24", Name: "D24", State: "live", BaseURL: api.URL + "/d24",
		ValidityDays: 7, Rate: 10_000, Concurrency: 8},
		&models.Credentials{Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.AddFeeSchedule(t.Context(), models.System("test"), models.FeeSchedule{ConnectionID: o.connection, From: models.Day(o.clock()),
		Tiers: []models.FeeTier{{Fixed: models.Pesos(4500)}}, Min: models.Pesos(0), IVABPS: 1900})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	if err := o.Beat(ctx); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	o.now = o.now.Add(d)
	o.mu.Unlock()
	o.rail.Step()
}

func (o *office) exec(sql string, args ...any) {
	o.t.Helper()
	if _, err := o.db.Pool.Exec(o.t.Context(), sql, args...); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) number(sql string, args ...any) (n int64) {
	o.t.Helper()
	if err := o.db.Pool.QueryRow(o.t.Context(), sql, args...).Scan(&n); err != nil {
		o.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (o *office) person(name string, roles ...models.Role) models.Actor {
	o.t.Helper()
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	id := o.number(`INSERT INTO staff (email, name, roles, state, password_hash, totp_secret) VALUES (lower($1) || '@example.test', $1, $2, 'active', 'x', 'x') RETURNING id`, name, words)
	return models.Actor{StaffID: id, Name: name, Roles: roles}
}

// payee stores a verified distributor paid in cash and returns its id.
func (o *office) payee(doc string) int64 {
	o.t.Helper()
	id := o.number(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames, phone, address, city, divipola, verification, method_kind)
		VALUES ('D-' || $1, 'natural', 'CC', $1, 'Ana', 'Rojas ' || $1, '+573104028587', 'Calle 1', 'Bogotá', '11001', 'verified', 'efecty_cash') RETURNING id`, doc)
	o.exec(`INSERT INTO payout_methods (distributor_id, kind, preferred) VALUES ($1, 'efecty_cash', true)`, id)
	return id
}

// owe stores a commission line with its accrual, as the import does.
func (o *office) owe(distributor, pesos int64) {
	o.t.Helper()
	err := o.db.InTx(o.t.Context(), func(tx *gorm.DB) error {
		rows, err := store.SelectTx[struct{ ID int64 }](tx, `INSERT INTO commission_lines (distributor_id, order_number, period, concept, amount, created_at)
			VALUES ($1, gen_random_uuid()::text, '2026-10', 'Comisión por venta', $2, $3) RETURNING id`, distributor, pesos*100, o.clock())
		if err != nil {
			return err
		}
		line := models.Transfer{Kind: models.EntryAccrual, Debit: models.Account{Kind: models.AccountExpense}, Amount: models.Pesos(max(pesos, -pesos)),
			Credit: models.Account{Kind: models.AccountPayable, Party: distributor}, Source: models.Source{Kind: "commission", ID: rows[0].ID, Step: 1}}
		if pesos < 0 {
			line.Kind, line.Debit, line.Credit = models.EntryClawback, line.Credit, line.Debit
		}
		return ledger.Post(tx, line)
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// batch composes everything payable and submits it.
func (o *office) batch() models.Batch {
	o.t.Helper()
	p, err := o.Preview(o.t.Context(), o.connection, models.Composition{Cutoff: o.clock()})
	if err != nil {
		o.t.Fatal(err)
	}
	id, err := o.Create(o.t.Context(), o.maker, payouts.NewBatch{ConnectionID: o.connection, Composition: p.Composition,
		ExpectCount: len(p.Items), ExpectTotal: p.Total, Submit: true})
	if err != nil {
		o.t.Fatal(err)
	}
	return o.load(id)
}

func (o *office) load(batch int64) models.Batch {
	o.t.Helper()
	b, err := o.Batch(o.t.Context(), batch)
	if err != nil {
		o.t.Fatal(err)
	}
	return b
}

func (o *office) approve(b models.Batch) {
	o.t.Helper()
	if err := o.decide(o.checker, b, models.Approve, ""); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) decide(by models.Actor, b models.Batch, d models.Decision, reason string) error {
	return o.Decide(o.t.Context(), by, b.ID, payouts.Verdict{Decision: d, Seen: models.Seen{Version: b.Version, Hash: b.ContentHash},
		FactorAt: o.clock(), Reason: reason})
}

// dispatch runs the batch's jobs as a worker would.
func (o *office) dispatch(b models.Batch) {
	o.t.Helper()
	if err := o.Dispatch(o.t.Context(), payouts.DispatchArgs{BatchID: b.ID, From: 0, To: 1 << 60}); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) poll() {
	o.t.Helper()
	if err := o.Poll(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

// state returns the states of a batch's payouts as counts.
func (o *office) states(b models.Batch) string {
	o.t.Helper()
	var s string
	err := o.db.Pool.QueryRow(o.t.Context(), `SELECT COALESCE(string_agg(state || ' ' || n, ', ' ORDER BY state), '') FROM
		(SELECT state, count(*) AS n FROM payouts WHERE batch_id = $1 GROUP BY state) x`, b.ID).Scan(&s)
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

// balanced fails the test when the books do not agree with the lines and payouts.
func (o *office) balanced() {
	o.t.Helper()
	wrong := o.number(`
WITH book AS (
    SELECT party, kind, sum(amount) AS amount FROM (
        SELECT credit_party AS party, credit AS kind, amount FROM ledger_entries UNION ALL SELECT debit_party, debit, -amount FROM ledger_entries) e GROUP BY 1, 2)
SELECT (SELECT count(*) FROM distributors d WHERE
    COALESCE((SELECT amount FROM book WHERE party = d.id AND kind = 'payable'), 0) <>
      COALESCE((SELECT sum(amount) FROM commission_lines WHERE distributor_id = d.id AND state IN ('eligible', 'held')), 0) + COALESCE((SELECT amount FROM carries WHERE distributor_id = d.id), 0)
    OR COALESCE((SELECT amount FROM book WHERE party = d.id AND kind = 'held'), 0) <>
      COALESCE((SELECT sum(amount) FROM payouts WHERE distributor_id = d.id AND state IN ('in_batch', 'approved')), 0))
  + (SELECT count(*) FROM connections c WHERE COALESCE((SELECT amount FROM book WHERE party = c.id AND kind = 'in_transit'), 0) <>
      COALESCE((SELECT sum(amount) FROM payouts WHERE connection_id = c.id AND state IN ('submitting', 'unknown', 'sent', 'available', 'on_hold')), 0))`)
	if wrong != 0 {
		o.t.Fatalf("%d accounts disagree with the payouts and lines behind them", wrong)
	}
}

func (o *office) crowd(n int) {
	o.t.Helper()
	for i := range n {
		o.owe(o.payee(fmt.Sprintf("10203%05d", i)), 100_000+int64(i))
	}
}
