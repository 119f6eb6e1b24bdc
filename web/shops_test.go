package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/orders"
	"pagaduria/views/urls"
)

func TestOrdersOfShopsOverHTTP(t *testing.T) {
	t.Parallel()
	o := newSite(t)
	admin := models.Actor{Name: "Admin", Roles: []models.Role{models.RoleAdmin}}
	if _, err := o.app.h.Orders.SaveShop(t.Context(), admin, models.Shop{Kind: "shopify", Slug: "aurora", Name: "Aurora", Active: true}, "shopify_demo_secret_pagaduria"); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile("../models/shop/testdata/shopify/01_orders_create_cod_discount_code.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, secret string
		body               io.Reader
		want               int
	}{
		{"genuine", urls.ShopIntake("shopify", "aurora"), "shopify_demo_secret_pagaduria", bytes.NewReader(body), http.StatusOK},
		{"the same again, to the only shop of its kind", "/hooks/orders/shopify", "shopify_demo_secret_pagaduria", bytes.NewReader(body), http.StatusOK},
		{"forged", urls.ShopIntake("shopify", "aurora"), "guessed", bytes.NewReader(body), http.StatusUnauthorized},
		{"no such shop", urls.ShopIntake("shopify", "nobody"), "guessed", bytes.NewReader(body), http.StatusNotFound},
		{"no such software", urls.ShopIntake("magento", "aurora"), "guessed", bytes.NewReader(body), http.StatusNotFound},
		{"too large", urls.ShopIntake("shopify", "aurora"), "guessed", strings.NewReader(strings.Repeat("x", orders.MaxDelivery+1)), http.StatusRequestEntityTooLarge},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.URL+c.path, c.body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Shopify-Topic", "orders/create")
		r.Header.Set("X-Shopify-Webhook-Id", "f1c6794e-3f87-8459-f625-7fb16ac47dba")
		shop.Shopify.Sign(c.secret, r.Header, body)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, answer.StatusCode, c.want)
		}
	}
	var accepted, duplicate, rejected int
	err = o.app.db.Pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE verdict = 'accepted'), count(*) FILTER (WHERE verdict = 'duplicate'),
		count(*) FILTER (WHERE verdict = 'rejected') FROM shop_deliveries`).Scan(&accepted, &duplicate, &rejected)
	if err != nil || accepted != 1 || duplicate != 1 || rejected != 3 {
		t.Errorf("%d accepted, %d duplicate, %d rejected are kept (%v)", accepted, duplicate, rejected, err)
	}
}

func TestTheBytesOfAShopsMessageAreForThoseWhoSeePersonalData(t *testing.T) {
	t.Parallel()
	o := newSite(t)
	admin := models.Actor{Name: "Admin", Roles: []models.Role{models.RoleAdmin}}
	if err := o.app.demoShop(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	var id int64
	if err := o.app.db.Pool.QueryRow(t.Context(), `SELECT min(id) FROM shop_deliveries WHERE outcome = 'created'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who   string
		names bool
	}{{"support@demo.test", true}, {"auditor@demo.test", false}, {"admin@demo.test", false}} {
		reader := o.browser()
		o.signIn(reader, c.who)
		page := o.get(reader, urls.ShopMessage(id)).body
		if strings.Contains(page, "Restrepo Ossa") != c.names {
			t.Errorf("%s sees the buyer's name: %v", c.who, !c.names)
		}
		if strings.Contains(page, "compras@buzon.example") || strings.Contains(page, "3014910001") {
			t.Errorf("%s sees an address or a telephone number", c.who)
		}
		if !strings.Contains(page, "TA-1501") {
			t.Errorf("%s does not see what it is about", c.who)
		}
	}
}
