package d24

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"pagaduria/models"
	"pagaduria/providers"
)

// D24's cashout_status.
const (
	statusPending   = 0
	statusCompleted = 1
	statusCancelled = 2
	statusRejected  = 3
	statusDelivered = 4
	statusOnHold    = 5
)

// named is the documented body of status, hold, release and cancel.
type named struct {
	Login      string          `json:"login"`
	Pass       string          `json:"pass"`
	CashoutID  json.RawMessage `json:"cashout_id,omitempty"`
	ExternalID string          `json:"external_id,omitempty"`
	Status     string          `json:"status,omitempty"`
}

func (c *Client) named(method, url string, n named) (call, error) {
	n.Login, n.Pass = c.cfg.Login, c.cfg.Pass
	shown := n
	shown.Login, shown.Pass = stars, stars
	return newCall(method, url, n, shown)
}

// Status asks by D24's cashout_id when it is known, else by our external_id. Only the latter can end in
// ErrNotFound: a cashout whose id D24 itself gave out was created, whatever D24 says now.
//
// A look-up that overtakes a create still under way finds nothing either: callers wait before they conclude.
func (c *Client) Status(ctx context.Context, ref providers.Ref) (providers.Status, error) {
	n := named{ExternalID: ref.Reference}
	if ref.RailID != "" {
		n = named{CashoutID: flex(ref.RailID).number()}
	}
	call, err := c.named(http.MethodPost, c.endpoints.status, n)
	if err != nil {
		return providers.Status{}, err
	}
	a, err := c.send(ctx, call)
	if err != nil {
		return providers.Status{}, err
	}
	if a.status == http.StatusOK {
		return a.statusOf(ref)
	}
	r, err := a.refusal()
	if err != nil {
		return providers.Status{}, err
	}
	if r.Code != codeNotFound {
		return providers.Status{}, a.rejected(r)
	}
	if ref.RailID != "" {
		return providers.Status{}, a.unknown("cashout %s is not known any more", ref.RailID)
	}
	return providers.Status{Exchange: a.exchange}, providers.ErrNotFound
}

// statusOf reads a status in our words.
func (a answer) statusOf(ref providers.Ref) (providers.Status, error) {
	var s state
	if err := json.Unmarshal(a.body, &s); err != nil {
		return providers.Status{}, a.unknown("the status is not as documented: %w", err)
	}
	if s.Status == nil {
		return providers.Status{}, a.unknown("the answer names no cashout_status")
	}
	if ref.RailID != "" && s.CashoutID != "" && string(s.CashoutID) != ref.RailID {
		return providers.Status{}, a.unknown("the answer is about cashout %s, not %s", s.CashoutID, ref.RailID)
	}
	if s.ExternalID != "" && s.ExternalID != ref.Reference {
		return providers.Status{}, a.unknown("the answer is about another external_id")
	}
	st := providers.Status{RailID: ref.RailID, Code: string(s.Code), Reason: s.Reason, Exchange: a.exchange}
	if st.RailID == "" {
		st.RailID = string(s.CashoutID)
	}
	if st.Reason == "" {
		st.Reason = s.Description
	}
	st.Reason = providers.Text(st.Reason)
	var known bool
	if st.State, known = stateOf(*s.Status, st.Code, ref.Kind); !known {
		return providers.Status{}, a.unknown("status %d is not documented", *s.Status)
	}
	return st, nil
}

// stateOf turns D24's status into ours. Delivered is documented as "handed to the bank"; for cash we read it as
// ready to collect.
func stateOf(status int, code string, kind models.MethodKind) (models.PayoutState, bool) {
	switch status {
	case statusPending:
		return models.PayoutSent, true
	case statusCompleted:
		return models.PayoutPaid, true
	case statusCancelled:
		return models.PayoutCancelled, true
	case statusDelivered:
		if kind.Cash() {
			return models.PayoutAvailable, true
		}
		return models.PayoutSent, true
	case statusOnHold:
		return models.PayoutOnHold, true
	case statusRejected:
		return rejectedState(code), true
	}
	return "", false
}

func rejectedState(code string) models.PayoutState {
	switch code {
	case codeExpired:
		return models.PayoutExpired
	case codeReversed:
		return models.PayoutReturned
	}
	return models.PayoutFailed
}

// Hold stops a pending cashout.
func (c *Client) Hold(ctx context.Context, ref providers.Ref) (providers.Exchange, error) {
	return c.move(ctx, ref, "ON_HOLD", statusOnHold)
}

// Release lets a held cashout continue.
func (c *Client) Release(ctx context.Context, ref providers.Ref) (providers.Exchange, error) {
	return c.move(ctx, ref, "PENDING", statusPending)
}

func (c *Client) move(ctx context.Context, ref providers.Ref, word string, want int) (providers.Exchange, error) {
	if ref.RailID == "" {
		return providers.Exchange{}, fmt.Errorf("%w: %w", providers.ErrNotSent, errNoCashoutID)
	}
	call, err := c.named(http.MethodPut, c.endpoints.status, named{CashoutID: flex(ref.RailID).number(), Status: word})
	if err != nil {
		return providers.Exchange{}, err
	}
	return c.change(ctx, call, want)
}

// Cancel takes back a pending cashout. D24 asks for both ids; without its own we send ours alone.
func (c *Client) Cancel(ctx context.Context, ref providers.Ref) (providers.Exchange, error) {
	n := named{ExternalID: ref.Reference}
	if ref.RailID != "" {
		n.CashoutID = flex(ref.RailID).number()
	}
	call, err := c.named(http.MethodDelete, c.endpoints.cancel, n)
	if err != nil {
		return providers.Exchange{}, err
	}
	return c.change(ctx, call, statusCancelled)
}

// change sends a hold, release or cancel. The body of a success is not documented, so it need only be JSON and
// must not name another status than the one asked for.
func (c *Client) change(ctx context.Context, call call, want int) (providers.Exchange, error) {
	a, err := c.send(ctx, call)
	if err != nil {
		return a.exchange, err
	}
	if a.status != http.StatusOK {
		r, err := a.refusal()
		if err != nil {
			return a.exchange, err
		}
		return a.exchange, a.rejected(r)
	}
	var s state
	if err := json.Unmarshal(a.body, &s); err != nil {
		return a.exchange, a.unknown("the answer is not as documented: %w", err)
	}
	if s.Status != nil && *s.Status != want {
		return a.exchange, a.unknown("the answer says status %d, want %d", *s.Status, want)
	}
	return a.exchange, nil
}
