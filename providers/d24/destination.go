package d24

import (
	"regexp"
	"strings"

	"pagaduria/models"
	"pagaduria/providers"
)

var (
	colombianMobile = regexp.MustCompile(`^(?:\+57)?(3\d{9})$`)
	accountNumber   = regexp.MustCompile(`^\d{8,19}$`)
	mailAddress     = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

// banks are the compensation codes in D24's bank list for Colombia, as captured; D24 has an endpoint for the list
// whose path is not documented publicly.
var banks = set(`001 002 006 007 009 010 012 013 014 019 023 031 032 040 047 051 052 053 058 059 060 061 062 063 064
	065 066 067 069 070 071 121 151 283 286 289 291 292 303 370 558 637 805`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// mobile returns the ten digits of a Colombian mobile number, written with or without +57.
func mobile(s string) (string, bool) {
	m := colombianMobile.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	return m[1], true
}

func fillDestination(b *cashout, o providers.Order) error {
	phone, hasPhone := mobile(o.Payee.Phone)
	if hasPhone {
		b.Phone = "+57" + phone
	}
	switch d := o.Destination; d.Kind {
	case models.EfectyCash:
		if !hasPhone {
			return refuse(providers.CausePhone, "Cash at Efecty needs the payee's Colombian mobile number.")
		}
		b.BankCode = codeEfecty
		b.Phone = "+57 " + phone[:3] + " " + phone[3:] // the form of D24's own sample
	case models.PuntoredCash:
		return fillPuntored(b, o, phone)
	case models.BankAccount:
		return fillBank(b, d)
	case models.Nequi:
		return fillWallet(b, codeNequi, d)
	case models.Daviplata:
		return fillWallet(b, codeDaviplata, d)
	case models.BreB:
		return fillBreB(b, o)
	default:
		return refuse(providers.CauseMethod, "D24 does not offer this way of paying.")
	}
	return nil
}

func fillPuntored(b *cashout, o providers.Order, phone string) error {
	if phone == "" {
		return refuse(providers.CausePhone, "Cash at Punto Red needs the payee's Colombian mobile number.")
	}
	if !mailAddress.MatchString(o.Payee.Email) {
		return refuse(providers.CauseEmail, "Cash at Punto Red needs the payee's e-mail address.")
	}
	b.BankCode, b.BankAccount = codePuntored, phone
	return nil
}

func fillBank(b *cashout, d models.Destination) error {
	switch {
	case !banks[d.BankCode]:
		return refuse(providers.CauseBank, "D24 does not list this bank.")
	case !accountNumber.MatchString(d.AccountNumber):
		return refuse(providers.CauseAccount, "D24 takes account numbers of 8 to 19 digits.")
	case d.AccountType != "S" && d.AccountType != "C":
		return refuse(providers.CauseAccount, "The account must be a savings or a current account.")
	}
	b.BankCode, b.BankAccount, b.AccountType = d.BankCode, d.AccountNumber, d.AccountType
	return nil
}

func fillWallet(b *cashout, code string, d models.Destination) error {
	number, ok := mobile(d.AccountNumber)
	if !ok {
		return refuse(providers.CauseAccount, "The wallet needs a Colombian mobile number.")
	}
	b.BankCode, b.BankAccount = code, number
	return nil
}

// fillBreB puts the key where D24 wants it; account and branch stay empty.
func fillBreB(b *cashout, o providers.Order) error {
	key := o.Destination.BreBKey
	switch o.Destination.BreBKeyKind {
	case models.BreBPhone:
		number, ok := mobile(key)
		if !ok {
			return refuse(providers.CausePhone, "The Bre-B key is not a Colombian mobile number.")
		}
		b.BankCode, b.Phone = codeBreBPhone, "+57"+number
	case models.BreBEmail:
		if !mailAddress.MatchString(key) {
			return refuse(providers.CauseEmail, "The Bre-B key is not an e-mail address.")
		}
		b.BankCode, b.Email = codeBreBEmail, key
	case models.BreBDocument:
		// The key takes the place of the payee's document: another one would pay another person.
		if key != o.Payee.DocNumber && key != b.DocumentID {
			return refuse(providers.CauseDocument, "The Bre-B key is a document that is not the payee's.")
		}
		b.BankCode, b.DocumentID = codeBreBDocument, key
	default:
		return refuse(providers.CauseMethod, "D24 takes Bre-B keys that are a phone, an e-mail address or a document.")
	}
	return nil
}
