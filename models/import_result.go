package models

import "time"

// ImportSeverity says whether a fault kept a row out or only deserves a look.
type ImportSeverity string

// The severities, with the words of import_faults.
const (
	ImportError   ImportSeverity = "error"
	ImportWarning ImportSeverity = "warning"
)

// ImportFault is one fault or warning of one row of a file. Line is the physical line where the record
// starts, the header being line 1; Field is the file's column name as it stands in the file.
type ImportFault struct {
	Line    int    `json:"line"`
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ImportResult counts what became of the rows of a file: Rows is the sum of Created, Updated,
// Unchanged, Skipped and Refused. The faults themselves go to ImportOptions.OnFault, because a file may
// have a million of them.
type ImportResult struct {
	Rows      int `json:"rows"`
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Skipped   int `json:"skipped"`
	Refused   int `json:"refused"`  // rows; each has exactly one ImportError
	Warnings  int `json:"warnings"` // ImportWarnings, of which a row may have several
}

// Fault counts a fault and hands it on.
func (r *ImportResult) Fault(o ImportOptions, severity ImportSeverity, f ImportFault) error {
	if severity == ImportError {
		r.Refused++
	} else {
		r.Warnings++
	}
	if o.OnFault == nil {
		return nil
	}
	return o.OnFault(severity, f)
}

// ImportOptions say how a file is to be taken.
type ImportOptions struct {
	DryRun   bool              // find out everything, change nothing
	By       Actor             // who imports, for the audit log
	Mapping  map[string]string // our column name → the file's; nil or a missing one = the same name, forgivingly
	ImportID int64             // the row in imports, 0 for the command line
	FileName string
	TaskID   int64     // the long work that this is, which may be stopped until it commits; 0 for the command line
	Today    time.Time // the Bogotá date that dates of the file are judged by
	// OnFault is told each fault, in order of lines where the kind can (see Kind). An import calls it
	// outside of anything that is tried again, so each fault comes once; nil drops them. An error stops
	// the import and undoes it.
	OnFault func(ImportSeverity, ImportFault) error
	// OnRow is shown the first rows of the file as they were understood, for a preview; nil drops them.
	OnRow func(ImportRow)
}

// ImportRow is one row as a preview shows it: what will become of it and its cells by our column names.
type ImportRow struct {
	Line    int               `json:"line"`
	Outcome ImportOutcome     `json:"outcome"`
	Cells   map[string]string `json:"cells"`
}

// ImportOutcome is what becomes of a row.
type ImportOutcome string

// The outcomes.
const (
	RowCreated   ImportOutcome = "created"
	RowUpdated   ImportOutcome = "updated"
	RowUnchanged ImportOutcome = "unchanged"
	RowSkipped   ImportOutcome = "skipped"
	RowRefused   ImportOutcome = "refused"
)

// ImportFaults collects faults, for tests and small files.
type ImportFaults struct {
	Refused  []ImportFault
	Warnings []ImportFault
}

// Keep is an ImportOptions.OnFault that keeps everything.
func (l *ImportFaults) Keep(severity ImportSeverity, f ImportFault) error {
	if severity == ImportError {
		l.Refused = append(l.Refused, f)
		return nil
	}
	l.Warnings = append(l.Warnings, f)
	return nil
}
