package intake

import (
	"errors"
	"strings"
	"time"
	"unicode"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/models/sheet"
)

// The columns of a commission statement, in the order of CommissionColumns.
const (
	commissionLine = iota
	commissionDocType
	commissionDoc
	commissionCode
	commissionOrder
	commissionPeriod
	commissionConcept
	commissionAmount
	commissionNote
)

// CommissionColumns are the columns of a commission statement, with the words of data/payouts/README.md.
var CommissionColumns = []sheet.Column{
	{Name: "linea", Aliases: []string{"no", "item"}, Optional: true}, {Name: "tipo_documento", Aliases: []string{"tipo doc", "tipo de documento"}},
	{Name: "documento", Aliases: []string{"número de documento"}}, {Name: "codigo_distribuidor", Aliases: []string{"código", "ref_code"}},
	{Name: "pedido", Aliases: []string{"orden"}}, {Name: "periodo", Aliases: []string{"mes"}}, {Name: "concepto"},
	{Name: "valor_cop", Aliases: []string{"valor", "monto"}}, {Name: "nota", Aliases: []string{"notas", "observaciones"}, Optional: true},
}

// saleKey is the concept that needs an order, reversalKey how the concept of a claw-back starts; both by sheet.Key.
const (
	saleKey     = "comisionporventa"
	reversalKey = "reversion"
)

// CashReport is the amount from which a line is flagged: legal, but to be reported when paid in cash.
var CashReport = models.Pesos(10_000_000)

// CommissionRow is one line of a statement, read but not yet judged.
type CommissionRow struct {
	Line      int    // physical line in the file
	DocType   string // upper case
	DocNumber string // without blanks, points and a right check digit
	Code      string // the distributor's, upper case
	Order     string // without #; "" when the line has none
	Period    string // YYYY-MM
	Concept   string
	Reverses  string // the concept that a claw-back takes back, "" otherwise
	Amount    models.Money
	Note      string
	Warnings  []Warning

	late *Fault // found while reading, but told only after the distributor is known
}

// CommissionKey is what a line may have in common with no other.
type CommissionKey struct {
	DistributorID          int64
	Order, Period, Concept string
	As                     int64 // the record it came under, where that is part of the distributor now
}

// Key returns the key of the line for a distributor.
func (r *CommissionRow) Key(distributorID int64) CommissionKey {
	return CommissionKey{DistributorID: distributorID, Order: r.Order, Period: r.Period, Concept: r.Concept}
}

// Commissions reads the lines of one statement. It is not safe for concurrent use.
type Commissions struct {
	layout
	month    string // the latest period that may be paid, YYYY-MM
	concepts memo[string, concept]
}

// NewCommissions matches the columns of a file; the error is a *sheet.MissingColumns. today is the Bogotá
// date beyond whose month periods are refused.
func NewCommissions(header []string, mapping map[string]string, today time.Time) (*Commissions, error) {
	l, err := newLayout(header, CommissionColumns, mapping)
	if err != nil {
		return nil, err
	}
	return &Commissions{layout: l, month: today.Format("2006-01"), concepts: memo[string, concept]{keep: strings.Clone, find: readConcept}}, nil
}

// concept is what a line is for: its name, whether it needs an order, and what it takes back.
type concept struct {
	name, reverses string
	sale           bool
}

func readConcept(s string) concept {
	c := concept{name: strings.Clone(s), sale: sheet.Key(s) == saleKey}
	if head, tail, found := strings.Cut(c.name, ":"); found && sheet.Key(head) == reversalKey {
		c.reverses = strings.TrimSpace(tail)
	}
	return c
}

// Parse reads a record into row. skip is the code of a record to be passed over; fault refuses one that cannot be
// a line at all. Everything else is told by a CommissionJudge, in the order of the checks.
func (c *Commissions) Parse(rec *sheet.Record, row *CommissionRow) (skip string, fault *Fault) {
	*row = CommissionRow{Line: rec.Line}
	if skip, fault = c.shape(rec); skip != "" || fault != nil {
		return skip, fault
	}
	row.DocType = strings.ToUpper(c.cell(rec, commissionDocType))
	row.DocNumber = statementDocument(row.DocType, rec.Get(c.columns.At[commissionDoc]))
	row.Code = strings.ToUpper(c.cell(rec, commissionCode))
	row.Order = strings.TrimSpace(strings.TrimPrefix(c.cell(rec, commissionOrder), "#"))
	row.Period = c.cell(rec, commissionPeriod)
	row.Note = c.cell(rec, commissionNote)
	row.Warnings = encoding(rec)
	concept := c.concepts.get(c.cell(rec, commissionConcept))
	row.Concept, row.Reverses = concept.name, concept.reverses
	if runs(row.Note) {
		row.Warnings = append(row.Warnings, Warning(*c.fault(commissionNote, "formula_injection", "The cell starts like a formula. It is kept as text.")))
	}
	switch {
	case !validPeriod(row.Period):
		row.late = c.fault(commissionPeriod, "period_format", "The period %q is not of the form YYYY-MM.", row.Period)
	case row.Period > c.month:
		row.late = c.fault(commissionPeriod, "period_future", "The period %s is in the future.", row.Period)
	default:
		row.late = c.parseAmount(rec, row)
	}
	if row.late == nil && concept.sale && row.Order == "" {
		row.late = c.fault(commissionOrder, "order_missing", "A sales commission needs the number of its order.")
	}
	return "", nil
}

func (c *Commissions) parseAmount(rec *sheet.Record, row *CommissionRow) *Fault {
	s := c.cell(rec, commissionAmount)
	amount, err := models.ParsePesos(s)
	switch {
	case errors.Is(err, models.ErrAmountFraction):
		return c.fault(commissionAmount, "amount_fraction", "The amount %s has a decimal part. Only whole pesos can be paid.", s)
	case errors.Is(err, models.ErrAmountOutOfRange):
		return c.fault(commissionAmount, "amount_out_of_range", "The amount %s is too large.", s)
	case err != nil:
		return c.fault(commissionAmount, "amount_format", "The amount %q is ambiguous. Write digits only, without separators or signs.", s)
	case amount.Minor == 0:
		return c.fault(commissionAmount, "amount_zero", "The amount is zero.")
	}
	row.Amount = amount
	return nil
}

// validPeriod answers whether s is YYYY-MM with a month of the calendar.
func validPeriod(s string) bool {
	if len(s) != 7 || s[4] != '-' {
		return false
	}
	year, rest, ok := number(s, '-', 4)
	month, _, ok2 := number(rest, 0, 2)
	return ok && ok2 && year >= 1000 && len(rest) == 2 && month >= 1 && month <= 12
}

// statementDocument drops blanks of any kind and points, and from a NIT its check digit when that is right. A wrong
// one stays, so that the number is not found and nobody is paid by mistake.
func statementDocument(docType, s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	s = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '.' || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s))
	if docType != "NIT" {
		return s
	}
	base, dv, found := strings.Cut(s, "-")
	if !found {
		return s
	}
	if right, err := ident.CheckDigitNIT(base); err != nil || right != dv {
		return s
	}
	return base
}
