package d24

import (
	"strings"

	"pagaduria/providers"
)

// Codes that our own rules name.
const (
	codeInvalid    = "300"
	codeNotFound   = "509"
	codeTransition = "510"
	codeExpired    = "809"
	codeReversed   = "826"
)

// code is one row of D24's tables: its own text and what it means to us.
type code struct {
	text  string
	cause providers.Cause
	retry bool // sending again, unchanged, may help
}

// notCaptured stands where the public pages name a code without its meaning.
const notCaptured = "meaning not documented publicly"

// errorCodes are the API's errors. Source: D24 "API codes", cashouts v3.
var errorCodes = map[string]code{
	"300": {"Invalid parameters", providers.CauseBadRequest, false},
	"302": {"Invalid signature", providers.CauseBadSignature, false},
	"303": {"Invalid bank code", providers.CauseBank, false},
	"401": {"Invalid credentials", providers.CauseBadSignature, false},
	"402": {"Invalid IP address", providers.CauseBadAddress, false},
	"502": {"Malformed JSON", providers.CauseBadRequest, false},
	"503": {"Regulatory limits exceeded", providers.CauseLimit, false},
	"504": {"User not authorised", providers.CauseCompliance, false},
	"508": {"Limit exceeded (TRANSACTION, DAILY, MONTHLY or USER MONTHLY QUANTITY)", providers.CauseLimit, true},
	"509": {"Cashout not found with this ID", providers.CauseNotFound, false},
	"510": {"Invalid status transition", providers.CauseTransition, false},
	"511": {"External ID already used", providers.CauseDuplicate, false},
	"514": {"Insufficient funds", providers.CauseFunds, true},
	"515": {"Invalid user status", providers.CauseCompliance, false},
	"518": {"Country unavailable", providers.CauseMethod, true},
	"519": {"Merchant not enabled", providers.CauseNotEnabled, false},
	"524": {notCaptured, providers.CauseOther, false},
	"525": {"Close loop", providers.CauseCompliance, false},
	"526": {"Invalid currency", providers.CauseBadRequest, false},
	"533": {"Amount below the minimum", providers.CauseBelowMinimum, false},
	"537": {notCaptured, providers.CauseOther, false},
	"538": {notCaptured, providers.CauseOther, false},
	"539": {"Payout method unavailable", providers.CauseMethod, true},
	"540": {"E-mail or phone required", providers.CausePhone, false},
	// The pages say "used by another user" for both and not which is the e-mail and which the phone.
	"541": {"E-mail or phone used by another user", providers.CauseOther, false},
	"542": {"E-mail or phone used by another user", providers.CauseOther, false},
	"543": {"Invalid phone", providers.CausePhone, false},
	"702": {notCaptured, providers.CauseOther, false},
	"703": {notCaptured, providers.CauseOther, false},
}

// rejectionCodes come with status 3. From 809 on they mean other things than dLocal's of the same number.
// Source: D24 "API codes", cashouts v3.
var rejectionCodes = map[string]code{
	"800": {"ERROR_ACCOUNT_INCORRECT", providers.CauseAccount, false},
	"801": {"ERROR_ACCOUNT_CLOSED", providers.CauseAccount, false},
	"802": {"ERROR_AMOUNT_INCORRECT", providers.CauseAmount, false},
	"803": {"ERROR_BANK_INVALID", providers.CauseBank, false},
	"804": {"ERROR_BANK_BRANCH_INCORRECT", providers.CauseBank, false},
	"805": {"ERROR_BENEFICIARY_DOCUMENT_ID_INVALID", providers.CauseDocument, false},
	"806": {"ERROR_BENEFICIARY_NAME_INCORRECT", providers.CauseName, false},
	"807": {"ERROR_REJECTED_BY_BANK", providers.CauseBank3rd, false},
	"808": {"ERROR_OTHER", providers.CauseOther, false},
	"809": {"WITHDRAWAL_EXPIRED", providers.CauseExpired, true},
	"810": {"LIMIT_EXCEEDED", providers.CauseLimit, true},
	"811": {"RISK_POLICY", providers.CauseCompliance, false},
	"812": {"BLOCKED_FROZEN_ACCOUNT", providers.CauseAccount, false},
	"813": {"DOCUMENT_ACCOUNT_MISMATCH", providers.CauseAccount, false},
	"814": {"INVALID_PIX_KEY", providers.CauseAccount, false},
	"815": {"INVALID_IFSC_CODE", providers.CauseAccount, false},
	"816": {"INVALID_ACCOUNT_OR_IFSC_CODE", providers.CauseAccount, false},
	"817": {"INVALID_NBIN", providers.CauseAccount, false},
	"818": {"ACCOUNT_UNABLE", providers.CauseAccount, false},
	"819": {"INVALID_ACCOUNT_TYPE", providers.CauseAccount, false},
	"820": {"REJECTED_BY_MERCHANT_REQUEST", providers.CauseCancelled, false},
	"821": {"User monthly limit exceeded", providers.CauseLimit, true},
	"822": {"Name must be in katakana", providers.CauseName, false},
	"823": {"E-mail is empty", providers.CauseEmail, false},
	"824": {"Third-party control", providers.CauseCompliance, false},
	"826": {"Reversed", providers.CauseReversed, false},
}

// Explain turns a code into our words. rejection says which of D24's two tables it is of. A code that is ours
// (of Check) explains itself.
func (c *Client) Explain(number string, rejection bool) providers.Explanation {
	table := errorCodes
	if rejection {
		table = rejectionCodes
	}
	if row, ok := table[number]; ok {
		return providers.Explanation{Code: number, Rail: row.text, Cause: row.cause, Retry: row.retry}
	}
	if ours[providers.Cause(number)] {
		return providers.Explanation{Code: number, Cause: providers.Cause(number)}
	}
	return providers.Explanation{Code: number, Cause: providers.CauseOther}
}

// ours are the causes that Check refuses with.
var ours = map[providers.Cause]bool{
	providers.CauseBadRequest: true, providers.CauseAmount: true, providers.CauseDocument: true,
	providers.CauseName: true, providers.CausePhone: true, providers.CauseEmail: true,
	providers.CauseAccount: true, providers.CauseBank: true, providers.CauseMethod: true,
}

// fieldCauses tell which field a 300 is about, by the word its message starts with ("bankAccount: …").
// Only bankAccount is documented by example; the others follow the names of the request's fields.
var fieldCauses = map[string]providers.Cause{
	"bankaccount": providers.CauseAccount, "accounttype": providers.CauseAccount,
	"bankcode": providers.CauseBank, "bankbranch": providers.CauseBank,
	"documentid": providers.CauseDocument, "documenttype": providers.CauseDocument,
	"beneficiaryname": providers.CauseName, "beneficiarylastname": providers.CauseName,
	"phone": providers.CausePhone, "email": providers.CauseEmail, "amount": providers.CauseAmount,
}

func causeOf(number, message string) providers.Cause {
	if number == codeInvalid {
		field, _, _ := strings.Cut(message, ":")
		if cause, ok := fieldCauses[strings.ToLower(strings.TrimSpace(field))]; ok {
			return cause
		}
	}
	return errorCodes[number].cause
}
