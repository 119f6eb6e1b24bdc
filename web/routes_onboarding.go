package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/services/onboarding"
	"pagaduria/views/urls"
)

// caseRoutes are the pages of cases, for staff.
func caseRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, invite, fill := models.PermKYCView, models.PermKYCInvite, models.PermKYCFill
	return []Route{
		{Method: get, Path: urls.CasesPattern, Perm: view, Handler: h.CaseList},
		{Method: get, Path: urls.CaseInvitePattern, Perm: invite, Handler: h.AskInvitations},
		{Method: post, Path: urls.CaseInvitePattern, Perm: invite, Handler: h.StartInvitations},
		{Method: get, Path: urls.CaseSettingsPattern, Perm: models.PermDistributorsJudge, Handler: h.CaseSettings},
		{Method: post, Path: urls.CaseSettingsPattern, Perm: models.PermDistributorsJudge, Handler: h.SaveCaseSettings},
		{Method: get, Path: urls.CasePattern, Perm: view, Handler: h.CasePage},
		{Method: get, Path: urls.CaseEvidencePattern, Perm: models.PermEvidenceTake, Handler: h.CaseEvidence, Within: uploadWithin},
		{Method: post, Path: urls.CaseSendPattern, Perm: invite, Handler: h.SendCase},
		{Method: post, Path: urls.CaseRevokePattern, Perm: invite, Handler: h.RevokeCase},
		{Method: post, Path: urls.InviteDistributorPattern, Perm: invite, Handler: h.InviteDistributor},
		{Method: post, Path: urls.OpenCasePattern, Perm: fill, Handler: h.OpenCase},
		{Method: get, Path: urls.CaseFillPattern, Perm: fill, Handler: h.FillCase},
		{Method: post, Path: urls.CaseFillPattern, Perm: fill, Handler: h.SaveFill, Body: evidenceBody, Within: uploadWithin},
		{Method: post, Path: urls.CasePaperPattern, Perm: fill, Handler: h.FillPaper, Body: documentBody, Within: uploadWithin},
		{Method: post, Path: urls.CaseUploadsPattern, Perm: fill, Handler: h.BeginCaseUpload},
		{Method: http.MethodHead, Path: urls.CaseUploadPattern, Perm: fill, Handler: h.CaseUploadState},
		{Method: http.MethodPatch, Path: urls.CaseUploadPattern, Perm: fill, Handler: h.AppendCaseUpload, Body: pieceBody},
	}
}

// payeeRoutes are the pages behind a link, without an account.
func payeeRoutes(h *handlers.Handlers) []Route {
	const get, post, public = http.MethodGet, http.MethodPost, models.PermPublic
	door := func(next func(echo.Context, onboarding.Door) error) echo.HandlerFunc { return h.Payee(next) }
	return []Route{
		{Method: get, Path: urls.PayeePattern, Perm: public, Handler: door(h.PayeeHome)},
		{Method: get, Path: urls.PayeeCodePattern, Perm: public, Handler: door(h.PayeeCode)},
		{Method: post, Path: urls.PayeeCodePattern, Perm: public, Handler: door(h.CheckPayeeCode)},
		{Method: post, Path: urls.PayeeSendCodePattern, Perm: public, Handler: door(h.SendPayeeCode)},
		{Method: get, Path: urls.PayeeReceiptPattern, Perm: public, Handler: door(h.PayeeReceipt)},
		{Method: post, Path: urls.PayeeContactCodePattern, Perm: public, Handler: door(h.CheckPayeeContact)},
		{Method: post, Path: urls.PayeeContactSendPattern, Perm: public, Handler: door(h.SendPayeeContact)},
		{Method: get, Path: urls.PayeeStepPattern, Perm: public, Handler: door(h.PayeeStep)},
		{Method: post, Path: urls.PayeeStepPattern, Perm: public, Handler: door(h.SavePayeeStep)},
		{Method: post, Path: urls.PayeePaperPattern, Perm: public, Door: h.PayeeSends, Handler: h.GivePaper, Body: documentBody, Within: uploadWithin},
		{Method: get, Path: urls.PayeePaperPagePattern, Perm: public, Handler: door(h.PayeePaperPage)},
		{Method: post, Path: urls.PayeeUploadsPattern, Perm: public, Door: h.PayeeSends, Handler: h.BeginPayeeUpload},
		{Method: http.MethodHead, Path: urls.PayeeUploadPattern, Perm: public, Door: h.PayeeSends, Handler: h.PayeeUploadState},
		{Method: http.MethodPatch, Path: urls.PayeeUploadPattern, Perm: public, Door: h.PayeeSends, Handler: h.AppendPayeeUpload, Body: pieceBody},
	}
}
