package main

import (
	"math"
	"net/http"
	"strings"
	"time"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// trialWithin bounds trying a connection out: the rail has 15 seconds to answer.
const trialWithin = 40 * time.Second

// railRoutes are where rails notify us, the log of that, the connections to rails, and the box that finds everything.
func railRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	return []Route{
		// The handler bounds the body itself, so that one that is too large is logged.
		{Method: post, Path: urls.WebhookIntakePattern, Perm: models.PermPublic, Handler: h.ReceiveWebhook, Outside: true, Body: math.MaxInt64},

		{Method: get, Path: urls.WebhooksPattern, Perm: models.PermWebhooksView, Handler: h.WebhookLog},
		{Method: get, Path: urls.WebhookPattern, Perm: models.PermWebhooksView, Handler: h.WebhookPage},
		{Method: get, Path: urls.ReplayWebhookPattern, Perm: models.PermWebhooksReplay, Handler: h.AskReplayWebhook},
		{Method: post, Path: urls.ReplayWebhookPattern, Perm: models.PermWebhooksReplay, Handler: h.ReplayWebhook},

		{Method: get, Path: urls.ConnectionsPattern, Perm: models.PermConnectionsView, Handler: h.ConnectionList},
		{Method: get, Path: urls.NewConnectionPattern, Perm: models.PermConnectionsEdit, Handler: h.NewConnection},
		{Method: post, Path: urls.NewConnectionPattern, Perm: models.PermConnectionsEdit, Handler: h.AddConnection},
		{Method: get, Path: urls.ConnectionPattern, Perm: models.PermConnectionsView, Handler: h.ConnectionPage},
		{Method: post, Path: urls.ConnectionPattern, Perm: models.PermConnectionsEdit, Handler: h.SaveConnection},
		{Method: post, Path: urls.TestConnectionPattern, Perm: models.PermConnectionsEdit, Handler: h.TestConnection, Within: trialWithin},

		{Method: get, Path: urls.FeesPattern, Perm: models.PermConnectionsView, Handler: h.FeesPage},
		{Method: post, Path: urls.FeesPattern, Perm: models.PermConnectionsEdit, Handler: h.AddFees},
		{Method: post, Path: urls.WithdrawFeesPattern, Perm: models.PermConnectionsEdit, Handler: h.WithdrawFees},
		{Method: post, Path: urls.GMFPattern, Perm: models.PermConnectionsEdit, Handler: h.SetGMF},

		{Method: get, Path: urls.FundsPattern, Perm: models.PermConnectionsView, Handler: h.FundsPage},
		{Method: post, Path: urls.TopUpsPattern, Perm: models.PermFundsEdit, Handler: h.TopUp},
		{Method: post, Path: urls.BalancesPattern, Perm: models.PermFundsEdit, Handler: h.RecordBalance},
		{Method: post, Path: urls.FloatRulesPattern, Perm: models.PermConnectionsEdit, Handler: h.SetFloatRules},
		{Method: post, Path: urls.CapsPattern, Perm: models.PermFundsEdit, Handler: h.SetCap},
		{Method: get, Path: urls.TopUpPattern, Perm: models.PermConnectionsView, Handler: h.TopUpRecord},
		{Method: get, Path: urls.CapPattern, Perm: models.PermConnectionsView, Handler: h.CapRecord},

		{Method: get, Path: urls.SearchPattern, Perm: models.PermSignedIn, Handler: h.Search},
	}
}

// lean keeps compression away from notifications, whose answers have no body: rails send thousands a second.
func lean(bare, compressed http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, urls.NavWebhooks+"/") {
			bare.ServeHTTP(w, r)
			return
		}
		compressed.ServeHTTP(w, r)
	})
}
