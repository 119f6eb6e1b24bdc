// Package imports holds the pages of files on their way in: upload, columns, preview, result.
package imports

import (
	"context"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// UploadPage is where a file is chosen, with the earlier ones.
type UploadPage struct {
	layout.Page
	Kind    string
	Columns []sheet.Column
	Recent  []models.Import
	Error   string
	MaxMB   int64
}

// Page is one upload.
type Page struct {
	layout.Page
	Import  models.Import
	Task    models.Task // the work it waits for, while a job works on it
	MayStop bool
	Columns []sheet.Column
	Faults  []models.ShownFault
	Errors  map[string]string // of the mapping, by our column
	Mapping map[string]string // as chosen or found
	Error   string
	Change  bool // show the choice of columns although it is not needed
}

func listURL(kind string) string {
	switch kind {
	case "orders", "tracking":
		return urls.NavOrders
	case "commissions":
		return urls.NavCommissions
	}
	return urls.Distributors()
}

func crumbs(ctx context.Context, kind string, inner bool) []ui.Crumb {
	c := []ui.Crumb{{Text: i18n.T(ctx, "import.list."+kind), URL: listURL(kind)}}
	if inner {
		c = append(c, ui.Crumb{Text: i18n.T(ctx, "import.title."+kind), URL: urls.Imports(kind)})
	}
	return c
}

func columnNames(columns []sheet.Column, optional bool) (names []string) {
	for _, c := range columns {
		if c.Optional == optional {
			names = append(names, c.Name)
		}
	}
	return names
}

// headerOptions are the file's own columns, for the choice of one.
func (p Page) headerOptions() []ui.Option {
	options := make([]ui.Option, 0, len(p.Import.Header))
	seen := map[string]bool{"": true}
	for _, h := range p.Import.Header {
		if !seen[h] {
			seen[h] = true
			options = append(options, ui.Option{Value: h, Label: h})
		}
	}
	return options
}

func (p Page) mapping() bool {
	return p.Import.State == models.ImportMapping || p.Change && p.Import.State.CanMap()
}

func (p Page) sums(ctx context.Context) []ui.TileData {
	r := p.Import.Result
	tile := func(key, icon, tone string, n int) ui.TileData {
		return ui.TileData{URL: "#faults", Label: i18n.T(ctx, "import."+key), Icon: icon, Tone: tone, Big: i18n.Number(ctx, int64(n))}
	}
	tiles := []ui.TileData{
		tile("created", "plus", "ok", r.Created), tile("updated", "edit", "info", r.Updated), tile("unchanged", "check", "off", r.Unchanged),
		tile("skipped", "minus", "off", r.Skipped), tile("refused", "x", "bad", r.Refused), tile("warnings", "alert-triangle", "wait", r.Warnings),
	}
	for i := range tiles[:4] {
		tiles[i].URL = "#preview"
	}
	return tiles
}

func (p Page) failure(ctx context.Context) string {
	if i18n.Has(p.Import.Failure) {
		return i18n.T(ctx, p.Import.Failure)
	}
	return p.Import.Failure
}

// shownColumns are the columns that any row of the preview fills, at most eight.
func (p Page) shownColumns() (names []string) {
	const most = 8
	for _, c := range p.Columns {
		for _, row := range p.Import.Preview {
			if row.Cells[c.Name] != "" {
				names = append(names, c.Name)
				break
			}
		}
		if len(names) == most {
			break
		}
	}
	return names
}

var outcomeLooks = map[models.ImportOutcome]ui.Look{
	models.RowCreated:   {Tone: "ok", Icon: "plus", Key: "import.row.created"},
	models.RowUpdated:   {Tone: "info", Icon: "edit", Key: "import.row.updated"},
	models.RowUnchanged: {Icon: "check", Key: "import.row.unchanged"},
	models.RowSkipped:   {Icon: "minus", Key: "import.row.skipped"},
	models.RowRefused:   {Tone: "bad", Icon: "x", Key: "import.row.refused"},
}

var severityLooks = map[models.ImportSeverity]ui.Look{
	models.ImportError:   {Tone: "bad", Icon: "x", Key: "import.severity.error"},
	models.ImportWarning: {Tone: "wait", Icon: "alert-triangle", Key: "import.severity.warning"},
}

// Reason is what a fault says in the reader's language, the English sentence when its code is not in
// the catalogues.
func Reason(ctx context.Context, f models.ImportFault) string {
	if key := "fault." + f.Code; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return f.Message
}

// Todo is what to do about a fault.
func Todo(ctx context.Context, s models.ImportSeverity, f models.ImportFault) string {
	if key := "fault_todo." + f.Code; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return i18n.T(ctx, "import.todo."+string(s))
}

// canApply answers whether there is anything to take.
func (p Page) canApply() bool {
	return p.Import.State.CanApply() && p.Import.Result.Created+p.Import.Result.Updated > 0
}

func (p Page) applyCount() int { return p.Import.Result.Created + p.Import.Result.Updated }
