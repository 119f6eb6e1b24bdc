// Package staff holds the pages of accounts, permissions and the outbox.
package staff

import (
	"pagaduria/models"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// ListPage is the list of accounts.
type ListPage struct {
	layout.Page
	Rows     []models.Staff
	Filters  ui.Filters
	State    string
	Role     string
	Filtered bool
	Pages    ui.Pages
}

// FormPage is the form for a new account.
type FormPage struct {
	layout.Page
	Email  string
	Name   string
	Roles  []models.Role
	Errors map[string]string
	Error  string
}

// has answers whether the form came back with the role ticked.
func (p FormPage) has(r models.Role) bool { return models.Staff{Roles: p.Roles}.Has(r) }

// RecordPage is one account.
type RecordPage struct {
	layout.Page
	Person   models.Staff
	Sessions []models.Session
	Error    string
}

// own answers whether it is the viewer's own account, which only another admin may change.
func (p RecordPage) own() bool { return p.Person.ID == p.Page.Staff.ID }

// mayEdit answers whether the viewer may change this account.
func (p RecordPage) mayEdit() bool { return p.May(models.PermStaffEdit) && !p.own() }

// LinkPage shows a one-time link, once.
type LinkPage struct {
	layout.Page
	Person models.Staff
	Link   string
}

// Line is one permission in the matrix, with the routes that need it.
type Line struct {
	Permission models.Permission
	Routes     []Route
}

// Route is one entry of the route table.
type Route struct {
	Method  string
	Pattern string
}

// MatrixPage is who may do what.
type MatrixPage struct {
	layout.Page
	Lines []Line
}

// OutboxPage lists the mails of the product.
type OutboxPage struct {
	layout.Page
	Rows    []models.Mail
	Waiting bool // only what was not sent
	Pages   ui.Pages
}

// MailPage is one mail as it is sent.
type MailPage struct {
	layout.Page
	Mail models.Mail
}

var looks = map[models.StaffState]ui.Look{
	models.StaffInvited:  {Tone: "wait", Icon: "mail", Key: "staff.state.invited"},
	models.StaffActive:   {Tone: "ok", Icon: "circle-check", Key: "staff.state.active"},
	models.StaffDisabled: {Tone: "", Icon: "ban", Key: "staff.state.disabled"},
}

// mailLook is where a mail is.
func mailLook(m models.Mail) ui.Look {
	switch {
	case m.SentAt != nil:
		return ui.Look{Tone: "ok", Icon: "circle-check", Key: "outbox.sent"}
	case m.Failure != "":
		return ui.Look{Tone: "bad", Icon: "alert-triangle", Key: "outbox.failed"}
	}
	return ui.Look{Tone: "wait", Icon: "hourglass", Key: "outbox.waiting"}
}

func disableAsk(p RecordPage, title, confirm string) ui.Ask {
	return ui.Ask{ID: "disable", Title: title, Action: urls.StaffDisable(p.Person.ID), CSRF: p.CSRF, Confirm: confirm, Danger: true,
		Icon: "ban", Hidden: []ui.Pair{{Name: "version", Value: urls.Num(int64(p.Person.Version))}}}
}

func resetAsk(p RecordPage, title, text, confirm string) ui.Ask {
	return ui.Ask{ID: "reset", Title: title, Text: text, Action: urls.StaffReset(p.Person.ID), CSRF: p.CSRF, Confirm: confirm, Danger: true,
		Icon: "shield-x", Hidden: []ui.Pair{{Name: "version", Value: urls.Num(int64(p.Person.Version))}}}
}
