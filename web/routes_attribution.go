package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// attributionRoutes are the pages of whose orders are.
func attributionRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, edit := models.PermOrdersView, models.PermAttributionEdit
	return []Route{
		{Method: get, Path: urls.UnattributedPattern, Perm: view, Handler: h.Unattributed},
		{Method: get, Path: urls.AttributePattern, Perm: edit, Handler: h.AskAttribute},
		{Method: post, Path: urls.AttributePattern, Perm: edit, Handler: h.Attribute},
		{Method: get, Path: urls.AttributionPattern, Perm: view, Handler: h.Attribution},
		{Method: post, Path: urls.AttributionPattern, Perm: edit, Handler: h.AskAttribution},
		{Method: post, Path: urls.TryAttributionPattern, Perm: edit, Handler: h.TryAttribution},
		{Method: post, Path: urls.GiveCodePattern, Perm: edit, Handler: h.GiveCode},
		{Method: post, Path: urls.TakeCodePattern, Perm: edit, Handler: h.TakeCode},
	}
}
