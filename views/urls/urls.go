// Package urls holds every path of the product, so that a mistyped link does not compile. Each area
// has one file: a pattern constant for the route table and a function for links:
//
//	const PayoutPattern = "/payouts/:id"
//	func Payout(id int64) string { return "/payouts/" + Num(id) }
package urls

import (
	"net/url"
	"strconv"
)

// The ground paths.
const (
	HomePattern    = "/"
	SignInPattern  = "/signin"
	SignOutPattern = "/signout"
	AccountPattern = "/account"
	SearchPattern  = "/search"
	ThemePattern   = "/preferences/theme"
	LocalePattern  = "/preferences/locale"
	StaticPattern  = "/static/*"
	HealthPattern  = "/healthz"
	ReadyPattern   = "/readyz"
	MetricsPattern = "/metrics"
	SetUpPattern   = "/setup/:token"
)

// The lists the navigation leads to. The area's own file says its records' paths.
const (
	NavBatches      = "/batches"
	NavPayouts      = "/payouts"
	NavCommissions  = "/commissions"
	NavLedger       = "/ledger"
	NavDistributors = "/distributors"
	NavOrders       = "/orders"
	NavWebhooks     = "/webhooks"
	NavConnections  = "/connections"
	NavAudit        = "/audit"
	NavStaff        = "/staff"
	NavOutbox       = "/outbox"
	NavTasks        = "/tasks"
	NavCases        = "/kyc"
)

// Home is the first page after signing in.
func Home() string { return HomePattern }

// SignIn is the sign-in page.
func SignIn() string { return SignInPattern }

// SignOut is where signing out is posted.
func SignOut() string { return SignOutPattern }

// Account is the page of one's own password, second factor and sessions.
func Account() string { return AccountPattern }

// Search is the page of results for everything; the box in the top bar asks it with ?q=.
func Search() string { return SearchPattern }

// SearchFor is the page of results for q.
func SearchFor(q string) string { return SearchPattern + "?q=" + url.QueryEscape(q) }

// Theme is where the choice of light or dark is posted.
func Theme() string { return ThemePattern }

// Locale is where the choice of language is posted.
func Locale() string { return LocalePattern }

// SetUp is the one-time page of a new staff account.
func SetUp(token string) string { return "/setup/" + url.PathEscape(token) }

// Num writes an id for a path.
func Num(id int64) string { return strconv.FormatInt(id, 10) }

// With returns path with one parameter of query set to value, or removed when value is "". Paging
// starts over, because another filter has other pages.
func With(path string, query url.Values, name, value string) string {
	q := make(url.Values, len(query)+1)
	for k, v := range query {
		q[k] = v
	}
	for _, page := range []string{"after", "before"} {
		if page != name {
			q.Del(page)
		}
	}
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
