package models

import (
	"strings"
	"time"
	"unicode/utf8"
)

// SavedList is a list whose filters can be kept as a view; the word is its path.
type SavedList string

// The lists with saved views.
const (
	ListPayouts      SavedList = "payouts"
	ListBatches      SavedList = "batches"
	ListOrders       SavedList = "orders"
	ListCommissions  SavedList = "commissions"
	ListDistributors SavedList = "distributors"
	ListWebhooks     SavedList = "webhooks"
	ListRequests     SavedList = "requests"
	ListFailures     SavedList = "failures"
	ListReviews      SavedList = "reviews"
)

// SavedLists lists them in the order of the navigation.
var SavedLists = []SavedList{ListBatches, ListPayouts, ListFailures, ListCommissions, ListDistributors, ListReviews, ListOrders, ListWebhooks, ListRequests}

var savedListViews = map[SavedList]Permission{
	ListPayouts: PermPayoutsView, ListBatches: PermBatchesView, ListOrders: PermOrdersView, ListCommissions: PermCommissionsView,
	ListDistributors: PermDistributorsView, ListWebhooks: PermWebhooksView, ListRequests: PermRequestsView, ListFailures: PermPayoutsView,
	ListReviews: PermKYCQueue,
}

// Permission is what seeing the list needs; "" when there is no such list.
func (l SavedList) Permission() Permission { return savedListViews[l] }

// Limits of what is kept of a view.
const (
	SavedViewName  = 60   // characters
	SavedViewQuery = 2000 // bytes
	SavedViewsEach = 50   // of one person and list
)

// SavedView is the filters and columns of a list under a name: Query is as in the address, relative dates included.
type SavedView struct {
	ID        int64
	List      SavedList
	Name      string
	Query     string
	OwnerID   int64
	OwnerName string
	Shared    bool // everybody who may see the list sees it
	Version   int
	CreatedAt time.Time
	Default   bool // of who asks: what the list opens with
}

// VisibleTo answers whether this person sees the view: one's own and shared ones, of lists one may see.
func (v SavedView) VisibleTo(by Actor) bool {
	return by.StaffID != 0 && (v.Shared || v.OwnerID == by.StaffID) && by.May(v.List.Permission())
}

// ChangeableBy answers whether this person may change and remove the view: its owner, and of shared ones an administrator.
func (v SavedView) ChangeableBy(by Actor) bool {
	return v.VisibleTo(by) && (v.OwnerID == by.StaffID || by.May(PermViewsAll))
}

// Describe sets the name, and what the view keeps. query was cleaned by who knows the list.
func (v *SavedView) Describe(name, query string) error {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		return Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("name", "form.required")
	case utf8.RuneCountInString(name) > SavedViewName:
		return Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("name", "form.too_long")
	case query == "":
		return Refuse(Invalid, "view.refused.empty", "There is nothing to keep yet: filter the list or choose its columns first.", nil)
	case len(query) > SavedViewQuery:
		return Refuse(Invalid, "view.refused.long", "These filters are too long to be kept.", nil)
	}
	v.Name, v.Query = name, query
	return nil
}

// Share shows the view to everybody, or to its owner alone. Showing needs PermViewsShare.
func (v *SavedView) Share(by Actor, shared bool) error {
	if shared && !v.Shared && !by.May(PermViewsShare) {
		return Refuse(Forbidden, "view.refused.share", "Your role does not share views with everybody.", nil)
	}
	v.Shared = shared
	return nil
}
