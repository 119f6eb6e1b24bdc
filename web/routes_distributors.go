package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/views/urls"
)

// distributorRoutes are the pages of distributors.
func distributorRoutes(h *handlers.Handlers) []Route {
	view, edit, judge, reveal := models.PermDistributorsView, models.PermDistributorsEdit, models.PermDistributorsJudge, models.PermPersonalReveal
	return []Route{
		{Method: http.MethodGet, Path: urls.DistributorsPattern, Perm: view, Handler: h.ListDistributors},
		{Method: http.MethodPost, Path: urls.DistributorsPattern, Perm: edit, Handler: h.CreateDistributor},
		{Method: http.MethodGet, Path: urls.NewDistributorPattern, Perm: edit, Handler: h.NewDistributor},
		{Method: http.MethodGet, Path: urls.DecisionsPattern, Perm: judge, Handler: h.AskDecisions},
		{Method: http.MethodPost, Path: urls.DecisionsPattern, Perm: judge, Handler: h.RecordDecisions, Body: evidenceBody, Within: uploadWithin},
		{Method: http.MethodGet, Path: urls.DuplicatesPattern, Perm: view, Handler: h.Duplicates},
		{Method: http.MethodGet, Path: urls.DistributorPattern, Perm: view, Handler: h.Distributor},
		{Method: http.MethodGet, Path: urls.EditDistributorPattern, Perm: edit, Handler: h.EditDistributor},
		{Method: http.MethodPost, Path: urls.EditDistributorPattern, Perm: edit, Handler: h.UpdateDistributor},
		{Method: http.MethodGet, Path: urls.DistributorMethodsPattern, Perm: edit, Handler: h.NewMethod},
		{Method: http.MethodPost, Path: urls.DistributorMethodsPattern, Perm: edit, Handler: h.AddMethod},
		{Method: http.MethodPost, Path: urls.PreferMethodPattern, Perm: edit, Handler: h.PreferMethod},
		{Method: http.MethodGet, Path: urls.RetireMethodPattern, Perm: edit, Handler: h.AskRetireMethod},
		{Method: http.MethodPost, Path: urls.RetireMethodPattern, Perm: edit, Handler: h.RetireMethod},
		{Method: http.MethodGet, Path: urls.VerificationPattern, Perm: judge, Handler: h.AskVerification},
		{Method: http.MethodPost, Path: urls.VerificationPattern, Perm: judge, Handler: h.SetVerification},
		{Method: http.MethodGet, Path: urls.RevealPattern, Perm: reveal, Handler: h.AskReveal},
		{Method: http.MethodPost, Path: urls.RevealPattern, Perm: reveal, Handler: h.Reveal},
		{Method: http.MethodGet, Path: urls.DistinctPattern, Perm: edit, Handler: h.AskDistinct},
		{Method: http.MethodPost, Path: urls.DistinctPattern, Perm: edit, Handler: h.Distinguish},
		{Method: http.MethodPost, Path: urls.LikenAgainPattern, Perm: edit, Handler: h.LikenAgain},
		{Method: http.MethodGet, Path: urls.PrepareMergePattern, Perm: edit, Handler: h.PrepareMerge},
		{Method: http.MethodPost, Path: urls.PrepareMergePattern, Perm: edit, Handler: h.AskMerge},
		{Method: http.MethodGet, Path: urls.MergePattern, Perm: view, Handler: h.Merge},
		{Method: http.MethodGet, Path: urls.UnmergePattern, Perm: edit, Handler: h.PrepareUnmerge},
		{Method: http.MethodPost, Path: urls.UnmergePattern, Perm: edit, Handler: h.AskUnmerge},
		{Method: http.MethodGet, Path: urls.EvidencePattern, Perm: judge, Handler: h.Evidence, Within: uploadWithin},
	}
}

// Bodies of forms with a file: the largest file and room for the other fields.
const (
	evidenceBody = 21 << 20
	importBody   = 201 << 20
)

// importPermissions say who may bring in which kind of file.
var importPermissions = map[string]models.Permission{
	"distributors": models.PermDistributorsEdit, "orders": models.PermOrdersEdit,
	"commissions": models.PermCommissionsEdit, "tracking": models.PermOrdersEdit,
}

// importRoutes are the pages of files on their way in, the same for every kind.
func importRoutes(h *handlers.Handlers) []Route {
	var table []Route
	for _, kind := range urls.ImportKinds {
		at, may, pages := urls.Imports(kind), importPermissions[kind], h.ImportsOf(kind)
		table = append(table,
			Route{Method: http.MethodGet, Path: at, Perm: may, Handler: pages.Form},
			Route{Method: http.MethodPost, Path: at, Perm: may, Handler: pages.Upload, Body: importBody, Within: uploadWithin},
			Route{Method: http.MethodGet, Path: at + urls.ImportPattern, Perm: may, Handler: pages.Show},
			Route{Method: http.MethodGet, Path: at + urls.ImportColumnsPattern, Perm: may, Handler: pages.Columns},
			Route{Method: http.MethodPost, Path: at + urls.ImportColumnsPattern, Perm: may, Handler: pages.Map},
			Route{Method: http.MethodPost, Path: at + urls.ImportApplyPattern, Perm: may, Handler: pages.Apply},
			Route{Method: http.MethodPost, Path: at + urls.ImportDropPattern, Perm: may, Handler: pages.Drop},
			Route{Method: http.MethodGet, Path: at + urls.ImportReportPattern, Perm: may, Handler: pages.Report, Within: uploadWithin},
		)
	}
	return table
}
