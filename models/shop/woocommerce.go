package shop

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
)

// wooOrder is the part of WooCommerce's order that is used.
type wooOrder struct {
	ID         json.Number `json:"id"`
	Number     string      `json:"number"`
	Status     string      `json:"status"`
	Currency   string      `json:"currency"`
	Created    wooTime     `json:"date_created"`
	CreatedGMT wooTime     `json:"date_created_gmt"`
	Changed    wooTime     `json:"date_modified"`
	ChangedGMT wooTime     `json:"date_modified_gmt"`
	Discount   string      `json:"discount_total"`
	DiscTax    string      `json:"discount_tax"`
	Shipping   string      `json:"shipping_total"`
	ShipTax    string      `json:"shipping_tax"`
	Total      string      `json:"total"`
	Tax        string      `json:"total_tax"`
	Billing    struct {
		First    string `json:"first_name"`
		Last     string `json:"last_name"`
		Address1 string `json:"address_1"`
		Address2 string `json:"address_2"`
		City     string `json:"city"`
		State    string `json:"state"`
		Email    string `json:"email"`
		Phone    string `json:"phone"`
	} `json:"billing"`
	Method string    `json:"payment_method"` // the plug-in's name; its title is free text
	Note   string    `json:"customer_note"`
	Meta   []wooMeta `json:"meta_data"`
	Lines  []struct {
		ID       json.Number `json:"id"`
		Name     string      `json:"name"`
		SKU      string      `json:"sku"`
		Quantity int         `json:"quantity"`
		Total    string      `json:"total"` // after discount, without VAT
		Tax      string      `json:"total_tax"`
	} `json:"line_items"`
	Coupons []struct {
		Code string `json:"code"`
	} `json:"coupon_lines"`
	Refunds []struct {
		ID    json.Number `json:"id"`
		Total string      `json:"total"` // negative
	} `json:"refunds"`
}

// wooMeta is a field of a plug-in; its value may be anything.
type wooMeta struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// wooTime is a moment without its zone: of the shop, or of Greenwich when the field's name says so.
type wooTime struct{ time.Time }

// UnmarshalJSON reads "2026-11-02T20:15:03" and null.
func (t *wooTime) UnmarshalJSON(b []byte) (err error) {
	if string(b) == "null" || string(b) == `""` {
		return nil
	}
	t.Time, err = time.Parse(`"2006-01-02T15:04:05"`, string(b))
	return err
}

// at is the moment by Greenwich's field, else by the shop's, which is taken to be in Bogotá.
func at(gmt, local wooTime) time.Time {
	if !gmt.IsZero() {
		return gmt.Time
	}
	if local.IsZero() {
		return time.Time{}
	}
	l := local.Time
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, colombia.Bogota)
}

func readWoo(topic string, body []byte) (Message, error) {
	if topic != "order.created" && topic != "order.updated" && topic != "order.restored" {
		return Message{}, nil
	}
	var w wooOrder
	if err := json.Unmarshal(body, &w); err != nil {
		return Message{}, fmt.Errorf("read the order: %w", err)
	}
	order, err := w.order()
	return Message{Order: order}, err
}

func (w *wooOrder) order() (*Order, error) {
	if err := onlyPesos(w.Currency); err != nil {
		return nil, err
	}
	var m sums
	o := &Order{ExternalID: w.ID.String(), Number: w.Number, PlacedAt: at(w.CreatedGMT, w.Created), ChangedAt: at(w.ChangedGMT, w.Changed),
		Status: w.status(), Payment: paidBy(w.Method), Notes: w.Note, IVA: m.read(w.Tax), Total: m.read(w.Total),
		Discount: m.read(w.Discount).Add(m.read(w.DiscTax)), Shipping: m.read(w.Shipping).Add(m.read(w.ShipTax)), Subtotal: models.Centavos(0)}
	for _, l := range w.Lines {
		net, tax := m.read(l.Total), m.read(l.Tax)
		o.Lines = append(o.Lines, Line{ExternalID: l.ID.String(), Title: l.Name, SKU: l.SKU, Quantity: l.Quantity, Total: net.Add(tax), IVA: tax})
		o.Subtotal = o.Subtotal.Add(net).Add(tax)
	}
	o.Subtotal = o.Subtotal.Add(o.Discount)
	w.fillBuyer(o)
	w.fillReferral(o)
	for _, r := range w.Refunds {
		given := m.read(r.Total).Neg()
		o.Refunds = append(o.Refunds, Refund{ExternalID: r.ID.String(), OrderID: o.ExternalID, At: o.ChangedAt, Amount: given, Base: o.share(given)})
	}
	if m.err != nil {
		return nil, m.err
	}
	return o, o.settle()
}

