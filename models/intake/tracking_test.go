package intake

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/sheet"
)

// codes are those of the data set's carriers, as the product begins with them.
var codes = map[string]models.CarrierMap{
	"Coordinadora": models.NewCarrierMap([]models.CarrierCode{{Code: "6", Means: models.MeansDelivered}, {Code: "8", Means: models.MeansReturned},
		{Code: "7##", Means: models.MeansIncident}, {Code: "1", Means: models.MeansInTransit}, {Code: "2", Means: models.MeansInTransit},
		{Code: "3", Means: models.MeansInTransit}, {Code: "5", Means: models.MeansInTransit}}),
	"Interrapidísimo": models.NewCarrierMap([]models.CarrierCode{{Code: "11", Means: models.MeansDelivered}, {Code: "10", Means: models.MeansReturned},
		{Code: "7", Means: models.MeansIncident}, {Code: "1", Means: models.MeansInTransit}, {Code: "2", Means: models.MeansInTransit}, {Code: "3", Means: models.MeansInTransit}}),
	"Servientrega": models.NewCarrierMap([]models.CarrierCode{{Code: "ENTREGADO", Means: models.MeansDelivered}, {Code: "ENTREGADO A REMITENTE", Means: models.MeansReturned},
		{Code: "EN PROCESAMIENTO", Means: models.MeansInTransit}, {Code: "1", Means: models.MeansGuide}, {Code: "REHUSADO", Means: models.MeansRefused}}),
}

// parcel is one waybill with its events in order of arrival.
type parcel struct {
	carrier, waybill string
	events           []models.TrackingEvent
}

func openTracking(t testing.TB, file []byte) (*sheet.Reader, *Tracking) {
	t.Helper()
	r := open(t, file)
	k, err := NewTracking(r.Header(), nil, codes)
	if err != nil {
		t.Fatal(err)
	}
	return r, k
}

func readParcels(t testing.TB) (parcels []*parcel, unknown int) {
	t.Helper()
	r, k := openTracking(t, read(t, "orders/carrier_events.csv"))
	byWaybill, copies := map[string]*parcel{}, map[string]int{}
	for r.Next() {
		var row TrackingRow
		if skip, fault := k.Parse(r.Record(), &row); skip != "" || fault != nil {
			t.Fatalf("line %d: %s %v", r.Record().Line, skip, fault)
		}
		for _, w := range row.Warnings {
			if w.Code != "unknown_code" {
				t.Errorf("line %d: warning %+v", row.Line, w)
			}
			unknown++
		}
		key := row.Carrier + row.Waybill
		p := byWaybill[key]
		if p == nil {
			p = &parcel{carrier: row.Carrier, waybill: row.Waybill}
			byWaybill[key] = p
			parcels = append(parcels, p)
		}
		copies[row.Same()]++
		p.events = append(p.events, row.Event(copies[row.Same()]))
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return parcels, unknown
}

func TestCarrierEvents(t *testing.T) {
	t.Parallel()
	parcels, unknown := readParcels(t)
	want := table(t, "testdata/orders/carrier_events_expected.csv")
	if len(parcels) != len(want) {
		t.Fatalf("got %d waybills, want %d", len(parcels), len(want))
	}
	states, flags := map[string]int{}, map[string]int{}
	var cash int64
	for i, p := range parcels {
		s, ok := models.FoldShipment(p.events)
		if !ok {
			t.Errorf("%s: no known event", p.waybill)
		}
		got := map[string]string{"carrier": strings.ToUpper(sheet.Key(p.carrier)), "waybill": p.waybill, "final_state": string(s.State),
			"last_event_at": s.LastEventAt.Format(time.RFC3339), "events": strconv.Itoa(s.Events), "incidents": strconv.Itoa(s.Incidents),
			"cash_collected": map[bool]string{true: "yes", false: "no"}[s.CashCollected], "cash_cop": whole(s.Cash), "flags": strings.Join(s.Flags, "|")}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("got %v, want %v", got, want[i])
		}
		states[string(s.State)]++
		for _, f := range s.Flags {
			flags[f]++
		}
		pesos, _ := s.Cash.Whole()
		cash += pesos
	}
	var summary struct {
		Events struct {
			FinalState map[string]int `json:"final_state"`
			Flags      map[string]int `json:"flags"`
			Cash       int64          `json:"cash_cop"`
		} `json:"carrier_events"`
	}
	if err := json.Unmarshal(read(t, "orders/orders_csv_summary.json"), &summary); err != nil {
		t.Fatal(err)
	}
	if w := summary.Events; !reflect.DeepEqual(states, w.FinalState) || !reflect.DeepEqual(flags, w.Flags) || cash != w.Cash || unknown != w.Flags["unknown_code"] {
		t.Errorf("got %v %v %d, %d warnings, want %+v", states, flags, cash, unknown, w)
	}
}

