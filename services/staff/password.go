package staff

import (
	_ "embed"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"pagaduria/models"
)

// The lengths of a password in characters. NIST SP 800-63B asks for at least 8 and to take at least 64, OWASP's
// ASVS for at least 12 and to take no more than 128.
const (
	passwordMin = 12
	passwordMax = 128
)

// hashing is what OWASP asks of Argon2id: 19 MiB, two passes, one lane
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
var hashing = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashers bounds how many passwords are worked on at a time: 19 MiB and a core each.
var hashers = make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))

func hashPassword(password string) (string, error) {
	hashers <- struct{}{}
	defer func() { <-hashers }()
	return argon2id.CreateHash(password, hashing)
}

// noPassword is a hash that no password was ever given for: an account that is not there costs the same time.
const noPassword = "$argon2id$v=19$m=19456,t=2,p=1$cGFnYWR1cmlhLW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func samePassword(password, hash string) (bool, error) {
	hashers <- struct{}{}
	defer func() { <-hashers }()
	return argon2id.ComparePasswordAndHash(password, hash)
}

//go:embed common.txt
var commonText string

// common are the words people make passwords of. The file says where they come from.
var common = readCommon(commonText)

func readCommon(text string) map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			words[line] = true
		}
	}
	return words
}

// CheckPassword refuses a password that is short or that somebody would guess. There are no rules about kinds of
// characters: length and not being known is what counts (NIST SP 800-63B, 5.1.1.2).
func CheckPassword(password, email, name string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < passwordMin:
		return weak("staff.error.password_short", "Use at least 12 characters. Several words are easier to remember.")
	case n > passwordMax:
		return weak("staff.error.password_long", "Use at most 128 characters.")
	case guessable(password):
		return weak("staff.error.password_common", "This is a well-known or simple password. Choose one that nobody would guess.")
	case personal(password, email, name):
		return weak("staff.error.password_personal", "Leave your name and your e-mail address out of the password.")
	}
	return nil
}

func weak(key, message string) error {
	return models.Refuse(models.Invalid, key, message, nil).WithField("password", key)
}

// guessable answers whether nothing is left of a password once known words, digits and signs are taken away, or
// whether it is one thing again and again, or a walk along the keyboard.
func guessable(password string) bool {
	p := strings.ToLower(password)
	core := strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) }) // "p@$$w0rd" of "p@$$w0rd2026"
	return common[p] || repeated(p) || few(p) || walk(p) || knownWords(letters(p)) || knownWords(letters(plainLetters.Replace(core)))
}

// plainLetters undoes the usual disguises.
var plainLetters = strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "i", "3", "e", "$", "s", "5", "s", "7", "t", "!", "i", "ñ", "n",
	"á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u")

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// knownWords answers whether s is made of one or two known words, or of no letters at all.
func knownWords(s string) bool {
	if s == "" || common[s] {
		return true
	}
	for i := 3; i <= len(s)-3; i++ {
		if common[s[:i]] && common[s[i:]] {
			return true
		}
	}
	return false
}

// repeated answers whether s is a piece of at most half its length, again and again.
func repeated(s string) bool {
	for n := 1; n <= len(s)/2; n++ {
		if strings.HasPrefix(s[n:], s[:len(s)-n]) {
			return true
		}
	}
	return false
}

// few answers whether s has fewer than five different characters.
func few(s string) bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen) < 5
}

const rows = "abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiopasdfghjklzxcvbnm qwertyuiop asdfghjklñ zxcvbnm 1qaz2wsx3edc4rfv5tgb6yhn"

// walk answers whether most of s goes along the alphabet, the digits or the keyboard, in steps of four.
func walk(s string) bool {
	back := []rune(rows)
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	steps, total := 0, 0
	for i := 0; i+4 <= len(s); i++ {
		total++
		if strings.Contains(rows, s[i:i+4]) || strings.Contains(string(back), s[i:i+4]) {
			steps++
		}
	}
	return total > 0 && steps*2 > total
}

// personal answers whether the password holds the person's e-mail name or a name of theirs.
func personal(password, email, name string) bool {
	p := strings.ToLower(password)
	local, domain, _ := strings.Cut(strings.ToLower(email), "@")
	host, _, _ := strings.Cut(domain, ".")
	parts := append(strings.FieldsFunc(local, func(r rune) bool { return !unicode.IsLetter(r) }), local, host)
	parts = append(parts, strings.Fields(strings.ToLower(name))...)
	for _, part := range parts {
		if utf8.RuneCountInString(part) >= 4 && strings.Contains(p, part) {
			return true
		}
	}
	return false
}
