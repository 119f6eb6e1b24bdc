// Package payouts draws the list of payouts and the page that says where one payout's money is.
package payouts

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Columns are those of the list beside the payee.
var Columns = []ui.Column{{Key: "method", Label: "payouts.col.method"}, {Key: "reference", Label: "payouts.col.reference"}, {Key: "rail", Label: "payouts.col.rail", Extra: true},
	{Key: "state", Label: "payouts.col.state"}, {Key: "changed", Label: "payouts.col.changed", Extra: true}, {Key: "created", Label: "payouts.col.created"},
	{Key: "amount", Label: "payouts.col.amount"}}

// ListPage is the list of payouts.
type ListPage struct {
	layout.Page
	Tabs    []ui.TileData
	Query   url.Values // what is filtered
	Filters ui.Filters
	Method  models.MethodKind
	Days    ui.Days
	Views   ui.Views
	Rows    []models.PayoutRow
	Pages   ui.Pages
	Sum     string // how many match and what they come to, "" while it is not known
	Any     bool
	Failed  string // request id when the list could not be loaded
	Invalid string // what is wrong with the filter

	Remind    string        // where those who match are reminded; "" unless they are about to expire
	NoContact []Unreachable // of them
}

func (p ListPage) methodOptions(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(models.MethodKinds))
	for i, k := range models.MethodKinds {
		options[i] = ui.Option{Value: string(k), Label: i18n.T(ctx, ui.MethodKey(k))}
	}
	return options
}

// note is the last word of a row: why it failed, until when it can be collected, that it should have moved.
func note(ctx context.Context, r models.PayoutRow, now time.Time) (tone, text string) {
	switch {
	case r.OverdueAt != nil && r.OverdueAt.Before(now):
		return "bad", i18n.T(ctx, "payouts.overdue")
	case r.Cause != "" && r.State.Releases():
		return "", i18n.T(ctx, "cause."+r.Cause+".name")
	case r.State == models.PayoutAvailable && r.ExpiresAt != nil:
		if r.ExpiresAt.Sub(now) < 48*time.Hour {
			return "wait", i18n.T(ctx, "payouts.expires", "Date", i18n.Day(ctx, *r.ExpiresAt))
		}
		return "", i18n.T(ctx, "payouts.expires", "Date", i18n.Day(ctx, *r.ExpiresAt))
	}
	return "", ""
}

// Entry is one posting in the books.
type Entry struct {
	ID     int64
	At     time.Time
	Kind   models.EntryKind
	Debit  models.AccountKind
	Credit models.AccountKind
	Amount models.Money
}

// Notice is one notification that names the payout.
type Notice struct {
	ID         int64
	ReceivedAt time.Time
	Verdict    string
	Reason     string
	Outcome    string
}

// Reason is why the payout failed.
type Reason struct {
	Cause string
	Code  string
	Rail  string
}

// Event is one step of the payout's history.
type Event struct {
	At        time.Time
	From, To  models.PayoutState
	Origin    string
	ActorName string
	Note      string
}

// Line is one commission line inside the payout.
type Line struct {
	ID          int64
	OrderNumber string
	OrderID     int64
	Period      string
	Concept     string
	Amount      models.Money
}

// Attempt is one request to the rail.
type Attempt struct {
	ID         int64
	Kind       string
	StartedAt  time.Time
	FinishedAt *time.Time
	Outcome    string
	Method     string
	URL        string
	Request    string
	Status     int
	Response   string
	RequestID  string
	Failure    string
	TookMS     int
}

// ShowPage is the page of one payout.
type ShowPage struct {
	layout.Page
	Payout       models.Payout
	Batch        models.Batch
	Connection   models.Connection
	Reason       *Reason
	History      []Event
	Lines        []Line
	Attempts     []Attempt
	Entries      []Entry
	Notices      []Notice
	Offered      []string // hold, release, cancel, lookup
	Failed       *Failed  // nil unless the money came back
	Before       []Link
	After        []Link
	Problem      string
	Told         Told
	Renewing     Renewing
	Waits        string            // what it waits for, when it is approved and not handed over
	Errors       map[string]string // beside the fields of what the rail charged
	Charged      string            // typed
	ChargeReason string            // typed
}

// Offers answers whether the operation is offered to this person.
func (p ShowPage) Offers(op string) bool {
	if !p.May(models.PermPayoutsOperate) {
		return false
	}
	for _, o := range p.Offered {
		if o == op {
			return true
		}
	}
	return false
}

// Reissue answers whether the payout can be issued again, by this person.
func (p ShowPage) Reissue() bool {
	return p.Failed != nil && p.Failed.Why == "" && p.May(models.PermBatchesPrepare)
}

