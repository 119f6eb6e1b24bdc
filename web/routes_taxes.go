package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// taxRoutes are the pages of taxes.
func taxRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, edit := models.PermTaxView, models.PermTaxEdit
	return []Route{
		{Method: get, Path: urls.TaxPattern, Perm: view, Handler: h.Tax},
		{Method: get, Path: urls.TaxSettingsPattern, Perm: view, Handler: h.TaxSettings},
		{Method: post, Path: urls.TaxSettingsPattern, Perm: edit, Handler: h.AskTaxSettings},
		{Method: get, Path: urls.TaxMonthPattern, Perm: view, Handler: h.TaxMonth},
		{Method: get, Path: urls.TaxMonthCSVPattern, Perm: view, Handler: h.TaxMonthFile, Within: uploadWithin},
		{Method: get, Path: urls.TaxProfilesPattern, Perm: view, Handler: h.TaxProfiles},
		{Method: post, Path: urls.TaxProfilesPattern, Perm: edit, Handler: h.DeclareTax},
	}
}
