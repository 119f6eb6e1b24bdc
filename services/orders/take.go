package orders

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// DeliveryArgs is the job that works on an accepted message. It is safe to run twice: the work on a message and its
// outcome are one transaction.
type DeliveryArgs struct {
	ID int64 `json:"id"`
}

// Kind names the job.
func (DeliveryArgs) Kind() string { return "orders.delivery" }

const (
	// Two messages about one order wait for each other on the shop's own lock of that order.
	lockDelivery = `
SELECT d.id, d.shop_id, d.kind, s.prefix, d.topic, d.body, d.outcome FROM shop_deliveries d JOIN shops s ON s.id = d.shop_id
WHERE d.id = $1 AND d.verdict = 'accepted' FOR UPDATE OF d`
	lockOrder    = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`
	noteDelivery = `UPDATE shop_deliveries SET outcome = $2, note = $3, number = $4, order_id = nullif($5, 0), worked_at = $6 WHERE id = $1`
	findOrder    = `SELECT id, number, status, changed_at FROM orders WHERE shop_id = $1 AND external_id = $2`
	numberHeld   = `SELECT EXISTS (SELECT 1 FROM orders WHERE number = $1 AND NOT (shop_id IS NOT DISTINCT FROM $2 AND external_id = $3))`
	clearItems   = `DELETE FROM order_items WHERE order_id = $1`
	insertItems  = `
INSERT INTO order_items (order_id, position, external_id, title, sku, quantity, total, iva)
SELECT $1, x.n, x.external, x.title, x.sku, x.quantity, x.total, x.iva
FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::bigint[]) WITH ORDINALITY AS x(external, title, sku, quantity, total, iva, n)`
	insertRefund = `
INSERT INTO order_refunds (shop_id, external_id, order_external, at, amount, base) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (shop_id, external_id) DO UPDATE SET amount = excluded.amount, base = CASE WHEN $7 THEN excluded.base ELSE order_refunds.base END`
	shopColumnsOf = `number, placed_at, status, buyer, doc_type, doc_number, phone, email, divipola, address, product, sku, quantity, subtotal, discount,
    shipping, iva, total, payment, carrier, waybill, referral, referral_source, notes, changed_at, test, base, shop_id, external_id, discount_code, note_code, link_code`
	insertShopOrder = `INSERT INTO orders (` + shopColumnsOf + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32) RETURNING id`
	updateShopOrder = `
UPDATE orders SET (` + shopColumnsOf + `) =
    ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)
WHERE shop_id = $28 AND external_id = $29 RETURNING id`
)

// taken is what came of a message.
type taken struct {
	outcome, note, number string
	orderID               int64
}

// WorkDelivery makes of an accepted message what it says. A message that can't be understood is refused with the reason
// and stays; only a fault of ours is tried again.
func (s *Service) WorkDelivery(ctx context.Context, a DeliveryArgs) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		_, err := s.work(tx, a.ID)
		return err
	})
}

func (s *Service) work(tx *gorm.DB, id int64) (t taken, err error) {
	type row struct {
		ID      int64
		ShopID  int64
		Kind    string
		Prefix  string
		Topic   string
		Body    []byte
		Outcome string
	}
	rows, err := store.SelectTx[row](tx, lockDelivery, id)
	if err != nil {
		return t, fmt.Errorf("read message %d: %w", id, err)
	}
	if len(rows) == 0 || rows[0].Outcome != "" && rows[0].Outcome != models.ShopRefused {
		return t, nil
	}
	d := rows[0]
	m, err := shop.Kind(d.Kind).Read(d.Topic, d.Body)
	switch {
	case err != nil:
		t = taken{outcome: models.ShopRefused, note: err.Error()}
	case m.Order != nil:
		m.Order.Number = d.Prefix + m.Order.Number
		if m.Order.Carrier, err = knownCarrier(tx, m.Order.Carrier); err != nil {
			return t, err
		}
		t, err = s.take(tx, d.ShopID, m.Order)
	case m.Refund != nil:
		t, err = takeRefund(tx, d.ShopID, *m.Refund, true)
	default:
		t.outcome = "ignored"
	}
	if err != nil && t.outcome != models.ShopRefused {
		return t, err
	}
	if _, err := store.ExecTx(tx, noteDelivery, id, t.outcome, t.note, t.number, t.orderID, s.Now()); err != nil {
		return t, fmt.Errorf("note work on message %d: %w", id, err)
	}
	return t, nil
}

// known is an order of a shop as it stands.
type known struct {
	ID        int64
	Number    string
	Status    models.OrderStatus
	ChangedAt time.Time
}