func TestTrackingRows(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, row, state, at, divipola, fault string }{
		{"Coordinadora delivered", "COORDINADORA,1,6,ENTREGADA,,,2026-11-14 15:11:00,54001000,0", "delivered", "2026-11-14T15:11:00-05:00", "54001", ""},
		{"Coordinadora returned", "Coordinadora,1,8,DEVUELTA,,,2026-11-14 15:11:00,,", "returned_to_sender", "2026-11-14T15:11:00-05:00", "", ""},
		{"Coordinadora incident", "COORDINADORA,1,728,NOVEDAD,,REHUSADO,2026-11-14 15:11:00,54001000,0", "incident", "2026-11-14T15:11:00-05:00", "54001", ""},
		{"Coordinadora unknown", "COORDINADORA,1,404,X,,,2026-11-14 15:11:00,54001000,0", "unknown", "2026-11-14T15:11:00-05:00", "54001", ""},
		{"Interrapidísimo", "Interrapidísimo,1,11,ENTREGADA,,,2026-09-03T22:39:00-05:00,25175,318600", "delivered", "2026-09-03T22:39:00-05:00", "25175", ""},
		{"Interrapidísimo in UTC", "INTERRAPIDISIMO,1,10,DEVOLUCION,,,2026-09-04T03:39:00Z,99999,0", "returned_to_sender", "2026-09-03T22:39:00-05:00", "", ""},
		{"Servientrega delivered", "SERVIENTREGA,1,,ENTREGADO,ENTREGADO,,27/10/2026 07:17,19809,1", "delivered", "2026-10-27T07:17:00-05:00", "19809", ""},
		{"Servientrega back to the sender", "SERVIENTREGA,1,,ENTREGADO A REMITENTE,ENTREGADO A REMITENTE,,27/10/2026 07:17,19809,1", "returned_to_sender", "2026-10-27T07:17:00-05:00", "19809", ""},
		{"Servientrega refused at the door", "SERVIENTREGA,1,9,EN RUTA,EN PROCESAMIENTO,REHUSADO,27/10/2026 07:17,19809,1", "refused", "2026-10-27T07:17:00-05:00", "19809", ""},
		{"Servientrega's incident in words of its own", "SERVIENTREGA,1,9,EN RUTA,EN PROCESAMIENTO,DIRECCION ERRADA,27/10/2026 07:17,19809,1", "incident", "2026-10-27T07:17:00-05:00", "19809", ""},
		{"Servientrega unknown", "SERVIENTREGA,1,99,X,,,27/10/2026 07:17,19809,1", "unknown", "2026-10-27T07:17:00-05:00", "19809", ""},
		{"other carrier", "DHL,1,6,X,,,2026-11-14 15:11:00,54001000,0", "", "", "", "carrier_unknown"},
		{"no waybill", "COORDINADORA,,6,X,,,2026-11-14 15:11:00,54001000,0", "", "", "", "waybill_missing"},
		{"no time", "COORDINADORA,1,6,X,,,ayer,54001000,0", "", "", "", "date_invalid"},
		{"cash in words", "COORDINADORA,1,6,X,,,2026-11-14 15:11:00,54001000,mil", "", "", "", "amount_format"},
		{"negative cash", "COORDINADORA,1,6,X,,,2026-11-14 15:11:00,54001000,-5", "", "", "", "amount_format"},
		{"short row", "COORDINADORA,1,6", "", "", "", "column_count"},
	}
	for _, tt := range tests {
		r, k := openTracking(t, []byte("carrier,waybill,code,status_text,state,incident,event_at,destination_code,cash_to_collect_cop\n"+tt.row))
		r.Next()
		var row TrackingRow
		_, fault := k.Parse(r.Record(), &row)
		if fault != nil {
			if fault.Code != tt.fault {
				t.Errorf("%s: got %+v, want %q", tt.name, fault, tt.fault)
			}
			continue
		}
		if row.State != tt.state || row.At.Format(time.RFC3339) != tt.at || row.Divipola != tt.divipola || tt.fault != "" || (row.State == "unknown") != (len(row.Warnings) == 1) {
			t.Errorf("%s: got %+v", tt.name, row)
		}
	}
}

// FuzzTracking reads anything as an event: no panic, and an accepted one keeps the rules of the books.
func FuzzTracking(f *testing.F) {
	f.Add("COORDINADORA", "1", "6", "", "2026-11-14 15:11:00", "54001000", "5")
	f.Add("SERVIENTREGA", "1", "", "ENTREGADO", "27/10/2026 07:17", "19809", "0")
	f.Add("INTERRAPIDISIMO", "1", "11", "", "2026-09-03T22:39:00-05:00", "25175", "")
	f.Fuzz(func(t *testing.T, carrier, waybill, code, state, at, destination, cash string) {
		var file strings.Builder
		w := sheet.NewWriter(&file, sheet.Layout{})
		var header []string
		for _, c := range TrackingColumns {
			header = append(header, c.Name)
		}
		if w.Write(header...) != nil || w.Write(carrier, waybill, code, "", state, "", at, destination, cash) != nil || w.Flush() != nil {
			t.Fatal("cannot write")
		}
		r, k := openTracking(t, []byte(file.String()))
		for r.Next() {
			var row TrackingRow
			if skip, fault := k.Parse(r.Record(), &row); skip != "" || fault != nil {
				continue
			}
			if row.Waybill == "" || row.Carrier == "" || row.State == "" || row.Cash.Minor < 0 || row.At.IsZero() || len(row.Divipola)%5 != 0 {
				t.Errorf("accepted %+v", row)
			}
			models.FoldShipment([]models.TrackingEvent{row.Event(1), row.Event(2)})
		}
	})
}

func BenchmarkTracking(b *testing.B) {
	file := read(b, "orders/carrier_events.csv")
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		r, k := openTracking(b, file)
		var row TrackingRow
		for r.Next() {
			rows++
			if _, fault := k.Parse(r.Record(), &row); fault != nil {
				b.Fatal(fault)
			}
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
