package shop

import (
	"encoding/csv"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pagaduria/models"
)

var secrets = map[Kind]string{Shopify: "shopify_demo_secret_pagaduria", WooCommerce: "woo_demo_secret_pagaduria"}

func manifest(t testing.TB, k Kind) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", string(k), "manifest.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func body(t testing.TB, k Kind, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", string(k), name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestASignatureIsOverTheBytesAsTheyCame(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds {
		name, _, _ := k.headers()
		for _, row := range manifest(t, k) {
			b := body(t, k, row["file"])
			h := http.Header{}
			h.Set(name, row["hmac_sha256_base64"]+row["signature_base64"])
			if !k.Signed(secrets[k], h, b) {
				t.Errorf("%s: the genuine signature of %s is refused", k, row["file"])
			}
			if k.Signed("guessed", h, b) || k.Signed(secrets[k], h, append(b, ' ')) || k.Signed(secrets[k], http.Header{}, b) {
				t.Errorf("%s: a wrong secret, other bytes or no signature pass for %s", k, row["file"])
			}
		}
	}
}

// The vectors of both platforms' documentation, by way of programs that check them.
func TestSignaturesOfOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind               Kind
		secret, body, sign string
	}{
		{Shopify, "hush", `{"id":820982911946154508,"name":"#9999","total_price":"5.00","currency":"USD","financial_status":"paid"}`, "ANZg9oNG61KP3lcFxmoN+pAEuCfk1vP90EFXoe3VIyY="},
		{WooCommerce, "woo_secret", `{"id":4750,"number":"4750","status":"completed","currency":"COP","total":"150000"}`, "ffioeBRmKWmyXwC/m8zyTeAECrN+JGXqM5STgHprBZg="},
	} {
		h := http.Header{}
		c.kind.Sign(c.secret, h, []byte(c.body))
		name, _, _ := c.kind.headers()
		if got := h.Get(name); got != c.sign {
			t.Errorf("%s signs %s as %s, want %s", c.kind, c.body, got, c.sign)
		}
	}
}

func TestEveryBodyIsReadAsItsListSays(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds {
		for _, row := range manifest(t, k) {
			t.Run(string(k)+"/"+row["file"], func(t *testing.T) {
				t.Parallel()
				m, err := k.Read(row["topic"], body(t, k, row["file"]))
				if err != nil {
					t.Fatal(err)
				}
				if row["refund_cop"] != "" {
					same(t, "order", m.Refund.OrderID, row["order_id"])
					same(t, "refund", pesos(m.Refund.Amount), row["refund_cop"])
					same(t, "base that came back", pesos(m.Refund.Base), row["clawback_base_cop"])
					return
				}
				o := m.Order
				same(t, "number", o.Number, strings.TrimPrefix(row["order"], "#"))
				if id := row["order_id"]; id != "" {
					same(t, "id", o.ExternalID, id)
				}
				same(t, "code", o.Referral, row["referral_code"])
				if row["referral_source"] != "none" {
					same(t, "code's source", o.ReferralSource, row["referral_source"])
				}
				same(t, "total", pesos(o.Total), row["total_cop"])
				same(t, "shipping", pesos(o.Shipping), row["shipping_cop"])
				same(t, "VAT", pesos(o.IVA), row["iva_cop"])
				same(t, "base", pesos(o.Base()), row["commission_base_cop"])
				if o.Buyer == "" || o.Phone == "" || o.Divipola == "" {
					t.Errorf("buyer %q, phone %q, place %q", o.Buyer, o.Phone, o.Divipola)
				}
			})
		}
	}
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %q, want %q", what, got, want)
	}
}

func pesos(m models.Money) string { return strconv.FormatInt(m.Minor/100, 10) }

