package orders_test

import (
	"maps"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/orders"
)

// sold stores an order and answers its id.
func sold(t testing.TB, s *orders.Service, number, waybill, payment string, pesos int64) int64 {
	t.Helper()
	return count(t, s.DB, `INSERT INTO orders (number, placed_at, status, buyer, quantity, subtotal, discount, shipping, iva, total, payment, carrier, waybill)
		VALUES ($1, now(), 'confirmed', 'Bea', 1, $4::bigint, 0, 0, 0, $4, $3, 'Servientrega', $2) RETURNING id`, number, waybill, payment, pesos*100)
}

func TestCashThatACarrierHandedOverIsNotedLineByLine(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sold(t, s, "A1", "W1", "cod", 100_000)
	sold(t, s, "A2", "W2", "cod", 50_000)
	sold(t, s, "A3", "W3", "card", 50_000)
	sold(t, s, "A4", "W9", "cod", 1_000)
	sold(t, s, "A5", "W9", "cod", 1_000)
	r := models.Remittance{Reference: "Servientrega 4471", Day: models.Day(s.Now()).Format(time.DateOnly), Lines: "#A1\r\nW2; 45.000\nA3\n\nA2\nB7\nW9\nA4 many\nA4"}
	res, err := s.Remit(t.Context(), finance, r)
	if err != nil {
		t.Fatal(err)
	}
	if res.Noted.Count != 2 || res.Noted.Total != models.Pesos(145_000) {
		t.Errorf("noted %+v, want the first two", res.Noted)
	}
	want := map[int]string{3: "not_cod", 5: "twice", 6: "unknown", 7: "several", 8: "amount", 9: "twice"}
	got := map[int]string{}
	for _, l := range res.Refused {
		got[l.N] = l.Fault
	}
	if !maps.Equal(got, want) {
		t.Errorf("refused %v, want %v", got, want)
	}
	again, err := s.Remit(t.Context(), finance, models.Remittance{Reference: "again", Day: r.Day, Lines: "A1"})
	if err != nil || again.Noted.Count != 0 || len(again.Refused) != 1 || again.Refused[0].Fault != "before" {
		t.Errorf("noted a second time: %+v %v", again, err)
	}
}

func TestTwoPeopleNoteTheSameCashOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sold(t, s, "A1", "W1", "cod", 100_000)
	var wait sync.WaitGroup
	noted := make([]int64, 4)
	for i := range noted {
		wait.Go(func() {
			res, err := s.Remit(t.Context(), finance, models.Remittance{Reference: "R", Day: models.Day(s.Now()).Format(time.DateOnly), Lines: "A1"})
			if err != nil {
				t.Error(err)
			}
			noted[i] = res.Noted.Count
		})
	}
	wait.Wait()
	if sum := noted[0] + noted[1] + noted[2] + noted[3]; sum != 1 {
		t.Errorf("noted %v, want once", noted)
	}
}

func TestAHandOverWantsADayAReferenceAndOrders(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, err := s.Remit(t.Context(), finance, models.Remittance{Day: s.Now().AddDate(0, 0, 2).Format(time.DateOnly), Lines: "\n \n"})
	refusal, ok := err.(*models.Error)
	if !ok || len(refusal.Fields) != 3 {
		t.Errorf("%v, want three fields refused", err)
	}
	if _, err := s.Remit(t.Context(), approver, models.Remittance{}); models.KindOf(err) != models.Forbidden {
		t.Errorf("by an approver: %v", err)
	}
}
