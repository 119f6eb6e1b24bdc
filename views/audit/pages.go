// Package audit holds the page of the audit log.
package audit

import (
	"context"
	"net/url"

	"pagaduria/models"
	"pagaduria/views/checks"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Page is the audit log, or a filtered part of it.
type Page struct {
	layout.Page
	Rows     []models.AuditEvent
	Query    url.Values // the filters as they stand in the URL
	Chosen   []ui.Chosen
	Keep     []ui.Pair // filters without a field of their own
	Actions  []string
	Action   string
	From     string // YYYY-MM-DD
	Until    string
	Filtered bool
	Pages    ui.Pages
	Check    checks.Part
	Report   models.AuditReport // of the last check
}

// actionName says an action in words, or as it was recorded when it has none.
func actionName(ctx context.Context, action string) string {
	if key := "action." + action; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return action
}

func actionOptions(ctx context.Context, actions []string) []ui.Option {
	options := make([]ui.Option, len(actions))
	for i, a := range actions {
		options[i] = ui.Option{Value: a, Label: actionName(ctx, a)}
	}
	return options
}

// subject names the record an event is about.
func subject(ctx context.Context, e models.AuditEvent) string {
	name := e.SubjectType
	if key := "record." + name; i18n.Has(key) {
		name = i18n.T(ctx, key)
	}
	if e.SubjectID == 0 {
		return name
	}
	return name + " " + urls.Num(e.SubjectID)
}

// sealLook tells events in the chain from those that are seconds old.
func sealLook(e models.AuditEvent) ui.Look {
	if e.Sealed {
		return ui.Look{Tone: "ok", Icon: "lock", Key: "audit.sealed"}
	}
	return ui.Look{Tone: "wait", Icon: "hourglass", Key: "audit.unsealed"}
}

// actor is the list narrowed to whoever did it.
func actor(p Page, e models.AuditEvent) string {
	if e.ActorID == 0 {
		return urls.With(urls.Audit(), p.Query, "by", e.ActorName)
	}
	return urls.With(urls.Audit(), p.Query, "actor", urls.Num(e.ActorID))
}

// faultText is the fault of a report in words.
func faultText(ctx context.Context, f models.AuditFault) string {
	return i18n.T(ctx, "audit.fault_"+f.Kind, "ID", urls.Num(f.EventID))
}
