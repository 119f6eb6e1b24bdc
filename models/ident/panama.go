package ident

import (
	"fmt"
	"regexp"
	"strings"
)

// Rules of Panama: the DGI's description of the RUC's two check digits (DV_RUC.pdf), as compiled in
// colombia.md §1.4. Implementations disagree for some kinds, so the DV only ever warns.

var (
	panamaForm = regexp.MustCompile(`^(?:(?:1[0-3]|[1-9])(?:AV|PI)?|E|N|PE|[0-9]{3,10})-[0-9]{1,4}-[0-9]{1,6}$`)
	panamaNT   = regexp.MustCompile(`^(?:1[0-3]|[1-9])-NT-[0-9]{1,4}-[0-9]{1,6}$`)
	panamaDV   = regexp.MustCompile(`^(.*?)(?: *DV *| )([0-9]{1,2})$`)
	aroundDash = regexp.MustCompile(` *- *`)
)

func parsePanamaRUC(w written) (Document, *Error) {
	n := aroundDash.ReplaceAllString(strings.ReplaceAll(w.number, ".", ""), "-")
	dv := w.dv
	if m := panamaDV.FindStringSubmatch(n); m != nil && dv == "" {
		n, dv = m[1], m[2]
	}
	n = strings.ReplaceAll(n, " ", "")
	if !panamaForm.MatchString(n) && !panamaNT.MatchString(n) {
		return Document{}, refuse(DocFormat, "A RUC of Panama looks like 8-442-445, E-8-127702, 8-NT-1-13656 or 2486589-1-816994.")
	}
	if dv != "" && (!isDigits(dv) || len(dv) > 2) {
		return Document{}, &Error{Code: DocFormat, Message: "The DV of a RUC of Panama has two digits.", Number: n}
	}
	doc := Document{Number: n, DV: dv}
	if len(dv) == 1 {
		doc.DV = "0" + dv
	}
	doc.Warnings = panamaWarnings(n, doc.DV)
	return doc, nil
}

func panamaWarnings(n, dv string) []Warning {
	want, known := panamaCheckDigits(n)
	switch {
	case dv == "":
		return []Warning{{DVMissing, "The RUC comes without its DV."}}
	case !known:
		return []Warning{{DVUnchecked, "The DV of this kind of RUC cannot be recomputed."}}
	case dv != want:
		return []Warning{{DVMismatch, fmt.Sprintf("The DV is %s, but %s would fit.", dv, want)}}
	}
	return nil
}

// panamaOld maps the 6th and 7th digit, from 10 to 49, of old company numbers to one digit.
const panamaOld = "1234567891234789234567891234567891234567"

// panamaCheckDigits lays the number out as the DGI does (5, province, kind, volume, entry for people;
// 10 + 4 + 6 digits for companies) and takes two mod 11 digits, the second over the first.
func panamaCheckDigits(n string) (dv string, known bool) {
	parts := strings.Split(n, "-")
	if len(parts) != 3 {
		return "", false // NT: no published pair recomputes
	}
	first, volume, entry := parts[0], parts[1], parts[2]
	person := func(province, kind string) string {
		return "5" + zeros(province, 2) + kind + zeros(volume, 3) + zeros(entry, 5)
	}
	laid, old := "", false
	switch {
	case first == "E":
		laid = person("00", "50")
	case first == "N":
		laid = person("00", "40")
	case first == "PE":
		laid = person("00", "75")
	case strings.HasSuffix(first, "AV"):
		laid = person(strings.TrimSuffix(first, "AV"), "15")
	case strings.HasSuffix(first, "PI"):
		laid = person(strings.TrimSuffix(first, "PI"), "79")
	case len(first) <= 2:
		laid = person(first, "00")
	default:
		laid = zeros(first, 10) + zeros(volume, 4) + zeros(entry, 6)
		if old = laid[3] == '0' && laid[4] == '0' && laid[5] < '5'; old {
			if laid[5] == '0' && laid[6] != '0' {
				return "", false
			}
			laid = laid[:5] + oldPair(laid[5:7]) + laid[7:]
		}
	}
	d1 := panamaDigit(laid, old)
	return d1 + panamaDigit(laid+d1, old), true
}

func oldPair(pair string) string {
	if pair == "00" {
		return pair
	}
	i := int(pair[0]-'0')*10 + int(pair[1]-'0') - 10
	return "0" + panamaOld[i:i+1]
}

// panamaDigit weighs by 2, 3, 4 … from the right; old company numbers use the weight 11 twice.
func panamaDigit(s string, old bool) string {
	sum, weight := 0, 2
	for i := len(s) - 1; i >= 0; i-- {
		if old && weight == 12 {
			old = false
			weight--
		}
		sum += weight * int(s[i]-'0')
		weight++
	}
	if r := sum % 11; r > 1 {
		return string(rune('0' + 11 - r))
	}
	return "0"
}
