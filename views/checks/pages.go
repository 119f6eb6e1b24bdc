// Package checks draws the part of a page that says what its last long check found, and how far the next one is.
package checks

import (
	"context"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
)

// Part is the state of one kind of check on the page that it belongs to.
type Part struct {
	layout.Page
	Self    string       // the page, which is asked again while the check runs
	Check   models.Check // the last one
	Found   bool         // there is one
	Task    models.Task  // the last one asked for
	Asked   bool         // there is one
	MayStop bool
}

// Busy answers whether a check is under way.
func (p Part) Busy() bool { return p.Asked && p.Task.State.Busy() }

// failed answers whether the check asked for last came to nothing, and none was made since.
func (p Part) failed() bool {
	return p.Asked && p.Task.State == models.TaskFailed && (!p.Found || p.Check.EndedAt.Before(*p.Task.FinishedAt))
}

// made says who had the last check made and how long it took.
func (p Part) made(ctx context.Context) string {
	return i18n.T(ctx, "checks.made", "Name", p.Check.StaffName, "Date", i18n.DateTime(ctx, p.Check.EndedAt),
		"Seconds", i18n.Number(ctx, int64(p.Check.EndedAt.Sub(p.Check.BeganAt).Round(1e9).Seconds())))
}
