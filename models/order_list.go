package models

import "time"

// OrderFilter narrows the list of orders; zero fields let everything through. From and To are Bogotá dates,
// both inclusive.
type OrderFilter struct {
	Query    string // number, waybill, phone, document, or the buyer's name
	Status   OrderStatus
	Payment  string
	Carrier  string
	Parcel   ParcelAlarm
	From, To time.Time
}

// Free answers whether more than the status is filtered, so that the kept counts do not tell how many match.
func (f OrderFilter) Free() bool {
	f.Status = ""
	return f != OrderFilter{}
}

// OrderRow is an order as lists show it. Status is the shop's word, Shipment the carrier's; neither overwrites the other.
type OrderRow struct {
	ID        int64
	Number    string
	PlacedAt  time.Time
	Status    OrderStatus
	Buyer     string
	DocType   string
	DocNumber string
	Phone     string
	Total     Money
	Payment   string
	Carrier   string
	Waybill   string
	Shipment  ShipmentState // "" when no event has come
	Stage     TrackingMeaning
	Flags     []string // of the shipment
}

// Where is where the parcel is, as finely as is known: a TrackingMeaning or TrackingUnknown, "" when no event has come.
func (r OrderRow) Where() string {
	if r.Stage != "" {
		return string(r.Stage)
	}
	return string(r.Shipment)
}

// Order is an order with everything its file said.
type Order struct {
	OrderRow
	Email     string
	Divipola  string
	Address   string
	Product   string
	SKU       string
	Quantity  int
	Subtotal  Money
	Discount  Money
	Shipping  Money
	IVA       Money
	Referral  string
	Notes     string
	CreatedAt time.Time
	Parcel    Shipment // zero when no event has come

	ShopID         int64  // 0: a file
	Shop           string // its name
	ReferralSource string
	Test           bool  // never earns a commission
	Base           Money // what commissions are counted from; of a shop's order only
	ChangedAt      *time.Time
}

// OrderEvent is one tracking event on an order's timeline.
type OrderEvent struct {
	At       time.Time
	Code     string
	Text     string
	State    string // a TrackingMeaning or TrackingUnknown
	Incident string
	Divipola string
	Cash     Money
	Copy     int
}

// OrderAlarm is why the parcel of an order asks for somebody, and since when nothing happened.
type OrderAlarm struct {
	Kind  ParcelAlarm
	Since time.Time
}

// OrderTrail is an order with its events, newest first, and where its money went.
type OrderTrail struct {
	Order  Order
	Events []OrderEvent
	Places []CommissionPlace
	Alarms []OrderAlarm // why its parcel asks for somebody

	Items    []OrderItem   // of a shop's order; a file tells one product
	Refunds  []OrderRefund // oldest first
	Messages []ShopDelivery
}
