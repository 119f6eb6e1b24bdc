package colombia

import "regexp"

// Bank is a bank or wallet that holds accounts.
type Bank struct {
	Code    string // three-digit compensation code
	Name    string
	Kind    string // bank, wallet, cooperative, financing, corporation, other
	ACH     string // four digits, 1 + code
	Offered bool   // whether payees may choose it
	codes   map[string]string
	account *regexp.Regexp
}

// TakesAccount answers whether the number looks like an account of this bank: a first filter, not a guarantee.
func (b Bank) TakesAccount(number string) bool { return b.account.MatchString(number) }

// RailCode is what a rail ("d24", "dlocal", "pagsmile") calls the bank, "" when it does not list it.
func (b Bank) RailCode(rail string) string { return b.codes[rail] }

var banks = loadBanks()

func loadBanks() []Bank {
	var list []Bank
	for _, row := range rows("banks.csv") {
		list = append(list, Bank{
			Code: row["code3"], Name: row["name"], Kind: row["kind"], ACH: row["ach4"], Offered: row["offer_to_payees"] == "yes",
			codes:   map[string]string{"d24": row["d24"], "dlocal": row["dlocal_v2"], "pagsmile": row["pagsmile"]},
			account: regexp.MustCompile(row["account_regex"]),
		})
	}
	return list
}

// Banks lists the banks and wallets that payees may choose, by code.
func Banks() []Bank {
	list := make([]Bank, 0, len(banks))
	for _, b := range banks {
		if b.Offered {
			list = append(list, b)
		}
	}
	return list
}

// BankByCode finds a bank, offered or not, by its three digits. "7" is no code: the zeros matter.
func BankByCode(code string) (Bank, bool) {
	for _, b := range banks {
		if b.Code == code {
			return b, true
		}
	}
	return Bank{}, false
}
