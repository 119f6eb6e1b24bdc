package models

// RulesTrial is what a version of the approval rules would have demanded of past batches, beside the version that was
// in force when it was tried.
type RulesTrial struct {
	Version RulesVersion // as it was then
	InForce RulesVersion
	Tried   []RulesTried
}

// RulesTried is one past batch and what the two versions demand of it.
type RulesTried struct {
	ID      int64
	Code    string
	Name    string
	Total   Money
	Draft   Evaluation
	Before  Evaluation // by the version in force
	Differs bool       // they demand different approvals
}

// Changed is how many batches would have needed other approvals.
func (t RulesTrial) Changed() (n int) {
	for _, b := range t.Tried {
		if b.Differs {
			n++
		}
	}
	return n
}

// Stale answers whether the trial says nothing of version v as it is now, or of what is in force now.
func (t RulesTrial) Stale(v, inForce RulesVersion) bool {
	return t.Version.Version != v.Version || t.InForce.Number != inForce.Number
}
