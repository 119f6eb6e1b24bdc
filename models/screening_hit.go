package models

import (
	"time"

	"pagaduria/models/sanctions"
)

// RequestClearHit is the request to let a pair through that holds payouts.
const RequestClearHit RequestKind = "screening.clear"

// RequestThresholds is the request to look at hits, or to stop payouts, from another score.
const RequestThresholds RequestKind = "screening.thresholds"

// HitState is what a person decided on a hit.
type HitState string

// The states of a hit. Open and undecided ones wait for a person; a confirmed one holds as they do.
const (
	HitOpen      HitState = "open"
	HitUndecided HitState = "undecided" // looked at, more is needed
	HitConfirmed HitState = "confirmed" // it is them
	HitCleared   HitState = "cleared"   // it is not, until a day
	HitLapsed    HitState = "lapsed"    // the list dropped the entry before anybody decided
)

// HitStates lists every state in the order pages show them.
var HitStates = []HitState{HitOpen, HitUndecided, HitConfirmed, HitCleared, HitLapsed}

// Standing answers whether it still speaks against paying.
func (s HitState) Standing() bool { return s == HitOpen || s == HitUndecided || s == HitConfirmed }

// ClearedDays is how long a pair is let through at most before somebody looks again: lists and people change.
const ClearedDays = 365

// Hit is a distributor and an entry of a list that may be the same.
type Hit struct {
	ID            int64
	DistributorID int64
	List          sanctions.List
	Number        string
	EntryID       int64
	Identity      int // of the distributor when they were compared
	Asked         AskedOf
	Score         int
	Level         sanctions.Level
	Why           sanctions.Hit
	State         HitState
	ClearedUntil  *time.Time
	ConsentID     int64
	Version       int
	FoundAt       time.Time
	UpdatedAt     time.Time
	EntryName     string
	Code          string // of the distributor
	Payee         string // its name now
	IdentityNow   int
}

// AskedOf is what of a distributor was compared.
type AskedOf struct {
	Name     string `json:"name"`
	Business string `json:"business,omitempty"`
	DocType  string `json:"doc_type"`
	Document string `json:"document"`
	Role     string `json:"role,omitempty"` // declared, representative or owner when it is not the distributor's own name
}

// Holds answers whether payouts stand still because of it.
func (h Hit) Holds() bool { return h.Level == sanctions.Hold && h.State.Standing() }

// Moved answers whether the distributor's name or document changed since they were compared.
func (h Hit) Moved() bool { return h.Identity != h.IdentityNow }

// HitDecision is what a person says of a hit.
type HitDecision struct {
	To      HitState
	Comment string
	Until   *time.Time // of a clearance: the last day
}

// commentLimit is how many characters of a comment are kept.
const commentLimit = 2000

// Check answers why the decision cannot be taken on the hit, nil when it can; today is the Bogotá date.
func (d HitDecision) Check(h Hit, today time.Time) error {
	refusal := Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if d.To != HitUndecided && d.To != HitConfirmed && d.To != HitCleared {
		_ = refusal.WithField("to", "screening.refused.choose")
	}
	if d.Comment == "" || len([]rune(d.Comment)) > commentLimit {
		_ = refusal.WithField("comment", "screening.refused.comment")
	}
	if d.To == HitCleared && (d.Until == nil || d.Until.Before(today) || d.Until.After(today.AddDate(0, 0, ClearedDays))) {
		_ = refusal.WithField("until", "screening.refused.until")
	}
	switch {
	case len(refusal.Fields) > 0:
		return refusal
	case d.To == h.State && d.To != HitCleared:
		return Refuse(Conflict, "screening.refused.already", "That was decided already.", nil)
	}
	return nil
}

// NeedsConsent answers whether a second person has to agree: it would let money go that stands still, or that a person
// said must not go.
func (d HitDecision) NeedsConsent(h Hit) bool {
	return d.To == HitCleared && h.Level == sanctions.Hold
}

// DecidedHit is one decision on a hit.
type DecidedHit struct {
	From      HitState
	To        HitState
	Until     *time.Time
	Comment   string
	StaffName string
	At        time.Time
}

// HitDetail is everything the page of a hit shows.
type HitDetail struct {
	Hit
	Of        Distributor
	Entry     ListedEntry // as it was compared
	Latest    ListedEntry // as it is in force now, or was last
	Decisions []DecidedHit
	Waiting   []Request
	Effects   HoldEffects
}

// HoldEffects is the money that a hold on a distributor concerns.
type HoldEffects struct {
	Payouts  int64 // composed or approved, not handed over
	Amount   Money
	Lines    int64 // payable commissions
	Payable  Money
	AtRail   int64 // handed over: a hold does not reach them
	OnTheWay Money
}

// HitFilter narrows the list of hits. State "waiting" is open and undecided.
type HitFilter struct {
	State       HitState
	Level       sanctions.Level
	List        sanctions.List
	Distributor int64
}

// HitWaiting is the HitFilter.State of those that wait for a person.
const HitWaiting HitState = "waiting"
