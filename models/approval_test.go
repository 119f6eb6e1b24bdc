package models

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhichRulesMatch(t *testing.T) {
	t.Parallel()
	big := ApprovalRule{Name: "big", Blocks: []ConditionBlock{{{Kind: CondTotal, Amount: Pesos(20_000_000)}}},
		Steps: []ApprovalStep{{Mode: StepNOf, Roles: []Role{RoleApprover}, Count: 2}}}
	fresh := ApprovalRule{Name: "new", Blocks: []ConditionBlock{
		{{Kind: CondNewPayee}, {Kind: CondItemAmount, Amount: Pesos(2_000_000)}},
		{{Kind: CondChangedAccount, Days: 7}}}, Steps: []ApprovalStep{{Mode: StepAny, Roles: []Role{RoleCompliance}}}}
	v := RulesVersion{Rules: []ApprovalRule{big, fresh}}
	item := func(pesos int64) ItemFacts { return ItemFacts{Code: "P-1", Amount: Pesos(pesos), MethodAge: 100} }
	newPayee := func(pesos int64) ItemFacts { x := item(pesos); x.Code, x.NewPayee = "P-2", true; return x }
	young := item(1)
	young.MethodAge = 6
	moved := item(1)
	moved.Moved = true
	for name, tt := range map[string]struct {
		f    BatchFacts
		want []string // rules of the steps, in order
	}{
		"nothing":                      {BatchFacts{Total: Pesos(100)}, []string{""}},
		"exactly the total":            {BatchFacts{Total: Pesos(20_000_000)}, []string{"big"}},
		"a peso less":                  {BatchFacts{Total: Pesos(19_999_999)}, []string{""}},
		"both":                         {BatchFacts{Total: Pesos(20_000_000), Items: []ItemFacts{newPayee(2_000_000)}}, []string{"big", "new"}},
		"new payee, too little":        {BatchFacts{Total: Pesos(1), Items: []ItemFacts{newPayee(1_999_999)}}, []string{""}},
		"on two payouts, not on one":   {BatchFacts{Total: Pesos(1), Items: []ItemFacts{newPayee(1), item(5_000_000)}}, []string{""}},
		"the other block, by days":     {BatchFacts{Total: Pesos(1), Items: []ItemFacts{young}}, []string{"new"}},
		"the other block, by the move": {BatchFacts{Total: Pesos(1), Items: []ItemFacts{moved}}, []string{"new"}},
	} {
		e := v.Evaluate(tt.f)
		got := make([]string, len(e.Steps))
		for i, s := range e.Steps {
			got[i] = s.Rule
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: steps of %q, want %q", name, got, tt.want)
		}
	}
	e := v.Evaluate(BatchFacts{Total: Pesos(1), Items: []ItemFacts{newPayee(2_000_000), newPayee(12_000_000), item(90_000_000)}})
	r := e.Matches[0].Reasons[1]
	if r.Item != "P-2" || r.Got != Pesos(12_000_000) || r.Amount != Pesos(2_000_000) || r.More != 1 {
		t.Errorf("the reason is %+v, want the largest payout that matches and one more", r)
	}
}

func TestEveryConditionLooksAtItsFact(t *testing.T) {
	t.Parallel()
	quiet := BatchFacts{Total: Pesos(10), Items: []ItemFacts{{Amount: Pesos(10), Method: Nequi, MethodAge: 30}}}
	for _, tt := range []struct {
		name string
		c    Condition
		turn func(*BatchFacts)
	}{
		{"total", Condition{Kind: CondTotal, Amount: Pesos(11)}, func(f *BatchFacts) { f.Total = Pesos(11) }},
		{"left out by hand", Condition{Kind: CondByHand}, func(f *BatchFacts) { f.LeftOut = 1 }},
		{"narrowed", Condition{Kind: CondByHand}, func(f *BatchFacts) { f.Narrowed = true }},
		{"amount", Condition{Kind: CondItemAmount, Amount: Pesos(11)}, func(f *BatchFacts) { f.Items[0].Amount = Pesos(11) }},
		{"network", Condition{Kind: CondNetwork, Methods: []MethodKind{BreB, BankAccount}}, func(f *BatchFacts) { f.Items[0].Method = BreB }},
		{"new payee", Condition{Kind: CondNewPayee}, func(f *BatchFacts) { f.Items[0].NewPayee = true }},
		{"moved", Condition{Kind: CondChangedAccount}, func(f *BatchFacts) { f.Items[0].Moved = true }},
		{"young", Condition{Kind: CondChangedAccount, Days: 30}, func(f *BatchFacts) { f.Items[0].MethodAge = 29 }},
		{"risk", Condition{Kind: CondRisk, Risks: []Risk{RiskShared, RiskWarnings}}, func(f *BatchFacts) { f.Items[0].Risks = []Risk{RiskMedian, RiskWarnings} }},
	} {
		block := ConditionBlock{tt.c}
		if _, ok := block.Match(quiet); ok || !tt.c.Sound() {
			t.Errorf("%s: matches before, or is not sound", tt.name)
		}
		f := quiet
		f.Items = slices.Clone(quiet.Items)
		tt.turn(&f)
		if _, ok := block.Match(f); !ok {
			t.Errorf("%s: does not match", tt.name)
		}
	}
}

