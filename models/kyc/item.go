package kyc

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
)

// Item is one thing that a case asks for.
type Item string

// The items that are declared; documents are named by the table of what is asked.
const (
	Consent      Item = "consent"
	Who          Item = "who"
	Contact      Item = "contact"
	Payment      Item = "payment"
	Tax          Item = "tax"
	Owners       Item = "owners"
	Declarations Item = "declarations"
	Signature    Item = "signature"
)

// Step is one page of the form. Every item but the documents has a step of its own name.
type Step string

// Documents is the step of everything that is uploaded.
const Documents Step = "documents"

// Asked is one line of what a case asks for.
type Asked struct {
	Item       Item
	Step       Step
	PersonKind string // natural or juridical
	Required   bool
	MaxAgeDays int // documents: how old they may be; 0 is without limit
	Source     string
	from, to   time.Time // to is zero while it holds
}

// Document answers whether it is uploaded.
func (a Asked) Document() bool { return a.Step == Documents }

//go:embed data/items.csv
var itemsFile []byte

var asked = loadItems()

// loadItems reads the embedded table. A broken one is a broken build: it panics.
func loadItems() (list []Asked) {
	records, err := csv.NewReader(bytes.NewReader(itemsFile)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("kyc: items.csv: %v", err))
	}
	for _, r := range records[1:] {
		a := Asked{PersonKind: r[2], Item: Item(r[3]), Step: Step(r[4]), Required: r[5] == "yes", Source: r[7]}
		if a.from, err = time.Parse(time.DateOnly, r[0]); err == nil && r[1] != "" {
			a.to, err = time.Parse(time.DateOnly, r[1])
		}
		if err == nil && r[6] != "" {
			a.MaxAgeDays, err = strconv.Atoi(r[6])
		}
		if err != nil {
			panic(fmt.Sprintf("kyc: items.csv: %v: %v", r, err))
		}
		list = append(list, a)
	}
	return list
}

// DocumentKind is the kind of document that an item is, "" for what is declared.
func (i Item) DocumentKind() models.DocumentKind {
	if k := models.DocumentKind(i); k.Valid() {
		return k
	}
	return ""
}

// Card answers whether it is a document with two sides.
func (i Item) Card() bool {
	return i.DocumentKind() == models.DocumentIdentity || i.DocumentKind() == models.DocumentRepresentative
}

// GoodYears is how long a payee who was approved counts as known: they are looked at again every two years at least
// (Supersociedades, Circular Básica Jurídica, chapter X).
const GoodYears = 2

// Writes answers whether a field of the item is a column of the distributor, and is written there with the approval.
func (i Item) Writes(field string) bool {
	switch i {
	case Who:
		return !strings.HasPrefix(field, "rep_")
	case Contact:
		return field == "phone" || field == "email"
	}
	return i == Tax
}

// Paper is a document as it was given: what is signed names its files by their hashes.
type Paper struct {
	Document int64       `json:"document"`
	Version  int         `json:"version"`
	Pages    int         `json:"pages"`
	Files    []PaperFile `json:"files"`
}

// PaperFile is one file of a Paper.
type PaperFile struct {
	Side   models.DocumentSide `json:"side,omitempty"`
	Name   string              `json:"name"`
	SHA256 string              `json:"sha256"` // of what was received
}

// LeastPages is how many pages the document of an item has at least, by who was declared: cards have two sides, a
// passport has one page with a face.
func LeastPages(i Item, who Identity) int {
	docType := who.DocType
	if i.DocumentKind() == models.DocumentRepresentative {
		docType = who.Rep.DocType
	}
	if i.Card() && docType != "PA" {
		return 2
	}
	return 1
}

// AskedOf lists what is asked of a kind of person on a Bogotá date, in the order of the form.
func AskedOf(personKind string, day time.Time) (list []Asked) {
	for _, a := range asked {
		if a.PersonKind == personKind && !a.from.After(day) && (a.to.IsZero() || !a.to.Before(day)) {
			list = append(list, a)
		}
	}
	return list
}

// ItemState is where one item stands.
type ItemState string

// The states of an item. What a reviewer accepted or asked again is the reviewer's to change.
const (
	Missing  ItemState = "missing"
	Given    ItemState = "given"
	Accepted ItemState = "accepted"
	Again    ItemState = "again"
	Rejected ItemState = "rejected" // for good
)

// Done answers whether the payee has nothing to do about it.
func (s ItemState) Done() bool { return s == Given || s == Accepted }

// CaseItem is one item of a case.
type CaseItem struct {
	Item       Item
	Step       Step
	Required   bool
	MaxAgeDays int
	State      ItemState
	Version    int // of the answer that counts, 0 without one
	GivenAt    *time.Time
	Document   int64  // documents: the version of it that was given and is to be looked at, 0 without one
	InPerson   bool   // the payee lets nobody keep a picture of it: it is shown in person
	Again      string // state Again: what the payee is told about it
}

// ToDo answers whether the payee has to do something about it before signing.
func (i CaseItem) ToDo() bool { return i.Required && !i.State.Done() && !i.InPerson }
