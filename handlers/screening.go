package handlers

import (
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/screening"
	"pagaduria/services/store"
	"pagaduria/views/i18n"
	pages "pagaduria/views/screening"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

type screenQuery struct {
	Name     string `form:"name"`
	Kind     string `form:"kind"`
	DocType  string `form:"doc_type"`
	Document string `form:"document"`
}

// Screen is GET urls.ScreeningPattern: it compares one name with the lists and keeps nothing.
func (h *Handlers) Screen(c echo.Context) error {
	var q screenQuery
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.SearchPage{Page: h.page(c, i18n.T(ctx, "screening.title"), "screening"), Name: cut(q.Name, 300), Kind: q.Kind, DocType: q.DocType, Document: cut(q.Document, 40)}
	asked := sanctions.Query{Name: p.Name, DocumentType: strings.ToUpper(q.DocType), DocumentNumber: p.Document}
	if k := sanctions.Kind(q.Kind); k == sanctions.Person || k == sanctions.Company {
		asked.Kind = k
	}
	answer, err := h.Screening.Search(ctx, asked)
	if err != nil {
		return err
	}
	p.Answer = answer
	p.Asked = p.Name != "" || p.Document != ""
	return render(c, http.StatusOK, pages.Search(p))
}

// Lists is GET urls.ListsPattern.
func (h *Handlers) Lists(c echo.Context) error { return h.showLists(c, http.StatusOK, nil) }

func (h *Handlers) showLists(c echo.Context, status int, refusal error) error {
	ctx := c.Request().Context()
	p := pages.ListsPage{Page: h.page(c, i18n.T(ctx, "screening.lists"), "screening"), Error: Sentence(ctx, refusal), MaxMB: screening.MaxListBytes >> 20}
	var err error
	if p.Versions, err = h.Screening.Versions(ctx); err != nil {
		if ctx.Err() != nil {
			return err
		}
		h.Log.ErrorContext(ctx, "list of sanctions lists failed", slog.Any("error", err))
		p.Failed, status = c.Response().Header().Get(echo.HeaderXRequestID), http.StatusInternalServerError
	}
	if p.Thresholds, err = h.Screening.Thresholds(ctx); err != nil {
		return err
	}
	p.Errors = fieldErrors(ctx, refusal)
	return render(c, status, pages.Lists(p))
}

// AskThresholds is POST urls.ThresholdsPattern.
func (h *Handlers) AskThresholds(c echo.Context) error {
	var f struct {
		Review int    `form:"review"`
		Hold   int    `form:"hold"`
		Reason string `form:"reason"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	request, err := h.Screening.AskThresholds(c.Request().Context(), ActorFrom(c), sanctions.Thresholds{Review: f.Review, Hold: f.Hold}, cut(f.Reason, 1000))
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return h.showLists(c, Status(err), err)
	}
	return h.done(c, err, "screening.asked", urls.Request(request))
}

// UploadLists is POST urls.ListsPattern.
func (h *Handlers) UploadLists(c echo.Context) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	l := screening.Load{Smaller: c.Request().PostForm.Get("smaller") != ""}
	if form := c.Request().MultipartForm; form != nil {
		for _, f := range form.File["file"] {
			l.Files = append(l.Files, screening.File{Name: models.CleanFileName(f.Filename, "list.csv"), Open: opener(f)})
		}
	}
	task, err := h.Screening.Upload(c.Request().Context(), ActorFrom(c), l)
	if models.KindOf(err) == models.Invalid {
		return h.showLists(c, Status(err), err)
	}
	if err != nil {
		return err
	}
	return seeOther(c, urls.Task(task))
}

func opener(f *multipart.FileHeader) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return f.Open() }
}

// ListVersion is GET urls.ListVersionPattern: who a version added, removed or changed.
func (h *Handlers) ListVersion(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	at, err := store.ParseCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	v, err := h.Screening.Version(ctx, id)
	if err != nil {
		return err
	}
	p := pages.VersionPage{Page: h.page(c, i18n.T(ctx, "screening.version", "List", string(v.List), "N", urls.Num(v.ID)), "screening"), Version: v}
	if what := c.QueryParam("what"); what == "added" || what == "removed" || what == "changed" {
		p.What = what
	}
	list, err := h.Screening.Changes(ctx, id, p.What, at)
	if err != nil {
		return err
	}
	query := listQuery(nil)
	if p.What != "" {
		query.Set("what", p.What)
	}
	p.Rows, p.Pages = list.Rows, ui.Pages{Newer: pageURL(urls.ListVersion(id), query, list.Newer), Older: pageURL(urls.ListVersion(id), query, list.Older)}
	return render(c, http.StatusOK, pages.Version(p))
}

// ListedEntry is GET urls.ListedEntryPattern.
func (h *Handlers) ListedEntry(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	e, err := h.Screening.Entry(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, pages.Entry(pages.EntryPage{Page: h.page(c, e.Entry.Name(), "screening"), Entry: e}))
}
