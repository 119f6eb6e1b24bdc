package urls

import "net/url"

// The paths of saved views. Those of a list are Views(list), because each list needs a permission of its own.
const (
	SavedViewPattern   = "/views/:id"
	DefaultViewPattern = "/views/:id/default"
	DeleteViewPattern  = "/views/:id/delete"
)

// Views is the page of a list's saved views, and where one is saved.
func Views(list string) string { return "/views/" + list }

// ViewsWith is the page where what a list shows is saved as a view.
func ViewsWith(list string, query url.Values) string { return withQuery(Views(list), query) }

// SavedView is the page where a view is changed.
func SavedView(id int64) string { return "/views/" + Num(id) }

// SavedViewWith is the page where a view is changed to what its list shows now.
func SavedViewWith(id int64, query url.Values) string { return withQuery(SavedView(id), query) }

// DefaultView is where a list is made to open with a view, or no longer.
func DefaultView(id int64) string { return SavedView(id) + "/default" }

// DeleteView is where a view is removed.
func DeleteView(id int64) string { return SavedView(id) + "/delete" }
