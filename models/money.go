package models

import (
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Currency is an ISO 4217 code.
type Currency string

// The currencies the product keeps books in. Both have two decimals in ISO 4217.
const (
	COP Currency = "COP"
	USD Currency = "USD"
)

// Money is an amount in minor units (centavos, cents) of one currency.
type Money struct {
	Minor    int64
	Currency Currency
}

const minorPerUnit = 100

// Pesos returns whole Colombian pesos as Money. It panics beyond 64 bits, so that callers who take
// pesos from outside go through ParsePesos.
func Pesos(n int64) Money {
	if n > math.MaxInt64/minorPerUnit || n < math.MinInt64/minorPerUnit {
		panic(fmt.Sprintf("models: %d pesos do not fit into 64 bits of centavos", n))
	}
	return Money{Minor: n * minorPerUnit, Currency: COP}
}

// Centavos returns an amount read from the books, where COP is kept in centavos.
func Centavos(minor int64) Money { return Money{Minor: minor, Currency: COP} }

// The refusals of ParsePesos. Their text is the code of data/payouts/README.md.
var (
	ErrAmountFormat     = Errorf(Invalid, "amount_format")
	ErrAmountFraction   = Errorf(Invalid, "amount_fraction")
	ErrAmountOutOfRange = Errorf(Invalid, "amount_out_of_range")
)

// ParsePesos reads whole pesos written with digits and an optional minus, as commission statements
// have them. A decimal part is ErrAmountFraction, anything else ErrAmountFormat, and an amount whose
// centavos do not fit into 64 bits ErrAmountOutOfRange.
func ParsePesos(s string) (Money, error) {
	digits := strings.TrimPrefix(s, "-")
	if isDigits(digits) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n > math.MaxInt64/minorPerUnit || n < math.MinInt64/minorPerUnit {
			return Money{}, ErrAmountOutOfRange
		}
		return Pesos(n), nil
	}
	whole, frac, found := strings.Cut(digits, ".")
	if !found {
		whole, frac, found = strings.Cut(digits, ",")
	}
	if found && isDigits(whole) && isDigits(frac) && !thousands(whole, frac) {
		return Money{}, ErrAmountFraction
	}
	return Money{}, ErrAmountFormat
}

// thousands answers whether the sign between whole and frac may group thousands, as in 83.782; the digits
// behind 16850.50 and 115268.333 can only be a fraction.
func thousands(whole, frac string) bool {
	return len(frac) == 3 && len(whole) <= 3 && whole[0] != '0'
}

func isDigits(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Whole returns the amount in whole units. It is an error when there are centavos, which no
// Colombian rail or cash desk can pay.
func (m Money) Whole() (int64, error) {
	if m.Minor%minorPerUnit != 0 {
		return 0, fmt.Errorf("%d %s minor units have a fraction", m.Minor, m.Currency)
	}
	return m.Minor / minorPerUnit, nil
}

// Add returns m + o. Adding different currencies or overflowing is a programming error and panics.
func (m Money) Add(o Money) Money {
	if m.Currency != o.Currency {
		panic(fmt.Sprintf("models: adding %s to %s", o.Currency, m.Currency))
	}
	sum := m.Minor + o.Minor
	if (sum > m.Minor) != (o.Minor > 0) && o.Minor != 0 {
		panic("models: money overflow")
	}
	return Money{Minor: sum, Currency: m.Currency}
}

// Neg returns -m.
func (m Money) Neg() Money { return Money{Minor: -m.Minor, Currency: m.Currency} }

// Sub returns m - o.
func (m Money) Sub(o Money) Money { return m.Add(o.Neg()) }

// Positive answers whether the amount is above zero.
func (m Money) Positive() bool { return m.Minor > 0 }

// CashStep is the smallest coin in use, 50 pesos, in minor units: cash is paid in multiples of it.
// Source: coins in circulation in Colombia are 50, 100, 200, 500 and 1,000 pesos.
const CashStep = 50 * minorPerUnit

// RoundDownToCash splits m into what can be paid in coins and notes and the remainder, which stays
// payable. m must not be negative.
func (m Money) RoundDownToCash() (payable, remainder Money) {
	r := m.Minor % CashStep
	return Money{m.Minor - r, m.Currency}, Money{r, m.Currency}
}

// BasisPoints returns bp ten-thousandths of m, rounded half up to the whole unit.
func (m Money) BasisPoints(bp int64) Money {
	q, r := m.Minor/(10_000*minorPerUnit), m.Minor%(10_000*minorPerUnit)
	whole := q*bp + (2*r*bp+10_000*minorPerUnit)/(2*10_000*minorPerUnit)
	return Money{whole * minorPerUnit, m.Currency}
}

// String is for logs and commands: "COP 1234" or "COP 1234.50". Pages format through views/i18n.
func (m Money) String() string {
	sign, n := "", m.Minor
	if n < 0 {
		sign, n = "-", -n
	}
	if n%minorPerUnit == 0 {
		return fmt.Sprintf("%s %s%d", m.Currency, sign, n/minorPerUnit)
	}
	return fmt.Sprintf("%s %s%d.%02d", m.Currency, sign, n/minorPerUnit, n%minorPerUnit)
}

// Scan reads a bigint column of minor units; the currency stays what it was, COP when unset.
func (m *Money) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("money from %T", src)
	}
	m.Minor = n
	if m.Currency == "" {
		m.Currency = COP
	}
	return nil
}

// Value writes minor units.
func (m Money) Value() (driver.Value, error) { return m.Minor, nil }
