package tracking_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/models/parcel"
	"pagaduria/providers"
	"pagaduria/providers/carrier"
	"pagaduria/providers/carrier/sim"
	"pagaduria/services/tracking"
)

// asked is a service whose Coordinadora is asked at a simulator.
func asked(t testing.TB) (*tracking.Service, *sim.Server) {
	t.Helper()
	s, far := newService(t), &sim.Server{Token: "bearer-token"}
	api := httptest.NewServer(far)
	t.Cleanup(api.Close)
	s.Open = func(url, token string) providers.Tracker {
		return carrier.New(carrier.Config{BaseURL: url, Token: token, HTTP: api.Client(), Timeout: 200 * time.Millisecond})
	}
	c := book(t, s, carrierID(t, s, "coordinadora")).Carrier
	c.Polling, c.PollURL, c.PollRate = true, api.URL, 100
	if err := s.SetPolling(t.Context(), admin, c, far.Token); err != nil {
		t.Fatal(err)
	}
	return s, far
}

func poll(t testing.TB, s *tracking.Service) {
	t.Helper()
	if err := s.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestParcelsUnderwayAreAskedForUntilTheyArrive(t *testing.T) {
	t.Parallel()
	s, far := asked(t)
	order(t, s, "1", "in_transit", "cod", 1)
	order(t, s, "2", "in_transit", "cod", 1)
	order(t, s, "3", "delivered", "cod", 1) // the shop is done with it
	order(t, s, "4", "in_transit", "cod", 90)
	at := today.Add(-3 * time.Hour)
	far.Tell(parcel.Event{ID: "a", Waybill: "W1", Code: "1", OccurredAt: at})
	far.Tell(parcel.Event{ID: "b", Waybill: "W1", Code: "3", OccurredAt: at.Add(time.Hour)})
	poll(t, s)
	if got := whereIs(t, s, "W1"); got != "in_transit|in_transit|2|f|0" {
		t.Errorf("W1: %s", got)
	}
	sum := book(t, s, carrierID(t, s, "coordinadora")).Polls
	if sum.Followed != 2 || sum.Unknown != 1 || sum.Failing != 0 || far.Asked("W3")+far.Asked("W4") != 0 {
		t.Errorf("got %+v", sum)
	}
	poll(t, s)
	if far.Asked("W1") != 1 {
		t.Errorf("W1 was asked for %d times at once", far.Asked("W1"))
	}
	now := today.Add(61 * time.Minute)
	s.Now = func() time.Time { return now }
	far.Tell(parcel.Event{ID: "c", Waybill: "W1", Code: "6", OccurredAt: at.Add(2 * time.Hour), Cash: "85400"})
	far.Tell(parcel.Event{ID: "d", Waybill: "W1", Code: "6", OccurredAt: now.AddDate(1, 0, 0)}) // a clock that is a year ahead
	poll(t, s)
	if got := whereIs(t, s, "W1"); got != "delivered|delivered|3|t|85400" {
		t.Errorf("W1 an hour later: %s", got)
	}
	now = now.Add(24 * time.Hour)
	poll(t, s)
	if far.Asked("W1") != 2 || far.Asked("W2") != 3 {
		t.Errorf("W1 was asked for %d times, W2 %d", far.Asked("W1"), far.Asked("W2"))
	}
}

func TestACarrierThatFailsIsAskedLaterAndItsPageSaysSo(t *testing.T) {
	t.Parallel()
	s, far := asked(t)
	order(t, s, "1", "in_transit", "cod", 1)
	id := carrierID(t, s, "coordinadora")
	far.Break(1)
	poll(t, s)
	if sum := book(t, s, id).Polls; sum.Failing != 1 || !strings.Contains(sum.Failure, "500") {
		t.Errorf("after a failure: %+v", sum)
	}
	now := today.Add(3 * time.Minute)
	s.Now = func() time.Time { return now }
	far.Delay = time.Second
	poll(t, s)
	if sum := book(t, s, id).Polls; sum.Failing != 1 || !strings.Contains(sum.Failure, "W1") || far.Asked("W1") != 1 {
		t.Errorf("after no answer: %+v, asked %d times", sum, far.Asked("W1"))
	}
	far.Delay = 0
	far.Tell(parcel.Event{Waybill: "W1", Code: "3", OccurredAt: today})
	now = now.Add(time.Hour)
	done := make(chan error, 2)
	for range 2 { // two workers
		go func() { done <- s.Poll(t.Context()) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if sum := book(t, s, id).Polls; sum.Failing != 0 || sum.Failure != "" || far.Asked("W1") != 2 {
		t.Errorf("answered: %+v, asked %d times", sum, far.Asked("W1"))
	}
}

func TestHowACarrierIsAskedIsChecked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	c := book(t, s, carrierID(t, s, "servientrega")).Carrier
	c.Polling, c.PollURL = true, "https://carrier.example/api"
	if err := s.SetPolling(t.Context(), finance, c, "token"); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance: %v", err)
	}
	if err := s.SetPolling(t.Context(), admin, c, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("without a token: %v", err)
	}
	for _, address := range []string{"", "http://carrier.example", "ftp://carrier.example", "carrier"} {
		bad := c
		bad.PollURL = address
		if err := s.SetPolling(t.Context(), admin, bad, "token"); models.KindOf(err) != models.Invalid {
			t.Errorf("at %q: %v", address, err)
		}
	}
	if err := s.SetPolling(t.Context(), admin, c, "token"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPolling(t.Context(), admin, c, ""); models.KindOf(err) != models.Conflict {
		t.Errorf("from a stale page: %v", err)
	}
}
