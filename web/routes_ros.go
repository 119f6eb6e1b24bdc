package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// rosRoutes are the pages of reports of suspicious operations, for compliance alone.
func rosRoutes(h *handlers.Handlers) []Route {
	const get, post = http.MethodGet, http.MethodPost
	may := models.PermROS
	return []Route{
		{Method: get, Path: urls.ROSListPattern, Perm: may, Handler: h.ROSList},
		{Method: post, Path: urls.ROSListPattern, Perm: may, Handler: h.DraftROS},
		{Method: get, Path: urls.NewROSPattern, Perm: may, Handler: h.NewROS},
		{Method: get, Path: urls.ROSPattern, Perm: may, Handler: h.ROS},
		{Method: post, Path: urls.ROSPattern, Perm: may, Handler: h.EditROS},
		{Method: post, Path: urls.FileROSPattern, Perm: may, Handler: h.FileROS},
		{Method: post, Path: urls.DropROSPattern, Perm: may, Handler: h.DropROS},
		{Method: get, Path: urls.ROSPDFPattern, Perm: may, Handler: h.ROSPDF},
	}
}
