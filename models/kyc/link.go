package kyc

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pagaduria/models"
)

// Link opens the form of a case without an account.
type Link struct {
	ID        int64
	CaseID    int64
	Items     []string // that it opens; none is all
	Uses      int      // visits, those within minutes counted as one
	LastUsed  *time.Time
	Reminded  int
	StaffName string
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
}

// Good answers why the link does not open anything now, nil when it does.
func (l Link) Good(now time.Time) error {
	switch {
	case l.RevokedAt != nil:
		return models.Refuse(models.NotFound, "onboarding.link.revoked", "This link was withdrawn. Use the newest message, or ask for a new link.", nil)
	case !now.Before(l.ExpiresAt):
		return models.Refuse(models.NotFound, "onboarding.link.expired", "This link has expired. Ask for a new one.", nil)
	}
	return nil
}

// Opens answers whether the item can be filled in by this link. Who may fill in something may sign.
func (l Link) Opens(i Item) bool {
	return len(l.Items) == 0 || i == Signature || slices.Contains(l.Items, string(i))
}

// Scope keeps the items that the link opens.
func (l Link) Scope(items []CaseItem) []CaseItem {
	return slices.DeleteFunc(slices.Clone(items), func(i CaseItem) bool { return !l.Opens(i.Item) })
}

// CodeRules are those of codes that verify a contact or a device.
const (
	CodeDigits  = 6
	CodeGood    = 10 * time.Minute
	CodeTries   = 5           // wrong ones, then a new code is needed
	CodePause   = time.Minute // before another one is sent
	CodesAnHour = 5
)

// LetterKind is what a payee is written about.
type LetterKind string

// The letters.
const (
	LetterInvitation LetterKind = "invitation"
	LetterReminder   LetterKind = "reminder"
	LetterCode       LetterKind = "code"
	LetterReceipt    LetterKind = "receipt"
	LetterAgain      LetterKind = "again" // something is asked again
)

// Letter is what a payee is told by mail or SMS. In mails {link} stands for the link or the code, which is put in when
// the mail is sent.
type Letter struct {
	Kind    LetterKind
	Lang    string // es, en or zh
	Name    string
	Until   time.Time // how long the link is good for
	Code    string    // SMS only
	Link    string    // SMS only
	Receipt string
	At      time.Time
	Asked   []Question // LetterAgain: what, and why
}

// Question is one thing that a payee is asked again, with what they are told about it.
type Question struct {
	Item Item
	Text string
}

// askTextLimit is how many characters a payee is told about one thing.
const askTextLimit = 1000

// CheckAsked refuses to ask for nothing, for what the case does not ask, for the same twice, or without words.
func CheckAsked(asked []Question, items []CaseItem) error {
	seen := map[Item]bool{Signature: true}
	for _, a := range asked {
		text := strings.TrimSpace(a.Text)
		switch known := slices.ContainsFunc(items, func(i CaseItem) bool { return i.Item == a.Item }); {
		case !known || seen[a.Item]:
			return models.Refuse(models.Invalid, "kyc.refused.ask_item", "This cannot be asked again in this case.", nil)
		case text == "" || utf8.RuneCountInString(text) > askTextLimit:
			return models.Refuse(models.Invalid, "kyc.refused.ask_text", "Say to the payee what to do, in up to 1000 characters each.", nil)
		}
		seen[a.Item] = true
	}
	if len(asked) == 0 {
		return models.Refuse(models.Invalid, "kyc.refused.ask_nothing", "Choose at least one thing to ask again.", nil)
	}
	return nil
}

// Settings say how long links and cases are good for, and after how many days payees are reminded.
type Settings struct {
	ID         int64
	LinkDays   int
	CaseDays   int
	RemindDays []int
	At         time.Time
	StaffName  string
}

// Check refuses settings that make no sense.
func (s Settings) Check() error {
	r := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if s.LinkDays < 1 || s.LinkDays > 90 {
		_ = r.WithField("link_days", "kyc.fault.link_days")
	}
	if s.CaseDays < s.LinkDays || s.CaseDays > 365 {
		_ = r.WithField("case_days", "kyc.fault.case_days")
	}
	if len(s.RemindDays) > 5 || !slices.IsSorted(s.RemindDays) {
		_ = r.WithField("remind_days", "kyc.fault.remind_days")
	}
	for i, d := range s.RemindDays {
		if d < 1 || d >= s.LinkDays || i > 0 && d == s.RemindDays[i-1] {
			_ = r.WithField("remind_days", "kyc.fault.remind_days")
		}
	}
	if len(r.Fields) > 0 {
		return r
	}
	return nil
}

// Row is one line of the list of cases.
type Row struct {
	ID          int64
	Code        string // the distributor's
	Name        string
	PersonKind  string
	State       State
	Done, Asked int
	CreatedAt   time.Time
	SubmittedAt *time.Time
	ExpiresAt   time.Time
}

// Filter narrows the list of cases.
type Filter struct {
	State  State
	Search string
}

// Empty answers whether nothing is filtered.
func (f Filter) Empty() bool { return f == Filter{} }

// Signed is the signature under a case.
type Signed struct {
	Name      string
	SHA256    string
	At        time.Time
	StaffName string
}

// Agreed is the proof of an authorisation.
type Agreed struct {
	TextVersion string
	Lang        string
	SHA256      string
	Sensitive   bool
	Address     string
	Agent       string
	FileID      *int64
	FileName    string
	StaffName   string
	At          time.Time
}

// Detail is everything the page of a case shows.
type Detail struct {
	Case
	Code       string // of the distributor
	Name       string
	StaffName  string // who opened it
	Items      []CaseItem
	Links      []Link // newest first
	Consents   []Agreed
	Signatures []Signed
	Events     []models.AuditEvent
	Answers    map[Item][]byte
}

// Link is the link that opens the form now, nil without one.
func (d Detail) Link(now time.Time) *Link {
	for i := range d.Links {
		if d.Links[i].Good(now) == nil {
			return &d.Links[i]
		}
	}
	return nil
}

// Progress is how many required items are done.
func Progress(items []CaseItem) (done, asked int) {
	for _, i := range items {
		if !i.Required {
			continue
		}
		asked++
		if i.State.Done() {
			done++
		}
	}
	return done, asked
}

// NextStep is the first step with something required to do; ok is false when there is none.
func NextStep(items []CaseItem) (next Step, ok bool) {
	for _, i := range items {
		if i.ToDo() {
			return i.Step, true
		}
	}
	return "", false
}
