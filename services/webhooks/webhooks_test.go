package webhooks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/providers/d24"
	"pagaduria/providers/d24/sim"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
	"pagaduria/services/vault"
	"pagaduria/services/webhooks"
)

func open(t *testing.T) (*webhooks.Service, *store.DB) {
	t.Helper()
	db := storetest.New(t)
	rail, err := sim.New(sim.Options{Manual: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rail.Close() })
	api := httptest.NewServer(rail.API())
	t.Cleanup(api.Close)
	box, err := vault.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	pay := &payouts.Service{DB: db, Vault: box, Now: time.Now, Open: func(c models.Connection, k models.Credentials) (providers.Provider, error) {
		return d24.New(d24.Config{BaseURL: c.BaseURL, Login: k.Login, Pass: k.Pass, Signature: k.Signature}), nil
	}}
	_, err = pay.SaveConnection(t.Context(), models.System("test"), models.Connection{Slug: "main", Rail: "d24", Name: "D24", State: "live", BaseURL: api.URL,
		ValidityDays: 7, Rate: 100, Concurrency: 4}, &models.Credentials{Login: sim.DefaultLogin, Pass: sim.DefaultPass, Signature: sim.DefaultSignature})
	if err != nil {
		t.Fatal(err)
	}
	s := &webhooks.Service{DB: db, Payouts: pay, Now: time.Now}
	s.Start()
	t.Cleanup(s.Stop)
	return s, db
}

// notice is a notification as D24 sends it.
func notice(reference, key string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("Be4" + reference + "Bo7"))
	return []byte(url.Values{"date": {"2026-11-20 20:26:11"}, "external_id": {reference}, "cashout_id": {"60067"}, "bank_reference_id": {""}, "comments": {""},
		"status_reason": {""}, "control": {strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))}}.Encode())
}

func delivery(slug string, body []byte) webhooks.Delivery {
	return webhooks.Delivery{Rail: "d24", Slug: slug, Body: body, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Remote: "192.0.2.1"}
}

func TestWhatArrivesIsKept(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	tooLarge := delivery("main", []byte("x"))
	tooLarge.TooLarge = true
	for _, tt := range []struct {
		name    string
		d       webhooks.Delivery
		verdict webhooks.Verdict
		reason  webhooks.Reason
	}{
		{"genuine", delivery("main", notice("P-1", sim.DefaultSignature)), webhooks.Accepted, ""},
		{"replayed", delivery("main", notice("P-1", sim.DefaultSignature)), webhooks.Duplicate, ""},
		{"of another payout", delivery("main", notice("P-2", sim.DefaultSignature)), webhooks.Accepted, ""},
		{"forged", delivery("main", notice("P-1", "guessed")), webhooks.Rejected, webhooks.ReasonSignature},
		{"not a form", delivery("main", []byte("%%%")), webhooks.Rejected, webhooks.ReasonSignature},
		{"empty", delivery("main", nil), webhooks.Rejected, webhooks.ReasonSignature},
		{"unknown address", delivery("other", notice("P-1", sim.DefaultSignature)), webhooks.Rejected, webhooks.ReasonConnection},
		{"too large", tooLarge, webhooks.Rejected, webhooks.ReasonTooLarge},
	} {
		verdict, reason, err := s.Receive(t.Context(), tt.d)
		if err != nil || verdict != tt.verdict || reason != tt.reason {
			t.Errorf("%s: got %s %s %v, want %s %s", tt.name, verdict, reason, err, tt.verdict, tt.reason)
		}
	}
	page, err := s.List(t.Context(), webhooks.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Rows) != 8 {
		t.Errorf("%d notifications are kept, want all 8", len(page.Rows))
	}
	var jobs int
	if err := db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'webhooks.work'`).Scan(&jobs); err != nil {
		t.Fatal(err)
	}
	if jobs != 2 {
		t.Errorf("%d jobs wait, want one for each accepted notification", jobs)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() {
			verdict, _, err := s.Receive(t.Context(), delivery("main", notice(fmt.Sprint("P-", i%200), sim.DefaultSignature)))
			if err != nil || verdict == webhooks.Rejected {
				t.Errorf("notification %d: %s %v", i, verdict, err)
			}
		})
	}
	wg.Wait()
	tallies, err := s.Tallies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := tallies[webhooks.Accepted] + tallies[webhooks.Duplicate]; got != 400 || tallies[webhooks.Accepted] < 200 {
		t.Errorf("got %v, want 400 in all and each of the 200 accepted", tallies)
	}
}

func TestUnknownPayoutIsNoted(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	if _, _, err := s.Receive(t.Context(), delivery("main", notice("P-9", sim.DefaultSignature))); err != nil {
		t.Fatal(err)
	}
	page, err := s.List(t.Context(), webhooks.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the job may run twice
		if err := s.Work(t.Context(), webhooks.WorkArgs{Events: []int64{page.Rows[0].ID}}); err != nil {
			t.Fatal(err)
		}
	}
	e, err := s.Event(t.Context(), page.Rows[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Work) != 1 || e.Work[0].Outcome != webhooks.OutcomeNoPayout {
		t.Errorf("got %+v", e.Work)
	}
	if _, err := s.Replay(t.Context(), models.Actor{StaffID: 1, Name: "Sol", Roles: []models.Role{models.RoleAuditor}}, e.ID); models.KindOf(err) != models.Forbidden {
		t.Errorf("an auditor processes it again: got %v", err)
	}
}
