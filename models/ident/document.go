// Package ident validates identity documents and phone numbers of Colombia, Ecuador, Peru and Panama.
// It knows only what a number can tell by itself: that a document is well formed does not mean that
// it exists. Sources of the rules are named at each country.
package ident

import "strings"

// Document is a well-formed identity document.
type Document struct {
	Country  string // ISO 3166-1 alpha-2
	Type     string // CC CE NIT TI PPT PEP PAS, CI RUC, DNI
	Number   string // normalised, without the check digit of NIT, DNI and Panama's RUC
	DV       string // that check digit, "" when the type has none or none was written
	Warnings []Warning
}

// Warning is a doubt about a document that is taken all the same.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// The codes of refusals and warnings, as the import files' expected errors have them.
const (
	DocMissing     = "doc_missing"
	DocTypeUnknown = "doc_type_unknown"
	DocFormat      = "doc_format"
	DocLength      = "doc_length"
	DocLeadingZero = "doc_leading_zero"
	DVMissing      = "dv_missing"
	DVMismatch     = "dv_mismatch"
	DVUnchecked    = "dv_unchecked" // warning: no rule known for this kind of number
	MinorDocument  = "minor_document"
	PhoneMissing   = "phone_missing"
	PhoneInvalid   = "phone_invalid"
	PhoneNotMobile = "phone_not_mobile" // warning
)

// Error is the refusal of a document or a phone.
type Error struct {
	Code    string
	Message string
	Number  string // what was understood of the number, "" when nothing was
	DV      string // for DVMismatch: the check digit that would fit; shown, never put in by itself
}

func (e *Error) Error() string { return e.Message }

func refuse(code, message string) *Error { return &Error{Code: code, Message: message} }

// written is a number as somebody wrote it. With apart the check digit has a field of its own (dv),
// so that none is looked for inside number.
type written struct {
	number string
	dv     string
	apart  bool
}

// parsers has one rule a document type.
var parsers = map[string]map[string]func(written) (Document, *Error){
	"CO": {"CC": parseCC, "CE": parseCE, "NIT": parseNIT, "TI": parseTI, "PPT": parsePPT, "PEP": parsePEP, "PAS": parsePassport},
	"EC": {"CI": parseCI, "RUC": parseEcuadorRUC},
	"PE": {"DNI": parseDNI, "RUC": parsePeruRUC},
	"PA": {"RUC": parsePanamaRUC},
}

// Parse reads a document whose check digit, if it has one, is written with the number:
// "901.458.652-7", "8-442-445 DV 08". Blanks, points and dashes are forgiven. The error is an *Error.
func Parse(country, docType, number string) (Document, error) {
	return parse(country, docType, written{number: number})
}

// ParseApart reads a document whose check digit has a field of its own. The error is an *Error.
func ParseApart(country, docType, number, dv string) (Document, error) {
	return parse(country, docType, written{number: number, dv: strings.TrimSpace(clean(dv)), apart: true})
}

func parse(country, docType string, w written) (Document, error) {
	country, docType = strings.TrimSpace(clean(country)), strings.TrimSpace(clean(docType))
	rule, ok := parsers[country][docType]
	if !ok {
		return Document{}, refuse(DocTypeUnknown, "Document type "+quote(docType)+" is not known in "+quote(country)+".")
	}
	w.number = strings.TrimSpace(clean(w.number))
	if w.number == "" {
		return Document{}, refuse(DocMissing, "The document number is missing.")
	}
	doc, refused := rule(w)
	if refused != nil {
		return Document{}, refused
	}
	doc.Country, doc.Type = country, docType
	return doc, nil
}

// quote shortens and quotes what somebody typed, for a sentence.
func quote(s string) string {
	if r := []rune(s); len(r) > 20 {
		s = string(r[:20]) + "…"
	}
	return "“" + s + "”"
}

// Full is the number with its check digit, the way Parse reads it back.
func (d Document) Full() string {
	switch {
	case d.DV == "":
		return d.Number
	case d.Country == "PA":
		return d.Number + " DV " + d.DV
	}
	return d.Number + "-" + d.DV
}

// String is type and number, for example "NIT 901458652-7". It is personal data: pages show Masked.
func (d Document) String() string { return d.Type + " " + d.Full() }

// Key is what makes two writings the same document.
func (d Document) Key() string { return d.Country + " " + d.Type + " " + d.Number }

// Masked shows the type and the end of the number: "CC •••• 4821", "NIT •••• 652-7".
func (d Document) Masked() string { return Mask(d.Type, d.Number, d.DV) }

// Mask masks a document kept in parts: four characters stay, three and the check digit when there is
// one, and never more than half of a short number.
func Mask(docType, number, dv string) string {
	n := []rune(strings.ReplaceAll(number, "-", ""))
	keep := 4
	if dv != "" {
		keep = 3
		dv = "-" + dv
	}
	keep = min(keep, len(n)/2)
	return docType + " •••• " + string(n[len(n)-keep:]) + dv
}

// PayeeRefusal is why the holder may not be paid, MinorDocument or "". Minors are not paid: a policy
// of the product (colombia.md §1.1), not a property of the number.
func (d Document) PayeeRefusal() string {
	if d.Country == "CO" && d.Type == "TI" {
		return MinorDocument
	}
	return ""
}
