package demo_test

import (
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/demo"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

func fill(t *testing.T, size demo.Size) *store.DB {
	t.Helper()
	db := storetest.New(t)
	cast := demo.Cast{Connection: models.Connection{ValidityDays: 7, BaseURL: "http://127.0.0.1:8090/d24"}}
	for _, p := range []struct {
		who  *models.Actor
		name string
	}{{&cast.Maker, "Marta"}, {&cast.Checker, "Carlos"}} {
		p.who.Name = p.name
		if err := db.Pool.QueryRow(t.Context(), `INSERT INTO staff (email, name, roles) VALUES (lower($1), $1, '{finance,approver}') RETURNING id`, p.name).Scan(&p.who.StaffID); err != nil {
			t.Fatal(err)
		}
	}
	err := db.Pool.QueryRow(t.Context(), `INSERT INTO connections (slug, rail, name, base_url, secrets) VALUES ('d24', 'd24', 'D24', 'x', '') RETURNING id`).Scan(&cast.Connection.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Fill(t.Context(), db, size, cast, time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestHistoryBalances(t *testing.T) {
	t.Parallel()
	db := fill(t, demo.Small)
	for name, sql := range map[string]string{
		"payable equals lines that wait": `SELECT (SELECT sum(CASE WHEN credit = 'payable' THEN amount ELSE 0 END) - sum(CASE WHEN debit = 'payable' THEN amount ELSE 0 END) FROM ledger_entries)
			- (SELECT sum(amount) FROM commission_lines WHERE state = 'eligible')`,
		"nothing is held":         `SELECT sum(CASE WHEN credit = 'held' THEN amount ELSE 0 END) - sum(CASE WHEN debit = 'held' THEN amount ELSE 0 END) FROM ledger_entries`,
		"nothing is in transit":   `SELECT sum(CASE WHEN credit = 'in_transit' THEN amount ELSE 0 END) - sum(CASE WHEN debit = 'in_transit' THEN amount ELSE 0 END) FROM ledger_entries`,
		"lines add up to payouts": `SELECT count(*) FROM payouts p WHERE amount <> (SELECT sum(amount) FROM payout_lines WHERE payout_id = p.id)`,
		"batches add up":          `SELECT count(*) FROM batches b WHERE (items, total) <> (SELECT count(*), sum(amount) FROM payouts WHERE batch_id = b.id)`,
	} {
		var got int64
		if err := db.Pool.QueryRow(t.Context(), sql).Scan(&got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got != 0 {
			t.Errorf("%s: off by %d", name, got)
		}
	}
}

func TestSameSeedSameData(t *testing.T) {
	t.Parallel()
	size := demo.Size{Distributors: 50, Orders: 40, Payouts: 120, Seed: 7}
	var sums [2]string
	for i := range sums {
		db := fill(t, size)
		err := db.Pool.QueryRow(t.Context(), `SELECT md5(string_agg(concat_ws('|', code, payee_name, amount, state, created_at), ',' ORDER BY id)) FROM payouts`).Scan(&sums[i])
		if err != nil {
			t.Fatal(err)
		}
	}
	if sums[0] != sums[1] {
		t.Error("two fillings differ")
	}
}
