package urls

import "net/url"

// The paths of payouts.
const (
	PayoutsPattern       = NavPayouts
	PayoutsFilePattern   = "/payouts.csv"
	PayoutsSumPattern    = "/payouts/sum"
	PayoutPattern        = "/payouts/:id"
	HoldPayoutPattern    = "/payouts/:id/hold"
	ReleasePayoutPattern = "/payouts/:id/release"
	CancelPayoutPattern  = "/payouts/:id/cancel"
	LookUpPayoutPattern  = "/payouts/:id/lookup"
	ChargePayoutPattern  = "/payouts/:id/charge"
	TellPayoutPattern    = "/payouts/:id/tell"
	MessageRulesPattern  = "/payouts/messages"
	RemindPattern        = "/payouts/remind"
	CorrectNamePattern   = "/payouts/:id/name"
	SwitchNetworkPattern = "/payouts/:id/network"
)

// Payouts is the list of payouts.
func Payouts() string { return NavPayouts }

// PayoutsIn is the list of payouts in one state.
func PayoutsIn(state string) string { return NavPayouts + "?state=" + url.QueryEscape(state) }

// PayoutsWith is the list of payouts narrowed by query.
func PayoutsWith(query url.Values) string { return withQuery(NavPayouts, query) }

// PayoutsOfBatch is the list of a batch's payouts, in one state unless that is "".
func PayoutsOfBatch(batch int64, state string) string {
	u := NavPayouts + "?batch=" + Num(batch)
	if state != "" {
		u += "&state=" + url.QueryEscape(state)
	}
	return u
}

// PayoutsSum is the part of the list that says how many match and what they come to.
func PayoutsSum(query url.Values) string { return withQuery(PayoutsSumPattern, query) }

// Payout is the page of one payout.
func Payout(id int64) string { return NavPayouts + "/" + Num(id) }

// HoldPayout is where a payout is put on hold at its rail.
func HoldPayout(id int64) string { return Payout(id) + "/hold" }

// ReleasePayout is where a held payout is let go.
func ReleasePayout(id int64) string { return Payout(id) + "/release" }

// CancelPayout is where a payout is taken back.
func CancelPayout(id int64) string { return Payout(id) + "/cancel" }

// LookUpPayout is where the rail is asked for the status now.
func LookUpPayout(id int64) string { return Payout(id) + "/lookup" }

// ChargePayout is where it is recorded what the rail really charged.
func ChargePayout(id int64) string { return Payout(id) + "/charge" }

// TellPayout is where the payee is sent the code again.
func TellPayout(id int64) string { return Payout(id) + "/tell" }

// MessageRules is what payees are told by itself.
func MessageRules() string { return MessageRulesPattern }

// Remind is where payees are reminded of cash that waits.
func Remind() string { return RemindPattern }

// RemindWith asks before those that match are reminded.
func RemindWith(query url.Values) string { return withQuery(RemindPattern, query) }

// CorrectName is where the right name of a payout's payee is asked for.
func CorrectName(id int64) string { return Payout(id) + "/name" }

// SwitchNetwork is where a payout is sent another way.
func SwitchNetwork(id int64) string { return Payout(id) + "/network" }
