package intake

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// table reads a CSV file of testdata as maps by column; row 0 stands on line 2.
func table(t testing.TB, path string) []map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// judge takes the rows as an importer does: once for the keys, once for the verdicts.
func judge(rows []map[string]string, known KnownDistributors) (verdicts []string, taken []DistributorRow) {
	parse := func(row map[string]string) (DistributorRow, *Fault, []Warning) {
		return ParseDistributor(func(column string) string { return row[column] }, today)
	}
	file := NewDistributorFile(known)
	for i, row := range rows {
		if d, fault, _ := parse(row); fault == nil {
			file.Add(i+2, d)
		}
	}
	for i, row := range rows {
		d, fault, warnings := parse(row)
		if fault == nil {
			fault = file.Fault(i+2, d)
		}
		if fault != nil {
			verdicts = append(verdicts, fmt.Sprintf("%d %s %s error", i+2, fault.Field, fault.Code))
			continue
		}
		for _, w := range warnings {
			verdicts = append(verdicts, fmt.Sprintf("%d %s %s warning", i+2, w.Field, w.Code))
		}
		taken = append(taken, d)
	}
	return verdicts, taken
}

func expectedVerdicts(t testing.TB) []string {
	var want []string
	for _, e := range table(t, "testdata/distributors/distributors_expected_errors.csv") {
		want = append(want, strings.Join([]string{e["file_line"], e["field"], e["code"], e["severity"]}, " "))
	}
	return want
}

func TestDistributorsFileHasExactlyTheExpectedFaults(t *testing.T) {
	t.Parallel()
	got, taken := judge(table(t, "testdata/distributors/distributors.csv"), KnownDistributors{})
	want := expectedVerdicts(t)
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("not expected: %s", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("expected: %s", w)
		}
	}
	if len(got) != len(want) || len(taken) != 1900 {
		t.Errorf("got %d verdicts and %d rows taken, want %d and 1900", len(got), len(taken), len(want))
	}
}

// stored makes lookups of rows that were imported before.
func stored(rows []DistributorRow) KnownDistributors {
	byCode, byDocument := map[string]DistributorRow{}, map[string]string{}
	for _, d := range rows {
		byCode[d.RefCode], byDocument[d.Document.Key()] = d, d.RefCode
	}
	return KnownDistributors{
		ByCode: func(code string) (string, string, bool) {
			d, ok := byCode[code]
			return d.Document.Key(), d.UplineRef, ok
		},
		ByDocument: func(document string) (string, bool) {
			code, ok := byDocument[document]
			return code, ok
		},
	}
}

func TestSameDistributorsFileAgainMeetsItself(t *testing.T) {
	t.Parallel()
	rows := table(t, "testdata/distributors/distributors.csv")
	first, taken := judge(rows, KnownDistributors{})
	second, again := judge(rows, stored(taken))
	if !slices.Equal(first, second) {
		t.Error("the second import is judged otherwise")
	}
	if fmt.Sprint(again) != fmt.Sprint(taken) {
		t.Error("the second import reads the rows otherwise")
	}
}

// clean is a row without fault; each case changes some of its cells.
var clean = map[string]string{
	"ref_code": "DIS-1", "doc_type": "CC", "doc_number": "1.464.645.428", "doc_issued_on": "1994-07-21",
	"person_kind": "natural", "first_names": "Lorena", "last_names": "Villegas Zapata", "phone": "319 572 2846",
	"email": "lorena@tienda.example", "divipola": "50350", "municipality": "LA MACARENA", "address": "Cl. 116 # 74A-42",
	"payout_method": "efecty_cash", "tax_status": "natural_no_declarante", "iva_responsible": "no", "joined_on": "2023-10-21", "lang": "es",
}

func changed(cells ...string) map[string]string {
	row := map[string]string{}
	for column, cell := range clean {
		row[column] = cell
	}
	for i := 0; i < len(cells); i += 2 {
		row[cells[i]] = cells[i+1]
	}
	return row
}

