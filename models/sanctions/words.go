package sanctions

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Words writes a name as the words that are compared: lower case, no accents, no punctuation, without the particles of
// surnames and the legal forms and little words of companies.
func Words(name string, kind Kind) []string {
	words := split(name)
	if kind == Company {
		words = withoutForm(words)
	}
	kept := make([]string, 0, len(words))
	for _, w := range words {
		if !particles[w] && (kind != Company || !fillers[w]) {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return words
	}
	return kept
}

// split folds a name and parts it at everything that is neither letter nor digit; the dots of S.A.S. and J.C. part nothing.
func split(name string) []string {
	var words []string
	var b strings.Builder
	end := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
		}
	}
	runes := []rune(norm.NFKD.String(name))
	for i, r := range runes {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == '`':
		case unicode.IsLetter(r), unicode.IsDigit(r):
			for _, l := range spelled(unicode.ToLower(r)) {
				b.WriteRune(l)
			}
		case r == '.' && utf8.RuneCountInString(b.String()) == 1 && i+1 < len(runes) && unicode.IsLetter(runes[i+1]) && initials(runes, i):
		case r == '.' && i >= 2 && b.Len() > 1 && runes[i-2] == '.' && i+1 < len(runes) && unicode.IsLetter(runes[i+1]):
		default:
			end()
		}
	}
	end()
	return words
}

// initials answers whether a dot at i follows one letter and is followed by one: S.A, not "J. Mosquera".
func initials(runes []rune, i int) bool {
	return i+2 >= len(runes) || !unicode.IsLetter(runes[i+2])
}

// spelled writes a letter that has no accent to take off as the letters it stands for.
func spelled(r rune) string {
	switch r {
	case 'ø':
		return "o"
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'đ', 'ð':
		return "d"
	case 'ł':
		return "l"
	case 'ı':
		return "i"
	}
	return string(r)
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

var (
	// Particles of surnames: people write them or not.
	particles = set("de del la las los el al y e da do dos das van von der den bin bint ibn ben viuda")
	// What names of companies are full of.
	fillers = set("the of and for en para por")
	// Legal forms as words, the longest first; they stand at the end, one behind another.
	forms = func() (list [][]string) {
		for _, f := range []string{
			"sociedad por acciones simplificada", "sociedad anonima de capital variable", "sociedad anonima", "en comandita simple", "en comandita por acciones",
			"sociedad limitada", "sociedad de responsabilidad limitada", "empresa unipersonal", "en liquidacion", "s a de c v", "sa de cv", "s de rl de cv",
			"s de r l de c v", "s en c a", "s en c s", "s en c", "sen c", "en c", "y cia", "y compania", "e hijos", "s a s", "s a", "e u", "y co", "and co", "and company",
			"co", "company", "compania", "cia", "corp", "corporation", "inc", "incorporated", "ltd", "limited", "ltda", "limitada", "llc", "llp", "lp", "plc", "gmbh",
			"ag", "kg", "bv", "nv", "oy", "ab", "as", "spa", "srl", "sarl", "sl", "sa", "sas", "sca", "scs", "esp", "eu", "eirl", "cv", "rl", "sc", "pte", "pty", "sdn bhd",
			"ooo", "oao", "zao", "pao", "jsc", "ojsc", "pjsc", "cjsc", "fze", "fzco", "fzc", "est", "sal", "offshore", "psc", "pvt",
		} {
			list = append(list, strings.Fields(f))
		}
		slices.SortStableFunc(list, func(a, b []string) int { return len(b) - len(a) })
		return list
	}()
)

// withoutForm takes legal forms off the end while a name stays.
func withoutForm(words []string) []string {
	for again := true; again; {
		again = false
		for _, f := range forms {
			if n := len(words) - len(f); n > 0 && slices.Equal(words[n:], f) {
				words, again = words[:n], true
				break
			}
		}
	}
	return words
}

// Sound writes a word as it sounds to a Spanish ear, roughly: H is silent, B is V, Z and soft C are S, LL is Y, J is
// soft G, hard C and QU are K; double letters are one.
func Sound(word string) string {
	b := make([]byte, 0, len(word))
	put := func(c byte) {
		if len(b) == 0 || b[len(b)-1] != c {
			b = append(b, c)
		}
	}
	at := func(i int) byte {
		if i < len(word) {
			return word[i]
		}
		return 0
	}
	for i := 0; i < len(word); i++ {
		next := at(i + 1)
		soft := next == 'e' || next == 'i' || next == 'y'
		switch c := word[i]; {
		case c == 'c' && next == 'h':
			put('C')
			i++
		case c == 'c' && next == 'k':
			put('k')
			i++
		case c == 'c' && soft:
			put('s')
		case c == 'c':
			put('k')
		case c == 'q' && next == 'u' && (at(i+2) == 'e' || at(i+2) == 'i'):
			put('k')
			i++
		case c == 'q':
			put('k')
		case c == 'p' && next == 'h':
			put('f')
			i++
		case c == 'h': // silent, whatever stands before it: John, Thomas, Hernández
		case c == 'v':
			put('b')
		case c == 'z', c == 'x':
			put('s')
		case c == 'l' && next == 'l':
			put('y')
			i++
		case c == 'g' && soft:
			put('j')
		case c == 'g' && next == 'u' && (at(i+2) == 'e' || at(i+2) == 'i'):
			put('g')
			i++
		case c == 'w':
			put('u')
		case c == 'y' && (i == len(word)-1 || !vowel(next)):
			put('i')
		default:
			put(c)
		}
	}
	return string(b)
}

func vowel(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }

// joins are the words with two neighbours written as one, where people part what others do not: one of them is short, or
// both are syllables of pinyin (Ji Cheng, Jicheng).
func joins(words []string) (list [][]string) {
	for i := 0; i+1 < len(words); i++ {
		a, b := words[i], words[i+1]
		if len(words) < 2 || len(a) > 3 && len(b) > 3 && !(pinyin(a) && pinyin(b)) {
			continue
		}
		joined := append(slices.Clone(words[:i]), a+b)
		list = append(list, append(joined, words[i+2:]...))
	}
	return list
}

var (
	initialsOfPinyin = strings.Fields("zh ch sh b p m f d t n l g k h j q x r z c s y w")
	finalsOfPinyin   = set("a o e i u v ai ei ui ao ou iu ie ue ve er an en in un vn ang eng ing ong ia ian iang iao iong ua uai uan uang uo")
)

// pinyin answers whether a word can be one syllable of Mandarin.
func pinyin(w string) bool {
	for _, i := range initialsOfPinyin {
		if rest, ok := strings.CutPrefix(w, i); ok && finalsOfPinyin[rest] {
			return true
		}
	}
	return finalsOfPinyin[w]
}
