package taxes_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/models/tax"
)

// pay stores a payout that was paid to a payee.
func (d *desk) pay(payee int64, pesos int64, at time.Time) (code string) {
	d.t.Helper()
	n := d.one(`SELECT count(*) FROM payouts`) + 1
	code = "P-" + strconv.FormatInt(n, 10)
	_, err := d.DB.Pool.Exec(d.t.Context(), `INSERT INTO payout_methods (distributor_id, kind, preferred) SELECT $1, 'efecty_cash', true
    WHERE NOT EXISTS (SELECT FROM payout_methods WHERE distributor_id = $1)`, payee)
	if err != nil {
		d.t.Fatal(err)
	}
	_, err = d.DB.Pool.Exec(d.t.Context(), `
WITH c AS (INSERT INTO connections (slug, rail, name, base_url, secrets) VALUES ('d24', 'd24', 'D24', 'http://x', '') ON CONFLICT (slug) DO UPDATE SET name = 'D24' RETURNING id),
b AS (INSERT INTO batches (code, name, state, connection_id, cutoff_at, content_hash, maker_id, editor_id) SELECT 'B-' || $1::text, 'One', 'dispatching', id, now(), sha256(''), $5, $5 FROM c RETURNING id, connection_id),
m AS (SELECT id FROM payout_methods WHERE distributor_id = $2)
INSERT INTO payouts (code, batch_id, distributor_id, connection_id, method_id, state, amount, payee_name, doc_type, doc_number, method_kind, paid_at)
SELECT $1, b.id, $2, b.connection_id, m.id, 'paid', $3, 'Ana', 'CC', '1', 'efecty_cash', $4 FROM m, b`, code, payee, models.Pesos(pesos).Minor, at, d.writer.StaffID)
	if err != nil {
		d.t.Fatal(err)
	}
	return code
}

// rows is a sink that keeps what is written.
type rows struct{ list [][]string }

func (r *rows) Write(cells ...string) error { r.list = append(r.list, slices.Clone(cells)); return nil }

func (r *rows) Flush() error { return nil }

var _ sheet.Sink = &rows{}

// november has settings in force, two payees who were paid, and one who declared nothing.
func november(t *testing.T) *desk {
	t.Helper()
	d := open(t)
	request, err := d.ask(0, settings())
	if err == nil {
		err = d.decide(request, d.second)
	}
	if err == nil {
		err = d.Declare(t.Context(), d.writer, d.profile(-300, tax.Declaration{Person: tax.Natural, Municipality: "11001"}))
	}
	if err != nil {
		t.Fatal(err)
	}
	silent := d.one(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames) VALUES ('D-2', 'natural', 'CC', '2', 'Luz', 'Paz') RETURNING id`)
	d.pay(d.payee, 172_000_000, time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC))
	d.pay(d.payee, 500_000, time.Date(2026, 11, 12, 15, 0, 0, 0, time.UTC))
	d.pay(d.payee, 1_000_000, time.Date(2026, 12, 1, 4, 59, 0, 0, time.UTC)) // 30 November in Bogotá; crosses 3,300 UVT
	d.pay(d.payee, 900_000, time.Date(2026, 12, 1, 5, 0, 0, 0, time.UTC))
	d.pay(silent, 70_000, time.Date(2026, 11, 12, 15, 0, 0, 0, time.UTC))
	return d
}

func TestAMonthIsCountedByTheDeclarationsAndTheYearBefore(t *testing.T) {
	t.Parallel()
	d := november(t)
	m, more, err := d.Month(t.Context(), "2026-11")
	if err != nil || more {
		t.Fatal(err)
	}
	if m.Payouts != 3 || m.Payees != 2 || m.Paid != models.Pesos(1_570_000) || m.Problems["tax.refused.undeclared"] != 1 {
		t.Errorf("%+v", m)
	}
	income := m.Concepts[tax.Income]
	if income.Count != 2 || income.Base != models.Pesos(1_500_000) || income.Amount != models.Pesos(50_000+110_000) {
		t.Errorf("income tax: %+v", income)
	}
	if ica := m.Concepts[tax.ReteICA]; ica.Amount != models.Pesos(4_830+9_660) {
		t.Errorf("ReteICA: %+v", ica)
	}
	if m.Counted.Amount != models.Pesos(1_500_000-160_000-14_490) {
		t.Errorf("net: %s", m.Counted.Amount)
	}
	before, _, err := d.Month(t.Context(), "2026-03")
	if err != nil || before.Concepts[tax.Income].Count != 0 || before.Counted.Count != 1 {
		t.Errorf("in March no settings counted: %+v %v", before, err)
	}
	if _, _, err := d.Month(t.Context(), "2026-13"); models.KindOf(err) != models.Invalid {
		t.Errorf("no month: %v", err)
	}
	if sum, err := d.PaidBefore(t.Context(), d.payee, time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)); err != nil || sum != models.Pesos(172_500_000) {
		t.Errorf("paid before the 30th: %s %v", sum, err)
	}
}

func TestTheFileOfAMonthHasEveryPayout(t *testing.T) {
	t.Parallel()
	d := november(t)
	var out rows
	if err := d.WriteMonth(t.Context(), d.second, "2026-11", &out); err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"P-2", "2026-11-12", "D-1", "2026-01-14", "500000", "172000000", "0", "10", "50000", "0", "4830", "445170", "1781", ""},
		{"P-3", "2026-11-30", "D-1", "2026-01-14", "1000000", "172500000", "0", "11", "110000", "0", "9660", "880340", "3521", ""},
		{"P-5", "2026-11-12", "D-2", "", "70000", "0", "", "", "", "", "", "", "", "The payee had declared nothing by then."},
	}
	if len(out.list) != 4 || !slices.EqualFunc(out.list[1:], want, slices.Equal[[]string]) {
		t.Errorf("%s", strings.Join(out.list[0], ","))
		for _, row := range out.list[1:] {
			t.Errorf("%s", strings.Join(row, ","))
		}
	}
	if n := d.one(`SELECT count(*) FROM audit_events WHERE action = 'tax.export'`); n != 1 {
		t.Errorf("%d events", n)
	}
}
