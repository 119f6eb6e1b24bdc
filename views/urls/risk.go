package urls

import "net/url"

// The paths of risk: who stands where, why, and the rules.
const (
	NavRisk             = "/risk"
	RisksPattern        = NavRisk
	RiskRulesPattern    = "/risk/rules"
	TryRiskRulesPattern = "/risk/rules/try"
	RiskPattern         = "/risk/payees/:id"
)

// Risks is the list of payees by how closely they are looked at.
func Risks() string { return NavRisk }

// RisksIn is the payees of one band.
func RisksIn(band string) string { return withQuery(NavRisk, url.Values{"band": {band}}) }

// RiskRules is the rules in force; others are asked for by a post to it.
func RiskRules() string { return RiskRulesPattern }

// TryRiskRules answers who would stand where by other rules.
func TryRiskRules() string { return TryRiskRulesPattern }

// Risk is where one payee stands; a word in place of the score is posted to it.
func Risk(distributor int64) string { return "/risk/payees/" + Num(distributor) }
