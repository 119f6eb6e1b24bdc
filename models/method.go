package models

// MethodKind is a way a payee can be paid.
type MethodKind string

// The payout methods, with the words of the import files.
const (
	EfectyCash   MethodKind = "efecty_cash"
	PuntoredCash MethodKind = "puntored_cash"
	BankAccount  MethodKind = "bank"
	Nequi        MethodKind = "nequi"
	Daviplata    MethodKind = "daviplata"
	BreB         MethodKind = "bre_b"
)

// MethodKinds lists every method in the order pages show them.
var MethodKinds = []MethodKind{EfectyCash, PuntoredCash, BankAccount, Nequi, Daviplata, BreB}

// Valid answers whether k is a known method.
func (k MethodKind) Valid() bool {
	for _, m := range MethodKinds {
		if m == k {
			return true
		}
	}
	return false
}

// Cash answers whether the payee collects coins and notes at a counter.
func (k MethodKind) Cash() bool { return k == EfectyCash || k == PuntoredCash }

// Payable splits what is owed into what this method can pay now and the remainder that stays payable.
func (k MethodKind) Payable(owed Money) (pay, remainder Money) {
	if k.Cash() && owed.Positive() {
		return owed.RoundDownToCash()
	}
	return owed, Money{Currency: owed.Currency}
}

// BreBKeyKind is what a Bre-B key is made of.
type BreBKeyKind string

// The Bre-B keys D24 takes; alphanumeric and merchant keys exist in Colombia but D24 does not list them.
const (
	BreBPhone    BreBKeyKind = "phone"
	BreBEmail    BreBKeyKind = "email"
	BreBDocument BreBKeyKind = "document"
	BreBAlias    BreBKeyKind = "alias"
)

// Destination is where a payout goes: one method with what it needs. Cash needs nothing but the
// payee's own phone (and e-mail for Punto Red).
type Destination struct {
	Kind          MethodKind
	BankCode      string // 3-digit compensation code, banks only
	AccountType   string // S savings or C current, banks only
	AccountNumber string // banks; the mobile number (10 digits) for wallets
	BreBKey       string
	BreBKeyKind   BreBKeyKind
}
