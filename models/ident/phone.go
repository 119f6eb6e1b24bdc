package ident

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a number that exists in a country's numbering plan.
type Phone struct {
	E164     string // +573001234567
	National string // 300 1234567
	Mobile   bool   // can receive messages; cash pick-up and wallets need it
}

var phoneForm = regexp.MustCompile(`^\+?[0-9 ().\-/]+$`)

// ParsePhone reads a phone number of the country (ISO 3166-1 alpha-2), with or without its prefix.
// A number of another country is refused. Letters are refused too, never skipped. The error is an *Error.
func ParsePhone(country, s string) (Phone, error) {
	country, s = strings.TrimSpace(clean(country)), strings.TrimSpace(clean(s))
	if s == "" {
		return Phone{}, refuse(PhoneMissing, "The phone number is missing.")
	}
	invalid := refuse(PhoneInvalid, quote(s)+" is not a phone number of "+quote(country)+".")
	if !phoneForm.MatchString(s) || len(s) > 40 {
		return Phone{}, invalid
	}
	number, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsValidNumberForRegion(number, country) {
		return Phone{}, invalid
	}
	kind := phonenumbers.GetNumberType(number)
	return Phone{
		E164:     phonenumbers.Format(number, phonenumbers.E164),
		National: phonenumbers.Format(number, phonenumbers.NATIONAL),
		Mobile:   kind == phonenumbers.MOBILE || kind == phonenumbers.FIXED_LINE_OR_MOBILE,
	}, nil
}

// MaskPhone shows the country prefix, the first and the last two digits: "+57 3•• ••• •• 48".
// What is no E.164 number is hidden altogether.
func MaskPhone(e164 string) string {
	number, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return "••••"
	}
	national := phonenumbers.GetNationalSignificantNumber(number)
	if len(national) < 7 {
		return "••••"
	}
	prefix := strings.TrimSuffix(phonenumbers.Format(number, phonenumbers.E164), national)
	dots := national[:1] + strings.Repeat("•", len(national)-3) + national[len(national)-2:]
	return prefix + grouped([]rune(dots))
}

// grouped sets the last four apart in twos and what stands before them in threes, none of them alone.
func grouped(r []rune) string {
	var b strings.Builder
	head := len(r) - 4
	for i, c := range r {
		if i < head-1 && i%3 == 0 || i >= head && (i-head)%2 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// WalletNumber is the ten digits that Colombian wallets use as account, from an E.164 number, or ""
// when it is no Colombian mobile number.
func WalletNumber(e164 string) string {
	p, err := ParsePhone("CO", e164)
	if err != nil || !p.Mobile {
		return ""
	}
	return strings.TrimPrefix(p.E164, "+57")
}
