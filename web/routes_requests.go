package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// requestRoutes are the pages of changes that need a second person. Who may decide on which kind is for the kind to say.
func requestRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{Method: http.MethodGet, Path: urls.RequestsPattern, Perm: models.PermRequestsView, Handler: h.RequestList},
		{Method: http.MethodGet, Path: urls.RequestPattern, Perm: models.PermRequestsView, Handler: h.RequestPage},
		{Method: http.MethodPost, Path: urls.GrantRequestPattern, Perm: models.PermRequestsDecide, Handler: h.GrantRequest},
		{Method: http.MethodPost, Path: urls.RefuseRequestPattern, Perm: models.PermRequestsDecide, Handler: h.RefuseRequest},
		{Method: http.MethodPost, Path: urls.WithdrawRequestPattern, Perm: models.PermRequestsMake, Handler: h.WithdrawRequest},
		{Method: http.MethodPost, Path: urls.RevealRequestPattern, Perm: models.PermPersonalReveal, Handler: h.RevealRequest},
	}
}