func TestDistributorRules(t *testing.T) {
	t.Parallel()
	company := []string{"doc_type", "NIT", "doc_number", "901458652", "doc_dv", "7", "person_kind", "juridical", "business_name", "Variedades SAS"}
	bank := []string{"payout_method", "bank", "bank_code", "007", "account_type", "s", "account_number", "123-456 789"}
	for _, c := range []struct {
		name  string
		cells []string
		want  string // "field code" of the fault, of warnings with a ~
	}{
		{"clean", nil, ""},
		{"no code", []string{"ref_code", " "}, "ref_code ref_missing"},
		{"very long code", []string{"ref_code", strings.Repeat("x", 201)}, "ref_code text_too_long"},
		{"minor", []string{"doc_type", "TI"}, "doc_type minor_document"},
		{"old cédula", []string{"doc_number", "12345"}, "~doc_number doc_length"},
		{"company", company, ""},
		{"company with the check digit in the number", append(slices.Clone(company), "doc_number", "901.458.652-7", "doc_dv", ""), ""},
		{"company by its cédula", []string{"person_kind", "juridical", "business_name", "X"}, "doc_type company_needs_nit"},
		{"company without name", append(slices.Clone(company), "business_name", ""), "business_name business_name_missing"},
		{"kind of person not said", []string{"person_kind", ""}, ""},
		{"unknown kind of person", []string{"person_kind", "robot"}, "person_kind person_kind_unknown"},
		{"no given name", []string{"first_names", ""}, "first_names name_missing"},
		{"no phone for cash", []string{"phone", ""}, "phone phone_missing_for_cash"},
		{"landline for cash", []string{"phone", "6012345678"}, "phone phone_invalid"},
		{"landline for a bank account", append(slices.Clone(bank), "phone", "6012345678"), ""},
		{"foreign phone for a bank account", append(slices.Clone(bank), "phone", "+1 202 555 0147"), "phone phone_invalid"},
		{"no phone for a bank account", append(slices.Clone(bank), "phone", ""), ""},
		{"no e-mail", []string{"email", ""}, ""},
		{"e-mail with a name", []string{"email", "Lorena <lorena@tienda.example>"}, "email email_invalid"},
		{"Punto Red", []string{"payout_method", "puntored_cash"}, ""},
		{"Punto Red without e-mail", []string{"payout_method", "puntored_cash", "email", ""}, "email email_missing_for_cash"},
		{"no municipality", []string{"divipola", ""}, "divipola divipola_missing"},
		{"letters as municipality", []string{"divipola", "ABCD"}, "divipola divipola_unknown"},
		{"no method", []string{"payout_method", ""}, "payout_method method_unknown"},
		{"bank account", bank, ""},
		{"bank not offered", append(slices.Clone(bank), "bank_code", "685"), "bank_code bank_unknown"},
		{"no kind of account", append(slices.Clone(bank), "account_type", ""), "account_type account_type_invalid"},
		{"Nequi", []string{"payout_method", "nequi", "account_number", "+57 319 572 2846"}, ""},
		{"Nequi of another phone", []string{"payout_method", "nequi", "account_number", "3001234567"}, "~account_number wallet_phone_mismatch"},
		{"Nequi on a landline", []string{"payout_method", "nequi", "account_number", "6012345678"}, "account_number account_invalid"},
		{"Daviplata without number", []string{"payout_method", "daviplata"}, "account_number account_missing"},
		{"Bre-B phone", []string{"payout_method", "bre_b", "bre_b_key", "3001234567"}, ""},
		{"Bre-B without key", []string{"payout_method", "bre_b"}, "bre_b_key bre_b_key_missing"},
		{"Bre-B with half an address", []string{"payout_method", "bre_b", "bre_b_key", "lorena@"}, "bre_b_key bre_b_key_invalid"},
		{"joined tomorrow", []string{"joined_on", "2026-11-23"}, "joined_on date_invalid"},
		{"joined today", []string{"joined_on", "2026-11-22"}, ""},
		{"document of a day that never was", []string{"doc_issued_on", "2023-02-29"}, "doc_issued_on date_invalid"},
		{"unknown tax status", []string{"tax_status", "exento"}, "tax_status tax_status_unknown"},
		{"unclear about IVA", []string{"iva_responsible", "quizás"}, "iva_responsible iva_responsible_unknown"},
		{"unknown language", []string{"lang", "fr"}, "lang lang_unknown"},
		{"formula as name", []string{"last_names", "=1+1"}, "~last_names formula_injection"},
		{"another town's name", []string{"municipality", "Cali"}, "~municipality municipality_mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			row := changed(c.cells...)
			_, fault, warnings := ParseDistributor(func(column string) string { return row[column] }, today)
			got := ""
			for _, w := range warnings {
				got += "~" + w.Field + " " + w.Code
			}
			if fault != nil {
				got = fault.Field + " " + fault.Code
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDistributorIsEvenedOut(t *testing.T) {
	t.Parallel()
	row := changed("last_names", "  Nun\u0303ez\n Garci\u0301a\x00 ", "lang", "zh-CN", "iva_responsible", "Sí")
	d, fault, _ := ParseDistributor(func(column string) string { return row[column] }, today)
	if fault != nil {
		t.Fatal(fault)
	}
	if d.Surnames != "Nuñez García" || d.Phone != "+573195722846" || d.Municipality != "La Macarena" || d.Lang != "zh" || !d.IVAResponsible {
		t.Errorf("got %+v", d)
	}
	want := models.Payee{Country: "CO", DocType: "CC", DocNumber: "1464645428", GivenNames: "Lorena", Surnames: "Nuñez García",
		Phone: "+573195722846", Email: "lorena@tienda.example", Address: "Cl. 116 # 74A-42", City: "La Macarena", Divipola: "50350"}
	if d.Payee() != want {
		t.Errorf("got %+v, want %+v", d.Payee(), want)
	}
}

func TestFormAnswersTheFirstFaultOfEveryField(t *testing.T) {
	t.Parallel()
	row := changed("phone", "300123", "email", "x", "divipola", "5001")
	_, faults, _ := ParseDistributorForm(func(column string) string { return row[column] }, today)
	got := []string{}
	for _, f := range faults {
		got = append(got, f.Field+" "+f.Code)
	}
	if want := []string{"phone phone_invalid", "email email_invalid", "divipola divipola_lost_zero"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestBreBKeysAreToldApart(t *testing.T) {
	t.Parallel()
	payee := models.Payee{DocNumber: "3101234567"}
	for key, want := range map[string]models.Destination{
		"300 123 4567":     {BreBKey: "+573001234567", BreBKeyKind: models.BreBPhone},
		"+57 300-123-4567": {BreBKey: "+573001234567", BreBKeyKind: models.BreBPhone},
		"3101234567":       {BreBKey: "3101234567", BreBKeyKind: models.BreBDocument}, // the payee's own
		"1.464.645.428":    {BreBKey: "1464645428", BreBKeyKind: models.BreBDocument},
		"Ana@Example.com":  {BreBKey: "ana@example.com", BreBKeyKind: models.BreBEmail},
		"@ana123":          {BreBKey: "@ana123", BreBKeyKind: models.BreBAlias},
	} {
		want.Kind = models.BreB
		got := CleanDestination(models.Destination{Kind: models.BreB, BreBKey: key, AccountNumber: "left over"}, payee)
		if got != want {
			t.Errorf("%q: got %+v, want %+v", key, got, want)
		}
		if faults, _ := ValidateDestination(got, payee); len(faults) != 0 {
			t.Errorf("%q: %v", key, faults)
		}
	}
}

// linked builds rows from "code>upline" with a document each, or "code>upline:document".
func linked(links ...string) []map[string]string {
	var rows []map[string]string
	for i, link := range links {
		link, document, _ := strings.Cut(link, ":")
		code, upline, _ := strings.Cut(link, ">")
		if document == "" {
			document = strconv.Itoa(100_000 + i)
		}
		rows = append(rows, changed("ref_code", code, "upline_ref", upline, "doc_number", document))
	}
	return rows
}

func TestUplinesAndDoubles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		stored []string
		file   []string
		want   []string
	}{
		{"upline further down", nil, []string{"A>B", "B>C", "C>"}, nil},
		{"upline stored", []string{"S>:200000"}, []string{"A>S"}, nil},
		{"upline nowhere", nil, []string{"A>S"}, []string{"2 upline_ref upline_unknown error"}},
		{"below a refused row", nil, []string{"A>B", "B>C", "C>X"},
			[]string{"2 upline_ref upline_unknown error", "3 upline_ref upline_unknown error", "4 upline_ref upline_unknown error"}},
		{"below a refused row that is stored", []string{"B>:100001"}, []string{"A>B", "B>X"}, []string{"3 upline_ref upline_unknown error"}},
		{"below a circle", nil, []string{"A>B", "B>C", "C>B"},
			[]string{"2 upline_ref upline_unknown error", "3 upline_ref upline_cycle error", "4 upline_ref upline_cycle error"}},
		{"itself", nil, []string{"A>A", "B>A"}, []string{"2 upline_ref upline_self error", "3 upline_ref upline_unknown error"}},
		{"circle through the store", []string{"S>A:200000", "A>:100000"}, []string{"A>S"}, []string{"2 upline_ref upline_cycle error"}},
		{"circle that appears when a row is refused", []string{"U>D:200001", "D>:200000"}, []string{"D>U:200000", "U>X:200001"},
			[]string{"2 upline_ref upline_cycle error", "3 upline_ref upline_unknown error"}},
		{"stored upline changed by the file", []string{"S>A:200000", "A>:100000"}, []string{"A>S", "S>:200000"}, nil},
		{"code twice", nil, []string{"A>", "A>"}, []string{"3 ref_code duplicate_ref error"}},
		{"document twice", nil, []string{"A>:123456", "B>:123.456"}, []string{"3 doc_number duplicate_document error"}},
		{"code of another", []string{"A>:200000"}, []string{"A>"}, []string{"2 ref_code duplicate_ref error"}},
		{"document of another", []string{"S>:200000"}, []string{"A>:200000"}, []string{"2 doc_number duplicate_document error"}},
		{"the same again", []string{"A>:200000"}, []string{"A>:200000"}, nil},
		{"double of a refused row", nil, []string{"A>:1x", "A>:200000"}, []string{"2 doc_number doc_format error"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var before []DistributorRow
			for _, row := range linked(c.stored...) {
				d, _, _ := ParseDistributor(func(column string) string { return row[column] }, today)
				before = append(before, d)
			}
			got, _ := judge(linked(c.file...), stored(before))
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestLongChainOfUplinesIsJudgedInOneGo(t *testing.T) {
	t.Parallel()
	const length = 200_000
	d, fault, _ := ParseDistributor(func(column string) string { return clean[column] }, today)
	if fault != nil {
		t.Fatal(fault)
	}
	file := NewDistributorFile(KnownDistributors{})
	row := func(i int) DistributorRow {
		r := d
		r.RefCode, r.UplineRef, r.Document.Number = strconv.Itoa(i), strconv.Itoa(i+1), strconv.Itoa(1_000_000+i)
		return r
	}
	for i := range length {
		file.Add(i, row(i))
	}
	for i := range length {
		if f := file.Fault(i, row(i)); f == nil || f.Code != CodeUplineUnknown {
			t.Fatalf("row %d: got %v", i, f)
		}
	}
}

func FuzzParseDistributor(f *testing.F) {
	f.Add("CC", "1464645428", "+573195722846", "efecty_cash", "123456789")
	f.Add("NIT", "901458652-7", "3195722846", "bre_b", "ana@example.com")
	f.Fuzz(func(t *testing.T, docType, number, phone, method, account string) {
		row := changed("doc_type", docType, "doc_number", number, "phone", phone, "payout_method", method,
			"bank_code", "007", "account_type", "S", "account_number", account, "bre_b_key", account)
		d, fault, _ := ParseDistributor(func(column string) string { return row[column] }, today)
		if fault != nil {
			return
		}
		if faults, _ := ValidateDestination(CleanDestination(d.Destination, d.Payee()), d.Payee()); len(faults) != 0 {
			t.Fatalf("%+v was taken, then refused: %v", d.Destination, faults)
		}
	})
}
