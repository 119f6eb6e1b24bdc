package commissions_test

import (
	"testing"

	"pagaduria/models"
)

func TestWhoOwesWhatWasTakenBack(t *testing.T) {
	t.Parallel()
	s := newService(t)
	line := func(code string, pesos int64, days int, state string) {
		t.Helper()
		if n := count(t, s.DB, `WITH x AS (INSERT INTO commission_lines (distributor_id, period, concept, amount, state, reason, created_at)
			SELECT id, '2026-11', $1 || $3::bigint || $2::bigint, $2::bigint * 100, $4, CASE $4 WHEN 'held' THEN 'why' ELSE '' END, $5::timestamptz - $3::bigint * interval '1 day'
			FROM distributors WHERE code = $1 RETURNING 1) SELECT count(*) FROM x`, code, pesos, days, state, now); n != 1 {
			t.Fatalf("no distributor %s", code)
		}
	}
	codes := []string{}
	rows, err := s.DB.Pool.Query(t.Context(), `SELECT code FROM distributors ORDER BY id LIMIT 3`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var c string
		if err := rows.Scan(&c); err != nil {
			t.Fatal(err)
		}
		codes = append(codes, c)
	}
	debtor, square, covered := codes[0], codes[1], codes[2]
	line(debtor, -80_000, 100, "eligible")
	line(debtor, -30_000, 5, "eligible")
	line(debtor, 60_000, 2, "eligible")
	line(debtor, 500_000, 2, "held") // what is held pays nothing
	line(square, -10_000, 40, "eligible")
	line(square, 10_000, 1, "eligible")
	line(covered, -10_000, 40, "cancelled")

	r, err := s.Receivables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.Count != 1 || len(r.Rows) != 1 || r.Total != models.Pesos(50_000) || r.Rows[0].Code != debtor {
		t.Fatalf("%+v", r)
	}
	if want := (models.ReceivableAges{models.Pesos(30_000), models.Pesos(0), models.Pesos(0), models.Pesos(20_000)}); r.Rows[0].Ages != want || r.Ages != want {
		t.Errorf("ages %v, want %v", r.Rows[0].Ages, want)
	}
	if since := now.AddDate(0, 0, -100); !r.Rows[0].Since.Equal(since) {
		t.Errorf("since %v, want %v", r.Rows[0].Since, since)
	}
}
