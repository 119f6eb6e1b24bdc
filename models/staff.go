package models

import (
	"slices"
	"strings"
	"time"
)

// StaffState says whether an account can sign in.
type StaffState string

// The states of an account.
const (
	StaffInvited  StaffState = "invited"  // a set-up link is open, or the second factor was taken back
	StaffActive   StaffState = "active"   // can sign in
	StaffDisabled StaffState = "disabled" // cannot, until enabled again
)

// Staff is one account of a person who works here.
type Staff struct {
	ID        int64
	Email     string // lower case
	Name      string
	Roles     []Role
	State     StaffState
	Locale    string // "" = what the browser asks for
	Theme     string // "" = what the system says
	Version   int
	CreatedAt time.Time
	SeenAt    *time.Time // last request of any session
}

// Has answers whether the account holds the role.
func (s Staff) Has(r Role) bool { return slices.Contains(s.Roles, r) }

// ChangeRoles answers why the actor may not give the account these roles, nil when they may. Nobody widens or
// narrows their own rights: two admins are needed.
func (s Staff) ChangeRoles(by Actor, roles []Role) error {
	switch {
	case by.StaffID == s.ID && by.StaffID != 0:
		return Refuse(Forbidden, "staff.error.own_roles", "You cannot change your own roles. Ask another admin.", nil)
	case s.State == StaffDisabled:
		return Refuse(Conflict, "staff.error.disabled", "This account is disabled. Enable it first.", nil)
	}
	return CheckRoles(roles)
}

// Disable answers why the actor may not disable the account.
func (s Staff) Disable(by Actor) error {
	switch {
	case by.StaffID == s.ID && by.StaffID != 0:
		return Refuse(Forbidden, "staff.error.own_account", "You cannot disable your own account. Ask another admin.", nil)
	case s.State == StaffDisabled:
		return Refuse(Conflict, "staff.error.disabled", "This account is disabled. Enable it first.", nil)
	}
	return nil
}

// CheckRoles refuses an empty set, an unknown role, and one named twice.
func CheckRoles(roles []Role) error {
	if len(roles) == 0 {
		return Refuse(Invalid, "staff.error.no_role", "Choose at least one role.", nil).WithField("roles", "staff.error.no_role")
	}
	for i, r := range roles {
		if !slices.Contains(Roles, r) || slices.Contains(roles[:i], r) {
			return Refuse(Invalid, "staff.error.bad_role", "There is no role “"+string(r)+"”, or it is named twice.",
				map[string]any{"Role": string(r)}).WithField("roles", "staff.error.no_role")
		}
	}
	return nil
}

// ParseRoles reads "finance,approver".
func ParseRoles(text string) ([]Role, error) {
	var roles []Role
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			roles = append(roles, Role(part))
		}
	}
	return roles, CheckRoles(roles)
}

// How long a session lives.
const (
	SessionIdle    = 30 * time.Minute // without a request
	SessionMax     = 12 * time.Hour   // in all
	SessionPending = 10 * time.Minute // between password and code
	FactorFresh    = 5 * time.Minute  // a second factor given this long ago still counts for an approval
)

// Session is one browser in which somebody is signed in.
type Session struct {
	ID        int64
	StaffID   int64
	Address   string
	Agent     string // User-Agent as sent
	FactorAt  time.Time
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
}

// Live answers whether the session can still be used.
func (s Session) Live(now time.Time) bool {
	return s.RevokedAt == nil && now.Before(s.ExpiresAt) && now.Sub(s.SeenAt) < SessionIdle
}

// FreshFactor answers whether the second factor was given in the last five minutes.
func (s Session) FreshFactor(now time.Time) bool {
	return !s.FactorAt.IsZero() && now.Sub(s.FactorAt) < FactorFresh
}

// SignedIn is who makes a request, read in one query: the account and the session.
type SignedIn struct {
	Staff   Staff
	Session Session
}

// Actor is the person as services and the audit log take them; address is that of this request.
func (s SignedIn) Actor(address string) Actor {
	return Actor{StaffID: s.Staff.ID, Name: s.Staff.Name, Roles: s.Staff.Roles, Address: address, SessionID: s.Session.ID}
}

// SetUp is what the page behind a one-time link shows.
type SetUp struct {
	Email       string
	Name        string
	NewPassword bool   // choose a password; else the one they have is asked for
	Secret      string // of the second factor, base32 in groups of four, to be typed by hand
	KeyURI      string // otpauth://…, what the QR code says
	ExpiresAt   time.Time
}

// Mail is one message of the outbox. Body says {link} where the one-time link belongs.
type Mail struct {
	ID        int64
	Recipient string
	Subject   string
	Body      string
	HasLink   bool
	CreatedAt time.Time
	SentAt    *time.Time
	Tries     int
	Failure   string
}
