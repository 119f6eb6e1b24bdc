package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/orders"
	"pagaduria/services/vault"
	"pagaduria/views/urls"
)

const (
	shopSlug   = "bench"
	shopSecret = "bench-shop-secret"
	// A body in the shape of the shop's.
	shopSample = "models/shop/testdata/shopify/01_orders_create_cod_discount_code.json"
)

// shopMessage is a new order of the shop, signed, as it goes over the wire.
func shopMessage(template []byte) (request []byte, body []byte, delivery string) {
	n := strconv.FormatInt(serial.Add(1), 10)
	delivery = "bench-" + n
	body = slices.Concat(bytes.TrimRight(template, "} \n"), []byte(`,"bench":`+n+`}`))
	h := http.Header{}
	shop.Shopify.Sign(shopSecret, h, body)
	for name := range h {
		request = append(request, (name + ": " + h.Get(name) + "\r\n")...)
	}
	head := "POST " + urls.ShopIntake(string(shop.Shopify), shopSlug) + " HTTP/1.1\r\nHost: " + productAddr + "\r\nContent-Type: application/json\r\nX-Shopify-Topic: orders/create\r\n" +
		"X-Shopify-Webhook-Id: " + delivery + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	return append(append(append([]byte(head), request...), "\r\n"...), body...), body, delivery
}

// measureShop is figure 37: orders of a shop by webhook, as 8 clients send them. Nobody works on them meanwhile.
func measureShop(ctx context.Context, b *bench) error {
	template, err := os.ReadFile(shopSample)
	if err != nil {
		return err
	}
	v, err := vault.New(b.key)
	if err != nil {
		return err
	}
	s := &orders.Service{DB: b.db, Vault: v, Now: time.Now}
	id, err := s.SaveShop(ctx, models.Actor{Name: "bench", Roles: []models.Role{models.RoleAdmin}}, models.Shop{Kind: string(shop.Shopify), Slug: shopSlug, Name: "Bench", Prefix: "B-", Active: true}, shopSecret)
	if err != nil {
		return err
	}
	if _, err := b.db.Pool.Exec(ctx, `CREATE TABLE bench_deliveries (LIKE shop_deliveries INCLUDING ALL)`); err != nil {
		return err
	}
	const clients = 8
	return b.with(ctx, func(*process) error {
		var ours, limit []sample
		var answered int64
		for range b.scale.Runs {
			l, err := b.storeAlone(ctx, clients, id, template)
			if err != nil {
				return err
			}
			o, err := drive(ctx, clients, b.scale.Each, func(int) (func() error, func(), error) {
				w, err := dial(productAddr)
				if err != nil {
					return nil, nil, err
				}
				return func() error {
					request, _, _ := shopMessage(template)
					status, _, err := w.ask(request)
					if err == nil && status != 200 {
						err = fmt.Errorf("an order was answered %d", status)
					}
					atomic.AddInt64(&answered, 1)
					return err
				}, w.close, nil
			})
			if err != nil {
				return err
			}
			limit, ours = append(limit, l), append(ours, o)
		}
		b.add(37, median(ours).rate, median(limit).rate)
		var stored int64
		err := b.db.Pool.QueryRow(ctx, `SELECT count(*) FROM shop_deliveries WHERE verdict = 'accepted' AND delivery LIKE 'bench-%'`).Scan(&stored)
		if err == nil && stored != answered {
			err = fmt.Errorf("%d orders were answered 200 and %d are stored", answered, stored)
		}
		return err
	}, "--no-worker")
}

// storeAlone is the limit: one durable insert an order, into a table with the same indexes.
func (b *bench) storeAlone(ctx context.Context, clients int, shopID int64, template []byte) (sample, error) {
	pool, err := b.pool(ctx, clients)
	if err != nil {
		return sample{}, err
	}
	defer pool.Close()
	return drive(ctx, clients, b.scale.Each, func(int) (func() error, func(), error) {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			_, body, delivery := shopMessage(template)
			_, err := conn.Exec(ctx, `INSERT INTO bench_deliveries (shop_id, kind, remote, topic, delivery, headers, body, verdict) VALUES ($1, 'shopify', '127.0.0.1', 'orders/create', $2, '{}', $3, 'accepted')`,
				shopID, delivery, body)
			return err
		}, conn.Release, nil
	})
}
