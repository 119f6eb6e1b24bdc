// Package parcel is the language in which carriers tell of their parcels: one event as signed JSON, or a list of them when asked.
package parcel

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"pagaduria/models"
)

// SignatureHeader carries the HMAC-SHA256 of the bytes sent, in hexadecimal, with or without "sha256=" before it.
const SignatureHeader = "X-Tracking-Signature"

// Sign is the signature of a message.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Signed answers whether whoever knows the secret sent these bytes.
func Signed(secret string, h http.Header, body []byte) bool {
	given, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(h.Get(SignatureHeader)), "sha256="))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal(given, mac.Sum(nil))
}

// Event is what a carrier says happened to a parcel, in its own words.
type Event struct {
	ID          string      `json:"event_id"`
	Waybill     string      `json:"tracking_number"`
	Code        string      `json:"code"`
	State       string      `json:"state,omitempty"` // of carriers that have one beside the code
	Description string      `json:"description,omitempty"`
	Incident    string      `json:"incident,omitempty"`
	OccurredAt  time.Time   `json:"occurred_at"`
	Cash        json.Number `json:"cash_amount,omitempty"` // whole pesos collected or to be collected
}

// ID is the carrier's number of the event in a message, "" when it says none that could be read.
func ID(body []byte) string {
	var e struct {
		ID string `json:"event_id"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	return strings.TrimSpace(e.ID)
}

// mostText bounds what a carrier writes into one field.
const mostText = 200

// ahead is how far a carrier's clock may run before ours: a later event would outweigh all that really follow.
const ahead = 24 * time.Hour

// Read reads one message; the error is a sentence about what is wrong with it.
func Read(body []byte, now time.Time) (e Event, err error) {
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("the message can't be read as JSON: %w", err)
	}
	return e, e.Check(now)
}

// Check says in a sentence what is wrong with an event, and brings its words to one form.
func (e *Event) Check(now time.Time) error {
	for name, field := range map[string]*string{"event_id": &e.ID, "tracking_number": &e.Waybill, "code": &e.Code, "state": &e.State,
		"description": &e.Description, "incident": &e.Incident} {
		*field = strings.Join(strings.Fields(*field), " ")
		if len(*field) > mostText {
			return fmt.Errorf("%s is longer than %d characters", name, mostText)
		}
	}
	switch {
	case e.Waybill == "":
		return errors.New("tracking_number is missing: say which parcel it is about")
	case e.Code == "" && e.State == "" && e.Description == "":
		return errors.New("code is missing: say what happened")
	case e.OccurredAt.IsZero():
		return errors.New("occurred_at is missing: say when it happened, as 2026-11-30T15:04:05-05:00")
	case e.OccurredAt.After(now.Add(ahead)):
		return fmt.Errorf("occurred_at %s lies in the future", e.OccurredAt.Format(time.RFC3339))
	}
	if m, err := e.Money(); err != nil || m.Minor < 0 {
		return fmt.Errorf("cash_amount %q is not an amount of whole pesos", e.Cash)
	}
	return nil
}

// Money is the cash of the event.
func (e *Event) Money() (models.Money, error) {
	if e.Cash == "" {
		return models.Pesos(0), nil
	}
	return models.ParsePesos(e.Cash.String())
}

// Says is the event in the carrier's words.
func (e *Event) Says() models.CarrierSays {
	return models.CarrierSays{Code: e.Code, State: e.State, Text: e.Description, Incident: e.Incident}
}
