// Package sanctions reads sanctions lists and says how alike a payee and an entry of a list are: which documents agree,
// which words of the names do, and why. It knows no database.
package sanctions

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// List is one published list.
type List string

// The lists that can be loaded.
const (
	OFAC List = "OFAC" // specially designated nationals of the US Treasury
	UN   List = "UN"   // consolidated list of the Security Council
)

// Lists is every list in the order pages show them.
var Lists = []List{OFAC, UN}

// Kind is what an entry is. A payee is a person or a company, never a ship.
type Kind string

// The kinds of entries.
const (
	Person   Kind = "person"
	Company  Kind = "company"
	Vessel   Kind = "vessel"
	Aircraft Kind = "aircraft"
)

// NameKind says how a list calls somebody by a name.
type NameKind string

// The kinds of names.
const (
	Primary NameKind = "primary"
	Alias   NameKind = "aka"
	Former  NameKind = "fka"
	Weak    NameKind = "weak" // a nickname, or an alias the list itself calls of low quality: never enough for a hold
)

// Name is one name of an entry, as published.
type Name struct {
	Text string   `json:"text"`
	Kind NameKind `json:"kind"`
}

// Document is an identity document that a list gives.
type Document struct {
	Type    string `json:"type"` // CC CE NIT PAS RUC, or as the list calls it
	Number  string `json:"number"`
	Country string `json:"country,omitempty"`
}

// Entry is one person or thing on a list.
type Entry struct {
	List      List       `json:"-"`
	Number    string     `json:"-"` // the list's own: OFAC ent_num, UN DATAID
	Reference string     `json:"reference,omitempty"`
	Kind      Kind       `json:"kind"`
	Names     []Name     `json:"names"` // the primary one first
	Programs  []string   `json:"programs,omitempty"`
	Title     string     `json:"title,omitempty"`
	Born      []string   `json:"born,omitempty"`
	Places    []string   `json:"places,omitempty"` // of birth
	Countries []string   `json:"countries,omitempty"`
	Documents []Document `json:"documents,omitempty"`
	Addresses []string   `json:"addresses,omitempty"`
	ListedOn  string     `json:"listed_on,omitempty"`
	Remarks   string     `json:"remarks,omitempty"`
}

// Name is what the list calls the entry.
func (e Entry) Name() string {
	if len(e.Names) == 0 {
		return ""
	}
	return e.Names[0].Text
}

// Data is the entry as it is kept, without what the row says already.
func (e Entry) Data() ([]byte, error) { return json.Marshal(e) }

// Hash tells two versions of an entry apart by what they say.
func Hash(data []byte) []byte {
	h := sha256.Sum256(data)
	return h[:]
}

// ErrBroken is why a file is refused as a whole: it is damaged, cut off, or no such list.
var ErrBroken = errors.New("broken list")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBroken}, args...)...)
}

// tidy takes away what publishers leave in: blanks in a row, typographic apostrophes, bytes that are no text.
func tidy(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	s = strings.NewReplacer("’", "'", "‘", "'", "`", "'", "\u00a0", " ").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}

// add appends what is not empty and not there yet.
func add(list []string, s string) []string {
	if s = tidy(s); s == "" {
		return list
	}
	for _, known := range list {
		if known == s {
			return list
		}
	}
	return append(list, s)
}

// addName appends a name that says something new.
func (e *Entry) addName(text string, kind NameKind) {
	if text = tidy(text); text == "" {
		return
	}
	for i := range e.Names {
		if strings.EqualFold(e.Names[i].Text, text) {
			if e.Names[i].Kind == Weak { // the same name without reserve
				e.Names[i].Kind = kind
			}
			return
		}
	}
	e.Names = append(e.Names, Name{text, kind})
}
