package models

import (
	"slices"
	"time"
)

// Approver is somebody who could decide on a batch, as far as the rules ask.
type Approver struct {
	ID         int64
	Name       string
	Roles      []Role
	Active     bool
	AwayUntil  *time.Time // the last Bogotá day of an absence that covers today
	DelegateID int64      // who decides in their stead meanwhile, 0 for nobody
}

// able answers whether the person can decide on batches at all.
func (p Approver) able() bool { return p.Active && Actor{Roles: p.Roles}.May(PermBatchesDecide) }

// Away answers whether the person is away today.
func (p Approver) Away() bool { return p.AwayUntil != nil }

// Approval is one approval of the present content: by whom, for which step, in whose stead.
type Approval struct {
	Step    int // from 1
	StaffID int64
	ForID   int64 // 0 when for themselves
}

// Approvals is how far the approval of a batch has come, and who could go on with it.
type Approvals struct {
	Steps  []ApprovalStep
	Given  []Approval // on the present content, oldest first
	People []Approver
}

// Current is the step that waits, from 1; one beyond the last when nothing is left to approve.
func (a Approvals) Current() int {
	for i, s := range a.Steps {
		if a.count(i+1) < s.Needed() {
			return i + 1
		}
	}
	return len(a.Steps) + 1
}

// Complete answers whether every step has the approvals it demands.
func (a Approvals) Complete() bool { return len(a.Steps) > 0 && a.Current() > len(a.Steps) }

// Left is how many approvals are still asked for.
func (a Approvals) Left() int {
	n := -len(a.Given)
	for _, s := range a.Steps {
		n += s.Needed()
	}
	return n
}

// count is how many approvals a step has.
func (a Approvals) count(step int) (n int) {
	for _, g := range a.Given {
		if g.Step == step {
			n++
		}
	}
	return n
}

// Bar is why somebody cannot decide in a step: a key of the catalogues under "approval.bar.".
type Bar string

// The bars.
const (
	BarMaker   Bar = "maker"
	BarEditor  Bar = "editor"
	BarEarlier Bar = "earlier" // approved already, or somebody did in their stead
	BarUnable  Bar = "unable"  // not active, or without the role
	BarAway    Bar = "away"    // and nobody decides in their stead
)

// bar answers why the person's voice cannot count on the batch any more, or "".
func (a Approvals) bar(b Batch, p Approver) Bar {
	switch {
	case p.ID == b.MakerID:
		return BarMaker
	case p.ID == b.EditorID:
		return BarEditor
	case slices.ContainsFunc(a.Given, func(g Approval) bool { return g.StaffID == p.ID || g.ForID == p.ID }):
		return BarEarlier
	case !p.able():
		return BarUnable
	}
	return ""
}

