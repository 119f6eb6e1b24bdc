// Package connections holds the pages of the access paths to payout rails.
package connections

import (
	"context"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
)

// ListPage is every connection.
type ListPage struct {
	layout.Page
	Rows   []Row
	Failed string // request id when the query failed
}

// Row is a connection with what it charges.
type Row struct {
	models.Connection
	Book models.FeeBook
}

// Form is what stands in the fields, as typed. Credentials are not here: they are never shown again.
type Form struct {
	Slug, Name, State, BaseURL      string
	ValidityDays, Rate, Concurrency string
	MaxAmount                       string
	EgressAddress                   string
	Login, Pass, Signature          string // only on the way in
	Version                         string
}

// FormOf fills the fields from a connection.
func FormOf(c models.Connection) Form {
	f := Form{Slug: c.Slug, Name: c.Name, State: c.State, BaseURL: c.BaseURL, ValidityDays: strconv.Itoa(c.ValidityDays), Rate: strconv.Itoa(c.Rate),
		Concurrency: strconv.Itoa(c.Concurrency), EgressAddress: c.EgressAddress, Version: strconv.Itoa(c.Version)}
	if c.MaxAmount != nil {
		f.MaxAmount = pesos(*c.MaxAmount)
	}
	return f
}

// pesos is an amount as it is typed: digits grouped by points.
func pesos(m models.Money) string {
	return strings.TrimPrefix(i18n.Money(i18n.With(context.Background(), i18n.Es), m), "$\u00a0")
}

// Call is how many calls of one kind ended alike in the last 24 hours.
type Call struct {
	Kind    string // submit, lookup, hold, release, cancel
	Outcome string // accepted, rejected, unknown, not_sent, found, not_found, "" while under way
	Code    string // the rail's
	Cause   string // key under "cause."
	Rail    string // the rail's words
	Count   int64
	Last    time.Time
	TookMS  int64
}

// Trial is what came of trying the connection out.
type Trial struct {
	Outcome  string // works, refused, unreachable, strange
	Code     string
	Cause    string
	Rail     string
	Failure  string
	Status   int
	Request  string
	Response string
	Took     time.Duration
	At       time.Time
}

// RecordPage is one connection, or the form of a new one (ID 0).
type RecordPage struct {
	layout.Page
	Connection models.Connection
	Book       models.FeeBook
	Form       Form
	Errors     map[string]string
	Error      string
	Notify     string // the address to register at the rail
	Calls      []Call
	Capped     bool   // only the newest calls were counted
	Unhealthy  string // request id when the calls could not be counted
	Trial      *Trial
}

// fresh answers whether the connection does not exist yet.
func (p RecordPage) fresh() bool { return p.Connection.ID == 0 }

// mayEdit answers whether the viewer may change it.
func (p RecordPage) mayEdit() bool { return p.May(models.PermConnectionsEdit) }

// callTone is the colour of an outcome; what is not a plain yes or no has a colour of its own.
var callTones = map[string]ui.Look{
	"accepted":  {Tone: "ok", Icon: "circle-check", Key: "connection.call.accepted"},
	"found":     {Tone: "ok", Icon: "circle-check", Key: "connection.call.found"},
	"not_found": {Tone: "wait", Icon: "help-circle", Key: "connection.call.not_found"},
	"rejected":  {Tone: "bad", Icon: "circle-x", Key: "connection.call.rejected"},
	"unknown":   {Tone: "hold", Icon: "help-circle", Key: "connection.call.unknown"},
	"not_sent":  {Tone: "wait", Icon: "wifi-off", Key: "connection.call.not_sent"},
	"":          {Tone: "info", Icon: "clock", Key: "connection.call.open"},
}

func callLook(outcome string) ui.Look { return callTones[outcome] }

// causeName is a cause in words, with the rail's code.
func causeName(ctx context.Context, cause string) string {
	if key := "cause." + cause + ".name"; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return cause
}

// causeNext is what to do about a cause.
func causeNext(ctx context.Context, cause string) string {
	if key := "cause." + cause + ".next"; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return ""
}

// saying is a trial in words: what it showed and what to do.
func saying(ctx context.Context, p RecordPage) (kind, what, next string) {
	t := p.Trial
	switch t.Outcome {
	case "works":
		return "ok", i18n.T(ctx, "connection.trial.works"), i18n.T(ctx, "connection.trial.works_next", "Took", i18n.Number(ctx, t.Took.Milliseconds()))
	case "unreachable":
		return "bad", i18n.T(ctx, "connection.trial.unreachable"), i18n.T(ctx, "connection.trial.unreachable_next")
	case "strange":
		return "bad", i18n.T(ctx, "connection.trial.strange", "Status", strconv.Itoa(t.Status)), i18n.T(ctx, "connection.trial.strange_next")
	}
	what = i18n.T(ctx, "connection.trial.refused", "Code", t.Code, "Rail", t.Rail)
	switch t.Cause {
	case "address_not_allowed":
		if p.Connection.EgressAddress == "" {
			return "bad", what, i18n.T(ctx, "connection.trial.address_unknown")
		}
		return "bad", what, i18n.T(ctx, "connection.trial.address", "Address", p.Connection.EgressAddress)
	case "bad_signature":
		if t.Code == "401" {
			return "bad", what, i18n.T(ctx, "connection.trial.credentials")
		}
		return "bad", what, i18n.T(ctx, "connection.trial.signature")
	}
	return "bad", what, causeNext(ctx, t.Cause)
}

func stateOptions(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: "live", Label: i18n.T(ctx, "state.connection.live"), Note: i18n.T(ctx, "connection.live_note")},
		{Value: "paused", Label: i18n.T(ctx, "state.connection.paused"), Note: i18n.T(ctx, "connection.paused_note")},
	}
}
