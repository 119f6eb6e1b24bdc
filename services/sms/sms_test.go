package sms_test

import (
	"errors"
	"net/http/httptest"
	"testing"

	"pagaduria/services/sms"
	"pagaduria/services/sms/sim"
)

// gateway is a simulated gateway and what speaks to it with that token.
func gateway(t *testing.T, token string) (*sim.Gateway, *sms.Gateway) {
	t.Helper()
	s := &sim.Gateway{}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	g, err := sms.NewGateway(server.URL+"/sms/messages", token, "PAGADURIA")
	if err != nil {
		t.Fatal(err)
	}
	return s, g
}

func TestAMessageIsHandedOverOnce(t *testing.T) {
	t.Parallel()
	s, g := gateway(t, sim.Token)
	for range 2 {
		if number, err := g.Send(t.Context(), "m-1", "+573001234567", "Su pago"); err != nil || number != "sms-000001" {
			t.Fatalf("got %q, %v", number, err)
		}
	}
	if got := s.Messages(); len(got) != 1 || got[0].To != "+573001234567" || got[0].Text != "Su pago" || got[0].From != "PAGADURIA" {
		t.Errorf("the phone has %+v, want the one message", got)
	}
}

func TestWhatTheGatewaySays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault            sim.Fault
		refused, notSent bool
		arrived          int
	}{{sim.Refuse, true, false, 0}, {sim.Busy, false, true, 0}, {sim.Down, false, false, 0}, {sim.Lost, false, false, 1}} {
		s, g := gateway(t, sim.Token)
		s.Inject(tt.fault)
		_, err := g.Send(t.Context(), "m-1", "+573001234567", "Su pago")
		var refused *sms.Refused
		if err == nil || errors.As(err, &refused) != tt.refused || errors.Is(err, sms.ErrNotSent) != tt.notSent {
			t.Errorf("%s: %v", tt.fault, err)
		}
		if got := len(s.Messages()); got != tt.arrived {
			t.Errorf("%s: %d messages arrived, want %d", tt.fault, got, tt.arrived)
		}
	}
}

func TestAWrongTokenAndAClosedDoorSendNothing(t *testing.T) {
	t.Parallel()
	_, g := gateway(t, "other")
	if _, err := g.Send(t.Context(), "m-1", "+573001234567", "x"); !errors.Is(err, sms.ErrNotSent) {
		t.Errorf("a wrong token: %v", err)
	}
	server := httptest.NewServer(nil)
	g, err := sms.NewGateway(server.URL, "", "")
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	if _, err := g.Send(t.Context(), "m-1", "+573001234567", "x"); !errors.Is(err, sms.ErrNotSent) {
		t.Errorf("a closed door: %v", err)
	}
}

func TestAddressesOfGateways(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{"https://sms.example.co/v1/messages": true, "http://127.0.0.1:8090/sms/messages": true, "http://sms.example.co/": false, "sms": false, "": false} {
		if _, err := sms.NewGateway(address, "", ""); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
