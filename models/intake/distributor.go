package intake

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
	"pagaduria/models/sheet"
)

// DistributorColumns are the columns of a distributors' file. An optional one may be absent from the file.
var DistributorColumns = []sheet.Column{
	{Name: "ref_code", Aliases: []string{"code", "código", "código distribuidor"}},
	{Name: "doc_type", Aliases: []string{"tipo doc", "tipo documento", "tipo de documento"}},
	{Name: "doc_number", Aliases: []string{"documento", "número documento", "número de documento"}},
	{Name: "doc_dv", Aliases: []string{"dv", "dígito de verificación"}, Optional: true},
	{Name: "doc_issued_on", Aliases: []string{"fecha de expedición"}, Optional: true},
	{Name: "person_kind", Aliases: []string{"tipo persona", "tipo de persona"}, Optional: true},
	{Name: "first_names", Aliases: []string{"nombres", "given_names"}},
	{Name: "last_names", Aliases: []string{"apellidos", "surnames"}},
	{Name: "business_name", Aliases: []string{"razón social"}, Optional: true},
	{Name: "phone", Aliases: []string{"teléfono", "celular"}},
	{Name: "email", Aliases: []string{"correo", "correo electrónico"}, Optional: true},
	{Name: "divipola", Aliases: []string{"código dane"}},
	{Name: "municipality", Aliases: []string{"municipio", "ciudad", "city"}, Optional: true},
	{Name: "address", Aliases: []string{"dirección"}, Optional: true},
	{Name: "payout_method", Aliases: []string{"método de pago", "medio de pago"}},
	{Name: "bank_code", Aliases: []string{"código banco", "banco"}, Optional: true},
	{Name: "account_type", Aliases: []string{"tipo de cuenta"}, Optional: true},
	{Name: "account_number", Aliases: []string{"cuenta", "número de cuenta"}, Optional: true},
	{Name: "bre_b_key", Aliases: []string{"llave", "llave bre-b"}, Optional: true},
	{Name: "tax_status", Optional: true},
	{Name: "iva_responsible", Aliases: []string{"responsable de iva"}, Optional: true},
	{Name: "joined_on", Aliases: []string{"fecha de ingreso"}, Optional: true},
	{Name: "upline_ref", Aliases: []string{"upline", "patrocinador"}, Optional: true},
	{Name: "lang", Aliases: []string{"idioma"}, Optional: true},
}

// DistributorRow is a distributor as a file or a form describes it, evened out.
type DistributorRow struct {
	RefCode        string
	Document       ident.Document
	IssuedOn       time.Time // midnight UTC of the day; zero when not given
	PersonKind     string    // natural or juridical
	GivenNames     string
	Surnames       string
	BusinessName   string // juridical only
	Phone          string // E.164 or ""
	Email          string
	Divipola       string
	Municipality   string // its official name
	Address        string
	Destination    models.Destination // the preferred one
	TaxStatus      string             // one of TaxStatuses or ""
	IVAResponsible bool
	JoinedOn       time.Time // as IssuedOn
	UplineRef      string
	Lang           string // es, en or zh
}

// TaxStatuses are the words of the column tax_status.
var TaxStatuses = []string{"natural_no_declarante", "natural_declarante", "juridica", "regimen_simple"}

// Payee is the distributor as rails must name it.
func (d DistributorRow) Payee() models.Payee {
	return models.Payee{Country: d.Document.Country, DocType: d.Document.Type, DocNumber: d.Document.Number, DocDV: d.Document.DV,
		GivenNames: d.GivenNames, Surnames: d.Surnames, BusinessName: d.BusinessName, Phone: d.Phone, Email: d.Email,
		Address: d.Address, City: d.Municipality, Divipola: d.Divipola}
}

// ParseDistributor reads one row by its column names, in which absent columns are "". A refused row
// has its first fault and no warnings. today is the Bogotá date that dates are judged by. What only several rows
// together show is for DistributorFile.
func ParseDistributor(get func(column string) string, today time.Time) (DistributorRow, *Fault, []Warning) {
	row, faults, warnings := ParseDistributorForm(get, today)
	if len(faults) > 0 {
		return row, &faults[0], nil
	}
	return row, nil, warnings
}

// ParseDistributorForm is ParseDistributor for a form: it answers the first fault of every field.
func ParseDistributorForm(get func(column string) string, today time.Time) (DistributorRow, []Fault, []Warning) {
	r := distributorReader{get: get, today: today}
	r.readCode()
	r.readDocument()
	r.readName()
	r.readContact()
	r.readPlace()
	r.readDestination()
	r.readDates()
	r.readWords()
	r.readFormulas()
	return r.row, r.faults, r.warnings
}

