package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/imports"
	"pagaduria/views/i18n"
	pages "pagaduria/views/imports"
	"pagaduria/views/urls"
)

// Imports are the pages of one kind of file: each kind has them under its own list, with a permission of
// its own.
type Imports struct {
	h    *Handlers
	kind string
}

// ImportsOf answers the pages of a kind.
func (h *Handlers) ImportsOf(kind string) Imports { return Imports{h, kind} }

// active is the navigation entry that a kind belongs to.
func (i Imports) active() string {
	if i.kind == "tracking" {
		return "orders"
	}
	return i.kind
}

// Form is GET urls.Imports(kind).
func (i Imports) Form(c echo.Context) error { return i.show(c, http.StatusOK, nil) }

func (i Imports) show(c echo.Context, status int, refusal error) error {
	ctx := c.Request().Context()
	kind, err := i.h.Imports.Kind(i.kind)
	if err != nil {
		return err
	}
	p := pages.UploadPage{Page: i.h.page(c, i18n.T(ctx, "import.title."+i.kind), i.active()), Kind: i.kind, Columns: kind.Columns,
		Error: Sentence(ctx, refusal), MaxMB: imports.MaxBytes >> 20}
	if p.Recent, err = i.h.Imports.Recent(ctx, i.kind); err != nil {
		return err
	}
	return render(c, status, pages.Upload(p))
}

// Upload is POST urls.Imports(kind).
func (i Imports) Upload(c echo.Context) error {
	name, body, err := upload(c, "file")
	if err == nil {
		defer func() { _ = body.Close() }()
		var id int64
		if id, err = i.h.Imports.Upload(c.Request().Context(), ActorFrom(c), i.kind, name, body); err == nil {
			return seeOther(c, urls.Import(i.kind, id))
		}
	}
	if models.KindOf(err) == models.Invalid {
		return i.show(c, Status(err), err)
	}
	return err
}

// Show is GET urls.Import(kind, id).
func (i Imports) Show(c echo.Context) error { return i.showOne(c, http.StatusOK, pages.Page{}, nil) }

// Columns is GET urls.ImportColumns(kind, id): the choice of columns although it is not needed.
func (i Imports) Columns(c echo.Context) error {
	return i.showOne(c, http.StatusOK, pages.Page{Change: true}, nil)
}

func (i Imports) showOne(c echo.Context, status int, p pages.Page, refusal error) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	kind, err := i.h.Imports.Kind(i.kind)
	if err != nil {
		return err
	}
	if p.Import, err = i.h.Imports.Get(ctx, i.kind, id); err != nil {
		return err
	}
	if p.Import.State.Busy() {
		if p.Task, _, err = i.h.Imports.Task(ctx, p.Import); err != nil {
			return err
		}
		p.MayStop = p.Task.Stop(ActorFrom(c)) == nil && !p.Task.Stopping
	}
	if p.Faults, err = i.h.Imports.Faults(ctx, id); err != nil {
		return err
	}
	p.Page, p.Columns = i.h.page(c, p.Import.FileName, i.active()), kind.Columns
	p.Errors, p.Error = fieldErrors(ctx, refusal), Sentence(ctx, refusal)
	if p.Mapping == nil {
		p.Mapping = chosenColumns(kind.Columns, p.Import)
	}
	return render(c, status, pages.Show(p))
}

// chosenColumns are the file's columns as they were chosen or found.
func chosenColumns(columns []sheet.Column, i models.Import) map[string]string {
	found, _ := sheet.Match(i.Header, columns, i.Mapping) // what is missing is what the page asks for
	chosen := make(map[string]string, len(columns))
	for n, c := range columns {
		if found.At[n] >= 0 {
			chosen[c.Name] = i.Header[found.At[n]]
		}
	}
	return chosen
}

// Map is POST urls.ImportColumns(kind, id).
func (i Imports) Map(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	kind, err := i.h.Imports.Kind(i.kind)
	if err != nil {
		return err
	}
	if err := readForm(c.Request()); err != nil {
		return err
	}
	mapping := make(map[string]string, len(kind.Columns))
	for _, column := range kind.Columns {
		mapping[column.Name] = strings.ToValidUTF8(c.Request().PostForm.Get("column."+column.Name), "")
	}
	err = i.h.Imports.Map(c.Request().Context(), ActorFrom(c), i.kind, id, mapping)
	if models.KindOf(err) == models.Invalid {
		return i.showOne(c, Status(err), pages.Page{Change: true, Mapping: mapping}, err)
	}
	if err != nil {
		return err
	}
	return seeOther(c, urls.Import(i.kind, id))
}

// Apply is POST urls.ImportApply(kind, id).
func (i Imports) Apply(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := i.h.Imports.Apply(c.Request().Context(), ActorFrom(c), i.kind, id); err != nil {
		return err
	}
	return seeOther(c, urls.Import(i.kind, id))
}

// Drop is POST urls.ImportDrop(kind, id).
func (i Imports) Drop(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := i.h.Imports.Drop(c.Request().Context(), ActorFrom(c), i.kind, id); err != nil {
		return err
	}
	return seeOther(c, urls.Imports(i.kind))
}

// Report is GET urls.ImportReport(kind, id): every fault, as a CSV file that a spreadsheet opens.
func (i Imports) Report(c echo.Context) error {
	id, err := pathID(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	one, err := i.h.Imports.Get(ctx, i.kind, id)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="import-`+urls.Num(id)+`-report.csv"`)
	out := sheet.NewWriter(c.Response(), sheet.Layout{Comma: ';', BOM: true})
	head := []string{"line", "severity", "field", "code", "reason", "todo"}
	for n, key := range head {
		head[n] = i18n.T(ctx, "import.report_"+key)
	}
	if err := out.Write(head...); err != nil {
		return err
	}
	err = i.h.Imports.EachFault(ctx, one, func(f models.ShownFault) error {
		return out.Write(urls.Num(int64(f.Line)), i18n.T(ctx, "import.severity."+string(f.Severity)), f.Field, f.Code,
			pages.Reason(ctx, f.ImportFault), pages.Todo(ctx, f.Severity, f.ImportFault))
	})
	if err != nil {
		return err
	}
	return out.Flush()
}
