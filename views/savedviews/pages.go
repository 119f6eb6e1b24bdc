// Package savedviews draws the pages where the views of a list are saved and changed.
package savedviews

import (
	"context"
	"net/url"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Row is a view with what it keeps, in words.
type Row struct {
	models.SavedView
	Open    string // where it is looked at
	Keeps   []ui.Pair
	Dropped []ui.Pair // what the list no longer knows
	May     bool      // the reader may change it
}

// Form is what was typed.
type Form struct {
	Name    string
	Shared  bool
	Default bool
	Replace bool // its filters too
}

// ListPage is every view of a list that the reader sees, and the form that saves another one.
type ListPage struct {
	layout.Page
	List      models.SavedList
	ListTitle string
	Rows      []Row
	Query     url.Values // what would be kept
	Keeps     []ui.Pair  // the same in words
	Form      Form
	Problem   string
	Errors    map[string]string
}

// ShowPage is one view.
type ShowPage struct {
	layout.Page
	Row
	ListTitle string
	MayShare  bool
	Query     url.Values // what the list showed when the reader came from it, nil from elsewhere
	Now       []ui.Pair  // the same in words
	Form      Form
	Problem   string
	Errors    map[string]string
}

// askDelete asks before a view is removed.
func (p ShowPage) askDelete(ctx context.Context) ui.Ask {
	text := "view.delete_own"
	if p.Shared {
		text = "view.delete_shared"
	}
	return ui.Ask{ID: "delete", Title: i18n.T(ctx, "view.delete_title", "Name", p.Name), Text: i18n.T(ctx, text), Action: urls.DeleteView(p.ID), CSRF: p.CSRF,
		Confirm: i18n.T(ctx, "view.delete_do", "Name", p.Name), Icon: "trash", Danger: true}
}
