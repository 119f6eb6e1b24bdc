package shop

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"pagaduria/models"
)

// shopifyOrder is the part of Shopify's order that is used. Ids may exceed 2^53, so that they are read as they stand.
type shopifyOrder struct {
	ID             json.Number `json:"id"`
	Name           string      `json:"name"`
	CreatedAt      time.Time   `json:"created_at"`
	UpdatedAt      time.Time   `json:"updated_at"`
	CancelledAt    *time.Time  `json:"cancelled_at"`
	Currency       string      `json:"currency"`
	Test           bool        `json:"test"`
	Confirmed      bool        `json:"confirmed"`
	Financial      string      `json:"financial_status"`
	Fulfillment    string      `json:"fulfillment_status"`
	TaxesIncluded  bool        `json:"taxes_included"`
	Total          string      `json:"total_price"`
	Subtotal       string      `json:"subtotal_price"` // after discounts
	Discounts      string      `json:"total_discounts"`
	Tax            string      `json:"total_tax"`
	Email          string      `json:"email"`
	Phone          string      `json:"phone"`
	Note           string      `json:"note"`
	LandingSite    string      `json:"landing_site"`
	NoteAttributes []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"note_attributes"`
	DiscountCodes []struct {
		Code string `json:"code"`
	} `json:"discount_codes"`
	Gateways []string `json:"payment_gateway_names"`
	Address  *struct {
		First    string `json:"first_name"`
		Last     string `json:"last_name"`
		Address1 string `json:"address1"`
		Address2 string `json:"address2"`
		City     string `json:"city"`
		Province string `json:"province"`
		Phone    string `json:"phone"`
	} `json:"shipping_address"`
	Customer *struct {
		First string `json:"first_name"`
		Last  string `json:"last_name"`
	} `json:"customer"`
	Shipping []struct {
		Price      string `json:"price"`
		Discounted string `json:"discounted_price"`
	} `json:"shipping_lines"`
	Lines        []shopifyLine `json:"line_items"`
	Fulfillments []struct {
		Shipment string `json:"shipment_status"`
		Company  string `json:"tracking_company"`
		Number   string `json:"tracking_number"`
	} `json:"fulfillments"`
	Refunds []shopifyRefund `json:"refunds"`
}

type shopifyLine struct {
	ID       json.Number `json:"id"`
	Name     string      `json:"name"`
	SKU      string      `json:"sku"`
	Quantity int         `json:"quantity"`
	Price    string      `json:"price"` // of one
	Taxes    []struct {
		Price string `json:"price"`
	} `json:"tax_lines"`
	Discounts []struct {
		Amount string `json:"amount"`
	} `json:"discount_allocations"`
}

type shopifyRefund struct {
	ID           json.Number `json:"id"`
	OrderID      json.Number `json:"order_id"`
	CreatedAt    time.Time   `json:"created_at"`
	Transactions []struct {
		Kind   string `json:"kind"`
		Status string `json:"status"`
		Amount string `json:"amount"`
	} `json:"transactions"`
	Lines []struct {
		Subtotal string `json:"subtotal"` // VAT included when prices are
		Tax      string `json:"total_tax"`
	} `json:"refund_line_items"`
}

func readShopify(topic string, body []byte) (Message, error) {
	switch {
	case topic == "refunds/create":
		var r shopifyRefund
		if err := json.Unmarshal(body, &r); err != nil {
			return Message{}, fmt.Errorf("read the refund: %w", err)
		}
		refund, err := r.refund()
		return Message{Refund: &refund}, err
	case strings.HasPrefix(topic, "orders/") && topic != "orders/delete":
		var o shopifyOrder
		if err := json.Unmarshal(body, &o); err != nil {
			return Message{}, fmt.Errorf("read the order: %w", err)
		}
		order, err := o.order()
		return Message{Order: order}, err
	}
	return Message{}, nil
}

func (s *shopifyOrder) order() (*Order, error) {
	if err := onlyPesos(s.Currency); err != nil {
		return nil, err
	}
	var m sums
	o := &Order{ExternalID: s.ID.String(), Number: strings.TrimPrefix(s.Name, "#"), PlacedAt: s.CreatedAt, ChangedAt: s.UpdatedAt, Test: s.Test,
		Status: s.status(), Payment: paidBy(s.Gateways...), Notes: s.Note, Discount: m.read(s.Discounts), IVA: m.read(s.Tax), Total: m.read(s.Total)}
	// A cancellation may come with the moment of the change before it.
	if s.CancelledAt != nil && s.CancelledAt.After(o.ChangedAt) {
		o.ChangedAt = *s.CancelledAt
	}
	o.Subtotal, o.Shipping = m.read(s.Subtotal).Add(o.Discount), models.Centavos(0)
	for _, l := range s.Shipping {
		if l.Discounted == "" {
			l.Discounted = l.Price
		}
		o.Shipping = o.Shipping.Add(m.read(l.Discounted))
	}
	for _, l := range s.Lines {
		o.Lines = append(o.Lines, l.line(&m, s.TaxesIncluded))
	}
	if !s.TaxesIncluded {
		o.Subtotal = o.Subtotal.Add(o.IVA)
	}
	s.fillBuyer(o)
	s.fillReferral(o)
	for _, f := range s.Fulfillments {
		if f.Number != "" {
			o.Carrier, o.Waybill = strings.TrimSpace(f.Company), f.Number
		}
	}
	for _, r := range s.Refunds {
		refund, err := r.refund()
		if err != nil {
			return nil, err
		}
		refund.OrderID = o.ExternalID
		o.Refunds = append(o.Refunds, refund)
	}
	if m.err != nil {
		return nil, m.err
	}
	return o, o.settle()
}

func (l shopifyLine) line(m *sums, taxesIncluded bool) Line {
	r := Line{ExternalID: l.ID.String(), Title: l.Name, SKU: l.SKU, Quantity: l.Quantity, IVA: models.Centavos(0)}
	r.Total = models.Centavos(m.read(l.Price).Minor * int64(l.Quantity))
	for _, d := range l.Discounts {
		r.Total = r.Total.Sub(m.read(d.Amount))
	}
	for _, t := range l.Taxes {
		r.IVA = r.IVA.Add(m.read(t.Price))
	}
	if !taxesIncluded {
		r.Total = r.Total.Add(r.IVA)
	}
	return r
}

// status follows what is known for sure: a partial shipment is on its way like a whole one.
func (s *shopifyOrder) status() models.OrderStatus {
	delivered := 0
	for _, f := range s.Fulfillments {
		if f.Shipment == "delivered" {
			delivered++
		}
	}
	switch {
	case s.CancelledAt != nil:
		return models.OrderCancelled
	case s.Financial == "refunded":
		return models.OrderRefunded
	case s.Fulfillment == "fulfilled" && delivered == len(s.Fulfillments):
		return models.OrderDelivered
	case s.Fulfillment == "fulfilled" || s.Fulfillment == "partial":
		return models.OrderInTransit
	case s.Confirmed || s.Financial == "paid":
		return models.OrderConfirmed
	}
	return models.OrderCreated
}

func (s *shopifyOrder) fillBuyer(o *Order) {
	w := who{email: s.Email, phone: s.Phone}
	if s.Customer != nil {
		w.first, w.last = s.Customer.First, s.Customer.Last
	}
	if a := s.Address; a != nil {
		w.first, w.last, w.address1, w.address2, w.city, w.province = a.First, a.Last, a.Address1, a.Address2, a.City, a.Province
		if w.phone == "" {
			w.phone = a.Phone
		}
	}
	for _, a := range s.NoteAttributes {
		switch strings.ToLower(a.Name) {
		case "tipo de documento":
			w.docType = a.Value
		case "documento":
			w.doc = a.Value
		}
	}
	o.buy(w)
}

// fillReferral looks where codes are left: a discount code first, as the buyer saw it work.
func (s *shopifyOrder) fillReferral(o *Order) {
	for _, a := range s.NoteAttributes {
		if referralKeys[strings.ToLower(a.Name)] && a.Value != "" {
			o.Referral, o.ReferralSource, o.Codes.Note = a.Value, "note_attribute", a.Value
		}
	}
	if u, err := url.Parse(s.LandingSite); err == nil {
		o.Codes.Link = u.Query().Get("ref")
	}
	if o.Referral == "" && o.Codes.Link != "" {
		o.Referral, o.ReferralSource = o.Codes.Link, "landing_site"
	}
	if len(s.DiscountCodes) > 0 && s.DiscountCodes[0].Code != "" {
		o.Referral, o.ReferralSource, o.Codes.Discount = s.DiscountCodes[0].Code, "discount_code", s.DiscountCodes[0].Code
	}
}

func (s *shopifyRefund) refund() (Refund, error) {
	var m sums
	r := Refund{ExternalID: s.ID.String(), OrderID: s.OrderID.String(), At: s.CreatedAt, Amount: models.Centavos(0), Base: models.Centavos(0)}
	for _, t := range s.Transactions {
		if t.Kind == "refund" && t.Status == "success" {
			r.Amount = r.Amount.Add(m.read(t.Amount))
		}
	}
	for _, l := range s.Lines {
		r.Base = r.Base.Add(wholePesos(m.read(l.Subtotal).Sub(m.read(l.Tax))))
	}
	if r.ExternalID == "" {
		return r, fmt.Errorf("the refund has no id")
	}
	return r, m.err
}
