package intake

import (
	"net/mail"
	"regexp"
	"strings"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
)

// The codes of the faults and warnings about how somebody is paid.
const (
	CodeMethodUnknown       = "method_unknown"
	CodePhoneMissingForCash = "phone_missing_for_cash"
	CodeEmailMissingForCash = "email_missing_for_cash"
	CodeBankUnknown         = "bank_unknown"
	CodeAccountMissing      = "account_missing"
	CodeAccountInvalid      = "account_invalid"
	CodeAccountTypeInvalid  = "account_type_invalid"
	CodeKeyMissing          = "bre_b_key_missing"
	CodeKeyInvalid          = "bre_b_key_invalid"
	CodeWalletPhoneMismatch = "wallet_phone_mismatch" // warning
	CodeMethodNeedsConsent  = "method_needs_consent"  // warning: a known distributor is paid another way
)

// CleanDestination evens out how a destination was typed: separators in account numbers, the country
// prefix of wallet numbers, the kind of a Bre-B key when none was chosen. What the method does not
// need is dropped. It never makes up a value; ValidateDestination judges the result.
func CleanDestination(d models.Destination, p models.Payee) models.Destination {
	account := strings.NewReplacer(" ", "", "-", "", ".", "", "\u00a0", "").Replace(d.AccountNumber)
	clean := models.Destination{Kind: d.Kind}
	switch d.Kind {
	case models.BankAccount:
		clean.BankCode, clean.AccountNumber = strings.TrimSpace(d.BankCode), account
		clean.AccountType = strings.ToUpper(strings.TrimSpace(d.AccountType))
	case models.Nequi, models.Daviplata:
		clean.AccountNumber = account
		if wallet := ident.WalletNumber(account); wallet != "" {
			clean.AccountNumber = wallet
		}
	case models.BreB:
		clean.BreBKey, clean.BreBKeyKind = cleanKey(strings.TrimSpace(d.BreBKey), d.BreBKeyKind, p)
	}
	return clean
}

// cleanKey tells the kinds of keys apart by their looks. Ten digits that start with 3 may be a phone or a
// document; they are a document when they are the payee's own.
func cleanKey(key string, kind models.BreBKeyKind, p models.Payee) (string, models.BreBKeyKind) {
	digits := strings.NewReplacer(" ", "", "-", "", ".", "").Replace(key)
	if kind == "" {
		switch {
		case key == "":
			return "", ""
		case strings.HasPrefix(key, "@"):
			kind = models.BreBAlias
		case strings.Contains(key, "@"):
			kind = models.BreBEmail
		case digits == p.DocNumber:
			kind = models.BreBDocument
		case ident.WalletNumber(digits) != "":
			kind = models.BreBPhone
		case documentKey.MatchString(digits):
			kind = models.BreBDocument
		default:
			kind = models.BreBAlias
		}
	}
	switch kind {
	case models.BreBPhone:
		if wallet := ident.WalletNumber(digits); wallet != "" {
			key = "+57" + wallet
		}
	case models.BreBDocument:
		key = digits
	case models.BreBEmail:
		key = strings.ToLower(key)
	}
	return key, kind
}

var (
	walletNumber = regexp.MustCompile(`^3[0-9]{9}$`)
	documentKey  = regexp.MustCompile(`^[A-Z0-9]{5,15}$`)
	aliasKey     = regexp.MustCompile(`^@?[A-Za-z0-9._-]{3,30}$`)
)

// ValidateDestination answers what keeps p from being paid at d, and what deserves a look. Fields are
// named as the columns of the distributors' file. d has been through CleanDestination; p.Phone is
// E.164 or "". Rules: rails.md §2, banks.csv and d24_rails.csv; what one rail alone refuses is the rail's to say.
func ValidateDestination(d models.Destination, p models.Payee) ([]Fault, []Warning) {
	switch d.Kind {
	case models.EfectyCash, models.PuntoredCash:
		return cashFaults(d.Kind, p), nil
	case models.BankAccount:
		return bankFaults(d), nil
	case models.Nequi, models.Daviplata:
		return walletFaults(d, p)
	case models.BreB:
		return keyFaults(d), nil
	}
	return []Fault{{"payout_method", CodeMethodUnknown, "This way of being paid is not known."}}, nil
}

