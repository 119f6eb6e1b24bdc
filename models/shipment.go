package models

import (
	"slices"
	"time"
)

// TrackingEvent is one event of a parcel in our words. Events of a shipment are kept in the order in which
// they arrived, which need not be the order in which they happened.
type TrackingEvent struct {
	At    time.Time
	State string // a TrackingMeaning, or TrackingUnknown
	Cash  Money  // to be collected at the door
	Copy  int    // 1, or higher when the carrier sent the same event again
}

// TrackingUnknown is the state of an event whose code nobody has explained: it changes nothing.
const TrackingUnknown = "unknown"

// The flags of a shipment, with the words of data/orders/README.md. Those of order and repetition tell how the events
// arrived; where the parcel is never depends on that.
const (
	FlagDuplicateEvent         = "duplicate_event"
	FlagOutOfOrder             = "out_of_order"
	FlagReturnedAfterDelivered = "returned_after_delivered"
	FlagUnknownCode            = "unknown_code"
)

// Shipment is what all events of a parcel say together.
type Shipment struct {
	State         ShipmentState
	Stage         TrackingMeaning // of the latest event: where it is more finely than State
	LastEventAt   time.Time
	Events        int // repeats included
	Incidents     int // different ones
	CashCollected bool
	Cash          Money
	RemittedAt    *time.Time // the carrier's word that it handed the cash over
	Flags         []string   // sorted
}

// FoldShipment reads the events of one parcel in order of arrival. ok is false when none of them is known; State is
// ShipmentUnknown then.
func FoldShipment(events []TrackingEvent) (s Shipment, ok bool) {
	f := shipmentFold{Shipment: Shipment{State: ShipmentUnknown, Events: len(events), Cash: Centavos(0)}, flags: map[string]bool{}}
	for _, e := range events {
		f.take(e)
	}
	if f.known {
		f.settle()
	}
	if repeatMoved(events) {
		f.flags[FlagOutOfOrder] = true
	}
	for name := range f.flags {
		f.Flags = append(f.Flags, name)
	}
	slices.Sort(f.Flags)
	return f.Shipment, f.known
}

// shipmentFold is a shipment while its events are being read.
type shipmentFold struct {
	Shipment
	flags        map[string]bool
	last, before TrackingEvent // the latest by time, and the one that arrived before
	known        bool          // there is a last
	delivered    bool
}

func (f *shipmentFold) take(e TrackingEvent) {
	if e.Copy > 1 {
		f.flags[FlagDuplicateEvent] = true
		return
	}
	if !f.known && e.At.After(f.LastEventAt) {
		f.LastEventAt = e.At // until an event is known
	}
	if e.State == TrackingUnknown {
		f.flags[FlagUnknownCode] = true
		return
	}
	means := TrackingMeaning(e.State)
	if means == MeansRemitted && (f.RemittedAt == nil || e.At.After(*f.RemittedAt)) {
		f.RemittedAt = &e.At
	}
	switch means.Shipment() {
	case "":
		return
	case ShipmentIncident:
		f.Incidents++
	case ShipmentDelivered:
		f.delivered = true
	}
	if f.known && e.At.Before(f.before.At) {
		f.flags[FlagOutOfOrder] = true
	}
	if !f.known || e.after(f.last) {
		f.last = e
	}
	f.before, f.known = e, true
}

// settle says where the parcel is.
func (f *shipmentFold) settle() {
	f.Stage, f.LastEventAt = TrackingMeaning(f.last.State), f.last.At
	f.State = f.Stage.Shipment()
	switch f.State {
	case ShipmentDelivered:
		f.Cash, f.CashCollected = f.last.Cash, f.last.Cash.Positive()
	case ShipmentReturned:
		if f.delivered {
			f.flags[FlagReturnedAfterDelivered] = true
		}
	}
}

// after answers whether e says where the parcel is rather than o does. Of two from the same moment the one further along
// counts, so that the order of arrival does not matter.
func (e TrackingEvent) after(o TrackingEvent) bool {
	if !e.At.Equal(o.At) {
		return e.At.After(o.At)
	}
	if e.State != o.State {
		return slices.Index(TrackingMeanings, TrackingMeaning(e.State)) > slices.Index(TrackingMeanings, TrackingMeaning(o.State))
	}
	return e.Cash.Minor > o.Cash.Minor
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
