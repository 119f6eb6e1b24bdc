package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/sheet"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, b []byte) *sheet.Reader {
	t.Helper()
	r, err := sheet.NewReader(bytes.NewReader(b), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openOrders(t testing.TB, b []byte) (*sheet.Reader, *Orders, *OrderJudge) {
	t.Helper()
	r := open(t, b)
	o, err := NewOrders(r.Header(), nil, today, models.Carriers)
	if err != nil {
		t.Fatal(err)
	}
	return r, o, o.NewOrderJudge()
}

// whole shows an amount as the expected files do.
func whole(m models.Money) string {
	n, err := m.Whole()
	if err != nil {
		panic(err)
	}
	return strconv.FormatInt(n, 10)
}

func TestOrdersExport(t *testing.T) {
	t.Parallel()
	good, bad := map[string]map[string]string{}, map[string]map[string]string{}
	for _, row := range table(t, "testdata/orders/orders_export_expected_good.csv") {
		good[row["record"]] = row
	}
	for _, row := range table(t, "testdata/orders/orders_export_expected_bad.csv") {
		bad[row["record"]] = row
	}
	codes := map[string]int{}
	var records, accepted, refused, skipped int
	var sum, delivered int64
	stored := map[string]Stored{}
	r, o, judge := openOrders(t, read(t, "orders/orders_export.csv"))
	for r.Next() {
		records++
		n := strconv.Itoa(records)
		var row OrderRow
		verdict, code := "", ""
		skip, fault := o.Parse(r.Record(), &row)
		if skip == "" && fault == nil {
			v := judge.Judge(&row, Stored{})
			skip, fault = v.Code, v.Fault
		}
		switch {
		case fault != nil:
			verdict, code = "reject", fault.Code
			refused++
		case skip != "":
			verdict, code = "skip", skip
			skipped++
		default:
			accepted++
			stored[row.Number] = Stored{Known: true, Fingerprint: row.Fingerprint()}
			if len(row.Warnings) > 0 {
				verdict, code = "warn", row.Warnings[0].Code
			}
			if got := shown(row, n); !reflect.DeepEqual(got, good[n]) {
				t.Errorf("record %s:\n got %v\nwant %v", n, got, good[n])
			}
			m, _ := row.Total.Whole()
			sum += m
			if row.Status == models.OrderDelivered && row.Payment == "cod" {
				delivered += m
			}
		}
		if code != "" {
			codes[code]++
		}
		if want := bad[n]; verdict != want["verdict"] || code != want["code"] || want != nil && strconv.Itoa(r.Record().Line) != want["first_line"] {
			t.Errorf("record %s, line %d: got %s %s, want %v (%v)", n, r.Record().Line, verdict, code, want, fault)
		}
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	var summary struct {
		OrdersExport struct {
			Records, Good, Rejected, Skipped int
			ByCode                           map[string]int `json:"by_code"`
			Sum                              int64          `json:"sum_total_cop_of_good"`
			Delivered                        int64          `json:"delivered_cod_total_cop"`
		} `json:"orders_export"`
	}
	if err := json.Unmarshal(read(t, "orders/orders_csv_summary.json"), &summary); err != nil {
		t.Fatal(err)
	}
	want := summary.OrdersExport
	if records != want.Records || accepted != want.Good || refused != want.Rejected || skipped != want.Skipped || sum != want.Sum || delivered != want.Delivered {
		t.Errorf("got %d records, %d good, %d refused, %d skipped, sum %d, delivered %d, want %+v", records, accepted, refused, skipped, sum, delivered, want)
	}
	if !reflect.DeepEqual(codes, want.ByCode) {
		t.Errorf("got %v, want %v", codes, want.ByCode)
	}
	importAgain(t, stored)
}

// importAgain reads the file once more against the orders it has left: nothing is new.
func importAgain(t *testing.T, stored map[string]Stored) {
	got := map[models.ImportOutcome]int{}
	r, o, judge := openOrders(t, read(t, "orders/orders_export.csv"))
	for r.Next() {
		var row OrderRow
		if skip, fault := o.Parse(r.Record(), &row); skip == "" && fault == nil {
			got[judge.Judge(&row, stored[row.Number]).Outcome]++
		}
	}
	want := map[models.ImportOutcome]int{models.RowUnchanged: 2836, models.RowSkipped: 40, models.RowRefused: 12}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("second import: got %v, want %v", got, want)
	}
}

func shown(r OrderRow, record string) map[string]string {
	return map[string]string{"record": record, "order": r.Number, "placed_at": r.PlacedAt.Format(time.RFC3339), "status": string(r.Status),
		"buyer": r.Buyer, "doc": r.DocNumber, "phone": r.Phone, "divipola": r.Divipola, "sku": r.SKU, "quantity": fmt.Sprint(r.Quantity),
		"subtotal": whole(r.Subtotal), "discount": whole(r.Discount), "shipping": whole(r.Shipping), "iva": whole(r.IVA), "total": whole(r.Total),
		"payment": r.Payment, "carrier": r.Carrier, "waybill": r.Waybill, "referral": r.Referral}
}

func TestOrderJudge(t *testing.T) {
	t.Parallel()
	one := OrderRow{Number: "1", Quantity: 1, Total: models.Pesos(10)}
	other := one
	other.Total = models.Pesos(20)
	tests := []struct {
		name   string
		before []OrderRow
		stored Stored
		want   models.ImportOutcome
	}{
		{"new", nil, Stored{}, models.RowCreated},
		{"again in the file", []OrderRow{one}, Stored{}, models.RowSkipped},
		{"other values in the file", []OrderRow{other}, Stored{}, models.RowRefused},
		{"in the books already", nil, Stored{Known: true, Fingerprint: one.Fingerprint()}, models.RowUnchanged},
		{"other values in the books", nil, Stored{Known: true, Fingerprint: other.Fingerprint()}, models.RowUpdated},
		{"other values than a shop's", nil, Stored{Known: true, Fingerprint: other.Fingerprint(), Shop: true}, models.RowRefused},
		{"as the shop has it", nil, Stored{Known: true, Fingerprint: one.Fingerprint(), Shop: true}, models.RowUnchanged},
		{"in the books and in the file", []OrderRow{one}, Stored{Known: true, Fingerprint: one.Fingerprint()}, models.RowSkipped},
	}
	for _, tt := range tests {
		o, err := NewOrders(orderHeader(), nil, today, models.Carriers)
		if err != nil {
			t.Fatal(err)
		}
		j := o.NewOrderJudge()
		for _, row := range tt.before {
			j.Judge(&row, Stored{})
		}
		row := one
		if got := j.Judge(&row, tt.stored); got.Outcome != tt.want || (got.Fault != nil) != (tt.want == models.RowRefused) {
			t.Errorf("%s: got %+v, want %s", tt.name, got, tt.want)
		}
	}
}

func orderHeader() (names []string) {
	for _, c := range OrderColumns {
		names = append(names, c.Name)
	}
	return names
}

func TestParseAmount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in    string
		pesos int64
		code  string
	}{
		{"0", 0, ""}, {"1234", 1234, ""}, {"1234,00", 1234, ""}, {"1234,0", 1234, ""}, {"1.234", 1234, ""}, {"1.234,00", 1234, ""},
		{"$ 1.234", 1234, ""}, {"$1.234.567", 1234567, ""}, {"-461850,00", -461850, ""}, {"-$ 5", -5, ""}, {"$ -5", -5, ""}, {"007", 7, ""},
		{"74900,01", 0, fractional}, {"1.234,5", 0, fractional},
		{"US$ 29,24", 0, currencyNotCOP}, {"USD 17,05", 0, currencyNotCOP}, {"17 EUR", 0, currencyNotCOP}, {"€ 5", 0, currencyNotCOP},
		{"", 0, amountFormat}, {"$", 0, amountFormat}, {"-", 0, amountFormat}, {"1.23.456", 0, amountFormat}, {"89 900 pesos", 0, amountFormat},
		{"#¡VALOR!", 0, amountFormat}, {"89,900", 0, amountFormat}, {"1234.50", 0, amountFormat}, {"1234.567", 0, amountFormat}, {".5", 0, amountFormat},
		{"1.", 0, amountFormat}, {"1,", 0, amountFormat}, {"--5", 0, amountFormat}, {"1e5", 0, amountFormat}, {"N/A", 0, amountFormat}, {"1,-1", 0, amountFormat},
		{"999999999999999", 999999999999999, ""}, {"1000000000000000", 0, amountRange}, {"99999999999999999999", 0, amountRange},
	}
	for _, tt := range tests {
		if pesos, code := parseAmount(tt.in); pesos != tt.pesos || code != tt.code {
			t.Errorf("%q: got %d %q, want %d %q", tt.in, pesos, code, tt.pesos, tt.code)
		}
	}
}

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"3511668059", " 3511668059 ", "351-166-8059", "351 166 8059", "351.166.8059", "(351) 166-8059", "573511668059",
		"+573511668059", "+57 351 1668059", "00573511668059", "+57\u00a0351\u00a01668059"} {
		if got, ok := parsePhone(in); !ok || got != "+573511668059" {
			t.Errorf("%q: got %q", in, got)
		}
	}
	for _, in := range []string{"", "300123", "no tiene", "+57 3001234", "3OO1234567", "1234567890", "35116680591", "6011668059", "0057351166805912345"} {
		if got, ok := parsePhone(in); ok {
			t.Errorf("%q: got %q, want a refusal", in, got)
		}
	}
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"2026-08-05 00:01:00", "2026-08-05T00:01:00-05:00"}, {"2026-08-05 00:01", "2026-08-05T00:01:00-05:00"}, {"20/09/2026 13:28", "2026-09-20T13:28:00-05:00"},
		{"5/9/2026 02:57", "2026-09-05T02:57:00-05:00"}, {"06/11/2026 11:46 a. m.", "2026-11-06T11:46:00-05:00"}, {"30/09/2026 09:03 p. m.", "2026-09-30T21:03:00-05:00"},
		{"19/09/2026 12:40 a. m.", "2026-09-19T00:40:00-05:00"}, {"19/09/2026 12:40 p.\u00a0m.", "2026-09-19T12:40:00-05:00"}, {"29/02/2028 10:00", "2028-02-29T10:00:00-05:00"},
		{"31/09/2026 10:00", ""}, {"30/02/2026 09:30", ""}, {"00/10/2026 07:00", ""}, {"ayer", ""}, {"", ""}, {"10/13/2026 10:00", ""}, {"10/10/26 10:00", ""},
		{"10/10/2026 24:00", ""}, {"10/10/2026 13:00 p. m.", ""}, {"10/10/2026 10:00 x", ""}, {"2026-08-05 00:61:00", ""}, {"2026-08-05T", ""}, {"10/10/2026", ""},
	}
	for _, tt := range tests {
		at, ok := parseDate(tt.in)
		if ok != (tt.want != "") || ok && at.Format(time.RFC3339) != tt.want {
			t.Errorf("%q: got %v %v, want %q", tt.in, at, ok, tt.want)
		}
	}
}

