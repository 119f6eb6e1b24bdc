package carrier_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pagaduria/models/parcel"
	"pagaduria/providers"
	"pagaduria/providers/carrier"
	"pagaduria/providers/carrier/sim"
)

func TestTrackAnswersWhatTheCarrierSays(t *testing.T) {
	t.Parallel()
	far := &sim.Server{Token: "right"}
	api := httptest.NewServer(far)
	t.Cleanup(api.Close)
	ask := func(token, waybill string) ([]parcel.Event, error) {
		return carrier.New(carrier.Config{BaseURL: api.URL + "/v1/", Token: token, Timeout: 100 * time.Millisecond}).Track(t.Context(), waybill)
	}
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	far.Tell(parcel.Event{ID: "1", Waybill: "W 1", Code: "3", OccurredAt: at, Cash: "85400"})
	events, err := ask("right", "W 1")
	if err != nil || len(events) != 1 || events[0].Code != "3" || !events[0].OccurredAt.Equal(at) || events[0].Cash != "85400" {
		t.Errorf("got %+v, %v", events, err)
	}
	if _, err := ask("right", "W2"); !errors.Is(err, providers.ErrUnknownParcel) {
		t.Errorf("a parcel it does not know: %v", err)
	}
	if _, err := ask("wrong", "W 1"); err == nil || errors.Is(err, providers.ErrUnknownParcel) || !strings.Contains(err.Error(), "401") {
		t.Errorf("with another token: %v", err)
	}
	far.Break(1)
	if _, err := ask("right", "W 1"); err == nil || errors.Is(err, providers.ErrUnknownParcel) {
		t.Errorf("a failure: %v", err)
	}
	far.Delay = time.Minute
	if _, err := ask("right", "W 1"); err == nil {
		t.Error("no answer within the time is no error")
	}
}