// Network is how people call where the money goes: Efecty, Bancolombia, Nequi.
func Network(ctx context.Context, d models.Destination) string {
	if d.Kind == models.BankAccount {
		if b, ok := colombia.BankByCode(d.BankCode); ok {
			return b.Name
		}
	}
	return i18n.T(ctx, ui.MethodKey(d.Kind))
}

// Where says where the money is: the sentence, who must act, what comes next and what to tell the caller.
type Where struct {
	Say, Who, Next, Tell string
}

// whereKey names the sentences of a state; counters and accounts have their own where they differ.
func whereKey(p models.Payout) string {
	key := string(p.State)
	switch p.State {
	case models.PayoutSent, models.PayoutPaid, models.PayoutAvailable:
		if p.To.Kind.Cash() {
			return key + "_cash"
		}
		return key + "_account"
	}
	return key
}

// where fills the sentences.
func (p ShowPage) where(ctx context.Context) Where {
	x := p.Payout
	date := i18n.T(ctx, "payouts.no_date")
	if x.ExpiresAt != nil {
		date = i18n.Date(ctx, *x.ExpiresAt)
	}
	args := []any{"Name", x.Payee.Name(), "Amount", i18n.Money(ctx, x.Amount), "Network", Network(ctx, x.To), "Rail", p.Connection.Name,
		"Date", date, "At", i18n.DateTime(ctx, x.StateAt), "Document", x.Payee.DocType, "Account", x.To.Masked()}
	key := "payouts.where." + whereKey(x)
	return Where{Say: i18n.T(ctx, key+".say", args...), Who: i18n.T(ctx, key+".who", args...),
		Next: i18n.T(ctx, key+".next", args...), Tell: i18n.T(ctx, key+".tell", args...)}
}

// steps are the stages from approval to the payee's hands.
func (p ShowPage) steps(ctx context.Context) []ui.Step {
	x := p.Payout
	cash := x.To.Kind.Cash()
	approved := p.Batch.DecidedAt
	if x.State == models.PayoutInBatch || x.SubmittedAt == nil && x.State == models.PayoutCancelled {
		approved = nil
	}
	stages := []ui.Step{
		stage(ctx, "payouts.step.approved", approved, p.Now),
		stage(ctx, "payouts.step.sent", x.SentAt, p.Now),
	}
	if cash {
		stages = append(stages, stage(ctx, "payouts.step.available", x.AvailableAt, p.Now))
	}
	last := "payouts.step.paid"
	if cash {
		last = "payouts.step.collected"
	}
	stages = append(stages, stage(ctx, last, x.PaidAt, p.Now))
	for i := range stages {
		if stages[i].State == "" {
			stages[i].State = nextStage(x.State)
			if stages[i].State == "stop" {
				stages[i].Title, stages[i].Note = i18n.T(ctx, ui.PayoutState(x.State).Key), i18n.When(ctx, x.StateAt, p.Now)
				return stages[:i+1]
			}
			break
		}
	}
	if x.State == models.PayoutReturned {
		stages = append(stages, ui.Step{State: "stop", Title: i18n.T(ctx, ui.PayoutState(x.State).Key), Note: i18n.When(ctx, x.StateAt, p.Now)})
	}
	return stages
}

func stage(ctx context.Context, key string, at *time.Time, now time.Time) ui.Step {
	if at == nil {
		return ui.Step{Title: i18n.T(ctx, key)}
	}
	return ui.Step{State: "done", Title: i18n.T(ctx, key), Note: i18n.When(ctx, *at, now)}
}

// nextStage is the look of the first stage that was not reached.
func nextStage(s models.PayoutState) string {
	if s.Releases() {
		return "stop"
	}
	return "now"
}

// timeline is the payout's history in sentences.
func (p ShowPage) timeline(ctx context.Context) []ui.LogEntry {
	list := make([]ui.LogEntry, len(p.History))
	for i, e := range p.History {
		l := ui.PayoutStateBy(e.To, p.Payout.To.Kind)
		list[i] = ui.LogEntry{Tone: l.Tone, Icon: l.Icon, Who: e.ActorName, Note: e.Note, At: e.At,
			Text: i18n.T(ctx, "payouts.event."+originOf(e.Origin), "State", i18n.T(ctx, l.Key))}
	}
	return list
}

func originOf(o string) string {
	switch o {
	case "submit", "lookup", "poll", "notification", "person", "sweep":
		return o
	}
	return "poll"
}

