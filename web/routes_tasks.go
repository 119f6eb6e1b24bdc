package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// taskRoutes are the pages of long work. Everybody sees their own, so an account is enough; the service knows whose it is.
func taskRoutes(h *handlers.Handlers) []Route {
	return []Route{
		{Method: http.MethodGet, Path: urls.TasksPattern, Perm: models.PermSignedIn, Handler: h.TaskList},
		{Method: http.MethodGet, Path: urls.TaskPattern, Perm: models.PermSignedIn, Handler: h.TaskPage},
		{Method: http.MethodPost, Path: urls.StopTaskPattern, Perm: models.PermSignedIn, Handler: h.StopTask},
		{Method: http.MethodGet, Path: urls.TaskFilePattern, Perm: models.PermSignedIn, Handler: h.TaskFile, Within: uploadWithin},
	}
}
