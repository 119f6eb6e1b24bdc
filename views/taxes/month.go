package taxes

import (
	"context"
	"maps"
	"slices"

	"pagaduria/models/tax"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
)

// MonthPage is what the payouts of a month come to.
type MonthPage struct {
	layout.Page
	Month   string
	Sum     tax.Month
	More    bool // than Limit payouts, which the sums leave out
	Limit   int
	Off     bool // nothing was to be withheld at the month's end
	Problem string
	Errors  map[string]string
}

// concepts are those that came to something, in the order of tables.
func (p MonthPage) concepts() (list []tax.Concept) {
	for _, c := range []tax.Concept{tax.IVA, tax.Income, tax.ReteIVA, tax.ReteICA, tax.GMF} {
		if p.Sum.Concepts[c].Count > 0 {
			list = append(list, c)
		}
	}
	return list
}

// problems say how many payouts were not counted and why, the most frequent reason first.
func (p MonthPage) problems(ctx context.Context) []string {
	keys := slices.SortedFunc(maps.Keys(p.Sum.Problems), func(a, b string) int { return p.Sum.Problems[b] - p.Sum.Problems[a] })
	list := make([]string, len(keys))
	for i, key := range keys {
		list[i] = i18n.N(ctx, "tax.uncounted", p.Sum.Problems[key], "Why", i18n.T(ctx, key, "Year", p.Month[:4]))
	}
	return list
}
