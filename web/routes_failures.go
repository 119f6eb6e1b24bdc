package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// failureRoutes are the pages of payouts whose money came back, and what puts them right.
func failureRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	return []Route{
		{Method: get, Path: urls.FailuresPattern, Perm: models.PermPayoutsView, Handler: h.FailureList},
		{Method: get, Path: urls.ReissuePattern, Perm: models.PermBatchesPrepare, Handler: h.AskReissue},
		{Method: post, Path: urls.ReissuePattern, Perm: models.PermBatchesPrepare, Handler: h.Reissue, Within: uploadWithin},

		{Method: get, Path: urls.ContradictionsPattern, Perm: models.PermPayoutsView, Handler: h.ContradictionList},
		{Method: get, Path: urls.ContradictionPattern, Perm: models.PermPayoutsView, Handler: h.ContradictionPage},
		{Method: post, Path: urls.SettleContradictionPattern, Perm: models.PermFundsEdit, Handler: h.SettleContradiction},
	}
}
