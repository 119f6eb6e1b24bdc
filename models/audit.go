package models

import (
	"reflect"
	"strconv"
	"time"
)

// AuditEvent is one line of the audit log: who did what to which record, and what it was before and after.
// Personal data in Before and After is masked before it is recorded.
type AuditEvent struct {
	ID          int64
	At          time.Time
	ActorID     int64 // 0 for the product itself
	ActorName   string
	Address     string
	SessionID   int64
	Action      string // "batch.approve"
	SubjectType string // "batch"
	SubjectID   int64
	Reason      string
	Before      string // JSON, "" when there was nothing
	After       string
	Sealed      bool // part of the hash chain; true within seconds
}

// AuditFilter narrows the audit log; zero fields let everything through. From is inclusive, To exclusive.
type AuditFilter struct {
	ActorID     int64
	ActorName   string // exactly as recorded, for jobs and commands, which have no id
	Action      string // exact, or every action of a group when it ends in a point: "staff."
	SubjectType string
	SubjectID   int64
	From, To    time.Time
	Without     []string // types of subjects, also of requests about them, that the reader may not know of
}

// Empty answers whether nothing is filtered.
func (f AuditFilter) Empty() bool {
	f.Without = nil
	return reflect.DeepEqual(f, AuditFilter{})
}

// HiddenFrom are the types of subjects that a reader of the audit log may not know of: nobody outside compliance is
// tipped off.
func HiddenFrom(by Actor) []string {
	var hidden []string
	if !by.May(PermScreeningView) {
		hidden = append(hidden, "screening_hit", "screening_thresholds")
	}
	if !by.May(PermRiskView) {
		hidden = append(hidden, "risk_score", "risk_rules")
	}
	if !by.May(PermPrivacyView) {
		hidden = append(hidden, "privacy")
	}
	if !by.May(PermROS) {
		hidden = append(hidden, "ros")
	}
	return hidden
}

// HiddenActions are the beginnings of the actions on those subjects.
func HiddenActions(by Actor) []string {
	var hidden []string
	if !by.May(PermScreeningView) {
		hidden = append(hidden, "screening.")
	}
	if !by.May(PermRiskView) {
		hidden = append(hidden, "risk.")
	}
	if !by.May(PermPrivacyView) {
		hidden = append(hidden, "privacy.")
	}
	if !by.May(PermROS) {
		hidden = append(hidden, "ros.")
	}
	return hidden
}

// AuditReport is what a check of the audit log found.
type AuditReport struct {
	Events   int64  // read
	Sealed   int64  // of them, in the chain
	Unsealed int64  // newer than the chain's end
	Head     string // the chain's last hash in hex: kept elsewhere, it proves that no end was cut off
	Fault    *AuditFault
}

// AuditFault is the first place where the audit log is not what was sealed.
type AuditFault struct {
	EventID int64
	Kind    string // changed, unsealed, missing
}

// The kinds of an AuditFault.
const (
	AuditChanged  = "changed"  // the event, or one before it, is not what was sealed
	AuditUnsealed = "unsealed" // an event stands among sealed ones without a seal
	AuditMissing  = "missing"  // a seal whose event is gone
)

// Error says the fault in a sentence.
func (f *AuditFault) Error() string {
	switch f.Kind {
	case AuditUnsealed:
		return "The audit log was tampered with: event " + strconv.FormatInt(f.EventID, 10) + " was put among sealed events."
	case AuditMissing:
		return "The audit log was tampered with: event " + strconv.FormatInt(f.EventID, 10) + " is sealed but gone."
	}
	return "The audit log was tampered with: event " + strconv.FormatInt(f.EventID, 10) + ", or one just before it, is not what was sealed."
}
