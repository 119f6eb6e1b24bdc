package d24

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"pagaduria/providers"
)

// created answers POST /v3/cashout.
type created struct {
	CashoutID flex `json:"cashout_id"`
	Code      flex `json:"code"`
}

// state answers the status endpoint, and hold, release and cancel.
type state struct {
	Status      *int   `json:"cashout_status"`
	Description string `json:"cashout_status_description"`
	Code        flex   `json:"rejection_code"`
	Reason      string `json:"rejection_reason"`
	CashoutID   flex   `json:"cashout_id"`  // not documented here; believed only to refuse an answer about another one
	ExternalID  string `json:"external_id"` // likewise
}

// refusal is D24's error: code and message always, reason and reason_code sometimes.
type refusal struct {
	Code       flex   `json:"code"`
	Message    string `json:"message"`
	Reason     string `json:"reason"`
	ReasonCode flex   `json:"reason_code"`
	CashoutID  flex   `json:"cashout_id"`
}

// flex is an id or code that D24 writes as a number in one place and as a string in another.
type flex string

var flexForm = regexp.MustCompile(`^[0-9A-Za-z_-]{0,64}$`)

func (f *flex) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	s := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
	}
	if !flexForm.MatchString(s) {
		return fmt.Errorf("%q is neither an id nor a code", s)
	}
	*f = flex(s)
	return nil
}

// receipt reads the answer to a create: an id, a documented refusal, or nothing that can be trusted.
func (a answer) receipt() (providers.Receipt, error) {
	if a.status != http.StatusOK {
		return providers.Receipt{}, a.refused()
	}
	var ok created
	if err := json.Unmarshal(a.body, &ok); err != nil {
		return providers.Receipt{}, a.unknown("the answer is not as documented: %w", err)
	}
	if ok.CashoutID == "" || ok.Code != "" {
		return providers.Receipt{}, a.unknown("the answer names no cashout_id")
	}
	return providers.Receipt{RailID: string(ok.CashoutID), Exchange: a.exchange}, nil
}

// refused reads a refusal to create. 509 and 510 speak of a cashout that exists and make no sense here, so they
// prove nothing, nor does a code that is not documented.
func (a answer) refused() error {
	r, err := a.refusal()
	if err != nil {
		return err
	}
	if r.Code == codeNotFound || r.Code == codeTransition {
		return a.unknown("answered %d with code %s, which does not belong to a create", a.status, r.Code)
	}
	return a.rejected(r)
}

// refusal reads a 4xx with a documented code; any other answer leaves the outcome unknown.
func (a answer) refusal() (refusal, error) {
	var r refusal
	if a.status < 400 || a.status > 499 {
		return r, a.unknown("answered %d", a.status)
	}
	if err := json.Unmarshal(a.body, &r); err != nil {
		return r, a.unknown("answered %d, not as documented: %w", a.status, err)
	}
	if _, known := errorCodes[string(r.Code)]; !known {
		return r, a.unknown("answered %d with the undocumented code %q", a.status, r.Code)
	}
	return r, nil
}

func (a answer) rejected(r refusal) *providers.Rejected {
	message := r.Message
	if r.Reason != "" {
		message = strings.TrimSpace(message + " " + r.Reason)
	}
	if r.ReasonCode != "" {
		message += " (" + string(r.ReasonCode) + ")"
	}
	return &providers.Rejected{
		Code: string(r.Code), Message: providers.Text(message), Cause: causeOf(string(r.Code), r.Message),
		RailID: string(r.CashoutID), Exchange: a.exchange,
	}
}

func (a answer) unknown(format string, args ...any) error {
	return &providers.Failed{Err: fmt.Errorf("d24: "+format, args...), Exchange: a.exchange}
}

// number is an id as D24's samples send it: a number when it is one.
func (f flex) number() json.RawMessage {
	if n, err := strconv.ParseInt(string(f), 10, 64); err == nil && strconv.FormatInt(n, 10) == string(f) {
		return json.RawMessage(f)
	}
	quoted, _ := json.Marshal(string(f)) // a string always marshals
	return quoted
}

// errNoCashoutID is what hold and release end with when only our reference is known: D24 documents no other key.
var errNoCashoutID = errors.New("d24 holds and releases by cashout_id only, and it is not known yet")