// outcome is the chip of an attempt.
func outcome(a Attempt) ui.Look {
	switch a.Outcome {
	case "accepted", "found":
		return ui.Look{Tone: "ok", Icon: "circle-check", Key: "payouts.outcome." + a.Outcome}
	case "rejected":
		return ui.Look{Tone: "bad", Icon: "circle-x", Key: "payouts.outcome.rejected"}
	case "not_found", "not_sent":
		return ui.Look{Icon: "circle-dashed", Key: "payouts.outcome." + a.Outcome}
	case "unknown":
		return ui.Look{Tone: "hold", Icon: "help-circle", Key: "payouts.outcome.unknown"}
	}
	return ui.Look{Tone: "info", Icon: "clock", Key: "payouts.outcome.open"}
}

// kindText is what was asked, and the status of the answer.
func kindText(ctx context.Context, a Attempt) string {
	text := i18n.T(ctx, "payouts.kind."+a.Kind)
	if a.Status == 0 {
		return text
	}
	return text + ", HTTP " + strconv.Itoa(a.Status)
}

func maskedDocument(p models.Payee) string { return ident.Mask(p.DocType, p.DocNumber, p.DocDV) }

// totals are the sums of the postings.
func totals(entries []Entry) models.Money {
	sum := models.Pesos(0)
	for _, e := range entries {
		sum = sum.Add(e.Amount)
	}
	return sum
}

// ask builds the question before an operation. op is hold, release or cancel.
func ask(ctx context.Context, x models.Payout, op, csrf string) ui.Ask {
	args := []any{"Name", x.Payee.Name(), "Amount", i18n.Money(ctx, x.Amount)}
	key := "payouts." + op
	a := ui.Ask{ID: op, CSRF: csrf, Title: i18n.T(ctx, key+".title", args...), Text: i18n.T(ctx, key+".text", args...), Confirm: i18n.T(ctx, key+".do")}
	switch op {
	case "hold":
		a.Action, a.Icon = urls.HoldPayout(x.ID), "hand-stop"
	case "release":
		a.Action, a.Icon = urls.ReleasePayout(x.ID), "player-play"
	case "cancel":
		a.Action, a.Icon, a.Danger = urls.CancelPayout(x.ID), "ban", true
	}
	return a
}

// AskPage is an operation's question as a page of its own.
type AskPage struct {
	layout.Page
	Payout  models.Payout
	Op      string
	Problem string
	Typed   string
}

// pretty breaks the lines of JSON that came without any, so that it can be read; anything else stays.
func pretty(s string) string { return strings.TrimSpace(indent(s)) }

func maskedPhone(p models.Payee) string { return ident.MaskPhone(p.Phone) }

// charge is what the rail charged beside what was expected.
func charge(ctx context.Context, x models.Payout) []ui.Sum {
	expected := models.Pesos(0)
	if x.PaidAt != nil {
		expected = x.Fee.Add(x.FeeIVA)
	}
	list := []ui.Sum{{Label: i18n.T(ctx, "payouts.charge.expected"), Value: i18n.Money(ctx, expected)}}
	if x.FeeCharged == nil {
		return list
	}
	return append(list, ui.Sum{Label: i18n.T(ctx, "payouts.charge.by_rail"), Value: i18n.Money(ctx, *x.FeeCharged)},
		ui.Sum{Label: i18n.T(ctx, "payouts.charge.difference"), Value: i18n.Money(ctx, x.FeeCharged.Sub(expected)), Total: true})
}

// sums is how the amount came about and what it costs.
func sums(ctx context.Context, x models.Payout) []ui.Sum {
	var list []ui.Sum
	if x.CarryIn.Minor != 0 || x.CarryOut.Minor != 0 {
		list = append(list, ui.Sum{Label: i18n.T(ctx, "payouts.sum.lines"), Value: i18n.Money(ctx, x.Amount.Add(x.CarryOut).Sub(x.CarryIn))})
	}
	if x.CarryIn.Minor != 0 {
		list = append(list, ui.Sum{Label: i18n.T(ctx, "payouts.sum.carried_in"), Value: i18n.Money(ctx, x.CarryIn)})
	}
	if x.CarryOut.Minor != 0 {
		list = append(list, ui.Sum{Label: i18n.T(ctx, "payouts.sum.carried_out"), Value: i18n.Money(ctx, x.CarryOut.Neg())})
	}
	list = append(list, ui.Sum{Label: i18n.T(ctx, "payouts.sum.net"), Value: i18n.Money(ctx, x.Amount), Total: true},
		ui.Sum{Label: i18n.T(ctx, "payouts.sum.fee"), Value: i18n.Money(ctx, x.Fee.Add(x.FeeIVA))})
	if x.GMF.Positive() {
		list = append(list, ui.Sum{Label: i18n.T(ctx, "payouts.sum.gmf"), Value: i18n.Money(ctx, x.GMF)})
	}
	return list
}
