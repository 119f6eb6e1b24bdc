package ui

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/urls"
)

// Column is one column of a list that can be left out. Label is a catalogue key.
type Column struct {
	Key   string
	Label string
	Extra bool // shown only when it is chosen
}

// Columns are those a list shows beside its first, which names the row. The zero Columns shows none.
type Columns struct {
	All   []Column
	shown uint64
}

// NewColumns are the chosen columns; without a choice, which is no word at all, those that are not extra. What is no
// column is passed over.
func NewColumns(all []Column, chosen []string) Columns {
	c := Columns{All: all}
	for i, x := range all {
		if len(chosen) == 0 && !x.Extra || slices.Contains(chosen, x.Key) {
			c.shown |= 1 << i
		}
	}
	return c
}

// Has answers whether the column is shown.
func (c Columns) Has(key string) bool {
	for i, x := range c.All {
		if x.Key == key {
			return c.shown&(1<<i) != 0
		}
	}
	return false
}

// Words name the columns that are shown.
func (c Columns) Words(ctx context.Context) string {
	var said []string
	for _, x := range c.All {
		if c.Has(x.Key) {
			said = append(said, i18n.T(ctx, x.Label))
		}
	}
	if len(said) == 0 {
		return i18n.T(ctx, "view.no_columns")
	}
	return strings.Join(said, ", ")
}

// ColumnsParam is where the address says which columns are shown; NoColumn stands for none beside the first, so that an
// empty choice is one too.
const (
	ColumnsParam = "cols"
	NoColumn     = "none"
	ViewParam    = "view"
	AllViews     = "all" // no view, not even the default
)

// Views is the row above a list's filters: its saved views, what of them is shown, and the columns.
type Views struct {
	List    models.SavedList
	Title   string     // of the list
	Address url.Values // of the list as it is shown, without the place in it
	Keeps   url.Values // what of it a view would keep
	Saved   []models.SavedView
	Links   map[int64]string // of the views, with what the list still knows
	Current *models.SavedView
	Changed bool   // the address is no longer what the view keeps
	Gone    bool   // the address names a view that is not to be seen
	Dropped []Pair // what the view keeps and the list no longer knows
	Default bool   // there is one, so that an address without filters does not show everything
	Mine    bool   // the current view may be changed by the reader
	Columns Columns
}

// All is the list without any filter, whatever it opens with.
func (v Views) All() string {
	if v.Default {
		return urls.List(string(v.List), url.Values{ViewParam: {AllViews}})
	}
	return urls.List(string(v.List), nil)
}

// Plain is the address without filters but with its columns, for links that narrow by one thing alone.
func (v Views) Plain() url.Values {
	q := url.Values{}
	if cols := v.Address[ColumnsParam]; len(cols) > 0 {
		q[ColumnsParam] = cols
	}
	if v.Default {
		q.Set(ViewParam, AllViews)
	}
	return q
}

// Keep are the parts of the address that no field of the filter bar holds.
func (v Views) Keep() (pairs []Pair) {
	for _, name := range []string{ViewParam, ColumnsParam} {
		for _, x := range v.Address[name] {
			pairs = append(pairs, Pair{Name: name, Value: x})
		}
	}
	return pairs
}

// own are the reader's own views, shared those of others.
func (v Views) own(reader int64) (own, shared []models.SavedView) {
	for i, x := range v.Saved {
		if x.OwnerID != reader {
			return v.Saved[:i], v.Saved[i:]
		}
	}
	return v.Saved, nil
}

func (v Views) label(ctx context.Context) string {
	switch {
	case v.Current != nil:
		return i18n.T(ctx, "view.now", "Name", v.Current.Name)
	case len(v.Keeps) == 0:
		return i18n.T(ctx, "view.now", "Name", v.all(ctx))
	}
	return i18n.T(ctx, "view.none")
}

func (v Views) all(ctx context.Context) string { return i18n.T(ctx, "view.all", "List", v.Title) }

// dropped names what was left out.
func (v Views) dropped() string {
	said := make([]string, len(v.Dropped))
	for i, d := range v.Dropped {
		said[i] = d.Name + " " + d.Value
	}
	return strings.Join(said, ", ")
}

// hidden are the fields of the column chooser: the address but for its columns.
func (v Views) hidden() (pairs []Pair) {
	for name, values := range v.Address {
		if name == ColumnsParam {
			continue
		}
		for _, x := range values {
			pairs = append(pairs, Pair{Name: name, Value: x})
		}
	}
	slices.SortStableFunc(pairs, func(a, b Pair) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return append(pairs, Pair{Name: ColumnsParam, Value: NoColumn})
}