func TestStatusesAndPayments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind            Kind
		file, topic     string
		status          models.OrderStatus
		payment         string
		carrier         string
		test            bool
		refundsOfTotals int64
	}{
		{Shopify, "01_orders_create_cod_discount_code.json", "orders/create", models.OrderConfirmed, "cod", "", false, 0},
		{Shopify, "02_orders_create_cod_note_attribute.json", "orders/create", models.OrderConfirmed, "cod", "", false, 0},
		{Shopify, "07_orders_fulfilled_delivered.json", "orders/fulfilled", models.OrderDelivered, "cod", "Coordinadora", false, 0},
		{Shopify, "08_orders_fulfilled_partial.json", "orders/fulfilled", models.OrderInTransit, "gateway", "Interrapidísimo", false, 0},
		{Shopify, "10_orders_cancelled_test_fraud.json", "orders/cancelled", models.OrderCancelled, "gateway", "", true, 0},
		{WooCommerce, "02_order_created_bank_transfer_meta.json", "order.created", models.OrderCreated, "transfer", "", false, 0},
		{WooCommerce, "04_order_updated_completed.json", "order.updated", models.OrderDelivered, "cod", "", false, 0},
		{WooCommerce, "06_order_updated_partial_refund.json", "order.updated", models.OrderDelivered, "cod", "", false, 49_410},
		{WooCommerce, "07_order_updated_failed.json", "order.updated", models.OrderFailed, "gateway", "", false, 0},
		{WooCommerce, "08_order_updated_refunded.json", "order.updated", models.OrderRefunded, "gateway", "", false, 248_200},
	} {
		m, err := c.kind.Read(c.topic, body(t, c.kind, c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		o := m.Order
		var refunded int64
		for _, r := range o.Refunds {
			refunded += r.Amount.Minor / 100
		}
		if o.Status != c.status || o.Payment != c.payment || o.Carrier != c.carrier || o.Test != c.test || refunded != c.refundsOfTotals {
			t.Errorf("%s: %s by %s with %q, test %v, refunded %d; want %+v", c.file, o.Status, o.Payment, o.Carrier, o.Test, refunded, c)
		}
	}
}

func TestWhatIsNoOrderIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	good := string(body(t, Shopify, "01_orders_create_cod_discount_code.json"))
	for name, c := range map[string]struct{ body, says string }{
		"no JSON":            {"{", "read the order"},
		"another currency":   {strings.ReplaceAll(good, `"currency":"COP"`, `"currency":"USD"`), "only orders in COP"},
		"an amount in words": {strings.Replace(good, `"total_tax":"12329.00"`, `"total_tax":"mucho"`, 1), "not a number"},
		"sums that disagree": {strings.Replace(good, `"total_price":"152130.00"`, `"total_price":"152131.00"`, 1), "is not its products"},
		"an amount too long": {strings.Replace(good, `"total_tax":"12329.00"`, `"total_tax":"99999999999999999999.00"`, 1), "not a number"},
	} {
		if c.body == good {
			t.Errorf("%s: the body is unchanged", name)
		}
		if _, err := Shopify.Read("orders/create", []byte(c.body)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	for k, topic := range map[Kind]string{Shopify: "app/uninstalled", WooCommerce: "coupon.created"} {
		if m, err := k.Read(topic, []byte(`{"id":1}`)); err != nil || m.Order != nil || m.Refund != nil {
			t.Errorf("%s %s: %+v, %v; want nothing", k, topic, m, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, k := range Kinds {
		for _, row := range manifest(f, k) {
			f.Add(k == Shopify, row["topic"], body(f, k, row["file"]))
		}
	}
	f.Fuzz(func(t *testing.T, shopify bool, topic string, b []byte) {
		k := WooCommerce
		if shopify {
			k = Shopify
		}
		m, err := k.Read(topic, b)
		if err == nil && m.Order != nil && m.Order.Subtotal.Sub(m.Order.Discount).Add(m.Order.Shipping) != m.Order.Total {
			t.Errorf("an order whose sums disagree was taken: %+v", m.Order)
		}
	})
}
