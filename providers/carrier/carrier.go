// Package carrier asks a carrier for its parcels' events over HTTP: GET {base}/tracking/{waybill} with a bearer token answers
// a JSON list of the events that the carrier would post.
package carrier

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pagaduria/models/parcel"
	"pagaduria/providers"
)

// Config is how a carrier is asked.
type Config struct {
	BaseURL string
	Token   string
	HTTP    *http.Client  // nil is one of its own
	Timeout time.Duration // of one question; 0 is 10 s
}

// Client is a providers.Tracker of one carrier.
type Client struct{ cfg Config }

var _ providers.Tracker = (*Client)(nil)

// New returns a client. It opens no connection.
func New(cfg Config) *Client {
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{}
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Second
	}
	return &Client{cfg}
}

// mostAnswer bounds what is read of an answer, in bytes.
const mostAnswer = 1 << 20

// Track asks for one parcel.
func (c *Client) Track(ctx context.Context, waybill string) ([]parcel.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.cfg.BaseURL, "/")+"/tracking/"+url.PathEscape(waybill), nil)
	if err != nil {
		return nil, fmt.Errorf("ask for parcel %s: %w", waybill, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	r.Header.Set("Accept", "application/json")
	answer, err := c.cfg.HTTP.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask for parcel %s: %w", waybill, err)
	}
	defer func() { _ = answer.Body.Close() }()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, providers.ErrUnknownParcel
	default:
		return nil, fmt.Errorf("ask for parcel %s: the carrier answered %s", waybill, answer.Status)
	}
	var events []parcel.Event
	if err := json.NewDecoder(io.LimitReader(answer.Body, mostAnswer)).Decode(&events); err != nil {
		return nil, fmt.Errorf("read the answer about parcel %s: %w", waybill, err)
	}
	return events, nil
}
