package parcel

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

// The first is RFC 4231, test case 2; the other was computed by openssl dgst -sha256 -hmac.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, secret, body, signature string }{
		{"RFC 4231", "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"an event", "carrier-secret", `{"event_id":"E-1","tracking_number":"W1","code":"6"}`, "b871aba83687f84b689dd86511198ed987a10f1a421095b40b77f461f6df8c62"},
	} {
		if got := Sign(c.secret, []byte(c.body)); got != c.signature {
			t.Errorf("%s: got %s", c.name, got)
		}
		for header, want := range map[string]bool{c.signature: true, "sha256=" + c.signature: true, strings.ToUpper(c.signature): true, "": false, "sha256=": false,
			c.signature[:62]: false, "zz" + c.signature[2:]: false, "00" + c.signature[2:]: c.signature[:2] == "00"} {
			if got := Signed(c.secret, http.Header{SignatureHeader: {header}}, []byte(c.body)); got != want {
				t.Errorf("%s with %q: %v", c.name, header, got)
			}
		}
		if Signed(c.secret, http.Header{SignatureHeader: {c.signature}}, []byte(c.body+" ")) {
			t.Errorf("%s: other bytes are believed", c.name)
		}
	}
}

func TestWhatAMessageMustSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, says string }{
		{"all", `{"event_id":"1","tracking_number":" W 1 ","code":"6","description":"ENTREGADA","occurred_at":"2026-11-20T10:00:00-05:00","cash_amount":85400}`, ""},
		{"an amount as text", `{"tracking_number":"W1","code":"6","occurred_at":"2026-11-20T10:00:00-05:00","cash_amount":"85400"}`, ""},
		{"a state alone", `{"tracking_number":"W1","state":"ENTREGADO","occurred_at":"2026-11-20T10:00:00-05:00"}`, ""},
		{"no JSON", `W1;6`, "JSON"},
		{"no parcel", `{"code":"6","occurred_at":"2026-11-20T10:00:00-05:00"}`, "tracking_number"},
		{"nothing happened", `{"tracking_number":"W1","occurred_at":"2026-11-20T10:00:00-05:00"}`, "code is missing"},
		{"no time", `{"tracking_number":"W1","code":"6"}`, "occurred_at"},
		{"a time that is none", `{"tracking_number":"W1","code":"6","occurred_at":"yesterday"}`, "JSON"},
		{"next week", `{"tracking_number":"W1","code":"6","occurred_at":"2026-11-29T10:00:00-05:00"}`, "future"},
		{"centavos", `{"tracking_number":"W1","code":"6","occurred_at":"2026-11-20T10:00:00-05:00","cash_amount":85400.5}`, "whole pesos"},
		{"negative", `{"tracking_number":"W1","code":"6","occurred_at":"2026-11-20T10:00:00-05:00","cash_amount":-1}`, "whole pesos"},
		{"endless", `{"tracking_number":"W1","code":"` + strings.Repeat("6", 201) + `","occurred_at":"2026-11-20T10:00:00-05:00"}`, "longer than"},
	} {
		e, err := Read([]byte(c.body), now)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
		if c.name == "all" && (e.Waybill != "W 1" || ID([]byte(c.body)) != "1") {
			t.Errorf("read %+v", e)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"event_id":"1","tracking_number":"W1","code":"6","occurred_at":"2026-11-20T10:00:00-05:00","cash_amount":85400}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := Read(body, now)
		if err != nil {
			return
		}
		if m, err := e.Money(); err != nil || m.Minor < 0 || e.Waybill == "" || e.OccurredAt.IsZero() {
			t.Errorf("accepted %+v", e)
		}
	})
}
