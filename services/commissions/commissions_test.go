package commissions_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/commissions"
	"pagaduria/services/distributors"
	"pagaduria/services/ledger"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

const testdata = "../../models/intake/testdata/"

var (
	now     = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	today   = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	finance = models.Actor{StaffID: 1, Name: "Marta Ruiz", Roles: []models.Role{models.RoleFinance}}
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testdata + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// newService has the distributors of the data set.
func newService(t testing.TB) *commissions.Service {
	t.Helper()
	db := storetest.New(t)
	people := &distributors.Service{DB: db, Today: func() time.Time { return today }}
	_, err := people.Import(t.Context(), bytes.NewReader(file(t, "distributors/distributors.csv")), models.ImportOptions{By: models.System("test"), Today: today})
	if err != nil {
		t.Fatal(err)
	}
	return &commissions.Service{DB: db, Now: func() time.Time { return now }}
}

func importFile(t testing.TB, s *commissions.Service, b []byte, dry bool) (models.ImportResult, *models.ImportFaults) {
	t.Helper()
	faults := &models.ImportFaults{}
	r, err := s.Import(t.Context(), bytes.NewReader(b), models.ImportOptions{DryRun: dry, By: models.System("test"), Today: today, OnFault: faults.Keep})
	if err != nil {
		t.Fatal(err)
	}
	return r, faults
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

func verifyLedger(t testing.TB, db *store.DB) {
	t.Helper()
	r, err := ledger.Verify(t.Context(), db, store.Unseen{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Fault != "" {
		t.Fatalf("the books disagree: %s", r.Fault)
	}
}

func TestImportOfTheWholeStatement(t *testing.T) {
	t.Parallel()
	s := newService(t)
	statement := file(t, "payouts/commission_statement.csv")

	dry, dryFaults := importFile(t, s, statement, true)
	if n := count(t, s.DB, "SELECT count(*) FROM commission_lines") + count(t, s.DB, "SELECT count(*) FROM ledger_entries"); n != 0 {
		t.Fatalf("the dry run left %d rows behind", n)
	}
	result, faults := importFile(t, s, statement, false)
	if dry != result {
		t.Errorf("dry run says %+v, the run %+v", dry, result)
	}
	if fmt.Sprint(*dryFaults) != fmt.Sprint(*faults) {
		t.Error("dry run and run report different faults")
	}
	want := models.ImportResult{Rows: 5000, Created: 4737, Refused: 263, Warnings: result.Warnings}
	if result != want {
		t.Errorf("got %+v, want %+v", result, want)
	}
	verdicts(t, s, faults)
	totals(t, s)
	verifyLedger(t, s.DB)

	again, repeated := importFile(t, s, statement, false)
	if again.Created != 0 || again.Unchanged != 4737 || again.Refused != 263 {
		t.Errorf("the second import got %+v", again)
	}
	if a, b := codes(faults.Refused), codes(repeated.Refused); a != b {
		t.Errorf("the second import refuses %s, the first %s", b, a)
	}
	verifyLedger(t, s.DB)
}

func codes(faults []models.ImportFault) string {
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&b, "%d %s\n", f.Line, f.Code)
	}
	return b.String()
}

// verdicts compares every line of the statement with what is expected of it.
func verdicts(t *testing.T, s *commissions.Service, faults *models.ImportFaults) {
	t.Helper()
	refused, flagged := map[int]string{}, map[int]string{}
	for _, f := range faults.Refused {
		refused[f.Line] = f.Code
	}
	for _, f := range faults.Warnings {
		if f.Code == "flag_cash_report" {
			flagged[f.Line] = f.Code
		}
	}
	type stored struct {
		Line   int
		Owner  string
		Amount models.Money
	}
	rows, err := store.Select[stored](t.Context(), s.DB.Pool,
		`SELECT l.line, d.doc_type || ':' || d.doc_number, l.amount FROM commission_lines l JOIN distributors d ON d.id = l.distributor_id`)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[int]stored{}
	for _, r := range rows {
		lines[r.Line] = r
	}
	for _, want := range table(t, "payouts/commission_statement_expected.csv") {
		n, _ := strconv.Atoi(want["linea"])
		line := n + 1 // behind the header
		if want["verdict"] == "refuse" {
			if refused[line] != want["code"] {
				t.Errorf("line %d: got %q, want %q", line, refused[line], want["code"])
			}
			continue
		}
		got, ok := lines[line]
		if !ok || got.Owner != want["distributor"] || strconv.FormatInt(got.Amount.Minor/100, 10) != want["amount_cop"] || flagged[line] != want["code"] {
			t.Errorf("line %d: got %+v %q, want %v", line, got, flagged[line], want)
		}
	}
}

func totals(t *testing.T, s *commissions.Service) {
	t.Helper()
	for _, want := range table(t, "payouts/commission_statement_totals.csv") {
		docType, number, _ := strings.Cut(want["distributor"], ":")
		got := count(t, s.DB, `SELECT COALESCE(sum(amount), 0) / 100 FROM commission_lines l JOIN distributors d ON d.id = l.distributor_id
			WHERE d.doc_type = $1 AND d.doc_number = $2 AND period = $3`, docType, number, want["period"])
		if strconv.FormatInt(got, 10) != want["net_cop"] {
			t.Errorf("%s %s: got %d, want %s", want["distributor"], want["period"], got, want["net_cop"])
		}
	}
}

func TestTwoImportsAtOnceStoreEachLineOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	statement := file(t, "payouts/commission_statement.csv")
	var wait sync.WaitGroup
	results := make([]models.ImportResult, 3)
	for i := range results {
		wait.Go(func() {
			var err error
			results[i], err = s.Import(t.Context(), bytes.NewReader(statement), models.ImportOptions{By: models.System("test"), Today: today})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	created := 0
	for _, r := range results {
		created += r.Created
	}
	if created != 4737 || count(t, s.DB, "SELECT count(*) FROM commission_lines") != 4737 {
		t.Errorf("%d lines were created, want 4737", created)
	}
	verifyLedger(t, s.DB)
}

// broken ends with an error instead of the end of the file.
type broken struct{ *bytes.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = fmt.Errorf("the disk is gone")
	}
	return n, err
}

func TestAnImportThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	statement := file(t, "payouts/commission_statement.csv")
	many := append(bytes.Clone(statement), bytes.Repeat([]byte("x,CC,1,DIS,#1,2026-01,Comisión por venta,1,\n"), 6000)...)
	_, err := s.Import(t.Context(), broken{bytes.NewReader(many)}, models.ImportOptions{By: models.System("test"), Today: today})
	if err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"commission_lines", "ledger_entries", "ledger_tallies"} {
		if n := count(t, s.DB, "SELECT count(*) FROM "+name); n != 0 {
			t.Errorf("%d rows are left in %s", n, name)
		}
	}
}

func TestAnotherAmountForAStoredLineIsADuplicate(t *testing.T) {
	t.Parallel()
	s := newService(t)
	header := "linea,tipo_documento,documento,codigo_distribuidor,pedido,periodo,concepto,valor_cop,nota\n"
	line := "1,CC,1520967075,DIS-291464,#51003,2026-08,Comisión por venta,%d,\n"
	if r, _ := importFile(t, s, []byte(header+fmt.Sprintf(line, 75644)), false); r.Created != 1 {
		t.Fatalf("got %+v", r)
	}
	r, faults := importFile(t, s, []byte(header+fmt.Sprintf(line, 75645)), false)
	if r.Refused != 1 || faults.Refused[0].Code != "duplicate_line" {
		t.Errorf("got %+v %+v", r, faults)
	}
	back := "1,CC,1520967075,DIS-291464,#51003,2026-09,Reversión: Comisión por venta,%d,\n"
	if r, _ := importFile(t, s, []byte(header+fmt.Sprintf(back, -75000)), false); r.Created != 1 {
		t.Errorf("a claw-back of a stored line: got %+v", r)
	}
	more := strings.Replace(fmt.Sprintf(back, -645), "2026-09", "2026-10", 1)
	if r, faults := importFile(t, s, []byte(header+more), false); r.Refused != 1 || faults.Refused[0].Code != "clawback_exceeds_original" {
		t.Errorf("taking back more than is left: got %+v %+v", r, faults)
	}
	verifyLedger(t, s.DB)
}

// withLines has the whole statement imported.
func withLines(t testing.TB) *commissions.Service {
	t.Helper()
	s := newService(t)
	importFile(t, s, file(t, "payouts/commission_statement.csv"), false)
	return s
}

func TestHoldAndRelease(t *testing.T) {
	t.Parallel()
	s := withLines(t)
	page, err := s.List(t.Context(), models.CommissionFilter{State: models.CommissionEligible}, store.Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	ids := []int64{page.Rows[0].ID, page.Rows[1].ID}
	before := count(t, s.DB, "SELECT count(*) FROM ledger_entries")

	if _, err := s.Hold(t.Context(), finance, models.LineChoice{IDs: ids}, " "); models.KindOf(err) != models.Invalid {
		t.Errorf("without a reason: got %v", err)
	}
	support := models.Actor{StaffID: 2, Name: "Ana", Roles: []models.Role{models.RoleSupport}}
	if _, err := s.Hold(t.Context(), support, models.LineChoice{IDs: ids}, "why"); models.KindOf(err) != models.Forbidden {
		t.Errorf("by support: got %v", err)
	}
	done, err := s.Hold(t.Context(), finance, models.LineChoice{IDs: ids}, "Return under way")
	if err != nil || done.Count != 2 || done.Total != page.Rows[0].Amount.Add(page.Rows[1].Amount) {
		t.Fatalf("got %+v, %v", done, err)
	}
	line, err := s.Line(t.Context(), ids[0])
	if err != nil || line.State != models.CommissionHeld || line.Reason != "Return under way" || line.Why != models.RefusedHeld {
		t.Errorf("got %+v, %v", line, err)
	}
	if _, err := s.Hold(t.Context(), finance, models.LineChoice{IDs: ids}, "again"); models.KindOf(err) != models.Conflict {
		t.Errorf("a double click: got %v", err)
	}
	if _, err := s.Release(t.Context(), finance, models.LineChoice{IDs: ids[:1]}, ""); err != nil {
		t.Error(err)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM ledger_entries"); n != before {
		t.Errorf("holding posted %d entries", n-before)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM audit_events WHERE subject_type = 'commission'"); n != 3 {
		t.Errorf("%d events were recorded, want 3", n)
	}
	verifyLedger(t, s.DB)
}

func TestHoldAllMatchingOnlyAsShown(t *testing.T) {
	t.Parallel()
	s := withLines(t)
	f := models.CommissionFilter{Period: "2026-08"}
	seen, err := s.Sum(t.Context(), models.CommissionFilter{Period: "2026-08", State: models.CommissionEligible})
	if err != nil {
		t.Fatal(err)
	}
	stale := seen
	stale.Count--
	if _, err := s.Hold(t.Context(), finance, models.LineChoice{All: true, Filter: f, Seen: stale}, "Audit"); models.KindOf(err) != models.Conflict {
		t.Errorf("a stale list: got %v", err)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM commission_lines WHERE state = 'held'"); n != 0 {
		t.Fatalf("%d lines were held all the same", n)
	}
	done, err := s.Hold(t.Context(), finance, models.LineChoice{All: true, Filter: f, Seen: seen}, "Audit")
	if err != nil || done != seen {
		t.Errorf("got %+v, %v, want %+v", done, err, seen)
	}
	tallies, err := s.Tallies(t.Context())
	if err != nil || tallies[models.CommissionHeld] != seen {
		t.Errorf("got %+v, %v", tallies, err)
	}
}

func TestHoldAndReleaseRace(t *testing.T) {
	t.Parallel()
	s := withLines(t)
	page, err := s.List(t.Context(), models.CommissionFilter{}, store.Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, l := range page.Rows {
		ids = append(ids, l.ID)
	}
	var wait sync.WaitGroup
	held := make([]int64, 8)
	for i := range held {
		wait.Go(func() {
			done, err := s.Hold(t.Context(), finance, models.LineChoice{IDs: ids}, "race")
			if err != nil && models.KindOf(err) != models.Conflict {
				t.Error(err)
			}
			held[i] = done.Count
		})
	}
	wait.Wait()
	var sum int64
	for _, n := range held {
		sum += n
	}
	if sum != int64(len(ids)) {
		t.Errorf("%d lines were held %d times", len(ids), sum)
	}
}

func TestExportIsSafeAndMasked(t *testing.T) {
	t.Parallel()
	s := withLines(t)
	if _, err := s.DB.Pool.Exec(t.Context(), `UPDATE commission_lines SET note = '=1+1' WHERE id = (SELECT min(id) FROM commission_lines)`); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := s.Export(t.Context(), finance, models.CommissionFilter{}, sheet.NewWriter(&out, sheet.Layout{Comma: ';'})); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte("\r\n")); n != 4738 {
		t.Errorf("%d lines were written, want 4738", n)
	}
	if bytes.Contains(out.Bytes(), []byte(";=1+1")) || bytes.Contains(out.Bytes(), []byte("1520967075")) {
		t.Error("a formula or a whole document number was written")
	}
	if n := count(t, s.DB, "SELECT count(*) FROM audit_events WHERE action = 'commission.export'"); n != 1 {
		t.Errorf("%d exports were recorded", n)
	}
}
