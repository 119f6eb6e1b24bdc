package models

import "time"

// CheckKind is what a long check reads.
type CheckKind string

// The long checks.
const (
	CheckLedger CheckKind = "ledger" // the books from the first entry on
	CheckAudit  CheckKind = "audit"  // the hash chain of the audit log
	CheckRules  CheckKind = "rules"  // a version of the approval rules on past batches
)

// TaskKind is the long work that makes the check.
func (k CheckKind) TaskKind() TaskKind { return TaskKind("check_" + string(k)) }

// Permission is what asking for the check and seeing what it found needs.
func (k CheckKind) Permission() Permission {
	switch k {
	case CheckLedger:
		return PermLedgerView
	case CheckAudit:
		return PermAuditView
	}
	return PermRulesView
}

// Check is a long check that was made. What it found stays as it was found.
type Check struct {
	ID        int64
	StaffName string // who asked for it
	BeganAt   time.Time
	EndedAt   time.Time
	Sound     bool
	Found     []byte // JSON
}
