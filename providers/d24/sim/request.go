package sim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"pagaduria/models"
)

// request has the documented fields of all four endpoints.
type request struct {
	Login           string          `json:"login"`
	Pass            string          `json:"pass"`
	CashoutID       json.RawMessage `json:"cashout_id"` // a number in one sample, a string in another
	ExternalID      string          `json:"external_id"`
	Status          string          `json:"status"`
	Country         string          `json:"country"`
	Currency        string          `json:"currency"`
	Amount          json.RawMessage `json:"amount"`
	DocumentID      string          `json:"document_id"`
	DocumentType    string          `json:"document_type"`
	BankCode        string          `json:"bank_code"`
	BankAccount     string          `json:"bank_account"`
	BankBranch      string          `json:"bank_branch"`
	AccountType     string          `json:"account_type"`
	Name            string          `json:"beneficiary_name"`
	Lastname        string          `json:"beneficiary_lastname"`
	Email           string          `json:"email"`
	Phone           string          `json:"phone"`
	Address         string          `json:"address"`
	NotificationURL string          `json:"notification_url"`
	OnHold          bool            `json:"on_hold"`
}

func (r *request) cashoutID() string { return strings.Trim(string(r.CashoutID), `"`) }

// amount reads whole pesos; D24 takes a JSON number, and a peso has no centavos in use.
func (r *request) amount() (models.Money, error) { return models.ParsePesos(string(r.Amount)) }

// The documented forms for Colombia.
var (
	documentForms = map[string]*regexp.Regexp{
		"CC":   regexp.MustCompile(`^\d{6,10}$`),
		"CE":   regexp.MustCompile(`^\d{6,10}$`),
		"NIT":  regexp.MustCompile(`^\d{8,15}$`),
		"PASS": regexp.MustCompile(`^[A-Za-z0-9]{6,10}$`),
	}
	bankForm    = regexp.MustCompile(`^\d{3}$`)
	accountForm = regexp.MustCompile(`^\d{8,19}$`)
	phoneForm   = regexp.MustCompile(`^\+57 ?\d{3} ?\d{7}$`)
	emailForm   = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

// unlistedBank stands for any code outside D24's bank list, which is not public in full: 303.
const unlistedBank = "999"

// check is the parameter check of a create: the first fault, or true.
func (s *Server) check(r *request) (answer, bool) {
	for _, rule := range []func(*request) answer{checkFields, s.checkAmount, checkPayee, checkDestination} {
		if a := rule(r); a.status != 0 {
			return a, false
		}
	}
	if r.NotificationURL == "" && s.opts.NotificationURL == "" {
		return invalid("notificationUrl", "notification url"), false
	}
	return answer{}, true
}

// invalid is error 300 with a message in the form of the documented sample.
func invalid(field, words string) answer {
	return problem(http.StatusBadRequest, 300, field+": Invalid or missing "+words)
}

func refused(code int, message string) answer {
	return problem(http.StatusPreconditionFailed, code, message)
}

func checkFields(r *request) answer {
	switch {
	case r.ExternalID == "" || len(r.ExternalID) > 100:
		return invalid("externalId", "external id")
	case r.Country != "CO":
		return invalid("country", "country")
	case r.Currency != "COP" && r.Currency != "USD":
		return refused(526, "Invalid currency")
	case strings.TrimSpace(r.Address) == "":
		return invalid("address", "address")
	case r.NotificationURL != "":
		if u, err := url.Parse(r.NotificationURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return invalid("notificationUrl", "notification url")
		}
	}
	return answer{}
}

func (s *Server) checkAmount(r *request) answer {
	amount, err := r.amount()
	switch {
	case err != nil || !amount.Positive():
		return invalid("amount", "amount")
	case s.opts.Minimum.Positive() && amount.Minor < s.opts.Minimum.Minor:
		return refused(533, "Amount below the minimum")
	case s.opts.Limit.Positive() && amount.Minor > s.opts.Limit.Minor:
		return refused(508, "Limit exceeded: TRANSACTION")
	}
	return answer{}
}

func checkPayee(r *request) answer {
	form := documentForms[r.DocumentType]
	switch {
	case form == nil:
		return invalid("documentType", "document type")
	case !form.MatchString(r.DocumentID):
		return invalid("documentId", "document id")
	case strings.TrimSpace(r.Name) == "":
		return invalid("beneficiaryName", "beneficiary name")
	case strings.TrimSpace(r.Lastname) == "" && r.DocumentType != "NIT":
		return invalid("beneficiaryLastname", "beneficiary lastname")
	case r.Phone != "" && !phoneForm.MatchString(r.Phone):
		return refused(543, "Invalid phone")
	case r.Email != "" && !emailForm.MatchString(r.Email):
		return invalid("email", "email")
	}
	return answer{}
}

// checkDestination applies the rules of the bank_code selector.
func checkDestination(r *request) answer {
	noAccount := r.BankAccount == ""
	switch code := r.BankCode; {
	case code == "10003":
		return needs(noAccount, r.Phone != "")
	case code == "10006":
		return needs(!noAccount && len(r.BankAccount) <= 20, r.Phone != "" && r.Email != "")
	case code == "1507", code == "1551":
		return needs(!noAccount && len(r.BankAccount) <= 20, true)
	case code == "20000":
		return needs(noAccount && r.BankBranch == "", r.Phone != "")
	case code == "20001":
		return needs(noAccount && r.BankBranch == "", r.Email != "")
	case code == "20002":
		return needs(noAccount && r.BankBranch == "", true)
	case !bankForm.MatchString(code) || code == unlistedBank:
		return refused(303, "Invalid bank code")
	case r.AccountType != "C" && r.AccountType != "S":
		return invalid("accountType", "account type")
	}
	return needs(accountForm.MatchString(r.BankAccount), true)
}

func needs(account, contact bool) answer {
	switch {
	case !account:
		return invalid("bankAccount", "Bank account")
	case !contact:
		return refused(540, "Email or phone required")
	}
	return answer{}
}
