package search

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"pagaduria/models"
)

// query is what was typed, in every form that records are kept in.
type query struct {
	codes  []string // as typed and in capitals, without the shop's #
	docs   []string // document numbers without grouping
	nit    string   // a document number whose last digit may be its check digit
	dv     string
	phones []string // E.164
	email  string
	words  []string // folded, for names and parts of numbers
}

// Bounds of what is looked for.
const (
	longest   = 120 // characters
	mostWords = 6
	shortest  = 3 // letters that a trigram index can find
)

var (
	mailForm   = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)
	numberForm = regexp.MustCompile(`^[+\d\s.\-()#]+$`)
)

// parse reads what a person typed or pasted: spaces, dots, dashes, +57, accents and case do not matter.
func parse(typed string) query {
	typed = strings.TrimSpace(strings.ToValidUTF8(typed, ""))
	if utf8.RuneCountInString(typed) > longest {
		typed = string([]rune(typed)[:longest])
	}
	var q query
	bare := strings.TrimSpace(strings.TrimPrefix(typed, "#"))
	if bare == "" {
		return q
	}
	q.codes = unique(bare, strings.ToUpper(bare))
	q.docs = unique(strings.ToUpper(strip(bare)))
	if mailForm.MatchString(bare) {
		q.email = strings.ToLower(bare)
	}
	if numberForm.MatchString(bare) {
		q.number(digits(bare), strings.HasPrefix(bare, "+"))
	}
	for _, w := range strings.Fields(models.Fold(bare)) {
		if len(q.words) < mostWords {
			q.words = append(q.words, w)
		}
	}
	return q
}

// number reads digits as documents, with and without check digit, and as phones.
func (q *query) number(n string, international bool) {
	if n == "" {
		return
	}
	q.codes = unique(append(q.codes, n)...)
	q.docs = unique(append(q.docs, n)...)
	if len(n) >= 6 {
		q.nit, q.dv = n[:len(n)-1], n[len(n)-1:]
	}
	switch {
	case international || len(n) == 12 && strings.HasPrefix(n, "57"):
		q.phones = []string{"+" + n}
	case len(n) == 10: // Colombian numbers have ten digits
		q.phones = []string{"+57" + n}
	}
}

// searchable are the words that the index of names can look for; a short one beside a longer one still narrows.
func (q query) searchable() []string {
	if !slices.ContainsFunc(q.words, func(w string) bool { return utf8.RuneCountInString(w) >= shortest }) {
		return nil
	}
	return q.words
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// strip leaves out what only groups characters.
func strip(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func unique(list ...string) []string {
	var kept []string
	for _, s := range list {
		if s != "" && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
