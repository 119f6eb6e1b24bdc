package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/services/exports"
	"pagaduria/views/urls"
)

// exportRoutes are the pages that ask for a file, the same for every list; who may see its rows may ask.
func exportRoutes(h *handlers.Handlers) []Route {
	var table []Route
	for _, list := range urls.ExportLists {
		at, may, pages := urls.Export(list), exports.Permission(list), h.ExportsOf(list)
		table = append(table,
			Route{Method: http.MethodGet, Path: at, Perm: may, Handler: pages.Form},
			Route{Method: http.MethodPost, Path: at, Perm: may, Handler: pages.Ask},
		)
	}
	return table
}
