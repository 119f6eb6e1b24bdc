// Package shop reads what merchants' shops send about orders: Shopify's and WooCommerce's webhooks.
package shop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
)

// Kind is the software a shop runs on.
type Kind string

// The kinds.
const (
	Shopify     Kind = "shopify"
	WooCommerce Kind = "woocommerce"
)

// Kinds lists every kind in the order pages show them.
var Kinds = []Kind{Shopify, WooCommerce}

// Valid answers whether k is known.
func (k Kind) Valid() bool { return k == Shopify || k == WooCommerce }

// Name is what the software calls itself.
func (k Kind) Name() string {
	if k == Shopify {
		return "Shopify"
	}
	return "WooCommerce"
}

// header names of a kind: the signature, what happened, and what tells a delivery from another one.
func (k Kind) headers() (signature, topic, delivery string) {
	if k == Shopify {
		return "X-Shopify-Hmac-SHA256", "X-Shopify-Topic", "X-Shopify-Webhook-Id"
	}
	return "X-WC-Webhook-Signature", "X-WC-Webhook-Topic", "X-WC-Webhook-Delivery-ID"
}

// Signed answers whether the bytes as they came were signed with the secret: base64 of HMAC-SHA256, by both.
// Sources: convoy's ShopifyVerifier; developer.woocommerce.com/docs/apis/rest-api/v3/webhooks.
func (k Kind) Signed(secret string, h http.Header, body []byte) bool {
	name, _, _ := k.headers()
	got, err := base64.StdEncoding.DecodeString(h.Get(name))
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return err == nil && hmac.Equal(got, m.Sum(nil))
}

// Sign is what Signed accepts.
func (k Kind) Sign(secret string, h http.Header, body []byte) {
	name, _, _ := k.headers()
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	h.Set(name, base64.StdEncoding.EncodeToString(m.Sum(nil)))
}

// Topic is what a delivery is about, like orders/create, and Delivery its own number, "" when it has none.
func (k Kind) Topic(h http.Header) (topic, delivery string) {
	_, t, d := k.headers()
	return h.Get(t), h.Get(d)
}

// Order is an order as a shop tells it.
type Order struct {
	ExternalID     string
	Number         string // without the shop's #
	PlacedAt       time.Time
	ChangedAt      time.Time // of two messages about an order the later one counts
	Test           bool      // never earns a commission
	Status         models.OrderStatus
	Payment        string // of models.OrderPayments
	Buyer          string
	DocType        string
	DocNumber      string
	Phone          string // E.164
	Email          string
	Divipola       string
	Address        string
	Carrier        string
	Waybill        string
	Referral       string            // the distributor's code as it was typed
	ReferralSource string            // discount_code, note_attribute, landing_site, coupon, meta_data
	Codes          models.OrderCodes // every code that came with it, as typed
	Notes          string
	Lines          []Line
	Subtotal       models.Money // of the lines, before discounts, VAT included
	Discount       models.Money
	Shipping       models.Money
	IVA            models.Money
	Total          models.Money
	Refunds        []Refund
}

// Line is one product of an order.
type Line struct {
	ExternalID string
	Title      string
	SKU        string
	Quantity   int
	Total      models.Money // after discount, VAT included
	IVA        models.Money
}

// Base is what commissions are counted from: after discount, without VAT.
func (l Line) Base() models.Money { return wholePesos(l.Total.Sub(l.IVA)) }

// Base is that of all lines; shipping never earns a commission.
func (o *Order) Base() models.Money {
	sum := models.Centavos(0)
	for _, l := range o.Lines {
		sum = sum.Add(l.Base())
	}
	return sum
}

// Refund is money that the shop gave back.
type Refund struct {
	ExternalID string
	OrderID    string // the order's number at the shop
	At         time.Time
	Amount     models.Money
	Base       models.Money // the part of Order.Base that came back
}

// Message is what one delivery says: an order, or a refund alone, which may come before its order. Both are nil when
// the topic is none that changes an order.
type Message struct {
	Order  *Order
	Refund *Refund
}

// Read understands a delivery. What can't be understood is an error that says what is wrong.
func (k Kind) Read(topic string, body []byte) (Message, error) {
	if k == Shopify {
		return readShopify(topic, body)
	}
	return readWoo(topic, body)
}

