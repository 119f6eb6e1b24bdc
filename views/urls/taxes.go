package urls

import "net/url"

// The paths of taxes: the calculator and the tables, the merchant's settings, and what payees declared.
const (
	NavTax             = "/tax"
	TaxPattern         = NavTax
	TaxSettingsPattern = "/tax/settings"
	TaxMonthPattern    = "/tax/month"
	TaxMonthCSVPattern = "/tax/month.csv"
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

// TaxMonth is what the payouts of a month come to; of the month that now is when month is "".
func TaxMonth(month string) string {
	if month == "" {
		return TaxMonthPattern
	}
	return withQuery(TaxMonthPattern, url.Values{"month": {month}})
}

// TaxMonthFile is the same as a file, payout by payout.
func TaxMonthFile(month string) string {
	return withQuery(TaxMonthCSVPattern, url.Values{"month": {month}})
}

// TaxProfiles is what a payee declared; a declaration is recorded by a post to it.
func TaxProfiles(distributor int64) string { return Distributor(distributor) + "/tax" }
