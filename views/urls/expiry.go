package urls

import "net/url"

// The paths of what runs out.
const (
	NavExpiry             = "/expiry"
	ExpiriesPattern       = NavExpiry
	ExpirySettingsPattern = "/expiry/settings"
	RenewPayeesPattern    = "/expiry/renew"
	PapersPattern         = "/distributors/:id/papers"
)

// Expiries is the list of who is due.
func Expiries() string { return NavExpiry }

// ExpiriesWithin is who is due within some days.
func ExpiriesWithin(days int) string {
	return withQuery(NavExpiry, url.Values{"days": {Num(int64(days))}})
}

// ExpirySettings is how often payees are looked at anew.
func ExpirySettings() string { return ExpirySettingsPattern }

// RenewPayees is where a filtered set is asked anew.
func RenewPayees() string { return RenewPayeesPattern }

// Papers is until when the papers of a distributor are good.
func Papers(distributor int64) string { return Distributor(distributor) + "/papers" }
