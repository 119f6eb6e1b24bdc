package tax

import (
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
)

// Concept is a tax that was looked at.
type Concept string

// The concepts, in the order pages show them.
const (
	IVA     Concept = "iva"     // the payee's own tax, paid on top of the commission
	Income  Concept = "income"  // retención en la fuente
	ReteIVA Concept = "reteiva" // part of the payee's IVA
	ReteICA Concept = "reteica" // the municipality's
	GMF     Concept = "gmf"     // what moving the money costs who pays
)

// Payment is one commission about to be paid.
type Payment struct {
	Amount models.Money // without IVA, whole pesos
	On     time.Time    // Bogotá date
	Before models.Money // commissions that the same payer paid the same payee in the year before this one
}

// Line is one concept: what came of it, and why. Rule is the last part of tax.rule.<concept>.<rule>, which says it with
// the figures of the line.
type Line struct {
	Concept Concept
	Rule    string
	Base    models.Money
	Rate    Rate
	Amount  models.Money
	Minimum models.Money // the smallest base
	Reached models.Money // commissions of the year with this one
	Limit   models.Money // of the year, from which the higher rate counts
	Place   string       // DIVIPOLA
	Source  string       // of the rate; "" when it is the merchant's own figure or nothing is taken
	Missing bool         // a figure is not filled in, so nothing was computed
}

// Result is what a payment comes to: Gross + IVA = Net + Withheld.
type Result struct {
	Gross    models.Money
	Lines    []Line // one for each concept
	IVA      models.Money
	Withheld models.Money
	Net      models.Money
	Cost     models.Money // GMF, of who pays and not of the payee
	UVT      models.Money
}

// Deductions are the lines that take something from the payee.
func (r Result) Deductions() (list []Line) {
	for _, l := range r.Lines {
		if l.Amount.Positive() && l.Concept != IVA && l.Concept != GMF {
			list = append(list, l)
		}
	}
	return list
}

// Complete answers whether no figure was missing.
func (r Result) Complete() bool {
	for _, l := range r.Lines {
		if l.Missing {
			return false
		}
	}
	return true
}

// most is the largest amount that is counted: nobody is paid more, and products of it fit into 64 bits.
var most = models.Pesos(1_000_000_000_000)

// Withhold counts one payment. A payee or a day that the tables do not cover is refused.
func Withhold(s Settings, d Declaration, p Payment) (Result, error) {
	if err := d.Check(); err != nil {
		return Result{}, err
	}
	if err := p.check(); err != nil {
		return Result{}, err
	}
	uvt, ok := s.UVT(p.On)
	if !ok {
		return Result{}, models.Refuse(models.Invalid, "tax.refused.no_uvt", "The UVT of that year is not known here. Fill it in under the tax settings.", map[string]any{"Year": p.On.Year()}).
			WithField("on", "tax.refused.no_uvt_short")
	}
	if d.Foreign {
		return Result{}, models.Refuse(models.Invalid, "tax.refused.foreign", "Payees who are not resident fall under another regime, which is not here. Ask an accountant.", nil).
			WithField("foreign", "tax.refused.foreign_short")
	}
	c := count{s, d, p, uvt}
	income, err := c.income()
	if err != nil {
		return Result{}, err
	}
	iva := c.iva()
	r := Result{Gross: p.Amount, UVT: uvt, IVA: iva.Amount, Lines: []Line{iva, income, c.reteIVA(iva), c.reteICA()}}
	r.Withheld = models.Centavos(0)
	for _, l := range r.Deductions() {
		r.Withheld = r.Withheld.Add(l.Amount)
	}
	r.Net = r.Gross.Add(r.IVA).Sub(r.Withheld)
	cost := c.gmf(r.Net)
	r.Lines, r.Cost = append(r.Lines, cost), cost.Amount
	return r, nil
}

