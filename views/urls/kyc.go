package urls

// The paths of cases, for staff.
const (
	CasesPattern             = NavCases
	CasePattern              = "/kyc/:id"
	CaseSendPattern          = "/kyc/:id/send"
	CaseRevokePattern        = "/kyc/:id/revoke"
	CaseFillPattern          = "/kyc/:id/fill/:step"
	CasePaperPattern         = "/kyc/:id/documents/:item"
	CaseUploadsPattern       = "/kyc/:id/uploads"
	CaseUploadPattern        = "/kyc/:id/uploads/:upload"
	CaseSettingsPattern      = "/kyc/settings"
	CaseInvitePattern        = "/kyc/invite"
	InviteDistributorPattern = "/distributors/:id/invite"
	OpenCasePattern          = "/distributors/:id/case"
	CaseEvidencePattern      = "/kyc/:id/evidence/pack.zip"
)

// Cases is the list of cases.
func Cases() string { return CasesPattern }

// Case is the page of one case.
func Case(id int64) string { return CasesPattern + "/" + Num(id) }

// CaseSend writes to the payee again.
func CaseSend(id int64) string { return Case(id) + "/send" }

// CaseRevoke withdraws the link of a case.
func CaseRevoke(id int64) string { return Case(id) + "/revoke" }

// CaseFill is where staff fill in a step for the payee.
func CaseFill(id int64, step string) string { return Case(id) + "/fill/" + step }

// CasePaper is where staff send a document for the payee.
func CasePaper(id int64, item string) string { return Case(id) + "/documents/" + item }

// CaseUploads is where the files of a case come in piece by piece.
func CaseUploads(id int64) string { return Case(id) + "/uploads" }

// CaseEvidence is the evidence pack of a case.
func CaseEvidence(id int64) string { return Case(id) + "/evidence/pack.zip" }

// CaseSettings is how long links are good for.
func CaseSettings() string { return CaseSettingsPattern }

// CaseInvite is where a filtered set of distributors is invited.
func CaseInvite() string { return CaseInvitePattern }

// InviteDistributor opens a case and writes to the distributor.
func InviteDistributor(id int64) string { return Distributor(id) + "/invite" }

// OpenCase opens a case that staff fill in.
func OpenCase(id int64) string { return Distributor(id) + "/case" }

// The paths of the form behind a link, without an account.
const (
	PayeePattern            = "/p/:token"
	PayeeStepPattern        = "/p/:token/:step"
	PayeeCodePattern        = "/p/:token/code"
	PayeeSendCodePattern    = "/p/:token/code/send"
	PayeeContactCodePattern = "/p/:token/contact/code"
	PayeeContactSendPattern = "/p/:token/contact/send"
	PayeeReceiptPattern     = "/p/:token/receipt"
	PayeePaperPattern       = "/p/:token/documents/:item"
	PayeePaperPagePattern   = "/p/:token/documents/:item/:page"
	PayeeUploadsPattern     = "/p/:token/uploads"
	PayeeUploadPattern      = "/p/:token/uploads/:upload"
)

// PayeeRoot is below what everything of payees lies; their cookie goes there only.
const PayeeRoot = "/p/"

// Payee is the form behind a link.
func Payee(token string) string { return PayeeRoot + token }

// PayeeStep is one step of the form.
func PayeeStep(token, step string) string { return Payee(token) + "/" + step }

// PayeeCode is where another device gives its code.
func PayeeCode(token string) string { return Payee(token) + "/code" }

// PayeeSendCode sends that code.
func PayeeSendCode(token string) string { return Payee(token) + "/code/send" }

// PayeeContactCode takes the code of a contact.
func PayeeContactCode(token string) string { return Payee(token) + "/contact/code" }

// PayeeContactSend sends another code to a contact.
func PayeeContactSend(token string) string { return Payee(token) + "/contact/send" }

// PayeePaper is where a payee sends a document.
func PayeePaper(token, item string) string { return Payee(token) + "/documents/" + item }

// PayeePaperPage is the picture of one page of what a payee sent.
func PayeePaperPage(token, item string, page int64) string {
	return PayeePaper(token, item) + "/" + Num(page)
}

// PayeeUploads is where the files of a payee come in piece by piece.
func PayeeUploads(token string) string { return Payee(token) + "/uploads" }

// PayeeReceipt is what a payee keeps.
func PayeeReceipt(token string) string { return Payee(token) + "/receipt" }
