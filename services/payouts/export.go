package payouts

import (
	"context"
	"fmt"
	"io"
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

var exportColumns = []string{"payout", "created_at", "batch", "distributor", "document", "name", "method", "destination", "amount_cop", "fee_cop",
	"fee_iva_cop", "state", "state_at", "rail_id", "cause", "rail_code", "expected_expiry", "paid_at", "gmf_cop", "fee_charged_cop"}

const exportSQL = `SELECT p.code, p.created_at, b.code, d.code, p.doc_type, p.doc_number, p.doc_dv, p.payee_name, p.method_kind, p.bank_code,
    p.account_number, p.bre_b_key, p.bre_b_kind, p.amount, p.fee, p.fee_iva, p.state, p.state_at, p.rail_id, p.cause, p.rail_code, p.expires_at, p.paid_at, p.gmf, p.fee_charged
FROM payouts p JOIN batches b ON b.id = p.batch_id JOIN distributors d ON d.id = p.distributor_id WHERE `

type exportRow struct {
	code, batch, distributor, docType, docNumber, docDV, name, state, railID, cause, railCode string
	to                                                                                        models.Destination
	amount, fee, iva, gmf                                                                     models.Money
	charged                                                                                   *int64
	createdAt, stateAt                                                                        time.Time
	expiresAt, paidAt                                                                         *time.Time
}

func (r *exportRow) fields() []any {
	return []any{&r.code, &r.createdAt, &r.batch, &r.distributor, &r.docType, &r.docNumber, &r.docDV, &r.name, &r.to.Kind, &r.to.BankCode,
		&r.to.AccountNumber, &r.to.BreBKey, &r.to.BreBKeyKind, &r.amount, &r.fee, &r.iva, &r.state, &r.stateAt, &r.railID, &r.cause, &r.railCode,
		&r.expiresAt, &r.paidAt, &r.gmf, &r.charged}
}

func (r *exportRow) write(cells []string, plain bool) {
	cells[0], cells[1], cells[2], cells[3] = r.code, fileTime(&r.createdAt), r.batch, r.distributor
	cells[4], cells[7] = ident.Mask(r.docType, r.docNumber, r.docDV), r.to.Masked()
	if plain {
		cells[4], cells[7] = r.docType+" "+r.docNumber, r.to.AccountNumber+r.to.BreBKey
	}
	if r.to.BankCode != "" {
		cells[7] = r.to.BankCode + " " + cells[7]
	}
	cells[5], cells[6] = r.name, string(r.to.Kind)
	cells[8], cells[9], cells[10] = wholePesos(r.amount), wholePesos(r.fee), wholePesos(r.iva)
	cells[11], cells[12], cells[13], cells[14], cells[15] = r.state, fileTime(&r.stateAt), r.railID, r.cause, r.railCode
	cells[16], cells[17], cells[18], cells[19] = fileTime(r.expiresAt), fileTime(r.paidAt), wholePesos(r.gmf), ""
	if r.charged != nil {
		cells[19] = wholePesos(models.Centavos(*r.charged))
	}
}

// Export writes all payouts that match, newest first, and records that it did. It reads and writes as it
// goes. plain shows documents and accounts in full, for those who may see them.
func (s *Service) Export(ctx context.Context, by models.Actor, f Filter, plain bool, out sheet.Sink) error {
	if plain && !by.May(models.PermPersonalReveal) {
		return models.Refuse(models.Forbidden, "payout.refused.reveal", "Your role may export documents and accounts only masked.", nil)
	}
	f.Cursor.ID = 0
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "payout.export", SubjectType: "payout",
			After: map[string]any{"filter": exportFacts(f), "unmasked": plain}})
	})
	if err != nil {
		return err
	}
	where, args := f.where(s.Now())
	rows, err := s.DB.Pool.Query(ctx, exportSQL+where+` ORDER BY p.created_at DESC, p.id DESC`, args)
	if err != nil {
		return fmt.Errorf("export payouts: %w", err)
	}
	defer rows.Close()
	if err := out.Write(exportColumns...); err != nil {
		return err
	}
	cells := make([]string, len(exportColumns))
	var r exportRow
	_, err = pgx.ForEachRow(rows, r.fields(), func() error {
		r.write(cells, plain)
		return out.Write(cells...)
	})
	if err != nil {
		return fmt.Errorf("export payouts: %w", err)
	}
	return out.Flush()
}

// exportFacts is the filter as the audit log keeps it; what was searched for may be a document and stays out.
func exportFacts(f Filter) map[string]any {
	return map[string]any{"state": f.State, "method": f.Method, "distributor": f.DistributorID, "batch": f.BatchID, "searched": f.Search != "",
		"from": fileTime(&f.From), "to": fileTime(&f.To), "cause": f.Cause, "overdue": f.Overdue}
}

var previewColumns = []string{"distributor", "document", "name", "method", "destination", "lines", "net_cop", "carried_in_cop", "amount_cop",
	"carried_out_cop", "fee_cop", "fee_iva_cop", "gmf_cop", "result", "reason", "detail"}

// WriteFile writes the preview as CSV: who would be paid, who is excluded and who is left out and why.
func (p Preview) WriteFile(layout sheet.Layout, w io.Writer) error {
	out := sheet.NewWriter(w, layout)
	if err := out.Write(previewColumns...); err != nil {
		return err
	}
	row := func(c models.Candidate, i Item, result, reason, detail string) error {
		return out.Write(c.Code, ident.Mask(c.Payee.DocType, c.Payee.DocNumber, c.Payee.DocDV), c.Payee.Name(), string(c.To.Kind), c.To.Masked(),
			strconv.Itoa(c.Lines), wholePesos(c.Net), wholePesos(c.CarryIn), wholePesos(i.Amount), wholePesos(i.CarryOut), wholePesos(i.Fee),
			wholePesos(i.IVA), wholePesos(i.GMF), result, reason, detail)
	}
	for _, i := range p.Items {
		if err := row(i.Candidate, i, "pay", "", ""); err != nil {
			return err
		}
	}
	for _, i := range p.Excluded {
		if err := row(i.Candidate, i, "excluded", string(models.RefusedExcluded), ""); err != nil {
			return err
		}
	}
	for _, l := range p.LeftOut {
		if err := row(l.Candidate, Item{}, "left_out", string(l.Why), l.Detail); err != nil {
			return err
		}
	}
	return out.Flush()
}

// fileTime writes a moment as files have it, "" when there is none.
func fileTime(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.In(colombia.Bogota).Format(time.RFC3339)
}

// wholePesos writes an amount as files have it; an amount that is not there is empty.
func wholePesos(m models.Money) string {
	if m.Currency == "" {
		return ""
	}
	whole, err := m.Whole()
	if err != nil {
		return m.String()
	}
	return strconv.FormatInt(whole, 10)
}
