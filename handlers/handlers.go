// Package handlers is the door for people and rails: it parses a request, calls one service method, and
// shows the answer. Handlers are about ten lines each; the route table is in package web.
package handlers

import (
	"log/slog"
	"time"

	"pagaduria/models"
	"pagaduria/services/alerts"
	"pagaduria/services/blobs"
	"pagaduria/services/checks"
	"pagaduria/services/commissions"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/dossier"
	"pagaduria/services/expiry"
	"pagaduria/services/exports"
	"pagaduria/services/imports"
	"pagaduria/services/mail"
	"pagaduria/services/onboarding"
	"pagaduria/services/orders"
	"pagaduria/services/payouts"
	"pagaduria/services/plans"
	"pagaduria/services/privacy"
	"pagaduria/services/requests"
	"pagaduria/services/review"
	"pagaduria/services/risk"
	"pagaduria/services/ros"
	"pagaduria/services/savedviews"
	"pagaduria/services/screening"
	"pagaduria/services/search"
	"pagaduria/services/staff"
	"pagaduria/services/store"
	"pagaduria/services/tasks"
	"pagaduria/services/taxes"
	"pagaduria/services/tracking"
	"pagaduria/services/webhooks"
	pages "pagaduria/views/staff"
)

// Handlers holds the services that handlers call.
type Handlers struct {
	DB           *store.DB
	Blobs        *blobs.Store
	Staff        *staff.Service
	Mail         *mail.Outbox
	Distributors *distributors.Service
	Documents    *documents.Service
	Commissions  *commissions.Service
	Orders       *orders.Service
	Tracking     *tracking.Service
	Plans        *plans.Service
	Taxes        *taxes.Service
	Payouts      *payouts.Service
	Imports      *imports.Service
	Sessions     *Sessions
	Finder       *search.Service
	Screening    *screening.Service
	Webhooks     *webhooks.Service
	Tasks        *tasks.Service
	Checks       *checks.Service
	Exports      *exports.Service
	Requests     *requests.Service
	Alerts       *alerts.Service
	Views        *savedviews.Service
	Onboarding   *onboarding.Service
	Risk         *risk.Service
	Expiry       *expiry.Service
	Review       *review.Service
	Dossier      *dossier.Service
	Privacy      *privacy.Service
	ROSs         *ros.Service

	Log      *slog.Logger
	Now      func() time.Time
	Demo     bool   // demo data and log-ins
	Merchant string // whose office this is, shown in the frame
	Hooks    string // public address that rails post notifications to, without a path

	Routes map[models.Permission][]pages.Route // of the route table, for the page of permissions
}
