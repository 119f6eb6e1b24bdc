package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// moneyRoutes are the home page and the pages of batches and payouts. Payouts are taken out of a batch by its makers
// and its checkers, who are those who operate payouts; which of them, and when, is for the batch to say.
func moneyRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{Method: http.MethodGet, Path: urls.HomePattern, Perm: models.PermHome, Handler: h.Home},

		{Method: http.MethodGet, Path: urls.BatchesPattern, Perm: models.PermBatchesView, Handler: h.BatchList},
		{Method: http.MethodPost, Path: urls.BatchesPattern, Perm: models.PermBatchesPrepare, Handler: h.CreateBatch, Within: uploadWithin},
		{Method: http.MethodGet, Path: urls.NewBatchPattern, Perm: models.PermBatchesPrepare, Handler: h.NewBatch},
		{Method: http.MethodGet, Path: urls.NewBatchFilePattern, Perm: models.PermBatchesPrepare, Handler: h.NewBatchFile},
		{Method: http.MethodGet, Path: urls.DecideBatchesPattern, Perm: models.PermBatchesDecide, Handler: h.AskDecideAll},
		{Method: http.MethodPost, Path: urls.DecideBatchesPattern, Perm: models.PermBatchesDecide, Handler: h.DecideAll},
		{Method: http.MethodGet, Path: urls.BatchPattern, Perm: models.PermBatchesView, Handler: h.BatchPage},
		{Method: http.MethodGet, Path: urls.BatchProgressPattern, Perm: models.PermBatchesView, Handler: h.BatchProgress},
		{Method: http.MethodPost, Path: urls.SubmitBatchPattern, Perm: models.PermBatchesPrepare, Handler: h.SubmitBatch, Within: uploadWithin},
		{Method: http.MethodPost, Path: urls.ApproveBatchPattern, Perm: models.PermBatchesDecide, Handler: h.ApproveBatch},
		{Method: http.MethodGet, Path: urls.ReturnBatchPattern, Perm: models.PermBatchesDecide, Handler: h.AskReturnBatch},
		{Method: http.MethodPost, Path: urls.ReturnBatchPattern, Perm: models.PermBatchesDecide, Handler: h.ReturnBatch},
		{Method: http.MethodGet, Path: urls.RejectBatchPattern, Perm: models.PermBatchesDecide, Handler: h.AskRejectBatch},
		{Method: http.MethodPost, Path: urls.RejectBatchPattern, Perm: models.PermBatchesDecide, Handler: h.RejectBatch},
		{Method: http.MethodGet, Path: urls.RecallBatchPattern, Perm: models.PermBatchesPrepare, Handler: h.AskRecallBatch},
		{Method: http.MethodPost, Path: urls.RecallBatchPattern, Perm: models.PermBatchesPrepare, Handler: h.RecallBatch},
		{Method: http.MethodPost, Path: urls.UndoBatchPattern, Perm: models.PermPayoutsOperate, Handler: h.UndoBatch, Within: uploadWithin},
		{Method: http.MethodGet, Path: urls.TakeBackBatchPattern, Perm: models.PermPayoutsOperate, Handler: h.AskTakeBack},
		{Method: http.MethodPost, Path: urls.TakeBackBatchPattern, Perm: models.PermPayoutsOperate, Handler: h.TakeBack},
		{Method: http.MethodGet, Path: urls.BatchItemPattern, Perm: models.PermBatchesView, Handler: h.BatchItem},
		{Method: http.MethodGet, Path: urls.RemoveItemsPattern, Perm: models.PermPayoutsOperate, Handler: h.AskRemoveItems},
		{Method: http.MethodPost, Path: urls.RemoveItemsPattern, Perm: models.PermPayoutsOperate, Handler: h.RemoveItems, Within: uploadWithin},
		{Method: http.MethodGet, Path: urls.RemoveBatchItemPattern, Perm: models.PermPayoutsOperate, Handler: h.AskRemoveItem},
		{Method: http.MethodPost, Path: urls.RemoveBatchItemPattern, Perm: models.PermPayoutsOperate, Handler: h.RemoveItem, Within: uploadWithin},

		{Method: http.MethodGet, Path: urls.RulesPattern, Perm: models.PermRulesView, Handler: h.RuleList},
		{Method: http.MethodPost, Path: urls.RulesPattern, Perm: models.PermRulesEdit, Handler: h.DraftRules},
		{Method: http.MethodGet, Path: urls.RuleVersionPattern, Perm: models.PermRulesView, Handler: h.RuleVersion},
		{Method: http.MethodPost, Path: urls.RuleVersionPattern, Perm: models.PermRulesEdit, Handler: h.EditRules},
		{Method: http.MethodGet, Path: urls.TryRulesPattern, Perm: models.PermRulesView, Handler: h.RulesTrial},
		{Method: http.MethodPost, Path: urls.TryRulesPattern, Perm: models.PermRulesView, Handler: h.TryRules},
		{Method: http.MethodGet, Path: urls.PublishRulesPattern, Perm: models.PermRulesEdit, Handler: h.AskPublishRules},
		{Method: http.MethodPost, Path: urls.PublishRulesPattern, Perm: models.PermRulesEdit, Handler: h.PublishRules},
		{Method: http.MethodPost, Path: urls.DropRulesPattern, Perm: models.PermRulesEdit, Handler: h.DropRules},

		{Method: http.MethodGet, Path: urls.PayoutsPattern, Perm: models.PermPayoutsView, Handler: h.PayoutList},
		{Method: http.MethodGet, Path: urls.PayoutsFilePattern, Perm: models.PermPayoutsView, Handler: h.PayoutFile, Within: uploadWithin},
		{Method: http.MethodGet, Path: urls.PayoutsSumPattern, Perm: models.PermPayoutsView, Handler: h.PayoutSum},
		{Method: http.MethodGet, Path: urls.MessageRulesPattern, Perm: models.PermPayoutsView, Handler: h.MessageRules},
		{Method: http.MethodPost, Path: urls.MessageRulesPattern, Perm: models.PermCodesEdit, Handler: h.SetMessageRules},
		{Method: http.MethodGet, Path: urls.RemindPattern, Perm: models.PermCodesSend, Handler: h.AskRemind},
		{Method: http.MethodPost, Path: urls.RemindPattern, Perm: models.PermCodesSend, Handler: h.Remind},
		{Method: http.MethodGet, Path: urls.CorrectNamePattern, Perm: models.PermPersonalReveal, Handler: h.AskRightName},
		{Method: http.MethodPost, Path: urls.CorrectNamePattern, Perm: models.PermPersonalReveal, Handler: h.CorrectName},
		{Method: http.MethodGet, Path: urls.SwitchNetworkPattern, Perm: models.PermBatchesPrepare, Handler: h.AskNetwork},
		{Method: http.MethodPost, Path: urls.SwitchNetworkPattern, Perm: models.PermBatchesPrepare, Handler: h.SwitchNetwork},
		{Method: http.MethodPost, Path: urls.TellPayoutPattern, Perm: models.PermCodesSend, Handler: h.TellPayout},
		{Method: http.MethodGet, Path: urls.PayoutPattern, Perm: models.PermPayoutsView, Handler: h.PayoutPage},
		{Method: http.MethodGet, Path: urls.HoldPayoutPattern, Perm: models.PermPayoutsOperate, Handler: h.AskHoldPayout},
		{Method: http.MethodPost, Path: urls.HoldPayoutPattern, Perm: models.PermPayoutsOperate, Handler: h.HoldPayout},
		{Method: http.MethodGet, Path: urls.ReleasePayoutPattern, Perm: models.PermPayoutsOperate, Handler: h.AskReleasePayout},
		{Method: http.MethodPost, Path: urls.ReleasePayoutPattern, Perm: models.PermPayoutsOperate, Handler: h.ReleasePayout},
		{Method: http.MethodGet, Path: urls.CancelPayoutPattern, Perm: models.PermPayoutsOperate, Handler: h.AskCancelPayout},
		{Method: http.MethodPost, Path: urls.CancelPayoutPattern, Perm: models.PermPayoutsOperate, Handler: h.CancelPayout},
		{Method: http.MethodPost, Path: urls.LookUpPayoutPattern, Perm: models.PermPayoutsOperate, Handler: h.LookUpPayout},
		{Method: http.MethodPost, Path: urls.ChargePayoutPattern, Perm: models.PermFundsEdit, Handler: h.ChargePayout},
	}
}
