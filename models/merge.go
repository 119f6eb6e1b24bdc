package models

import "time"

// The requests to make two records one, and to undo it.
const (
	RequestMerge   RequestKind = "distributors.merge"
	RequestUnmerge RequestKind = "distributors.unmerge"
)

// UnmergeDays is for how long a merge can be undone.
const UnmergeDays = 30

// MergeState is where a merge stands.
type MergeState string

// The states of a merge.
const (
	MergeAsked   MergeState = "asked"   // a second person has to consent
	MergeDropped MergeState = "dropped" // refused or withdrawn
	MergeDone    MergeState = "done"
	MergeUndone  MergeState = "undone"
)

// MergePart is something that the record which stays may take over from the other one.
type MergePart string

// The parts.
const (
	MergeNames   MergePart = "names"
	MergeContact MergePart = "contact" // phone, e-mail, address, language
	MergeMethod  MergePart = "method"  // the preferred one
)

// MergeParts lists every part in the order pages show them.
var MergeParts = []MergePart{MergeNames, MergeContact, MergeMethod}

// MergeSide is one of two records that are about to be one.
type MergeSide struct {
	Distributor
	Method   *PayoutMethod // preferred, nil without one
	Owed     Money         // payable, with what is carried
	Carry    Money         // below 50 pesos, or a debt
	Lines    int64
	Payouts  int64
	Downline int64
}

// MergePlan is what making two records one would do. Making one changes nothing.
type MergePlan struct {
	Survivor, Absorbed MergeSide
	Alike              int64 // payable lines of the absorbed one that say the same as one of the survivor's: they will be held
	AlikeTotal         Money
	Obstacles          []Obstacle
}

// Suspends answers whether the merge stops payments to the survivor: what compliance stopped stays stopped.
func (p MergePlan) Suspends() bool {
	return p.Absorbed.Verification == Suspended && p.Survivor.Verification != Suspended
}

// Offers answers whether the survivor could take the part over: it is there, and it is another one.
func (p MergePlan) Offers(part MergePart) bool {
	a, s := p.Absorbed, p.Survivor
	switch part {
	case MergeNames:
		return a.PersonKind == s.PersonKind && a.Name() != s.Name()
	case MergeContact:
		return contactKey(a.Distributor) != contactKey(s.Distributor)
	case MergeMethod:
		return a.Method != nil && (s.Method == nil || s.Method.Destination != a.Method.Destination)
	}
	return false
}

// SameNames answers whether two records are called the same.
func SameNames(a, b Distributor) bool {
	return a.GivenNames == b.GivenNames && a.Surnames == b.Surnames && a.BusinessName == b.BusinessName
}

// SameContact answers whether two records are reached in the same way.
func SameContact(a, b Distributor) bool { return contactKey(a) == contactKey(b) }

func contactKey(d Distributor) [6]string {
	return [6]string{d.Phone, d.Email, d.Divipola, d.City, d.Address, d.Lang}
}

// Obstacle is what keeps two records from being made one now, or a merge from being undone, and the record to look at.
type Obstacle struct {
	Kind        string // a key below merges.stop
	Who         string // the distributor it concerns
	What        string // the code of a payout or batch
	SubjectType string
	SubjectID   int64
}

// Refusal is the obstacle as a refusal.
func (o Obstacle) Refusal() error {
	key := "merges.stop." + o.Kind
	return Refuse(Conflict, key, "This cannot be done now: "+o.Kind+" "+o.What+" of "+o.Who+" is in the way.",
		map[string]any{"Who": o.Who, "What": o.What})
}

// Merge is two records made one, or about to be.
type Merge struct {
	ID              int64
	SurvivorID      int64
	SurvivorCode    string
	SurvivorName    string
	AbsorbedID      int64
	AbsorbedCode    string
	AbsorbedName    string
	State           MergeState
	Taken           []MergePart
	SurvivorVersion int
	AbsorbedVersion int
	MakerID         int64
	CreatedAt       time.Time
	Amount          Money // owed that went over, negative for a debt
	Carry           Money // of it carried
	MergedOn        *time.Time
	UndoneOn        *time.Time
}

// UndoUntil is the last day on which it can be undone.
func (m Merge) UndoUntil() time.Time {
	if m.MergedOn == nil {
		return time.Time{}
	}
	return m.MergedOn.AddDate(0, 0, UnmergeDays)
}

// Undoable answers why the merge cannot be undone on a day whatever was built upon it, or nil.
func (m Merge) Undoable(today time.Time) error {
	switch {
	case m.State != MergeDone:
		return Refuse(Conflict, "merges.stop.not_done", "There is nothing to undo.", nil)
	case today.After(m.UndoUntil()):
		return Refuse(Conflict, "merges.stop.too_late", "A merge can be undone for 30 days, and they are over.", nil)
	}
	return nil
}

// MergeDetail is everything the page of a merge shows.
type MergeDetail struct {
	Merge
	Moved     map[string]int64 // how many rows went over, by kind: line, held, payout, downline, merged
	Requests  []Request        // newest first: of undoing, of making
	Plan      *MergePlan       // while it is asked for
	Obstacles []Obstacle       // to undoing it, once it is done
}
