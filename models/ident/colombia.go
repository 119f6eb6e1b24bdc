package ident

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Lengths follow the patterns of data/colombia/document_types.csv (dLocal, D24, Localpayment and PayerMax texts).

func lengthRefusal(name, number string, shortest, longest int) *Error {
	want := strconv.Itoa(shortest)
	if longest != shortest {
		want += " to " + strconv.Itoa(longest)
	}
	return &Error{Code: DocLength, Number: number,
		Message: fmt.Sprintf("%s has %s characters, this one has %d.", name, want, len(number))}
}

func unusualLength(name string, n, shortest, longest int) []Warning {
	if n >= shortest && n <= longest {
		return nil
	}
	return []Warning{{DocLength, fmt.Sprintf("%s usually has %d to %d characters, this one has %d.", name, shortest, longest, n)}}
}

func parseCC(w written) (Document, *Error) {
	const name = "A cédula de ciudadanía"
	n := bare(w.number)
	switch {
	case !isDigits(n):
		return Document{}, refuse(DocFormat, name+" has digits only.")
	case n[0] == '0':
		return Document{}, &Error{Code: DocLeadingZero, Message: name + " does not start with 0.", Number: n}
	case len(n) < 3 || len(n) > 10:
		return Document{}, lengthRefusal(name, n, 3, 10)
	}
	// Very old cards have 3 to 5 digits; no rail takes them.
	return Document{Number: n, Warnings: unusualLength(name, len(n), 6, 10)}, nil
}

func parseCE(w written) (Document, *Error) {
	const name = "A cédula de extranjería"
	n, refused := digitsOnly(name, w, 6, 12)
	return Document{Number: n, Warnings: unusualLength(name, len(n), 6, 7)}, refused
}

func parseTI(w written) (Document, *Error) {
	n, refused := digitsOnly("A tarjeta de identidad", w, 10, 11)
	return Document{Number: n}, refused
}

// The official length of the PPT was not found, hence a wide frame and a warning.
func parsePPT(w written) (Document, *Error) {
	const name = "A permiso por protección temporal"
	n, refused := digitsOnly(name, w, 5, 10)
	return Document{Number: n, Warnings: unusualLength(name, len(n), 6, 8)}, refused
}

// PEP is the permit, never a politically exposed person.
func parsePEP(w written) (Document, *Error) {
	n, refused := digitsOnly("A permiso especial de permanencia", w, 15, 15)
	return Document{Number: n}, refused
}

var passportForm = regexp.MustCompile(`^[A-Z0-9]+$`)

func parsePassport(w written) (Document, *Error) {
	const name = "A passport"
	n := bare(w.number)
	switch {
	case !passportForm.MatchString(n):
		return Document{}, refuse(DocFormat, name+" has letters and digits only.")
	case len(n) < 5 || len(n) > 12:
		return Document{}, lengthRefusal(name, n, 5, 12)
	}
	return Document{Number: n, Warnings: unusualLength(name, len(n), 6, 10)}, nil
}

// nitWeights are the DIAN's weights from the rightmost digit; shorter home-made tables break for
// ten-digit cédulas used as NIT.
var nitWeights = [...]int{3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71}

// CheckDigitNIT computes the check digit of a NIT's base, 1 to 15 digits without separators.
func CheckDigitNIT(base string) (string, error) {
	if !isDigits(base) || len(base) > len(nitWeights) {
		return "", refuse(DocFormat, "A NIT has at most 15 digits before its check digit.")
	}
	sum := 0
	for i := range len(base) {
		sum += int(base[len(base)-1-i]-'0') * nitWeights[i]
	}
	return string("01987654321"[sum%11]), nil
}

func parseNIT(w written) (Document, *Error) {
	base, dv, refused := splitNIT(w)
	if refused != nil {
		return Document{}, refused
	}
	switch {
	case !isDigits(base):
		return Document{}, refuse(DocFormat, "A NIT has digits only.")
	case base[0] == '0':
		return Document{}, &Error{Code: DocLeadingZero, Message: "A NIT does not start with 0.", Number: base}
	case len(base) < 5 || len(base) > 15:
		return Document{}, lengthRefusal("A NIT without its check digit", base, 5, 15)
	case dv == "":
		return Document{}, &Error{Code: DVMissing, Message: "The NIT's check digit is missing: write it after a dash.", Number: base}
	case !isDigits(dv) || len(dv) > 1:
		return Document{}, &Error{Code: DocFormat, Message: "A NIT's check digit is one digit.", Number: base}
	}
	want, err := CheckDigitNIT(base)
	if err != nil {
		return Document{}, refuse(DocFormat, err.Error())
	}
	if dv != want {
		return Document{}, &Error{Code: DVMismatch, Number: base, DV: want,
			Message: fmt.Sprintf("The check digit is %s, but %s would fit %s: one of the two is wrong.", dv, want, base)}
	}
	return Document{Number: base, DV: dv}, nil
}

// nitDV finds a check digit that is set apart: "901.458.652-7", "901458652 7", "901458652 DV 7".
var nitDV = regexp.MustCompile(`^(.*[0-9]) *(?:[-. ]|DV) *([0-9])$`)

// splitNIT separates base and check digit. Without a separator the last digit is the check digit
// (as python-stdnum reads it, which wants 8 digits or more), except where that would misread a base
// that has none: companies have nine digits starting with 8 or 9, and cédulas of ten digits start
// with 1, while no cédula has nine.
func splitNIT(w written) (base, dv string, refused *Error) {
	number := w.number
	if m := nitDV.FindStringSubmatch(number); m != nil {
		base, dv = bare(m[1]), m[2]
		if w.apart && w.dv != "" && w.dv != dv {
			return "", "", &Error{Code: DVMismatch, Number: base, DV: dv,
				Message: fmt.Sprintf("The number ends in check digit %s, but its own field says %s.", dv, quote(w.dv))}
		}
		return base, dv, nil
	}
	number = bare(strings.TrimSpace(number))
	if w.apart || !isDigits(number) {
		return number, w.dv, nil
	}
	switch n := len(number); {
	case n < 8:
		return "", "", lengthRefusal("A NIT with its check digit", number, 8, 16)
	case n == 9 && number[0] >= '8', n == 10 && number[0] == '1':
		return number, "", nil
	}
	return number[:len(number)-1], number[len(number)-1:], nil
}
