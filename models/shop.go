package models

import (
	"regexp"
	"strings"
	"time"
)

// Shop is where orders come from: a merchant's shop that sends them signed.
type Shop struct {
	ID        int64
	Kind      string // of package shop
	Slug      string // names it in the address of its messages
	Name      string
	Prefix    string // before its order numbers, so that two shops may count alike
	Active    bool   // what a paused shop sends is rejected
	Version   int
	ChangedAt time.Time
}

// ShopRow is a shop as the list shows it.
type ShopRow struct {
	Shop
	Orders   int64
	Last     *time.Time // message taken
	Rejected int64      // in the last 24 hours
	Refused  int64      // accepted, and no order could be made of it
}

var prefixForm = regexp.MustCompile(`^[A-Za-z0-9-]{0,12}$`)

// minSecret is the shortest secret that is taken; the platforms make longer ones.
const minSecret = 8

// Check refuses settings that cannot work, naming each field. secret is "" to keep the stored one.
func (s Shop) Check(secret string) error {
	refused := Refuse(Invalid, "form.invalid", "Some fields need another look.", nil)
	require := func(ok bool, field, key string) {
		if !ok {
			refused.WithField(field, key)
		}
	}
	require(s.ID != 0 || slugShaped(s.Slug), "slug", "connection.field.slug_bad")
	require(strings.TrimSpace(s.Name) != "", "name", "form.required")
	require(prefixForm.MatchString(s.Prefix), "prefix", "shops.field.prefix_bad")
	require(s.ID != 0 && secret == "" || len(secret) >= minSecret, "secret", "shops.field.secret_bad")
	if len(refused.Fields) > 0 {
		return refused
	}
	return nil
}

// ShopDelivery is one message of a shop as the log shows it.
type ShopDelivery struct {
	ID         int64
	ShopID     int64
	Shop       string // its name, "" when the address named none
	Kind       string
	ReceivedAt time.Time
	Remote     string
	Topic      string
	Delivery   string // the shop's number of it
	Verdict    string // accepted, duplicate, rejected
	Reason     string // of a rejection
	Outcome    string // created, updated, unchanged, stale, refund, ignored, refused; "" before it was worked on
	Note       string
	Number     string // of the order
	OrderID    int64
	WorkedAt   *time.Time
	Size       int
}

// Again answers whether it may be worked on again: it was accepted, and nothing came of it.
func (d ShopDelivery) Again() bool { return d.Outcome == ShopRefused }

// ShopRefused is the outcome of a message that no order could be made of.
const ShopRefused = "refused"

// OrderItem is one product of an order.
type OrderItem struct {
	Title    string
	SKU      string
	Quantity int
	Total    Money // after discount, VAT included
	IVA      Money
}

// OrderRefund is money that the shop gave back.
type OrderRefund struct {
	At     time.Time
	Amount Money
	Base   Money // the part of what commissions are counted from that came back
}
