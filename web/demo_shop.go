package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/orders"
)

// demoShopSecret signs what the demo's shop sends.
const demoShopSecret = "demo-shop-secret"

// demoShop is a Shopify shop that has sent a few orders, one of them twice, one in dollars and one that it did not sign.
func (a *app) demoShop(ctx context.Context, by models.Actor) error {
	_, err := a.h.Orders.SaveShop(ctx, by, models.Shop{Kind: string(shop.Shopify), Slug: "tienda", Name: "Tienda Aurora", Prefix: "TA-", Active: true}, demoShopSecret)
	if err != nil {
		return err
	}
	day := a.h.Now().Add(-9 * 24 * time.Hour).Truncate(time.Second)
	ring := demoOrder{id: 5812345787001, number: 1501, at: day, product: "Anillo Luna, plata 925", sku: "ANI-LUNA", price: 89_900, quantity: 1, gateway: "Cash on Delivery (COD)", code: "LAURA10"}
	bag := demoOrder{id: 5812345787002, number: 1502, at: day.Add(5 * time.Hour), product: "Bolso tejido Guajira", sku: "BOL-GUA", price: 145_000, quantity: 2, gateway: "Wompi", paid: true}
	delivered := ring
	delivered.changed, delivered.paid, delivered.fulfilled = day.Add(4*24*time.Hour), true, true
	for _, m := range []struct {
		topic, secret string
		body          any
	}{
		{"orders/create", demoShopSecret, ring.body("COP")},
		{"orders/create", demoShopSecret, bag.body("COP")},
		{"orders/fulfilled", demoShopSecret, delivered.body("COP")},
		{"orders/fulfilled", demoShopSecret, delivered.body("COP")},
		{"refunds/create", demoShopSecret, bag.refund()},
		{"orders/create", demoShopSecret, demoOrder{id: 5812345787003, number: 1503, at: day, product: "Gift card", price: 20, quantity: 1, gateway: "PayPal"}.body("USD")},
		{"orders/create", "somebody-else", ring.body("COP")},
	} {
		if err := a.demoDelivery(ctx, m.topic, m.secret, m.body); err != nil {
			return err
		}
	}
	return nil
}

// demoCodes gives the code of one order to somebody; the other order stays nobody's.
func (a *app) demoCodes(ctx context.Context) error {
	var code string
	err := a.db.Pool.QueryRow(ctx, `SELECT COALESCE(min(code), '') FROM distributors WHERE verification = 'verified'`).Scan(&code)
	if err != nil || code == "" {
		return err
	}
	if err := a.h.Orders.GiveCode(ctx, models.Actor{Name: "Demo", Roles: []models.Role{models.RoleFinance}}, "LAURA10", code); err != nil {
		return err
	}
	_, err = a.h.Orders.AttributeOpen(ctx)
	return err
}

func (a *app) demoDelivery(ctx context.Context, topic, secret string, message any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	h := http.Header{"X-Shopify-Topic": {topic}, "X-Shopify-Shop-Domain": {"tienda-aurora.myshopify.example"}, "Content-Type": {"application/json"}}
	shop.Shopify.Sign(secret, h, body)
	if _, err := a.h.Orders.Receive(ctx, orders.Delivery{Kind: shop.Shopify, Slug: "tienda", Header: h, Body: body, Remote: "203.0.113.20"}); err != nil {
		return fmt.Errorf("the demo's shop: %w", err)
	}
	var id int64
	if err := a.db.Pool.QueryRow(ctx, `SELECT max(id) FROM shop_deliveries`).Scan(&id); err != nil {
		return err
	}
	return a.h.Orders.WorkDelivery(ctx, orders.DeliveryArgs{ID: id})
}

// demoOrder is an order as Shopify would send it, of one product at a price with VAT included.
type demoOrder struct {
	id, number      int64
	at, changed     time.Time
	product, sku    string
	price, quantity int64
	gateway, code   string
	paid, fulfilled bool
}

func (o demoOrder) gross() int64 { return o.price * o.quantity }

// vat is the 19 % in a gross amount, rounded half up.
func vat(gross int64) int64 { return (gross*19*2 + 119) / (119 * 2) }

func amountText(pesos int64) string { return strconv.FormatInt(pesos, 10) + ".00" }

const demoShipping = 12_000

func (o demoOrder) body(currency string) map[string]any {
	if o.changed.IsZero() {
		o.changed = o.at
	}
	financial := "pending"
	if o.paid {
		financial = "paid"
	}
	line := map[string]any{"id": o.id*10 + 1, "name": o.product, "sku": o.sku, "quantity": o.quantity, "price": amountText(o.price),
		"tax_lines": []any{map[string]any{"price": amountText(vat(o.gross())), "rate": 0.19, "title": "IVA"}}}
	m := map[string]any{"id": o.id, "name": "#" + strconv.FormatInt(o.number, 10), "created_at": o.at, "updated_at": o.changed, "currency": currency, "confirmed": true,
		"financial_status": financial, "taxes_included": true, "total_price": amountText(o.gross() + demoShipping), "subtotal_price": amountText(o.gross()),
		"total_discounts": "0.00", "total_tax": amountText(vat(o.gross())), "email": "compras@buzon.example", "phone": "+573014910001",
		"payment_gateway_names": []string{o.gateway}, "line_items": []any{line}, "shipping_lines": []any{map[string]any{"price": amountText(demoShipping)}},
		"shipping_address": map[string]any{"first_name": "Mariana", "last_name": "Restrepo Ossa", "address1": "Calle 10 # 43-12", "city": "Medellín", "province": "Antioquia"}}
	if o.code != "" {
		m["discount_codes"] = []any{map[string]any{"code": o.code}}
	}
	if o.fulfilled {
		m["fulfillment_status"] = "fulfilled"
		m["fulfillments"] = []any{map[string]any{"shipment_status": "delivered", "tracking_company": "Coordinadora", "tracking_number": "73009911" + strconv.FormatInt(o.number, 10)}}
	}
	return m
}

// refund gives one piece back.
func (o demoOrder) refund() map[string]any {
	return map[string]any{"id": o.id*10 + 7, "order_id": o.id, "created_at": o.at.Add(48 * time.Hour),
		"transactions":      []any{map[string]any{"kind": "refund", "status": "success", "amount": amountText(o.price)}},
		"refund_line_items": []any{map[string]any{"subtotal": amountText(o.price), "total_tax": amountText(vat(o.price))}}}
}
