package payouts

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

var exportColumns = []string{"payout", "created_at", "batch", "distributor", "document", "name", "method", "destination", "amount_cop", "fee_cop",
	"fee_iva_cop", "state", "state_at", "rail_id", "cause", "rail_code", "expected_expiry", "paid_at", "gmf_cop", "fee_charged_cop"}

const exportSQL = `SELECT p.code, p.created_at, b.code, d.code, p.doc_type, p.doc_number, p.doc_dv, p.payee_name, p.method_kind, p.bank_code,
    p.account_number, p.bre_b_key, p.bre_b_kind, p.amount, p.fee, p.fee_iva, p.state, p.state_at, p.rail_id, p.cause, p.rail_code, p.expires_at, p.paid_at, p.gmf, p.fee_charged
FROM payouts p JOIN batches b ON b.id = p.batch_id JOIN distributors d ON d.id = p.distributor_id WHERE `

// The columns of exportSQL.
const (
	xCode = iota
	xCreatedAt
	xBatch
	xDistributor
	xDocType
	xDocNumber
	xDocDV
	xName
	xMethod
	xBank
	xAccount
	xKey
	xKeyKind
	xAmount
	xFee
	xIVA
	xState
	xStateAt
	xRailID
	xCause
	xRailCode
	xExpiresAt
	xPaidAt
	xGMF
	xCharged
)

// exportCells builds the cells of a payout in the order of exportColumns.
func exportCells(row *sheet.Row, r store.Raw, plain bool) []string {
	row.Bytes(r[xCode])
	exportMoment(row, r, xCreatedAt)
	row.Bytes(r[xBatch])
	row.Bytes(r[xDistributor])
	to := models.Destination{AccountNumber: string(r[xAccount]), BreBKey: string(r[xKey]), BreBKeyKind: models.BreBKeyKind(r[xKeyKind])}
	document, account := "", to.AccountNumber+to.BreBKey
	if plain {
		document = string(r[xDocType]) + " " + string(r[xDocNumber])
	} else {
		document, account = ident.Mask(string(r[xDocType]), string(r[xDocNumber]), string(r[xDocDV])), to.Masked()
	}
	if bank := r[xBank]; len(bank) > 0 {
		account = string(bank) + " " + account
	}
	row.Text(document)
	row.Bytes(r[xName])
	row.Bytes(r[xMethod])
	row.Text(account)
	exportPesos(row, r, xAmount)
	exportPesos(row, r, xFee)
	exportPesos(row, r, xIVA)
	row.Bytes(r[xState])
	exportMoment(row, r, xStateAt)
	row.Bytes(r[xRailID])
	row.Bytes(r[xCause])
	row.Bytes(r[xRailCode])
	exportMoment(row, r, xExpiresAt)
	exportMoment(row, r, xPaidAt)
	exportPesos(row, r, xGMF)
	exportPesos(row, r, xCharged)
	return row.Cells()
}

func exportMoment(row *sheet.Row, r store.Raw, i int) {
	if r.Null(i) {
		row.Text("")
		return
	}
	row.Moment(r.Time(i).In(colombia.Bogota))
}

// exportPesos writes an amount as files have it; one that is not there is empty.
func exportPesos(row *sheet.Row, r store.Raw, i int) {
	if r.Null(i) {
		row.Text("")
		return
	}
	amount := models.Centavos(r.Int(i))
	whole, err := amount.Whole()
	if err != nil {
		row.Text(amount.String())
		return
	}
	row.Int(whole)
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
	if err := out.Write(exportColumns...); err != nil {
		return err
	}
	var row sheet.Row
	err = store.EachRaw(ctx, s.DB.Pool, func(r store.Raw) error { return out.Write(exportCells(&row, r, plain)...) },
		exportSQL+where+` ORDER BY p.created_at DESC, p.id DESC`, args)
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
