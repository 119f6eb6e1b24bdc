package distributors

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
	"pagaduria/models/kyc"
	"pagaduria/models/tax"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// PersonPage is one distributor.
type PersonPage struct {
	layout.Page
	Of       models.DistributorDetail
	Today    time.Time
	Case     *kyc.Case          // the newest one, nil without any
	Risk     *models.RiskDetail // nil for who may not know
	Due      *models.Expiry     // nil for who is not verified
	Tax      *tax.Profile       // what was declared and counts today, nil without
	Revealed bool               // personal data unmasked: the answer to a reveal, never a page of its own
}

func query(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func (p PersonPage) document() string {
	if p.Revealed {
		return ident.Document{Country: p.Of.Country, Type: p.Of.DocType, Number: p.Of.DocNumber, DV: p.Of.DocDV}.String()
	}
	return masked(p.Of.DocType, p.Of.DocNumber, p.Of.DocDV)
}

func (p PersonPage) phone() string {
	switch {
	case p.Of.Phone == "":
		return "–"
	case p.Revealed:
		return p.Of.Phone
	}
	return ident.MaskPhone(p.Of.Phone)
}

func (p PersonPage) email() string {
	switch {
	case p.Of.Email == "":
		return "–"
	case p.Revealed:
		return p.Of.Email
	}
	return models.MaskEmail(p.Of.Email)
}

func (p PersonPage) address() string {
	switch {
	case p.Of.Address == "":
		return "–"
	case p.Revealed:
		return p.Of.Address
	}
	return "••••"
}

// destination is where a method pays to, with the bank's name.
func (p PersonPage) destination(m models.PayoutMethod) string {
	to := m.Masked()
	if p.Revealed {
		to = m.AccountNumber + m.BreBKey
	}
	if bank, ok := colombia.BankByCode(m.BankCode); ok {
		to = bank.Name + " " + to
	}
	return to
}

func (p PersonPage) place() string {
	if m, ok := colombia.MunicipalityByCode(p.Of.Divipola); ok {
		return m.Name + ", " + m.Department
	}
	return p.Of.City
}

// why is the sentence that says what keeps the balance from being paid, "" when nothing does or there
// is nothing to pay.
func (p PersonPage) why(ctx context.Context) string {
	r := p.Of.WhyNotPaid(p.Today)
	switch {
	case p.Of.MergedInto != nil:
		return ""
	case r == "":
		return ""
	case p.Of.Payable.Minor == 0 && (r == models.RefusedNegative || r == models.RefusedTooSmall):
		return ""
	}
	if r == models.RefusedAccount {
		return i18n.T(ctx, "distributors.cooling_off", "Changed", i18n.Calendar(ctx, *p.Of.AccountChanged), "From", i18n.Calendar(ctx, *p.Of.PayableFrom))
	}
	return i18n.T(ctx, "distributors.why."+string(r))
}

// standing is the merge that this record went into another one with, nil when it stands by itself.
func (p PersonPage) standing() *models.Merge {
	for i, m := range p.Of.Merges {
		if p.Of.MergedInto != nil && m.State == models.MergeDone && m.AbsorbedID == p.Of.ID {
			return &p.Of.Merges[i]
		}
	}
	return nil
}

// mayEdit answers whether the reader may change the record: one that is part of another one stays as it is.
func (p PersonPage) mayEdit() bool {
	return p.Of.MergedInto == nil && p.May(models.PermDistributorsEdit)
}

// waitingSentence says which change waits for a second person, and who asked for it.
func waitingSentence(ctx context.Context, r models.Request) string {
	what := ""
	if len(r.Changes) > 0 {
		what = r.Changes[0].After
	}
	return i18n.T(ctx, "distributors.waiting."+strings.ReplaceAll(string(r.Kind), ".", "_"), "What", what, "Who", r.MakerName)
}

func (p PersonPage) tiles(ctx context.Context) []ui.TileData {
	payouts, lines := urls.PayoutsOf(p.Of.ID), urls.CommissionsOf(p.Of.ID)
	return []ui.TileData{
		{URL: lines, Label: i18n.T(ctx, "distributors.payable"), Big: i18n.Money(ctx, p.Of.Payable), Note: i18n.T(ctx, "distributors.payable_note")},
		{URL: payouts, Label: i18n.T(ctx, "distributors.held"), Big: i18n.Money(ctx, p.Of.Held), Note: i18n.T(ctx, "distributors.held_note")},
		{URL: payouts, Label: i18n.T(ctx, "distributors.under_way"), Big: i18n.Money(ctx, p.Of.UnderWay), Note: i18n.T(ctx, "distributors.under_way_note")},
		{URL: payouts, Label: i18n.T(ctx, "distributors.paid"), Big: i18n.Money(ctx, p.Of.Paid), Note: i18n.N(ctx, "distributors.n_payouts", int(p.Of.PaidCount))},
	}
}

// history mixes decisions and other changes, newest first. The audit event of a decision is left out,
// because the decision itself says more.
func (p PersonPage) history(ctx context.Context) []ui.LogEntry {
	entries := make([]ui.LogEntry, 0, len(p.Of.Verifications)+len(p.Of.Events))
	events := p.Of.Events
	flush := func(until time.Time) {
		for len(events) > 0 && events[0].At.After(until) {
			if events[0].Action != "distributor.verify" {
				entries = append(entries, eventEntry(ctx, events[0]))
			}
			events = events[1:]
		}
	}
	for _, v := range p.Of.Verifications {
		flush(v.At)
		entries = append(entries, decisionEntry(ctx, v))
	}
	flush(time.Time{})
	return entries
}

func decisionEntry(ctx context.Context, v models.VerificationEvent) ui.LogEntry {
	look := ui.VerificationState(v.To)
	text := i18n.T(ctx, "distributors.log.verification", "State", i18n.T(ctx, look.Key))
	if v.Until != nil {
		text = i18n.T(ctx, "distributors.log.verification_until", "State", i18n.T(ctx, look.Key), "Date", i18n.Calendar(ctx, *v.Until))
	}
	return ui.LogEntry{Tone: look.Tone, Icon: look.Icon, Who: v.StaffName, Text: text, Note: v.Reason, At: v.At}
}

var eventIcons = map[string]string{
	"distributor.create": "user-plus", "distributor.update": "edit", "distributor.method_add": "plus",
	"distributor.method_prefer": "check", "distributor.method_retire": "trash", "personal.reveal": "eye",
	"document.add":      "file-text",
	"distributor.merge": "arrows-exchange", "distributor.unmerge": "arrow-back-up",
}

func eventEntry(ctx context.Context, e models.AuditEvent) ui.LogEntry {
	icon, known := eventIcons[e.Action]
	if !known {
		icon = "history"
	}
	text := i18n.T(ctx, "distributors.log."+strings.ReplaceAll(e.Action, ".", "_"))
	var after struct {
		Changed []string `json:"changed"`
	}
	if json.Unmarshal([]byte(e.After), &after) == nil && len(after.Changed) > 0 {
		names := make([]string, len(after.Changed))
		for i, field := range after.Changed {
			names[i] = i18n.T(ctx, "distributors.changed."+field)
		}
		text += " " + strings.Join(names, ", ") + "."
	}
	return ui.LogEntry{Icon: icon, Who: e.ActorName, Text: text, Note: e.Reason, At: e.At}
}

// Warning is the sentence of a warning's code.
func Warning(ctx context.Context, code string) string {
	if key := "fault." + code; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return code
}

func warningSentences(ctx context.Context, codes []string) string {
	sentences := make([]string, len(codes))
	for i, code := range codes {
		sentences[i] = Warning(ctx, code)
	}
	return strings.Join(sentences, " ")
}

// evidence lists the decisions that have a file.
func (p PersonPage) evidence() (with []models.VerificationEvent) {
	for _, v := range p.Of.Verifications {
		if v.FileID != nil {
			with = append(with, v)
		}
	}
	return with
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
