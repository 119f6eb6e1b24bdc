package handlers

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/services/documents"
	"pagaduria/services/vault"
	pages "pagaduria/views/documents"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// ListDocuments is GET urls.DocumentsPattern.
func (h *Handlers) ListDocuments(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.ListPage{}
	if p.Of, err = h.Distributors.Get(ctx, id); err != nil {
		return err
	}
	if p.Documents, err = h.Documents.Of(ctx, ActorFrom(c), id); err != nil {
		return err
	}
	p.Page = h.page(c, i18n.T(ctx, "documents.of", "Name", p.Of.Name()), "distributors")
	return render(c, http.StatusOK, pages.List(p))
}

// NewDocument is GET urls.NewDocumentPattern.
func (h *Handlers) NewDocument(c echo.Context) error {
	p := pages.FormPage{Kind: models.DocumentKind(c.QueryParam(urls.DocumentKindParam)), Form: fmt.Sprintf("%x", vault.Random(16))}
	if p.Kind == "" {
		p.Kind = models.DocumentIdentity
	}
	return h.showDocumentForm(c, http.StatusOK, p)
}

// documentFields are the fields for a kind of document: the two sides of a card, or files.
func documentFields(kind models.DocumentKind) []pages.FileField {
	more := pages.FileField{Name: "more", Many: true}
	if kind == models.DocumentIdentity || kind == models.DocumentRepresentative {
		return []pages.FileField{{Name: "front"}, {Name: "back"}, more}
	}
	return []pages.FileField{more}
}

func (h *Handlers) showDocumentForm(c echo.Context, status int, p pages.FormPage) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if !p.Kind.Valid() {
		return echo.NewHTTPError(http.StatusNotFound)
	}
	ctx := c.Request().Context()
	if p.Of, err = h.Distributors.Get(ctx, id); err != nil {
		return err
	}
	if p.Fields == nil {
		p.Fields = documentFields(p.Kind)
	}
	p.Page = h.page(c, i18n.T(ctx, "documents.title"), "distributors")
	return render(c, status, pages.Form(p))
}

// AddDocument is POST urls.DocumentsPattern. Files come in the form, or came before as uploads that the form names.
func (h *Handlers) AddDocument(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := readForm(c.Request()); err != nil {
		return err
	}
	form := c.Request().PostForm
	p := pages.FormPage{Kind: models.DocumentKind(form.Get("kind")), Form: form.Get("form")}
	p.Fields = documentFields(p.Kind)
	ctx, from := c.Request().Context(), documents.Staff(ActorFrom(c))
	sub := documents.Submission{ID: p.Form, Distributor: id, Kind: p.Kind}
	places, refusal, err := h.takeFiles(c, from, &sub, p.Fields)
	if err != nil {
		return err
	}
	var added documents.Added
	if refusal == nil {
		added, refusal = h.Documents.Add(ctx, from, sub)
	}
	switch models.KindOf(refusal) {
	case models.Invalid, models.Unavailable:
		h.explain(c, from, p.Fields, sub, places, refusal)
		p.Error = Sentence(ctx, refusal)
		return h.showDocumentForm(c, Status(refusal), p)
	}
	return h.done(c, refusal, "documents.added_flash", urls.Document(id, added.Document, added.Number, ""))
}

// takeFiles fills the submission from the form: places says which field each part belongs to. A file that cannot even
// be received is refused at its field.
func (h *Handlers) takeFiles(c echo.Context, from documents.Sender, sub *documents.Submission, fields []pages.FileField) (places []int, refusal, err error) {
	form := c.Request().MultipartForm
	if form == nil {
		form = &multipart.Form{}
	}
	for i := range fields {
		f := &fields[i]
		ids := append([]string(nil), c.Request().PostForm[f.Name+".upload"]...)
		for _, file := range form.File[f.Name] {
			if file.Filename == "" {
				continue
			}
			u, err := h.receive(c, from, file)
			if models.FileCodeOf(err) != "" {
				f.Error, refusal = aboutFile(*f, file.Filename, Sentence(c.Request().Context(), err)), err
				continue
			}
			if err != nil {
				return nil, nil, err
			}
			if !f.Many {
				ids = nil // chosen anew
			}
			ids = append(ids, u.ID)
		}
		side := models.DocumentSide(f.Name)
		if f.Many {
			side = models.SideWhole
		}
		for _, id := range ids {
			sub.Parts, places = append(sub.Parts, documents.Part{Side: side, Upload: id}), append(places, i)
		}
	}
	return places, refusal, nil
}

func (h *Handlers) receive(c echo.Context, from documents.Sender, file *multipart.FileHeader) (models.FileUpload, error) {
	body, err := file.Open()
	if err != nil {
		return models.FileUpload{}, err
	}
	defer func() { _ = body.Close() }()
	u := models.FileUpload{Name: file.Filename, Mime: file.Header.Get(echo.HeaderContentType), Size: file.Size}
	return h.Documents.Receive(c.Request().Context(), from, u, body)
}

// explain puts what was refused beside its field, and names there what stays received.
func (h *Handlers) explain(c echo.Context, from documents.Sender, fields []pages.FileField, sub documents.Submission, places []int, refusal error) {
	ctx := c.Request().Context()
	var refused *documents.Refused
	_ = errors.As(refusal, &refused)
	for field, said := range fieldErrors(ctx, refusal) {
		for i := range fields {
			if fields[i].Name == field || field == "front" && i == 0 {
				fields[i].Error = said
			}
		}
	}
	for i, part := range sub.Parts {
		f := &fields[places[i]]
		if refused != nil && refused.Of[i] != nil {
			f.Error = strings.TrimSpace(f.Error + " " + aboutFile(*f, refused.Names[i], Sentence(ctx, refused.Of[i])))
		}
		if u, err := h.Documents.Upload(ctx, from, part.Upload); err == nil {
			f.Received = append(f.Received, u)
		}
	}
}

