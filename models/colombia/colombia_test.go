package colombia

import (
	"encoding/csv"
	"os"
	"slices"
	"testing"
	"time"
)

func TestFindMunicipality(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, city, department, want string }{
		{"as written by DANE", "Medellín", "Antioquia", "05001"},
		{"without accents, in capitals", "MEDELLIN", "antioquia", "05001"},
		{"decomposed accents", "Medelli\u0301n", "Antioquia", "05001"},
		{"alias", "Cartagena", "Bolívar", "13001"},
		{"capital by its short name", "Bogota", "Bogotá D.C.", "11001"},
		{"department by code", "Cali", "76", "76001"},
		{"the only one of its name", "Leticia", "", "91001"},
		{"several of that name", "Rionegro", "", ""},
		{"one of several", "Rionegro", "Santander", "68615"},
		{"wrong department", "Medellín", "Cauca", ""},
		{"no such place", "Atlantis", "Antioquia", ""},
		{"retired place", "Mapiripana", "Guainía", ""},
		{"nothing typed", "", "", ""},
	} {
		if m, ok := FindMunicipality(c.city, c.department); m.Code != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q, want %q", c.name, m.Code, c.want)
		}
	}
}

func TestMunicipalities(t *testing.T) {
	t.Parallel()
	if n := len(Municipalities()); n != 1122 {
		t.Errorf("got %d in use, want 1122", n)
	}
	if m, ok := MunicipalityByCode("94663"); !ok || !m.Retired {
		t.Errorf("retired place: got %+v", m)
	}
	if _, ok := MunicipalityByCode("5001"); ok {
		t.Error("a code that lost its zero was found")
	}
	for _, m := range Municipalities() {
		if found, ok := FindMunicipality(m.Name, m.Department); !ok || found.Code != m.Code {
			t.Errorf("%s, %s: got %q, want %s", m.Name, m.Department, found.Code, m.Code)
		}
	}
}

func TestBanks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, account string
		takes         bool
	}{
		{"007", "12345678901", true}, {"007", "123456789012", false}, {"051", "123456789012", true},
		{"051", "1234567890123", false}, {"507", "3001234567", true}, {"507", "6001234567", false},
	} {
		b, ok := BankByCode(c.code)
		if !ok || b.TakesAccount(c.account) != c.takes {
			t.Errorf("bank %s, account %s: want %v", c.code, c.account, c.takes)
		}
	}
	if b, _ := BankByCode("507"); b.RailCode("d24") != "1507" || b.RailCode("dlocal") != "507" {
		t.Errorf("codes of Nequi: %+v", b)
	}
	if _, ok := BankByCode("7"); ok {
		t.Error("a code that lost its zeros was found")
	}
	if slices.ContainsFunc(Banks(), func(b Bank) bool { return b.Code == "685" }) {
		t.Error("the treasury is offered to payees")
	}
}

func TestDocumentTypes(t *testing.T) {
	t.Parallel()
	ppt, _ := DocumentTypeByCode("PPT")
	if ppt.RailCode("d24") != "" || ppt.Name("zh-CN") != "临时保护许可" || ppt.Name("fr") != "Temporary protection permit" {
		t.Errorf("got %+v", ppt)
	}
	if pep, ok := DocumentTypeByCode("PEP"); !ok || pep.RailCode("dlocal") != "PEP" {
		t.Errorf("got %+v", pep)
	}
	if ti, _ := DocumentTypeByCode("TI"); ti.MayBePaid || len(DocumentTypes()) != 6 {
		t.Errorf("got %+v of %d", ti, len(DocumentTypes()))
	}
}

func TestHolidaysAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/holidays.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	table, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want, got := []string{}, []string{}
	for _, row := range table[1:] {
		want = append(want, row[0]+" "+row[3]+" "+row[4])
	}
	for year := 2025; year <= 2028; year++ {
		for _, h := range Holidays(year) {
			got = append(got, h.Date.Format(time.DateOnly)+" "+h.NameES+" "+h.NameEN)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBusinessDays(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]bool{"2026-11-16": false, "2026-11-17": true, "2026-11-21": false, "2026-12-08": false} {
		date, err := time.ParseInLocation(time.DateOnly, day, Bogota)
		if err != nil {
			t.Fatal(err)
		}
		if IsBusinessDay(date.Add(23*time.Hour)) != want {
			t.Errorf("%s: want business day %v", day, want)
		}
	}
}
