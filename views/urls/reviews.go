package urls

import "net/url"

// The paths of cases under review.
const (
	ReviewsPattern        = "/reviews"
	ReviewNextPattern     = "/reviews/next"
	ReviewAssignPattern   = "/reviews/assign"
	ReviewTagPattern      = "/reviews/tag"
	ReviewAskManyPattern  = "/reviews/ask"
	ReviewSharePattern    = "/reviews/share"
	ReviewSettingsPattern = "/reviews/settings"
	ReviewPattern         = "/reviews/:id"
	ReviewTakePattern     = "/reviews/:id/take"
	ReviewHerePattern     = "/reviews/:id/here"
	ReviewNotesPattern    = "/reviews/:id/notes"
	ReviewTagsPattern     = "/reviews/:id/tags"
	ReviewEscalatePattern = "/reviews/:id/escalate"
	ReviewSnoozePattern   = "/reviews/:id/snooze"
	ReviewWakePattern     = "/reviews/:id/wake"
)

// Reviews is the queue.
func Reviews() string { return ReviewsPattern }

// ReviewsWith is the queue with filters.
func ReviewsWith(query url.Values) string { return withQuery(ReviewsPattern, query) }

// ReviewNext takes the next case.
func ReviewNext() string { return ReviewNextPattern }

// ReviewAssign is where ticked cases are given to somebody.
func ReviewAssign() string { return ReviewAssignPattern }

// ReviewHandOver is where one case is given to somebody.
func ReviewHandOver(id int64) string { return ReviewAssignPattern + "?ids=" + Num(id) }

// ReviewTag is where ticked cases are tagged.
func ReviewTag() string { return ReviewTagPattern }

// ReviewAskMany is where the payees of ticked cases are asked for one thing again.
func ReviewAskMany() string { return ReviewAskManyPattern }

// ReviewShare is where the cases that nobody has are shared out.
func ReviewShare() string { return ReviewSharePattern }

// ReviewSettings is when reviewers work, and how long a case may take.
func ReviewSettings() string { return ReviewSettingsPattern }

// Review is the screen of one case.
func Review(id int64) string { return ReviewsPattern + "/" + Num(id) }

// ReviewTake takes a case.
func ReviewTake(id int64) string { return Review(id) + "/take" }

// ReviewHere says who has a case open.
func ReviewHere(id int64) string { return Review(id) + "/here" }

// ReviewNotes takes a note.
func ReviewNotes(id int64) string { return Review(id) + "/notes" }

// ReviewTags puts a tag on a case, or takes it off.
func ReviewTags(id int64) string { return Review(id) + "/tags" }

// ReviewEscalate puts a case on a named desk.
func ReviewEscalate(id int64) string { return Review(id) + "/escalate" }

// ReviewSnooze puts a case off.
func ReviewSnooze(id int64) string { return Review(id) + "/snooze" }

// ReviewWake ends that.
func ReviewWake(id int64) string { return Review(id) + "/wake" }

// ReviewVerdictPattern is where a verdict on one item goes.
const ReviewVerdictPattern = "/reviews/:id/items/:item"

// ReviewVerdict takes a verdict on one item of a case.
func ReviewVerdict(id int64, item string) string { return Review(id) + "/items/" + item }

// ReviewAt is the screen of a case with something shown: an item, a version of it, a page.
func ReviewAt(id int64, query url.Values) string { return withQuery(Review(id), query) }

// ReviewItem is the screen of a case with an item; "" is the whole of it.
func ReviewItem(id int64, item string) string {
	if item == "" {
		return Review(id)
	}
	return Review(id) + "?item=" + item
}

// The paths of decisions about a case as a whole.
const (
	ReviewAskPattern      = "/reviews/:id/ask"
	ReviewDecidePattern   = "/reviews/:id/decide"
	ReviewConfirmPattern  = "/reviews/:id/confirm"
	ReviewReturnPattern   = "/reviews/:id/return"
	ReviewWithdrawPattern = "/reviews/:id/withdraw"
)

// ReviewDecide is where a case is decided; outcome "" asks for the one that waits for a second person.
func ReviewDecide(id int64, outcome string) string {
	if outcome == "" {
		return Review(id) + "/decide"
	}
	return Review(id) + "/decide?outcome=" + outcome
}

// ReviewConfirm confirms a decision of somebody else.
func ReviewConfirm(id int64) string { return Review(id) + "/confirm" }

// ReviewReturn sends it back.
func ReviewReturn(id int64) string { return Review(id) + "/return" }

// ReviewWithdraw takes one's own back.
func ReviewWithdraw(id int64) string { return Review(id) + "/withdraw" }

// ReviewAsk writes to the payee about what is asked again.
func ReviewAsk(id int64) string { return Review(id) + "/ask" }

// ReviewRulesPattern is where other rules of two people are asked for.
const ReviewRulesPattern = "/reviews/rules"

// ReviewRules asks for other rules of two people.
func ReviewRules() string { return ReviewRulesPattern }
