package models

import "time"

// ImportState is where an upload stands.
type ImportState string

// The states of an upload. A person moves it on from mapping, preview and failed; jobs do the rest.
const (
	ImportMapping  ImportState = "mapping"  // the file's columns do not explain themselves
	ImportChecking ImportState = "checking" // the dry run is under way
	ImportPreview  ImportState = "preview"  // the dry run is shown; nothing has changed yet
	ImportApplying ImportState = "applying"
	ImportApplied  ImportState = "applied"
	ImportFailed   ImportState = "failed" // the file as a whole was refused; nothing has changed
	ImportDropped  ImportState = "dropped"
)

// Busy answers whether a job works on it, so that its page asks again.
func (s ImportState) Busy() bool { return s == ImportChecking || s == ImportApplying }

// CanMap answers whether the columns may be chosen (again).
func (s ImportState) CanMap() bool {
	return s == ImportMapping || s == ImportPreview || s == ImportFailed
}

// CanApply answers whether a person may say "take it".
func (s ImportState) CanApply() bool { return s == ImportPreview }

// CanDrop answers whether it may be thrown away.
func (s ImportState) CanDrop() bool { return s.CanMap() }

// Task is the kind of long work that it waits for, "" when it waits for a person.
func (s ImportState) Task() TaskKind {
	switch s {
	case ImportChecking:
		return TaskImportCheck
	case ImportApplying:
		return TaskImportApply
	}
	return ""
}

// PreviewRows is how many rows a dry run shows; ShownFaults how many faults a page lists. The report
// has them all.
const (
	PreviewRows = 50
	ShownFaults = 1000
)

// Import is one upload.
type Import struct {
	ID          int64
	Kind        string // distributors, orders, commissions, tracking
	FileName    string
	State       ImportState
	BlobKey     string
	Size        int64
	Header      []string          // the file's own column names
	Mapping     map[string]string // our column name → the file's, chosen by hand
	Result      ImportResult      // of the dry run, then of the run
	Preview     []ImportRow
	ReportKey   string // "" when there was no fault
	Failure     string // catalogue key or sentence
	CreatedBy   int64
	CreatedName string
	AppliedBy   int64
	AppliedName string
	CreatedAt   time.Time
	FinishedAt  *time.Time
}

// ShownFault is one line of an import's table of faults.
type ShownFault struct {
	Severity ImportSeverity
	ImportFault
}
