package orders_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/orders"
)

const shopdata = "../../models/shop/testdata/"

var admin = models.Actor{StaffID: 0, Name: "Admin", Roles: []models.Role{models.RoleAdmin}}

// sent is a message of the data set, signed as its shop signs.
type sent struct {
	kind        shop.Kind
	topic, id   string
	body        []byte
	header      http.Header
	order, file string
}

var shopSecrets = map[shop.Kind]string{shop.Shopify: "shopify_demo_secret_pagaduria", shop.WooCommerce: "woo_demo_secret_pagaduria"}

func messages(t testing.TB, k shop.Kind) (list []sent) {
	t.Helper()
	f, err := os.Open(shopdata + string(k) + "/manifest.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	for _, row := range rows[1:] {
		body, err := os.ReadFile(shopdata + string(k) + "/" + at(row, "file"))
		if err != nil {
			t.Fatal(err)
		}
		m := sent{kind: k, topic: at(row, "topic"), body: body, order: strings.TrimPrefix(at(row, "order"), "#"), file: at(row, "file"), header: http.Header{}}
		if k == shop.Shopify {
			m.id = at(row, "webhook_id")
			m.header.Set("X-Shopify-Topic", m.topic)
			m.header.Set("X-Shopify-Webhook-Id", m.id)
			m.header.Set("X-Shopify-Hmac-SHA256", at(row, "hmac_sha256_base64"))
		} else {
			m.id = at(row, "delivery_id")
			m.header.Set("X-WC-Webhook-Topic", m.topic)
			m.header.Set("X-WC-Webhook-Delivery-ID", m.id)
			m.header.Set("X-WC-Webhook-Signature", at(row, "signature_base64"))
		}
		list = append(list, m)
	}
	return list
}