func (p Payment) check() error {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if !p.Amount.Positive() || p.Amount.Minor%100 != 0 || p.Amount.Minor > most.Minor {
		_ = refusal.WithField("amount", "tax.refused.amount")
	}
	if p.Before.Minor < 0 || p.Before.Minor%100 != 0 || p.Before.Minor > most.Minor {
		_ = refusal.WithField("before", "tax.refused.before")
	}
	if _, ok := find(paramIncome, commissions, "juridica", p.On); !ok {
		_ = refusal.WithField("on", "tax.refused.on")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// count is one payment being counted.
type count struct {
	Settings
	d   Declaration
	p   Payment
	uvt models.Money
}

// take is a line that takes a rate of a base.
func (c count) take(l Line) Line {
	l.Amount = l.Rate.of(l.Base, c.Step)
	return l
}

func (c count) nothing(concept Concept, rule string) Line {
	return Line{Concept: concept, Rule: rule, Base: c.p.Amount, Amount: models.Centavos(0)}
}

// income is the withholding of income tax: 10 or 11 % by who the payee is and by what the year came to.
func (c count) income() (Line, error) {
	switch {
	case !c.Income:
		return c.nothing(Income, "not_agent"), nil
	case c.d.WorkIncome:
		return Line{}, models.Refuse(models.Invalid, "tax.refused.table_383", "This payee falls under the table of art. 383, which is not here. Ask an accountant.", nil).
			WithField("work_income", "tax.refused.table_383_short")
	}
	payee, rule := c.d.payee(), c.d.payee()
	year := c.p.Before.Add(c.p.Amount)
	limit, ok := find(paramLimit, "comisiones_11pct_same_payer", "natural", c.p.On)
	if !ok {
		return Line{}, errNoRate("3,300 UVT")
	}
	over := uvts(c.uvt, number(limit.Value), 1)
	if payee == "natural_no_declarante" {
		switch {
		case c.d.ContractOver:
			payee, rule = "natural_declarante", "contract"
		case year.Minor > over.Minor:
			payee, rule = "natural_declarante", "crossed"
		}
	}
	p, ok := find(paramIncome, commissions, payee, c.p.On)
	if !ok {
		return Line{}, errNoRate(payee)
	}
	l := c.nothing(Income, rule)
	l.Source, l.Reached, l.Limit, l.Minimum = p.Source, year, over, uvts(c.uvt, p.minimum(), c.MinimumStep)
	if l.Rate = p.rate(); l.Base.Minor < l.Minimum.Minor {
		l.Rule, l.Rate = "below", 0
	}
	return c.take(l), nil
}

func errNoRate(what string) error {
	return models.Refuse(models.Invalid, "tax.refused.no_rate", "The tables have no rate for this payee on that day.", map[string]any{"What": what}).WithField("on", "tax.refused.on")
}

// iva is the tax that a payee responsible of it adds to the commission.
func (c count) iva() Line {
	l := c.nothing(IVA, "not_responsible")
	switch {
	case !c.d.IVA:
		return l
	case c.IVA == 0:
		l.Rule, l.Missing = "missing", true
		return l
	}
	l.Rule, l.Rate = "responsible", c.IVA
	l.Amount = l.Rate.of(l.Base, 1)
	return l
}

func (c count) reteIVA(iva Line) Line {
	l := c.nothing(ReteIVA, "no_iva")
	switch {
	case !c.d.IVA:
		return l
	case !c.ReteIVA:
		l.Rule = "not_agent"
		return l
	case iva.Missing:
		l.Rule, l.Missing = "missing", true
		return l
	}
	p, ok := find(paramReteIVA, commissions, "responsable_iva", c.p.On)
	if !ok {
		l.Rule, l.Missing = "missing", true
		return l
	}
	l.Minimum, l.Source = uvts(c.uvt, p.minimum(), c.MinimumStep), p.Source
	if c.p.Amount.Minor < l.Minimum.Minor {
		l.Rule = "below"
		return l
	}
	l.Rule, l.Base, l.Rate = "taken", iva.Amount, p.rate()
	return c.take(l)
}

func (c count) reteICA() Line {
	l := c.nothing(ReteICA, "not_agent")
	l.Place = c.d.Municipality
	t, ok := c.tariff(c.d.Municipality)
	switch {
	case len(c.Tariffs) == 0:
	case c.d.Simple && !c.SimpleICA:
		l.Rule = "simple"
	case c.d.Municipality == "":
		l.Rule, l.Missing = "no_place", true
	case !ok:
		l.Rule = "not_there"
	case t.Rate == 0:
		l.Rule, l.Missing = "missing", true
	default:
		l.Minimum = uvts(c.uvt, t.MinUVT, c.MinimumStep)
		if l.Rule = "below"; l.Base.Minor >= l.Minimum.Minor {
			l.Rule, l.Rate = "taken", t.Rate
			l = c.take(l)
		}
	}
	return l
}

// gmf is what the bank of who pays takes for moving the net amount, unless the account is exempt.
func (c count) gmf(net models.Money) Line {
	l := Line{Concept: GMF, Rule: "missing", Base: net, Amount: models.Centavos(0), Missing: true}
	if p, ok := find(paramGMF, "disposicion_de_fondos", "payer", c.p.On); ok {
		l.Rule, l.Missing, l.Rate, l.Source = "cost", false, p.rate(), p.Source
		l.Amount = l.Rate.of(net, 1)
	}
	return l
}

// PlaceName is what a municipality is called.
func PlaceName(divipola string) string {
	if m, ok := colombia.MunicipalityByCode(divipola); ok {
		return m.Name
	}
	return divipola
}
