package models

import (
	"slices"
	"time"
)

// RulesState is where a version of the approval rules stands.
type RulesState string

// The states of a version. Only a draft can be changed.
const (
	RulesDraft    RulesState = "draft"
	RulesWaiting  RulesState = "waiting" // for a second person's consent
	RulesInForce  RulesState = "in_force"
	RulesReplaced RulesState = "replaced"
)

// RulesVersion is one version of the approval rules: what a batch must be like for whose approval.
type RulesVersion struct {
	ID         int64
	Number     int
	State      RulesState
	Rules      []ApprovalRule // those that match chain their steps in this order
	ExpireDays int            // a batch that is unapproved for longer expires
	AuthorIDs  []int64        // whoever changed the draft or asked for its publication: none of them may consent
	DeciderID  int64
	InForceAt  *time.Time
	ReplacedAt *time.Time
	Version    int
	CreatedAt  time.Time
}

// ApprovalRule demands steps of every batch that one of its blocks matches.
type ApprovalRule struct {
	Name   string           `json:"name"`
	Blocks []ConditionBlock `json:"blocks"` // any of them
	Steps  []ApprovalStep   `json:"steps"`  // one after the other
}

// ConditionBlock matches when all its conditions hold; those about a payout must hold for one and the same. A block
// without conditions matches every batch.
type ConditionBlock []Condition

// ConditionKind is what a condition looks at.
type ConditionKind string

// The kinds of conditions. Those of batches come first, the others are about a payout.
const (
	CondTotal          ConditionKind = "total"           // the batch comes to at least Amount
	CondByHand         ConditionKind = "by_hand"         // put together by hand
	CondItemAmount     ConditionKind = "item_amount"     // a payout of at least Amount
	CondNetwork        ConditionKind = "network"         // by one of Methods
	CondNewPayee       ConditionKind = "new_payee"       // never paid before
	CondChangedAccount ConditionKind = "changed_account" // elsewhere than last time, or by a method younger than Days
	CondRisk           ConditionKind = "risk"            // with one of Risks
)

// ConditionKinds lists every kind in the order pages show them.
var ConditionKinds = []ConditionKind{CondTotal, CondByHand, CondItemAmount, CondNetwork, CondNewPayee, CondChangedAccount, CondRisk}

// Risk is what makes a payout deserve a look; the review flags the same.
type Risk string

// The risks.
const (
	RiskMedian     Risk = "median"      // more than three times the payee's own median
	RiskShared     Risk = "shared"      // the same account or phone for several payees of the batch
	RiskCashReport Risk = "cash_report" // at or above the threshold of the cash report
	RiskWarnings   Risk = "warnings"    // the payee's data has standing warnings
)

// Risks lists every risk in the order pages show them.
var Risks = []Risk{RiskMedian, RiskShared, RiskCashReport, RiskWarnings}

// Condition is one thing that must be so. Which fields count follows from its kind.
type Condition struct {
	Kind    ConditionKind `json:"kind"`
	Amount  Money         `json:"amount,omitzero"`
	Days    int           `json:"days,omitempty"`
	Methods []MethodKind  `json:"methods,omitempty"`
	Risks   []Risk        `json:"risks,omitempty"`
}

// StepMode says how many of those a step names must approve.
type StepMode string

// The modes.
const (
	StepAny StepMode = "any"  // one of them
	StepAll StepMode = "all"  // every named person, or a holder of every named role
	StepNOf StepMode = "n_of" // Count of them
)

// StepModes lists every mode in the order pages show them.
var StepModes = []StepMode{StepAny, StepNOf, StepAll}

// ApprovalStep names who must approve: holders of roles or people by name. Whoever approves must hold the permission
// to decide on batches; a role narrows that down, it never widens it.
type ApprovalStep struct {
	Rule   string   `json:"-"` // the rule that demands it, "" for the default
	Mode   StepMode `json:"mode"`
	Roles  []Role   `json:"roles,omitempty"`
	People []int64  `json:"people,omitempty"`
	Count  int      `json:"count,omitempty"`
}

// StepRoles are the roles a step may name.
var StepRoles = []Role{RoleApprover, RoleFinance, RoleCompliance}

// Needed is how many different people must approve: never fewer than one.
func (s ApprovalStep) Needed() int {
	switch s.Mode {
	case StepNOf:
		return max(s.Count, 1)
	case StepAll:
		return max(len(s.People)+len(s.Roles), 1)
	}
	return 1
}

// DefaultStep is demanded of a batch that no rule matches: one approver.
func DefaultStep() ApprovalStep {
	return ApprovalStep{Mode: StepAny, Roles: []Role{RoleApprover}, Count: 1}
}

// Bounds of a version, so that its page and its evaluation stay small.
const (
	maxRules = 20
	maxParts = 10 // blocks of a rule, conditions of a block, steps of a rule
	maxCount = 10 // approvals of a step
)

// RuleFault is what keeps a draft from being published: a key of the catalogues under "rules.fault." and where.
type RuleFault struct {
	Rule int // its number, from 1; 0 is the version
	Key  string
}

