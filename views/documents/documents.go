// Package documents draws the papers of distributors: what is asked and what came, one document, and the form to add one.
package documents

import (
	"context"
	"fmt"

	"github.com/a-h/templ"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is what was asked of a distributor and what came.
type ListPage struct {
	layout.Page
	Of        models.Distributor
	Documents []models.Document
}

// asked are the kinds to show: those asked of this person, and others that came.
func (p ListPage) asked() []models.DocumentKind {
	kinds := models.DocumentsAsked(p.Of.PersonKind)
	seen := map[models.DocumentKind]bool{}
	for _, k := range kinds {
		seen[k] = true
	}
	list := append([]models.DocumentKind(nil), kinds...)
	for _, d := range p.Documents {
		if !seen[d.Kind] {
			list = append(list, d.Kind)
		}
	}
	return list
}

// of are the documents of a kind: none, one, or another one of a record that became part of this one.
func (p ListPage) of(kind models.DocumentKind) (list []*models.Document) {
	for i := range p.Documents {
		if p.Documents[i].Kind == kind {
			list = append(list, &p.Documents[i])
		}
	}
	if len(list) == 0 {
		return []*models.Document{nil}
	}
	return list
}

// FormPage is the form for a document. Fields are the file fields in their order.
type FormPage struct {
	layout.Page
	Of     models.Distributor
	Kind   models.DocumentKind
	Form   string // names this form, so that sending it twice makes one version
	Fields []FileField
	Error  string
}

// Sheet is the form of one document, for staff and for payees.
type Sheet struct {
	Action string
	Pieces string // where its files come in piece by piece
	CSRF   string
	Form   string
	Kind   models.DocumentKind
	Fields []FileField
}

// FileField is a field for files: what is wrong with what was sent, and what has arrived already.
type FileField struct {
	Name     string // front, back or more
	ID       string // on a page with several forms
	Many     bool
	Error    string
	Received []models.FileUpload
}

// Accept is what the browser offers first; what counts is the content.
const Accept = "image/jpeg,image/png,image/webp,image/heic,image/heif,application/pdf,.heic"

func (f FileField) id() string {
	if f.ID == "" {
		return f.Name
	}
	return f.ID
}

func (f FileField) label(ctx context.Context) string { return i18n.T(ctx, "documents.field."+f.Name) }

// ViewPage is one version of a document.
type ViewPage struct {
	layout.Page
	Of       models.Distributor
	Document models.Document
	Version  models.DocumentVersion
	Zoom     string
}

// Zooms are the sizes a page can be seen in; the first one fits the window.
var Zooms = []string{"", "150", "200"}

func (p ViewPage) zoomURL(zoom string) string {
	return urls.Document(p.Of.ID, p.Document.ID, p.Version.Number, zoom)
}

func zoomWord(ctx context.Context, zoom string) string {
	if zoom == "" {
		return i18n.T(ctx, "documents.fit")
	}
	return zoom + " %"
}

// caption says which side and page a picture is.
func caption(ctx context.Context, f models.DocumentFile, page models.DocumentPage) string {
	words := f.Name
	if f.Side != models.SideWhole {
		words = i18n.T(ctx, "documents.field."+string(f.Side))
	}
	if len(f.Pages) > 1 {
		words += " · " + i18n.T(ctx, "documents.page_of", "Page", page.Number, "Pages", len(f.Pages))
	}
	return words
}

// dimensions are the size of a page after it was turned, so that the page does not jump while pictures load.
func dimensions(p models.DocumentPage) templ.Attributes {
	w, h := p.Width, p.Height
	if p.Turned%180 != 0 {
		w, h = h, w
	}
	return templ.Attributes{"width": fmt.Sprint(w), "height": fmt.Sprint(h)}
}

// fileWord names a file by its side.
func fileWord(ctx context.Context, f models.DocumentFile) string {
	if f.Side == models.SideWhole {
		return f.Name
	}
	return i18n.T(ctx, "documents.field."+string(f.Side))
}

// KindWord names a kind of document.
func KindWord(ctx context.Context, k models.DocumentKind) string {
	return i18n.T(ctx, "documents.kind."+string(k))
}

// sender names who sent a version.
func sender(ctx context.Context, v models.DocumentVersion) string {
	if v.StaffName == "" {
		return i18n.T(ctx, "documents.payee")
	}
	return v.StaffName
}

func crumbs(ctx context.Context, of models.Distributor, inside bool) []ui.Crumb {
	list := []ui.Crumb{{Text: i18n.T(ctx, "distributors.title"), URL: urls.Distributors()}, {Text: of.Name(), URL: urls.Distributor(of.ID)}}
	if inside {
		list = append(list, ui.Crumb{Text: i18n.T(ctx, "documents.title"), URL: urls.Documents(of.ID)})
	}
	return list
}

func size(ctx context.Context, n int64) string {
	return i18n.Number(ctx, (n+1023)/1024) + " kB"
}
