package models

import (
	"testing"
	"time"
)

func TestWhenAPayeeIsSentTheCode(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	at := func(d time.Duration) *time.Time { x := now.Add(d); return &x }
	good := Telling{State: PayoutAvailable, Kind: EfectyCash, ExpiresAt: at(24 * time.Hour), Contact: true}
	for _, tt := range []struct {
		name   string
		change func(*Telling)
		want   Refusal
	}{
		{"waits at the counter", func(*Telling) {}, ""},
		{"expiry not known", func(x *Telling) { x.ExpiresAt = nil }, ""},
		{"on its way", func(x *Telling) { x.State = PayoutSent }, RefusedNoCode},
		{"collected", func(x *Telling) { x.State = PayoutPaid }, RefusedNoCode},
		{"a bank account", func(x *Telling) { x.Kind = BankAccount }, RefusedNoCode},
		{"the day is over", func(x *Telling) { x.ExpiresAt = at(0) }, RefusedLapsed},
		{"no contact", func(x *Telling) { x.Contact = false }, RefusedNoContact},
		{"told 59 minutes ago", func(x *Telling) { x.LastAt = at(-59 * time.Minute) }, RefusedToldNow},
		{"told an hour ago", func(x *Telling) { x.LastAt = at(-time.Hour) }, ""},
		{"asked for five times today", func(x *Telling) { x.Asked = 5 }, RefusedToldOften},
	} {
		x := good
		tt.change(&x)
		if got := x.WhyNot(now); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestMessageRulesThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		rules MessageRules
		ok    bool
	}{
		{"both", MessageRules{Available: Channels, Reminder: Channels, DaysBefore: 2}, true},
		{"none", MessageRules{DaysBefore: 1}, true},
		{"a channel that is none", MessageRules{Reminder: []Channel{ChannelNone}, DaysBefore: 2}, false},
		{"no day", MessageRules{}, false},
		{"months before", MessageRules{DaysBefore: 31}, false},
	} {
		if err := tt.rules.Check(); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
