package ident

import (
	"errors"
	"strings"
	"testing"
)

func code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func warned(d Document) string {
	codes := []string{}
	for _, w := range d.Warnings {
		codes = append(codes, w.Code)
	}
	return strings.Join(codes, " ")
}

// Number and check digit pairs of colombia.md §1.2, which names where each was seen.
var nits = []string{
	"890903938-8", "899999068-1", "890900608-9", "890904996-1", "860005224-6", "800153993-7", "830095213-0",
	"890100577-6", "890900943-1", "860069804-2", "860002964-4", "900156264-2", "800251440-6", "860066942-7",
	"860034313-7", "860003020-1", "830131993-1", "860512330-3", "890904713-2", "800251569-7", "901458652-7",
	"1118534248-0", "79308960-7", "35324530-0", "6386949-2", "213123432-1", "900373923-8",
}

func TestNITWithItsCheckDigit(t *testing.T) {
	t.Parallel()
	for _, nit := range nits {
		base, dv, _ := strings.Cut(nit, "-")
		for _, typed := range []string{nit, base + dv, base + " " + dv, base + " DV " + dv, " " + base + "\u00a0–\u00a0" + dv} {
			d, err := Parse("CO", "NIT", typed)
			if err != nil || d.Number != base || d.DV != dv {
				t.Errorf("Parse(%q) = %+v, %v; want %s and %s", typed, d, err, base, dv)
			}
		}
		if d, err := ParseApart("CO", "NIT", base, dv); err != nil || d.Full() != nit {
			t.Errorf("ParseApart(%q, %q) = %+v, %v", base, dv, d, err)
		}
		if _, err := ParseApart("CO", "NIT", base, ""); code(err) != DVMissing {
			t.Errorf("ParseApart(%q, no check digit) = %v, want %s", base, err, DVMissing)
		}
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, country, typ, number, want, refusal, warnings string }{
		{"cédula of ten digits", "CO", "CC", "1464645428", "1464645428", "", ""},
		{"cédula with points", "CO", "cc", " 1.464.645.428 ", "1464645428", "", ""},
		{"full-width cédula", "CO", "CC", "１４６４６４５４２８", "1464645428", "", ""},
		{"cédula of six digits", "CO", "CC", "226466", "226466", "", ""},
		{"very old cédula", "CO", "CC", "22646", "22646", "", DocLength},
		{"cédula of two digits", "CO", "CC", "22", "", DocLength, ""},
		{"cédula of eleven digits", "CO", "CC", "14973723319", "", DocLength, ""},
		{"letter in a cédula", "CO", "CC", "146035240A", "", DocFormat, ""},
		{"cédula starting with 0", "CO", "CC", "04755820", "", DocLeadingZero, ""},
		{"no number", "CO", "CC", " \u00a0", "", DocMissing, ""},
		{"only dashes", "CO", "CC", "--", "", DocFormat, ""},
		{"type with points", "CO", "C.C", "1761791749", "", DocTypeUnknown, ""},
		{"Peru's type in Colombia", "CO", "DNI", "99021756", "", DocTypeUnknown, ""},
		{"unknown country", "XX", "CC", "99021756", "", DocTypeUnknown, ""},
		{"foreigner", "CO", "CE", "229198", "229198", "", ""},
		{"long foreigner's number", "CO", "CE", "30123456", "30123456", "", DocLength},
		{"short foreigner's number", "CO", "CE", "22919", "", DocLength, ""},
		{"minor", "CO", "TI", "1773834260", "1773834260", "", ""},
		{"short minor's number", "CO", "TI", "177383426", "", DocLength, ""},
		{"permit of Venezuelans", "CO", "PPT", "8169839", "8169839", "", ""},
		{"long permit of Venezuelans", "CO", "PPT", "816983912", "816983912", "", DocLength},
		{"old permit", "CO", "PEP", "123456789012345", "123456789012345", "", ""},
		{"old permit, one short", "CO", "PEP", "12345678901234", "", DocLength, ""},
		{"passport", "CO", "PAS", "ea 3778619", "EA3778619", "", ""},
		{"long passport", "CO", "PAS", "EA3778619123", "EA3778619123", "", DocLength},
		{"passport with a sign", "CO", "PAS", "EA37/8619", "", DocFormat, ""},
		{"passport of four", "CO", "PAS", "EA37", "", DocLength, ""},

		{"wrong check digit", "CO", "NIT", "2131234325", "213123432", DVMismatch, ""},
		{"wrong check digit 0", "CO", "NIT", "2131234350", "", DVMismatch, ""},
		{"published with a wrong check digit", "CO", "NIT", "890325040-4", "890325040", DVMismatch, ""},
		// A rail's documentation has this sample; its check digit would be 4.
		{"sample with a wrong check digit", "CO", "NIT", "800.197.356-1", "800197356", DVMismatch, ""},
		{"too short for a NIT", "CO", "NIT", "2131234", "", DocLength, ""},
		{"far too short for a NIT", "CO", "NIT", "21312", "", DocLength, ""},
		{"letter as check digit", "CO", "NIT", "213123435A", "", DocFormat, ""},
		{"company without check digit", "CO", "NIT", "901.458.652", "901458652", DVMissing, ""},
		{"company whose base ends like a check digit", "CO", "NIT", "890903938", "890903938", DVMissing, ""},
		{"cédula as NIT without check digit", "CO", "NIT", "1118534248", "1118534248", DVMissing, ""},
		{"cédula of six digits as NIT", "CO", "NIT", "888786-1", "888786", "", ""},
		{"NIT starting with 0", "CO", "NIT", "0901458652-7", "", DocLeadingZero, ""},

		{"Ecuador", "EC", "CI", "1714307103", "1714307103", "", ""},
		{"Ecuador, dashed", "EC", "CI", "060291094-5", "0602910945", "", ""},
		{"Ecuador, Guayas", "EC", "CI", "0926687856", "0926687856", "", ""},
		{"Ecuador, Guayas again", "EC", "CI", "0910005917", "0910005917", "", ""},
		{"Ecuador, check digit", "EC", "CI", "1714307104", "", DVMismatch, ""},
		{"Ecuador, third digit", "EC", "CI", "1784307108", "", DocFormat, ""},
		{"Ecuador, province", "EC", "CI", "8814307107", "", DocFormat, ""},
		{"Ecuador, length", "EC", "CI", "171430710", "", DocLength, ""},
		{"Ecuador, letter", "EC", "CI", "123A567890", "", DocFormat, ""},
		{"RUC of a person", "EC", "RUC", "1714307103001", "1714307103001", "", ""},
		{"RUC of a person, third digit 6", "EC", "RUC", "0962467429001", "0962467429001", "", ""},
		{"RUC of a public body", "EC", "RUC", "1160000670001", "1160000670001", "", ""},
		{"RUC of another public body", "EC", "RUC", "0160000510001", "0160000510001", "", ""},
		{"RUC of a company", "EC", "RUC", "1792060346001", "1792060346001", "", ""},
		{"RUC of a company 2", "EC", "RUC", "1790011674001", "1790011674001", "", ""},
		{"RUC of a company 3", "EC", "RUC", "1790085783001", "1790085783001", "", ""},
		{"RUC of a company 4", "EC", "RUC", "0990138850001", "0990138850001", "", ""},
		{"RUC that fits the public rule only", "EC", "RUC", "1793221293001", "1793221293001", "", ""},
		{"active RUC without rule", "EC", "RUC", "1793213150001", "1793213150001", "", DVMismatch},
		{"active RUC without rule 2", "EC", "RUC", "1793189906001", "1793189906001", "", DVMismatch},
		{"active RUC without rule 3", "EC", "RUC", "0993366721001", "0993366721001", "", DVMismatch},
		{"active RUC without rule 4", "EC", "RUC", "0993370026001", "0993370026001", "", DVMismatch},
		{"active RUC without rule 5", "EC", "RUC", "0993381661001", "0993381661001", "", DVMismatch},
		// python-stdnum refuses these two; nothing tells them from the active ones above.
		{"third digit 6 that fits no rule", "EC", "RUC", "1763154690001", "1763154690001", "", DVMismatch},
		{"third digit 9 that fits no rule", "EC", "RUC", "1792060347001", "1792060347001", "", DVMismatch},
		{"RUC of a person, check digit", "EC", "RUC", "1714307104001", "", DVMismatch, ""},
		{"RUC without establishment", "EC", "RUC", "1714307103000", "", DocFormat, ""},
		{"RUC of a company without establishment", "EC", "RUC", "1792060340000", "", DocFormat, ""},
		{"RUC, third digit 7", "EC", "RUC", "1774307103001", "", DocFormat, ""},

		{"RUC of Peru", "PE", "RUC", "20512333797", "20512333797", "", ""},
		{"RUC of Peru 2", "PE", "RUC", "20100255325", "20100255325", "", ""},
		{"RUC of Peru 3", "PE", "RUC", "20131372770", "20131372770", "", ""},
		{"RUC of Peru, person", "PE", "RUC", "10054148289", "10054148289", "", ""},
		{"RUC of Peru, check digit", "PE", "RUC", "20512333798", "", DVMismatch, ""},
		{"RUC of Peru, prefix", "PE", "RUC", "99512333792", "", DocFormat, ""},
		{"RUC of Peru, length", "PE", "RUC", "2051233379", "", DocLength, ""},
		{"DNI", "PE", "DNI", "05414828", "05414828", "", ""},
		{"DNI with digit", "PE", "DNI", "10117410-2", "10117410", "", ""},
		{"DNI with digit 2", "PE", "DNI", "10812543-3", "10812543", "", ""},
		{"DNI with letter", "PE", "DNI", "10812543-H", "10812543", "", ""},
		{"DNI with letter 2", "PE", "DNI", "10586119B", "10586119", "", ""},
		{"DNI with wrong digit", "PE", "DNI", "10117410-3", "", DVMismatch, ""},
		{"DNI too short", "PE", "DNI", "1011741", "", DocLength, ""},
		{"DNI with a letter inside", "PE", "DNI", "1011A410", "", DocFormat, ""},

		{"company of Panama", "PA", "RUC", "2486589-1-816994 DV 62", "2486589-1-816994", "", ""},
		{"company of Panama 2", "PA", "RUC", "1830234-1-710357 82", "1830234-1-710357", "", ""},
		{"company of Panama 3", "PA", "RUC", "155720753-2-2022 DV39", "155720753-2-2022", "", ""},
		{"company of Panama 4", "PA", "RUC", "2588017-1-831938 20", "2588017-1-831938", "", ""},
		{"old company of Panama", "PA", "RUC", "797609-1-493865 12", "797609-1-493865", "", ""},
		{"person of Panama", "PA", "RUC", "8-442-445 dv 08", "8-442-445", "", ""},
		{"Panamanian born abroad", "PA", "RUC", "PE-10-442 50", "PE-10-442", "", ""},
		{"naturalised", "PA", "RUC", "N-45-832 58", "N-45-832", "", ""},
		{"foreigner in Panama", "PA", "RUC", "E-8-127702 16", "E-8-127702", "", ""},
		{"before the register", "PA", "RUC", "1AV-432-658 31", "1AV-432-658", "", ""},
		{"indigenous", "PA", "RUC", "8PI-1-80 05", "8PI-1-80", "", ""},
		{"other DV", "PA", "RUC", "8-442-445 DV 09", "8-442-445", "", DVMismatch},
		{"no DV", "PA", "RUC", "8-442-445", "8-442-445", "", DVMissing},
		{"tax number without known rule", "PA", "RUC", "8-NT-1-13656 DV 48", "8-NT-1-13656", "", DVUnchecked},
		{"province of Panama", "PA", "RUC", "14-442-445 08", "", DocFormat, ""},
		{"no RUC at all", "PA", "RUC", "hello", "", DocFormat, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse(c.country, c.typ, c.number)
			if code(err) != c.refusal {
				t.Fatalf("got %v, want refusal %q", err, c.refusal)
			}
			if err == nil && (d.Number != c.want || warned(d) != c.warnings) {
				t.Errorf("got %q with warnings %q, want %q with %q", d.Number, warned(d), c.want, c.warnings)
			}
		})
	}
}

