package ident

import (
	"strings"
	"unicode"
)

// clean evens out how numbers are typed and pasted: full-width characters of Chinese keyboards,
// the dashes of word processors, no-break and zero-width blanks, lower case.
func clean(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case r == '\u2212' || unicode.Is(unicode.Pd, r):
			return '-'
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s))
}

// bare drops what only groups digits.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '.' || r == '-' {
			return -1
		}
		return r
	}, s)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// digitsOnly reads a number of shortest to longest digits.
func digitsOnly(name string, w written, shortest, longest int) (string, *Error) {
	n := bare(w.number)
	if !isDigits(n) {
		return "", refuse(DocFormat, name+" has digits only.")
	}
	if len(n) < shortest || len(n) > longest {
		return "", lengthRefusal(name, n, shortest, longest)
	}
	return n, nil
}

// weighted sums digits times weights, from the left.
func weighted(digits string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(digits[i]-'0') * w
	}
	return sum
}

// zeros pads s on the left to n characters.
func zeros(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }
