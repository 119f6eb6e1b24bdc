// Package exports draws the page that asks for a file.
package exports

import (
	"context"
	"net/url"

	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// FormPage asks how the file is to be.
type FormPage struct {
	layout.Page
	List    string
	Query   url.Values
	Filters []ui.Pair
	Count   int64
	Known   bool   // Count is
	Total   string // "" for lists without amounts
	Back    string
	Office  bool // the reader's spreadsheet wants semicolons
	Plain   bool // documents and accounts may be had in full
}

func (p FormPage) what(ctx context.Context) string {
	switch {
	case !p.Known:
		return i18n.T(ctx, "export.all_that_match", "List", i18n.T(ctx, "export.list."+p.List))
	case p.Total != "":
		return i18n.N(ctx, "export.rows_total", int(p.Count), "Amount", p.Total)
	}
	return i18n.N(ctx, "export.rows", int(p.Count))
}

func (p FormPage) confirm(ctx context.Context) string {
	if !p.Known {
		return i18n.T(ctx, "export.do_all")
	}
	return i18n.N(ctx, "export.do", int(p.Count))
}

func (p FormPage) comma() string {
	if p.Office {
		return ";"
	}
	return ","
}

func (p FormPage) decimal() string {
	if p.Office {
		return ","
	}
	return "."
}
