// Package taxes shows what is withheld from commissions: the calculator, the dated tables with their sources, the
// merchant's settings, and what payees declared.
package taxes

import (
	"context"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/tax"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// TaxPage is the calculator and the tables.
type TaxPage struct {
	layout.Page
	Today       time.Time
	All         bool // the tables with what is not in force today
	InForce     tax.Version
	Agreed      bool // whether InForce was agreed on, and is not what holds before anything was
	Payee       *models.Distributor
	Declared    bool // the payee has a declaration that counts today
	Declaration tax.Declaration
	Before      models.Money
	Form        map[string]string
	Result      *tax.Result
	Problem     string
	Errors      map[string]string
}

const noBreak = "\u00a0"

// percent and perMil write a rate as people say it.
func percent(r tax.Rate) string { return models.FormatPercent(int(r)/10) + noBreak + "%" }

func perMil(r tax.Rate) string { return models.FormatPercent(int(r)) + noBreak + "‰" }

// rate is what a line took, "–" when it took nothing.
func rate(l tax.Line) string {
	switch {
	case l.Rate == 0:
		return "–"
	case l.Concept == tax.ReteICA:
		return perMil(l.Rate)
	}
	return percent(l.Rate)
}

// why says what was decided about a line, with its figures.
func why(ctx context.Context, l tax.Line) string {
	money := func(m models.Money) string { return i18n.Money(ctx, models.Centavos(m.Minor)) }
	return i18n.T(ctx, "tax.rule."+string(l.Concept)+"."+l.Rule, "Rate", rate(l), "Base", money(l.Base), "Minimum", money(l.Minimum), "Reached", money(l.Reached),
		"Limit", money(l.Limit), "Place", placeName(l.Place))
}

// source is where the rate of a line comes from.
func source(ctx context.Context, l tax.Line) string {
	switch {
	case l.Source != "":
		return i18n.T(ctx, "tax.source_is", "Source", l.Source)
	case l.Rate != 0:
		return i18n.T(ctx, "tax.source_own")
	}
	return ""
}

// signed is the amount of a line as it counts for the payee.
func signed(ctx context.Context, l tax.Line) string {
	switch {
	case l.Missing:
		return "–"
	case l.Concept == tax.IVA && l.Amount.Positive():
		return "+" + i18n.Money(ctx, l.Amount)
	case l.Concept != tax.GMF && l.Amount.Positive():
		return i18n.Money(ctx, l.Amount.Neg())
	}
	return i18n.Money(ctx, l.Amount)
}

func conceptName(ctx context.Context, c tax.Concept) string {
	return i18n.T(ctx, "tax.concept."+string(c))
}

// sums are the calculation as a column.
func sums(ctx context.Context, r tax.Result) []ui.Sum {
	list := []ui.Sum{{Label: i18n.T(ctx, "tax.gross"), Value: i18n.Money(ctx, r.Gross)}}
	if r.IVA.Positive() {
		list = append(list, ui.Sum{Label: conceptName(ctx, tax.IVA), Value: "+" + i18n.Money(ctx, r.IVA)})
	}
	for _, l := range r.Deductions() {
		list = append(list, ui.Sum{Label: conceptName(ctx, l.Concept) + " " + rate(l), Value: i18n.Money(ctx, l.Amount.Neg())})
	}
	return append(list, ui.Sum{Label: i18n.T(ctx, "tax.net"), Value: i18n.Money(ctx, r.Net), Total: true})
}

func placeName(divipola string) string {
	m, ok := colombia.MunicipalityByCode(divipola)
	if !ok {
		return divipola
	}
	return m.Name + ", " + m.Department
}

func field(f, errors map[string]string, name, label, hint string) ui.Input {
	return ui.Input{Name: name, Label: label, Hint: hint, Value: f[name], Error: errors[name], MaxLength: 120, Autocomplete: "off"}
}

func number(f, errors map[string]string, name, label, hint string) ui.Input {
	i := field(f, errors, name, label, hint)
	i.InputMode = "decimal"
	return i
}

func date(f, errors map[string]string, name, label, hint string) ui.Input {
	i := field(f, errors, name, label, hint)
	i.Type, i.Required = "date", true
	return i
}

func tick(ctx context.Context, f, errors map[string]string, name string) ui.Tick {
	return ui.Tick{Name: name, Label: i18n.T(ctx, "tax.says."+name), Checked: f[name] != "", Error: errors[name]}
}

func person(ctx context.Context, f, errors map[string]string) ui.Choice {
	c := ui.Choice{Name: "person", Label: i18n.T(ctx, "tax.person"), Value: f["person"], Error: errors["person"], Required: true}
	for _, p := range []tax.Person{tax.Natural, tax.Juridical} {
		c.Options = append(c.Options, ui.Option{Value: string(p), Label: i18n.T(ctx, "tax.persons."+string(p))})
	}
	return c
}

func steps(ctx context.Context, f, errors map[string]string, name string) ui.Choice {
	c := ui.Choice{Name: name, Label: i18n.T(ctx, "tax."+name), Value: f[name], Error: errors[name], Required: true}
	for _, s := range tax.Steps {
		c.Options = append(c.Options, ui.Option{Value: strconv.FormatInt(s, 10), Label: i18n.T(ctx, "tax.steps."+strconv.FormatInt(s, 10))})
	}
	return c
}

// standing says whether anything is withheld.
func (p TaxPage) standing(ctx context.Context) string {
	if !p.Agreed || p.InForce.Settings.Off() {
		return i18n.T(ctx, "tax.off_text")
	}
	return i18n.T(ctx, "tax.on_text", "From", i18n.Calendar(ctx, p.InForce.From))
}

// uvtRow is the unit of one year, and what is counted in it.
type uvtRow struct {
	Year             int
	UVT, Two, Ceil   models.Money
	Source, Sureness string
}

func (p TaxPage) units(ctx context.Context) (list []uvtRow) {
	add := func(year int, uvt models.Money, source, sure string) {
		times := func(n int64) models.Money { return models.Centavos(uvt.Minor * n) }
		list = append(list, uvtRow{year, times(1), times(2), times(3300), source, sure})
	}
	for _, x := range tax.Parameters(time.Time{}, true) {
		if uvt, ok := p.InForce.Settings.UVT(x.From); ok && x.Name == "UVT" {
			add(x.From.Year(), uvt, x.Source, sureness(ctx, x.Confidence))
		}
	}
	for _, y := range p.InForce.Settings.Years {
		add(y.Year, y.UVT, i18n.T(ctx, "tax.source_own"), "")
	}
	return list
}

// figures are the parameters of the second table: all but the UVT.
func (p TaxPage) figures() (list []tax.Parameter) {
	for _, x := range tax.Parameters(p.Today, p.All) {
		if x.Name != "UVT" {
			list = append(list, x)
		}
	}
	return list
}

// figuresNote says of which days the figures are.
func (p TaxPage) figuresNote(ctx context.Context) string {
	if p.All {
		return ""
	}
	return i18n.T(ctx, "tax.figures_note")
}

func grossField(ctx context.Context, p TaxPage) ui.Input {
	i := number(p.Form, p.Errors, "amount", i18n.T(ctx, "tax.gross_pesos"), i18n.T(ctx, "tax.gross_hint"))
	i.Required = true
	return i
}

func sureness(ctx context.Context, c tax.Confidence) string {
	return i18n.T(ctx, "tax.sure."+strings.NewReplacer(" ", "_", "(", "", ")", "").Replace(string(c)))
}

// known answers a word of the catalogue, or the table's own.
func known(ctx context.Context, key, word string) string {
	if i18n.Has(key + word) {
		return i18n.T(ctx, key+word)
	}
	return word
}

// about is what a parameter concerns.
func about(ctx context.Context, x tax.Parameter) string {
	parts := make([]string, 0, 2)
	if x.Concept != "" {
		parts = append(parts, known(ctx, "tax.word.", x.Concept))
	}
	if x.Payee != "" {
		parts = append(parts, known(ctx, "tax.word.", x.Payee))
	}
	return strings.Join(parts, " · ")
}

// value is a parameter's figure with its unit.
func value(ctx context.Context, x tax.Parameter) string {
	text := strings.ReplaceAll(x.Value, ".", ",")
	switch {
	case x.Value == "":
		return i18n.T(ctx, "tax.no_figure")
	case x.Unit == "percent" || x.Unit == "percent_of_iva":
		return text + noBreak + "%"
	case x.Unit == "per_mil":
		return text + noBreak + "‰"
	case x.Unit == "table":
		return i18n.T(ctx, "tax.table_383")
	}
	n, _ := strconv.ParseInt(x.Value, 10, 64)
	if x.Unit == "COP" {
		return i18n.Money(ctx, models.Pesos(n))
	}
	return i18n.Number(ctx, n) + noBreak + "UVT"
}

// span is from when until when a parameter is in force.
func span(ctx context.Context, x tax.Parameter) string {
	if x.To.IsZero() {
		return i18n.T(ctx, "tax.since", "From", i18n.Calendar(ctx, x.From))
	}
	return i18n.T(ctx, "tax.between", "From", i18n.Calendar(ctx, x.From), "To", i18n.Calendar(ctx, x.To))
}

// minimum is a smallest base in UVT.
func minimum(uvt int64) string { return strconv.FormatInt(uvt, 10) + noBreak + "UVT" }

// parameterMinimum is the smallest base of a parameter.
func parameterMinimum(x tax.Parameter) string {
	if x.MinUVT == "" {
		return "–"
	}
	return x.MinUVT + noBreak + "UVT"
}

// missing names what the tables do not have, so that nobody takes it for zero.
func (p TaxPage) missing(ctx context.Context) (list []string) {
	set := p.InForce.Settings
	next := time.Date(p.Today.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, day := range []time.Time{p.Today, next} {
		if _, ok := set.UVT(day); !ok {
			list = append(list, i18n.T(ctx, "tax.missing.uvt", "Year", strconv.Itoa(day.Year())))
		}
	}
	if set.IVA == 0 {
		list = append(list, i18n.T(ctx, "tax.missing.iva"))
	}
	if len(set.Tariffs) == 0 {
		list = append(list, i18n.T(ctx, "tax.missing.ica"))
	}
	for _, t := range set.Tariffs {
		if t.Rate == 0 {
			list = append(list, i18n.T(ctx, "tax.missing.tariff", "Place", placeName(t.Divipola)))
		}
	}
	for _, key := range []string{"table_383", "foreign", "simple_ica", "minimum"} {
		list = append(list, i18n.T(ctx, "tax.missing."+key))
	}
	return list
}

func (p TaxPage) payeeName() string { return p.Payee.Name() }

func (p TaxPage) distributor() string {
	if p.Payee == nil {
		return ""
	}
	return urls.Num(p.Payee.ID)
}
