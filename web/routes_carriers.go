package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// carrierRoutes are the pages of carriers and their codes.
func carrierRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, edit := models.PermCarriersView, models.PermCarriersEdit
	return []Route{
		{Method: get, Path: urls.CarriersPattern, Perm: view, Handler: h.CarrierList},
		{Method: post, Path: urls.CarriersPattern, Perm: edit, Handler: h.AddCarrier},
		{Method: get, Path: urls.CarrierPattern, Perm: view, Handler: h.CarrierPage},
		{Method: post, Path: urls.CarrierCodePattern, Perm: edit, Handler: h.SetCarrierCode},
		{Method: post, Path: urls.DropCarrierCodePattern, Perm: edit, Handler: h.DropCarrierCode},
	}
}