// aboutFile names the file that a refusal is about where a field takes several.
func aboutFile(f pages.FileField, name, said string) string {
	if name = models.CleanFileName(name, ""); !f.Many || name == "" {
		return said
	}
	return name + ": " + said
}

// Document is GET urls.DocumentPattern.
func (h *Handlers) Document(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	doc, err := pathID(c, "doc")
	if err != nil {
		return err
	}
	var q struct {
		Version int    `form:"version"`
		Zoom    string `form:"zoom"`
	}
	if err := decodeQuery(c, &q); err != nil {
		return err
	}
	ctx := c.Request().Context()
	p := pages.ViewPage{}
	for _, z := range pages.Zooms {
		if z == q.Zoom {
			p.Zoom = z
		}
	}
	if p.Document, err = h.Documents.Get(ctx, ActorFrom(c), id, doc); err != nil {
		return err
	}
	var known bool
	if p.Version, known = p.Document.Version(q.Version); !known {
		return echo.NewHTTPError(http.StatusNotFound)
	}
	if p.Of, err = h.Distributors.Get(ctx, id); err != nil {
		return err
	}
	p.Page = h.page(c, i18n.T(ctx, "documents.title"), "distributors")
	return render(c, http.StatusOK, pages.View(p))
}

// look reads which page is meant.
func look(c echo.Context) (l documents.Look, err error) {
	if l.Distributor, err = pathID(c, "id"); err != nil {
		return l, err
	}
	if l.Document, err = pathID(c, "doc"); err != nil {
		return l, err
	}
	l.Page, err = pathID(c, "page")
	return l, err
}

// DocumentPage is GET urls.DocumentPagePattern: a picture for this person and moment, which no cache may keep and
// nothing may run in.
func (h *Handlers) DocumentPage(c echo.Context) error {
	l, err := look(c)
	if err != nil {
		return err
	}
	by := ActorFrom(c)
	// Digits only beside the name: the picture's typeface has no Chinese.
	l.Mark = fmt.Sprintf("%s #%d · %s", by.Name, by.StaffID, h.Now().In(i18n.Bogota).Format("2006-01-02 15:04:05"))
	picture, err := h.Documents.Page(c.Request().Context(), by, l)
	if err != nil {
		return err
	}
	return sendPicture(c, urls.Num(l.Document)+"-page-"+urls.Num(l.Page), picture)
}

// TurnPage is POST urls.TurnPagePattern.
func (h *Handlers) TurnPage(c echo.Context) error {
	l, err := look(c)
	if err != nil {
		return err
	}
	var f struct {
		Back string `form:"back"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	if err := h.Documents.Turn(c.Request().Context(), ActorFrom(c), l); err != nil {
		return err
	}
	back := urls.Document(l.Distributor, l.Document, 0, "")
	if f.Back == back || strings.HasPrefix(f.Back, back+"?") || strings.HasPrefix(f.Back, urls.Reviews()+"/") {
		back = f.Back
	}
	return seeOther(c, back)
}

// uploadOffset is how far an upload has come, for the script.
const uploadOffset = "Upload-Offset"

// BeginUpload is POST urls.UploadsPattern, by the script of the form.
func (h *Handlers) BeginUpload(c echo.Context) error {
	return h.beginUpload(c, documents.Staff(ActorFrom(c)))
}

func (h *Handlers) beginUpload(c echo.Context, from documents.Sender) error {
	var f struct {
		Name string `form:"name"`
		Mime string `form:"mime"`
		Size int64  `form:"size"`
	}
	if err := decode(c, &f); err != nil {
		return err
	}
	u, err := h.Documents.Begin(c.Request().Context(), from, models.FileUpload{Name: f.Name, Mime: f.Mime, Size: f.Size})
	if err != nil {
		return h.uploadRefused(c, err)
	}
	c.Response().Header().Set(uploadOffset, "0")
	return c.String(http.StatusCreated, u.ID)
}

// uploadRefused answers the script with the sentence alone.
func (h *Handlers) uploadRefused(c echo.Context, err error) error {
	if said := Sentence(c.Request().Context(), err); said != "" {
		return c.String(Status(err), said)
	}
	return err
}

// UploadState is HEAD urls.UploadPattern: how far it has come.
func (h *Handlers) UploadState(c echo.Context) error {
	return h.uploadState(c, documents.Staff(ActorFrom(c)))
}

func (h *Handlers) uploadState(c echo.Context, from documents.Sender) error {
	u, err := h.Documents.Upload(c.Request().Context(), from, c.Param("upload"))
	if err != nil {
		return c.NoContent(Status(err))
	}
	c.Response().Header().Set(uploadOffset, strconv.FormatInt(u.Received, 10))
	return c.NoContent(http.StatusOK)
}

// AppendUpload is PATCH urls.UploadPattern: the piece that begins at the Upload-Offset.
func (h *Handlers) AppendUpload(c echo.Context) error {
	return h.appendUpload(c, documents.Staff(ActorFrom(c)))
}

func (h *Handlers) appendUpload(c echo.Context, from documents.Sender) error {
	start, err := strconv.ParseInt(c.Request().Header.Get(uploadOffset), 10, 64)
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	piece, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	u, err := h.Documents.Append(c.Request().Context(), from, c.Param("upload"), start, piece)
	if err != nil {
		return h.uploadRefused(c, err)
	}
	c.Response().Header().Set(uploadOffset, strconv.FormatInt(u.Received, 10))
	return c.NoContent(http.StatusNoContent)
}
