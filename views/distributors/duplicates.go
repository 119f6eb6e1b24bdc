package distributors

import (
	"context"
	"net/url"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// DuplicatesPage is the list of records that may be the same person.
type DuplicatesPage struct {
	layout.Page
	Rows   []models.Pair
	Pages  ui.Pages
	Filter models.PairFilter
	Query  url.Values
	Counts models.PairCounts
	Of     models.Distributor // whose duplicates, when the filter names one
	Today  time.Time
	Failed string // request id when the rows could not be read
}

// DistinctPage asks why two records are two people.
type DistinctPage struct {
	layout.Page
	Pair   models.Pair
	Today  time.Time
	Reason string
	Wrong  string // what is wrong with the reason
}

// tabs are what pairs share, with their counts, and the pairs that are two people.
func (p DuplicatesPage) tabs(ctx context.Context) []ui.TileData {
	tabs := []ui.TileData{{URL: urls.Duplicates(), Label: i18n.T(ctx, "duplicates.all"), Big: i18n.Number(ctx, p.Counts.All),
		Current: p.Filter.Shared == "" && !p.Filter.Distinct && p.Filter.DistributorID == 0}}
	for _, s := range models.SharedKinds {
		tabs = append(tabs, ui.TileData{URL: urls.With(urls.Duplicates(), nil, "shares", string(s)), Label: i18n.T(ctx, "duplicates.same."+string(s)),
			Icon: sharedIcons[s], Big: i18n.Number(ctx, p.Counts.Of(s)), Current: p.Filter.Shared == s && !p.Filter.Distinct})
	}
	return append(tabs, ui.TileData{URL: urls.With(urls.Duplicates(), nil, "show", "distinct"), Label: i18n.T(ctx, "duplicates.two_people"),
		Icon: "users", Big: i18n.Number(ctx, p.Counts.Distinct), Current: p.Filter.Distinct})
}

var sharedIcons = map[models.Shared]string{models.SharedDocument: "id-badge-2", models.SharedPhone: "phone", models.SharedAccount: "building-bank"}

// sharedWords says what a pair has in common: "Document, phone".
func sharedWords(ctx context.Context, list []models.Shared) string {
	var words []string
	for _, s := range list {
		words = append(words, i18n.T(ctx, "duplicates.same."+string(s)))
	}
	return strings.Join(words, ", ")
}

func lastPaid(ctx context.Context, s models.PairSide) string {
	if s.LastPaid == nil {
		return i18n.T(ctx, "duplicates.never_paid")
	}
	return i18n.T(ctx, "duplicates.last_paid", "Date", i18n.Calendar(ctx, s.LastPaid.In(i18n.Bogota)))
}
