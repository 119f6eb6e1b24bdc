package urls

import "net/url"

// The paths of attribution: whose orders are.
const (
	UnattributedPattern   = "/orders/unattributed"
	AttributePattern      = "/orders/attribute"
	AttributionPattern    = "/orders/attribution"
	TryAttributionPattern = "/orders/attribution/try"
	GiveCodePattern       = "/orders/attribution/codes"
	TakeCodePattern       = "/orders/attribution/codes/:id/take-back"
)

// Unattributed is the orders that are nobody's.
func Unattributed() string { return UnattributedPattern }

// UnattributedBy is those that came with a code.
func UnattributedBy(code string) string {
	return withQuery(UnattributedPattern, url.Values{"q": {code}})
}

// Attribute is where a person says whose orders are.
func Attribute() string { return AttributePattern }

// AttributeOrder is the same for one order.
func AttributeOrder(id int64) string { return AttributePattern + "?ids=" + Num(id) }

// AttributeAll is the same for all unattributed orders of a code.
func AttributeAll(code string) string {
	return withQuery(AttributePattern, url.Values{"all": {"1"}, "code": {code}})
}

// Attribution is the rules in force and the codes; other rules are asked for by a post to it.
func Attribution() string { return AttributionPattern }

// AttributionFor is Attribution with a code that is about to be given.
func AttributionFor(code string) string {
	return withQuery(AttributionPattern, url.Values{"code": {code}}) + "#h-codes"
}

// TryAttribution answers what other rules would make of the newest orders.
func TryAttribution() string { return TryAttributionPattern }

// GiveCode is where a code is given to a distributor.
func GiveCode() string { return GiveCodePattern }

// TakeCode is where a code is taken back.
func TakeCode(id int64) string { return GiveCodePattern + "/" + Num(id) + "/take-back" }
