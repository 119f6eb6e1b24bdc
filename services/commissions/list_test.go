package commissions_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/services/commissions"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
)

// counter counts the statements that reach the database.
type counter struct{ n atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if !strings.HasPrefix(q.SQL, "--") {
		c.n.Add(1)
	}
	return ctx
}

func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// counted is a service whose statements are counted.
func counted(t *testing.T, s *commissions.Service) (*commissions.Service, *counter) {
	t.Helper()
	c := &counter{}
	config := s.DB.Pool.Config()
	config.ConnConfig.Tracer = c
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &commissions.Service{DB: &store.DB{Gorm: s.DB.Gorm, Pool: pool}, Now: s.Now}, c
}

func TestAPageIsOneQuery(t *testing.T) {
	t.Parallel()
	s, c := counted(t, withLines(t))
	minimum := models.Pesos(50_000)
	for name, f := range map[string]models.CommissionFilter{
		"all": {}, "state": {State: models.CommissionEligible}, "words": {Query: "garcia"}, "method": {Method: models.EfectyCash},
		"amount": {Min: &minimum}, "payable": {Payable: "yes"}, "not payable": {Payable: "no", Period: "2026-08"},
	} {
		c.n.Store(0)
		if _, err := s.List(t.Context(), f, store.Cursor{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := c.n.Load(); n != 1 {
			t.Errorf("%s took %d queries, want 1", name, n)
		}
	}
}

func TestPagingShowsEachLineOnce(t *testing.T) {
	t.Parallel()
	s := withLines(t)
	f := models.CommissionFilter{Period: "2026-09"}
	sum, err := s.Sum(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	var at store.Cursor
	for {
		page, err := s.List(t.Context(), f, at)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page.Rows {
			if seen[l.ID] {
				t.Fatalf("line %d came twice", l.ID)
			}
			seen[l.ID] = true
		}
		if page.Older == "" {
			break
		}
		if at, err = store.ParseCursor(page.Older); err != nil {
			t.Fatal(err)
		}
	}
	if int64(len(seen)) != sum.Count {
		t.Errorf("%d lines came, %d match", len(seen), sum.Count)
	}
}

// TestPayableFilterAgreesWithTheRule changes distributors this way and that and compares the filter with the rule that
// each row shows.
func TestPayableFilterAgreesWithTheRule(t *testing.T) {
	t.Parallel()
	s := withLines(t)
	s.Rail = func(context.Context) (commissions.RailCheck, error) {
		return func(p models.Payee, _ models.Destination) models.Refusal {
			if p.DocType == "PPT" {
				return models.RefusedDocument
			}
			return ""
		}, nil
	}
	seed, carry := 0, int64(0)
	for _, verification := range []string{"verified", "unverified", "suspended", "expired"} {
		for _, until := range []string{"NULL", "DATE '2026-11-21'", "DATE '2026-11-22'"} {
			seed, carry = seed+7, carry-150_000
			for _, sql := range []string{
				fmt.Sprintf("UPDATE distributors SET verification = '%s', verified_until = %s WHERE hashint8(id + %d) %% 3 = 0", verification, until, seed),
				fmt.Sprintf("UPDATE distributors SET account_changed_on = DATE '2026-11-20', payable_from = DATE '2026-11-20' + CAST(hashint8(id) & 3 AS int) WHERE hashint8(id + %d) %% 7 = 2", seed),
				fmt.Sprintf(`INSERT INTO carries SELECT id, %d FROM distributors WHERE hashint8(id + %d) %% 5 = 1
					ON CONFLICT (distributor_id) DO UPDATE SET amount = EXCLUDED.amount`, carry, seed),
			} {
				if _, err := s.DB.Pool.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			checkPayable(t, s)
		}
	}
}

func checkPayable(t *testing.T, s *commissions.Service) {
	t.Helper()
	for _, answer := range []string{"yes", "no"} {
		page, err := s.List(t.Context(), models.CommissionFilter{Payable: answer}, store.Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page.Rows {
			if (l.Why == "") != (answer == "yes") {
				t.Fatalf("payable=%s has line %d of distributor %d, whose reason is %q", answer, l.ID, l.DistributorID, l.Why)
			}
		}
	}
}

// TestTheBooksFollowTheLines takes statements, holds and releases in any order: what is owed is always what the
// lines and what was carried say.
func TestTheBooksFollowTheLines(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const header = "tipo_documento,documento,codigo_distribuidor,pedido,periodo,concepto,valor_cop,nota\n"
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 4).Draw(rt, "steps") {
			switch rapid.IntRange(0, 2).Draw(rt, "step") {
			case 0:
				order, amount := rapid.IntRange(1, 40).Draw(rt, "order"), rapid.IntRange(-50_000, 50_000).Draw(rt, "amount")
				concept := "Bono"
				if amount < 0 {
					concept = "Reversión: Bono"
				}
				importFile(t, s, fmt.Appendf(nil, "%sCC,1520967075,DIS-291464,#%d,2026-08,%s,%d,\n", header, order, concept, amount), false)
			case 1:
				_, _ = s.Hold(context.Background(), finance, models.LineChoice{IDs: []int64{rapid.Int64Range(1, 60).Draw(rt, "line")}}, "why")
			default:
				_, _ = s.Release(context.Background(), finance, models.LineChoice{IDs: []int64{rapid.Int64Range(1, 60).Draw(rt, "line")}}, "")
			}
		}
		owed := count(t, s.DB, `SELECT COALESCE((SELECT sum(amount) FROM ledger_entries WHERE credit IN ('payable', 'held')), 0)
			- COALESCE((SELECT sum(amount) FROM ledger_entries WHERE debit IN ('payable', 'held')), 0)`)
		lines := count(t, s.DB, `SELECT COALESCE((SELECT sum(amount) FROM commission_lines WHERE state IN ('eligible', 'held', 'in_batch')), 0)
			+ COALESCE((SELECT sum(amount) FROM carries), 0)`)
		if owed != lines {
			rt.Fatalf("the books say %d is owed, the lines say %d", owed, lines)
		}
		verifyLedger(t, s.DB)
	})
}

func TestStatementAddsUp(t *testing.T) {
	t.Parallel()
	s := withLines(t)
	id := count(t, s.DB, "SELECT distributor_id FROM commission_lines GROUP BY 1 ORDER BY count(*) DESC, bool_or(amount < 0) DESC LIMIT 1")
	owed, err := ledger.Owed(t.Context(), s.DB, id)
	if err != nil {
		t.Fatal(err)
	}
	page, err := ledger.Statement(t.Context(), s.DB, id, store.Cursor{})
	if err != nil || len(page.Rows) == 0 {
		t.Fatalf("got %d entries, %v", len(page.Rows), err)
	}
	if now := page.Rows[0].Owed(); now != owed.Owed() {
		t.Errorf("the newest entry ends at %s, %s is owed", now, owed.Owed())
	}
	first := page.Rows[len(page.Rows)-1]
	if page.Older == "" && first.PayableNow != first.Payable {
		t.Errorf("the first entry moves %s and ends at %s", first.Payable, first.PayableNow)
	}
	lines := count(t, s.DB, "SELECT sum(amount) FROM commission_lines WHERE distributor_id = $1", id)
	if owed.Payable.Minor != lines {
		t.Errorf("%s is payable, the lines come to %d centavos", owed.Payable, lines)
	}
}