// cast are approvers by number: 1 made the batch, 2 changed it last; the others hold roles as named.
func cast(n int) []Approver {
	people := make([]Approver, n)
	for i := range people {
		people[i] = Approver{ID: int64(i + 1), Name: fmt.Sprint("p", i+1), Roles: []Role{RoleApprover}, Active: true}
	}
	return people
}

var away = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

func TestWhoCanGoOn(t *testing.T) {
	t.Parallel()
	one := ApprovalStep{Mode: StepAny, Roles: []Role{RoleApprover}}
	named := func(mode StepMode, count int, ids ...int64) ApprovalStep {
		return ApprovalStep{Mode: mode, People: ids, Count: count}
	}
	b := Batch{MakerID: 1, EditorID: 2, State: BatchInApproval}
	for _, tt := range []struct {
		name  string
		steps []ApprovalStep
		given []Approval
		turn  func([]Approver)
		by    int64
		want  ErrorKind
		forID int64
	}{
		{name: "anybody", steps: []ApprovalStep{one}, by: 3},
		{name: "a stranger", steps: []ApprovalStep{one}, by: 99, want: Forbidden},
		{name: "the maker", steps: []ApprovalStep{one}, by: 1, want: Forbidden},
		{name: "the editor", steps: []ApprovalStep{one}, by: 2, want: Forbidden},
		{name: "approved already", steps: []ApprovalStep{one, one}, given: []Approval{{Step: 1, StaffID: 3}}, by: 3, want: Forbidden},
		{name: "approved for", steps: []ApprovalStep{one, one}, given: []Approval{{Step: 1, StaffID: 4, ForID: 3}}, by: 3, want: Forbidden},
		{name: "second step", steps: []ApprovalStep{one, one}, given: []Approval{{Step: 1, StaffID: 3}}, by: 4},
		{name: "nothing left", steps: []ApprovalStep{one}, given: []Approval{{Step: 1, StaffID: 3}}, by: 4, want: Conflict},
		{name: "named", steps: []ApprovalStep{named(StepAny, 0, 3, 4)}, by: 4},
		{name: "not named", steps: []ApprovalStep{named(StepAny, 0, 3, 4)}, by: 5, want: Forbidden},
		{name: "disabled", steps: []ApprovalStep{one}, turn: func(p []Approver) { p[2].Active = false }, by: 3, want: Forbidden},
		{name: "role taken away", steps: []ApprovalStep{named(StepAny, 0, 3)}, turn: func(p []Approver) { p[2].Roles = []Role{RoleFinance} }, by: 3, want: Forbidden},
		{name: "delegate", steps: []ApprovalStep{named(StepAny, 0, 3)}, turn: func(p []Approver) { p[2].AwayUntil, p[2].DelegateID = &away, 5 }, by: 5, forID: 3},
		{name: "delegate of somebody present", steps: []ApprovalStep{named(StepAny, 0, 3)}, turn: func(p []Approver) { p[2].DelegateID = 5 }, by: 5, want: Forbidden},
		{name: "the maker as delegate", steps: []ApprovalStep{named(StepAny, 0, 3)}, turn: func(p []Approver) { p[2].AwayUntil, p[2].DelegateID = &away, 1 }, by: 1, want: Forbidden},
		{name: "delegate of the maker", steps: []ApprovalStep{named(StepAny, 0, 1)}, turn: func(p []Approver) { p[0].AwayUntil, p[0].DelegateID = &away, 5 }, by: 5, want: Forbidden},
		{name: "delegate of a delegate", steps: []ApprovalStep{named(StepAny, 0, 3)}, turn: func(p []Approver) {
			p[2].AwayUntil, p[2].DelegateID, p[3].AwayUntil, p[3].DelegateID = &away, 4, &away, 5
		}, by: 5, want: Forbidden},
		{name: "delegate where roles are asked for", steps: []ApprovalStep{{Mode: StepAny, Roles: []Role{RoleCompliance}}}, turn: func(p []Approver) {
			p[2].Roles = append(p[2].Roles, RoleCompliance)
			p[2].AwayUntil, p[2].DelegateID = &away, 5
		}, by: 5, want: Forbidden},
		{name: "needed later", steps: []ApprovalStep{one, named(StepAny, 0, 3)}, by: 3, want: Forbidden},
		{name: "one of each, same role twice", steps: []ApprovalStep{{Mode: StepAll, Roles: []Role{RoleApprover, RoleCompliance}}}, given: []Approval{{Step: 1, StaffID: 3}},
			turn: func(p []Approver) { p[4].Roles = []Role{RoleApprover, RoleCompliance} }, by: 4, want: Forbidden},
		{name: "one of each, the other role", steps: []ApprovalStep{{Mode: StepAll, Roles: []Role{RoleApprover, RoleCompliance}}}, given: []Approval{{Step: 1, StaffID: 3}},
			turn: func(p []Approver) { p[4].Roles = []Role{RoleApprover, RoleCompliance} }, by: 5},
		{name: "one of each, who holds both came first", steps: []ApprovalStep{{Mode: StepAll, Roles: []Role{RoleApprover, RoleCompliance}}}, given: []Approval{{Step: 1, StaffID: 5}},
			turn: func(p []Approver) { p[4].Roles = []Role{RoleApprover, RoleCompliance} }, by: 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := Approvals{Steps: tt.steps, Given: tt.given, People: cast(6)}
			if tt.turn != nil {
				tt.turn(a.People)
			}
			got, err := a.Next(b, tt.by)
			if KindOf(err) != tt.want || err != nil && tt.want == "" {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if err == nil && (got.StaffID != tt.by || got.ForID != tt.forID || got.Step != a.Current()) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWhatIsStuck(t *testing.T) {
	t.Parallel()
	b := Batch{MakerID: 1, EditorID: 2}
	two := ApprovalStep{Mode: StepNOf, Roles: []Role{RoleApprover}, Count: 2}
	for _, tt := range []struct {
		name  string
		steps []ApprovalStep
		n     int
		turn  func([]Approver)
		want  int // step, 0 for none
	}{
		{"enough", []ApprovalStep{two, DefaultStep()}, 5, nil, 0},
		{"one too few for the second step", []ApprovalStep{two, DefaultStep()}, 4, nil, 2},
		{"only maker and editor", []ApprovalStep{DefaultStep()}, 2, nil, 1},
		{"named and away", []ApprovalStep{{Mode: StepAll, People: []int64{3, 4}}}, 5, func(p []Approver) { p[3].AwayUntil = &away }, 1},
		{"away with a delegate", []ApprovalStep{{Mode: StepAll, People: []int64{3, 4}}}, 5, func(p []Approver) { p[3].AwayUntil, p[3].DelegateID = &away, 5 }, 0},
		{"the delegate is named, too", []ApprovalStep{{Mode: StepAll, People: []int64{3, 4}}}, 5, func(p []Approver) { p[3].AwayUntil, p[3].DelegateID = &away, 3 }, 1},
		{"a later step needs the only one", []ApprovalStep{DefaultStep(), {Mode: StepAny, People: []int64{3}}}, 3, nil, 2},
	} {
		a := Approvals{Steps: tt.steps, People: cast(tt.n)}
		if tt.turn != nil {
			tt.turn(a.People)
		}
		step, stuck := a.Stuck(b)
		if stuck != (tt.want > 0) || step != tt.want {
			t.Errorf("%s: stuck %v in step %d, want %d", tt.name, stuck, step, tt.want)
		}
	}
}

// anyCondition draws a condition of any kind.
func anyCondition(t *rapid.T) Condition {
	return Condition{Kind: rapid.SampledFrom(ConditionKinds).Draw(t, "kind"), Amount: Pesos(rapid.Int64Range(1, 50).Draw(t, "amount")), Days: rapid.IntRange(0, 9).Draw(t, "days"),
		Methods: rapid.SliceOfN(rapid.SampledFrom(MethodKinds), 1, 2).Draw(t, "methods"), Risks: rapid.SliceOfN(rapid.SampledFrom(Risks), 1, 2).Draw(t, "risks")}
}

func anyFacts(t *rapid.T) BatchFacts {
	f := BatchFacts{Total: Pesos(rapid.Int64Range(1, 60).Draw(t, "total")), LeftOut: rapid.IntRange(0, 1).Draw(t, "left out"), Narrowed: rapid.Bool().Draw(t, "narrowed")}
	for range rapid.IntRange(0, 4).Draw(t, "items") {
		f.Items = append(f.Items, ItemFacts{Amount: Pesos(rapid.Int64Range(1, 60).Draw(t, "item")), Method: rapid.SampledFrom(MethodKinds).Draw(t, "method"), NewPayee: rapid.Bool().Draw(t, "new"),
			Moved: rapid.Bool().Draw(t, "moved"), MethodAge: rapid.IntRange(0, 12).Draw(t, "age"), Risks: rapid.SliceOfN(rapid.SampledFrom(Risks), 0, 2).Draw(t, "risk")})
	}
	return f
}

func anyStep(t *rapid.T, people int) ApprovalStep {
	s := ApprovalStep{Mode: rapid.SampledFrom(StepModes).Draw(t, "mode"), Count: rapid.IntRange(-1, 3).Draw(t, "count")}
	if rapid.Bool().Draw(t, "roles") {
		s.Roles = rapid.SliceOfNDistinct(rapid.SampledFrom(StepRoles), 1, 3, rapid.ID).Draw(t, "of")
		return s
	}
	s.People = rapid.SliceOfNDistinct(rapid.Int64Range(1, int64(people)), 1, 3, rapid.ID).Draw(t, "people")
	return s
}

func TestAddingAConditionNeverMatchesMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		block := ConditionBlock(rapid.SliceOfN(rapid.Custom(anyCondition), 0, 3).Draw(t, "block"))
		_, before := block.Match(f)
		_, after := append(slices.Clone(block), anyCondition(t)).Match(f)
		if after && !before {
			t.Fatal("a further condition made the block match")
		}
		rule := ApprovalRule{Blocks: []ConditionBlock{block}}
		more := ApprovalRule{Blocks: []ConditionBlock{block, {anyCondition(t)}}}
		_, one := rule.Match(f)
		_, two := more.Match(f)
		if one && !two {
			t.Fatal("a further block kept the rule from matching")
		}
	})
}

func TestApprovalIsDemandedWhateverTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := RulesVersion{}
		for range rapid.IntRange(0, 3).Draw(t, "rules") {
			v.Rules = append(v.Rules, ApprovalRule{Blocks: []ConditionBlock{rapid.SliceOfN(rapid.Custom(anyCondition), 0, 2).Draw(t, "block")},
				Steps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ApprovalStep { return anyStep(t, 6) }), 0, 2).Draw(t, "steps")})
		}
		e := v.Evaluate(anyFacts(t))
		if (Approvals{Steps: e.Steps}).Left() < 1 || (Approvals{Steps: e.Steps}).Complete() {
			t.Fatal("nobody has to approve")
		}
	})
}

