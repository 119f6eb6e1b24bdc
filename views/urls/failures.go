package urls

import "net/url"

// The paths of failures.
const (
	FailuresPattern = "/failures"
	ReissuePattern  = "/failures/reissue"
)

// Failures is every payout whose money came back and was not paid again, by cause.
func Failures() string { return FailuresPattern }

// FailuresWith is the same narrowed by query.
func FailuresWith(query url.Values) string { return withQuery(FailuresPattern, query) }

// Reissue asks before failures are issued again, and is where that is posted.
func Reissue() string { return ReissuePattern }

// ReissueWith asks with a choice filled in.
func ReissueWith(query url.Values) string { return withQuery(ReissuePattern, query) }

// ReissueOne asks before one payout is issued again.
func ReissueOne(payout int64) string { return ReissuePattern + "?ids=" + Num(payout) }

// The paths of contradictions.
const (
	ContradictionsPattern      = "/contradictions"
	ContradictionPattern       = ContradictionsPattern + "/:id"
	SettleContradictionPattern = ContradictionsPattern + "/:id/settle"
)

// Contradictions is every payout that a rail pays after it said that it would not.
func Contradictions() string { return ContradictionsPattern }

// ContradictionsIn is the same in one state.
func ContradictionsIn(state string) string {
	return withQuery(ContradictionsPattern, url.Values{"state": {state}})
}

// Contradiction is one of them.
func Contradiction(id int64) string { return ContradictionsPattern + "/" + Num(id) }

// SettleContradiction is where a second person is asked to settle one.
func SettleContradiction(id int64) string { return Contradiction(id) + "/settle" }
