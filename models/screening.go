package models

import (
	"time"

	"pagaduria/models/sanctions"
)

// TaskListsLoad is the loading of sanctions lists that somebody uploaded.
const TaskListsLoad TaskKind = "lists_load"

// ListVersion is what one load changed in a sanctions list.
type ListVersion struct {
	ID          int64
	List        sanctions.List
	GeneratedOn *time.Time // by the publisher, where the list says it
	Entries     int
	Names       int
	Documents   int
	Added       int
	Removed     int
	Changed     int
	Files       []string
	StaffName   string
	LoadedAt    time.Time
	ConfirmedAt time.Time // when the same content was loaded last
	InForce     bool
}

// ListChange is one entry that a version added, removed or changed.
type ListChange struct {
	EntryID int64 // as it is since then; as it was, of one removed
	Number  string
	Name    string
	What    string // added, removed, changed
}

// ListedEntry is an entry of a list as it was published.
type ListedEntry struct {
	ID      int64
	List    sanctions.List
	Number  string
	Entry   sanctions.Entry
	SinceID int64
	Since   time.Time
	UntilID int64 // 0 while in force
	Until   *time.Time
}

// Screened is what comparing one name with the lists finds.
type Screened struct {
	Hits       []ScreenedHit
	Level      sanctions.Level
	Thresholds sanctions.Thresholds
	Lists      []ListVersion // that were searched
}

// ScreenedHit is one hit with where its entry is kept.
type ScreenedHit struct {
	sanctions.Hit
	EntryID int64
	Level   sanctions.Level
}
