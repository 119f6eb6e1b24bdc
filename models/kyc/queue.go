package kyc

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pagaduria/models"
)

// Tab is one part of the review queue.
type Tab string

// The tabs. All of them together are what reviewers have to do.
const (
	TabAll     Tab = ""
	TabMine    Tab = "mine"
	TabNew     Tab = "new"
	TabReview  Tab = "in_review"
	TabWaiting Tab = "waiting"
	TabSecond  Tab = "second_review"
	TabOverdue Tab = "overdue"
)

// Tabs lists every tab in the order pages show them.
var Tabs = []Tab{TabAll, TabMine, TabNew, TabReview, TabWaiting, TabSecond, TabOverdue}

// Valid answers whether t is a known tab.
func (t Tab) Valid() bool { return slices.Contains(Tabs, t) }

// Desk is a queue that a case is escalated to; "" is the ordinary one.
type Desk string

// Desks are the named queues.
var Desks = []Desk{"senior", "sanctions", "fraud"}

// Valid answers whether d is a named queue.
func (d Desk) Valid() bool { return slices.Contains(Desks, d) }

// Nobody is the QueueFilter.Reviewer of cases that nobody has.
const Nobody int64 = -1

// QueueFilter narrows the review queue. Empty fields do not.
type QueueFilter struct {
	Tab        Tab
	Reviewer   int64 // Nobody: those that nobody has
	PersonKind string
	Tag        string
	Desk       Desk
	Band       models.RiskBand
	Search     string
	Me         int64     // of TabMine
	Now        time.Time // of TabOverdue
}

// Empty answers whether nothing is filtered within the tab.
func (f QueueFilter) Empty() bool {
	return f.Reviewer == 0 && f.PersonKind == "" && f.Tag == "" && f.Desk == "" && f.Band == "" && f.Search == ""
}

// QueueRow is one line of the review queue.
type QueueRow struct {
	ID           int64
	Code         string // of the distributor
	Name         string
	PersonKind   string
	State        State
	Version      int
	ReviewerID   int64 // 0: nobody
	ReviewerName string
	Due          *time.Time
	Left         int
	QueueAt      time.Time
	SnoozedUntil *time.Time
	Desk         Desk
	Tags         []string
	AskedAt      *time.Time
	SubmittedAt  time.Time
	Decided      int // required items that were decided
	Required     int
	Hits         int // of screening, that wait for somebody
	OnHold       bool
	Score        int
	Band         models.RiskBand // "" while not scored, and for who may not know
}

// Clock is how long the case may still take.
func (r QueueRow) Clock() Clock { return Clock{Due: r.Due, Left: r.Left} }

// Resubmitted answers whether the payee answered what was asked again.
func (r QueueRow) Resubmitted() bool {
	return r.AskedAt != nil && r.SubmittedAt.After(*r.AskedAt)
}

// Snoozed answers whether the case is put off now.
func (r QueueRow) Snoozed(now time.Time) bool {
	return r.SnoozedUntil != nil && now.Before(*r.SnoozedUntil)
}

// QueueCounts is how many cases each tab has.
type QueueCounts map[Tab]int64

// Officer is somebody who reviews cases.
type Officer struct {
	ID    int64
	Name  string
	Has   int  // cases that wait for them
	Away  bool // today
	Would int  // cases that sharing out would give them
}

// SharePlan is who would get how many of the cases that nobody has.
type SharePlan struct {
	Officers []Officer
	Cases    int // that nobody has
	Given    int // that would be given
	Capacity int // of one officer
}

// ShareOut says who gets how many of the cases that nobody has: one in turn to whoever has the fewest, as long as they
// have room and are not away. Their order breaks ties. It answers the officers by their turn, one for each case given.
func ShareOut(officers []Officer, cases, capacity int) (turns []int64, plan []Officer) {
	plan = slices.Clone(officers)
	for range cases {
		best := -1
		for i, o := range plan {
			if o.Away || o.Has+o.Would >= capacity {
				continue
			}
			if best < 0 || o.Has+o.Would < plan[best].Has+plan[best].Would {
				best = i
			}
		}
		if best < 0 {
			break
		}
		plan[best].Would++
		turns = append(turns, plan[best].ID)
	}
	return turns, plan
}

// Limits of what reviewers write.
const (
	NoteLimit = 2000 // characters
	TagLimit  = 30   // characters
	MostTags  = 10   // of a case
)

// CleanTag writes a tag as it is kept: lower case, words with one blank between them.
func CleanTag(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// AddTag puts a tag on a case that has others.
func AddTag(tags []string, tag string) ([]string, error) {
	tag = CleanTag(tag)
	switch {
	case tag == "" || utf8.RuneCountInString(tag) > TagLimit || strings.ContainsRune(tag, ','):
		return nil, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("tag", "case.fault.tag")
	case slices.Contains(tags, tag):
		return tags, nil
	case len(tags) >= MostTags:
		return nil, models.Refuse(models.Conflict, "case.refused.tags", "The case has as many tags as it may have. Take one off first.", nil)
	}
	tags = append(slices.Clone(tags), tag)
	slices.Sort(tags)
	return tags, nil
}

// CheckNote refuses a note that is empty or too long.
func CheckNote(text string) error {
	if text == "" || utf8.RuneCountInString(text) > NoteLimit {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("note", "case.fault.note")
	}
	return nil
}

// Mentioned are the people whom a note names: @ and the name, whatever its case and accents.
func Mentioned(text string, officers []Officer) (ids []int64) {
	folded := models.Fold(text)
	for _, o := range officers {
		if strings.Contains(folded, "@"+models.Fold(o.Name)) {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// Reviewed is what reviewers know of a case beside what it is: who has it and how its clock stands.
type Reviewed struct {
	ReviewerID   int64
	AssignedAt   *time.Time
	Due          *time.Time
	PausedAt     *time.Time
	Left         int
	SnoozedUntil *time.Time
	Desk         Desk
	Tags         []string
	AskedAt      *time.Time
}

// Clock is how long the case may still take.
func (r Reviewed) Clock() Clock { return Clock{Due: r.Due, Left: r.Left} }

// SetClock keeps how the clock stands.
func (r *Reviewed) SetClock(c Clock, now time.Time) {
	r.Due, r.Left, r.PausedAt = c.Due, c.Left, nil
	if c.Due == nil {
		r.PausedAt = &now
	}
}

// UnderReview answers whether reviewers have something to do about a case in this state, or wait for the payee.
func (s State) UnderReview() bool {
	return s == Submitted || s == InReview || s == Waiting || s == SecondReview
}
