package screening_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/models/sanctions/excerpt"
	"pagaduria/services/screening"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

var now = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

func newService(t testing.TB) *screening.Service {
	t.Helper()
	return &screening.Service{DB: storetest.New(t), Now: func() time.Time { return now }}
}

func text(name, content string) screening.File {
	return screening.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

func published(t testing.TB, name string) string {
	t.Helper()
	b, err := fs.ReadFile(excerpt.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// ofac is the published set with the lines of some entries left out.
func ofac(t testing.TB, without ...string) []screening.File {
	t.Helper()
	var files []screening.File
	for _, name := range []string{"sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"} {
		var kept []string
		for _, line := range strings.SplitAfter(published(t, name), "\n") {
			number, _, _ := strings.Cut(line, ",")
			left := false
			for _, w := range without {
				left = left || number == w
			}
			if !left {
				kept = append(kept, line)
			}
		}
		files = append(files, text(name, strings.Join(kept, "")))
	}
	return files
}

func load(t testing.TB, s *screening.Service, files ...screening.File) []screening.Loaded {
	t.Helper()
	done, err := s.LoadLists(t.Context(), models.System("test"), screening.Load{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func count(t testing.TB, s *screening.Service, sql string, args ...any) (n int) {
	t.Helper()
	if err := s.DB.Pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// key is the catalogue key of a refusal.
func key(err error) string {
	var refusal *models.Error
	if errors.As(err, &refusal) {
		return refusal.Key
	}
	return ""
}

func TestAListComesInForceAndIsTheSameAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	done := load(t, s, append(ofac(t), text("un.xml", published(t, "UN.xml")))...)
	if len(done) != 2 || done[0].List != sanctions.OFAC || done[0].Added != done[0].Entries || done[1].List != sanctions.UN || done[1].Added != 9 || done[1].GeneratedOn == nil {
		t.Fatalf("got %+v", done)
	}
	again := load(t, s, append(ofac(t), text("un.xml", published(t, "UN.xml")))...)
	if !again[0].Same || !again[1].Same || again[0].ID != done[0].ID || again[1].ID != done[1].ID {
		t.Errorf("again %+v", again)
	}
	if n := count(t, s, `SELECT count(*) FROM sanctions_versions`); n != 2 {
		t.Errorf("%d versions, want 2", n)
	}
	found, err := s.Search(t.Context(), sanctions.Query{Name: "Oliverio Abril Cortés"})
	if err != nil || found.Level != sanctions.Hold || found.Hits[0].Entry.Number != "4307" || found.Hits[0].EntryID == 0 {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestANewVersionSaysWhoCameAndWent(t *testing.T) {
	t.Parallel()
	s := newService(t)
	load(t, s, ofac(t, "4281")...)
	files := ofac(t, "4307")
	changed := strings.Replace(published(t, "sdn.csv"), "HEBRON S.A.", "HEBRON Y HERMANOS S.A.", 1)
	var lines []string
	for _, l := range strings.SplitAfter(changed, "\n") {
		if !strings.HasPrefix(l, "4307,") {
			lines = append(lines, l)
		}
	}
	files[0] = text("sdn.csv", strings.Join(lines, ""))
	v := load(t, s, files...)[0]
	if v.Added != 1 || v.Removed != 1 || v.Changed != 1 {
		t.Fatalf("got %+v", v)
	}
	page, err := s.Changes(t.Context(), v.ID, "", store.Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, c := range page.Rows {
		got[c.Number] = c.What
	}
	if len(got) != 3 || got["4281"] != "added" || got["4307"] != "removed" || got["8902"] != "changed" {
		t.Errorf("got %v", got)
	}
	if found, err := s.Search(t.Context(), sanctions.Query{Name: "Oliverio Abril Cortez"}); err != nil || found.Level != sanctions.Clear {
		t.Errorf("who was removed is still found: %+v, %v", found, err)
	}
}

func TestWhatIsBrokenLeavesTheVersionInForce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	load(t, s, ofac(t)...)
	sdn, un := published(t, "sdn.csv"), published(t, "UN.xml")
	lines := strings.SplitAfter(sdn, "\n")
	with := func(sdn string) []screening.File {
		return append([]screening.File{text("sdn.csv", sdn)}, ofac(t)[1:]...)
	}
	few := []screening.File{text("sdn.csv", strings.Join(lines[:8], "")), text("alt.csv", ""), text("add.csv", "")}
	few[1], few[2] = text("alt.csv", lines0(published(t, "alt.csv"), lines[:8])), text("add.csv", lines0(published(t, "add.csv"), lines[:8]))
	tests := []struct {
		name  string
		files []screening.File
		key   string
	}{
		{"cut within a line", with(sdn[:len(sdn)-30]), "screening.refused.broken"},
		{"cut between lines", with(strings.Join(lines[:20], "")), "screening.refused.broken"},
		{"the UN list cut off, with a good OFAC set", append(ofac(t, "4281"), text("un.xml", un[:len(un)-100])), "screening.refused.broken"},
		{"without other names", ofac(t)[:1], "screening.refused.broken"},
		{"too few", few, "screening.refused.smaller"},
		{"a picture", []screening.File{text("sdn.csv", "\x89PNG\r\n")}, "screening.refused.unknown"},
		{"twice the same", append(ofac(t), ofac(t)[0]), "screening.refused.twice"},
		{"nothing", nil, "screening.refused.none"},
	}
	for _, tt := range tests {
		_, err := s.LoadLists(t.Context(), models.System("test"), screening.Load{Files: tt.files})
		if got := key(err); got != tt.key {
			t.Errorf("%s: %v (%s), want %s", tt.name, err, got, tt.key)
		}
	}
	if n := count(t, s, `SELECT count(*) FROM sanctions_versions`); n != 1 {
		t.Errorf("%d versions, want 1", n)
	}
	if _, err := s.LoadLists(t.Context(), models.System("test"), screening.Load{Files: few, Smaller: true}); err != nil {
		t.Errorf("although somebody looked: %v", err)
	}
}

// lines0 are the lines of a file that belong to the entries of some lines.
func lines0(file string, entries []string) string {
	var kept []string
	for _, l := range strings.SplitAfter(file, "\n") {
		number, _, _ := strings.Cut(l, ",")
		for _, e := range entries {
			if strings.HasPrefix(e, number+",") {
				kept = append(kept, l)
			}
		}
	}
	return strings.Join(kept, "")
}

func TestTwoLoadsAtOnceAreOneVersion(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := s.LoadLists(context.Background(), models.System("test"), screening.Load{Files: ofac(t)}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := count(t, s, `SELECT count(*) FROM sanctions_versions`); n != 1 {
		t.Errorf("%d versions, want 1", n)
	}
}

func TestTheDatabaseKeepsWhatWasPublished(t *testing.T) {
	t.Parallel()
	s := newService(t)
	load(t, s, ofac(t)...)
	for _, sql := range []string{`UPDATE sanctions_entries SET name = 'X'`, `DELETE FROM sanctions_entries`, `DELETE FROM sanctions_versions`, `UPDATE screening_thresholds SET hold = 1000`} {
		if _, err := s.DB.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
}
