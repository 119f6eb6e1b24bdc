package urls

import "net/url"

// The paths of one's own notices.
const (
	NoticesPattern           = "/notices"
	ReadNoticesPattern       = "/notices/read"
	OpenNoticePattern        = "/notices/:id/open"
	NoticePreferencesPattern = "/account/notices"
)

// Notices is the list.
func Notices() string { return NoticesPattern }

// NoticesWith is the list narrowed by query.
func NoticesWith(query url.Values) string { return withQuery(NoticesPattern, query) }

// ReadNotices is where all notices are marked as read.
func ReadNotices() string { return ReadNoticesPattern }

// OpenNotice is where a notice is marked as read on the way to what it tells of.
func OpenNotice(id int64) string { return NoticesPattern + "/" + Num(id) + "/open" }

// NoticePreferences is where mails and quiet hours are chosen.
func NoticePreferences() string { return NoticePreferencesPattern }
