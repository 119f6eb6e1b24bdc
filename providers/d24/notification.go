package d24

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"pagaduria/providers"
)

// maxNotification bounds a notification; documented ones have a few hundred bytes.
const maxNotification = 64 << 10

const formType = "application/x-www-form-urlencoded"

// Authenticate checks a notification's control, which proves that it comes from D24 and names one of our
// references. It covers nothing else: the notification may be old, and its cashout_id is only a hint.
//
// Documented is upper-case hex. Either case is taken, because the case of a digit proves nothing and refusing it
// could only lose a genuine notification; the comparison is of the bytes behind it, in constant time.
func (c *Client) Authenticate(h http.Header, body []byte) (providers.Notification, error) {
	n, control, err := parseNotification(h, body)
	if err != nil {
		return providers.Notification{}, err
	}
	if !hmac.Equal(control, c.control(n.Reference)) {
		return providers.Notification{}, errors.New("control does not match external_id")
	}
	return n, nil
}

// control is HMAC-SHA256 of "Be4" + external_id + "Bo7" under the API Signature.
func (c *Client) control(externalID string) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte("Be4" + externalID + "Bo7"))
	return mac.Sum(nil)
}

// parseNotification reads the form. A field given twice is refused: the signed one and the used one could differ.
func parseNotification(h http.Header, body []byte) (n providers.Notification, control []byte, err error) {
	if len(body) > maxNotification {
		return n, nil, errors.New("notification is too large")
	}
	if ct := h.Get("Content-Type"); ct != "" {
		if kind, _, err := mime.ParseMediaType(ct); err != nil || kind != formType {
			return n, nil, fmt.Errorf("notification is not %s", formType)
		}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return n, nil, fmt.Errorf("notification is not a form: %w", err)
	}
	for _, field := range []string{"external_id", "control", "cashout_id"} {
		if len(form[field]) > 1 {
			return n, nil, fmt.Errorf("%s is given more than once", field)
		}
	}
	n = providers.Notification{Reference: form.Get("external_id"), RailID: form.Get("cashout_id")}
	if n.Reference == "" || len(n.Reference) > 100 || strings.ContainsRune(n.Reference, 0) {
		return n, nil, errors.New("external_id is missing or not as documented")
	}
	if !flexForm.MatchString(n.RailID) {
		return n, nil, errors.New("cashout_id is not as documented")
	}
	control, err = hex.DecodeString(form.Get("control"))
	if err != nil || len(control) != sha256.Size {
		return n, nil, errors.New("control is missing or not 64 hex digits")
	}
	return n, control, nil
}
