package main

import (
	"math"
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
		// The handler bounds the body itself, so that one that is too large is logged.
		{Method: post, Path: urls.TrackingIntakePattern, Perm: models.PermPublic, Handler: h.ReceiveTracking, Outside: true, Body: math.MaxInt64},
		{Method: post, Path: urls.CarrierSecretPattern, Perm: models.PermConnectionsEdit, Handler: h.NewCarrierSecret},
		{Method: post, Path: urls.CarrierAgainPattern, Perm: models.PermWebhooksReplay, Handler: h.CarrierMessageAgain},
		{Method: post, Path: urls.CarrierDaysPattern, Perm: edit, Handler: h.SetCarrierDays},
		{Method: post, Path: urls.CarrierPollingPattern, Perm: models.PermConnectionsEdit, Handler: h.SetCarrierPolling},
		{Method: post, Path: urls.DropCarrierCodePattern, Perm: edit, Handler: h.DropCarrierCode},
	}
}
