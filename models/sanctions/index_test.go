package sanctions_test

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"pagaduria/models/sanctions"
	"pagaduria/models/sanctions/excerpt"
)

// readAll reads an OFAC set and UN.xml from a folder.
func readAll(folder fs.FS, un string) (entries []sanctions.Entry, err error) {
	var files [4]fs.File
	for i, name := range []string{"sdn.csv", "alt.csv", "add.csv", "sdn_comments.csv"} {
		if files[i], err = folder.Open(name); err != nil {
			return nil, err
		}
	}
	keep := func(e sanctions.Entry) error { entries = append(entries, e); return nil }
	err = sanctions.ReadOFAC(sanctions.OFACFiles{Entries: files[0], Names: files[1], Addresses: files[2], Comments: files[3]}, keep)
	if err != nil || un == "" {
		return entries, err
	}
	f, err := folder.Open(un)
	if err != nil {
		return nil, err
	}
	_, err = sanctions.ReadUN(f, keep)
	return entries, err
}

// part is an index of the excerpts.
var part = sync.OnceValue(func() *sanctions.Index {
	entries, err := readAll(excerpt.Files, "UN.xml")
	if err != nil {
		panic(err)
	}
	return sanctions.NewIndex(entries)
})

// whole is an index of whole editions of both lists, in a folder that SANCTIONS_DATA names; without it tests of them are
// skipped.
func whole(t testing.TB) *sanctions.Index {
	t.Helper()
	folder := os.Getenv("SANCTIONS_DATA")
	if folder == "" {
		t.Skip("SANCTIONS_DATA names no folder with whole editions of the lists")
	}
	entries, err := readAll(os.DirFS(filepath.Join(folder, "ofac")), "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(folder, "un", "UN_consolidated.xml"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = sanctions.ReadUN(f, func(e sanctions.Entry) error { entries = append(entries, e); return nil })
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return sanctions.NewIndex(entries)
}

var (
	kinds = map[string]sanctions.Kind{"person": sanctions.Person, "company": sanctions.Company}
	rank  = map[sanctions.Level]int{sanctions.Clear: 0, sanctions.Review: 1, sanctions.Hold: 2}
)

func TestExamples(t *testing.T) {
	t.Parallel()
	examples(t, part())
}

func TestExamplesAgainstWholeLists(t *testing.T) {
	t.Parallel()
	examples(t, whole(t))
}

func examples(t *testing.T, x *sanctions.Index) {
	f, err := os.Open("testdata/screening_examples.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		hits := x.Search(sanctions.Query{Name: r[2], Kind: kinds[r[3]], DocumentType: r[4], DocumentNumber: r[5]}, 850)
		if r[1] == "clear" {
			if sanctions.DefaultThresholds.Worst(hits) == sanctions.Hold {
				t.Errorf("%s %q is held for %+v", r[0], r[2], hits[0])
			}
			continue
		}
		found := slices.IndexFunc(hits, func(h sanctions.Hit) bool {
			return string(h.Entry.List) == r[6] && (h.Entry.Number == r[7] || h.Entry.Reference == r[7])
		})
		if found < 0 {
			t.Errorf("%s %q: %s is not among %d hits", r[0], r[2], r[8], len(hits))
			continue
		}
		if got, want := sanctions.DefaultThresholds.Of(hits[found]), sanctions.Level(r[10]); rank[got] < rank[want] {
			t.Errorf("%s %q: %s at %d, want %s", r[0], r[2], got, hits[found].Score, want)
		}
	}
}

// listed is an index of made-up entries.
func listed(entries ...sanctions.Entry) *sanctions.Index { return sanctions.NewIndex(entries) }

func somebody(name string, more ...sanctions.Name) sanctions.Entry {
	return sanctions.Entry{List: sanctions.OFAC, Number: "1", Kind: sanctions.Person, Names: append([]sanctions.Name{{Text: name, Kind: sanctions.Primary}}, more...)}
}

func firm(name string) sanctions.Entry {
	return sanctions.Entry{List: sanctions.OFAC, Number: "2", Kind: sanctions.Company, Names: []sanctions.Name{{Text: name, Kind: sanctions.Primary}}}
}

func TestNamesThatAreAndAreNotTheSame(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, list, asked string
		company           bool
		want              sanctions.Level
	}{
		{"accents", "PENA NUNEZ, Jose", "José Peña Núñez", false, sanctions.Hold},
		{"surnames first", "ROJAS LARA, Ana Sofia", "Rojas Lara Ana Sofía", false, sanctions.Hold},
		{"particles", "DE LA CRUZ, Maria", "Maria Cruz", false, sanctions.Hold},
		{"silent H", "HERNANDEZ OSPINO, Elver", "Elver Ernández Ospino", false, sanctions.Hold},
		{"V for B", "BALENCIA RIVAS, Omar", "Omar Valencia Ribas", false, sanctions.Hold},
		{"S for Z", "GONZALEZ PAEZ, Luz", "Luz Gonsales Páes", false, sanctions.Hold},
		{"Y for LL", "CASTRILLON LLANO, Rita", "Rita Castriyón Yano", false, sanctions.Hold},
		{"G for J", "JIMENEZ JEREZ, Saul", "Saúl Giménez Gerez", false, sanctions.Hold},
		{"K for C and QU", "QUIROZ CANO, Rocco", "Roko Kiros Kano", false, sanctions.Hold},
		{"Jhon", "MEJIA PARRA, John Fredy", "Jhon Freddy Mejía Parra", false, sanctions.Hold},
		{"a slip of the pen", "ZULUAGA ARANGO, Hernan", "Hernán Zuluga Arango", false, sanctions.Hold},
		{"second surname missing", "ZULUAGA ARANGO, Hernan", "Hernán Zuluaga", false, sanctions.Hold},
		{"second given name added", "ZULUAGA, Hernan", "Hernán Darío Zuluaga", false, sanctions.Clear},
		{"pinyin, Western order", "WANG, Xiaoming", "Xiaoming Wang", false, sanctions.Hold},
		{"pinyin, syllables apart", "WANG, Xiaoming", "Wang Xiao Ming", false, sanctions.Hold},
		{"pinyin, syllables together", "WANG, Xiao Ming", "Xiaoming Wang", false, sanctions.Hold},
		{"another Wang", "WANG, Xiaoming", "Wang Junjie", false, sanctions.Clear},
		{"one word of a person", "PACHO", "Pacho", false, sanctions.Review},
		{"only the surname agrees", "ZULUAGA ARANGO, Hernan", "Marta Zuluaga Ríos", false, sanctions.Clear},
		{"common names, other surnames", "MORENO DIAZ, Luis Fernando", "Luis Fernando Castro Ruiz", false, sanctions.Clear},
		{"legal form written out", "LA MONEDA LTDA", "La Moneda Limitada", true, sanctions.Hold},
		{"legal form with and without dots", "TEXTILES ORION S.A.S.", "Textiles Orión SAS", true, sanctions.Hold},
		{"en comandita", "RUIZ HERMANOS Y CIA. S. EN C.", "Ruiz Hermanos", true, sanctions.Hold},
		{"and company", "ANGLO-CARIBBEAN CO., LTD.", "Anglo Caribbean", true, sanctions.Hold},
		{"one word of a company", "CONSTRUVIDA S.A.", "Construvida", true, sanctions.Hold},
		{"words joined", "JSC ARGUMENT", "JSCArgument", true, sanctions.Hold},
		{"another company of the trade", "INVERSIONES LA GRAN VIA", "Inversiones El Porvenir", true, sanctions.Clear},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			entry, kind := somebody(tt.list), sanctions.Person
			if tt.company {
				entry, kind = firm(tt.list), sanctions.Company
			}
			hits := listed(entry).Search(sanctions.Query{Name: tt.asked, Kind: kind}, 500)
			if got := sanctions.DefaultThresholds.Worst(hits); got != tt.want {
				t.Errorf("%s, want %s: %+v", got, tt.want, hits)
			}
		})
	}
}

