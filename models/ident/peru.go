package ident

import (
	"regexp"
	"strconv"
	"strings"
)

// Rules of Peru: python-stdnum's pe/ruc and pe/cui.

// parseDNI takes eight digits and, if written, the check digit or letter of the card.
func parseDNI(w written) (Document, *Error) {
	const name = "A DNI"
	n := bare(w.number) + w.dv
	if !dniForm.MatchString(n) {
		return Document{}, refuse(DocFormat, name+" has digits only, and at its end a check digit or letter.")
	}
	if len(n) < 8 || len(n) > 9 {
		return Document{}, lengthRefusal(name, n, 8, 9)
	}
	number, dv := n[:8], n[8:]
	if !isDigits(number) {
		return Document{}, lengthRefusal(name, number, 8, 9)
	}
	r := weighted(number, 3, 2, 7, 6, 5, 4, 3, 2) % 11
	digit, letter := "65432110987"[r:r+1], "KJIHGFEDCBA"[r:r+1]
	if dv != "" && dv != digit && dv != letter {
		return Document{}, &Error{Code: DVMismatch, Number: number, DV: digit,
			Message: "The check digit is " + dv + ", but " + digit + " or " + letter + " would fit " + number + "."}
	}
	return Document{Number: number, DV: dv}, nil
}

var dniForm = regexp.MustCompile(`^[0-9]+[A-Z]?$`)

func parsePeruRUC(w written) (Document, *Error) {
	n, refused := digitsOnly("A RUC of Peru", w, 11, 11)
	if refused != nil {
		return Document{}, refused
	}
	if !strings.Contains("10 15 17 20", n[:2]) {
		return Document{}, &Error{Code: DocFormat, Message: "A RUC of Peru starts with 10, 15, 17 or 20.", Number: n}
	}
	want := strconv.Itoa((11 - weighted(n, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 10)
	if n[10:] != want {
		return Document{}, &Error{Code: DVMismatch, Number: n, DV: want,
			Message: "The last digit is " + n[10:] + ", but " + want + " would fit: the number is mistyped."}
	}
	return Document{Number: n}, nil
}
