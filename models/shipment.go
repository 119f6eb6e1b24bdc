package models

import (
	"slices"
	"time"
)

// TrackingEvent is one event of a parcel in our words. Events of a shipment are kept in the order in which
// they arrived, which need not be the order in which they happened.
type TrackingEvent struct {
	At    time.Time
	State string // a ShipmentState, or TrackingUnknown
	Cash  Money  // to be collected at the door
	Copy  int    // 1, or higher when the carrier sent the same event again
}

// TrackingUnknown is the state of an event whose code nobody has explained: it changes nothing.
const TrackingUnknown = "unknown"

// The flags of a shipment, with the words of data/orders/README.md.
const (
	FlagDuplicateEvent         = "duplicate_event"
	FlagOutOfOrder             = "out_of_order"
	FlagReturnedAfterDelivered = "returned_after_delivered"
	FlagUnknownCode            = "unknown_code"
)

// Shipment is what all events of a parcel say together.
type Shipment struct {
	State         ShipmentState
	LastEventAt   time.Time
	Events        int // repeats included
	Incidents     int // different ones
	CashCollected bool
	Cash          Money
	Flags         []string // sorted
}

// FoldShipment reads the events of one parcel in order of arrival. ok is false when none of them is known.
func FoldShipment(events []TrackingEvent) (s Shipment, ok bool) {
	s = Shipment{Events: len(events), Cash: Centavos(0)}
	flags := map[string]bool{}
	var last, before TrackingEvent
	delivered := false
	for _, e := range events {
		switch {
		case e.Copy > 1:
			flags[FlagDuplicateEvent] = true
			continue
		case e.State == TrackingUnknown:
			flags[FlagUnknownCode] = true
			continue
		case e.State == string(ShipmentIncident):
			s.Incidents++
		case e.State == string(ShipmentDelivered):
			delivered = true
		}
		if ok && e.At.Before(before.At) {
			flags[FlagOutOfOrder] = true
		}
		if !ok || !e.At.Before(last.At) {
			last = e
		}
		before, ok = e, true
	}
	if !ok {
		return s, false
	}
	s.State, s.LastEventAt = ShipmentState(last.State), last.At
	switch s.State {
	case ShipmentDelivered:
		s.Cash, s.CashCollected = last.Cash, last.Cash.Positive()
	case ShipmentReturned:
		if delivered {
			flags[FlagReturnedAfterDelivered] = true
		}
	}
	if repeatMoved(events) {
		flags[FlagOutOfOrder] = true
	}
	for f := range flags {
		s.Flags = append(s.Flags, f)
	}
	slices.Sort(s.Flags)
	return s, true
}

// repeatMoved answers whether a repeat stands right behind its original with later events after it. Carriers
// send a repeat after everything else, so that one was moved; a delivery is repeated at once.
func repeatMoved(events []TrackingEvent) bool {
	var previous TrackingEvent
	for i, e := range events {
		if e.State == TrackingUnknown {
			continue
		}
		if e.Copy > 1 && i < len(events)-1 && e.At.Equal(previous.At) && e.State == previous.State && e.State != string(ShipmentDelivered) {
			return true
		}
		previous = e
	}
	return false
}