// fits answers whether the voice of a person is one that the step asks for.
func (s ApprovalStep) fits(p Approver) bool {
	if len(s.People) > 0 {
		return slices.Contains(s.People, p.ID)
	}
	return slices.ContainsFunc(s.Roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// voice is whose voice the person can give in a step: their own (0), or that of somebody away who named them. A
// delegate stands in where people are named, directly and not for a delegate; nobody stands in for the maker, the last
// editor or whoever's voice was given.
func (a Approvals) voice(b Batch, s ApprovalStep, p Approver) (forID int64, ok bool) {
	if a.bar(b, p) != "" {
		return 0, false
	}
	if s.fits(p) {
		return 0, true
	}
	for _, x := range a.People {
		if x.DelegateID == p.ID && x.Away() && len(s.People) > 0 && s.fits(x) && a.bar(b, x) == "" {
			return x.ID, true
		}
	}
	return 0, false
}

// seat is one approval a step still asks for. A step that asks for a holder of every role has one for each.
type seat struct {
	step int // from 1
	role Role
}

func (a Approvals) seats(step int) []seat {
	s := a.Steps[step-1]
	seats := make([]seat, s.Needed())
	for i := range seats {
		seats[i].step = step
		if s.Mode == StepAll && len(s.Roles) > 0 {
			seats[i].role = s.Roles[i]
		}
	}
	return seats
}

// fill seats every one of people it can, each once, and answers the first seat that stays empty; ok when none does.
// sits says who may take which seat.
func fill(seats []seat, people []Approver, sits func(seat, Approver) bool) (empty seat, ok bool) {
	taken := make([]int, len(people)) // by the seat of that number, from 1
	var place func(n int, tried []bool) bool
	place = func(n int, tried []bool) bool {
		for i, p := range people {
			if tried[i] || !sits(seats[n], p) {
				continue
			}
			tried[i] = true
			if taken[i] == 0 || place(taken[i]-1, tried) {
				taken[i] = n + 1
				return true
			}
		}
		return false
	}
	for n := range seats {
		if !place(n, make([]bool, len(people))) {
			return seats[n], false
		}
	}
	return seat{}, true
}

// roleFits answers whether the person fits the role of the seat, when it has one.
func (s seat) roleFits(p Approver) bool { return s.role == "" || slices.Contains(p.Roles, s.role) }

// Next answers the approval that by can give now, or why none.
func (a Approvals) Next(b Batch, by int64) (Approval, error) {
	current := a.Current()
	if len(a.Steps) == 0 || current > len(a.Steps) {
		return Approval{}, Refuse(Conflict, "batch.refused.not_in_approval", "This batch is not waiting for approval.", nil)
	}
	i := slices.IndexFunc(a.People, func(p Approver) bool { return p.ID == by })
	if i >= 0 && a.bar(b, a.People[i]) == BarEarlier {
		return Approval{}, Refuse(Forbidden, "batch.refused.earlier", "Your approval of this batch counted already, so somebody else has to go on.", nil)
	}
	elsewhere := Refuse(Forbidden, "batch.refused.step", "The step that waits asks for somebody else.", map[string]any{"Step": current})
	if i < 0 {
		return Approval{}, elsewhere
	}
	p, step := a.People[i], a.Steps[current-1]
	forID, ok := a.voice(b, step, p)
	if !ok || !a.roleLeft(current, p) {
		return Approval{}, elsewhere
	}
	next := Approval{Step: current, StaffID: by, ForID: forID}
	if a.strands(b, next) {
		return Approval{}, Refuse(Forbidden, "batch.refused.later",
			"You are needed in a later step that nobody else can take, so somebody else has to approve this one.", map[string]any{"Step": current})
	}
	return next, nil
}

// roleLeft answers whether the person brings a role that the step still lacks, where it asks for every role.
func (a Approvals) roleLeft(step int, p Approver) bool {
	s := a.Steps[step-1]
	if s.Mode != StepAll || len(s.Roles) == 0 {
		return true
	}
	in := []Approver{p}
	for _, g := range a.Given {
		if g.Step == step {
			in = append(in, a.person(g.StaffID))
		}
	}
	// All of them must find a role of their own: roles take the part of people.
	roles := make([]Approver, len(s.Roles))
	for i, r := range s.Roles {
		roles[i] = Approver{Roles: []Role{r}}
	}
	seats := make([]seat, len(in))
	for i := range seats {
		seats[i].step = i
	}
	_, ok := fill(seats, roles, func(n seat, r Approver) bool { return slices.Contains(in[n.step].Roles, r.Roles[0]) })
	return ok
}

func (a Approvals) person(id int64) Approver {
	for _, p := range a.People {
		if p.ID == id {
			return p
		}
	}
	return Approver{ID: id}
}

// strands answers whether giving this approval would leave a later step with nobody, though now there is somebody.
func (a Approvals) strands(b Batch, next Approval) bool {
	if _, stuck := a.Stuck(b); stuck {
		return false
	}
	a.Given = append(slices.Clone(a.Given), next)
	_, stuck := a.Stuck(b)
	return stuck
}

// Stuck answers the first step that can find too few people: the maker, the last editor, whoever approved already, those
// away and those who can no longer decide are out, and nobody counts in two steps.
func (a Approvals) Stuck(b Batch) (step int, stuck bool) {
	var seats []seat
	for n := a.Current(); n <= len(a.Steps); n++ {
		seats = append(seats, a.seats(n)...)
	}
	empty, ok := fill(seats, a.People, func(s seat, p Approver) bool {
		for _, g := range a.Given {
			if g.StaffID == p.ID {
				return g.Step == s.step && s.roleFits(p)
			}
		}
		if p.Away() || !s.roleFits(p) {
			return false
		}
		_, can := a.voice(b, a.Steps[s.step-1], p)
		return can
	})
	return empty.step, !ok
}

// Candidate is somebody whom a step asks for, and whether they can go on with it.
type StepCandidate struct {
	Approver
	Bar        Bar
	StandIn    string // who decides in their stead, while they are away
	StandInBar Bar    // why that person cannot
}

// Candidates are those whom a step asks for, by name.
func (a Approvals) Candidates(b Batch, step int) (list []StepCandidate) {
	s := a.Steps[step-1]
	for _, p := range a.People {
		if !s.fits(p) || len(s.People) == 0 && !p.able() {
			continue
		}
		c := StepCandidate{Approver: p, Bar: a.bar(b, p)}
		if c.Bar == "" && p.Away() {
			c.Bar = BarAway
			if d := a.person(p.DelegateID); p.DelegateID != 0 && len(s.People) > 0 {
				c.StandIn, c.StandInBar = d.Name, a.bar(b, d)
				if c.StandInBar == "" && d.Away() {
					c.StandInBar = BarAway
				}
			}
		}
		list = append(list, c)
	}
	return list
}
