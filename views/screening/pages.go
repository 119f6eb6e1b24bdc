// Package screening draws sanctions lists, the comparison of names with them, and its hits.
package screening

import (
	"context"
	"strings"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// SearchPage compares one name.
type SearchPage struct {
	layout.Page
	Name, Kind, DocType, Document string
	Asked                         bool
	Answer                        models.Screened
}

// ListsPage is the versions of the lists.
type ListsPage struct {
	layout.Page
	Versions []models.ListVersion
	Error    string
	Failed   string
	MaxMB    int64

	Thresholds sanctions.Thresholds
	Errors     map[string]string
}

// VersionPage is who one version added, removed or changed.
type VersionPage struct {
	layout.Page
	Version models.ListVersion
	What    string
	Rows    []models.ListChange
	Pages   ui.Pages
}

// EntryPage is one entry as it was published.
type EntryPage struct {
	layout.Page
	Entry models.ListedEntry
}

var levels = map[sanctions.Level]ui.Look{
	sanctions.Clear:  {Tone: "ok", Icon: "shield-check", Key: "screening.level.clear"},
	sanctions.Review: {Tone: "wait", Icon: "eye", Key: "screening.level.review"},
	sanctions.Hold:   {Tone: "hold", Icon: "hand-stop", Key: "screening.level.hold"},
}

var changes = map[string]ui.Look{
	"added":   {Tone: "bad", Icon: "plus", Key: "screening.added"},
	"removed": {Tone: "", Icon: "minus", Key: "screening.removed"},
	"changed": {Tone: "info", Icon: "edit", Key: "screening.changed"},
}

func crumbs(ctx context.Context, lists bool) []ui.Crumb {
	list := []ui.Crumb{{Text: i18n.T(ctx, "nav.screening"), URL: urls.Screening()}}
	if lists {
		list = append(list, ui.Crumb{Text: i18n.T(ctx, "screening.lists"), URL: urls.Lists()})
	}
	return list
}

// percent writes a score: "97,5 %".
func percent(ctx context.Context, score int) string { return i18n.Percent(ctx, int64(score)*10) }

func kindOptions(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "person", Label: i18n.T(ctx, "screening.kind.person")}, {Value: "company", Label: i18n.T(ctx, "screening.kind.company")}}
}

func docOptions() (list []ui.Option) {
	for _, t := range []string{"CC", "NIT", "CE", "PAS", "PPT", "PEP", "TI"} {
		list = append(list, ui.Option{Value: t, Label: t})
	}
	return list
}

// tiles are the kinds of changes as filters.
func (p VersionPage) tiles(ctx context.Context) []ui.TileData {
	tile := func(what, key string, n int) ui.TileData {
		t := ui.TileData{URL: urls.ListVersion(p.Version.ID), Label: i18n.T(ctx, key), Big: i18n.Number(ctx, int64(n)), Current: p.What == what}
		if what != "" {
			t.URL = urls.ListVersionOnly(p.Version.ID, what)
		}
		return t
	}
	v := p.Version
	return []ui.TileData{tile("", "screening.all_changes", v.Added+v.Removed+v.Changed), tile("added", "screening.added", v.Added),
		tile("removed", "screening.removed", v.Removed), tile("changed", "screening.changed", v.Changed)}
}

// why are the reasons of a hit in the reader's language, the weightiest first.
func why(ctx context.Context, h sanctions.Hit) (list []string) {
	if h.Document != "" {
		list = append(list, i18n.T(ctx, "screening.why.document", "Document", h.Document))
	}
	for _, p := range h.Pairs {
		list = append(list, i18n.T(ctx, "screening.why."+string(p.How), "Asked", p.Asked, "Listed", p.Listed, "Score", percent(ctx, p.Score)))
	}
	if len(h.Asked) > 0 {
		list = append(list, i18n.T(ctx, "screening.why.asked", "Words", strings.Join(h.Asked, " ")))
	}
	if len(h.Listed) > 0 {
		list = append(list, i18n.T(ctx, "screening.why.listed", "Words", strings.Join(h.Listed, " ")))
	}
	if h.Lone {
		list = append(list, i18n.T(ctx, "screening.why.lone"))
	}
	return list
}

// also are the other names of an entry, a few of them.
func also(e sanctions.Entry) string {
	var names []string
	for _, n := range e.Names[min(1, len(e.Names)):] {
		if names = append(names, n.Text); len(names) == 6 {
			break
		}
	}
	return strings.Join(names, " · ")
}

func documents(e sanctions.Entry) string {
	var list []string
	for _, d := range e.Documents {
		s := d.Type + " " + d.Number
		if d.Country != "" {
			s += " (" + d.Country + ")"
		}
		list = append(list, s)
	}
	return strings.Join(list, " · ")
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func listOrDash(list []string) string { return orDash(strings.Join(list, " · ")) }