// TestNobodyCountsTwice approves at random until the batch is approved or nobody can go on: the maker and the editor
// never count, nobody's voice counts twice, and what is not stuck can be finished.
func TestNobodyCountsTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		people := cast(rapid.IntRange(2, 7).Draw(t, "people"))
		for i := range people {
			if rapid.IntRange(0, 3).Draw(t, "away") == 0 {
				people[i].AwayUntil = &away
			}
			if d := rapid.Int64Range(0, int64(len(people))).Draw(t, "delegate"); d != people[i].ID {
				people[i].DelegateID = d
			}
			if rapid.Bool().Draw(t, "compliance") {
				people[i].Roles = append(people[i].Roles, RoleCompliance)
			}
		}
		b := Batch{MakerID: 1, EditorID: rapid.Int64Range(1, 2).Draw(t, "editor"), State: BatchInApproval}
		a := Approvals{People: people, Steps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ApprovalStep { return anyStep(t, len(people)) }), 1, 3).Draw(t, "steps")}
		for {
			var able []Approval
			for _, p := range people {
				if next, err := a.Next(b, p.ID); err == nil {
					able = append(able, next)
				}
			}
			if _, stuck := a.Stuck(b); !stuck && len(able) == 0 && !a.Complete() {
				t.Fatal("nobody can go on, and it does not count as stuck")
			}
			if len(able) == 0 {
				break
			}
			a.Given = append(a.Given, rapid.SampledFrom(able).Draw(t, "by"))
		}
		seen := map[int64]bool{}
		for _, g := range a.Given {
			for _, id := range []int64{g.StaffID, g.ForID} {
				if id != 0 && (seen[id] || id == b.MakerID || id == b.EditorID) {
					t.Fatalf("%d counts and may not: %+v", id, a.Given)
				}
				seen[id] = true
			}
		}
	})
}
