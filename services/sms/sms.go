// Package sms hands short messages to a gateway over HTTP with JSON, as most of them have it. Which of them went out is
// for the caller to keep.
package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Sender hands one message to a gateway and answers its number there. id is ours: the same message keeps it, so that a
// gateway that knows it sends nothing twice. The error is *Refused, ErrNotSent, or anything else, which means that the
// message may have gone out.
type Sender interface {
	Send(ctx context.Context, id, to, text string) (number string, err error)
}

// Refused is a definite no: the gateway will never send this message.
type Refused struct{ Message string }

func (r *Refused) Error() string { return "refused: " + r.Message }

// ErrNotSent means that the gateway took nothing: the message may be tried again.
var ErrNotSent = errors.New("nothing was handed to the SMS gateway")

// Gateway posts {"id", "to", "from", "text"} to one address, with a bearer token and the id as Idempotency-Key. A 2xx
// answer may name the message's number as {"id"}.
type Gateway struct {
	address, token, from string
	client               *http.Client
}

// timeout bounds one request.
const timeout = 20 * time.Second

// maxAnswer is how much of an answer is read.
const maxAnswer = 4 << 10

// NewGateway reads the address of a gateway, which is https or on this machine. from is the name or number that messages
// come from, token what opens the gateway; both may be "".
func NewGateway(address, token, from string) (*Gateway, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname())) {
		return nil, fmt.Errorf("PAGADURIA_SMS_URL must look like https://sms.example.co/messages")
	}
	// A gateway does not send us elsewhere: what it says would be posted there, with the token.
	client := &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Gateway{address: address, token: token, from: from, client: client}, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// message is the body of a request.
type message struct {
	ID   string `json:"id"`
	To   string `json:"to"`
	From string `json:"from,omitempty"`
	Text string `json:"text"`
}

// Send posts one message.
func (g *Gateway) Send(ctx context.Context, id, to, text string) (string, error) {
	body, err := json.Marshal(message{ID: id, To: to, From: g.from, Text: text})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.address, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", id)
	if g.token != "" {
		request.Header.Set("Authorization", "Bearer "+g.token)
	}
	answer, err := g.client.Do(request)
	if err != nil {
		if dialled := (*net.OpError)(nil); errors.As(err, &dialled) && dialled.Op == "dial" {
			return "", fmt.Errorf("%w: %w", ErrNotSent, err)
		}
		return "", fmt.Errorf("hand over an SMS: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("read the answer to an SMS: %w", err)
	}
	return read(answer.StatusCode, said)
}

// read tells the answers apart: only 4xx says that the message did not go out.
func read(status int, said []byte) (string, error) {
	switch {
	case status/100 == 2:
		var number struct {
			ID string `json:"id"`
		}
		_ = json.Unmarshal(said, &number) // the number is a help for support, not a condition
		return number.ID, nil
	case status == http.StatusTooManyRequests:
		return "", fmt.Errorf("%w: it asks to come back later", ErrNotSent)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "", fmt.Errorf("%w: it does not accept the token (HTTP %d)", ErrNotSent, status)
	case status/100 == 4 && status != http.StatusRequestTimeout:
		return "", &Refused{fmt.Sprintf("HTTP %d %s", status, bytes.TrimSpace(said))}
	}
	return "", fmt.Errorf("the SMS gateway answered HTTP %d", status)
}
