package models

import "slices"

// OrderStatus is what the shop says about an order; where the parcel is, the carrier says (ShipmentState).
type OrderStatus string

// The statuses of an order, along the way of a parcel paid on delivery.
const (
	OrderCreated        OrderStatus = "created"
	OrderConfirmed      OrderStatus = "confirmed"
	OrderGuideGenerated OrderStatus = "guide_generated"
	OrderInTransit      OrderStatus = "in_transit"
	OrderOutForDelivery OrderStatus = "out_for_delivery"
	OrderDelivered      OrderStatus = "delivered"
	OrderIncident       OrderStatus = "incident"
	OrderReturned       OrderStatus = "returned_to_sender"
	OrderCancelled      OrderStatus = "cancelled"
	OrderFailed         OrderStatus = "failed"   // the buyer's payment did not go through
	OrderRefunded       OrderStatus = "refunded" // all of it
)

// OrderStatuses lists every status in the order pages show them.
var OrderStatuses = []OrderStatus{OrderCreated, OrderConfirmed, OrderGuideGenerated, OrderInTransit,
	OrderOutForDelivery, OrderDelivered, OrderIncident, OrderReturned, OrderCancelled, OrderFailed, OrderRefunded}

// Valid answers whether s is a known status.
func (s OrderStatus) Valid() bool { return slices.Contains(OrderStatuses, s) }

// OrderPayments lists the ways buyers pay. A gateway is one behind which the shop does not look.
var OrderPayments = []string{"cod", "card", "pse", "efecty_cash_in", "nequi", "transfer", "gateway"}

// Carriers lists the carriers that are known from the start; more can be added.
var Carriers = []string{"Coordinadora", "Interrapidísimo", "Servientrega"}

// ShipmentState is where a parcel is, from the latest known event of its carrier.
type ShipmentState string

// The states of a shipment.
const (
	ShipmentInTransit ShipmentState = "in_transit"
	ShipmentDelivered ShipmentState = "delivered"
	ShipmentReturned  ShipmentState = "returned_to_sender"
	ShipmentIncident  ShipmentState = "incident"
	ShipmentLost      ShipmentState = "lost"
	ShipmentCancelled ShipmentState = "cancelled"
	ShipmentUnknown   ShipmentState = TrackingUnknown // none of its events is understood yet
)