func TestANicknameNeverHolds(t *testing.T) {
	t.Parallel()
	x := listed(somebody("SALAZAR TORO, Ivan", sanctions.Name{Text: "El Gato Negro", Kind: sanctions.Weak}))
	hits := x.Search(sanctions.Query{Name: "Gato Negro", Kind: sanctions.Person}, 850)
	if len(hits) != 1 || hits[0].Score < 950 || sanctions.DefaultThresholds.Of(hits[0]) != sanctions.Review {
		t.Errorf("got %+v, want a review", hits)
	}
}

func TestDocumentsDecide(t *testing.T) {
	t.Parallel()
	with := func(documents ...sanctions.Document) *sanctions.Index {
		e := somebody("LOZANO VELA, Pedro")
		e.Documents = documents
		return listed(e)
	}
	cedula, nit := sanctions.Document{Type: "CC", Number: "0016247821", Country: "Colombia"}, sanctions.Document{Type: "NIT", Number: "800107304-7", Country: "Colombia"}
	joined := sanctions.Document{Type: "NIT", Number: "8909417652"}
	passport := sanctions.Document{Type: "PAS", Number: "AB 149814", Country: "Peru"}
	other := sanctions.Document{Type: "National ID No.", Number: "16247821", Country: "Iran"}
	tests := []struct {
		name         string
		on           sanctions.Document
		kind, number string
		country      string
		want         bool
	}{
		{"dots and zeros", cedula, "CC", "16.247.821", "CO", true},
		{"another number", cedula, "CC", "16247822", "CO", false},
		{"type not known", cedula, "", "16247821", "", true},
		{"another country", cedula, "CC", "16247821", "EC", false},
		{"another kind of document", cedula, "CE", "16247821", "CO", false},
		{"a cédula as NIT", cedula, "NIT", "16247821", "CO", true},
		{"NIT with its digit", nit, "NIT", "800.107.304-7", "CO", true},
		{"NIT without its digit", nit, "NIT", "800107304", "CO", true},
		{"NIT joined with its digit on the list", joined, "NIT", "890941765", "CO", true},
		{"NIT joined on both sides", joined, "NIT", "8909417652", "CO", true},
		{"passport of another country", passport, "PAS", "ab149814", "CO", true},
		{"a national number of elsewhere", other, "CC", "16247821", "CO", false},
		{"a national number, nothing known", other, "", "16247821", "", true},
		{"too short to say anything", sanctions.Document{Type: "PAS", Number: "123"}, "PAS", "123", "", false},
		{"none", cedula, "CC", "", "CO", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hits := with(tt.on).Search(sanctions.Query{Name: "Nobody Knownhere", Kind: sanctions.Person, DocumentType: tt.kind, DocumentNumber: tt.number, Country: tt.country}, 850)
			if got := len(hits) == 1 && hits[0].Document != "" && sanctions.DefaultThresholds.Of(hits[0]) == sanctions.Hold; got != tt.want {
				t.Errorf("held %v, want %v: %+v", got, tt.want, hits)
			}
		})
	}
}

