package models

import (
	"slices"
	"time"
)

// Channel is a way a payee is written to.
type Channel string

// The channels. None stands with a message that had nowhere to go.
const (
	ChannelMail Channel = "mail"
	ChannelSMS  Channel = "sms"
	ChannelNone Channel = "none"
)

// Channels lists the channels in the order pages show them.
var Channels = []Channel{ChannelMail, ChannelSMS}

// MessageKind is why a payee is written to.
type MessageKind string

// The messages about cash that waits.
const (
	MessageAvailable MessageKind = "available" // it can be collected
	MessageReminder  MessageKind = "reminder"  // the code expires soon
	MessageAgain     MessageKind = "again"     // somebody asked for the code to be sent again
)

// MessageRules say what payees are told by itself, and by which channels; none is not at all. A new row replaces the last one.
type MessageRules struct {
	ID         int64
	Available  []Channel
	Reminder   []Channel
	DaysBefore int       // the expiry, of the reminder
	Since      time.Time // what became available before is not announced
	ByName     string    // "" as the product comes
}

// Check refuses rules that cannot be.
func (r MessageRules) Check() error {
	for _, c := range slices.Concat(r.Available, r.Reminder) {
		if !slices.Contains(Channels, c) {
			return Refuse(Invalid, "messages.refused.channel", "There is no such channel.", nil)
		}
	}
	if r.DaysBefore < 1 || r.DaysBefore > 30 {
		return Refuse(Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("days_before", "messages.refused.days")
	}
	return nil
}

// PayeeMessage is one message to a payee about a payout.
type PayeeMessage struct {
	ID        int64
	Kind      MessageKind
	Channel   Channel
	Recipient string // whole: pages mask it
	State     string // queued, sent, failed, dropped
	Failure   string // why it is not sent, a key of the catalogues
	Detail    string // in the gateway's own words
	Tries     int
	NextAt    *time.Time
	SentAt    *time.Time
	ByName    string // who asked for it, "" for the product itself
	CreatedAt time.Time
}

// PayeeWords are what a message says.
type PayeeWords struct {
	Kind      MessageKind
	Lang      string // of the payee
	Name      string
	Amount    Money
	Network   MethodKind
	DocType   string
	Reference string // what is said at the counter
	ExpiresAt time.Time
}

// How often a payee may be written to about one payout because somebody asks for it.
const (
	TellAgainAfter = time.Hour
	TellAgainADay  = 5
)

// Telling is what decides whether a payee can be sent the code of a payout now.
type Telling struct {
	State     PayoutState
	Kind      MethodKind
	ExpiresAt *time.Time
	Contact   bool       // there is a channel that reaches the payee
	LastAt    *time.Time // of the last message that was sent, or may have been
	Asked     int        // within a day, by people
}

// Why a payee is not sent the code.
const (
	RefusedNoCode    Refusal = "no_code"    // it is not waiting at a counter
	RefusedLapsed    Refusal = "lapsed"     // it waited long enough
	RefusedNoContact Refusal = "no_contact" // neither phone nor e-mail that could be used
	RefusedToldNow   Refusal = "told_now"   // less than an hour ago
	RefusedToldOften Refusal = "told_often" // as often as people may ask for in a day
)

// WhyNot answers why the payee is not sent the code now, or "".
func (t Telling) WhyNot(now time.Time) Refusal {
	switch {
	case t.State != PayoutAvailable || !t.Kind.Cash():
		return RefusedNoCode
	case t.ExpiresAt != nil && !t.ExpiresAt.After(now):
		return RefusedLapsed
	case !t.Contact:
		return RefusedNoContact
	case t.LastAt != nil && now.Sub(*t.LastAt) < TellAgainAfter:
		return RefusedToldNow
	case t.Asked >= TellAgainADay:
		return RefusedToldOften
	}
	return ""
}
