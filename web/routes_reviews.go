package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// reviewRoutes are the pages of cases under review.
func reviewRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	view, work := models.PermKYCQueue, models.PermKYCReview
	return []Route{
		{Method: get, Path: urls.ReviewsPattern, Perm: view, Handler: h.ReviewQueue},
		{Method: post, Path: urls.ReviewNextPattern, Perm: work, Handler: h.ReviewNext},
		{Method: get, Path: urls.ReviewAssignPattern, Perm: work, Handler: h.AskAssign},
		{Method: post, Path: urls.ReviewAssignPattern, Perm: work, Handler: h.AssignReviews},
		{Method: get, Path: urls.ReviewTagPattern, Perm: work, Handler: h.AskTag},
		{Method: post, Path: urls.ReviewTagPattern, Perm: work, Handler: h.TagReviews},
		{Method: get, Path: urls.ReviewAskManyPattern, Perm: work, Handler: h.AskManyPage},
		{Method: post, Path: urls.ReviewAskManyPattern, Perm: work, Handler: h.AskPayees},
		{Method: get, Path: urls.ReviewSharePattern, Perm: work, Handler: h.AskShare},
		{Method: post, Path: urls.ReviewSharePattern, Perm: work, Handler: h.ShareReviews},
		{Method: get, Path: urls.ReviewSettingsPattern, Perm: work, Handler: h.ReviewSettings},
		{Method: post, Path: urls.ReviewSettingsPattern, Perm: work, Handler: h.SaveReviewSettings},
		{Method: post, Path: urls.ReviewRulesPattern, Perm: work, Handler: h.AskReviewRules},
		{Method: get, Path: urls.ReviewPattern, Perm: view, Handler: h.ReviewCase},
		{Method: get, Path: urls.ReviewHerePattern, Perm: view, Handler: h.ReviewHere},
		{Method: post, Path: urls.ReviewVerdictPattern, Perm: work, Handler: h.ReviewVerdict},
		{Method: post, Path: urls.ReviewNotesPattern, Perm: work, Handler: h.NoteReview},
		{Method: post, Path: urls.ReviewAskPattern, Perm: work, Handler: h.AskPayee},
		{Method: get, Path: urls.ReviewDecidePattern, Perm: work, Handler: h.AskDecision},
		{Method: post, Path: urls.ReviewDecidePattern, Perm: work, Handler: h.DecideReview},
		{Method: post, Path: urls.ReviewConfirmPattern, Perm: work, Handler: h.ConfirmReview},
		{Method: post, Path: urls.ReviewReturnPattern, Perm: work, Handler: h.ReturnReview},
		{Method: post, Path: urls.ReviewWithdrawPattern, Perm: work, Handler: h.WithdrawReview},
		{Method: post, Path: urls.ReviewTakePattern, Perm: work, Handler: h.TakeReview},
		{Method: post, Path: urls.ReviewTagsPattern, Perm: work, Handler: h.TagReview},
		{Method: get, Path: urls.ReviewEscalatePattern, Perm: work, Handler: h.AskEscalate},
		{Method: post, Path: urls.ReviewEscalatePattern, Perm: work, Handler: h.EscalateReview},
		{Method: get, Path: urls.ReviewSnoozePattern, Perm: work, Handler: h.AskSnooze},
		{Method: post, Path: urls.ReviewSnoozePattern, Perm: work, Handler: h.SnoozeReview},
		{Method: post, Path: urls.ReviewWakePattern, Perm: work, Handler: h.WakeReview},
	}
}