func TestWrongCheckDigitShowsBoth(t *testing.T) {
	t.Parallel()
	r := Check("CO", "NIT", "890325040-4")
	if r.Valid || r.Code != DVMismatch || r.Normalized != "890325040" || r.CheckDigit != "1" ||
		!strings.Contains(r.Message, "4") || !strings.Contains(r.Message, "1") {
		t.Errorf("got %+v", r)
	}
}

func TestNumberAndFieldDisagreeOnTheCheckDigit(t *testing.T) {
	t.Parallel()
	if _, err := ParseApart("CO", "NIT", "901458652-7", "8"); code(err) != DVMismatch {
		t.Errorf("got %v, want %s", err, DVMismatch)
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	for typed, want := range map[[3]string]string{
		{"CO", "CC", "1464644821"}:         "CC •••• 4821",
		{"CO", "CC", "12345"}:              "CC •••• 45",
		{"CO", "NIT", "901458652-7"}:       "NIT •••• 652-7",
		{"PA", "RUC", "8-442-445 DV 08"}:   "RUC •••• 445-08",
		{"CO", "PAS", "EA3778619"}:         "PAS •••• 8619",
		{"EC", "RUC", "1792060346001"}:     "RUC •••• 6001",
		{"PE", "DNI", "10812543-H"}:        "DNI •••• 543-H",
		{"CO", "PEP", "123456789 01 2345"}: "PEP •••• 2345",
	} {
		d, err := Parse(typed[0], typed[1], typed[2])
		if err != nil || d.Masked() != want {
			t.Errorf("%v: got %q (%v), want %q", typed, d.Masked(), err, want)
		}
	}
}

func TestMinorsAreNotPaid(t *testing.T) {
	t.Parallel()
	minor, err := Parse("CO", "TI", "1773834260")
	if err != nil || minor.PayeeRefusal() != MinorDocument {
		t.Errorf("got %v %v", minor.PayeeRefusal(), err)
	}
	adult, err := Parse("CO", "CC", "1773834260")
	if err != nil || adult.PayeeRefusal() != "" {
		t.Errorf("got %v %v", adult.PayeeRefusal(), err)
	}
}

func FuzzParse(f *testing.F) {
	for country, types := range parsers {
		for typ := range types {
			f.Add(country, typ, "1714307103001")
			f.Add(country, typ, "8-442-445 DV 08")
		}
	}
	for _, nit := range nits {
		f.Add("CO", "NIT", nit)
	}
	f.Fuzz(func(t *testing.T, country, typ, number string) {
		d, err := Parse(country, typ, number)
		_ = Check(country, typ, number)
		if err != nil {
			return
		}
		_ = d.Masked()
		again, err := Parse(d.Country, d.Type, d.Full())
		if err != nil || again.Key() != d.Key() || again.DV != d.DV || again.Full() != d.Full() {
			t.Fatalf("%q reads as %q, which reads as %q (%v)", number, d.Full(), again.Full(), err)
		}
	})
}