// share is the part of the base in an amount given back. WooCommerce's order does not say which products came back, so
// that it is taken in proportion, products before shipping.
func (o *Order) share(given models.Money) models.Money {
	goods := o.Total.Sub(o.Shipping)
	if given.Minor >= goods.Minor || goods.Minor <= 0 {
		return o.Base()
	}
	part := new(big.Int).Mul(big.NewInt(o.Base().Minor), big.NewInt(given.Minor))
	return wholePesos(models.Centavos(part.Quo(part, big.NewInt(goods.Minor)).Int64()))
}

// status is the shop's word in ours. Its orders are completed when they are delivered.
// Source: woocommerce.com/document/managing-orders/order-statuses.
func (w *wooOrder) status() models.OrderStatus {
	switch w.Status {
	case "processing":
		return models.OrderConfirmed
	case "completed":
		return models.OrderDelivered
	case "cancelled", "trash":
		return models.OrderCancelled
	case "refunded":
		return models.OrderRefunded
	case "failed":
		return models.OrderFailed
	}
	return models.OrderCreated
}

func (w *wooOrder) meta(keys map[string]bool) string {
	for _, m := range w.Meta {
		if s, ok := m.Value.(string); ok && keys[strings.ToLower(m.Key)] && s != "" {
			return s
		}
	}
	return ""
}

func (w *wooOrder) fillBuyer(o *Order) {
	b := w.Billing
	o.buy(who{first: b.First, last: b.Last, email: b.Email, phone: b.Phone, address1: b.Address1, address2: b.Address2, city: b.City, province: wooStates[b.State],
		docType: w.meta(map[string]bool{"_billing_tipo_documento": true}), doc: w.meta(map[string]bool{"_billing_documento": true})})
}

func (w *wooOrder) fillReferral(o *Order) {
	if code := w.meta(referralKeys); code != "" {
		o.Referral, o.ReferralSource, o.Codes.Note = code, "meta_data", code
	}
	if len(w.Coupons) > 0 && w.Coupons[0].Code != "" {
		o.Referral, o.ReferralSource, o.Codes.Discount = w.Coupons[0].Code, "coupon", w.Coupons[0].Code
	}
}

// wooStates are WooCommerce's codes of departments. Source: its i18n/states.php, from ISO 3166-2:CO.
var wooStates = map[string]string{"CO-AMA": "Amazonas", "CO-ANT": "Antioquia", "CO-ARA": "Arauca", "CO-ATL": "Atlántico", "CO-BOL": "Bolívar",
	"CO-BOY": "Boyacá", "CO-CAL": "Caldas", "CO-CAQ": "Caquetá", "CO-CAS": "Casanare", "CO-CAU": "Cauca", "CO-CES": "Cesar", "CO-CHO": "Chocó",
	"CO-COR": "Córdoba", "CO-CUN": "Cundinamarca", "CO-DC": "Bogotá, D.C.", "CO-GUA": "Guainía", "CO-GUV": "Guaviare", "CO-HUI": "Huila",
	"CO-LAG": "La Guajira", "CO-MAG": "Magdalena", "CO-MET": "Meta", "CO-NAR": "Nariño", "CO-NSA": "Norte de Santander", "CO-PUT": "Putumayo",
	"CO-QUI": "Quindío", "CO-RIS": "Risaralda", "CO-SAP": "San Andrés", "CO-SAN": "Santander", "CO-SUC": "Sucre", "CO-TOL": "Tolima",
	"CO-VAC": "Valle del Cauca", "CO-VAU": "Vaupés", "CO-VID": "Vichada"}
