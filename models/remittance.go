package models

import (
	"strings"
)

// Remittance is cash of orders that a carrier handed over, as a person writes it down.
type Remittance struct {
	Reference string // the carrier's of the hand-over
	Day       string // YYYY-MM-DD, of the hand-over in Bogotá
	Lines     string // one order a line: its number or waybill, and the amount when it is not the order's total
}

// RemittanceLine is one line of a Remittance.
type RemittanceLine struct {
	N      int // from 1
	Code   string
	Amount Money // zero for the order's total
	Fault  string
}

// MostRemitted bounds a Remittance.
const MostRemitted = 5000

// Parse reads the lines. A line that cannot be read has a fault, the last part of a key under remit.fault.
func (r Remittance) Parse() (lines []RemittanceLine) {
	seen := map[string]bool{}
	for n, text := range strings.Split(r.Lines, "\n") {
		fields := strings.FieldsFunc(text, func(c rune) bool { return c == ';' || c == '\t' || c == ' ' || c == '\r' || c == '\u00a0' || c == '$' })
		if len(fields) == 0 {
			continue
		}
		l := RemittanceLine{N: n + 1, Code: strings.TrimPrefix(fields[0], "#"), Amount: Centavos(0)}
		if len(fields) > 1 {
			m, err := ParsePesos(strings.NewReplacer(".", "", ",", "").Replace(fields[1]))
			if l.Amount = m; err != nil || !m.Positive() || len(fields) > 2 {
				l.Fault = "amount"
			}
		}
		if l.Fault == "" && seen[l.Code] {
			l.Fault = "twice"
		}
		seen[l.Code] = true
		lines = append(lines, l)
	}
	return lines
}

// RemittanceResult is what came of a Remittance: what was noted, and the lines that were not.
type RemittanceResult struct {
	Noted   Sum
	Refused []RemittanceLine
}
