// Package layout is the frame of every page: head, navigation, top bar, messages and dialogs.
package layout

import (
	"time"

	"pagaduria/models"
)

// Viewer is who looks at the page. The zero Viewer is nobody signed in.
type Viewer struct {
	ID       int64
	Name     string
	Initials string
	Roles    []models.Role
	May      func(models.Permission) bool // nil allows nothing
}

// Can answers whether the viewer holds the permission; templates use it to leave out what would be refused.
func (v Viewer) Can(p models.Permission) bool { return v.May != nil && v.May(p) }

// Flash is a message about what just happened. Kind is ok, wait, bad, info or hold.
type Flash struct {
	Kind string
	Text string
}

// Page is what the frame needs to know. Page structs of the areas embed it.
type Page struct {
	Title    string // of the document, already in the reader's language
	Active   string // key of the navigation entry: home batches payouts commissions ledger distributors orders webhooks connections audit staff outbox
	Staff    Viewer
	CSRF     string // token for forms, see ui.CSRF
	Flash    []Flash
	Theme    string         // light, dark or "" for what the system says
	Path     string         // current path and query, where theme and language forms come back to
	Demo     bool           // demo data, said in the top bar
	Now      time.Time      // for the foot of the navigation and ui.When
	Counts   map[string]int // badge of a navigation entry, by its key
	Unread   int            // notices, for the bell
	Merchant string
}

// May is a short hand for templates of pages that embed Page.
func (p Page) May(perm models.Permission) bool { return p.Staff.Can(perm) }
