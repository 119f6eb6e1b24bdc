package urls

import "net/url"

// The paths of commission lines.
const (
	CommissionsPattern        = NavCommissions
	CommissionsFilePattern    = "/commissions.csv"
	HoldCommissionsPattern    = "/commissions/hold"
	ReleaseCommissionsPattern = "/commissions/release"
	ReceivablesPattern        = "/commissions/receivables"
)

// Commissions is the list of lines.
func Commissions() string { return NavCommissions }

// CommissionsWith is the list of lines narrowed by query.
func CommissionsWith(query url.Values) string { return withQuery(NavCommissions, query) }

// CommissionsOfOrder is the list of an order's lines.
func CommissionsOfOrder(number string) string {
	return NavCommissions + "?order=" + url.QueryEscape(number)
}

// HoldCommissions is where lines are kept back.
func HoldCommissions() string { return HoldCommissionsPattern }

// ReleaseCommissions is where held lines are let go.
func ReleaseCommissions() string { return ReleaseCommissionsPattern }

// Receivables is who owes what was taken back.
func Receivables() string { return ReceivablesPattern }
