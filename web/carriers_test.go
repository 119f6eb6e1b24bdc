package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/models/parcel"
	"pagaduria/services/tracking"
	"pagaduria/views/urls"
)

func TestACodeIsMappedOnThePageOfItsCarrier(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	finance, support, compliance := o.person("finance@demo.test"), o.person("support@demo.test"), o.person("compliance@demo.test")
	if page := o.get(compliance, urls.Carriers()); page.StatusCode != http.StatusForbidden {
		t.Errorf("compliance sees carriers: %s", page.Status)
	}
	file := "carrier,waybill,code,status_text,event_at\nCoordinadora,W77,K-5,EN CUSTODIA,2026-11-12 08:00:00\n"
	if _, err := o.app.h.Tracking.Import(t.Context(), bytes.NewReader([]byte(file)), models.ImportOptions{By: models.System("test"), Today: o.app.today()}); err != nil {
		t.Fatal(err)
	}
	var id int64
	if err := o.app.db.Pool.QueryRow(t.Context(), `SELECT id FROM carriers WHERE slug = 'coordinadora'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	mustHave(t, o.get(support, urls.Carriers()), http.StatusOK, "Coordinadora", "Servientrega", "Unknown codes")
	page := o.get(support, urls.Carrier(id))
	mustHave(t, page, http.StatusOK, "K-5", "EN CUSTODIA", "W77", "ENTREGADA [K160]")
	if strings.Contains(page.body, `action="`+urls.CarrierCode(id)+`"`) {
		t.Error("support is offered to map codes")
	}
	page = o.get(finance, urls.Carrier(id)+"?code=K-5")
	f := form(t, page, urls.CarrierCode(id))
	if !strings.Contains(page.body, `value="K-5"`) {
		t.Error("the form does not begin with the code that was followed")
	}
	f.Set("code", "k-5")
	if a := o.post(finance, urls.CarrierCode(id), f); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without a meaning: %s", a.Status)
	}
	f.Set("means", "incident")
	if a := o.post(finance, urls.CarrierCode(id), f); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("mapped: %s\n%.2000s", a.Status, a.body)
	}
	mustHave(t, o.get(finance, urls.Carrier(id)), http.StatusOK, "Events are being read again by the newest codes")
	if a := o.post(finance, urls.CarrierCode(id), f); a.StatusCode != http.StatusConflict {
		t.Errorf("from a stale page: %s", a.Status)
	}
	if err := o.app.h.Tracking.ApplyCodes(t.Context(), tracking.ApplyArgs{CarrierID: id}); err != nil {
		t.Fatal(err)
	}
	mustHave(t, o.get(finance, urls.Carrier(id)), http.StatusOK, "Every code that came is mapped", "K-5")
	f = form(t, o.get(finance, urls.Carriers()), urls.Carriers())
	f.Set("name", "Envía")
	f.Set("slug", "envia")
	a := o.post(finance, urls.Carriers(), f)
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("added: %s", a.Status)
	}
	mustHave(t, o.get(finance, a.Header.Get("Location")), http.StatusOK, "Envía", "No code is mapped yet")
	if a := o.post(finance, urls.Carriers(), f); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "There is a carrier of this name") {
		t.Errorf("added twice: %s", a.Status)
	}
}

func TestEventsOfCarriersOverHTTP(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	admin, finance := o.person("admin@demo.test"), o.person("finance@demo.test")
	var id int64
	if err := o.app.db.Pool.QueryRow(t.Context(), `SELECT id FROM carriers WHERE slug = 'coordinadora'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if page := o.get(finance, urls.Carrier(id)); strings.Contains(page.body, urls.CarrierSecret(id)) {
		t.Error("finance is offered to make a secret")
	}
	a := o.post(admin, urls.CarrierSecret(id), form(t, o.get(admin, urls.Carrier(id)), urls.CarrierSecret(id)))
	mustHave(t, a, http.StatusOK, "Give this secret to the carrier", urls.TrackingIntake("coordinadora"))
	_, after, _ := strings.Cut(a.body, `aria-label="Signing secret">`)
	secret, _, _ := strings.Cut(after, "<")
	if len(secret) < 20 || strings.Contains(o.get(admin, urls.Carrier(id)).body, secret) {
		t.Fatalf("the secret is %q, or shown twice", secret)
	}
	body := `{"event_id":"E1","tracking_number":"W9","code":"Q7","description":"EN CUSTODIA","occurred_at":"2026-11-12T08:00:00-05:00"}`
	for _, c := range []struct {
		name, slug, secret, body string
		want                     int
	}{
		{"genuine", "coordinadora", secret, body, http.StatusOK},
		{"again", "coordinadora", secret, body, http.StatusOK},
		{"no parcel", "coordinadora", secret, `{"event_id":"E2"}`, http.StatusOK},
		{"forged", "coordinadora", "guessed", body, http.StatusUnauthorized},
		{"nobody's address", "nobody", secret, body, http.StatusNotFound},
		{"too large", "coordinadora", secret, strings.Repeat("x", tracking.MaxDelivery+1), http.StatusRequestEntityTooLarge},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.URL+urls.TrackingIntake(c.slug), strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(parcel.SignatureHeader, parcel.Sign(c.secret, []byte(c.body)))
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, answer.StatusCode, c.want)
		}
	}
	var first, refused int64
	if err := o.app.db.Pool.QueryRow(t.Context(), `SELECT min(id), max(id) FROM carrier_deliveries WHERE verdict = 'accepted'`).Scan(&first, &refused); err != nil {
		t.Fatal(err)
	}
	for _, message := range []int64{first, refused} {
		if err := o.app.h.Tracking.WorkDelivery(t.Context(), tracking.DeliveryArgs{ID: message}); err != nil {
			t.Fatal(err)
		}
	}
	page := o.get(admin, urls.Carrier(id))
	mustHave(t, page, http.StatusOK, "Q7", "W9", "Taken, code unknown", "tracking_number is missing", "Wrong signature")
	again := urls.CarrierAgain(id, refused)
	if a := o.post(admin, again, form(t, page, again)); a.StatusCode != http.StatusConflict || !strings.Contains(a.body, "refused again") {
		t.Errorf("processed again: %s", a.Status)
	}
	f := form(t, page, urls.CarrierDays(id))
	f.Set("stuck_days", "400")
	f.Set("remit_days", "8")
	mustHave(t, o.post(admin, urls.CarrierDays(id), f), http.StatusUnprocessableEntity, "1 to 90 days", `value="400"`)
	f.Set("stuck_days", "3")
	if a := o.post(admin, urls.CarrierDays(id), f); a.StatusCode != http.StatusSeeOther {
		t.Errorf("days: %s", a.Status)
	}
	page = o.get(admin, urls.Carrier(id))
	f = form(t, page, urls.CarrierPolling(id))
	f.Set("polling", "1")
	f.Set("poll_url", "http://carrier.example")
	f.Set("poll_rate", "5")
	mustHave(t, o.post(admin, urls.CarrierPolling(id), f), http.StatusUnprocessableEntity, "begins with https", "Give the token", `value="http://carrier.example"`)
	f.Set("poll_url", "https://carrier.example")
	f.Set("poll_token", "bearer")
	if a := o.post(admin, urls.CarrierPolling(id), f); a.StatusCode != http.StatusSeeOther {
		t.Errorf("polling: %s", a.Status)
	}
	if page := o.get(finance, urls.Carrier(id)); strings.Contains(page.body, "bearer") || strings.Contains(page.body, urls.CarrierPolling(id)) {
		t.Error("finance is offered to change how the carrier is asked, or the token is shown")
	}
}

func TestStuckParcelsStandOnTheHomePageAndInTheList(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1)
	support := o.person("support@demo.test")
	_, err := o.app.db.Pool.Exec(t.Context(), `INSERT INTO orders (number, placed_at, status, buyer, quantity, subtotal, discount, shipping, iva, total, payment, carrier, waybill)
		SELECT 'P-' || n, now() - n * interval '4 days', 'in_transit', 'A', 1, 100, 0, 0, 0, 100, 'cod', 'Coordinadora', 'W' || n FROM generate_series(1, 2) n`)
	if err == nil {
		err = o.app.h.Tracking.Watch(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	mustHave(t, o.get(support, urls.Home()), http.StatusOK, "Stuck parcels", urls.Orders()+"?parcel=stuck")
	page := o.get(support, urls.Orders()+"?parcel=stuck")
	mustHave(t, page, http.StatusOK, "P-2")
	var id int64
	if err := o.app.db.Pool.QueryRow(t.Context(), `SELECT id FROM orders WHERE number = 'P-2'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	mustHave(t, o.get(support, urls.Order(id)), http.StatusOK, "The parcel is stuck")
	if strings.Contains(page.body, "P-1") {
		t.Error("a parcel that is underway for four days is listed as stuck")
	}
}