// wholePesos rounds half up, away from zero.
func wholePesos(m models.Money) models.Money {
	if m.Minor < 0 {
		return wholePesos(m.Neg()).Neg()
	}
	return models.Centavos((m.Minor + 50) / 100 * 100)
}

var decimal = regexp.MustCompile(`^-?\d{1,13}(\.\d{1,2})?$`)

var errMoney = errors.New("an amount is not a number with up to two decimals")

// amount reads money as shops write it, "152130.00" or "100020"; nothing is zero.
func amount(s string) (models.Money, error) {
	if s == "" {
		return models.Centavos(0), nil
	}
	if !decimal.MatchString(s) {
		return models.Money{}, fmt.Errorf("%w: %.20q", errMoney, s)
	}
	whole, cents, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	n, err := strconv.ParseInt(whole+(cents + "00")[:2], 10, 64)
	if err != nil {
		return models.Money{}, fmt.Errorf("%w: %.20q", errMoney, s)
	}
	if strings.HasPrefix(s, "-") {
		n = -n
	}
	return models.Centavos(n), nil
}

// sums reads several amounts; the first fault is kept.
type sums struct{ err error }

func (s *sums) read(text string) models.Money {
	m, err := amount(text)
	if err != nil && s.err == nil {
		s.err = err
	}
	return m
}

// onlyPesos refuses an order in another currency: commissions are owed in pesos.
func onlyPesos(currency string) error {
	if currency == string(models.COP) {
		return nil
	}
	return fmt.Errorf("the order is in %.3q; only orders in COP are taken", currency)
}

// settle checks that an order's sums agree and takes what else every order needs.
func (o *Order) settle() error {
	switch {
	case o.ExternalID == "" || o.ExternalID == "0":
		return errors.New("the order has no id")
	case o.Number == "":
		return errors.New("the order has no number")
	case o.PlacedAt.IsZero():
		return errors.New("the order has no date")
	case o.Total.Minor < 0:
		return errors.New("the order's total is negative")
	case len(o.Lines) == 0:
		return errors.New("the order has no product")
	case o.Subtotal.Sub(o.Discount).Add(o.Shipping) != o.Total:
		return fmt.Errorf("the order's total %s is not its products less discount plus shipping", o.Total)
	}
	return nil
}

// who is a buyer as shops have them: free text in most fields.
type who struct{ first, last, docType, doc, phone, email, city, province, address1, address2 string }

func (o *Order) buy(w who) {
	o.Buyer = strings.Join(strings.Fields(w.first+" "+w.last), " ")
	o.Email = strings.TrimSpace(w.email)
	o.Address = strings.Join(strings.Fields(w.address1+" "+w.address2), " ")
	// What is typed into a shop may be anything: a document or telephone that is none is left out, the order stays.
	if d, err := ident.Parse("CO", strings.ToUpper(strings.TrimSpace(w.docType)), w.doc); err == nil {
		o.DocType, o.DocNumber = d.Type, d.Number
	}
	if p, err := ident.ParsePhone("CO", w.phone); err == nil {
		o.Phone = p.E164
	}
	if m, ok := colombia.FindMunicipality(w.city, w.province); ok {
		o.Divipola = m.Code
	}
}

// payments are words in the names of payment methods, the first that fits counts.
var payments = []struct{ word, kind string }{{"cash on delivery", "cod"}, {"contra entrega", "cod"}, {"contraentrega", "cod"}, {"cod", "cod"},
	{"efecty", "efecty_cash_in"}, {"pse", "pse"}, {"nequi", "nequi"}, {"bacs", "transfer"}, {"transfer", "transfer"}, {"card", "card"}, {"tarjeta", "card"}}

// paidBy is how a buyer pays, by the name of the method; any other is a gateway, behind which the shop does not look.
func paidBy(names ...string) string {
	for _, name := range names {
		name = strings.ToLower(name)
		for _, p := range payments {
			if name == p.word || len(p.word) > 3 && strings.Contains(name, p.word) {
				return p.kind
			}
		}
	}
	return "gateway"
}

// referralKeys are names of fields in which themes and plug-ins keep the distributor's code.
var referralKeys = map[string]bool{"ref": true, "referral": true, "referral_code": true, "_referral_code": true, "distributor": true, "codigo_distribuidor": true}
