package models

import (
	"net"
	"net/url"
	"strings"
	"time"
)

// Connection is one access path to a payout rail: address, limits and dates. Its secrets travel apart; what it charges is
// a FeeBook, for that changes by the day.
type Connection struct {
	ID            int64
	Slug          string // names it in the address of its notifications
	Rail          string
	Name          string
	State         string // paused, live
	PausedCause   string // why the product paused it by itself; "" when a person did
	BaseURL       string
	ValidityDays  int    // how long a cash payout can be collected; product setting, default 7
	Rate          int    // requests a second
	Concurrency   int    // requests at once
	MaxAmount     *Money // our own limit of one payout; nil when there is none
	EgressAddress string
	GMF           bool   // the tax on bank transactions is charged on what leaves over it
	GMFReason     string // why it is, or is not
	FloatControl  bool   // nothing is handed over beyond the money that lies at the rail
	FloatAlarm    *Money // raise an alarm below this,
	AlarmDays     *int   // or below so many days of average payouts
	Version       int
	UpdatedAt     time.Time
}

// Live answers whether payouts may be sent through it.
func (c Connection) Live() bool { return c.State == "live" }

// Credentials open a connection. They are wrapped at rest and never shown.
type Credentials struct {
	Login, Pass, Signature string
}

// Check refuses settings that cannot work, naming each field. secrets says whether credentials come with it.
func (c Connection) Check(secrets bool) error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	require := func(ok bool, field, key string) {
		if !ok {
			refused.WithField(field, key)
		}
	}
	require(c.ID != 0 || slugShaped(c.Slug), "slug", "connection.field.slug_bad")
	require(c.Rail == "d24", "rail", "connection.field.rail_bad")
	require(strings.TrimSpace(c.Name) != "", "name", "form.required")
	require(c.State == "live" || c.State == "paused", "state", "form.required")
	u, err := url.Parse(c.BaseURL)
	require(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())), "base_url", "connection.field.url_bad")
	require(c.ValidityDays >= 1 && c.ValidityDays <= 60, "validity_days", "connection.field.validity_bad")
	require(c.Rate >= 1 && c.Rate <= 10_000, "rate", "connection.field.rate_bad")
	require(c.Concurrency >= 1 && c.Concurrency <= 256, "concurrency", "connection.field.concurrency_bad")
	require(c.MaxAmount == nil || c.MaxAmount.Positive(), "max_amount", "form.amount_bad")
	require(c.ID != 0 || secrets, "login", "form.required")
	if refused.Fields != nil {
		return refused
	}
	return nil
}

func slugShaped(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