// The codes of faults and warnings about distributors that are neither documents nor destinations.
const (
	CodeRefMissing           = "ref_missing"
	CodeTextTooLong          = "text_too_long"
	CodePersonKindUnknown    = "person_kind_unknown"
	CodeCompanyNeedsNIT      = "company_needs_nit"
	CodeNameMissing          = "name_missing"
	CodeBusinessNameMissing  = "business_name_missing"
	CodeEmailInvalid         = "email_invalid"
	CodeDivipolaMissing      = "divipola_missing"
	CodeDivipolaUnknown      = "divipola_unknown"
	CodeDivipolaLostZero     = "divipola_lost_zero"
	CodeDateInvalid          = "date_invalid"
	CodeTaxStatusUnknown     = "tax_status_unknown"
	CodeIVAUnknown           = "iva_responsible_unknown"
	CodeLangUnknown          = "lang_unknown"
	CodeMunicipalityMismatch = "municipality_mismatch" // warning
	CodeFormula              = "formula_injection"     // warning
)

type distributorReader struct {
	get      func(string) string
	today    time.Time
	row      DistributorRow
	faults   []Fault
	warnings []Warning
}

// refuse keeps the first fault of a field.
func (r *distributorReader) refuse(field, code, message string) {
	if !slices.ContainsFunc(r.faults, func(f Fault) bool { return f.Field == field }) {
		r.faults = append(r.faults, Fault{field, code, message})
	}
}

func (r *distributorReader) warn(field, code, message string) {
	r.warnings = append(r.warnings, Warning{field, code, message})
}

const longestText = 200 // characters of any cell that is kept

// text reads a cell as one line without the blanks around it.
func (r *distributorReader) text(column string) string {
	s := tidy(r.get(column))
	if utf8.RuneCountInString(s) > longestText {
		r.refuse(column, CodeTextTooLong, "This is longer than 200 characters.")
		return ""
	}
	return s
}

// tidy drops control characters, joins lines and composes accents, so that equal looks are equal text.
func tidy(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, s)
}

func (r *distributorReader) readCode() {
	r.row.RefCode, r.row.UplineRef = r.text("ref_code"), r.text("upline_ref")
	if r.row.RefCode == "" {
		r.refuse("ref_code", CodeRefMissing, "The distributor's code is missing.")
	}
}

func (r *distributorReader) readDocument() {
	doc, err := ident.ParseApart("CO", r.text("doc_type"), r.text("doc_number"), r.text("doc_dv"))
	if err != nil {
		code := ident.DocFormat
		var refused *ident.Error
		if errors.As(err, &refused) {
			code = refused.Code
		}
		r.refuse(documentField(code), code, err.Error())
		return
	}
	if code := doc.PayeeRefusal(); code != "" {
		r.refuse("doc_type", code, "A tarjeta de identidad belongs to a minor, who cannot be paid.")
	}
	for _, w := range doc.Warnings {
		r.warn(documentField(w.Code), w.Code, w.Message)
	}
	r.row.Document = doc
}

func documentField(code string) string {
	switch code {
	case ident.DocTypeUnknown:
		return "doc_type"
	case ident.DVMissing, ident.DVMismatch:
		return "doc_dv"
	}
	return "doc_number"
}

func (r *distributorReader) readName() {
	r.row.GivenNames, r.row.Surnames = r.text("first_names"), r.text("last_names")
	business := r.text("business_name")
	r.row.PersonKind = r.text("person_kind")
	if r.row.PersonKind == "" {
		r.row.PersonKind = "natural"
		if r.row.Document.Type == "NIT" && business != "" {
			r.row.PersonKind = "juridical"
		}
	}
	switch r.row.PersonKind {
	case "natural":
		if r.row.GivenNames == "" {
			r.refuse("first_names", CodeNameMissing, "The given name is missing.")
		}
		if r.row.Surnames == "" {
			r.refuse("last_names", CodeNameMissing, "The surname is missing.")
		}
	case "juridical":
		r.row.BusinessName = business
		if business == "" {
			r.refuse("business_name", CodeBusinessNameMissing, "The company's name is missing.")
		}
		if r.row.Document.Type != "NIT" && r.row.Document.Type != "" {
			r.refuse("doc_type", CodeCompanyNeedsNIT, "A company's document is its NIT.")
		}
	default:
		r.refuse("person_kind", CodePersonKindUnknown, "A person is natural or juridical.")
	}
}

