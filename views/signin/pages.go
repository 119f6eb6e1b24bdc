// Package signin holds the pages before one is signed in: e-mail and password, second factor, setting up an account.
package signin

import (
	"pagaduria/models"
	"pagaduria/views/layout"
)

// PasswordPage is the first step of signing in.
type PasswordPage struct {
	layout.Page
	Email string
	Next  string // where to go afterwards
	Error string // sentence above the form
	Demo  []DemoAccount
}

// DemoAccount is a log-in shown in demo mode, with a code that works now.
type DemoAccount struct {
	Email string
	Role  models.Role
	Code  string
}

// CodePage is the second step.
type CodePage struct {
	layout.Page
	Email    string
	Next     string
	Error    string // beside the field
	Recovery bool   // a recovery code is asked for
	DemoCode string // shown in demo mode
	Passkey  bool   // may be given instead
}

// SetUpPage is behind a one-time link.
type SetUpPage struct {
	layout.Page
	Token  string
	SetUp  models.SetUp
	QR     string            // the QR code as a data: address
	Errors map[string]string // sentence by field: password, code; "" is above the form
}

// CodesPage shows recovery codes, once.
type CodesPage struct {
	layout.Page
	Codes []string
	Done  string // where the button leads
	Word  string // on the button
}

// text is the recovery codes one a line, for the copy button.
func (p CodesPage) text() string {
	var s string
	for _, c := range p.Codes {
		s += c + "\n"
	}
	return s
}
