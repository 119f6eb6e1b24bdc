package orders

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const (
	// An order's number goes before another's waybill of the same characters.
	remitted = `
SELECT u.n, o.id, o.number, o.total, o.payment, COALESCE(r.reference, ''), count(*) OVER (PARTITION BY u.n, o.number = u.code)
FROM unnest($1::integer[], $2::text[]) AS u(n, code)
JOIN orders o ON o.number = u.code OR (o.waybill = u.code AND o.waybill <> '')
LEFT JOIN remittances r ON r.order_id = o.id ORDER BY u.n, o.number = u.code DESC, o.id`
	insertRemitted = `
INSERT INTO remittances (order_id, at, amount, reference, actor, noted_at) SELECT u.id, $3, u.amount, $4, $5, $6
FROM unnest($1::bigint[], $2::bigint[]) AS u(id, amount) ON CONFLICT (order_id) DO NOTHING RETURNING order_id`
)

// remittedOrder is an order that a line names.
type remittedOrder struct {
	N         int
	ID        int64
	Number    string
	Total     models.Money
	Payment   string
	Reference string // of an earlier hand-over
	Alike     int    // orders that the line may mean
}

// Remit notes that a carrier handed over the cash of orders paid at the door. Lines that name none, or one whose cash was
// handed over before, are answered with what is wrong; the others are noted. Two people who note the same at once note it
// once.
func (s *Service) Remit(ctx context.Context, by models.Actor, r models.Remittance) (res models.RemittanceResult, err error) {
	if !by.May(models.PermCommissionsEdit) {
		return res, models.Refuse(models.Forbidden, "commissions.refused.role", "Only finance can hold and release commission lines.", nil)
	}
	at, lines, err := s.readRemittance(r)
	if err != nil {
		return res, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		res = models.RemittanceResult{Noted: models.Sum{Total: models.Centavos(0)}}
		found, err := findRemitted(tx, lines)
		if err != nil {
			return err
		}
		ids, amounts, noted := judgeRemitted(lines, found, &res)
		return s.writeRemitted(tx, by, r.Reference, at, ids, amounts, noted, &res)
	})
	return res, err
}

func (s *Service) readRemittance(r models.Remittance) (at time.Time, lines []models.RemittanceLine, err error) {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	at, err = time.ParseInLocation(time.DateOnly, r.Day, colombia.Bogota)
	if err != nil || at.After(s.Now()) {
		_ = refusal.WithField("day", "remit.refused.day")
	}
	if n := len([]rune(strings.TrimSpace(r.Reference))); n == 0 || n > 80 {
		_ = refusal.WithField("reference", "remit.refused.reference")
	}
	if lines = r.Parse(); len(lines) == 0 || len(lines) > models.MostRemitted {
		_ = refusal.WithField("lines", "remit.refused.lines")
	}
	if len(refusal.Fields) > 0 {
		return at, nil, refusal
	}
	return at, lines, nil
}

func findRemitted(tx *gorm.DB, lines []models.RemittanceLine) (map[int]remittedOrder, error) {
	places, codes := make([]int, len(lines)), make([]string, len(lines))
	for i, l := range lines {
		places[i], codes[i] = i, l.Code
	}
	rows, err := store.SelectTx[remittedOrder](tx, remitted, places, codes)
	if err != nil {
		return nil, fmt.Errorf("look up orders whose cash was handed over: %w", err)
	}
	found := make(map[int]remittedOrder, len(rows))
	for _, o := range rows {
		if _, first := found[o.N]; !first {
			found[o.N] = o
		}
	}
	return found, nil
}

// judgeRemitted answers the orders whose cash is noted; the lines of others go to the result with what is wrong.
func judgeRemitted(lines []models.RemittanceLine, found map[int]remittedOrder, res *models.RemittanceResult) (ids, amounts []int64, noted map[int64]models.RemittanceLine) {
	noted = map[int64]models.RemittanceLine{}
	for i, l := range lines {
		o := found[i]
		_, twice := noted[o.ID]
		switch {
		case l.Fault != "":
		case o.ID == 0:
			l.Fault = "unknown"
		case o.Alike > 1:
			l.Fault = "several"
		case o.Payment != "cod":
			l.Fault = "not_cod"
		case o.Reference != "":
			l.Fault = "before"
		case twice:
			l.Fault = "twice"
		}
		if l.Fault != "" {
			res.Refused = append(res.Refused, l)
			continue
		}
		if l.Amount.Minor == 0 {
			l.Amount = o.Total
		}
		if !l.Amount.Positive() {
			l.Fault = "amount"
			res.Refused = append(res.Refused, l)
			continue
		}
		ids, amounts = append(ids, o.ID), append(amounts, l.Amount.Minor)
		noted[o.ID] = l
	}
	return ids, amounts, noted
}

func (s *Service) writeRemitted(tx *gorm.DB, by models.Actor, reference string, at time.Time, ids, amounts []int64, lines map[int64]models.RemittanceLine, res *models.RemittanceResult) error {
	if len(ids) == 0 {
		return nil
	}
	written, err := store.SelectTx[struct{ ID int64 }](tx, insertRemitted, ids, amounts, at, strings.TrimSpace(reference), by.Name, s.Now())
	if err != nil {
		return fmt.Errorf("note cash that was handed over: %w", err)
	}
	entries := make([]audit.Entry, len(written))
	for i, w := range written {
		l := lines[w.ID]
		res.Noted.Count++
		res.Noted.Total = res.Noted.Total.Add(l.Amount)
		entries[i] = audit.Entry{By: by, Action: "order.remitted", SubjectType: "order", SubjectID: w.ID, After: map[string]any{"reference": reference, "amount": l.Amount.String()}}
		delete(lines, w.ID)
	}
	for _, l := range lines { // somebody noted them meanwhile
		l.Fault = "before"
		res.Refused = append(res.Refused, l)
	}
	return audit.RecordAll(tx, entries)
}