func (r *distributorReader) readContact() {
	if typed := r.text("phone"); typed != "" {
		phone, err := ident.ParsePhone("CO", typed)
		if err != nil {
			r.refuse("phone", ident.PhoneInvalid, "This is not a Colombian phone number.")
		}
		r.row.Phone = phone.E164
	}
	if r.row.Email = r.text("email"); r.row.Email != "" && !validEmail(r.row.Email) {
		r.refuse("email", CodeEmailInvalid, "This is not an e-mail address.")
	}
}

func (r *distributorReader) readPlace() {
	r.row.Address = r.text("address")
	code, name := r.text("divipola"), r.text("municipality")
	place, known := colombia.MunicipalityByCode(code)
	switch {
	case code == "":
		r.refuse("divipola", CodeDivipolaMissing, "The municipality's code is missing.")
	case known:
		r.row.Divipola, r.row.Municipality = place.Code, place.Name
		if name != "" && !place.Called(name) {
			r.warn("municipality", CodeMunicipalityMismatch, code+" is "+place.Name+", "+place.Department+", not "+name+".")
		}
	case len(code) == 4 && strings.Trim(code, "0123456789") == "":
		r.refuse("divipola", CodeDivipolaLostZero, "A municipality's code has five digits; this one seems to have lost its leading zero.")
	default:
		r.refuse("divipola", CodeDivipolaUnknown, "No municipality has this code.")
	}
}

func (r *distributorReader) readDestination() {
	payee := r.row.Payee()
	r.row.Destination = CleanDestination(models.Destination{
		Kind: models.MethodKind(r.text("payout_method")), BankCode: r.text("bank_code"), AccountType: r.text("account_type"),
		AccountNumber: r.text("account_number"), BreBKey: r.text("bre_b_key"),
		BreBKeyKind: models.BreBKeyKind(r.text("bre_b_key_kind")),
	}, payee)
	faults, warnings := ValidateDestination(r.row.Destination, payee)
	for _, f := range faults {
		r.refuse(f.Field, f.Code, f.Message)
	}
	r.warnings = append(r.warnings, warnings...)
}

func (r *distributorReader) readDates() {
	r.row.IssuedOn, r.row.JoinedOn = r.date("doc_issued_on"), r.date("joined_on")
}

// date reads YYYY-MM-DD, a day since 1900 that is not after today.
func (r *distributorReader) date(column string) time.Time {
	typed := r.text(column)
	if typed == "" {
		return time.Time{}
	}
	date, err := time.Parse(time.DateOnly, typed)
	year, month, day := r.today.Date()
	switch {
	case err != nil || date.Year() < 1900:
		r.refuse(column, CodeDateInvalid, "There is no such date; dates are written year-month-day, as 2026-03-31.")
	case date.After(time.Date(year, month, day, 0, 0, 0, 0, time.UTC)):
		r.refuse(column, CodeDateInvalid, "This date lies in the future.")
	default:
		return date
	}
	return time.Time{}
}

func (r *distributorReader) readWords() {
	r.row.TaxStatus = r.text("tax_status")
	if r.row.TaxStatus != "" && !slices.Contains(TaxStatuses, r.row.TaxStatus) {
		r.refuse("tax_status", CodeTaxStatusUnknown, "The tax status is one of "+strings.Join(TaxStatuses, ", ")+".")
	}
	switch strings.ToLower(r.text("iva_responsible")) {
	case "", "no", "n", "false", "0":
	case "si", "sí", "s", "yes", "true", "1":
		r.row.IVAResponsible = true
	default:
		r.refuse("iva_responsible", CodeIVAUnknown, "Write si or no.")
	}
	lang, _, _ := strings.Cut(strings.ToLower(r.text("lang")), "-")
	switch lang {
	case "":
		r.row.Lang = "es"
	case "es", "en", "zh":
		r.row.Lang = lang
	default:
		r.refuse("lang", CodeLangUnknown, "The language is es, en or zh.")
	}
}

// readFormulas warns of text that a spreadsheet would run. It is kept as text and escaped on export.
func (r *distributorReader) readFormulas() {
	for _, column := range []string{"ref_code", "first_names", "last_names", "business_name", "municipality", "address"} {
		if sheet.Formula(r.get(column)) {
			r.warn(column, CodeFormula, "This starts like a formula; it is kept as text.")
		}
	}
}
