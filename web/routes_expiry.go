package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// expiryRoutes are the pages of what runs out.
func expiryRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, judge := models.PermKYCView, models.PermDistributorsJudge
	return []Route{
		{Method: get, Path: urls.ExpiriesPattern, Perm: view, Handler: h.Expiries},
		{Method: get, Path: urls.ExpirySettingsPattern, Perm: judge, Handler: h.ExpirySettings},
		{Method: post, Path: urls.ExpirySettingsPattern, Perm: judge, Handler: h.SaveExpirySettings},
		{Method: get, Path: urls.RenewPayeesPattern, Perm: judge, Handler: h.AskRenewal},
		{Method: post, Path: urls.RenewPayeesPattern, Perm: judge, Handler: h.RenewPayees},
		{Method: get, Path: urls.PapersPattern, Perm: view, Handler: h.Validity},
		{Method: post, Path: urls.PapersPattern, Perm: judge, Handler: h.SaveValidity},
	}
}
