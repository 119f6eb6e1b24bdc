package sim

import (
	"slices"
	"strconv"

	"pagaduria/models"
)

// The magic amounts that are not a code of the rail's.
const (
	magicNone           = -1
	magicStaysPending   = 0
	magicPaid           = 1
	magicCancelled      = 2
	magicStaysDelivered = 4
	magicOnHold         = 5
	magicReversed       = 826
)

// Magic is an amount that forces an outcome.
type Magic struct {
	Amount models.Money
	Code   int    // the CCC of 9.CCC.950
	Does   string // in English, for the table
	create int    // HTTP status when the create is refused
	text   string // the rail's message then
	fault  FaultKind
}

// MagicAmount returns the amount that forces outcome CCC.
func MagicAmount(code int) models.Money { return models.Pesos(9_000_950 + int64(code)*1_000) }

// Magics lists every magic amount, by code.
func Magics() []Magic { return slices.Clone(magics) }

// magicOf returns the code of a magic amount, or magicNone.
func magicOf(m models.Money) int {
	n := pesos(m)
	if n/1_000_000 != 9 || n%1_000 != 950 {
		return magicNone
	}
	code := int(n / 1_000 % 1_000)
	if _, ok := magicByCode[code]; !ok {
		return magicNone
	}
	return code
}

var magics, magicByCode = buildMagics()

func buildMagics() ([]Magic, map[int]Magic) {
	rows := []Magic{
		{Code: magicStaysPending, Does: "stays pending (status 0): can be held and cancelled at leisure"},
		{Code: magicPaid, Does: "completes by itself, cash too (status 1)"},
		{Code: magicCancelled, Does: "cancelled by the rail (status 2)"},
		{Code: magicStaysDelivered, Does: "stays delivered and never expires (status 4)"},
		{Code: magicOnHold, Does: "accepted on hold (status 5)"},
	}
	for _, e := range createErrors {
		rows = append(rows, Magic{Code: e.code, Does: "create refused: " + e.text, create: e.http, text: e.text})
	}
	for _, r := range rejections {
		rows = append(rows, Magic{Code: r.code, Does: "rejected later: " + r.text})
	}
	for i, f := range magicFaults {
		rows = append(rows, Magic{Code: 901 + i, Does: "fault: " + faultTexts[f], fault: f})
	}
	byCode := make(map[int]Magic, len(rows))
	for i := range rows {
		rows[i].Amount = MagicAmount(rows[i].Code)
		byCode[rows[i].Code] = rows[i]
	}
	return rows, byCode
}

// magicFaults are 9.901.950 and on, in this order for good: amounts in test files depend on it.
var magicFaults = []FaultKind{
	TimeoutAfter, TimeoutBefore, ErrorBefore, ErrorAfter, DropBefore, DropAfter,
	NoticesDropped, NoticesDoubled, NoticesSwapped, Delay, Garbage,
}

// createErrors are the documented errors a create can end with. 509 and 510 belong to the other endpoints.
// Which HTTP status goes with which code is documented for 509 and 510 alone (412); the rest is our reading of
// "200, 400, 401, 412, 500". Messages in quotes of the documentation are kept to the letter.
var createErrors = []struct {
	code, http int
	text       string
}{
	{300, 400, "bankAccount: Invalid or missing Bank account"},
	{302, 412, "Invalid signature"},
	{303, 412, "Invalid bank code"},
	{401, 401, "Invalid credentials"},
	{402, 401, "Invalid IP address"},
	{502, 400, "Malformed JSON"},
	{503, 412, "Regulatory limits exceeded"},
	{504, 412, "User unauthorized due to cadastral situation."},
	{508, 412, "Limit exceeded: DAILY"},
	{511, 412, "External ID already used"},
	{514, 412, "Insufficient funds"},
	{515, 412, "Invalid user status"},
	{518, 412, "Country unavailable"},
	{519, 412, "Merchant not enabled"},
	{524, 412, "Error 524"},
	{525, 412, "Close loop"},
	{526, 412, "Invalid currency"},
	{533, 412, "Amount below the minimum"},
	{537, 412, "Error 537"},
	{538, 412, "Error 538"},
	{539, 412, "Payout method unavailable"},
	{540, 412, "Email or phone required"},
	{541, 412, "Used by another user"},
	{542, 412, "Used by another user"},
	{543, 412, "Invalid phone"},
	{702, 412, "Error 702"},
	{703, 412, "Error 703"},
}

// rejections are the documented rejection codes with the rail's words.
var rejections = []struct {
	code int
	text string
}{
	{800, "ERROR_ACCOUNT_INCORRECT"}, {801, "ERROR_ACCOUNT_CLOSED"}, {802, "ERROR_AMOUNT_INCORRECT"},
	{803, "ERROR_BANK_INVALID"}, {804, "ERROR_BANK_BRANCH_INCORRECT"},
	{805, "ERROR_BENEFICIARY_DOCUMENT_ID_INVALID"}, {806, "ERROR_BENEFICIARY_NAME_INCORRECT"},
	{807, "ERROR_REJECTED_BY_BANK"}, {808, "ERROR_OTHER"}, {809, "WITHDRAWAL_EXPIRED"}, {810, "LIMIT_EXCEEDED"},
	{811, "RISK_POLICY"}, {812, "BLOCKED_FROZEN_ACCOUNT"}, {813, "DOCUMENT_ACCOUNT_MISMATCH"},
	{814, "INVALID_PIX_KEY"}, {815, "INVALID_IFSC_CODE"}, {816, "INVALID_ACCOUNT_OR_IFSC_CODE"},
	{817, "INVALID_NBIN"}, {818, "ACCOUNT_UNABLE"}, {819, "INVALID_ACCOUNT_TYPE"},
	{820, "REJECTED_BY_MERCHANT_REQUEST"}, {821, "USER_MONTHLY_LIMIT"}, {822, "KATAKANA"}, {823, "EMAIL_EMPTY"},
	{824, "THIRD_PARTY_CONTROL"}, {826, "REVERSED"},
}

// rejectionText is the rail's words for a code.
func rejectionText(code string) string {
	n, _ := strconv.Atoi(code)
	for _, r := range rejections {
		if r.code == n {
			return r.text
		}
	}
	return ""
}
