package models

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold writes text as searches compare it: lower case, without accents, single blanks. What is searched
// for and what is searched in go through it alike.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	write := func(r rune) {
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(r)
	}
	if !isASCII(s) {
		s = norm.NFKD.String(s)
	}
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			blank = true
		case unicode.Is(unicode.Mn, r), unicode.IsControl(r):
		default:
			write(unicode.ToLower(r))
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
