package models

import "time"

// TaskKind is one kind of long work. Every kind can be stopped: what it changes is one transaction, and stopping is
// offered until that commits.
type TaskKind string

// The kinds of long work.
const (
	TaskExport      TaskKind = "export"
	TaskImportCheck TaskKind = "import_check"
	TaskImportApply TaskKind = "import_apply"
	TaskBatchCreate TaskKind = "batch_create"
	TaskInvite      TaskKind = "kyc_invite"
	TaskCheckLedger TaskKind = "check_ledger"
	TaskCheckAudit  TaskKind = "check_audit"
	TaskCheckRules  TaskKind = "check_rules"
)

// TaskState is where long work stands.
type TaskState string

// The states of long work.
const (
	TaskWaiting   TaskState = "waiting"
	TaskRunning   TaskState = "running"
	TaskDone      TaskState = "done"
	TaskFailed    TaskState = "failed"
	TaskCancelled TaskState = "cancelled"
)

// Busy answers whether it is not over, so that its page asks again.
func (s TaskState) Busy() bool { return s == TaskWaiting || s == TaskRunning }

// Task is long work that somebody asked for.
type Task struct {
	ID          int64
	Kind        TaskKind
	Name        string // of the file or batch it is about
	State       TaskState
	StaffID     int64
	StaffName   string
	Done, Total int64 // Total is 0 while it is not known
	Stopping    bool
	Committed   bool   // it cannot be stopped any more
	SubjectType string // with SubjectID the record it works on or led to, "" while there is none
	SubjectID   int64
	Rows        int64 // in the file
	FileKey     string
	FileSize    int64
	FileUntil   *time.Time
	Permission  Permission     // needed to take the file away
	Failure     string         // catalogue key or sentence
	FailureArgs map[string]any // fill it
	CreatedAt   time.Time
	StartedAt   *time.Time
	FinishedAt  *time.Time
}

// Percent is how far it is, 0 to 100; ok is false while that is not known.
func (t Task) Percent() (percent int64, ok bool) {
	switch {
	case t.State == TaskDone:
		return 100, true
	case t.Total <= 0:
		return 0, false
	}
	return min(t.Done*100/t.Total, 99), true // the last one is for the commit
}

// VisibleTo answers whether by may see it: who asked for it, and those who see everybody's.
func (t Task) VisibleTo(by Actor) bool {
	return by.StaffID == t.StaffID && t.StaffID != 0 || by.May(PermTasksAll)
}

// Stop answers why by may not stop it, nil when they may.
func (t Task) Stop(by Actor) error {
	switch {
	case !t.VisibleTo(by):
		return Refuse(NotFound, "task.not_found", "There is no such work.", nil)
	case by.StaffID != t.StaffID && !by.Has(RoleAdmin):
		return Refuse(Forbidden, "task.refused.other", "Only whoever asked for it and admins can stop it.", nil)
	case !t.State.Busy():
		return Refuse(Conflict, "task.refused.over", "This is over already, so it cannot be stopped.", nil)
	case t.Committed:
		return Refuse(Conflict, "task.refused.committed", "The changes are being saved just now, so this cannot be stopped any more.", nil)
	}
	return nil
}

// Download answers why by may not take its file away at a moment, nil when they may: only who asked for it, while they
// may see such records.
func (t Task) Download(by Actor, at time.Time) error {
	switch {
	case by.StaffID == 0 || by.StaffID != t.StaffID:
		return Refuse(NotFound, "task.not_found", "There is no such work.", nil)
	case t.State != TaskDone || t.FileUntil == nil:
		return Refuse(NotFound, "task.refused.no_file", "There is no file to download.", nil)
	case t.FileKey == "" || !at.Before(*t.FileUntil):
		return Refuse(NotFound, "task.refused.expired", "This file was kept for seven days and is gone. Ask for a new export.", nil)
	case !by.May(t.Permission):
		return Refuse(Forbidden, "task.refused.permission", "Your role no longer includes what is in this file.", nil)
	}
	return nil
}
