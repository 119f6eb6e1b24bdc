// Package tax is what Colombia withholds from a commission: the dated parameters with their sources, what a payee
// declared, what the merchant set, and the count of one payment, explained line by line. README.md says where the
// parameters come from.
package tax

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
)

// What parameters are called.
const (
	paramUVT     = "UVT"
	paramIncome  = "RETEFUENTE"
	paramReteIVA = "RETEIVA"
	paramGMF     = "GMF"
	paramLimit   = "THRESHOLD"
	commissions  = "comisiones"
)

// Confidence is how sure a parameter is.
type Confidence string

// The words of the table for parameters that nothing is computed with, though they are shown.
const (
	Unconfirmed Confidence = "own knowledge"
	Missing     Confidence = "missing"
)

// Parameter is one line of the table: a figure, the days it is in force, and where it comes from.
type Parameter struct {
	Name, Concept, Payee string
	Value                string
	Unit                 string
	MinUVT               string // the smallest base in UVT, "" where there is none
	From                 time.Time
	To                   time.Time // the last day, zero when open
	Confidence           Confidence
	Source, Note         string
}

// in answers whether the parameter is in force on a day.
func (p Parameter) in(day time.Time) bool {
	return !p.From.After(day) && (p.To.IsZero() || !p.To.Before(day))
}

// usable answers whether something may be computed with it.
func (p Parameter) usable() bool { return p.Confidence != Unconfirmed && p.Confidence != Missing }

// number is the whole number that the parameter or its smallest base is.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("tax: %q is no whole number", text))
	}
	return n
}

// rate is the parameter as a rate.
func (p Parameter) rate() Rate {
	hundredths, err := models.ParsePercent(p.Value)
	if err != nil {
		panic(fmt.Sprintf("tax: %s %s: %v", p.Name, p.Payee, err))
	}
	if p.Unit == "per_mil" {
		return Rate(hundredths)
	}
	return Rate(hundredths) * 10
}

// minimum is the smallest base in UVT.
func (p Parameter) minimum() int64 {
	if p.MinUVT == "" {
		return 0
	}
	return number(p.MinUVT)
}

//go:embed data/tax_parameters.csv
var file string

var table = load(file)

// load reads the embedded table. A broken table is a broken build: it panics.
func load(text string) []Parameter {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("tax: %v", err))
	}
	day := func(s string) (t time.Time) {
		if s == "" {
			return t
		}
		if t, err = time.Parse(time.DateOnly, s); err != nil {
			panic(fmt.Sprintf("tax: %v", err))
		}
		return t
	}
	var list []Parameter
	for _, r := range records[1:] {
		list = append(list, Parameter{Name: r[0], Concept: r[1], Payee: r[2], Value: r[3], Unit: r[4], MinUVT: r[5], From: day(r[6]), To: day(r[7]),
			Confidence: Confidence(r[8]), Source: r[9], Note: r[10]})
	}
	return list
}

// Parameters lists what is in force on a day, or everything when all is set; what is of cash reports and not of taxes is left out.
func Parameters(day time.Time, all bool) (list []Parameter) {
	for _, p := range table {
		if (all || p.in(day)) && !strings.HasPrefix(p.Name, "UIAF_") {
			list = append(list, p)
		}
	}
	return list
}

// find is the parameter of a day that may be computed with.
func find(name, concept, payee string, day time.Time) (Parameter, bool) {
	i := slices.IndexFunc(table, func(p Parameter) bool {
		return p.Name == name && p.Concept == concept && p.Payee == payee && p.in(day) && p.usable()
	})
	if i < 0 {
		return Parameter{}, false
	}
	return table[i], true
}

// Rate is a share in hundred-thousandths: 11000 is 11 %, 966 is 9.66 per mil.
type Rate int

const wholeRate = 100_000

// of is the share of an amount, rounded half up to a step of so many pesos.
func (r Rate) of(m models.Money, pesos int64) models.Money {
	step := models.Pesos(max(pesos, 1)).Minor
	unit := wholeRate * step
	q, rest := m.Minor/unit, m.Minor%unit
	steps := q*int64(r) + (2*rest*int64(r)+unit)/(2*unit)
	return models.Money{Minor: steps * step, Currency: m.Currency}
}

// uvts is so many UVT in pesos, rounded half up to a step of so many pesos.
func uvts(uvt models.Money, n, pesos int64) models.Money {
	step := models.Pesos(max(pesos, 1)).Minor
	return models.Money{Minor: (uvt.Minor*n + step/2) / step * step, Currency: uvt.Currency}
}

// Percent writes the rate as a percentage, "" when it is zero.
func (r Rate) Percent() string {
	if r == 0 {
		return ""
	}
	return models.FormatPercent(int(r)/10) + " %"
}

// PerMil writes the rate per thousand, "" when it is zero.
func (r Rate) PerMil() string {
	if r == 0 {
		return ""
	}
	return models.FormatPercent(int(r)) + " ‰"
}