// take brings an order to what a message says, unless a later one was here before: messages come in any order.
func (s *Service) take(tx *gorm.DB, shopID int64, o *shop.Order) (t taken, err error) {
	t.number = o.Number
	if _, err := store.ExecTx(tx, lockOrder, fmt.Sprintf("shop %d order %s", shopID, o.ExternalID)); err != nil {
		return t, fmt.Errorf("lock order %s: %w", o.ExternalID, err)
	}
	before, err := store.SelectTx[known](tx, findOrder, shopID, o.ExternalID)
	if err != nil {
		return t, fmt.Errorf("read order %s: %w", o.ExternalID, err)
	}
	if len(before) > 0 {
		t.orderID, t.number = before[0].ID, before[0].Number
		if older(o, before[0]) {
			t.outcome = "stale"
			return t, nil
		}
		o.Number = before[0].Number // a number stays, whatever prefix came later
	}
	held, err := store.SelectTx[struct{ Held bool }](tx, numberHeld, o.Number, shopID, o.ExternalID)
	if err != nil {
		return t, fmt.Errorf("look up number %s: %w", o.Number, err)
	}
	if held[0].Held {
		t.outcome, t.note = models.ShopRefused, "another order has the number "+o.Number+": give this shop a prefix for its numbers, then process the message again"
		return t, nil
	}
	sql := insertShopOrder
	t.outcome = "created"
	if len(before) > 0 {
		sql, t.outcome = updateShopOrder, "updated"
	}
	ids, err := store.SelectTx[struct{ ID int64 }](tx, sql, orderValues(shopID, o)...)
	if err != nil {
		return t, fmt.Errorf("write order %s: %w", o.Number, err)
	}
	t.orderID = ids[0].ID
	if err := writeItems(tx, t.orderID, o.Lines); err != nil {
		return t, err
	}
	if err := s.attributeOne(tx, t.orderID); err != nil {
		return t, err
	}
	for _, r := range o.Refunds {
		// Shopify tells its refunds apart too, and with them which products came back.
		if _, err := takeRefund(tx, shopID, r, false); err != nil {
			return t, err
		}
	}
	return t, nil
}

// older answers whether a message says less than what is known. Of two from the same second the one further along counts.
func older(o *shop.Order, k known) bool {
	if o.ChangedAt.Equal(k.ChangedAt) {
		return slices.Index(models.OrderStatuses, o.Status) < slices.Index(models.OrderStatuses, k.Status)
	}
	return o.ChangedAt.Before(k.ChangedAt)
}

func orderValues(shopID int64, o *shop.Order) []any {
	first, quantity := o.Lines[0], 0
	for _, l := range o.Lines {
		quantity += l.Quantity
	}
	return []any{o.Number, o.PlacedAt, string(o.Status), o.Buyer, o.DocType, o.DocNumber, o.Phone, o.Email, o.Divipola, o.Address, first.Title, first.SKU,
		max(quantity, 1), o.Subtotal.Minor, o.Discount.Minor, o.Shipping.Minor, o.IVA.Minor, o.Total.Minor, o.Payment, o.Carrier, o.Waybill, o.Referral,
		o.ReferralSource, o.Notes, o.ChangedAt, o.Test, o.Base().Minor, shopID, o.ExternalID,
		models.CodeOf(o.Codes.Discount), models.CodeOf(o.Codes.Note), models.CodeOf(o.Codes.Link)}
}

func writeItems(tx *gorm.DB, orderID int64, lines []shop.Line) error {
	if _, err := store.ExecTx(tx, clearItems, orderID); err != nil {
		return fmt.Errorf("write products of order %d: %w", orderID, err)
	}
	n := len(lines)
	external, title, sku := make([]string, n), make([]string, n), make([]string, n)
	quantity, total, iva := make([]int, n), make([]int64, n), make([]int64, n)
	for i, l := range lines {
		external[i], title[i], sku[i], quantity[i], total[i], iva[i] = l.ExternalID, l.Title, l.SKU, l.Quantity, l.Total.Minor, l.IVA.Minor
	}
	if _, err := store.ExecTx(tx, insertItems, orderID, external, title, sku, quantity, total, iva); err != nil {
		return fmt.Errorf("write products of order %d: %w", orderID, err)
	}
	return nil
}

// takeRefund keeps a refund once. exact says that its base is known by product; a share that was worked out never takes
// the place of that.
func takeRefund(tx *gorm.DB, shopID int64, r shop.Refund, exact bool) (t taken, err error) {
	if r.Amount.Minor < 0 || r.Base.Minor < 0 {
		return taken{outcome: models.ShopRefused, note: "the refund is negative"}, nil
	}
	if _, err := store.ExecTx(tx, insertRefund, shopID, r.ExternalID, r.OrderID, r.At, r.Amount.Minor, r.Base.Minor, exact); err != nil {
		return t, fmt.Errorf("write refund %s: %w", r.ExternalID, err)
	}
	order, err := store.SelectTx[known](tx, findOrder, shopID, r.OrderID)
	if err != nil {
		return t, fmt.Errorf("read order %s: %w", r.OrderID, err)
	}
	t.outcome = "refund"
	if len(order) > 0 {
		t.orderID, t.number = order[0].ID, order[0].Number
	}
	return t, nil
}

// AgainDelivery works on a refused message again because a person asked, after what stood in the way was put right.
func (s *Service) AgainDelivery(ctx context.Context, by models.Actor, id int64) (outcome string, err error) {
	if !by.May(models.PermWebhooksReplay) {
		return "", models.Refuse(models.Forbidden, "webhook.refused.role", "Only support or an admin can process a notification again.", nil)
	}
	d, err := s.Delivered(ctx, id)
	if err != nil {
		return "", err
	}
	if !d.Again() {
		return "", models.Refuse(models.Conflict, "shops.delivery.not_again", "Only a message that was refused can be processed again.", nil)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		t, err := s.work(tx, id)
		if err != nil {
			return err
		}
		outcome = t.outcome
		return audit.Record(tx, audit.Entry{By: by, Action: "shop.again", SubjectType: "shop_delivery", SubjectID: id, After: map[string]string{"outcome": outcome}})
	})
	return outcome, err
}
