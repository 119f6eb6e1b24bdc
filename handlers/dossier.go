package handlers

import (
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"pagaduria/services/dossier"
)

// CaseEvidence is GET urls.CaseEvidencePattern: always a download, recorded before it begins.
func (h *Handlers) CaseEvidence(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	p, err := h.Dossier.OfCase(c.Request().Context(), ActorFrom(c), id)
	if err != nil {
		return err
	}
	return sendPack(c, p)
}

// sendPack writes an archive while it is read.
func sendPack(c echo.Context, p dossier.Pack) error {
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "application/zip")
	header.Set(echo.HeaderCacheControl, "no-store, private")
	header.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": p.Name}))
	c.Response().WriteHeader(http.StatusOK)
	return p.WriteTo(c.Request().Context(), c.Response())
}