func TestAShipIsNobody(t *testing.T) {
	t.Parallel()
	ship := sanctions.Entry{List: sanctions.OFAC, Number: "3", Kind: sanctions.Vessel, Names: []sanctions.Name{{Text: "MARIA DEL MAR"}}}
	if hits := listed(ship).Search(sanctions.Query{Name: "María del Mar"}, 500); len(hits) != 0 {
		t.Errorf("got %+v", hits)
	}
}

func TestAHitSaysWhy(t *testing.T) {
	t.Parallel()
	hits := listed(somebody("CORTEZ ABRIL, Oliverio")).Search(sanctions.Query{Name: "Olivero Cortés Ruiz", Kind: sanctions.Person}, 500)
	if len(hits) != 1 {
		t.Fatalf("got %+v", hits)
	}
	how := map[string]sanctions.How{}
	for _, p := range hits[0].Pairs {
		how[p.Asked+" "+p.Listed] = p.How
	}
	if how["cortes cortez"] != sanctions.Sounds || how["olivero oliverio"] != sanctions.Near || !slices.Equal(hits[0].Asked, []string{"ruiz"}) || !slices.Equal(hits[0].Listed, []string{"abril"}) {
		t.Errorf("got %+v", hits[0])
	}
}

func TestWhateverIsAskedFor(t *testing.T) {
	t.Parallel()
	x := part()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-ZÁÉÑ][a-zñáé]{1,9}( [A-ZÁÉÑ][a-zñáé]{1,9}){0,4}`)).Draw(t, "name")
		q := sanctions.Query{Name: name, Kind: rapid.SampledFrom([]sanctions.Kind{"", sanctions.Person, sanctions.Company}).Draw(t, "kind"),
			DocumentNumber: rapid.StringMatching(`[0-9A-Z.-]{0,12}`).Draw(t, "number")}
		low := x.Search(q, 850)
		for i, h := range low {
			if h.Score < 850 || h.Score > sanctions.Full || i > 0 && low[i-1].Score < h.Score {
				t.Fatalf("hit %d of %+v", i, low)
			}
		}
		words := strings.Fields(name)
		slices.Reverse(words)
		again := x.Search(sanctions.Query{Name: strings.ToUpper(strings.Join(words, "  ")), Kind: q.Kind, DocumentNumber: q.DocumentNumber}, 850)
		if q.Kind == sanctions.Person && len(strings.Join(words, "")) == len([]rune(strings.Join(words, ""))) && len(again) != len(low) {
			t.Fatalf("%q finds %d, in another order %d", name, len(low), len(again))
		}
	})
}

func TestEverybodyListedFindsThemselves(t *testing.T) {
	t.Parallel()
	entries, err := readAll(excerpt.Files, "UN.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Kind == sanctions.Vessel || e.Kind == sanctions.Aircraft {
			continue
		}
		for _, n := range e.Names {
			hits := part().Search(sanctions.Query{Name: n.Text, Kind: e.Kind}, 850)
			if !slices.ContainsFunc(hits, func(h sanctions.Hit) bool { return h.Entry.Number == e.Number && h.Score == sanctions.Full }) {
				t.Errorf("%q (%s %s) does not find itself: %d hits", n.Text, e.List, e.Number, len(hits))
			}
		}
	}
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		review, hold int
		want         bool
	}{{850, 950, true}, {800, 1000, true}, {799, 950, false}, {950, 950, false}, {900, 850, false}, {850, 1001, false}} {
		if got := (sanctions.Thresholds{Review: tt.review, Hold: tt.hold}).Valid(); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
