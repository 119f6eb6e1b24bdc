package plans

import (
	"context"
	"fmt"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/services/store"
)

const (
	monthOf = `
SELECT COALESCE(o.distributor_id, 0), to_char(o.placed_at AT TIME ZONE 'America/Bogota', 'YYYY-MM'),
    EXISTS (SELECT 1 FROM accrual_marks m WHERE m.order_id = o.id) OR COALESCE((SELECT m.due FROM seller_months m
        WHERE m.seller_id = o.distributor_id AND m.month = to_char(o.placed_at AT TIME ZONE 'America/Bogota', 'YYYY-MM')), false)
FROM orders o WHERE o.id = $1`
	bookedOf = `
SELECT a.seller_id, a.month, a.level, a.earner_id, d.code, COALESCE(NULLIF(d.business_name, ''), btrim(d.given_names || ' ' || d.surnames)), a.booked
FROM accruals a JOIN distributors d ON d.id = a.earner_id WHERE a.order_id = $1 ORDER BY a.level, a.id`
)

// Earnings explains what an order earns by the plan of its month: counted now from what is known, with what is booked.
func (s *Service) Earnings(ctx context.Context, order int64) (e plan.Earnings, err error) {
	m, err := store.SelectOne[struct {
		sellerMonth
		Counting bool
	}](ctx, s.DB.Pool, monthOf, order)
	if err != nil {
		return e, fmt.Errorf("read month of order %d: %w", order, store.NotFound(err, "orders.refused.not_found", "There is no such order."))
	}
	booked, err := store.Select[struct {
		sellerMonth
		Level      int
		Who        int64
		Code, Name string
		Booked     models.Money
	}](ctx, s.DB.Pool, bookedOf, order)
	if err != nil {
		return e, fmt.Errorf("read what order %d earned: %w", order, err)
	}
	e.Month, e.Counting = m.Month, m.Counting
	why := map[accrualKey]plan.Line{}
	if m.Seller != 0 && len(booked) > 0 {
		all, err := count(ctx, s.DB.Pool, []sellerMonth{m.sellerMonth})
		if err != nil {
			return e, err
		}
		e.PlanID, e.PlanName = all[m.sellerMonth].plan.ID, all[m.sellerMonth].plan.Name
		for _, l := range all[m.sellerMonth].lines {
			if l.OrderID == order {
				why[accrualKey{m.sellerMonth, order, l.Level, l.Earner}] = l
			}
		}
	}
	for _, b := range booked {
		l, found := why[accrualKey{b.sellerMonth, order, b.Level, b.Who}]
		if !found {
			l = plan.Line{OrderID: order, Level: b.Level, Earner: b.Who, Base: models.Centavos(0), Amount: models.Centavos(0), Void: plan.VoidGone}
		}
		e.Lines = append(e.Lines, plan.Earning{Line: l, Code: b.Code, Name: b.Name, Booked: b.Booked})
	}
	return e, nil
}
