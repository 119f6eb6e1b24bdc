package orders

import (
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models/intake"
	"pagaduria/services/store"
)

// written are the columns that an order file fills, in the order of values.
var written = []string{"number", "placed_at", "status", "buyer", "doc_type", "doc_number", "phone", "email", "divipola", "address", "product",
	"sku", "quantity", "subtotal", "discount", "shipping", "iva", "total", "payment", "carrier", "waybill", "referral", "notes", "fingerprint",
	"link_code", "distributor_id", "attributed_by", "attribution_key", "attribution_version", "attributed_at"}

// ofOrder is how many of written an order itself fills; whose it is fills the others.
const ofOrder = 24

// values writes an order into v, which has the length of written.
func values(v []any, r *intake.OrderRow) {
	v[0], v[1], v[2], v[3], v[4], v[5] = r.Number, r.PlacedAt, string(r.Status), r.Buyer, r.DocType, r.DocNumber
	v[6], v[7], v[8], v[9], v[10], v[11] = r.Phone, r.Email, r.Divipola, r.Address, r.Product, r.SKU
	v[12], v[13], v[14], v[15], v[16], v[17] = r.Quantity, r.Subtotal.Minor, r.Discount.Minor, r.Shipping.Minor, r.IVA.Minor, r.Total.Minor
	v[18], v[19], v[20], v[21], v[22], v[23] = r.Payment, r.Carrier, r.Waybill, r.Referral, r.Notes, int64(r.Fingerprint())
}

// orderSource hands orders to COPY one by one, through one slice of values.
type orderSource struct {
	rows  []*intake.OrderRow
	whose attributed
	next  int
	v     []any
}

func (s *orderSource) Next() bool { s.next++; return s.next <= len(s.rows) }
func (s *orderSource) Err() error { return nil }
func (s *orderSource) Values() ([]any, error) {
	values(s.v, s.rows[s.next-1])
	s.whose.values(s.v[ofOrder:], s.next-1, s.rows[s.next-1])
	return s.v, nil
}

func copyOrders(tx *gorm.DB, rows []*intake.OrderRow, whose attributed) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := store.Copy(tx, pgx.Identifier{"orders"}, written, &orderSource{rows: rows, whose: whose, v: make([]any, len(written))})
	return err
}

const (
	createStage = `CREATE TEMPORARY TABLE IF NOT EXISTS staged_orders (LIKE orders INCLUDING DEFAULTS EXCLUDING IDENTITY) ON COMMIT DROP`
	clearStage  = `TRUNCATE staged_orders`
	// What a person said of whose an order is stands, and so does what the rules found while they see the same.
	stands  = `(o.attributed_by IN ('hand','house') OR o.attributed_by <> '' AND o.attribution_key = s.attribution_key)`
	bringUp = `
UPDATE orders o SET placed_at = s.placed_at, status = s.status, buyer = s.buyer, doc_type = s.doc_type, doc_number = s.doc_number, phone = s.phone,
    email = s.email, divipola = s.divipola, address = s.address, product = s.product, sku = s.sku, quantity = s.quantity, subtotal = s.subtotal,
    discount = s.discount, shipping = s.shipping, iva = s.iva, total = s.total, payment = s.payment, carrier = s.carrier, waybill = s.waybill,
    referral = s.referral, notes = s.notes, fingerprint = s.fingerprint,
    link_code = s.link_code, distributor_id = CASE WHEN ` + stands + ` THEN o.distributor_id ELSE s.distributor_id END,
    attributed_by = CASE WHEN ` + stands + ` THEN o.attributed_by ELSE s.attributed_by END,
    attribution_key = CASE WHEN ` + stands + ` THEN o.attribution_key ELSE s.attribution_key END,
    attribution_version = CASE WHEN ` + stands + ` THEN o.attribution_version ELSE s.attribution_version END,
    attributed_at = CASE WHEN ` + stands + ` THEN o.attributed_at ELSE s.attributed_at END
FROM staged_orders s WHERE o.number = s.number`
)

// updateOrders brings known orders up to date with a newer file.
func updateOrders(tx *gorm.DB, rows []*intake.OrderRow, whose attributed) error {
	if len(rows) == 0 {
		return nil
	}
	for _, sql := range []string{createStage, `ALTER TABLE staged_orders ALTER COLUMN id DROP NOT NULL`, clearStage} {
		if _, err := store.ExecTx(tx, sql); err != nil {
			return fmt.Errorf("stage changed orders: %w", err)
		}
	}
	if _, err := store.Copy(tx, pgx.Identifier{"staged_orders"}, written, &orderSource{rows: rows, whose: whose, v: make([]any, len(written))}); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, bringUp); err != nil {
		return fmt.Errorf("update orders: %w", err)
	}
	return nil
}
