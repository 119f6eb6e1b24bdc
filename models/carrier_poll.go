package models

import (
	"net/url"
	"time"
)

// PollUnknown notes that a carrier does not know a parcel.
const PollUnknown = "unknown_parcel"

// PollSum is how asking a carrier goes.
type PollSum struct {
	Followed int64 // parcels
	Failing  int64 // of which the last question failed
	Unknown  int64 // that the carrier does not know
	Last     *time.Time
	Failure  string // the latest
}

// mostPollRate bounds how fast a carrier is asked.
const mostPollRate = 100

// CheckPolling refuses settings by which a carrier can't be asked. given says that there is a token, typed or stored.
func (c Carrier) CheckPolling(given bool) error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	u, err := url.Parse(c.PollURL)
	good := err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
	if (c.Polling || c.PollURL != "") && !good {
		refused.WithField("poll_url", "carriers.field.url_bad")
	}
	if c.Polling && !given {
		refused.WithField("poll_token", "carriers.field.token_missing")
	}
	if c.PollRate < 1 || c.PollRate > mostPollRate {
		refused.WithField("poll_rate", "carriers.field.rate_bad")
	}
	if len(refused.Fields) > 0 {
		return refused
	}
	return nil
}

// PollAgain is after how long a parcel of that age is asked for again: young ones move fast. After failures it waits twice as
// long each time.
func PollAgain(age time.Duration, failures int) time.Duration {
	const day = 24 * time.Hour
	if failures > 0 {
		return min(time.Minute<<min(failures, 10), 6*time.Hour)
	}
	switch {
	case age < 2*day:
		return time.Hour
	case age < 7*day:
		return 4 * time.Hour
	}
	return 12 * time.Hour
}
