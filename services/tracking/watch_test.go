package tracking_test

import (
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/orders"
	"pagaduria/services/store"
	"pagaduria/services/tracking"
)

// order stores an order of a parcel, placed some days ago.
func order(t testing.TB, s *tracking.Service, number, status, payment string, days int) {
	t.Helper()
	text(t, s, `INSERT INTO orders (number, placed_at, status, buyer, quantity, subtotal, discount, shipping, iva, total, payment, carrier, waybill)
		VALUES ($1, $2, $3, 'A', 1, 100, 0, 0, 0, 100, $4, 'Coordinadora', 'W' || $1) RETURNING number`, number, today.AddDate(0, 0, -days), status, payment)
}

func alarms(t testing.TB, s *tracking.Service) string {
	t.Helper()
	if err := s.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	return text(t, s, `SELECT COALESCE(string_agg(a.kind || ':' || o.number, ' ' ORDER BY a.kind, o.number), '') FROM parcel_alarms a JOIN orders o ON o.id = a.order_id`)
}

func TestParcelsThatStandStillAndCashThatStaysAwayAskForSomebody(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, o := range []struct {
		number, status, payment string
		days                    int
	}{{"1", "in_transit", "cod", 20}, {"2", "in_transit", "cod", 20}, {"3", "guide_generated", "card", 6}, {"4", "guide_generated", "card", 4}, {"5", "delivered", "cod", 30},
		{"6", "in_transit", "cod", 30}, {"7", "cancelled", "cod", 30}, {"8", "in_transit", "cod", 30}, {"9", "in_transit", "cod", 30}} {
		order(t, s, o.number, o.status, o.payment, o.days)
	}
	importFile(t, s, []byte(header+
		"COORDINADORA,W1,1,,,,2026-11-15 08:00:00,\n"+ // still for a week
		"COORDINADORA,W2,1,,,,2026-11-20 08:00:00,\n"+
		"COORDINADORA,W5,6,,,,2026-11-01 08:00:00,50000\n"+ // never handed over
		"COORDINADORA,W6,6,,,,2026-11-20 08:00:00,50000\n"+
		"COORDINADORA,W7,1,,,,2026-11-01 08:00:00,\n"+ // the shop is done with it
		"COORDINADORA,W8,6,,,,2026-11-01 08:00:00,50000\n"+
		"COORDINADORA,W9,Q1,,,,2026-11-01 08:00:00,\n"), false) // not understood: it moved, nobody knows where
	if got := alarms(t, s); got != "stuck:1 stuck:3 stuck:9 unremitted:5 unremitted:8" {
		t.Errorf("got %s", got)
	}
	text(t, s, `INSERT INTO remittances (order_id, at, amount, reference, actor, noted_at) SELECT id, now(), 5000000, 'R', 'F', now() FROM orders WHERE number = '5' RETURNING reference`)
	importFile(t, s, []byte(header+"COORDINADORA,W1,3,,,,2026-11-21 08:00:00,\nCOORDINADORA,W8,R1,,,,2026-11-20 08:00:00,\n"), false)
	setCode(t, s, carrierID(t, s, "coordinadora"), "R1", models.MeansRemitted)
	if got := alarms(t, s); got != "stuck:3 stuck:9" {
		t.Errorf("after something happened: %s", got)
	}
	list := &orders.Service{DB: s.DB, Now: s.Now}
	page, err := list.List(t.Context(), models.OrderFilter{Parcel: models.ParcelStuck}, store.Cursor{})
	if err != nil || len(page.Rows) != 2 || page.Rows[0].Number != "3" {
		t.Errorf("the list: %+v, %v", page.Rows, err)
	}
	if counts, err := s.Alarms(t.Context()); err != nil || counts[models.ParcelStuck] != 2 || counts[models.ParcelUnremitted] != 0 {
		t.Errorf("counted: %v, %v", counts, err)
	}
}

func TestDaysOfACarrierSayWhenItsParcelsAreStuck(t *testing.T) {
	t.Parallel()
	s := newService(t)
	order(t, s, "1", "in_transit", "cod", 4)
	if got := alarms(t, s); got != "" {
		t.Errorf("after four days: %s", got)
	}
	c := book(t, s, carrierID(t, s, "coordinadora")).Carrier
	c.StuckDays = 3
	if err := s.SetDays(t.Context(), finance, c); err != nil {
		t.Fatal(err)
	}
	if got := alarms(t, s); got != "stuck:1" {
		t.Errorf("with three days: %s", got)
	}
	if err := s.SetDays(t.Context(), finance, c); models.KindOf(err) != models.Conflict {
		t.Errorf("from a stale page: %v", err)
	}
	c.Version, c.StuckDays, c.RemitDays = 2, 0, 91
	if err := s.SetDays(t.Context(), finance, c); models.KindOf(err) != models.Invalid {
		t.Errorf("no days: %v", err)
	}
	if err := s.SetDays(t.Context(), support, c); models.KindOf(err) != models.Forbidden {
		t.Errorf("support: %v", err)
	}
	later := &tracking.Service{DB: s.DB, Now: func() time.Time { return today.AddDate(0, 0, 1) }}
	done := make(chan error, 2)
	for range 2 { // two workers
		go func() { done <- later.Watch(t.Context()) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
