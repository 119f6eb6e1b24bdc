package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

const orderColumns = rowColumns + `, o.email, o.divipola, o.address, o.product, o.sku, o.quantity, o.subtotal, o.discount, o.shipping, o.iva,
    o.referral, o.notes, o.created_at, s.last_event_at, COALESCE(s.events, 0), COALESCE(s.incidents, 0), COALESCE(s.cash_collected, FALSE),
    COALESCE(s.cash, 0), COALESCE(o.shop_id, 0), COALESCE(h.name, ''), o.referral_source, o.test, COALESCE(o.base, 0), o.changed_at
FROM orders o` + joinShipment + ` LEFT JOIN shops h ON h.id = o.shop_id`

func orderFields(o *models.Order, last **time.Time) []any {
	return append(rowFields(&o.OrderRow), &o.Email, &o.Divipola, &o.Address, &o.Product, &o.SKU, &o.Quantity, &o.Subtotal, &o.Discount,
		&o.Shipping, &o.IVA, &o.Referral, &o.Notes, &o.CreatedAt, last, &o.Parcel.Events, &o.Parcel.Incidents, &o.Parcel.CashCollected, &o.Parcel.Cash,
		&o.ShopID, &o.Shop, &o.ReferralSource, &o.Test, &o.Base, &o.ChangedAt)
}

func scanOrder(row pgx.CollectableRow) (o models.Order, err error) {
	var last *time.Time
	if err = row.Scan(orderFields(&o, &last)...); err != nil {
		return o, err
	}
	if last != nil {
		o.Parcel.LastEventAt = *last
	}
	o.Parcel.State, o.Parcel.Stage, o.Parcel.Flags = o.Shipment, o.Stage, o.Flags
	return o, nil
}

// shownEvents bounds the timeline: a parcel has a dozen events, a broken carrier thousands.
const shownEvents = 200

const events = `
SELECT at, code, status_text, state, incident, divipola, cash, copy
FROM tracking_events WHERE carrier = $1 AND waybill = $2 AND waybill <> '' ORDER BY at DESC, id DESC LIMIT $3`

const places = `
SELECT l.id, l.distributor_id, CASE WHEN d.business_name <> '' THEN d.business_name ELSE btrim(d.given_names || ' ' || d.surnames) END,
    l.concept, l.period, l.amount, l.state, COALESCE(b.id, 0), COALESCE(b.code, ''), COALESCE(b.state, ''),
    COALESCE(p.id, 0), COALESCE(p.code, ''), COALESCE(p.state, ''), COALESCE(p.amount, 0), COALESCE(p.method_kind, '')
FROM commission_lines l
JOIN distributors d ON d.id = l.distributor_id
LEFT JOIN payouts p ON p.id = l.payout_id
LEFT JOIN batches b ON b.id = p.batch_id
WHERE l.order_number = $1 AND l.order_number <> '' ORDER BY l.id LIMIT $2`

const alarms = `SELECT kind, since FROM parcel_alarms WHERE order_id = $1 ORDER BY kind`

const (
	items   = `SELECT title, sku, quantity, total, iva FROM order_items WHERE order_id = $1 ORDER BY position`
	refunds = `
SELECT r.at, r.amount, r.base FROM order_refunds r JOIN orders o ON o.shop_id = r.shop_id AND o.external_id = r.order_external
WHERE o.id = $1 ORDER BY r.at, r.external_id`
	messages = `SELECT ` + deliveryColumns + deliveryTables + ` WHERE d.order_id = $1 ORDER BY d.id DESC LIMIT $2`
)

// ofShop reads what only shops tell.
func (s *Service) ofShop(ctx context.Context, t *models.OrderTrail) (err error) {
	id := t.Order.ID
	if t.Items, err = store.Select[models.OrderItem](ctx, s.DB.Pool, items, id); err != nil {
		return fmt.Errorf("read products of order %d: %w", id, err)
	}
	if t.Refunds, err = store.Select[models.OrderRefund](ctx, s.DB.Pool, refunds, id); err != nil {
		return fmt.Errorf("read refunds of order %d: %w", id, err)
	}
	if t.Messages, err = store.Select[models.ShopDelivery](ctx, s.DB.Pool, messages, id, shownEvents); err != nil {
		return fmt.Errorf("read messages about order %d: %w", id, err)
	}
	return nil
}

// Trail reads an order with its events and where its money went.
func (s *Service) Trail(ctx context.Context, id int64) (t models.OrderTrail, err error) {
	rows, err := s.DB.Pool.Query(ctx, orderColumns+" WHERE o.id = $1", id)
	if err != nil {
		return t, fmt.Errorf("read order %d: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, scanOrder)
	if err != nil {
		return t, fmt.Errorf("read order %d: %w", id, err)
	}
	if len(found) == 0 {
		return t, models.Refuse(models.NotFound, "orders.refused.not_found", "There is no such order.", nil)
	}
	t.Order = found[0]
	if t.Events, err = store.Select[models.OrderEvent](ctx, s.DB.Pool, events, t.Order.Carrier, t.Order.Waybill, shownEvents); err != nil {
		return t, fmt.Errorf("read events of order %d: %w", id, err)
	}
	if t.Places, err = store.Select[models.CommissionPlace](ctx, s.DB.Pool, places, t.Order.Number, shownEvents); err != nil {
		return t, fmt.Errorf("read trail of order %d: %w", id, err)
	}
	if t.Alarms, err = store.Select[models.OrderAlarm](ctx, s.DB.Pool, alarms, id); err != nil {
		return t, fmt.Errorf("read alarms of order %d: %w", id, err)
	}
	if t.Order.ShopID != 0 {
		err = s.ofShop(ctx, &t)
	}
	return t, err
}
