package tracking_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/parcel"
	"pagaduria/services/tracking"
)

var admin = models.Actor{Name: "Admin", Roles: []models.Role{models.RoleAdmin}}

// post sends a message signed with a secret, works on what came of it, and answers why it was rejected.
func post(t testing.TB, s *tracking.Service, slug, secret, body string) (reason string) {
	t.Helper()
	h := http.Header{parcel.SignatureHeader: {"sha256=" + parcel.Sign(secret, []byte(body))}}
	reason, err := s.Receive(t.Context(), tracking.Delivery{Slug: slug, Header: h, Body: []byte(body), Remote: "203.0.113.9"})
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT max(id) FROM carrier_deliveries`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if err := s.WorkDelivery(t.Context(), tracking.DeliveryArgs{ID: id}); err != nil {
		t.Fatal(err)
	}
	return reason
}

func secretOf(t testing.TB, s *tracking.Service, slug string) string {
	t.Helper()
	secret, err := s.NewSecret(t.Context(), admin, carrierID(t, s, slug))
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func message(id, waybill, code, at string, cash int) string {
	return fmt.Sprintf(`{"event_id":%q,"tracking_number":%q,"code":%q,"description":"T","occurred_at":"2026-11-%sT08:00:00-05:00","cash_amount":%d}`, id, waybill, code, at, cash)
}

func TestACarriersMessagesMoveItsParcels(t *testing.T) {
	t.Parallel()
	s := newService(t)
	secret := secretOf(t, s, "coordinadora")
	for _, m := range []string{message("e3", "W1", "6", "12", 85400), message("e1", "W1", "1", "10", 85400), message("e3", "W1", "6", "12", 85400), message("e2", "W1", "K", "11", 0),
		message("e9", "W1", "6", "12", 85400)} {
		if reason := post(t, s, "coordinadora", secret, m); reason != "" {
			t.Errorf("%s is rejected: %s", m, reason)
		}
	}
	if got := whereIs(t, s, "W1"); got != "delivered|delivered|3|t|85400" {
		t.Errorf("got %s", got)
	}
	if got := text(t, s, `SELECT string_agg(verdict || ':' || outcome, ' ' ORDER BY id) FROM carrier_deliveries`); got != "accepted:stored accepted:stored duplicate: accepted:unknown accepted:unchanged" {
		t.Errorf("got %s", got)
	}
	id := carrierID(t, s, "coordinadora")
	if b := book(t, s, id); len(b.Unknown) != 1 || len(b.Latest) != 5 || !b.Carrier.Signs {
		t.Errorf("got %+v", b)
	}
	setCode(t, s, id, "K", models.MeansRemitted)
	if got := whereIs(t, s, "W1") + text(t, s, `SELECT ' ' || CAST(CAST(remitted_at AT TIME ZONE 'America/Bogota' AS date) AS text) FROM shipments`); got != "delivered|delivered|3|t|85400 2026-11-11" {
		t.Errorf("remitted: %s", got)
	}
}

func TestWhatACarrierIsNotBelievedIsKeptAndMovesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	old := secretOf(t, s, "coordinadora")
	secret := secretOf(t, s, "coordinadora")
	m := message("e1", "W1", "6", "12", 0)
	for _, c := range []struct{ name, slug, secret, reason string }{
		{"a secret that was replaced", "coordinadora", old, tracking.RejectedSignature},
		{"nobody's address", "nobody", secret, tracking.RejectedCarrier},
		{"a carrier without a secret", "servientrega", "", tracking.RejectedClosed},
		{"another carrier's secret", "coordinadora", secretOf(t, s, "interrapidisimo"), tracking.RejectedSignature},
	} {
		if reason := post(t, s, c.slug, c.secret, m); reason != c.reason {
			t.Errorf("%s: %q, want %q", c.name, reason, c.reason)
		}
	}
	if reason, err := s.Receive(t.Context(), tracking.Delivery{Slug: "coordinadora", Body: []byte(m), TooLarge: true}); err != nil || reason != tracking.RejectedSize {
		t.Errorf("too large: %q, %v", reason, err)
	}
	if got := text(t, s, `SELECT count(*) || ' ' || (SELECT count(*) FROM tracking_events) FROM carrier_deliveries WHERE verdict = 'rejected'`); got != "5 0" {
		t.Errorf("kept and events: %s", got)
	}
	if reason := post(t, s, "coordinadora", secret, m); reason != "" {
		t.Errorf("the genuine one after forged ones of the same number: %s", reason)
	}
	if got := text(t, s, `SELECT count(*)::text FROM carriers WHERE secret IS NOT NULL AND position(convert_to($1, 'UTF8') IN secret) > 0`, secret); got != "0" {
		t.Error("the secret is not sealed")
	}
	if _, err := s.NewSecret(t.Context(), finance, carrierID(t, s, "coordinadora")); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance makes a secret: %v", err)
	}
}

func TestARefusedMessageStaysWithItsReasonAndCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	secret, id := secretOf(t, s, "coordinadora"), carrierID(t, s, "coordinadora")
	now := s.Now()
	post(t, s, "coordinadora", secret, message("e1", "W1", "6", "29", 0))
	d := book(t, s, id).Latest[0]
	if !d.Again() || !strings.Contains(d.Note, "future") {
		t.Fatalf("got %+v", d)
	}
	if _, err := s.Again(t.Context(), finance, id, d.ID); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance: %v", err)
	}
	if outcome, err := s.Again(t.Context(), support, id, d.ID); err != nil || outcome != models.DeliveryRefused {
		t.Errorf("still in the future: %q, %v", outcome, err)
	}
	today := now.AddDate(0, 0, 8)
	later := &tracking.Service{DB: s.DB, Vault: s.Vault, Now: func() time.Time { return today }}
	if outcome, err := later.Again(t.Context(), support, id, d.ID); err != nil || outcome != "stored" {
		t.Errorf("a week later: %q, %v", outcome, err)
	}
	var refused *models.Error
	if _, err := later.Again(t.Context(), support, id, d.ID); !errors.As(err, &refused) || refused.Kind != models.Conflict {
		t.Errorf("twice: %v", err)
	}
	if _, err := later.Again(t.Context(), support, carrierID(t, s, "servientrega"), d.ID); models.KindOf(err) != models.NotFound {
		t.Errorf("on another carrier's page: %v", err)
	}
}

func TestAMessageMovesItsParcelOnceHoweverManyBringIt(t *testing.T) {
	t.Parallel()
	s := newService(t)
	secret := secretOf(t, s, "coordinadora")
	body := message("e1", "W1", "700", "12", 0)
	h := http.Header{parcel.SignatureHeader: {parcel.Sign(secret, []byte(body))}}
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if _, err := s.Receive(t.Context(), tracking.Delivery{Slug: "coordinadora", Header: h, Body: []byte(body)}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := text(t, s, `SELECT count(*) || ' ' || (SELECT count(*) FROM river_job WHERE kind = 'tracking.delivery') FROM carrier_deliveries WHERE verdict = 'accepted'`); got != "1 1" {
		t.Fatalf("accepted and jobs: %s", got)
	}
	var id int64
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT id FROM carrier_deliveries WHERE verdict = 'accepted'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	for range 4 { // two workers, and the job once more
		group.Go(func() {
			if err := s.WorkDelivery(t.Context(), tracking.DeliveryArgs{ID: id}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := whereIs(t, s, "W1"); got != "incident|incident|1|f|0" {
		t.Errorf("got %s", got)
	}
}