func addShop(t testing.TB, s *orders.Service, k shop.Kind, slug, prefix string) int64 {
	t.Helper()
	id, err := s.SaveShop(t.Context(), admin, models.Shop{Kind: string(k), Slug: slug, Name: slug, Prefix: prefix, Active: true}, shopSecrets[k])
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// send delivers a message and works on it, as the job does.
func send(t testing.TB, s *orders.Service, m sent, slug string) (reason string) {
	t.Helper()
	reason, err := s.Receive(t.Context(), orders.Delivery{Kind: m.kind, Slug: slug, Header: m.header, Body: m.body, Remote: "203.0.113.9"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WorkDelivery(t.Context(), orders.DeliveryArgs{ID: count(t, s.DB, `SELECT max(id) FROM shop_deliveries`)}); err != nil {
		t.Fatal(err)
	}
	return reason
}

func TestShopsSendTheirOrders(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addShop(t, s, shop.Shopify, "aurora", "")
	addShop(t, s, shop.WooCommerce, "luz", "")
	for _, k := range shop.Kinds {
		for _, m := range messages(t, k) {
			if reason := send(t, s, m, ""); reason != "" {
				t.Errorf("%s is rejected: %s", m.file, reason)
			}
		}
	}
	if n := count(t, s.DB, `SELECT count(*) FROM shop_deliveries WHERE outcome IN ('refused', '', 'ignored')`); n != 0 {
		t.Errorf("%d messages came to nothing", n)
	}
	for _, c := range []struct {
		number, status string
		total, base    int64
		refunded, back int64
		items          int64
	}{
		{"1201", "delivered", 152_130, 127_801, 38_610, 32_446, 2},
		{"1202", "confirmed", 135_400, 100_756, 135_400, 100_756, 1},
		{"9999", "cancelled", 73_655, 51_811, 0, 0, 1},
		{"4811", "delivered", 100_020, 73_966, 49_410, 41_521, 2},
		{"4813", "refunded", 248_200, 246_367, 248_200, 246_367, 2},
	} {
		id := count(t, s.DB, `SELECT COALESCE(max(id), 0) FROM orders WHERE number = $1`, c.number)
		if id == 0 {
			t.Errorf("order %s is missing", c.number)
			continue
		}
		trail, err := s.Trail(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		o := trail.Order
		var refunded, back int64
		for _, r := range trail.Refunds {
			refunded, back = refunded+r.Amount.Minor/100, back+r.Base.Minor/100
		}
		if string(o.Status) != c.status || o.Total.Minor != c.total*100 || o.Base.Minor != c.base*100 || refunded != c.refunded || back != c.back ||
			o.Test != (c.number == "9999") {
			t.Errorf("order %s is %s, total %s, base %s, refunded %d (%d of the base), test %v; want %+v", c.number, o.Status, o.Total, o.Base, refunded, back, o.Test, c)
		}
		if len(trail.Items) == 0 || len(trail.Messages) == 0 {
			t.Errorf("order %s has %d products and %d messages", c.number, len(trail.Items), len(trail.Messages))
		}
	}
}

func TestMessagesInAnyOrderAndAgainMakeTheSameOrders(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var all []sent
	for _, k := range shop.Kinds {
		all = append(all, messages(t, k)...)
	}
	const state = `
SELECT string_agg(concat_ws('|', o.number, o.status, o.total, o.base, o.changed_at, o.carrier, r.amount, r.base), E'\n' ORDER BY o.number)
FROM orders o LEFT JOIN LATERAL (SELECT sum(amount) AS amount, sum(base) AS base FROM order_refunds r WHERE r.shop_id = o.shop_id AND r.order_external = o.external_id) r ON true
WHERE o.number LIKE $1 || '%'`
	run, want := 0, ""
	rapid.Check(t, func(rt *rapid.T) {
		run++
		prefix := fmt.Sprintf("R%d-", run)
		for _, k := range shop.Kinds {
			addShop(t, s, k, fmt.Sprintf("%s-%d", k, run), prefix)
		}
		sequence := all
		if run > 1 { // the first is the order of the list, the one to compare with
			sequence = rapid.Permutation(all).Draw(rt, "order")
			sequence = append(sequence, rapid.SliceOfN(rapid.SampledFrom(all), 0, 6).Draw(rt, "again")...)
		}
		for _, m := range sequence {
			send(t, s, m, fmt.Sprintf("%s-%d", m.kind, run))
		}
		var got string
		if err := s.DB.Pool.QueryRow(t.Context(), state, prefix).Scan(&got); err != nil {
			t.Fatal(err)
		}
		got = strings.ReplaceAll(got, prefix, "")
		if want == "" {
			want = got
		}
		if got != want {
			rt.Fatalf("other orders:\n%s\nwant\n%s", got, want)
		}
	})
}

func TestWhatIsNotBelievedIsKeptAndMakesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := addShop(t, s, shop.Shopify, "aurora", "")
	m := messages(t, shop.Shopify)[0]
	for _, c := range []struct {
		name, slug, reason string
		change             func(*orders.Delivery)
	}{
		{"another shop's address", "nobody", orders.RejectedShop, func(*orders.Delivery) {}},
		{"other bytes", "aurora", orders.RejectedSignature, func(d *orders.Delivery) { d.Body = append(slices.Clone(d.Body), ' ') }},
		{"no signature", "aurora", orders.RejectedSignature, func(d *orders.Delivery) { d.Header = http.Header{} }},
		{"too large", "aurora", orders.RejectedSize, func(d *orders.Delivery) { d.TooLarge = true }},
	} {
		d := orders.Delivery{Kind: m.kind, Slug: c.slug, Header: m.header, Body: m.body, Remote: "203.0.113.9"}
		c.change(&d)
		if reason, err := s.Receive(t.Context(), d); err != nil || reason != c.reason {
			t.Errorf("%s: %q, %v; want %q", c.name, reason, err, c.reason)
		}
	}
	x, err := s.Shop(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	x.Active = false
	if _, err := s.SaveShop(t.Context(), admin, x, ""); err != nil {
		t.Fatal(err)
	}
	if reason := send(t, s, m, "aurora"); reason != orders.RejectedPaused {
		t.Errorf("a paused shop: %q", reason)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM orders`); n != 0 {
		t.Errorf("%d orders were made", n)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM shop_deliveries WHERE verdict = 'rejected'`); n != 5 {
		t.Errorf("%d of 5 are kept", n)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM shop_deliveries WHERE length(body) > 16384`); n != 0 {
		t.Error("a rejected body is kept whole")
	}
}

func TestAMessageCountsOnceHoweverManyBringIt(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addShop(t, s, shop.Shopify, "aurora", "")
	m := messages(t, shop.Shopify)[0]
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := s.Receive(t.Context(), orders.Delivery{Kind: m.kind, Header: m.header, Body: m.body}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := count(t, s.DB, `SELECT count(*) FROM shop_deliveries WHERE verdict = 'accepted'`); n != 1 {
		t.Fatalf("%d were accepted", n)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM river_job WHERE kind = 'orders.delivery'`); n != 1 {
		t.Errorf("%d jobs", n)
	}
	id := count(t, s.DB, `SELECT id FROM shop_deliveries WHERE verdict = 'accepted'`)
	for range 4 { // two workers, and the job once more
		group.Go(func() {
			if err := s.WorkDelivery(t.Context(), orders.DeliveryArgs{ID: id}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := count(t, s.DB, `SELECT count(*) FROM orders`); n != 1 {
		t.Errorf("%d orders", n)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM order_items`); n != 2 {
		t.Errorf("%d products", n)
	}
}

func TestANumberThatIsTakenWaitsForAPrefix(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addShop(t, s, shop.Shopify, "aurora", "")
	second := addShop(t, s, shop.Shopify, "boreal", "")
	m := messages(t, shop.Shopify)[0]
	send(t, s, m, "aurora")
	send(t, s, m, "boreal")
	id := count(t, s.DB, `SELECT max(id) FROM shop_deliveries`)
	d, err := s.Delivered(t.Context(), id)
	if err != nil || d.Outcome != models.ShopRefused || !strings.Contains(d.Note, "prefix") {
		t.Fatalf("the second shop's 1201: %q %q, %v", d.Outcome, d.Note, err)
	}
	x, err := s.Shop(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	x.Prefix = "B-"
	if _, err := s.SaveShop(t.Context(), admin, x, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AgainDelivery(t.Context(), models.Actor{Roles: []models.Role{models.RoleFinance}}, id); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance processes again: %v", err)
	}
	if outcome, err := s.AgainDelivery(t.Context(), admin, id); err != nil || outcome != "created" {
		t.Errorf("with a prefix: %q, %v", outcome, err)
	}
	if _, err := s.AgainDelivery(t.Context(), admin, id); models.KindOf(err) != models.Conflict {
		t.Errorf("processed twice: %v", err)
	}
	if n := count(t, s.DB, `SELECT count(*) FROM orders WHERE number = 'B-1201'`); n != 1 {
		t.Error("B-1201 is missing")
	}
}

func TestAFileDoesNotChangeAShopsOrder(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addShop(t, s, shop.Shopify, "aurora", "")
	send(t, s, messages(t, shop.Shopify)[0], "aurora")
	number := count(t, s.DB, `SELECT CAST(number AS bigint) FROM orders`)
	text := strings.Replace(string(file(t, "orders_export.csv")), "#13009", fmt.Sprintf("#%d", number), 1)
	_, faults := importOrders(t, s, []byte(text), false)
	found := false
	for _, f := range faults.Refused {
		found = found || f.Code == "order_of_shop"
	}
	if n := count(t, s.DB, `SELECT count(*) FROM orders WHERE number = $1 AND shop_id IS NOT NULL AND total = 15213000`, fmt.Sprint(number)); n != 1 || !found {
		t.Errorf("the shop's order stands %d times, refused with a reason: %v", n, found)
	}
}

func TestShopSettingsAreChecked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	good := models.Shop{Kind: "shopify", Slug: "aurora", Name: "Aurora", Active: true}
	for name, c := range map[string]struct {
		change func(*models.Shop, *string)
		field  string
	}{
		"no name":        {func(x *models.Shop, _ *string) { x.Name = " " }, "name"},
		"a bad slug":     {func(x *models.Shop, _ *string) { x.Slug = "a b" }, "slug"},
		"a bad prefix":   {func(x *models.Shop, _ *string) { x.Prefix = "T#" }, "prefix"},
		"a short secret": {func(_ *models.Shop, k *string) { *k = "short" }, "secret"},
		"no secret":      {func(_ *models.Shop, k *string) { *k = "" }, "secret"},
		"another kind":   {func(x *models.Shop, _ *string) { x.Kind = "magento" }, "kind"},
	} {
		x, secret := good, "long enough"
		c.change(&x, &secret)
		_, err := s.SaveShop(t.Context(), admin, x, secret)
		var refused *models.Error
		if !errors.As(err, &refused) || refused.Fields[c.field] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.SaveShop(t.Context(), models.Actor{Roles: []models.Role{models.RoleFinance}}, good, "long enough"); models.KindOf(err) != models.Forbidden {
		t.Errorf("finance adds a shop: %v", err)
	}
	if _, err := s.SaveShop(t.Context(), admin, good, "long enough"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveShop(t.Context(), admin, good, "long enough"); models.KindOf(err) != models.Conflict {
		t.Errorf("the same short name twice: %v", err)
	}
	var sealed []byte
	if err := s.DB.Pool.QueryRow(t.Context(), `SELECT secret FROM shops`).Scan(&sealed); err != nil || strings.Contains(string(sealed), "long enough") {
		t.Errorf("the secret is not sealed (%v)", err)
	}
}
