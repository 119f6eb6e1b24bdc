package main

import (
	"net/http"
	"time"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// auditWithin bounds reading the whole audit log: a million events take seconds.
const auditWithin = 10 * time.Minute

// peopleRoutes are sign-in, one's own account, staff, outbox and audit log.
func peopleRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	return []Route{
		{Method: get, Path: urls.SignInPattern, Perm: models.PermPublic, Handler: h.SignIn},
		{Method: post, Path: urls.SignInPattern, Perm: models.PermPublic, Handler: h.SignInPassword},
		{Method: get, Path: urls.SignInCodePattern, Perm: models.PermPublic, Handler: h.SignInCode},
		{Method: post, Path: urls.SignInCodePattern, Perm: models.PermPublic, Handler: h.SignInCheck},
		{Method: post, Path: urls.AskPasskeyPattern, Perm: models.PermPublic, Handler: h.AskPasskey},
		{Method: post, Path: urls.SignOutPattern, Perm: models.PermPublic, Handler: h.SignOut},
		{Method: get, Path: urls.SetUpPattern, Perm: models.PermPublic, Handler: h.SetUp},
		{Method: post, Path: urls.SetUpPattern, Perm: models.PermPublic, Handler: h.SetUpFinish},
		{Method: post, Path: urls.ThemePattern, Perm: models.PermPublic, Handler: h.ChooseTheme},
		{Method: post, Path: urls.LocalePattern, Perm: models.PermPublic, Handler: h.ChooseLocale},

		{Method: get, Path: urls.AccountPattern, Perm: models.PermSignedIn, Handler: h.Account},
		{Method: post, Path: urls.PasswordPattern, Perm: models.PermSignedIn, Handler: h.ChangePassword},
		{Method: post, Path: urls.RecoveryCodesPattern, Perm: models.PermSignedIn, Handler: h.RenewRecoveryCodes},
		{Method: post, Path: urls.ConfirmPattern, Perm: models.PermSignedIn, Handler: h.Confirm},
		{Method: post, Path: urls.NewPasskeyPattern, Perm: models.PermSignedIn, Handler: h.NewPasskey},
		{Method: post, Path: urls.PasskeysPattern, Perm: models.PermSignedIn, Handler: h.AddPasskey},
		{Method: post, Path: urls.RemovePasskeyPattern, Perm: models.PermSignedIn, Handler: h.RemovePasskey},
		{Method: post, Path: urls.SessionRevokePattern, Perm: models.PermSignedIn, Handler: h.RevokeSession},
		{Method: post, Path: urls.SessionsOthersPattern, Perm: models.PermSignedIn, Handler: h.RevokeOtherSessions},
		{Method: post, Path: urls.SessionsAllPattern, Perm: models.PermSignedIn, Handler: h.RevokeAllSessions},
		{Method: post, Path: urls.AbsencesPattern, Perm: models.PermSignedIn, Handler: h.GoAway},
		{Method: post, Path: urls.EndAbsencePattern, Perm: models.PermSignedIn, Handler: h.EndAbsence},

		{Method: get, Path: urls.NoticesPattern, Perm: models.PermSignedIn, Handler: h.Notices},
		{Method: post, Path: urls.ReadNoticesPattern, Perm: models.PermSignedIn, Handler: h.ReadNotices},
		{Method: post, Path: urls.OpenNoticePattern, Perm: models.PermSignedIn, Handler: h.OpenNotice},
		{Method: get, Path: urls.NoticePreferencesPattern, Perm: models.PermSignedIn, Handler: h.NoticePreferences},
		{Method: post, Path: urls.NoticePreferencesPattern, Perm: models.PermSignedIn, Handler: h.SaveNoticePreferences},

		{Method: get, Path: urls.StaffListPattern, Perm: models.PermStaffView, Handler: h.StaffList},
		{Method: get, Path: urls.StaffNewPattern, Perm: models.PermStaffEdit, Handler: h.StaffNew},
		{Method: post, Path: urls.StaffNewPattern, Perm: models.PermStaffEdit, Handler: h.StaffAdd},
		{Method: get, Path: urls.StaffPattern, Perm: models.PermStaffView, Handler: h.StaffRecord},
		{Method: post, Path: urls.StaffRolesPattern, Perm: models.PermStaffEdit, Handler: h.StaffRoles},
		{Method: get, Path: urls.StaffDisablePattern, Perm: models.PermStaffEdit, Handler: h.StaffAskDisable},
		{Method: post, Path: urls.StaffDisablePattern, Perm: models.PermStaffEdit, Handler: h.StaffDisable},
		{Method: post, Path: urls.StaffInvitePattern, Perm: models.PermStaffEdit, Handler: h.StaffInvite},
		{Method: get, Path: urls.StaffResetPattern, Perm: models.PermStaffEdit, Handler: h.StaffAskReset},
		{Method: post, Path: urls.StaffResetPattern, Perm: models.PermStaffEdit, Handler: h.StaffReset},
		{Method: get, Path: urls.PermissionsPattern, Perm: models.PermStaffView, Handler: h.Permissions},
		{Method: get, Path: urls.OutboxPattern, Perm: models.PermOutboxView, Handler: h.Outbox},
		{Method: get, Path: urls.MailPattern, Perm: models.PermStaffEdit, Handler: h.MailRecord},

		{Method: get, Path: urls.AuditPattern, Perm: models.PermAuditView, Handler: h.Audit},
		{Method: get, Path: urls.AuditExportPattern, Perm: models.PermAuditView, Handler: h.AuditExport, Within: auditWithin},
		{Method: post, Path: urls.AuditVerifyPattern, Perm: models.PermAuditView, Handler: h.AuditVerify},
	}
}
