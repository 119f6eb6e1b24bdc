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
