package orders

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

var exportColumns = []string{"order", "placed_at", "status", "buyer", "document", "phone", "divipola", "product", "sku", "quantity",
	"subtotal_cop", "discount_cop", "shipping_cop", "iva_cop", "total_cop", "payment", "carrier", "waybill", "shipment", "referral", "notes"}

// Export writes all orders that match, newest first, with documents and phones masked, and records
// that it did. It reads and writes as it goes: a million orders take no more memory than one.
func (s *Service) Export(ctx context.Context, by models.Actor, f models.OrderFilter, out sheet.Sink) error {
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "order.export", SubjectType: "order", After: f})
	})
	if err != nil {
		return err
	}
	where, args := conditions(f)
	if name := nameQuery(f.Query); name != "" {
		where = append(where, foldedBuyer+" LIKE @name")
		args["name"] = store.Containing(name)
	}
	rows, err := s.DB.Pool.Query(ctx, orderColumns+" WHERE "+strings.Join(where, " AND ")+" ORDER BY o.placed_at DESC, o.id DESC", args)
	if err != nil {
		return fmt.Errorf("export orders: %w", err)
	}
	defer rows.Close()
	if err := out.Write(exportColumns...); err != nil {
		return err
	}
	cells := make([]string, len(exportColumns))
	var o models.Order
	var last *time.Time
	_, err = pgx.ForEachRow(rows, orderFields(&o, &last), func() error {
		writeOrder(cells, &o)
		return out.Write(cells...)
	})
	if err != nil {
		return fmt.Errorf("export orders: %w", err)
	}
	return out.Flush()
}

func writeOrder(cells []string, o *models.Order) {
	cells[0], cells[1], cells[2] = o.Number, o.PlacedAt.In(colombia.Bogota).Format(time.RFC3339), string(o.Status)
	cells[3], cells[4], cells[5] = o.Buyer, ident.Mask(o.DocType, o.DocNumber, ""), ident.MaskPhone(o.Phone)
	cells[6], cells[7], cells[8], cells[9] = o.Divipola, o.Product, o.SKU, strconv.Itoa(o.Quantity)
	for i, m := range [...]models.Money{o.Subtotal, o.Discount, o.Shipping, o.IVA, o.Total} {
		cells[10+i] = wholePesos(m)
	}
	cells[15], cells[16], cells[17], cells[18] = o.Payment, o.Carrier, o.Waybill, string(o.Shipment)
	cells[19], cells[20] = o.Referral, o.Notes
}

// wholePesos writes an amount as files have it.
func wholePesos(m models.Money) string {
	whole, err := m.Whole()
	if err != nil {
		return m.String()
	}
	return strconv.FormatInt(whole, 10)
}
