package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// screeningRoutes are sanctions lists, the comparison of names with them, and its hits. Nobody else learns of them.
func screeningRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, decide := models.PermScreeningView, models.PermScreeningDecide
	return []Route{
		{Method: get, Path: urls.ScreeningPattern, Perm: view, Handler: h.Screen},
		{Method: get, Path: urls.ListsPattern, Perm: view, Handler: h.Lists},
		{Method: post, Path: urls.ListsPattern, Perm: decide, Handler: h.UploadLists, Body: uploadBody, Within: uploadWithin},
		{Method: get, Path: urls.ListVersionPattern, Perm: view, Handler: h.ListVersion},
		{Method: post, Path: urls.ThresholdsPattern, Perm: decide, Handler: h.AskThresholds},
		{Method: get, Path: urls.HitsPattern, Perm: view, Handler: h.Hits},
		{Method: get, Path: urls.HitPattern, Perm: view, Handler: h.Hit},
		{Method: post, Path: urls.HitPattern, Perm: decide, Handler: h.DecideHit},
		{Method: get, Path: urls.ListedEntryPattern, Perm: view, Handler: h.ListedEntry},
	}
}
