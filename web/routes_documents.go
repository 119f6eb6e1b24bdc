package main

import (
	"net/http"

	"pagaduria/handlers"
	"pagaduria/models"
	"pagaduria/services/documents"
	"pagaduria/views/urls"
)

// documentBody is a form with as many files as a document may have, each as large as it may be.
const documentBody = (models.DocumentMaxFiles*models.FileMaxMB + 1) << 20

// pieceBody is one piece of a file.
const pieceBody = documents.ChunkBytes

// documentRoutes are the papers of distributors, and the way files come in piece by piece.
func documentRoutes(h *handlers.Handlers) []Route {
	view, edit := models.PermDocumentsView, models.PermDocumentsEdit
	return []Route{
		{Method: http.MethodGet, Path: urls.DocumentsPattern, Perm: view, Handler: h.ListDocuments},
		{Method: http.MethodPost, Path: urls.DocumentsPattern, Perm: edit, Handler: h.AddDocument, Body: documentBody, Within: uploadWithin},
		{Method: http.MethodGet, Path: urls.NewDocumentPattern, Perm: edit, Handler: h.NewDocument},
		{Method: http.MethodGet, Path: urls.DocumentPattern, Perm: view, Handler: h.Document},
		{Method: http.MethodGet, Path: urls.DocumentPagePattern, Perm: view, Handler: h.DocumentPage},
		{Method: http.MethodPost, Path: urls.TurnPagePattern, Perm: edit, Handler: h.TurnPage},
		{Method: http.MethodPost, Path: urls.UploadsPattern, Perm: edit, Handler: h.BeginUpload},
		{Method: http.MethodHead, Path: urls.UploadPattern, Perm: edit, Handler: h.UploadState},
		{Method: http.MethodPatch, Path: urls.UploadPattern, Perm: edit, Handler: h.AppendUpload, Body: pieceBody},
	}
}
