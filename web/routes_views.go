package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// viewRoutes are the pages of saved views: of each list for whoever may see its rows, and of each view for whoever sees
// it, which the service decides.
func viewRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	var table []Route
	for _, list := range models.SavedLists {
		at, may, pages := urls.Views(string(list)), list.Permission(), h.ViewsOf(list)
		table = append(table,
			Route{Method: get, Path: at, Perm: may, Handler: pages.Page},
			Route{Method: post, Path: at, Perm: may, Handler: pages.Save},
		)
	}
	return append(table,
		Route{Method: get, Path: urls.SavedViewPattern, Perm: models.PermSignedIn, Handler: h.SavedView},
		Route{Method: post, Path: urls.SavedViewPattern, Perm: models.PermSignedIn, Handler: h.ChangeView},
		Route{Method: post, Path: urls.DefaultViewPattern, Perm: models.PermSignedIn, Handler: h.DefaultView},
		Route{Method: get, Path: urls.DeleteViewPattern, Perm: models.PermSignedIn, Handler: h.AskDeleteView},
		Route{Method: post, Path: urls.DeleteViewPattern, Perm: models.PermSignedIn, Handler: h.DeleteView},
	)
}
