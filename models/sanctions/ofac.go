package sanctions

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// OFACFiles are the files of one edition: entries, other names, addresses, and what did not fit into the remarks. The
// last one may be absent.
type OFACFiles struct {
	Entries, Names, Addresses, Comments io.Reader
}

// Columns of the files; they have no header and tell themselves apart by how many there are.
const (
	entryColumns   = 12
	addressColumns = 6
	nameColumns    = 5
	commentColumns = 2
)

// strayShare is how many of a hundred names or addresses may belong to nobody: editions are published file by file, but
// when many do, the file of entries was cut off.
const strayShare = 1

// ReadOFAC hands every entry of an edition on, in the order of the file. The smaller files are read first and kept; the
// entries are streamed. Anything damaged is ErrBroken, and nothing handed on counts.
func ReadOFAC(f OFACFiles, yield func(Entry) error) error {
	if f.Entries == nil || f.Names == nil || f.Addresses == nil {
		return broken("the set needs the files of entries (sdn), other names (alt) and addresses (add)")
	}
	names, addresses, comments := map[string][]Name{}, map[string][]string{}, map[string]string{}
	err := records(f.Names, "alt", nameColumns, func(r []string) error {
		kind := Alias
		if r[2] == "fka" {
			kind = Former
		}
		names[r[0]] = append(names[r[0]], Name{r[3], kind})
		return nil
	})
	if err != nil {
		return err
	}
	err = records(f.Addresses, "add", addressColumns, func(r []string) error {
		addresses[r[0]] = append(addresses[r[0]], strings.Join(add(add(add(nil, r[2]), r[3]), r[4]), ", "))
		return nil
	})
	if err != nil {
		return err
	}
	if f.Comments != nil {
		err = records(f.Comments, "comments", commentColumns, func(r []string) error {
			comments[r[0]] += r[1]
			return nil
		})
		if err != nil {
			return err
		}
	}
	lists := len(names) + len(addresses)
	seen := map[string]bool{}
	err = records(f.Entries, "sdn", entryColumns, func(r []string) error {
		if r[0] == "" || r[1] == "" || seen[r[0]] {
			return broken("sdn: entry %q is without a name or there twice", r[0])
		}
		seen[r[0]] = true
		e := ofacEntry(r, comments[r[0]])
		for _, n := range names[r[0]] {
			e.addName(n.Text, n.Kind)
		}
		for _, n := range nicknames(e.Remarks) {
			e.addName(n, Weak)
		}
		for _, a := range addresses[r[0]] {
			e.Addresses = add(e.Addresses, a)
		}
		delete(names, r[0])
		delete(addresses, r[0])
		return yield(e)
	})
	if err != nil {
		return err
	}
	if stray := len(names) + len(addresses); len(seen) == 0 || stray*100 > lists*strayShare {
		return broken("names or addresses of %d entries that the file of entries does not hold: it seems cut off", stray)
	}
	return nil
}

// records reads one file record by record. An absent value is "-0-"; some files end with the byte 0x1A of old systems.
func records(from io.Reader, file string, columns int, do func([]string) error) error {
	r := csv.NewReader(bufio.NewReader(from))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	for {
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				return broken("%s: %v", file, err)
			}
			return err
		case len(record) == 1 && strings.Trim(record[0], "\x1a ") == "":
			continue
		case len(record) != columns:
			line, _ := r.FieldPos(0)
			return broken("%s: line %d has %d columns in place of %d", file, line, len(record), columns)
		}
		for i, v := range record {
			if !utf8.ValidString(v) {
				v = latin1(v)
			}
			if v = strings.TrimSpace(v); v == "-0-" {
				v = ""
			}
			record[i] = strings.Clone(v)
		}
		if err := do(record); err != nil {
			return err
		}
	}
}

func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func ofacEntry(r []string, more string) Entry {
	e := Entry{List: OFAC, Number: r[0], Kind: ofacKind(r[2]), Title: tidy(r[4]), Remarks: tidy(r[11] + more)}
	e.addName(r[1], Primary)
	for _, p := range strings.Split(r[3], "] [") {
		e.Programs = add(e.Programs, strings.Trim(p, "[] "))
	}
	e.readRemarks()
	return e
}

func ofacKind(s string) Kind {
	switch s {
	case "individual":
		return Person
	case "vessel":
		return Vessel
	case "aircraft":
		return Aircraft
	}
	return Company
}

var (
	nickname = regexp.MustCompile(`(?:a|f|n)\.k\.a\. '([^']+)'`)
	// A label of letters, an optional "No." or "#", a number that holds a digit, and the country.
	document = regexp.MustCompile(`^(?:alt\. )?(Passport|Cedula No\.|NIT #|C\.E\.|Cedula de Extranjeria|RUC #|RIF #|D\.N\.I\.|National ID No\.|Identification Number|Registration ID|Tax ID No\.|R\.F\.C\.|C\.U\.R\.P\.|Electoral Registry No\.|V\.A\.T\. Number|Italian Fiscal Code|Company Number|Registration Number|Commercial Registry Number|Matricula Mercantil No\.?|Personal ID Card|Driver's License No\.|SSN|Stateless Person ID Card|Refugee ID Card|Residency Number|UK Company Number) ?:? ?#? ?([A-Za-z0-9][A-Za-z0-9 ./-]*?)(?: \(([^)]+)\))?(?: (?:issued|expires).*)?\.?$`)
	// DOB 24 Aug 1951; alt. DOB 1952; DOB circa 1938
	born  = regexp.MustCompile(`^(?:alt\. )?DOB (.+?)\.?$`)
	place = regexp.MustCompile(`^(?:alt\. )?POB (.+?)\.?$`)
	state = regexp.MustCompile(`^(?:alt\. )?(?:nationality|citizen) (.+?)\.?$`)
)

func nicknames(remarks string) (list []string) {
	for _, m := range nickname.FindAllStringSubmatch(remarks, -1) {
		list = append(list, m[1])
	}
	return list
}

// documentTypes are the labels that our own document types answer to.
var documentTypes = map[string]string{"Passport": "PAS", "Cedula No.": "CC", "NIT #": "NIT", "C.E.": "CE", "Cedula de Extranjeria": "CE", "RUC #": "RUC"}

// readRemarks takes what stands in the remarks, parted by semicolons, into fields of its own.
func (e *Entry) readRemarks() {
	for _, part := range strings.Split(e.Remarks, ";") {
		part = strings.TrimSpace(part)
		if m := document.FindStringSubmatch(part); m != nil && strings.ContainsAny(m[2], "0123456789") {
			kind := m[1]
			if ours, ok := documentTypes[kind]; ok {
				kind = ours
			}
			e.Documents = append(e.Documents, Document{Type: kind, Number: strings.TrimRight(m[2], " ."), Country: m[3]})
			continue
		}
		if m := born.FindStringSubmatch(part); m != nil {
			e.Born = add(e.Born, m[1])
		} else if m := place.FindStringSubmatch(part); m != nil {
			e.Places = add(e.Places, m[1])
		} else if m := state.FindStringSubmatch(part); m != nil {
			e.Countries = add(e.Countries, m[1])
		}
	}
}
