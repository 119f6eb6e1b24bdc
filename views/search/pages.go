// Package search holds the page and the palette of the box that finds everything.
package search

import (
	"context"
	"strings"
	"unicode"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/urls"
)

// Page is what one search found.
type Page struct {
	layout.Page
	Query  string
	Found  models.Found
	Failed string // request id when the search failed
}

// part is a piece of a text; Hit marks what was searched for.
type part struct {
	Text string
	Hit  bool
}

// marked cuts a text at the first place of each word of the query, whatever their accents and case.
func marked(text, query string) []part {
	runes := []rune(text)
	hit := make([]bool, len(runes))
	folded := make([]rune, len(runes))
	for i, r := range runes {
		folded[i] = unicode.ToLower(r)
		if f := []rune(models.Fold(string(r))); len(f) > 0 {
			folded[i] = f[0]
		}
	}
	for _, w := range strings.Fields(models.Fold(query)) {
		word := []rune(w)
		for i := 0; i+len(word) <= len(folded); i++ {
			if string(folded[i:i+len(word)]) == w {
				for k := range word {
					hit[i+k] = true
				}
				break
			}
		}
	}
	var parts []part
	for i := 0; i < len(runes); {
		j := i
		for j < len(runes) && hit[j] == hit[i] {
			j++
		}
		parts = append(parts, part{string(runes[i:j]), hit[i]})
		i = j
	}
	return parts
}

// number is a count, "200+" where counting stopped.
func number(ctx context.Context, count int, over bool) string {
	n := i18n.Number(ctx, int64(count))
	if over {
		return n + "+"
	}
	return n
}

func document(d models.FoundDistributor) string { return ident.Mask(d.DocType, d.DocNumber, d.DocDV) }

// person is the quiet line under a name.
func person(d models.FoundDistributor) string {
	if d.City == "" {
		return document(d) + " · " + d.Code
	}
	return document(d) + " · " + d.City + " · " + d.Code
}

// more is the list of all people that match, "" when they are all here.
func (p Page) more() string {
	g := p.Found.Distributors
	if g.Count <= len(g.Rows) && !g.Over {
		return ""
	}
	return urls.With(urls.Distributors(), nil, "q", p.Query)
}

// personIcon tells companies from people.
func personIcon(d models.FoundDistributor) string {
	if d.BusinessName != "" {
		return "building"
	}
	return "user"
}
