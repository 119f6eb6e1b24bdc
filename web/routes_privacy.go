package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// privacyRoutes are the pages of payees' own data.
func privacyRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, edit := models.PermPrivacyView, models.PermPrivacyEdit
	return []Route{
		{Method: get, Path: urls.PrivacyListPattern, Perm: view, Handler: h.PrivacyList},
		{Method: get, Path: urls.PrivacyPattern, Perm: view, Handler: h.PrivacyOf},
		{Method: post, Path: urls.PrivacyReceivePattern, Perm: edit, Handler: h.ReceivePrivacy},
		{Method: post, Path: urls.PrivacyAnswerPattern, Perm: edit, Handler: h.AnswerPrivacy},
		{Method: post, Path: urls.PrivacyReportPattern, Perm: edit, Handler: h.PrivacyReport, Within: uploadWithin},
		{Method: post, Path: urls.PrivacyKeepPattern, Perm: edit, Handler: h.KeepPrivacy},
		{Method: post, Path: urls.PrivacyLiftPattern, Perm: edit, Handler: h.LiftPrivacy},
		{Method: post, Path: urls.PrivacyErasePattern, Perm: edit, Handler: h.ErasePrivacy},
	}
}
