package tax

import (
	"time"

	"pagaduria/models"
)

// Paid is a payout that went out whole, with what decides what would have been withheld from it.
type Paid struct {
	Payout    string // its code
	Payee     int64
	PayeeCode string
	Payment
	Declared *Profile // nil when the payee had declared nothing by then
}

// MonthLine is a payout with what it comes to. Problem is why it was not counted.
type MonthLine struct {
	Paid
	Result  Result
	Problem *models.Error
}

// Count counts the payout by the settings of its day.
func (p Paid) Count(versions []Version) MonthLine {
	l := MonthLine{Paid: p}
	if p.Declared == nil {
		l.Problem = models.Refuse(models.Invalid, "tax.refused.undeclared", "The payee had declared nothing by then.", nil)
		return l
	}
	v, _ := InForce(versions, p.On)
	r, err := Withhold(v.Settings, p.Declared.Declaration, p.Payment)
	if refusal, ok := err.(*models.Error); ok {
		l.Problem = refusal
		return l
	}
	if l.Result = r; !r.Complete() {
		l.Problem = models.Refuse(models.Invalid, "tax.refused.incomplete", "A figure is missing, so a line was not computed.", nil)
	}
	return l
}

// Month is what the payouts of a month come to.
type Month struct {
	Payouts  int
	Payees   int
	Problems map[string]int // payouts that were not counted, or not wholly, by the key of why
	Paid     models.Money   // what went out, of all
	Counted  Sums           // of those counted wholly
	Concepts map[Concept]Sums
	last     int64
}

// Sums is a number of payments, what they were counted of, and what they come to.
type Sums struct {
	Count        int
	Base, Amount models.Money
}

func (s Sums) add(base, amount models.Money) Sums {
	if s.Count == 0 {
		s.Base, s.Amount = models.Centavos(0), models.Centavos(0)
	}
	return Sums{s.Count + 1, s.Base.Add(base), s.Amount.Add(amount)}
}

// NewMonth is a month without payouts.
func NewMonth() Month {
	none := models.Centavos(0)
	return Month{Problems: map[string]int{}, Paid: none, Counted: Sums{Base: none, Amount: none}, Concepts: map[Concept]Sums{}}
}

// Add takes in a payout; those of one payee come one after another.
func (m *Month) Add(l MonthLine) {
	m.Payouts++
	if m.Payees == 0 || l.Payee != m.last {
		m.Payees, m.last = m.Payees+1, l.Payee
	}
	m.Paid = m.Paid.Add(l.Amount)
	if l.Problem != nil {
		m.Problems[l.Problem.Key]++
		return
	}
	m.Counted = m.Counted.add(l.Amount, l.Result.Net)
	for _, x := range l.Result.Lines {
		if x.Amount.Positive() {
			m.Concepts[x.Concept] = m.Concepts[x.Concept].add(x.Base, x.Amount)
		}
	}
}

// Span is a month written YYYY-MM: its first day, and the first one of the next.
func Span(month string) (from, to time.Time, ok bool) {
	from, err := time.Parse("2006-01", month)
	if err != nil || from.Year() < 2000 || from.Year() > 2100 {
		return from, from, false
	}
	return from, from.AddDate(0, 1, 0), true
}
