// Package distributors holds the pages of the people and companies that earn commissions.
package distributors

import (
	"context"
	"net/url"
	"slices"
	"time"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Columns are those of the list beside the name.
var Columns = []ui.Column{{Key: "code", Label: "distributors.code"}, {Key: "city", Label: "distributors.city"}, {Key: "method", Label: "distributors.method"},
	{Key: "verification", Label: "distributors.verification"}, {Key: "added", Label: "distributors.added"}}

// ListPage is the list of distributors.
type ListPage struct {
	layout.Page
	Rows         []models.DistributorRow
	Newer, Older string // cursors
	Filter       models.DistributorFilter
	Query        url.Values
	Views        ui.Views
	Counts       map[models.Verification]int64
	Matching     int64 // of the filter, one more than the limit when there are more
	Limit        int64
	Pairs        int64 // of records that may be the same person, one more than the limit when there are more
	Cities       []ui.Option
	DocTypes     []ui.Option
	Today        time.Time
	Failed       string // request id when the rows could not be read
}

// FilterQuery writes a filter as the query of a URL.
func FilterQuery(f models.DistributorFilter) url.Values {
	q := url.Values{}
	for _, p := range filterPairs(f) {
		if p.Value != "" {
			q.Set(p.Name, p.Value)
		}
	}
	return q
}

func filterPairs(f models.DistributorFilter) []ui.Pair {
	return []ui.Pair{{Name: "q", Value: f.Search}, {Name: "verification", Value: string(f.Verification)}, {Name: "method", Value: string(f.Method)},
		{Name: "doc", Value: f.DocType}, {Name: "city", Value: f.Divipola}, {Name: "warning", Value: f.Warning}}
}

// pairs says how many pairs of records may be the same person.
func (p ListPage) pairs(ctx context.Context) string {
	if p.Pairs > p.Limit {
		return i18n.T(ctx, "duplicates.more_than", "N", i18n.Number(ctx, p.Limit))
	}
	return i18n.N(ctx, "duplicates.n", int(p.Pairs))
}

func (p ListPage) total() (n int64) {
	for _, c := range p.Counts {
		n += c
	}
	return n
}

// tabs are the states with their counts, whatever else is filtered.
func (p ListPage) tabs(ctx context.Context) []ui.TileData {
	tabs := []ui.TileData{{URL: urls.With(urls.Distributors(), p.Query, "verification", ""), Label: i18n.T(ctx, "distributors.all"),
		Big: i18n.Number(ctx, p.total()), Current: p.Filter.Verification == ""}}
	states := models.Verifications
	if p.Counts[models.Merged] > 0 {
		states = append(slices.Clip(states), models.Merged)
	}
	for _, v := range states {
		look := ui.VerificationState(v)
		tabs = append(tabs, ui.TileData{URL: urls.With(urls.Distributors(), p.Query, "verification", string(v)), Label: i18n.T(ctx, look.Key),
			Icon: look.Icon, Tone: look.Tone, Big: i18n.Number(ctx, p.Counts[v]), Current: p.Filter.Verification == v})
	}
	return tabs
}

func (p ListPage) filters(ctx context.Context) ui.Filters {
	f := ui.Filters{Action: urls.Distributors(), Query: p.Filter.Search, Placeholder: i18n.T(ctx, "distributors.search_hint")}
	f.Keep = p.Views.Keep()
	if p.Filter.Verification != "" {
		f.Keep = append(f.Keep, ui.Pair{Name: "verification", Value: string(p.Filter.Verification)})
	}
	return f
}

func (p ListPage) summary(ctx context.Context) string {
	switch {
	case p.Filter.Empty():
		return i18n.N(ctx, "distributors.n", int(p.total()))
	case p.Matching > p.Limit:
		return i18n.T(ctx, "distributors.more_than", "N", i18n.Number(ctx, p.Limit))
	}
	return i18n.N(ctx, "distributors.n_match", int(p.Matching))
}

func (p ListPage) pages(ctx context.Context) ui.Pages {
	link := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return urls.With(urls.Distributors(), p.Query, "after", cursor)
	}
	return ui.Pages{Newer: link(p.Newer), Older: link(p.Older), Summary: p.summary(ctx)}
}

// MethodOptions are the ways of being paid, for a select.
func MethodOptions(ctx context.Context) []ui.Option {
	options := make([]ui.Option, 0, len(models.MethodKinds))
	for _, k := range models.MethodKinds {
		options = append(options, ui.Option{Value: string(k), Label: i18n.T(ctx, ui.MethodKey(k))})
	}
	return options
}

// MethodKey names a method as the filter knows it.
func MethodKey(k models.MethodKind) string {
	if k == models.NoMethod {
		return "distributors.no_method"
	}
	return ui.MethodKey(k)
}

func methodFilter(ctx context.Context) []ui.Option {
	return append(MethodOptions(ctx), ui.Option{Value: string(models.NoMethod), Label: i18n.T(ctx, "distributors.no_method")})
}

func warningFilter(ctx context.Context) []ui.Option {
	return []ui.Option{{Value: "with", Label: i18n.T(ctx, "distributors.with_warning")}, {Value: "without", Label: i18n.T(ctx, "distributors.without_warning")}}
}

func masked(docType, number, dv string) string { return ident.Mask(docType, number, dv) }
