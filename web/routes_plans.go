package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// planRoutes are the pages of commission plans.
func planRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, edit := models.PermPlansView, models.PermPlansEdit
	return []Route{
		{Method: get, Path: urls.PlansPattern, Perm: view, Handler: h.PlanList},
		{Method: post, Path: urls.PlansPattern, Perm: edit, Handler: h.BeginPlan},
		{Method: get, Path: urls.PlanPattern, Perm: view, Handler: h.PlanPage},
		{Method: post, Path: urls.PlanPattern, Perm: edit, Handler: h.SavePlan},
		{Method: post, Path: urls.DropPlanPattern, Perm: edit, Handler: h.DropPlan},
		{Method: post, Path: urls.PublishPlanPattern, Perm: edit, Handler: h.PublishPlan},
		{Method: get, Path: urls.TryPlanPattern, Perm: view, Handler: h.TryPlan, Within: uploadWithin},
		{Method: get, Path: urls.RemitPattern, Perm: models.PermCommissionsEdit, Handler: h.RemitPage},
		{Method: post, Path: urls.RemitPattern, Perm: models.PermCommissionsEdit, Handler: h.Remit},
	}
}
