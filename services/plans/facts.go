package plans

import (
	"context"
	"fmt"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/plan"
	"pagaduria/services/store"
)

// sellerMonth names what is counted as a whole.
type sellerMonth struct {
	Seller int64
	Month  string
}

// span is the time of a month in Bogotá.
func span(month string) (from, until time.Time, err error) {
	from, err = time.ParseInLocation("2006-01", month, colombia.Bogota)
	return from, from.AddDate(0, 1, 0), err
}

// factRow is an order as it stands in the tables.
type factRow struct {
	ID                      int64
	Seller                  int64
	Month                   string
	Number                  string
	PlacedAt                time.Time
	Channel                 string
	COD, Test               bool
	Status                  models.OrderStatus
	Parcel                  models.ShipmentState
	SaidDelivered, Tracked  *time.Time
	Remitted                *time.Time
	Stated                  bool
	SKU                     string
	Subtotal, Discount, IVA models.Money
}

const (
	ofMonths = `unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[]) AS u(seller, month, since, until)
JOIN orders o ON o.distributor_id = u.seller AND o.placed_at >= u.since AND o.placed_at < u.until`
	// Where a carrier tells of the parcel, the carrier decides when it was delivered, and the first time counts.
	// That it handed cash over is only its word: what arrived, finance notes.
	selectFacts = `
SELECT o.id, u.seller, u.month, o.number, o.placed_at, COALESCE(h.slug, '` + plan.FileChannel + `'), o.payment = 'cod', o.test, o.status, COALESCE(s.state, ''), o.delivered_at,
    CASE WHEN s.state = 'delivered' THEN (SELECT min(e.at) FROM tracking_events e WHERE e.carrier = o.carrier AND e.waybill = o.waybill AND e.state = 'delivered') END,
    r.at, EXISTS (SELECT 1 FROM commission_lines l WHERE l.order_number = o.number AND l.order_number <> '' AND l.accrual_id IS NULL),
    o.sku, o.subtotal, o.discount, o.iva
FROM ` + ofMonths + ` LEFT JOIN shops h ON h.id = o.shop_id
LEFT JOIN shipments s ON s.carrier = o.carrier AND s.waybill = o.waybill AND o.waybill <> ''
LEFT JOIN remittances r ON r.order_id = o.id`
	selectItems = `
SELECT i.order_id, i.sku, i.total, i.iva FROM ` + ofMonths + ` JOIN order_items i ON i.order_id = o.id WHERE o.shop_id IS NOT NULL ORDER BY i.order_id, i.position`
	selectRefunds = `
SELECT o.id, r.external_id, r.at, r.base FROM ` + ofMonths + ` JOIN order_refunds r ON r.shop_id = o.shop_id AND r.order_external = o.external_id`
)

// readFacts reads all orders of some sellers' months, with three statements.
func readFacts(ctx context.Context, q store.Querier, months []sellerMonth) (map[sellerMonth][]plan.Order, error) {
	sellers, names := make([]int64, len(months)), make([]string, len(months))
	since, until := make([]time.Time, len(months)), make([]time.Time, len(months))
	for i, m := range months {
		var err error
		sellers[i], names[i] = m.Seller, m.Month
		if since[i], until[i], err = span(m.Month); err != nil {
			return nil, fmt.Errorf("month of seller %d: %w", m.Seller, err)
		}
	}
	args := []any{sellers, names, since, until}
	rows, err := store.Select[factRow](ctx, q, selectFacts, args...)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	items, err := store.Select[struct {
		Order int64
		plan.Item
	}](ctx, q, selectItems, args...)
	if err != nil {
		return nil, fmt.Errorf("read products of orders: %w", err)
	}
	refunds, err := store.Select[struct {
		Order int64
		Key   string
		At    time.Time
		Base  models.Money
	}](ctx, q, selectRefunds, args...)
	if err != nil {
		return nil, fmt.Errorf("read refunds of orders: %w", err)
	}
	products, back := map[int64][]plan.Item{}, map[int64][]plan.Event{}
	for _, i := range items {
		products[i.Order] = append(products[i.Order], i.Item)
	}
	for _, r := range refunds {
		back[r.Order] = append(back[r.Order], plan.Event{Kind: plan.GivenBack, At: r.At, Base: r.Base, Key: r.Key})
	}
	facts := make(map[sellerMonth][]plan.Order, len(months))
	for i := range rows {
		r := &rows[i]
		o := r.order()
		if own := products[r.ID]; own != nil {
			o.Items = own
		}
		o.Events = append(o.Events, back[r.ID]...)
		key := sellerMonth{r.Seller, r.Month}
		facts[key] = append(facts[key], o)
	}
	return facts, nil
}

// order is what a plan looks at of an order of a file: one product, and what happened to it.
func (r *factRow) order() plan.Order {
	o := plan.Order{ID: r.ID, Number: r.Number, PlacedAt: r.PlacedAt, Channel: r.Channel, COD: r.COD, Test: r.Test,
		Items: []plan.Item{{SKU: r.SKU, Total: r.Subtotal.Sub(r.Discount), IVA: r.IVA}}}
	happened := func(k plan.EventKind, at time.Time) { o.Events = append(o.Events, plan.Event{Kind: k, At: at}) }
	delivered := r.Tracked
	if r.Parcel == "" || r.Parcel == models.ShipmentUnknown {
		delivered = r.SaidDelivered
	}
	if delivered != nil {
		happened(plan.Delivered, *delivered)
	}
	if r.Remitted != nil {
		happened(plan.Remitted, *r.Remitted)
	}
	if r.Parcel == models.ShipmentReturned || r.Status == models.OrderReturned {
		happened(plan.Returned, r.PlacedAt)
	}
	switch r.Status {
	case models.OrderCancelled, models.OrderFailed:
		happened(plan.Cancelled, r.PlacedAt)
	case models.OrderRefunded:
		o.Events = append(o.Events, plan.Event{Kind: plan.GivenBack, At: r.PlacedAt, All: true})
	}
	if r.Stated {
		happened(plan.Stated, r.PlacedAt)
	}
	return o
}
