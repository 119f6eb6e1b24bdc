package notices

import (
	"net/url"
	"slices"

	"pagaduria/models"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// ListPage is the list of one's own notices.
type ListPage struct {
	layout.Page
	Rows   []models.Notice
	Query  url.Values
	Unread bool // the filter
	Topic  models.Topic
	Count  int // unread ones of the topic
	Pages  ui.Pages
	Failed string // request id when the list could not be loaded
}

// Newest is the newest notice on the page.
func (p ListPage) Newest() int64 {
	if len(p.Rows) == 0 {
		return 0
	}
	return p.Rows[0].ID
}

// PreferencesPage is how one is told by mail.
type PreferencesPage struct {
	layout.Page
	Email  string
	Form   Form
	Errors map[string]string
	Error  string
}

// Form is what was chosen, as it stands in the fields.
type Form struct {
	Mail                         map[models.Topic]string // app, now or digest
	Urgent                       []models.Topic
	QuietFrom, QuietTo, DigestAt string
	Weekends, Holidays           bool
}

// FormOf shows preferences as they are.
func FormOf(p models.NoticePreferences) Form {
	f := Form{Mail: map[models.Topic]string{}, Urgent: p.Urgent, QuietFrom: p.QuietFrom.String(), QuietTo: p.QuietTo.String(),
		DigestAt: p.DigestAt.String(), Weekends: p.QuietWeekends, Holidays: p.QuietHolidays}
	for _, t := range models.Topics {
		switch {
		case slices.Contains(p.Now, t):
			f.Mail[t] = "now"
		case slices.Contains(p.Digest, t):
			f.Mail[t] = "digest"
		default:
			f.Mail[t] = "app"
		}
	}
	return f
}

var mailChoices = []string{"app", "now", "digest"}
