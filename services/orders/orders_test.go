package orders_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/orders"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/tracking"
	"pagaduria/services/vault"
)

const testdata = "../../models/intake/testdata/orders/"

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testdata + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newService(t testing.TB) *orders.Service {
	t.Helper()
	keys, err := vault.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return &orders.Service{DB: storetest.New(t), Vault: keys, Now: func() time.Time { return today }}
}

func options(dry bool, faults *models.ImportFaults) models.ImportOptions {
	return models.ImportOptions{DryRun: dry, By: models.System("test"), Today: today, OnFault: faults.Keep}
}

func importOrders(t testing.TB, s *orders.Service, b []byte, dry bool) (models.ImportResult, *models.ImportFaults) {
	t.Helper()
	faults := &models.ImportFaults{}
	r, err := s.Import(t.Context(), bytes.NewReader(b), options(dry, faults))
	if err != nil {
		t.Fatal(err)
	}
	return r, faults
}

func importTracking(t testing.TB, s *orders.Service, b []byte) {
	t.Helper()
	if _, err := (&tracking.Service{DB: s.DB, Now: s.Now}).Import(t.Context(), bytes.NewReader(b), options(false, &models.ImportFaults{})); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, db *store.DB, sql string, args ...any) (n int64) {
	t.Helper()
	if err := db.Pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func table(t testing.TB, name string) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(file(t, name))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = rec[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func TestImportOfTheWholeExport(t *testing.T) {
	t.Parallel()
	s := newService(t)
	export := file(t, "orders_export.csv")
	dry, _ := importOrders(t, s, export, true)
	if n := count(t, s.DB, "SELECT count(*) FROM orders"); n != 0 {
		t.Fatalf("the dry run left %d orders", n)
	}
	result, faults := importOrders(t, s, export, false)
	if dry != result {
		t.Errorf("dry run says %+v, the run %+v", dry, result)
	}
	want := models.ImportResult{Rows: 3000, Created: 2836, Skipped: 45, Refused: 119, Warnings: result.Warnings}
	if result != want {
		t.Errorf("got %+v, want %+v", result, want)
	}
	refused := map[string]string{}
	for _, f := range faults.Refused {
		refused[strconv.Itoa(f.Line)] = f.Code
	}
	for _, bad := range table(t, "orders_export_expected_bad.csv") {
		if bad["verdict"] == "reject" && refused[bad["first_line"]] != bad["code"] {
			t.Errorf("line %s: got %q, want %q", bad["first_line"], refused[bad["first_line"]], bad["code"])
		}
	}
	for _, good := range table(t, "orders_export_expected_good.csv") {
		checkOrder(t, s, good)
	}
	again, _ := importOrders(t, s, export, false)
	if again.Created+again.Updated != 0 || again.Unchanged != 2836 || again.Skipped != 45 || again.Refused != 119 {
		t.Errorf("the second import got %+v", again)
	}
}

func checkOrder(t *testing.T, s *orders.Service, want map[string]string) {
	t.Helper()
	var got string
	err := s.DB.Pool.QueryRow(t.Context(), `SELECT concat_ws('|', to_char(placed_at AT TIME ZONE 'America/Bogota', 'YYYY-MM-DD"T"HH24:MI:SS'), status, buyer, doc_number,
		phone, divipola, sku, quantity, subtotal / 100, discount / 100, shipping / 100, iva / 100, total / 100, payment, carrier, waybill, referral)
		FROM orders WHERE number = $1`, want["order"]).Scan(&got)
	if err != nil {
		t.Errorf("order %s: %v", want["order"], err)
		return
	}
	columns := []string{"placed_at", "status", "buyer", "doc", "phone", "divipola", "sku", "quantity", "subtotal", "discount", "shipping", "iva",
		"total", "payment", "carrier", "waybill", "referral"}
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = strings.TrimSuffix(want[c], "-05:00")
	}
	if expected := strings.Join(cells, "|"); got != expected {
		t.Errorf("order %s:\n got %s\nwant %s", want["order"], got, expected)
	}
}

func TestANewerFileBringsOrdersUpToDate(t *testing.T) {
	t.Parallel()
	s := newService(t)
	export := file(t, "orders_export.csv")
	importOrders(t, s, export, false)
	newer := bytes.Replace(export, []byte("#13009;2026-10-23 12:42:00;En reparto"), []byte("#13009;2026-10-23 12:42:00;Entregado"), 1)
	r, _ := importOrders(t, s, newer, false)
	if r.Updated != 1 || r.Unchanged != 2835 || r.Created != 0 {
		t.Errorf("got %+v", r)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM orders WHERE number = '13009' AND status = 'delivered'"); n != 1 {
		t.Error("the order kept its old status")
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := newService(t)
	importOrders(t, s, file(t, "orders_export.csv"), false)
	importTracking(t, s, file(t, "carrier_events.csv"))
	tests := map[string]models.OrderFilter{
		"number":               {Query: "#13009"},
		"waybill":              {Query: "26750221559"},
		"phone with signs":     {Query: "+57 313 926 2240"},
		"document":             {Query: "1.474.303.844"},
		"name without accents": {Query: "luis guillermo olarte"},
	}
	for name, f := range tests {
		page, err := s.List(t.Context(), f, store.Cursor{})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Rows) == 0 || page.Rows[0].Number != "13009" && name != "phone with signs" {
			t.Errorf("%s: got %+v", name, page.Rows)
		}
	}
	all, err := s.List(t.Context(), models.OrderFilter{Query: "gonzalez"}, store.Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	found := len(all.Rows)
	for all.Older != "" {
		at, _ := store.ParseCursor(all.Older)
		if all, err = s.List(t.Context(), models.OrderFilter{Query: "gonzalez"}, at); err != nil {
			t.Fatal(err)
		}
		found += len(all.Rows)
	}
	sum, err := s.Sum(t.Context(), models.OrderFilter{Query: "gonzalez"})
	if err != nil || int64(found) != sum.Count || found == 0 {
		t.Errorf("paging found %d, counting %d, %v", found, sum.Count, err)
	}
}

func TestTrailOfAnOrder(t *testing.T) {
	t.Parallel()
	s := newService(t)
	importOrders(t, s, file(t, "orders_export.csv"), false)
	importTracking(t, s, []byte("carrier,waybill,code,event_at,cash_to_collect_cop\n"+
		"Coordinadora,26750221559,1,2026-10-24 08:00:00,85400\nCoordinadora,26750221559,6,2026-10-25 08:00:00,85400\n"))
	id := count(t, s.DB, "SELECT id FROM orders WHERE number = '13009'")
	trail, err := s.Trail(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if trail.Order.Parcel.State != models.ShipmentDelivered || len(trail.Events) != 2 {
		t.Errorf("got %+v with %d events", trail.Order.Parcel, len(trail.Events))
	}
	if _, err := s.Trail(t.Context(), 1<<40); models.KindOf(err) != models.NotFound {
		t.Errorf("an unknown order: got %v", err)
	}
}
