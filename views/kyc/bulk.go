package kyc

import (
	"context"

	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// InvitePage asks before many are invited.
type InvitePage struct {
	layout.Page
	Count, Open, Known, Final, NoContact int64
	LinkDays                             int
	Hidden                               []ui.Pair // the filter
	Back                                 string    // the list with it
	Error                                string
}

// left is who is left out, and why.
func (p InvitePage) left(ctx context.Context) (lines []ui.Pair) {
	for _, l := range []struct {
		key string
		n   int64
	}{{"open", p.Open}, {"known", p.Known}, {"final", p.Final}, {"no_contact", p.NoContact}} {
		if l.n > 0 {
			lines = append(lines, ui.Pair{Name: i18n.T(ctx, "kyc.left."+l.key), Value: i18n.Number(ctx, l.n)})
		}
	}
	return lines
}

// SettingsPage is how long links and cases are good for, as it was typed.
type SettingsPage struct {
	layout.Page
	Seen                           int64
	LinkDays, CaseDays, RemindDays string
	Errors                         map[string]string
	Error                          string
}
