package models

import "slices"

// BatchFacts is what rules look at.
type BatchFacts struct {
	Total    Money
	LeftOut  int  // payouts left out by hand, before or after the batch was made
	Narrowed bool // picked by hand: one payee or one order
	Items    []ItemFacts
}

// ItemFacts is what rules look at of one payout.
type ItemFacts struct {
	Code      string
	Amount    Money
	Method    MethodKind
	NewPayee  bool
	Moved     bool // it goes elsewhere than the payee's last one
	MethodAge int  // days since the method was stored
	Risks     []Risk
}

// RuleMatch is a rule that applies to a batch, and why.
type RuleMatch struct {
	Rule    int           `json:"rule"` // its number in the version, from 1
	Name    string        `json:"name"`
	Reasons []MatchReason `json:"reasons"` // of its first block that matches; none for a rule about every batch
}

// MatchReason is one condition that holds, with the figures.
type MatchReason struct {
	Condition
	Item    string     `json:"item,omitempty"` // code of the largest payout for which it holds, "" for the batch
	More    int        `json:"more,omitempty"` // other payouts for which the block's conditions hold
	Got     Money      `json:"got,omitzero"`
	Method  MethodKind `json:"method,omitempty"`
	Age     int        `json:"age,omitempty"`   // days since the method was stored
	Moved   bool       `json:"moved,omitempty"` // it goes elsewhere than the payee's last one
	Risk    []Risk     `json:"risk,omitempty"`
	LeftOut int        `json:"left_out,omitempty"`
}

// Evaluation is what a version of the rules demands of a batch.
type Evaluation struct {
	Matches []RuleMatch
	Steps   []ApprovalStep
}

// Evaluate finds the rules that match and chains their steps in order; when none does, one approver is demanded.
func (v RulesVersion) Evaluate(f BatchFacts) (e Evaluation) {
	for i, r := range v.Rules {
		reasons, ok := r.Match(f)
		if !ok {
			continue
		}
		e.Matches = append(e.Matches, RuleMatch{Rule: i + 1, Name: r.Name, Reasons: reasons})
		for _, s := range r.Steps {
			s.Rule = r.Name
			e.Steps = append(e.Steps, s)
		}
	}
	if len(e.Steps) == 0 {
		e.Steps = []ApprovalStep{DefaultStep()}
	}
	return e
}

// Match answers whether a block of the rule matches, and by what the first one does.
func (r ApprovalRule) Match(f BatchFacts) ([]MatchReason, bool) {
	for _, b := range r.Blocks {
		if reasons, ok := b.Match(f); ok {
			return reasons, true
		}
	}
	return nil, false
}

// Match answers whether all conditions of the block hold, and by what.
func (b ConditionBlock) Match(f BatchFacts) ([]MatchReason, bool) {
	var reasons []MatchReason
	var ofItem []Condition
	for _, c := range b {
		if c.OfItem() {
			ofItem = append(ofItem, c)
			continue
		}
		reason, ok := c.holds(f)
		if !ok {
			return nil, false
		}
		reasons = append(reasons, reason)
	}
	if len(ofItem) == 0 {
		return reasons, true
	}
	item, n := largest(f.Items, ofItem)
	if n == 0 {
		return nil, false
	}
	for _, c := range ofItem {
		reason, _ := c.holdsFor(item)
		reason.More = n - 1
		reasons = append(reasons, reason)
	}
	return reasons, true
}

// largest is the largest payout for which all conditions hold, and for how many they do.
func largest(items []ItemFacts, all []Condition) (item ItemFacts, n int) {
	for _, x := range items {
		if slices.ContainsFunc(all, func(c Condition) bool { _, ok := c.holdsFor(x); return !ok }) {
			continue
		}
		if n++; n == 1 || x.Amount.Minor > item.Amount.Minor {
			item = x
		}
	}
	return item, n
}

// OfItem answers whether the condition is about a payout, not about the batch.
func (c Condition) OfItem() bool { return c.Kind != CondTotal && c.Kind != CondByHand }

func (c Condition) holds(f BatchFacts) (MatchReason, bool) {
	r := MatchReason{Condition: c}
	switch c.Kind {
	case CondTotal:
		r.Got = f.Total
		return r, f.Total.Minor >= c.Amount.Minor
	case CondByHand:
		r.LeftOut = f.LeftOut
		return r, f.Narrowed || f.LeftOut > 0
	}
	return r, false
}

func (c Condition) holdsFor(x ItemFacts) (MatchReason, bool) {
	r := MatchReason{Condition: c, Item: x.Code, Got: x.Amount}
	switch c.Kind {
	case CondItemAmount:
		return r, x.Amount.Minor >= c.Amount.Minor
	case CondNetwork:
		r.Method = x.Method
		return r, slices.Contains(c.Methods, x.Method)
	case CondNewPayee:
		return r, x.NewPayee
	case CondChangedAccount:
		r.Age, r.Moved = x.MethodAge, x.Moved
		return r, x.Moved || x.MethodAge < c.Days
	case CondRisk:
		for _, risk := range c.Risks {
			if slices.Contains(x.Risks, risk) {
				r.Risk = append(r.Risk, risk)
			}
		}
		return r, len(r.Risk) > 0
	}
	return r, false
}
