package models

import (
	"testing"
	"time"
)

func TestRiskScoreAddsUpWhatFires(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	ago := func(days int) *time.Time { at := now.AddDate(0, 0, -days); return &at }
	ten, fifty := Pesos(10), Pesos(50)
	rules := RiskRules{Window: 365, Medium: 25, High: 50, Rules: []RiskRule{
		{Kind: RiskHitConfirmed, Points: 100}, {Kind: RiskHitOpen, Points: 40}, {Kind: RiskPEP, Points: 50}, {Kind: RiskJuridical, Points: 10},
		{Kind: RiskDocType, Points: 10, Values: []string{"PA"}}, {Kind: RiskMunicipality, Points: 15, Values: []string{"54001"}},
		{Kind: RiskAmount, Points: 15, Amount: &ten}, {Kind: RiskAmountMore, Points: 15, Amount: &fifty}, {Kind: RiskSame, Points: 15},
		{Kind: RiskAccount, Points: 20}, {Kind: RiskPhone, Points: 10, Days: 30}}}
	for _, tt := range []struct {
		name  string
		facts RiskFacts
		score int
		band  RiskBand
		fired int
	}{
		{"nothing known", RiskFacts{}, 0, RiskLow, 0},
		{"another document and town", RiskFacts{DocType: "CC", Divipola: "11001"}, 0, RiskLow, 0},
		{"passport in a border town", RiskFacts{DocType: "PA", Divipola: "54001"}, 25, RiskMedium, 2},
		{"exposed", RiskFacts{PEP: true}, 50, RiskHigh, 1},
		{"just below the amount", RiskFacts{Moved: Pesos(10).Sub(Centavos(1))}, 0, RiskLow, 0},
		{"the amount", RiskFacts{Moved: Pesos(10)}, 15, RiskLow, 1},
		{"much", RiskFacts{Moved: Pesos(50)}, 30, RiskMedium, 2},
		{"phone of thirty days ago", RiskFacts{PhoneChanged: ago(30)}, 10, RiskLow, 1},
		{"phone of long ago", RiskFacts{PhoneChanged: ago(31)}, 0, RiskLow, 0},
		{"company with a shared account", RiskFacts{Juridical: true, Account: true, Same: true}, 45, RiskMedium, 3},
		{"confirmed hit", RiskFacts{HitConfirmed: true}, 100, RiskHigh, 1},
		{"open hit and a new phone", RiskFacts{HitOpen: true, PhoneChanged: ago(1)}, 50, RiskHigh, 2},
	} {
		score, band, fired := rules.Score(tt.facts, now)
		if score != tt.score || band != tt.band || len(fired) != tt.fired {
			t.Errorf("%s: %d %s by %d rules, want %d %s by %d", tt.name, score, band, len(fired), tt.score, tt.band, tt.fired)
		}
	}
	rules.Rules[2].Points = 0
	if score, _, _ := rules.Score(RiskFacts{PEP: true}, now); score != 0 {
		t.Errorf("a rule that is off gave %d points", score)
	}
}

func TestRiskRulesThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*RiskRules){
		"no rule":                func(r *RiskRules) { r.Rules = nil },
		"points below zero":      func(r *RiskRules) { r.Rules[0].Points = -1 },
		"an amount without one":  func(r *RiskRules) { r.Rules = append(r.Rules, RiskRule{Kind: RiskAmount, Points: 1}) },
		"a phone without days":   func(r *RiskRules) { r.Rules = append(r.Rules, RiskRule{Kind: RiskPhone, Points: 1}) },
		"no window":              func(r *RiskRules) { r.Window = 0 },
		"high is not above":      func(r *RiskRules) { r.High = r.Medium },
		"everybody is of medium": func(r *RiskRules) { r.Medium = 0 },
	} {
		r := RiskRules{Window: 30, Medium: 10, High: 20, Rules: []RiskRule{{Kind: RiskPEP, Points: 10}}}
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		change(&r)
		if err := r.Check(); KindOf(err) != Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
