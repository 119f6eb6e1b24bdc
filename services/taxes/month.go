package taxes

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/sheet"
	"pagaduria/models/tax"
	"pagaduria/services/audit"
)

// MonthLimit is how many payouts the page of a month adds up; more are for the file.
const MonthLimit = 50_000

// paidInMonth are the payouts that were paid in a month, payee by payee, each with what the payee was paid in the year
// before it and the declaration that counted on its day.
const paidInMonth = `
SELECT y.code, y.distributor_id, d.code, y.amount, y.paid_at, y.before,
    t.id, t.valid_from, t.person, t.not_resident, t.declarant, t.simple, t.work_income, t.contract_over, t.iva, t.municipality
FROM (SELECT p.id, p.code, p.distributor_id, p.amount, p.paid_at,
        CAST(COALESCE(sum(p.amount) OVER (PARTITION BY p.distributor_id ORDER BY p.paid_at, p.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bigint) AS before
    FROM payouts p WHERE p.state = 'paid' AND p.currency = 'COP' AND p.paid_at >= @year AND p.paid_at < @to) y
JOIN distributors d ON d.id = y.distributor_id
LEFT JOIN LATERAL (SELECT * FROM tax_profiles t WHERE t.distributor_id = y.distributor_id AND t.valid_from <= (y.paid_at AT TIME ZONE 'America/Bogota')::date
    ORDER BY t.valid_from DESC, t.id DESC LIMIT 1) t ON true
WHERE y.paid_at >= @from ORDER BY y.distributor_id, y.paid_at, y.id LIMIT @limit`

// eachPaid hands over what the payouts of a month come to, one by one.
func (s *Service) eachPaid(ctx context.Context, month string, limit int, each func(tax.MonthLine) error) error {
	from, to, ok := tax.Span(month)
	if !ok {
		return models.Refuse(models.Invalid, "tax.refused.month", "Give a month.", nil).WithField("month", "tax.refused.month")
	}
	versions, err := s.Versions(ctx)
	if err != nil {
		return err
	}
	// Bogotá is five hours behind UTC all year.
	start := func(day time.Time) time.Time { return day.Add(5 * time.Hour) }
	rows, err := s.DB.Pool.Query(ctx, paidInMonth, pgx.NamedArgs{"year": start(time.Date(from.Year(), 1, 1, 0, 0, 0, 0, time.UTC)), "from": start(from), "to": start(to), "limit": limit})
	if err != nil {
		return fmt.Errorf("read payouts of %s: %w", month, err)
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanPaid(rows)
		if err != nil {
			return fmt.Errorf("read payouts of %s: %w", month, err)
		}
		if err := each(p.Count(versions)); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read payouts of %s: %w", month, err)
	}
	return nil
}

func scanPaid(rows pgx.Rows) (p tax.Paid, err error) {
	var (
		at                                                            time.Time
		id                                                            *int64
		from                                                          *time.Time
		person, municipality                                          *string
		foreign, declarant, simple, workIncome, contractOver, withIVA *bool
	)
	err = rows.Scan(&p.Payout, &p.Payee, &p.PayeeCode, &p.Amount, &at, &p.Before, &id, &from, &person, &foreign, &declarant, &simple, &workIncome, &contractOver, &withIVA, &municipality)
	if err != nil {
		return p, err
	}
	y, m, d := at.In(colombia.Bogota).Date()
	p.On = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if id != nil {
		p.Declared = &tax.Profile{ID: *id, DistributorID: p.Payee, From: *from, Declaration: tax.Declaration{Person: tax.Person(*person), Foreign: *foreign, Declarant: *declarant,
			Simple: *simple, WorkIncome: *workIncome, ContractOver: *contractOver, IVA: *withIVA, Municipality: *municipality}}
	}
	return p, nil
}

// Month adds up what the payouts of a month come to. more is whether there are more than MonthLimit, which are left out.
func (s *Service) Month(ctx context.Context, month string) (sum tax.Month, more bool, err error) {
	sum = tax.NewMonth()
	err = s.eachPaid(ctx, month, MonthLimit+1, func(l tax.MonthLine) error {
		if more = sum.Payouts == MonthLimit; !more {
			sum.Add(l)
		}
		return nil
	})
	return sum, more, err
}

var monthColumns = []string{"payout", "paid_on", "payee", "declared_from", "gross", "year_before", "iva", "withholding_rate", "withholding_income", "withholding_iva",
	"withholding_ica", "net", "payer_gmf", "problem"}

// noLimit is more payouts than there are.
const noLimit = 1 << 31

// WriteMonth writes what the payouts of a month come to, a line for each, and records who took it.
func (s *Service) WriteMonth(ctx context.Context, by models.Actor, month string, out sheet.Sink) error {
	if _, _, ok := tax.Span(month); !ok {
		return models.Refuse(models.Invalid, "tax.refused.month", "Give a month.", nil).WithField("month", "tax.refused.month")
	}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "tax.export", SubjectType: "tax_settings", After: map[string]string{"month": month}})
	})
	if err != nil {
		return err
	}
	if err := out.Write(monthColumns...); err != nil {
		return err
	}
	if err := s.eachPaid(ctx, month, noLimit, func(l tax.MonthLine) error { return out.Write(monthCells(l)...) }); err != nil {
		return err
	}
	return out.Flush()
}

// monthCells is one line of the file, in the order of monthColumns. What was not counted stays empty.
func monthCells(l tax.MonthLine) []string {
	pesos := func(m models.Money) string { return strconv.FormatInt(m.Minor/100, 10) }
	cells := make([]string, len(monthColumns))
	cells[0], cells[1], cells[2], cells[4], cells[5] = l.Payout, l.On.Format(time.DateOnly), l.PayeeCode, pesos(l.Amount), pesos(l.Before)
	if l.Declared != nil {
		cells[3] = l.Declared.From.Format(time.DateOnly)
	}
	if l.Problem != nil {
		cells[13] = l.Problem.Message
		return cells
	}
	for _, x := range l.Result.Lines {
		switch x.Concept {
		case tax.IVA:
			cells[6] = pesos(x.Amount)
		case tax.Income:
			cells[7], cells[8] = models.FormatPercent(int(x.Rate)/10), pesos(x.Amount)
		case tax.ReteIVA:
			cells[9] = pesos(x.Amount)
		case tax.ReteICA:
			cells[10] = pesos(x.Amount)
		case tax.GMF:
			cells[12] = pesos(x.Amount)
		}
	}
	cells[11] = pesos(l.Result.Net)
	return cells
}