// Faults lists what keeps the version from being published. approvers are the people who may be named.
func (v RulesVersion) Faults(approvers []Approver) (faults []RuleFault) {
	if len(v.Rules) > maxRules {
		faults = append(faults, RuleFault{0, "many"})
	}
	if v.ExpireDays < 1 || v.ExpireDays > 90 {
		faults = append(faults, RuleFault{0, "expire"})
	}
	for i, r := range v.Rules {
		for _, key := range r.faults(approvers) {
			faults = append(faults, RuleFault{i + 1, key})
		}
	}
	return faults
}

func (r ApprovalRule) faults(approvers []Approver) (keys []string) {
	switch {
	case r.Name == "":
		keys = append(keys, "name")
	case len(r.Blocks) > maxParts || len(r.Steps) > maxParts:
		keys = append(keys, "many")
	}
	if len(r.Blocks) == 0 {
		keys = append(keys, "no_block")
	}
	if len(r.Steps) == 0 {
		keys = append(keys, "no_step")
	}
	for _, b := range r.Blocks {
		if len(b) > maxParts || slices.ContainsFunc(b, func(c Condition) bool { return !c.Sound() }) {
			keys = append(keys, "condition")
			break
		}
	}
	for _, s := range r.Steps {
		if key := s.fault(approvers); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// Sound answers whether the condition says what its kind needs.
func (c Condition) Sound() bool {
	switch c.Kind {
	case CondTotal, CondItemAmount:
		return c.Amount.Positive() && c.Amount.Currency == COP
	case CondByHand, CondNewPayee:
		return true
	case CondNetwork:
		return len(c.Methods) > 0 && !slices.ContainsFunc(c.Methods, func(k MethodKind) bool { return !k.Valid() })
	case CondChangedAccount:
		return c.Days >= 0 && c.Days <= 365
	case CondRisk:
		return len(c.Risks) > 0 && !slices.ContainsFunc(c.Risks, func(r Risk) bool { return !slices.Contains(Risks, r) })
	}
	return false
}

// Sound answers whether the step names somebody, and as many as it demands.
func (s ApprovalStep) Sound() bool {
	switch {
	case !slices.Contains(StepModes, s.Mode), (len(s.Roles) == 0) == (len(s.People) == 0), repeats(s.People), repeats(s.Roles):
		return false
	case slices.ContainsFunc(s.Roles, func(r Role) bool { return !slices.Contains(StepRoles, r) }):
		return false
	case s.Mode == StepNOf && (s.Count < 1 || s.Count > maxCount):
		return false
	}
	return len(s.People) == 0 || s.Needed() <= len(s.People)
}

func repeats[T comparable](list []T) bool {
	for i, x := range list {
		if slices.Contains(list[:i], x) {
			return true
		}
	}
	return false
}

// fault is the key of what is wrong with the step, "" when nothing is.
func (s ApprovalStep) fault(approvers []Approver) string {
	if !s.Sound() {
		return "step"
	}
	for _, id := range s.People {
		if !slices.ContainsFunc(approvers, func(p Approver) bool { return p.ID == id && p.able() }) {
			return "person"
		}
	}
	return ""
}

// EditableBy answers why this person may not change the version, or nil.
func (v RulesVersion) EditableBy(by Actor) error {
	switch {
	case !by.May(PermRulesEdit):
		return Refuse(Forbidden, "rules.refused.role", "Only an admin can change the approval rules.", nil)
	case v.State != RulesDraft:
		return Refuse(Conflict, "rules.refused.no_draft", "Only a draft can be changed. Make a new version.", nil)
	}
	return nil
}

// Author notes that the person had a part in the draft.
func (v *RulesVersion) Author(by Actor) {
	if !slices.Contains(v.AuthorIDs, by.StaffID) {
		v.AuthorIDs = append(v.AuthorIDs, by.StaffID)
	}
}

// Submit hands the draft to a second person.
func (v *RulesVersion) Submit(by Actor, approvers []Approver) error {
	if err := v.EditableBy(by); err != nil {
		return err
	}
	if len(v.Faults(approvers)) > 0 {
		return Refuse(Conflict, "rules.refused.faults", "Something in this draft is not finished. See what is marked.", nil)
	}
	v.Author(by)
	v.State = RulesWaiting
	return nil
}

// Enforce puts the version in force by a second person's consent.
func (v *RulesVersion) Enforce(by Actor, at time.Time) error {
	switch {
	case v.State != RulesWaiting:
		return Refuse(Conflict, "rules.refused.not_waiting", "This version does not wait for consent.", nil)
	case slices.Contains(v.AuthorIDs, by.StaffID) || by.StaffID == 0:
		return Refuse(Forbidden, "rules.refused.author", "You had a part in this draft, so somebody else has to consent.", nil)
	}
	v.State, v.DeciderID, v.InForceAt = RulesInForce, by.StaffID, &at
	return nil
}
