package intake

import "slices"

// KnownDistributors answers what is already stored. The zero value knows nobody.
type KnownDistributors struct {
	// ByCode gives the document key (ident.Document.Key) and the upline's code of a distributor.
	ByCode func(code string) (document, upline string, known bool)
	// ByDocument gives the code of the distributor that has the document.
	ByDocument func(document string) (code string, known bool)
}

// The codes of faults that only several rows together show.
const (
	CodeDuplicateRef      = "duplicate_ref"
	CodeDuplicateDocument = "duplicate_document"
	CodeUplineUnknown     = "upline_unknown"
	CodeUplineSelf        = "upline_self"
	CodeUplineCycle       = "upline_cycle"
	CodeMergedRecord      = "merged_record" // warning: the row is of a record that is part of another one
)

// DistributorFile finds the faults that rows have among each other and with what is stored. An importer reads its file
// twice: first it Adds every row that ParseDistributor takes, in the file's order, then it asks Fault
// for each of them. Only codes and documents are kept in memory. A single row of a form goes the same way.
type DistributorFile struct {
	known     KnownDistributors
	rows      map[string]*fileRow // by code; the first row of a code stays
	codes     []string            // in the order of the file
	documents map[string]string   // document key → code
	doubled   map[int]*Fault      // by line
	resolved  bool
}

type fileRow struct {
	line   int
	upline string
	fault  *Fault
}

// NewDistributorFile starts a file that meets what is stored.
func NewDistributorFile(known KnownDistributors) *DistributorFile {
	if known.ByCode == nil {
		known.ByCode = func(string) (string, string, bool) { return "", "", false }
	}
	if known.ByDocument == nil {
		known.ByDocument = func(string) (string, bool) { return "", false }
	}
	return &DistributorFile{known: known, rows: map[string]*fileRow{}, documents: map[string]string{}, doubled: map[int]*Fault{}}
}

// Add takes the keys of a row. line tells rows apart; it must be the same when Fault is asked.
func (f *DistributorFile) Add(line int, row DistributorRow) {
	if fault := f.double(row); fault != nil {
		f.doubled[line] = fault
		return
	}
	f.rows[row.RefCode] = &fileRow{line: line, upline: row.UplineRef}
	f.codes = append(f.codes, row.RefCode)
	f.documents[row.Document.Key()] = row.RefCode
	f.resolved = false
}

// double compares with the rows before and with what is stored, where the same code and document
// are the same distributor.
func (f *DistributorFile) double(row DistributorRow) *Fault {
	document := row.Document.Key()
	stored, _, known := f.known.ByCode(row.RefCode)
	switch {
	case f.rows[row.RefCode] != nil:
		return &Fault{"ref_code", CodeDuplicateRef, "An earlier row has the code " + row.RefCode + "."}
	case known && stored != document:
		return &Fault{"ref_code", CodeDuplicateRef, "Another distributor already has the code " + row.RefCode + "."}
	}
	other, taken := f.documents[document]
	if !taken {
		other, taken = f.known.ByDocument(document)
	}
	if taken && other != row.RefCode {
		return &Fault{"doc_number", CodeDuplicateDocument, "This is the same document as that of " + other + "."}
	}
	return nil
}

// Fault answers what is wrong with an added row, nil when nothing is.
func (f *DistributorFile) Fault(line int, row DistributorRow) *Fault {
	if fault := f.doubled[line]; fault != nil {
		return fault
	}
	f.resolve()
	if kept := f.rows[row.RefCode]; kept != nil && kept.line == line {
		return kept.fault
	}
	return nil
}

// resolve judges all uplines. A refused row that is stored keeps its stored upline, which may change the
// verdict on others: hence it goes on until nothing more is refused.
func (f *DistributorFile) resolve() {
	for !f.resolved {
		f.resolved = true
		walk := uplineWalk{file: f, sound: map[string]bool{}}
		for _, code := range f.codes {
			if row := f.rows[code]; row.fault == nil {
				walk.climb(code)
			}
		}
	}
}

// uplineOf is the upline that a code will have after the import, and whether the code will exist.
func (f *DistributorFile) uplineOf(code string) (upline string, exists bool) {
	if row := f.rows[code]; row != nil && row.fault == nil {
		return row.upline, true
	}
	_, upline, exists = f.known.ByCode(code)
	return upline, exists
}

// refuse refuses the row of a code, if the file has one that still stands.
func (f *DistributorFile) refuse(code string, fault *Fault) {
	if row := f.rows[code]; row != nil && row.fault == nil {
		row.fault = fault
		f.resolved = false
	}
}

// uplineWalk climbs from row to upline, remembering who stands on sound ground.
type uplineWalk struct {
	file  *DistributorFile
	sound map[string]bool
}

// climb follows the uplines of code up to somebody known to be sound, who has none, who does not exist, or who was
// passed before.
func (w uplineWalk) climb(code string) {
	var path []string
	passed := map[string]int{}
	for code != "" && !w.sound[code] {
		if at, again := passed[code]; again {
			w.refuseCircle(path[at:])
			return
		}
		upline, exists := w.file.uplineOf(code)
		if !exists {
			w.refuseBelow(path, code)
			return
		}
		passed[code] = len(path)
		path = append(path, code)
		code = upline
	}
	for _, c := range path {
		w.sound[c] = true
	}
}

// refuseBelow refuses the path from its end, whose upline does not exist, down to the first that is
// stored: those below it keep an upline and are judged again.
func (w uplineWalk) refuseBelow(path []string, missing string) {
	for _, code := range slices.Backward(path) {
		message := "No distributor has the code " + missing + "."
		if w.file.rows[missing] != nil {
			message = "The row of the upline " + missing + " is refused."
		}
		w.file.refuse(code, &Fault{"upline_ref", CodeUplineUnknown, message})
		if _, _, stored := w.file.known.ByCode(code); stored {
			return
		}
		missing = code
	}
}

func (w uplineWalk) refuseCircle(circle []string) {
	fault := &Fault{"upline_ref", CodeUplineCycle, "These uplines go round in a circle: " + circleText(circle) + "."}
	if len(circle) == 1 {
		fault = &Fault{"upline_ref", CodeUplineSelf, "The upline is the distributor itself."}
	}
	for _, code := range circle {
		w.file.refuse(code, fault)
	}
}

// circleText names a circle from its smallest code on, so that all of it read the same.
func circleText(circle []string) string {
	const shown = 6
	start := slices.Index(circle, slices.Min(circle))
	text := ""
	for i := range min(len(circle), shown) {
		text += circle[(start+i)%len(circle)] + " → "
	}
	if len(circle) > shown {
		return text + "…"
	}
	return text + circle[start]
}