func TestMojibake(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"MuÃ±oz": true, "â€œhola": true, "caf\uFFFD": true, "Â¿quÃ©?": true, "Muñoz": false, "SÃO PAULO": false, "São": false, "Â": false, "": false} {
		if got := mojibake(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}

// FuzzOrders reads anything as an order file: no panic, and an accepted order keeps the rules of the books.
func FuzzOrders(f *testing.F) {
	f.Add("#1", "20/09/2026 13:28", "Entregado", "3511668059", "Cali", "$ 1.234", "1")
	f.Add("2", "5/9/2026 02:57 p. m.", "NOVEDAD", "+57 351 1668059", "Medellín", "1.234,00", "05")
	f.Fuzz(func(t *testing.T, order, date, status, phone, city, total, quantity string) {
		var file strings.Builder
		w := sheet.NewWriter(&file, sheet.Layout{Comma: ';'})
		cells := []string{order, date, status, "x", "CC", "1", phone, "", city, "Valle del Cauca", "", "", "", quantity, total, "", "", "0", total, "PSE", "", "", "", ""}
		if w.Write(orderHeader()...) != nil || w.Write(cells...) != nil || w.Flush() != nil {
			t.Fatal("cannot write")
		}
		r, o, judge := openOrders(t, []byte(file.String()))
		for r.Next() {
			var row OrderRow
			skip, fault := o.Parse(r.Record(), &row)
			if skip != "" || fault != nil {
				continue
			}
			if row.Number == "" || row.Total.Minor < 0 || row.Quantity < 1 || !row.Status.Valid() || len(row.Phone) != 13 || row.PlacedAt.After(today.AddDate(0, 0, 2)) {
				t.Errorf("accepted %+v", row)
			}
			if _, ok := colombia.MunicipalityByCode(row.Divipola); !ok {
				t.Errorf("accepted divipola %q", row.Divipola)
			}
			judge.Judge(&row, Stored{})
		}
	})
}

// BenchmarkOrders reads the file as if it went on and on: the cities are known after the first round.
func BenchmarkOrders(b *testing.B) {
	file := read(b, "orders/orders_export.csv")
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	rows := 0
	_, o, _ := openOrders(b, file)
	for b.Loop() {
		r, judge := open(b, file), o.NewOrderJudge()
		var row OrderRow
		for r.Next() {
			rows++
			if skip, fault := o.Parse(r.Record(), &row); skip == "" && fault == nil {
				judge.Judge(&row, Stored{})
			}
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
