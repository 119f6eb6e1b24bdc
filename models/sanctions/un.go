package sanctions

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"
)

// ReadUN hands every entry of the consolidated list on, one element at a time, and answers the day it was generated.
// Anything damaged is ErrBroken, and nothing handed on counts.
func ReadUN(from io.Reader, yield func(Entry) error) (generated time.Time, err error) {
	in := &source{from: from}
	d := xml.NewDecoder(in)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // the list is UTF-8 whatever it says
	depth, whole, n := 0, false, 0
	seen := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && whole && n > 0 {
			return generated, nil
		}
		if err != nil {
			if in.failed != nil {
				return generated, in.failed
			}
			return generated, broken("UN: the file ends too early or is no list: %v", err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			depth--
			whole = depth == 0
		case xml.StartElement:
			if depth == 0 {
				if t.Name.Local != "CONSOLIDATED_LIST" || whole {
					return generated, broken("UN: the file is no consolidated list but begins with %q", t.Name.Local)
				}
				generated = generatedOn(t)
			}
			if t.Name.Local != "INDIVIDUAL" && t.Name.Local != "ENTITY" {
				depth++
				continue
			}
			var x unEntry
			if err := d.DecodeElement(&x, &t); err != nil {
				if in.failed != nil {
					return generated, in.failed
				}
				return generated, broken("UN: %v", err)
			}
			e := x.entry(t.Name.Local == "INDIVIDUAL")
			if e.Number == "" || e.Name() == "" || seen[e.Number] {
				return generated, broken("UN: entry %q is without a name or there twice", e.Number)
			}
			seen[e.Number] = true
			n++
			if err := yield(e); err != nil {
				return generated, err
			}
		}
	}
}

// source remembers why reading failed, so that it is not taken for a fault of the file.
type source struct {
	from   io.Reader
	failed error
}

func (s *source) Read(b []byte) (int, error) {
	n, err := s.from.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	return n, err
}

func generatedOn(t xml.StartElement) time.Time {
	for _, a := range t.Attr {
		if a.Name.Local == "dateGenerated" {
			for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
				if at, err := time.Parse(layout, a.Value); err == nil {
					return at
				}
			}
		}
	}
	return time.Time{}
}

type unValues struct {
	Values []string `xml:"VALUE"`
}

type unAlias struct {
	Quality string `xml:"QUALITY"`
	Name    string `xml:"ALIAS_NAME"`
}

type unAddress struct {
	Street  string `xml:"STREET"`
	City    string `xml:"CITY"`
	State   string `xml:"STATE_PROVINCE"`
	Country string `xml:"COUNTRY"`
	Note    string `xml:"NOTE"`
}

func (a unAddress) text() string {
	return strings.Join(add(add(add(add(nil, a.Street), a.City), a.State), a.Country), ", ")
}

type unEntry struct {
	DataID      string      `xml:"DATAID"`
	First       string      `xml:"FIRST_NAME"`
	Second      string      `xml:"SECOND_NAME"`
	Third       string      `xml:"THIRD_NAME"`
	Fourth      string      `xml:"FOURTH_NAME"`
	ListType    string      `xml:"UN_LIST_TYPE"`
	Reference   string      `xml:"REFERENCE_NUMBER"`
	ListedOn    string      `xml:"LISTED_ON"`
	Original    string      `xml:"NAME_ORIGINAL_SCRIPT"`
	Comments    string      `xml:"COMMENTS1"`
	Titles      unValues    `xml:"TITLE"`
	Designation unValues    `xml:"DESIGNATION"`
	Nationality unValues    `xml:"NATIONALITY"`
	Aliases     []unAlias   `xml:"INDIVIDUAL_ALIAS"`
	Also        []unAlias   `xml:"ENTITY_ALIAS"`
	Lives       []unAddress `xml:"INDIVIDUAL_ADDRESS"`
	Sits        []unAddress `xml:"ENTITY_ADDRESS"`
	Places      []unAddress `xml:"INDIVIDUAL_PLACE_OF_BIRTH"`
	Born        []struct {
		Type string `xml:"TYPE_OF_DATE"`
		Date string `xml:"DATE"`
		Year string `xml:"YEAR"`
		From string `xml:"FROM_YEAR"`
		To   string `xml:"TO_YEAR"`
	} `xml:"INDIVIDUAL_DATE_OF_BIRTH"`
	Documents []struct {
		Type    string `xml:"TYPE_OF_DOCUMENT"`
		Second  string `xml:"TYPE_OF_DOCUMENT2"`
		Number  string `xml:"NUMBER"`
		Issuing string `xml:"ISSUING_COUNTRY"`
		Country string `xml:"COUNTRY_OF_ISSUE"`
	} `xml:"INDIVIDUAL_DOCUMENT"`
}

func (x unEntry) entry(person bool) Entry {
	e := Entry{List: UN, Number: tidy(x.DataID), Reference: tidy(x.Reference), Kind: Company, ListedOn: tidy(x.ListedOn), Remarks: tidy(x.Comments),
		Title: strings.Join(append(x.Titles.tidy(), x.Designation.tidy()...), "; "), Programs: add(nil, x.ListType), Countries: x.Nationality.tidy()}
	if person {
		e.Kind = Person
	}
	e.addName(strings.Join([]string{x.First, x.Second, x.Third, x.Fourth}, " "), Primary)
	for _, a := range append(x.Aliases, x.Also...) {
		kind := Alias
		switch tidy(a.Quality) {
		case "Low":
			kind = Weak
		case "f.k.a.":
			kind = Former
		}
		e.addName(a.Name, kind)
	}
	e.addName(x.Original, Alias)
	for _, a := range append(x.Lives, x.Sits...) {
		e.Addresses = add(e.Addresses, a.text())
	}
	for _, p := range x.Places {
		e.Places = add(e.Places, p.text())
	}
	for _, b := range x.Born {
		switch {
		case b.Date != "":
			e.Born = add(e.Born, b.Date)
		case b.From != "" && b.To != "":
			e.Born = add(e.Born, b.From+"–"+b.To)
		default:
			e.Born = add(e.Born, b.Year)
		}
	}
	for _, d := range x.Documents {
		number, kind := tidy(d.Number), tidy(d.Type)
		if number == "" {
			continue
		}
		if p := strings.ToLower(kind); strings.Contains(p, "passport") || strings.Contains(p, "passeport") || strings.Contains(p, "pasaporte") {
			kind = "PAS"
		}
		country := tidy(d.Issuing)
		if country == "" {
			country = tidy(d.Country)
		}
		e.Documents = append(e.Documents, Document{Type: kind, Number: number, Country: country})
	}
	return e
}

func (v unValues) tidy() (list []string) {
	for _, s := range v.Values {
		list = add(list, s)
	}
	return list
}
