package models

import "slices"

// RulesEdit is one change of a draft of the approval rules, as its page offers it. Rule, Block, Condition and Step count
// from 0 and say where.
type RulesEdit struct {
	Do        string // add_rule, drop_rule, raise_rule, expire, or a name of ruleEdits
	Rule      int
	Block     int
	Condition int
	Step      int
	Name      string
	Days      int // until a batch expires
	NewCond   Condition
	NewStep   ApprovalStep
}

var (
	errNoPlace   = Refuse(Conflict, "rules.refused.stale", "This draft changed after you opened it. Look at it again before you go on.", nil)
	errNoName    = Refuse(Invalid, "rules.refused.name", "Give the rule a name, at most 80 characters.", nil).WithField("name", "rules.refused.name")
	errCondition = Refuse(Invalid, "rules.refused.condition", "Say what the condition needs: an amount in whole pesos, days, networks or risks.", nil).
			WithField("condition", "rules.refused.condition")
	errStep = Refuse(Invalid, "rules.refused.step", "Choose roles or people, not both, and no more approvals than people named.", nil).
		WithField("step", "rules.refused.step")
	errMany = Refuse(Invalid, "rules.refused.many", "There are too many of these already.", nil)
	errDays = Refuse(Invalid, "rules.refused.days", "Give 1 to 90 days.", nil).WithField("days", "rules.refused.days")
)

// ruleEdits are the changes of one rule.
var ruleEdits = map[string]func(*ApprovalRule, RulesEdit) error{
	"name_rule": func(r *ApprovalRule, e RulesEdit) error {
		if r.Name = e.Name; !named(e.Name) {
			return errNoName
		}
		return nil
	},
	"add_block": func(r *ApprovalRule, _ RulesEdit) error {
		r.Blocks = append(r.Blocks, ConditionBlock{})
		return few(r.Blocks)
	},
	"drop_block": func(r *ApprovalRule, e RulesEdit) error { return drop(&r.Blocks, e.Block) },
	"add_condition": func(r *ApprovalRule, e RulesEdit) error {
		switch {
		case e.Block < 0 || e.Block >= len(r.Blocks):
			return errNoPlace
		case !e.NewCond.Sound():
			return errCondition
		}
		r.Blocks[e.Block] = append(r.Blocks[e.Block], e.NewCond)
		return few(r.Blocks[e.Block])
	},
	"drop_condition": func(r *ApprovalRule, e RulesEdit) error {
		if e.Block < 0 || e.Block >= len(r.Blocks) {
			return errNoPlace
		}
		return drop((*[]Condition)(&r.Blocks[e.Block]), e.Condition)
	},
	"add_step": func(r *ApprovalRule, e RulesEdit) error {
		if !e.NewStep.Sound() {
			return errStep
		}
		r.Steps = append(r.Steps, e.NewStep)
		return few(r.Steps)
	},
	"drop_step": func(r *ApprovalRule, e RulesEdit) error { return drop(&r.Steps, e.Step) },
}

// Apply changes the draft v.
func (e RulesEdit) Apply(v *RulesVersion) error {
	v.Rules = cloneRules(v.Rules)
	switch e.Do {
	case "add_rule":
		if !named(e.Name) {
			return errNoName
		}
		if len(v.Rules) >= maxRules {
			return errMany
		}
		v.Rules = append(v.Rules, ApprovalRule{Name: e.Name, Blocks: []ConditionBlock{{}}})
		return nil
	case "drop_rule":
		return drop(&v.Rules, e.Rule)
	case "raise_rule":
		if e.Rule < 1 || e.Rule >= len(v.Rules) {
			return errNoPlace
		}
		v.Rules[e.Rule-1], v.Rules[e.Rule] = v.Rules[e.Rule], v.Rules[e.Rule-1]
		return nil
	case "expire":
		if v.ExpireDays = e.Days; e.Days < 1 || e.Days > 90 {
			return errDays
		}
		return nil
	}
	change, ok := ruleEdits[e.Do]
	if !ok || e.Rule < 0 || e.Rule >= len(v.Rules) {
		return errNoPlace
	}
	return change(&v.Rules[e.Rule], e)
}

func named(name string) bool { return name != "" && len([]rune(name)) <= 80 }

func few[T any](list []T) error {
	if len(list) > maxParts {
		return errMany
	}
	return nil
}

func drop[T any](list *[]T, i int) error {
	if i < 0 || i >= len(*list) {
		return errNoPlace
	}
	*list = slices.Delete(*list, i, i+1)
	return nil
}

// cloneRules copies rules down to their conditions, so that what was read stays as it was.
func cloneRules(rules []ApprovalRule) []ApprovalRule {
	rules = slices.Clone(rules)
	for i := range rules {
		rules[i].Blocks, rules[i].Steps = slices.Clone(rules[i].Blocks), slices.Clone(rules[i].Steps)
		for j := range rules[i].Blocks {
			rules[i].Blocks[j] = slices.Clone(rules[i].Blocks[j])
		}
	}
	return rules
}

// SameSteps answers whether two chains of steps ask for the same approvals.
func SameSteps(a, b []ApprovalStep) bool {
	return slices.EqualFunc(a, b, func(x, y ApprovalStep) bool {
		return x.Mode == y.Mode && x.Needed() == y.Needed() && slices.Equal(x.Roles, y.Roles) && slices.Equal(x.People, y.People)
	})
}