// mobileOf is the ten digits of a Colombian mobile number, "" for others. e164 is known to be valid.
func mobileOf(e164 string) string {
	national, colombian := strings.CutPrefix(e164, "+57")
	if !colombian || !walletNumber.MatchString(national) {
		return ""
	}
	return national
}

func cashFaults(kind models.MethodKind, p models.Payee) []Fault {
	var faults []Fault
	switch {
	case p.Phone == "":
		faults = append(faults, Fault{"phone", CodePhoneMissingForCash, "Cash pick-up needs a mobile phone."})
	case mobileOf(p.Phone) == "":
		faults = append(faults, Fault{"phone", ident.PhoneInvalid, "Cash pick-up needs a Colombian mobile number."})
	}
	if kind == models.PuntoredCash && p.Email == "" {
		faults = append(faults, Fault{"email", CodeEmailMissingForCash, "Cash pick-up at Punto Red needs an e-mail address."})
	}
	return faults
}

func bankFaults(d models.Destination) []Fault {
	var faults []Fault
	bank, known := colombia.BankByCode(d.BankCode)
	known = known && bank.Offered
	if !known {
		faults = append(faults, Fault{"bank_code", CodeBankUnknown, "No bank that can be paid has this code; codes have three digits."})
	}
	switch {
	case d.AccountNumber == "":
		faults = append(faults, Fault{"account_number", CodeAccountMissing, "The account number is missing."})
	case known && !bank.TakesAccount(d.AccountNumber):
		faults = append(faults, Fault{"account_number", CodeAccountInvalid, "This is not an account number of " + bank.Name + "."})
	}
	if d.AccountType != "S" && d.AccountType != "C" {
		faults = append(faults, Fault{"account_type", CodeAccountTypeInvalid, "The account type is S (savings) or C (current)."})
	}
	return faults
}

func walletFaults(d models.Destination, p models.Payee) ([]Fault, []Warning) {
	switch {
	case d.AccountNumber == "":
		return []Fault{{"account_number", CodeAccountMissing, "The wallet's number is missing."}}, nil
	case !walletNumber.MatchString(d.AccountNumber):
		return []Fault{{"account_number", CodeAccountInvalid, "A wallet's number is a mobile number of ten digits that starts with 3."}}, nil
	case p.Phone != "" && mobileOf(p.Phone) != d.AccountNumber:
		return nil, []Warning{{"account_number", CodeWalletPhoneMismatch, "The wallet's number is not the phone."}}
	}
	return nil, nil
}

func keyFaults(d models.Destination) []Fault {
	if d.BreBKey == "" {
		return []Fault{{"bre_b_key", CodeKeyMissing, "The Bre-B key is missing."}}
	}
	valid := false
	switch d.BreBKeyKind {
	case models.BreBPhone:
		valid = ident.WalletNumber(d.BreBKey) != ""
	case models.BreBEmail:
		valid = validEmail(d.BreBKey)
	case models.BreBDocument:
		valid = documentKey.MatchString(d.BreBKey)
	case models.BreBAlias:
		valid = aliasKey.MatchString(d.BreBKey)
	}
	if !valid {
		return []Fault{{"bre_b_key", CodeKeyInvalid, "A Bre-B key is a mobile phone, an e-mail address, a document number or an alias."}}
	}
	return nil
}

// validEmail wants one bare address whose domain has a dot.
func validEmail(s string) bool {
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || address.Name != "" || len(s) > 254 {
		return false
	}
	domain := s[strings.LastIndexByte(s, '@')+1:]
	return strings.Contains(domain, ".") && !strings.HasPrefix(domain, "[") && !strings.ContainsAny(s, " \"<>")
}
