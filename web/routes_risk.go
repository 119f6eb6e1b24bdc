package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// riskRoutes are the pages of risk. Nobody but compliance and auditors learns of it.
func riskRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, edit := models.PermRiskView, models.PermRiskEdit
	return []Route{
		{Method: get, Path: urls.RisksPattern, Perm: view, Handler: h.Risks},
		{Method: get, Path: urls.RiskRulesPattern, Perm: view, Handler: h.RiskRules},
		{Method: post, Path: urls.RiskRulesPattern, Perm: edit, Handler: h.AskRiskRules},
		{Method: post, Path: urls.TryRiskRulesPattern, Perm: edit, Handler: h.TryRiskRules, Within: uploadWithin},
		{Method: get, Path: urls.RiskPattern, Perm: view, Handler: h.RiskOf},
		{Method: post, Path: urls.RiskPattern, Perm: edit, Handler: h.AskRiskWord},
	}
}
