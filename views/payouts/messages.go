package payouts

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/views/i18n"
	"pagaduria/views/layout"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Told is what the payee of a payout was told, and whether the code can be sent again.
type Told struct {
	List         []models.PayeeMessage
	Why          models.Refusal // why it is not sent again now, "" when it can be
	Email, Phone string
	Text         string // what the payee would read
}

// Shown answers whether the payee was told anything, or could be.
func (t Told) Shown(s models.PayoutState) bool {
	return len(t.List) > 0 || s == models.PayoutSent || s == models.PayoutAvailable
}

// to is where it would be sent, masked.
func (t Told) to() string {
	var list []string
	if t.Email != "" {
		list = append(list, models.MaskEmail(t.Email))
	}
	if t.Phone != "" {
		list = append(list, ident.MaskPhone(t.Phone))
	}
	return strings.Join(list, ", ")
}

var messageLooks = map[string]ui.Look{
	"queued":  {Tone: "info", Icon: "clock", Key: "messages.state.queued"},
	"sent":    {Tone: "ok", Icon: "circle-check", Key: "messages.state.sent"},
	"failed":  {Tone: "bad", Icon: "circle-x", Key: "messages.state.failed"},
	"dropped": {Icon: "ban", Key: "messages.state.dropped"},
}

// messageTo is the masked address of a message.
func messageTo(m models.PayeeMessage) string {
	switch m.Channel {
	case models.ChannelMail:
		return models.MaskEmail(m.Recipient)
	case models.ChannelSMS:
		return ident.MaskPhone(m.Recipient)
	}
	return ""
}

// RulesPage is what payees are told by itself.
type RulesPage struct {
	layout.Page
	Rules    models.MessageRules
	Gateway  bool // SMS can be sent
	Problem  string
	Errors   map[string]string
	Days     string // typed
	Examples []Example
}

// Example is one message as a payee reads it.
type Example struct {
	Kind          models.MessageKind
	Subject, Body string
	Text          string
}

// lines are those of the mail that say something.
func (e Example) lines() []string {
	return slices.DeleteFunc(strings.Split(e.Body, "\n"), func(s string) bool { return s == "" })
}

// ExampleWords are those of a payee who waits in Bogotá and does not exist.
func ExampleWords(ctx context.Context, kind models.MessageKind, now time.Time) models.PayeeWords {
	return models.PayeeWords{Kind: kind, Lang: payeeLang(i18n.From(ctx)), Name: "Ana Rojas", Amount: models.Pesos(184_500), Network: models.EfectyCash, DocType: "CC", Reference: "8405147",
		ExpiresAt: now.AddDate(0, 0, 2)}
}

func (p RulesPage) ticked(list []models.Channel, c models.Channel) bool {
	return slices.Contains(list, c)
}

// RemindPage asks before payees are reminded.
type RemindPage struct {
	layout.Page
	Query     url.Values
	Count     int64
	Total     models.Money
	NoContact []Unreachable
	Told      int
	Often     int
	More      bool
	Problem   string
}

// Unreachable is a payee who cannot be written to.
type Unreachable struct {
	PayoutID      int64
	DistributorID int64
	Name          string
	Amount        models.Money
	ExpiresAt     *time.Time
}

// shownUnreachable is how many of them a page names.
const shownUnreachable = 50

func firstUnreachable(list []Unreachable) []Unreachable {
	return list[:min(len(list), shownUnreachable)]
}

func (u Unreachable) sum(ctx context.Context) string {
	if u.ExpiresAt == nil {
		return i18n.Money(ctx, u.Amount)
	}
	return i18n.T(ctx, "messages.sum", "Amount", i18n.Money(ctx, u.Amount), "Date", i18n.Date(ctx, *u.ExpiresAt))
}

// hidden is the filter as fields.
func (p RemindPage) hidden() []ui.Pair {
	var list []ui.Pair
	for name, values := range p.Query {
		for _, v := range values {
			list = append(list, ui.Pair{Name: name, Value: v})
		}
	}
	slices.SortFunc(list, func(a, b ui.Pair) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (p RemindPage) back() string { return urls.PayoutsWith(p.Query) }

// payeeLocale is the language of a payee; who chose none, or another one, is written to in the language of the country.
func payeeLocale(lang string) i18n.Locale {
	switch lang {
	case "en":
		return i18n.En
	case "zh":
		return i18n.Zh
	}
	return i18n.Es
}

func payeeLang(l i18n.Locale) string {
	lang, _, _ := strings.Cut(string(l), "-")
	return lang
}

// payeeArgs fill the sentences of a message.
func payeeArgs(ctx context.Context, w models.PayeeWords) []any {
	return []any{"Name", w.Name, "Amount", i18n.Money(ctx, w.Amount), "Network", i18n.T(ctx, ui.MethodKey(w.Network)), "Document", w.DocType,
		"Reference", w.Reference, "Date", i18n.Date(ctx, w.ExpiresAt)}
}

// MessageMail writes a message to a payee as a mail.
func MessageMail(w models.PayeeWords) (subject, body string) {
	ctx := i18n.With(context.Background(), payeeLocale(w.Lang))
	args := payeeArgs(ctx, w)
	say := func(key string) string { return i18n.T(ctx, "messages.payee."+key, args...) }
	lines := []string{say("hello"), "", say(string(w.Kind)), say("bring"), say("until"), "", say("name"), say("care"), ""}
	return say(string(w.Kind) + "_subject"), strings.Join(lines, "\n")
}

// MessageText writes it as an SMS. The blanks that do not break become plain ones: they, like letters with an accent,
// would have the whole text sent in an alphabet of which only 70 letters fit.
func MessageText(w models.PayeeWords) string {
	ctx := i18n.With(context.Background(), payeeLocale(w.Lang))
	return strings.ReplaceAll(i18n.T(ctx, "messages.payee.sms_"+string(w.Kind), payeeArgs(ctx, w)...), "\u00a0", " ")
}
