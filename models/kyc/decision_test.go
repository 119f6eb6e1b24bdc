package kyc_test

import (
	"testing"

	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/models/kyc"
)

// TestWhateverHappensNobodyDecidesForTwo makes decisions and has anybody say anything to them, in any order.
func TestWhateverHappensNobodyDecidesForTwo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := bogota("2026-11-19 09:00")
		who := func(label string) models.Actor {
			return models.Actor{StaffID: rapid.Int64Range(0, 3).Draw(t, label), Roles: []models.Role{rapid.SampledFrom([]models.Role{models.RoleCompliance, models.RoleSupport}).Draw(t, label+" role")}}
		}
		st := func(label string) kyc.Standing {
			state := rapid.SampledFrom([]kyc.ItemState{kyc.Missing, kyc.Given, kyc.Accepted, kyc.Again, kyc.Rejected}).Draw(t, label)
			return kyc.Standing{Items: []kyc.CaseItem{{Item: kyc.Who, Required: true, State: state}}, Hits: rapid.IntRange(0, 1).Draw(t, label+" hits"), Own: rapid.Bool().Draw(t, label+" own")}
		}
		d := kyc.CaseDecision{Outcome: rapid.SampledFrom(kyc.Outcomes).Draw(t, "outcome"), Reason: rapid.SampledFrom(append(kyc.Reasons, "")).Draw(t, "reason"),
			Note: rapid.SampledFrom([]string{"", "x"}).Draw(t, "note"), Why: rapid.SampledFrom([][]kyc.Why{nil, {"pep"}}).Draw(t, "why")}
		maker, at := who("maker"), st("first")
		d, err := kyc.NewDecision(d, at, maker, now)
		if err != nil {
			return
		}
		if d.Outcome == kyc.Approving && at.WhyNot() != nil {
			t.Fatal("approved although something stands in the way")
		}
		if (d.State == kyc.DecisionOpen) != (len(d.Why) > 0) || d.Outcome != kyc.Approving && len(d.Why) > 0 {
			t.Fatalf("%s with %v is %s", d.Outcome, d.Why, d.State)
		}
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			before, by := d, who("by")
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				if now := st("second"); d.Confirm(now, by, bogota("2026-11-19 10:00")) == nil && now.WhyNot() != nil {
					t.Fatal("confirmed although something stands in the way")
				}
			case 1:
				_ = d.Return(rapid.SampledFrom([]string{"", "why"}).Draw(t, "answer"), by, now)
			case 2:
				_ = d.Withdraw(by)
			}
			if before.State != kyc.DecisionOpen && d.State != before.State {
				t.Fatalf("%s became %s", before.State, d.State)
			}
		}
		if d.State == kyc.DecisionFinal && len(d.Why) > 0 && (d.CheckerID == 0 || d.CheckerID == d.MakerID) {
			t.Fatalf("decided by %d and %d", d.MakerID, d.CheckerID)
		}
		if d.State == kyc.DecisionReturned && (d.Answer == "" || d.CheckerID == d.MakerID) {
			t.Fatal("sent back without an answer, or by oneself")
		}
	})
}
