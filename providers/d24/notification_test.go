package d24

import (
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/providers"
)

// The vectors derive from the documented inputs of cashouts v3.
func TestVectors(t *testing.T) {
	t.Parallel()
	control := New(Config{Signature: "your_cashout_api_signature"}).control("cashoutID1234")
	if got, want := strings.ToUpper(hex.EncodeToString(control)), "DDD345FB66A8053FBB69E0DBCACFDE5F63CA05140C3A2C446B7A0E4118F8BA1D"; got != want {
		t.Errorf("control %s, want %s", got, want)
	}
	got := New(Config{Signature: "api_signature_demo"}).sign([]byte(`{"login":"cashout_login","pass":"cashout_pass","cashout_id":11954}`))
	if want := "b2321e847b97f896c088b55c11e6abaf97603cb4b9e6403b9a41d458a9d4704d"; got != want {
		t.Errorf("Payload-Signature %s, want %s", got, want)
	}
}

// The sample's key is not published: it shows the form only.
const sample = "date=2020-03-12%2020%3A26%3A11&bank_reference_id=&comments=&external_id=cashoutV35381&control=A4CFF64E78C4BD01F8BFCA4AFF04632EC4A33CC61BD6BBD156BA1289897892EB&cashout_id=60067&status_reason="

func TestDocumentedSampleParses(t *testing.T) {
	t.Parallel()
	n, control, err := parseNotification(nil, []byte(sample))
	if err != nil || n.Reference != "cashoutV35381" || n.RailID != "60067" || len(control) != 32 {
		t.Errorf("got %+v, %v", n, err)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	c := New(Config{Signature: "your_cashout_api_signature"})
	const good = "DDD345FB66A8053FBB69E0DBCACFDE5F63CA05140C3A2C446B7A0E4118F8BA1D"
	form := func(id, control string) string {
		return url.Values{"external_id": {id}, "control": {control}, "cashout_id": {"60067"}}.Encode()
	}
	json := http.Header{"Content-Type": {"application/json"}}
	utf8 := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"}}
	for name, v := range map[string]struct {
		header http.Header
		body   string
		ok     bool
	}{
		"documented form":     {nil, form("cashoutID1234", good), true},
		"with a charset":      {utf8, form("cashoutID1234", good), true},
		"lower case":          {nil, form("cashoutID1234", strings.ToLower(good)), true},
		"another reference":   {nil, form("cashoutID1235", good), false},
		"cut control":         {nil, form("cashoutID1234", good[:62]), false},
		"long control":        {nil, form("cashoutID1234", good+"00"), false},
		"not hex":             {nil, form("cashoutID1234", strings.Repeat("Z", 64)), false},
		"no control":          {nil, "external_id=cashoutID1234", false},
		"empty control":       {nil, form("cashoutID1234", ""), false},
		"no reference":        {nil, "control=" + good, false},
		"two references":      {nil, form("cashoutID1234", good) + "&external_id=other", false},
		"two controls":        {nil, form("cashoutID1234", good) + "&control=" + good, false},
		"odd cashout_id":      {nil, strings.Replace(form("cashoutID1234", good), "60067", "60067%20x", 1), false},
		"JSON":                {json, form("cashoutID1234", good), false},
		"broken escape":       {nil, "external_id=%zz&control=" + good, false},
		"too large":           {nil, form("cashoutID1234", good) + "&comments=" + strings.Repeat("x", maxNotification), false},
		"semicolon separator": {nil, "external_id=cashoutID1234;control=" + good, false},
		"nothing":             {nil, "", false},
	} {
		n, err := c.Authenticate(v.header, []byte(v.body))
		if (err == nil) != v.ok {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil && n != (providers.Notification{}) {
			t.Errorf("%s: a refused notification names %+v", name, n)
		}
	}
}

func FuzzNotification(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("external_id=a&external_id=b&control=00"))
	f.Add([]byte("%"))
	c := New(Config{Signature: "k"})
	f.Fuzz(func(t *testing.T, body []byte) {
		n, control, err := parseNotification(nil, body)
		if err == nil && (n.Reference == "" || len(control) != 32) {
			t.Errorf("took %q as %+v", body, n)
		}
		if _, err := c.Authenticate(nil, body); err == nil && string(control) != string(c.control(n.Reference)) {
			t.Errorf("authenticated %q", body)
		}
	})
}

// An answer is a receipt only with an id and 200, and a refusal only with a documented code and 4xx.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"cashout_id":"8405147"}`, `{"cashout_status":3,"rejection_code":0,"rejection_reason":"Test"}`,
		`{"code":511,"message":"x"}`, `{"code":"","message":1}`, `[]`, `null`, ``} {
		f.Add(200, []byte(s))
		f.Add(412, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		a := answer{status: status, body: body}
		receipt, err := a.receipt()
		var no *providers.Rejected
		switch {
		case err == nil:
			if status != 200 || receipt.RailID == "" {
				t.Errorf("receipt %+v of %d %q", receipt, status, body)
			}
		case errors.As(err, &no):
			if _, known := errorCodes[no.Code]; !known || status < 400 || status > 499 {
				t.Errorf("refusal %+v of %d %q", no, status, body)
			}
		}
		if st, err := a.statusOf(providers.Ref{Kind: models.EfectyCash}); err == nil && !st.State.Valid() {
			t.Errorf("state %q of %q", st.State, body)
		}
	})
}
