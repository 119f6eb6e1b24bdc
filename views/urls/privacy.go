package urls

import "net/url"

// The paths of payees' own data.
const (
	NavPrivacy            = "/privacy"
	PrivacyListPattern    = NavPrivacy
	PrivacyPattern        = "/privacy/payees/:id"
	PrivacyReceivePattern = "/privacy/payees/:id/requests"
	PrivacyReportPattern  = "/privacy/payees/:id/report"
	PrivacyKeepPattern    = "/privacy/payees/:id/hold"
	PrivacyLiftPattern    = "/privacy/payees/:id/lift"
	PrivacyErasePattern   = "/privacy/payees/:id/erase"
	PrivacyAnswerPattern  = "/privacy/requests/:id/answer"
)

// PrivacyList is the list of what payees ask about their data.
func PrivacyList() string { return NavPrivacy }

// PrivacyIn is those in one state.
func PrivacyIn(state string) string { return withQuery(NavPrivacy, url.Values{"state": {state}}) }

// Privacy is the data of one payee: what is kept, until when, and who looked.
func Privacy(distributor int64) string { return "/privacy/payees/" + Num(distributor) }

// PrivacyAnswer is where a request is answered.
func PrivacyAnswer(id int64) string { return "/privacy/requests/" + Num(id) + "/answer" }
