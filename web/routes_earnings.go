package main

import (
	"math"
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// earningRoutes are the pages of commission lines, orders and the books.
func earningRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{Method: http.MethodGet, Path: urls.CommissionsPattern, Perm: models.PermCommissionsView, Handler: h.CommissionList},
		{Method: http.MethodGet, Path: urls.CommissionsFilePattern, Perm: models.PermCommissionsView, Handler: h.CommissionFile, Within: uploadWithin},
		{Method: http.MethodGet, Path: urls.HoldCommissionsPattern, Perm: models.PermCommissionsEdit, Handler: h.AskHoldCommissions},
		{Method: http.MethodPost, Path: urls.HoldCommissionsPattern, Perm: models.PermCommissionsEdit, Handler: h.HoldCommissions},
		{Method: http.MethodGet, Path: urls.ReleaseCommissionsPattern, Perm: models.PermCommissionsEdit, Handler: h.AskReleaseCommissions},
		{Method: http.MethodPost, Path: urls.ReleaseCommissionsPattern, Perm: models.PermCommissionsEdit, Handler: h.ReleaseCommissions},
		{Method: http.MethodGet, Path: urls.ReceivablesPattern, Perm: models.PermCommissionsView, Handler: h.Receivables},

		{Method: http.MethodGet, Path: urls.OrdersPattern, Perm: models.PermOrdersView, Handler: h.OrderList},
		{Method: http.MethodGet, Path: urls.OrdersFilePattern, Perm: models.PermOrdersView, Handler: h.OrderFile, Within: uploadWithin},
		{Method: http.MethodGet, Path: urls.OrderPattern, Perm: models.PermOrdersView, Handler: h.OrderPage},

		// The handler bounds the body itself, so that one that is too large is logged.
		{Method: http.MethodPost, Path: urls.ShopIntakePattern, Perm: models.PermPublic, Handler: h.ReceiveOrder, Outside: true, Body: math.MaxInt64},
		{Method: http.MethodPost, Path: urls.OnlyShopIntakePattern, Perm: models.PermPublic, Handler: h.ReceiveOrder, Outside: true, Body: math.MaxInt64},
		{Method: http.MethodGet, Path: urls.ShopsPattern, Perm: models.PermConnectionsView, Handler: h.ShopList},
		{Method: http.MethodGet, Path: urls.NewShopPattern, Perm: models.PermConnectionsEdit, Handler: h.NewShop},
		{Method: http.MethodPost, Path: urls.NewShopPattern, Perm: models.PermConnectionsEdit, Handler: h.AddShop},
		{Method: http.MethodGet, Path: urls.ShopPattern, Perm: models.PermConnectionsView, Handler: h.ShopPage},
		{Method: http.MethodPost, Path: urls.ShopPattern, Perm: models.PermConnectionsEdit, Handler: h.SaveShop},
		{Method: http.MethodGet, Path: urls.ShopMessagesPattern, Perm: models.PermWebhooksView, Handler: h.ShopMessages},
		{Method: http.MethodGet, Path: urls.ShopMessagePattern, Perm: models.PermWebhooksView, Handler: h.ShopMessage},
		{Method: http.MethodPost, Path: urls.ShopMessageAgainPattern, Perm: models.PermWebhooksReplay, Handler: h.ShopMessageAgain},

		{Method: http.MethodGet, Path: urls.LedgerPattern, Perm: models.PermLedgerView, Handler: h.TrialBalance},
		{Method: http.MethodPost, Path: urls.VerifyLedgerPattern, Perm: models.PermLedgerView, Handler: h.VerifyLedger},
		{Method: http.MethodGet, Path: urls.StatementPattern, Perm: models.PermLedgerView, Handler: h.Statement},
		{Method: http.MethodGet, Path: urls.StatementFilePattern, Perm: models.PermLedgerView, Handler: h.StatementFile, Within: uploadWithin},
	}
}
