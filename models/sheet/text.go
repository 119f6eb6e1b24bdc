package sheet

import (
	"bytes"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// upper1252 holds the characters of 0x80 to 0x9F in Windows-1252; the five holes stand for
// themselves. Source: the WHATWG Encoding Standard, index windows-1252.
var upper1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8D, 'Ž', 0x8F,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9D, 'ž', 'Ÿ',
}

func windows1252(b byte) rune {
	if b >= 0x80 && b < 0xA0 {
		return upper1252[b-0x80]
	}
	return rune(b)
}

func hasNUL(b []byte) bool { return bytes.IndexByte(b, 0) >= 0 }

// Key reduces a name to what people mean by it: letters without accents in lower case, and digits.
// "Teléfono ", "TELEFONO" and "tele_fono" have the same key.
func Key(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			out = append(out, c)
		case c >= 'A' && c <= 'Z':
			out = append(out, c+'a'-'A')
		case c >= 0x80:
			return slowKey(s)
		}
	}
	return string(out)
}

func slowKey(s string) string {
	var out []rune
	for _, c := range norm.NFKD.String(s) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			out = append(out, unicode.ToLower(c))
		}
	}
	return string(out)
}
