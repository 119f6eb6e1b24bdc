package urls

import "net/url"

// The paths of taxes: the calculator and the tables, the merchant's settings, and what payees declared.
const (
	NavTax             = "/tax"
	TaxPattern         = NavTax
	TaxSettingsPattern = "/tax/settings"
	TaxProfilesPattern = "/distributors/:id/tax"
)

// Tax is the calculator and the tables.
func Tax() string { return NavTax }

// TaxOf is the calculator filled in with what a payee declared.
func TaxOf(distributor int64) string {
	return withQuery(NavTax, url.Values{"distributor": {Num(distributor)}})
}

// AllTax is the tables with what is not in force any more.
func AllTax() string { return withQuery(NavTax, url.Values{"all": {"1"}}) }

// TaxSettings is the merchant's settings; others are asked for by a post to it.
func TaxSettings() string { return TaxSettingsPattern }

// TaxProfiles is what a payee declared; a declaration is recorded by a post to it.
func TaxProfiles(distributor int64) string { return Distributor(distributor) + "/tax" }
