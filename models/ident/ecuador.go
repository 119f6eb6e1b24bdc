package ident

import "strconv"

// Rules of Ecuador: python-stdnum's ec/ci and ec/ruc; the SRI's word that numbers whose third digit
// is 6 or 9 follow no check digit rule is in python-stdnum #457 and #497.

func parseCI(w written) (Document, *Error) {
	n, refused := digitsOnly("A cédula of Ecuador", w, 10, 10)
	if refused != nil {
		return Document{}, refused
	}
	if refused := knownProvince(n); refused != nil {
		return Document{}, refused
	}
	if n[2] > '6' {
		return Document{}, &Error{Code: DocFormat, Message: "The third digit of a cédula of Ecuador is 0 to 6.", Number: n}
	}
	if refused := ciCheckDigit(n); refused != nil {
		return Document{}, refused
	}
	return Document{Number: n}, nil
}

func knownProvince(n string) *Error {
	p := n[:2]
	if p >= "01" && p <= "24" || p == "30" || p == "50" {
		return nil
	}
	return &Error{Code: DocFormat, Message: "No province of Ecuador has the code " + p + ".", Number: n}
}

// ciCheckDigit checks the tenth digit, which makes the weighted sum a multiple of ten.
func ciCheckDigit(n string) *Error {
	sum := 0
	for i := range 9 {
		d := int(n[i]-'0') * (2 - i%2)
		if d > 9 {
			d -= 9
		}
		sum += d
	}
	want := strconv.Itoa((10 - sum%10) % 10)
	if n[9:10] == want {
		return nil
	}
	return &Error{Code: DVMismatch, Number: n, DV: want,
		Message: "The tenth digit is " + n[9:10] + ", but " + want + " would fit: the number is mistyped."}
}

func parseEcuadorRUC(w written) (Document, *Error) {
	n, refused := digitsOnly("A RUC of Ecuador", w, 13, 13)
	if refused != nil {
		return Document{}, refused
	}
	if refused := knownProvince(n); refused != nil {
		return Document{}, refused
	}
	doc := Document{Number: n}
	switch third := n[2]; {
	case third <= '5':
		if n[10:] == "000" {
			return Document{}, &Error{Code: DocFormat, Message: "The establishment of a RUC is 001 or above.", Number: n}
		}
		return doc, ciCheckDigit(n)
	case third == '7' || third == '8':
		return Document{}, &Error{Code: DocFormat, Message: "The third digit of a RUC is never 7 or 8.", Number: n}
	case n[9:] == "0000":
		return Document{}, &Error{Code: DocFormat, Message: "The establishment of a RUC is 001 or above.", Number: n}
	}
	if !fitsAnyRule(n) {
		doc.Warnings = []Warning{{DVMismatch, "No check digit rule fits this RUC; newer ones follow none, so look it up."}}
	}
	return doc, nil
}

// fitsAnyRule tries the check digits of people (third digit 6), public bodies and companies (9).
func fitsAnyRule(n string) bool {
	public := weighted(n, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
	if n[2] == '6' {
		return public || ciCheckDigit(n) == nil
	}
	return public || weighted(n, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}
