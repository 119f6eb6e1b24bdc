package sanctions_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pagaduria/models/sanctions"
	"pagaduria/models/sanctions/excerpt"
)

func published(t testing.TB, name string) string {
	t.Helper()
	b, err := fs.ReadFile(excerpt.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// set is an OFAC set as text.
type set struct{ sdn, alt, add, comments string }

func publishedSet(t testing.TB) set {
	return set{published(t, "sdn.csv"), published(t, "alt.csv"), published(t, "add.csv"), published(t, "sdn_comments.csv")}
}

func (s set) read() (entries []sanctions.Entry, err error) {
	err = sanctions.ReadOFAC(sanctions.OFACFiles{Entries: strings.NewReader(s.sdn), Names: strings.NewReader(s.alt), Addresses: strings.NewReader(s.add), Comments: strings.NewReader(s.comments)},
		func(e sanctions.Entry) error { entries = append(entries, e); return nil })
	return entries, err
}

func find(t *testing.T, entries []sanctions.Entry, number string) sanctions.Entry {
	t.Helper()
	i := slices.IndexFunc(entries, func(e sanctions.Entry) bool { return e.Number == number || e.Reference == number })
	if i < 0 {
		t.Fatalf("entry %s is not there", number)
	}
	return entries[i]
}

func TestReadOFAC(t *testing.T) {
	t.Parallel()
	entries, err := publishedSet(t).read()
	if err != nil {
		t.Fatal(err)
	}
	e := find(t, entries, "4307")
	if e.Name() != "ABRIL CORTEZ, Oliverio" || e.Kind != sanctions.Person || !slices.Equal(e.Programs, []string{"SDNT"}) ||
		!slices.Contains(e.Names, sanctions.Name{Text: "ABRIL CORTES, Oliverio", Kind: sanctions.Alias}) {
		t.Errorf("got %+v", e)
	}
	if len(e.Documents) == 0 || e.Documents[0].Type != "CC" || e.Documents[0].Country != "Colombia" {
		t.Errorf("documents %+v", e.Documents)
	}
	if firm := find(t, entries, "8902"); firm.Kind != sanctions.Company || !slices.Contains(firm.Documents, sanctions.Document{Type: "NIT", Number: "800107304-7", Country: "Colombia"}) {
		t.Errorf("got %+v", firm)
	}
	kinds := map[sanctions.Kind]int{}
	for _, e := range entries {
		kinds[e.Kind]++
	}
	if kinds[sanctions.Vessel] == 0 || kinds[sanctions.Aircraft] == 0 {
		t.Errorf("kinds %v", kinds)
	}
}

func TestRemarksOfOFAC(t *testing.T) {
	t.Parallel()
	line := `1,"PEREZ, Juan","individual","SDNT] [SDGT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 24 Aug 1951; alt. DOB circa 1952; POB Cali, Colombia; nationality Colombia; ` +
		`Cedula No. 0071622765 (Colombia); NIT # 8001711408; Passport T321642 (Colombia) expires 2010; alt. Passport AB 12; C.E. 123456 (Colombia); a.k.a. 'PACHO'; Linked To: X 9 CO.."` + "\r\n"
	entries, err := set{line, "", "", "1,\"; a.k.a. 'EL GORDO'.\"\n\x1a"}.read()
	if err != nil {
		t.Fatal(err)
	}
	e := entries[0]
	want := []sanctions.Document{{Type: "CC", Number: "0071622765", Country: "Colombia"}, {Type: "NIT", Number: "8001711408"}, {Type: "PAS", Number: "T321642", Country: "Colombia"},
		{Type: "PAS", Number: "AB 12"}, {Type: "CE", Number: "123456", Country: "Colombia"}}
	if !reflect.DeepEqual(e.Documents, want) {
		t.Errorf("documents %+v", e.Documents)
	}
	if !slices.Equal(e.Born, []string{"24 Aug 1951", "circa 1952"}) || !slices.Equal(e.Places, []string{"Cali, Colombia"}) || !slices.Equal(e.Countries, []string{"Colombia"}) || len(e.Programs) != 2 {
		t.Errorf("got %+v", e)
	}
	if !slices.Contains(e.Names, sanctions.Name{Text: "PACHO", Kind: sanctions.Weak}) || !slices.Contains(e.Names, sanctions.Name{Text: "EL GORDO", Kind: sanctions.Weak}) {
		t.Errorf("names %+v", e.Names)
	}
}

func TestBrokenOFACSetsAreRefused(t *testing.T) {
	t.Parallel()
	whole := publishedSet(t)
	lines := strings.SplitAfter(whole.sdn, "\n")
	tests := map[string]set{
		"empty":                           {"", whole.alt, whole.add, whole.comments},
		"cut within a line":               {whole.sdn[:len(whole.sdn)-20], whole.alt, whole.add, whole.comments},
		"cut between lines":               {strings.Join(lines[:len(lines)/2], ""), whole.alt, whole.add, whole.comments},
		"an entry twice":                  {whole.sdn + lines[0], whole.alt, whole.add, whole.comments},
		"files swapped":                   {whole.alt, whole.sdn, whole.add, whole.comments},
		"other names cut within a line":   {whole.sdn, whole.alt[:len(whole.alt)-9], whole.add, whole.comments},
		"an error page instead of a list": {"<html>Service unavailable</html>", whole.alt, whole.add, whole.comments},
	}
	for name, s := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := s.read(); !errors.Is(err, sanctions.ErrBroken) {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := sanctions.ReadOFAC(sanctions.OFACFiles{Entries: strings.NewReader(whole.sdn)}, nil); !errors.Is(err, sanctions.ErrBroken) {
		t.Errorf("without other names and addresses: %v", err)
	}
}

func readUN(text string) (entries []sanctions.Entry, err error) {
	_, err = sanctions.ReadUN(strings.NewReader(text), func(e sanctions.Entry) error { entries = append(entries, e); return nil })
	return entries, err
}

func TestReadUN(t *testing.T) {
	t.Parallel()
	generated, err := sanctions.ReadUN(strings.NewReader(published(t, "UN.xml")), func(sanctions.Entry) error { return nil })
	if err != nil || generated.Format("2006-01-02") != "2026-02-27" {
		t.Fatalf("generated %v, %v", generated, err)
	}
	entries, err := readUN(published(t, "UN.xml"))
	if err != nil {
		t.Fatal(err)
	}
	e := find(t, entries, "CDi.001")
	if e.Name() != "ERIC BADEGE" || e.Number != "6907993" || e.Kind != sanctions.Person || len(e.Names) != 1 || !slices.Equal(e.Born, []string{"1971"}) || e.ListedOn != "2012-12-31" {
		t.Errorf("got %+v", e)
	}
	if c := find(t, entries, "CDe.001"); c.Kind != sanctions.Company || !slices.Contains(c.Names, sanctions.Name{Text: "NALU", Kind: sanctions.Former}) {
		t.Errorf("got %+v", c)
	}
}

func TestBrokenUNListsAreRefused(t *testing.T) {
	t.Parallel()
	whole := published(t, "UN.xml")
	for name, text := range map[string]string{
		"empty":                   "",
		"cut in the middle":       whole[:len(whole)/2],
		"cut before the end":      strings.TrimSuffix(strings.TrimSpace(whole), "</CONSOLIDATED_LIST>"),
		"another document":        "<html><body/></html>",
		"without entries":         "<CONSOLIDATED_LIST></CONSOLIDATED_LIST>",
		"an entry without a name": "<CONSOLIDATED_LIST><INDIVIDUAL><DATAID>1</DATAID></INDIVIDUAL></CONSOLIDATED_LIST>",
		"no markup":               "1,2,3",
	} {
		if _, err := readUN(text); !errors.Is(err, sanctions.ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadOFAC(f *testing.F) {
	s := publishedSet(f)
	f.Add(s.sdn, s.alt, s.add, s.comments)
	f.Add("1,\"A\",-0- ,x,,,,,,,,\"DOB 1; NIT # 1-\"", "", "", "\x1a")
	f.Fuzz(func(t *testing.T, sdn, alt, add, comments string) {
		entries, err := set{sdn, alt, add, comments}.read()
		if err != nil && !errors.Is(err, sanctions.ErrBroken) {
			t.Fatalf("%v", err)
		}
		sound(t, entries)
	})
}

func FuzzReadUN(f *testing.F) {
	f.Add([]byte(published(f, "UN.xml")))
	f.Add([]byte("<CONSOLIDATED_LIST><ENTITY><DATAID>1</DATAID><FIRST_NAME>x</FIRST_NAME></ENTITY></CONSOLIDATED_LIST>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var entries []sanctions.Entry
		_, err := sanctions.ReadUN(io.LimitReader(bytes.NewReader(b), 1<<20), func(e sanctions.Entry) error { entries = append(entries, e); return nil })
		if err != nil && !errors.Is(err, sanctions.ErrBroken) {
			t.Fatalf("%v", err)
		}
		sound(t, entries)
	})
}

// sound holds what is read to what is promised: every entry has a number and a name, can be kept and looked for.
func sound(t *testing.T, entries []sanctions.Entry) {
	for _, e := range entries {
		if e.Number == "" || e.Name() == "" {
			t.Fatalf("got %+v", e)
		}
		if _, err := e.Data(); err != nil {
			t.Fatal(err)
		}
	}
	sanctions.NewIndex(entries).Search(sanctions.Query{Name: "Juan Pérez", DocumentNumber: "800.107.304-7"}, 850)
}
