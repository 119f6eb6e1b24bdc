package distributors_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/blobs"
	"pagaduria/services/distributors"
	"pagaduria/services/mail"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

const dataFile = "../../models/intake/testdata/distributors/distributors.csv"

func newService(t testing.TB) *distributors.Service {
	t.Helper()
	address, err := blobs.FolderAddress(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files, err := blobs.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	db := storetest.New(t)
	return &distributors.Service{DB: db, Blobs: files, Mail: mail.New(db, nil, nil), Today: func() time.Time { return today }}
}

func open(t testing.TB) *os.File {
	t.Helper()
	f, err := os.Open(dataFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func runImport(t testing.TB, s *distributors.Service, r io.ReadSeeker, change func(*models.ImportOptions)) (models.ImportResult, models.ImportFaults) {
	t.Helper()
	var faults models.ImportFaults
	o := models.ImportOptions{By: models.System("test"), Today: today, FileName: "distributors.csv", OnFault: faults.Keep}
	if change != nil {
		change(&o)
	}
	result, err := s.Import(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	return result, faults
}

func count(t testing.TB, db *store.DB, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := db.Pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func expectedFaults(t testing.TB) (refused, warnings []string) {
	t.Helper()
	f, err := os.Open(strings.Replace(dataFile, ".csv", "_expected_errors.csv", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		said := r[0] + " " + r[2] + " " + r[3]
		if r[4] == "error" {
			refused = append(refused, said)
			continue
		}
		warnings = append(warnings, said)
	}
	return refused, warnings
}

func words(faults []models.ImportFault) (said []string) {
	for _, f := range faults {
		said = append(said, fmt.Sprintf("%d %s %s", f.Line, f.Field, f.Code))
	}
	return said
}

func TestImportOfTheWholeFileAndAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	refused, warnings := expectedFaults(t)
	check := func(name string, got models.ImportResult, faults models.ImportFaults, want models.ImportResult) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		if said := words(faults.Refused); !slices.Equal(said, refused) {
			t.Errorf("%s: refused %v, want %v", name, said, refused)
		}
		if said := words(faults.Warnings); !slices.Equal(said, warnings) {
			t.Errorf("%s: warned %v, want %v", name, said, warnings)
		}
	}

	got, faults := runImport(t, s, open(t), func(o *models.ImportOptions) { o.DryRun = true })
	check("dry run", got, faults, models.ImportResult{Rows: 2000, Created: 1900, Refused: 100, Warnings: 9})
	if n := count(t, s.DB, "SELECT (SELECT count(*) FROM distributors) + (SELECT count(*) FROM audit_events)"); n != 0 {
		t.Errorf("the dry run left %d rows behind", n)
	}

	got, faults = runImport(t, s, open(t), nil)
	check("first", got, faults, models.ImportResult{Rows: 2000, Created: 1900, Refused: 100, Warnings: 9})
	for what, sql := range map[string]string{
		"distributors":      "SELECT count(*) FROM distributors WHERE verification = 'unverified' AND version = 1",
		"preferred methods": "SELECT count(*) FROM payout_methods m JOIN distributors d ON d.id = m.distributor_id WHERE preferred AND m.kind = d.method_kind",
		"search texts":      "SELECT count(*) FROM distributor_search",
		"tally":             "SELECT sum(n) FROM tallies WHERE list = 'distributors' AND key = 'unverified'",
	} {
		if n := count(t, s.DB, sql); n != 1900 {
			t.Errorf("%d %s, want 1900", n, what)
		}
	}
	if n := count(t, s.DB, "SELECT count(*) FROM distributors WHERE doc_type = 'PPT'"); n == 0 {
		t.Error("nobody with a PPT was taken")
	}

	got, faults = runImport(t, s, open(t), nil)
	check("second", got, faults, models.ImportResult{Rows: 2000, Unchanged: 1900, Refused: 100, Warnings: 9})
	if n := count(t, s.DB, "SELECT count(*) FROM distributors WHERE version > 1"); n != 0 {
		t.Errorf("%d distributors were touched again", n)
	}
}

func TestConcurrentImportsOfOneFile(t *testing.T) {
	t.Parallel()
	s := newService(t)
	body, err := os.ReadFile(dataFile)
	if err != nil {
		t.Fatal(err)
	}
	results := make([]models.ImportResult, 3)
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() { results[i], _ = runImport(t, s, bytes.NewReader(body), nil) })
	}
	wait.Wait()
	created, unchanged := 0, 0
	for _, r := range results {
		created, unchanged = created+r.Created, unchanged+r.Unchanged
	}
	if created != 1900 || unchanged != 3800 {
		t.Errorf("created %d and found %d unchanged, want 1900 and 3800", created, unchanged)
	}
}

const head = "ref_code;doc_type;doc_number;first_names;last_names;phone;email;divipola;payout_method;bank_code;account_type;account_number;upline_ref\n"

func TestImportChangesWhatTheFileChanges(t *testing.T) {
	t.Parallel()
	s := newService(t)
	first := head +
		"A;CC;1000001;Ana;Ruiz;3001234567;;11001;efecty_cash;;;;B\n" +
		"B;CC;1000002;Beto;Ruiz;3001234568;;11001;efecty_cash;;;;\n" +
		"C;CC;1000003;Carla;Ruiz;3001234569;;11001;efecty_cash;;;;A\n"
	second := head +
		"A;CC;1000001;Ana María;Ruiz;3001234567;;11001;efecty_cash;;;;B\n" + // name
		"B;CC;1000002;Beto;Ruiz;3001234568;;11001;bank;001;S;469990698;\n" + // method: needs a second person
		"C;CC;1000003;Carla;Ruiz;3001234569;;11001;efecty_cash;;;;B\n" // upline
	if got, faults := runImport(t, s, strings.NewReader(first), nil); got.Created != 3 {
		t.Fatalf("got %+v, %+v", got, faults)
	}
	if _, err := s.DB.Pool.Exec(t.Context(), "UPDATE distributors SET verification = 'verified'"); err != nil {
		t.Fatal(err)
	}
	if got, faults := runImport(t, s, strings.NewReader(second), nil); got.Updated != 2 || got.Unchanged != 1 || got.Warnings != 1 {
		t.Fatalf("got %+v, %+v", got, faults)
	}
	type row struct{ Code, Name, Verification, Method, Upline string }
	rows, err := store.Select[row](t.Context(), s.DB.Pool, `SELECT d.code, d.given_names, d.verification, m.kind, coalesce(u.code, '')
		FROM distributors d JOIN payout_methods m ON m.distributor_id = d.id AND m.preferred LEFT JOIN distributors u ON u.id = d.upline_id ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	want := []row{{"A", "Ana María", "unverified", "efecty_cash", "B"}, {"B", "Beto", "verified", "efecty_cash", ""}, {"C", "Carla", "verified", "efecty_cash", "B"}}
	if !slices.Equal(rows, want) {
		t.Errorf("got %v, want %v", rows, want)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM audit_events WHERE action = 'distributor.update'"); n != 2 {
		t.Errorf("%d changes recorded, want 2", n)
	}
	if got, _ := runImport(t, s, strings.NewReader(first), nil); got.Updated != 2 || got.Warnings != 0 {
		t.Fatalf("back again: got %+v", got)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM payout_methods"); n != 3 {
		t.Errorf("%d methods, want 3: a file changes none", n)
	}
}

func TestImportIsUndoneWhenTheReportCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, err := s.Import(t.Context(), open(t), models.ImportOptions{By: models.System("test"), Today: today,
		OnFault: func(models.ImportSeverity, models.ImportFault) error { return os.ErrClosed }})
	if err == nil {
		t.Fatal("the import went through")
	}
	if n := count(t, s.DB, "SELECT count(*) FROM distributors"); n != 0 {
		t.Errorf("%d distributors stayed", n)
	}
}

func TestRepeatedHeaderBlankLinesAndBrokenRows(t *testing.T) {
	t.Parallel()
	s := newService(t)
	body := head + "\nA;CC;1000001;Ana;Ruiz;3001234567;;11001;efecty_cash;;;;\n" + head + ";;;;\n" + `B;CC;"1000002;Beto` + "\n" + "C;CC;x;C;R;;;11001;efecty_cash;;;;\n" +
		"D;CC;1000004;D;R;3001234567;;11001;efecty_cash;;;;\n" +
		"E;CC;1000005;E;R;3001234567;;11001;efecty_cash;;;;D\n"
	got, faults := runImport(t, s, strings.NewReader(body), nil)
	if want := (models.ImportResult{Rows: 8, Created: 3, Skipped: 3, Refused: 2}); got != want {
		t.Errorf("got %+v, want %+v (%v)", got, want, faults)
	}
}
