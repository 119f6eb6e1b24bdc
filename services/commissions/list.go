package commissions

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// PageSize is how many lines a page of the list shows.
const PageSize = 50

// lineColumns are the columns of scanLine. The page is cut first (l), then joined.
const lineColumns = `
SELECT l.id, l.created_at, l.version, l.distributor_id, d.code, d.country, d.doc_type, d.doc_number, d.doc_dv, d.given_names, d.surnames,
    d.business_name, d.phone, d.email, d.address, d.city, d.divipola, d.verification, d.verified_until, d.warnings <> '{}',
    d.account_changed_on, d.payable_from, d.on_hold,
    COALESCE(m.id, 0), COALESCE(m.kind, ''), COALESCE(m.bank_code, ''), COALESCE(m.account_type, ''), COALESCE(m.account_number, ''),
    COALESCE(m.bre_b_key, ''), COALESCE(m.bre_b_kind, ''), COALESCE(net.amount, 0), COALESCE(c.amount, 0),
    l.order_number, COALESCE(o.id, 0), l.period, l.concept, l.amount, l.state, l.reason, l.note, l.flags,
    COALESCE(p.id, 0), COALESCE(p.code, ''), COALESCE(p.state, ''), COALESCE(b.id, 0), COALESCE(b.code, '')
FROM (SELECT l.* FROM `

const lineJoins = `) l
JOIN distributors d ON d.id = l.distributor_id
LEFT JOIN payout_methods m ON m.distributor_id = d.id AND m.preferred
LEFT JOIN carries c ON c.distributor_id = d.id
LEFT JOIN LATERAL (SELECT CAST(sum(n.amount) AS bigint) AS amount FROM commission_lines n
    WHERE n.distributor_id = l.distributor_id AND n.state = 'eligible' AND l.state = 'eligible') net ON TRUE
LEFT JOIN orders o ON o.number = l.order_number
LEFT JOIN payouts p ON p.id = l.payout_id
LEFT JOIN batches b ON b.id = p.batch_id
ORDER BY `

// List is one page of lines, newest first, read by one query.
func (s *Service) List(ctx context.Context, f models.CommissionFilter, at store.Cursor) (store.Page[models.CommissionLine], error) {
	check, err := s.railCheck(ctx)
	if err != nil {
		return store.Page[models.CommissionLine]{}, err
	}
	c := s.conditions(f, check, false)
	c.and(at.Where("l.created_at", "l.id"), "size", PageSize+1)
	sql := lineColumns + c.from() + " WHERE " + c.sql() + " ORDER BY " + at.Order("l.created_at", "l.id") + " LIMIT @size" +
		lineJoins + at.Order("l.created_at", "l.id")
	lines, err := s.read(ctx, check, sql, at.Bind(c.args))
	if err != nil {
		return store.Page[models.CommissionLine]{}, fmt.Errorf("list commission lines: %w", err)
	}
	return store.MakePage(lines, PageSize, at, func(l models.CommissionLine) store.Cursor {
		return store.Cursor{At: l.CreatedAt, ID: l.ID}
	}), nil
}

// Line reads one line.
func (s *Service) Line(ctx context.Context, id int64) (models.CommissionLine, error) {
	check, err := s.railCheck(ctx)
	if err != nil {
		return models.CommissionLine{}, err
	}
	lines, err := s.read(ctx, check, lineColumns+"commission_lines l WHERE l.id = @id"+lineJoins+"l.id", pgx.NamedArgs{"id": id})
	if err != nil {
		return models.CommissionLine{}, fmt.Errorf("read commission line %d: %w", id, err)
	}
	if len(lines) == 0 {
		return models.CommissionLine{}, models.Refuse(models.NotFound, "commissions.refused.not_found", "There is no such commission line.", nil)
	}
	return lines[0], nil
}

func (s *Service) read(ctx context.Context, check RailCheck, sql string, args pgx.NamedArgs) ([]models.CommissionLine, error) {
	rows, err := s.DB.Pool.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	today := models.Day(s.Now())
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (models.CommissionLine, error) { return scanLine(row, check, today) })
}

func scanLine(row pgx.CollectableRow, check RailCheck, today time.Time) (l models.CommissionLine, err error) {
	var c models.Candidate
	p := &c.Payee
	err = row.Scan(&l.ID, &l.CreatedAt, &l.Version, &l.DistributorID, &l.Code, &p.Country, &p.DocType, &p.DocNumber, &p.DocDV, &p.GivenNames,
		&p.Surnames, &p.BusinessName, &p.Phone, &p.Email, &p.Address, &p.City, &p.Divipola, &c.Verification, &c.VerifiedUntil, &c.Warned,
		&c.AccountChanged, &c.PayableFrom, &c.OnHold, &c.MethodID, &c.To.Kind, &c.To.BankCode, &c.To.AccountType, &c.To.AccountNumber, &c.To.BreBKey, &c.To.BreBKeyKind, &c.Net, &c.CarryIn,
		&l.Order, &l.OrderID, &l.Period, &l.Concept, &l.Amount, &l.State, &l.Reason, &l.Note, &l.Flags,
		&l.PayoutID, &l.PayoutCode, &l.PayoutState, &l.BatchID, &l.BatchCode)
	if err != nil {
		return l, err
	}
	l.Payee, l.AccountChanged, l.PayableFrom = c.Payee, c.AccountChanged, c.PayableFrom
	standing := models.Standing{State: l.State, Candidate: c, Today: today}
	if l.State == models.CommissionEligible && c.MethodID != 0 {
		standing.Rail = check(c.Payee, c.To)
	}
	l.Why = models.WhyNotPayable(standing)
	return l, nil
}

const tallies = `SELECT key, CAST(sum(n) AS bigint), CAST(sum(total) AS bigint) FROM tallies WHERE list = 'commissions' GROUP BY key`

// Tallies are the counts and sums of all states, from the running counts.
func (s *Service) Tallies(ctx context.Context) (map[models.CommissionState]models.Sum, error) {
	rows, err := store.Select[struct {
		State models.CommissionState
		Count int64
		Total models.Money
	}](ctx, s.DB.Pool, tallies)
	if err != nil {
		return nil, fmt.Errorf("count commission lines: %w", err)
	}
	sums := make(map[models.CommissionState]models.Sum, len(rows))
	for _, r := range rows {
		sums[r.State] = models.Sum{Count: r.Count, Total: r.Total}
	}
	return sums, nil
}

// Sum counts and adds up all lines that match.
func (s *Service) Sum(ctx context.Context, f models.CommissionFilter) (models.Sum, error) {
	if !f.Free() {
		sums, err := s.Tallies(ctx)
		return models.SumOf(sums, f.State), err
	}
	check, err := s.railCheck(ctx)
	if err != nil {
		return models.Sum{}, err
	}
	return s.sum(ctx, s.DB.Pool, s.conditions(f, check, true))
}

func (s *Service) sum(ctx context.Context, q store.Querier, c *condition) (models.Sum, error) {
	sum, err := store.SelectOne[models.Sum](ctx, q,
		"SELECT count(*), CAST(COALESCE(sum(l.amount), 0) AS bigint) FROM "+c.from()+" WHERE "+c.sql(), c.args)
	if err != nil {
		return sum, fmt.Errorf("add up commission lines: %w", err)
	}
	return sum, nil
}
