package tracking_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/services/store/storetest"
	"pagaduria/services/tracking"
	"pagaduria/services/vault"
)

const testdata = "../../models/intake/testdata/orders/"

var (
	today   = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	finance = models.Actor{Name: "Finance", Roles: []models.Role{models.RoleFinance}}
	support = models.Actor{Name: "Support", Roles: []models.Role{models.RoleSupport}}
)

func newService(t testing.TB) *tracking.Service {
	t.Helper()
	keys, err := vault.New([]byte(strings.Repeat("k", vault.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return &tracking.Service{DB: storetest.New(t), Vault: keys, Now: func() time.Time { return today }}
}

func importFile(t testing.TB, s *tracking.Service, b []byte, dry bool) (models.ImportResult, *models.ImportFaults) {
	t.Helper()
	faults := &models.ImportFaults{}
	r, err := s.Import(t.Context(), bytes.NewReader(b), models.ImportOptions{DryRun: dry, By: models.System("test"), Today: today, OnFault: faults.Keep})
	if err != nil {
		t.Fatal(err)
	}
	return r, faults
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testdata + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
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

func text(t testing.TB, s *tracking.Service, sql string, args ...any) (out string) {
	t.Helper()
	if err := s.DB.Pool.QueryRow(t.Context(), sql, args...).Scan(&out); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func carrierID(t testing.TB, s *tracking.Service, slug string) (id int64) {
	t.Helper()
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT id FROM carriers WHERE slug = $1`, slug).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func book(t testing.TB, s *tracking.Service, id int64) models.Codebook {
	t.Helper()
	b, err := s.Carrier(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// setCode maps a code as a person does, and reads the stored events again as the job does.
func setCode(t testing.TB, s *tracking.Service, id int64, code string, means models.TrackingMeaning) {
	t.Helper()
	if err := s.SetCode(t.Context(), finance, id, book(t, s, id).Carrier.CodesVersion, models.CarrierCode{Code: code, Means: means}); err != nil {
		t.Fatal(err)
	}
	if err := s.ApplyCodes(t.Context(), tracking.ApplyArgs{CarrierID: id}); err != nil {
		t.Fatal(err)
	}
}

const header = "carrier,waybill,code,status_text,state,incident,event_at,cash_to_collect_cop\n"

// whereIs is where a parcel is.
func whereIs(t testing.TB, s *tracking.Service, waybill string) string {
	t.Helper()
	return text(t, s, `SELECT concat_ws('|', state, stage, events, cash_collected, cash / 100) FROM shipments WHERE waybill = $1`, waybill)
}

func TestAnUnknownCodeIsListedAndAppliedOnceItIsMapped(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r, faults := importFile(t, s, []byte(header+
		"COORDINADORA,700,1,RECOGIDA,,,2026-11-10 08:00:00,\n"+
		"COORDINADORA,700,E9,PERDIDA EN BODEGA,,,2026-11-12 08:00:00,\n"+
		"COORDINADORA,701,e9,PERDIDA EN BODEGA,,,2026-11-13 08:00:00,\n"), false)
	if r.Created != 3 || r.Refused != 0 || len(faults.Warnings) != 2 {
		t.Fatalf("got %+v with %d warnings", r, len(faults.Warnings))
	}
	if got := whereIs(t, s, "700") + " " + whereIs(t, s, "701"); got != "in_transit|in_transit|2|f|0 unknown||1|f|0" {
		t.Errorf("before: %s", got)
	}
	id := carrierID(t, s, "coordinadora")
	b := book(t, s, id)
	if len(b.Unknown) != 1 || b.Unknown[0].Code != "E9" || b.Unknown[0].Events != 2 || strings.Join(b.Unknown[0].Waybills, " ") != "701 700" {
		t.Errorf("unknown: %+v", b.Unknown)
	}
	setCode(t, s, id, "e9", models.MeansLost)
	after := "lost|lost|2|f|0 lost|lost|1|f|0"
	if got := whereIs(t, s, "700") + " " + whereIs(t, s, "701"); got != after {
		t.Errorf("mapped: %s", got)
	}
	if b = book(t, s, id); len(b.Unknown) != 0 || b.Carrier.Applying() {
		t.Errorf("still unknown: %+v", b)
	}
	if err := s.ApplyCodes(t.Context(), tracking.ApplyArgs{CarrierID: id}); err != nil {
		t.Fatal(err)
	}
	if got := whereIs(t, s, "700") + " " + whereIs(t, s, "701"); got != after {
		t.Errorf("applied again: %s", got)
	}
	if err := s.DropCode(t.Context(), finance, id, b.Carrier.CodesVersion, "E9"); err != nil {
		t.Fatal(err)
	}
	if err := s.ApplyCodes(t.Context(), tracking.ApplyArgs{CarrierID: id}); err != nil {
		t.Fatal(err)
	}
	if got := whereIs(t, s, "701"); got != "unknown||1|f|0" {
		t.Errorf("taken out: %s", got)
	}
}

func TestACodeIsComparedAsAWhole(t *testing.T) {
	t.Parallel()
	s := newService(t)
	importFile(t, s, []byte(header+
		"SERVIENTREGA,1,,ENTREGADO A REMITENTE,ENTREGADO A REMITENTE,,27/10/2026 07:17,50000\n"+
		"SERVIENTREGA,2,,ENTREGADO,Entregado,,27/10/2026 07:17,50000\n"+
		"SERVIENTREGA,3,,ENTREGADO EN PUERTA,ENTREGADO EN PUERTA,,27/10/2026 07:17,50000\n"+
		"SERVIENTREGA,4,9,EN RUTA,EN PROCESAMIENTO,REHUSADO,27/10/2026 07:17,50000\n"+
		"COORDINADORA,5,799,NOVEDAD,,,2026-11-12 08:00:00,\n"+
		"COORDINADORA,6,7990,X,,,2026-11-12 08:00:00,\n"), false)
	for waybill, want := range map[string]string{"1": "returned_to_sender|returned_to_sender|1|f|0", "2": "delivered|delivered|1|t|50000", "3": "unknown||1|f|0",
		"4": "incident|refused|1|f|0", "5": "incident|incident|1|f|0", "6": "unknown||1|f|0"} {
		if got := whereIs(t, s, waybill); got != want {
			t.Errorf("parcel %s: got %s, want %s", waybill, got, want)
		}
	}
}

func TestWhoMayChangeCodesAndOnlyAsTheySawThem(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := carrierID(t, s, "servientrega")
	lost := models.CarrierCode{Code: "33", Means: models.MeansLost}
	for _, c := range []struct {
		name string
		by   models.Actor
		seen int
		code models.CarrierCode
		want models.ErrorKind
	}{
		{"support", support, 1, lost, models.Forbidden},
		{"stale", finance, 7, lost, models.Conflict},
		{"no meaning of ours", finance, 1, models.CarrierCode{Code: "33", Means: "vanished"}, models.Invalid},
		{"every code", finance, 1, models.CarrierCode{Code: "##", Means: models.MeansLost}, models.Invalid},
	} {
		if err := s.SetCode(t.Context(), c.by, id, c.seen, c.code); models.KindOf(err) != c.want {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	if b := book(t, s, id); b.Carrier.CodesVersion != 1 || b.Carrier.Applying() {
		t.Errorf("a refusal left %+v", b.Carrier)
	}
	setCode(t, s, id, " 33 ", models.MeansLost)
	if got := text(t, s, `SELECT concat_ws(' ', action, subject_id = $1, after->>'code', after->>'means') FROM audit_events ORDER BY id DESC LIMIT 1`, id); got != "carrier.code t 33 lost" {
		t.Errorf("the log says %q", got)
	}
	if err := s.DropCode(t.Context(), finance, id, 2, "44"); models.KindOf(err) != models.NotFound {
		t.Errorf("a code that is none: %v", err)
	}
}

func TestANewCarrierFindsItsOrders(t *testing.T) {
	t.Parallel()
	s := newService(t)
	text(t, s, `INSERT INTO orders (number, placed_at, status, buyer, quantity, subtotal, discount, shipping, iva, total, payment, carrier, waybill)
		VALUES ('1', now(), 'in_transit', 'A', 1, 100, 0, 0, 0, 100, 'cod', 'ENVIA', 'W1') RETURNING number`)
	id, err := s.Add(t.Context(), finance, models.Carrier{Name: "Envía", Slug: "envia"})
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, s, `SELECT carrier FROM orders`); got != "Envía" {
		t.Errorf("the order's carrier is %q", got)
	}
	setCode(t, s, id, "D", models.MeansDelivered)
	importFile(t, s, []byte(header+"envia,W1,D,,,,2026-11-12 08:00:00,\n"), false)
	if got := whereIs(t, s, "W1"); got != "delivered|delivered|1|f|0" {
		t.Errorf("got %s", got)
	}
	for _, c := range []models.Carrier{{Name: "ENVIA", Slug: "envia2"}, {Name: "Other", Slug: "envia"}} {
		if _, err := s.Add(t.Context(), finance, c); models.KindOf(err) != models.Conflict {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := s.Add(t.Context(), finance, models.Carrier{Slug: "Not a slug"}); models.KindOf(err) != models.Invalid {
		t.Errorf("nameless: %v", err)
	}
}

// life is a parcel's events, some of them at the same moment, one of them not understood.
func life(t *rapid.T) (rows []string) {
	codes := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2", "5", "6", "700", "8", "Z1"}), 1, 8).Draw(t, "codes")
	for i, code := range codes {
		day := rapid.IntRange(1, 4).Draw(t, fmt.Sprintf("day %d", i))
		rows = append(rows, fmt.Sprintf("COORDINADORA,900,%s,T%d,,,2026-11-%02d 08:00:00,%d\n", code, i, day, 1000*(i+1)))
	}
	return rows
}

func TestAnyOrderAndRepetitionOfEventsGivesTheSameParcel(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := carrierID(t, s, "coordinadora")
	take := func(rows []string, mapped bool) string {
		if _, err := s.DB.Pool.Exec(t.Context(), `TRUNCATE tracking_events, shipments`); err != nil {
			t.Fatal(err)
		}
		if _, err := s.DB.Pool.Exec(t.Context(), `DELETE FROM carrier_codes WHERE code = 'Z1'`); err != nil {
			t.Fatal(err)
		}
		if mapped {
			setCode(t, s, id, "Z1", models.MeansLost)
		}
		for _, r := range rows {
			importFile(t, s, []byte(header+r), false)
		}
		if !mapped {
			setCode(t, s, id, "Z1", models.MeansLost)
		}
		return text(t, s, `SELECT concat_ws('|', state, stage, last_event_at, events, incidents, cash_collected, cash) FROM shipments`)
	}
	rapid.Check(t, func(r *rapid.T) {
		rows := life(r)
		want := take(rows, true)
		other := append(append([]string{}, rows...), rapid.SampledFrom(rows).Draw(r, "again"))
		seed := rapid.Uint64().Draw(r, "seed")
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		if got := take(other, rapid.Bool().Draw(r, "mapped first")); got != want {
			r.Fatalf("%v gives %s, %v gives %s", rows, want, other, got)
		}
	})
}

func TestEventsOfOneParcelFromManySidesAtOnceAllCount(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := carrierID(t, s, "coordinadora")
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			importFile(t, s, fmt.Appendf(nil, "%sCOORDINADORA,900,Z1,T%d,,,2026-11-%02d 08:00:00,\n", header, i, i+1), false)
		})
	}
	wait.Go(func() { setCode(t, s, id, "Z1", models.MeansIncident) })
	wait.Wait()
	for range 2 { // two workers
		wait.Go(func() {
			if err := s.ApplyCodes(t.Context(), tracking.ApplyArgs{CarrierID: id}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := text(t, s, `SELECT concat_ws('|', state, events, incidents) FROM shipments`); got != "incident|4|4" {
		t.Errorf("got %s", got)
	}
}

func TestImportOfAllTrackingEvents(t *testing.T) {
	t.Parallel()
	s := newService(t)
	events := file(t, "carrier_events.csv")
	dry, _ := importFile(t, s, events, true)
	result, faults := importFile(t, s, events, false)
	if dry != result {
		t.Errorf("dry run says %+v, the run %+v", dry, result)
	}
	if result.Rows != 6000 || result.Refused != 0 || result.Created+result.Skipped != 6000 || len(faults.Warnings) != 17 {
		t.Errorf("got %+v with %d warnings", result, len(faults.Warnings))
	}
	checkShipments(t, s)
	again, _ := importFile(t, s, events, false)
	if again.Created != 0 || again.Unchanged != result.Created || again.Skipped != result.Skipped {
		t.Errorf("the second import got %+v", again)
	}
	checkShipments(t, s)
}

func checkShipments(t *testing.T, s *tracking.Service) {
	t.Helper()
	wrong := 0
	for _, want := range table(t, "carrier_events_expected.csv") {
		var got string
		err := s.DB.Pool.QueryRow(t.Context(), `SELECT concat_ws('|', state, to_char(last_event_at AT TIME ZONE 'America/Bogota', 'YYYY-MM-DD"T"HH24:MI:SS'), events, incidents,
			CASE WHEN cash_collected THEN 'yes' ELSE 'no' END, cash / 100, array_to_string(flags, ',')) FROM shipments WHERE waybill = $1`, want["waybill"]).Scan(&got)
		expected := fmt.Sprintf("%s|%s|%s|%s|%s|%s|%s", want["final_state"], strings.TrimSuffix(want["last_event_at"], "-05:00"), want["events"],
			want["incidents"], want["cash_collected"], want["cash_cop"], strings.ReplaceAll(want["flags"], "|", ","))
		if err != nil || got != expected {
			if wrong++; wrong < 5 {
				t.Errorf("waybill %s: %v\n got %s\nwant %s", want["waybill"], err, got, expected)
			}
		}
	}
}
