package urls

import "net/url"

// Staff accounts, their permissions and the outbox.
const (
	StaffListPattern    = NavStaff
	StaffNewPattern     = NavStaff + "/new"
	StaffPattern        = NavStaff + "/:id"
	StaffRolesPattern   = NavStaff + "/:id/roles"
	StaffDisablePattern = NavStaff + "/:id/disable"
	StaffInvitePattern  = NavStaff + "/:id/invite"
	StaffResetPattern   = NavStaff + "/:id/reset-factor"
	PermissionsPattern  = "/permissions"
	OutboxPattern       = NavOutbox
	MailPattern         = NavOutbox + "/:id"
)

// One's own account.
const (
	SignInCodePattern     = "/signin/code"
	PasswordPattern       = "/account/password"
	RecoveryCodesPattern  = "/account/recovery-codes"
	SessionRevokePattern  = "/account/sessions/:id/revoke"
	SessionsOthersPattern = "/account/sessions/revoke-others"
	SessionsAllPattern    = "/account/sessions/revoke-all"
	AbsencesPattern       = "/account/absences"
	EndAbsencePattern     = "/account/absences/:id/end"
	ConfirmPattern        = "/account/confirm"
	PasskeysPattern       = "/account/passkeys"
	NewPasskeyPattern     = "/account/passkeys/challenge"
	RemovePasskeyPattern  = "/account/passkeys/:id/remove"
	AskPasskeyPattern     = "/passkeys/challenge"
)

// SignInCode is the second step of signing in.
func SignInCode() string { return SignInCodePattern }

// Password is where a new password of one's own is posted.
func Password() string { return PasswordPattern }

// RecoveryCodes is where new recovery codes are asked for.
func RecoveryCodes() string { return RecoveryCodesPattern }

// SessionRevoke ends one session of one's own.
func SessionRevoke(id int64) string { return "/account/sessions/" + Num(id) + "/revoke" }

// SessionsOthers ends all sessions of one's own but this one.
func SessionsOthers() string { return SessionsOthersPattern }

// SessionsAll signs out everywhere.
func SessionsAll() string { return SessionsAllPattern }

// Absences is where an absence of one's own is noted.
func Absences() string { return AbsencesPattern }

// EndAbsence ends one.
func EndAbsence(id int64) string { return AbsencesPattern + "/" + Num(id) + "/end" }

// Confirm is where the second factor is given once more.
func Confirm() string { return ConfirmPattern }

// Passkeys is where a new passkey of one's own is posted.
func Passkeys() string { return PasskeysPattern }

// NewPasskey is what the browser asks before it makes a passkey.
func NewPasskey() string { return NewPasskeyPattern }

// AskPasskey is what the browser asks before it gives a passkey in place of a code.
func AskPasskey() string { return AskPasskeyPattern }

// RemovePasskey takes one passkey of one's own away.
func RemovePasskey(id int64) string { return "/account/passkeys/" + Num(id) + "/remove" }

// StaffList is the list of accounts.
func StaffList() string { return NavStaff }

// StaffNew is the form for a new account.
func StaffNew() string { return StaffNewPattern }

// Staff is one account.
func Staff(id int64) string { return NavStaff + "/" + Num(id) }

// StaffRoles is where the roles of an account are changed.
func StaffRoles(id int64) string { return Staff(id) + "/roles" }

// StaffDisable asks why and disables an account.
func StaffDisable(id int64) string { return Staff(id) + "/disable" }

// StaffInvite makes a new set-up link.
func StaffInvite(id int64) string { return Staff(id) + "/invite" }

// StaffReset takes a second factor back.
func StaffReset(id int64) string { return Staff(id) + "/reset-factor" }

// Permissions is the matrix of roles, permissions and routes.
func Permissions() string { return PermissionsPattern }

// Outbox lists the mails of the product.
func Outbox() string { return NavOutbox }

// Mail is one mail as it is sent, with its link.
func Mail(id int64) string { return NavOutbox + "/" + Num(id) }

// The audit log.
const (
	AuditPattern       = NavAudit
	AuditExportPattern = NavAudit + "/export.csv"
	AuditVerifyPattern = NavAudit + "/verify"
)

// Audit is the audit log.
func Audit() string { return NavAudit }

// AuditOf is the audit log of one record: kind is the subject as recorded ("batch").
func AuditOf(kind string, id int64) string {
	return NavAudit + "?" + url.Values{"subject": {kind}, "id": {Num(id)}}.Encode()
}

// AuditBy is the audit log of one person.
func AuditBy(staffID int64) string { return NavAudit + "?actor=" + Num(staffID) }

// AuditExport is the filtered log as CSV.
func AuditExport(query url.Values) string {
	if q := query.Encode(); q != "" {
		return AuditExportPattern + "?" + q
	}
	return AuditExportPattern
}

// AuditVerify is where a check of the hash chain is asked for.
func AuditVerify() string { return AuditVerifyPattern }
