package commissions

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
)

var exportColumns = []string{"line", "created_at", "distributor", "document", "name", "order", "period", "concept", "amount_cop",
	"state", "reason", "payout", "batch", "note"}

// Export writes all lines that match, newest first, with documents masked, and records that it did.
// It reads and writes as it goes: a million lines take no more memory than one.
func (s *Service) Export(ctx context.Context, by models.Actor, f models.CommissionFilter, out sheet.Sink) error {
	check, err := s.railCheck(ctx)
	if err != nil {
		return err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "commission.export", SubjectType: "commission", After: f})
	})
	if err != nil {
		return err
	}
	c := s.conditions(f, check, true)
	c.distributor = true
	rows, err := s.DB.Pool.Query(ctx, exportSQL+c.from()+exportJoins+c.sql()+" ORDER BY l.created_at DESC, l.id DESC", c.args)
	if err != nil {
		return fmt.Errorf("export commission lines: %w", err)
	}
	defer rows.Close()
	if err := out.Write(exportColumns...); err != nil {
		return err
	}
	cells := make([]string, len(exportColumns))
	var r exportRow
	_, err = pgx.ForEachRow(rows, r.fields(), func() error {
		r.write(cells)
		return out.Write(cells...)
	})
	if err != nil {
		return fmt.Errorf("export commission lines: %w", err)
	}
	return out.Flush()
}

const (
	exportSQL = `SELECT l.id, l.created_at, d.code, d.doc_type, d.doc_number, d.doc_dv,
    CASE WHEN d.business_name <> '' THEN d.business_name ELSE btrim(d.given_names || ' ' || d.surnames) END,
    l.order_number, l.period, l.concept, l.amount, l.state, l.reason, l.note, COALESCE(p.code, ''), COALESCE(b.code, '')
FROM `
	exportJoins = ` LEFT JOIN payouts p ON p.id = l.payout_id LEFT JOIN batches b ON b.id = p.batch_id WHERE `
)

type exportRow struct {
	id                                                                           int64
	createdAt                                                                    time.Time
	code, docType, docNumber, docDV, name, order, period, concept, state, reason string
	note, payout, batch                                                          string
	amount                                                                       models.Money
}

func (r *exportRow) fields() []any {
	return []any{&r.id, &r.createdAt, &r.code, &r.docType, &r.docNumber, &r.docDV, &r.name, &r.order, &r.period, &r.concept, &r.amount,
		&r.state, &r.reason, &r.note, &r.payout, &r.batch}
}

func (r *exportRow) write(cells []string) {
	cells[0], cells[1] = strconv.FormatInt(r.id, 10), r.createdAt.In(colombia.Bogota).Format(time.RFC3339)
	cells[2], cells[3], cells[4] = r.code, ident.Mask(r.docType, r.docNumber, r.docDV), r.name
	cells[5], cells[6], cells[7] = r.order, r.period, r.concept
	cells[8] = wholePesos(r.amount)
	cells[9], cells[10], cells[11], cells[12], cells[13] = r.state, r.reason, r.payout, r.batch, r.note
}

// wholePesos writes an amount as files have it.
func wholePesos(m models.Money) string {
	whole, err := m.Whole()
	if err != nil {
		return m.String()
	}
	return strconv.FormatInt(whole, 10)
}
