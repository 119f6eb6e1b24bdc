package plans

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"pagaduria/models"
	"pagaduria/models/plan"
	"pagaduria/services/store"
)

const (
	sellersOf = `
SELECT distributor_id, count(*) FROM orders WHERE placed_at >= $1 AND placed_at < $2 AND distributor_id IS NOT NULL GROUP BY distributor_id ORDER BY distributor_id`
	aboveNow = `WITH RECURSIVE ` + standAbove + ` SELECT seller, upline, countries FROM found`
	// What statements gave for the orders of a month.
	statedOf = `
SELECT l.distributor_id, CAST(sum(l.amount) AS bigint) FROM orders o JOIN commission_lines l ON l.order_number = o.number
WHERE o.placed_at >= $1 AND o.placed_at < $2 AND o.distributor_id IS NOT NULL AND l.accrual_id IS NULL GROUP BY l.distributor_id`
	namesOf = `
SELECT d.id, d.code, COALESCE(NULLIF(d.business_name, ''), btrim(d.given_names || ' ' || d.surnames)) FROM distributors d WHERE d.id = ANY($1)`
)

// Simulate answers what the orders of a month would earn by a plan, as they stand now and whether payable yet or not, against
// what they earn: by the plan of that month, or by the statements that speak of them. Nothing is written.
func (s *Service) Simulate(ctx context.Context, id int64, month string) (sim plan.Simulation, err error) {
	p, err := store.SelectOne[plan.Plan](ctx, s.DB.Pool, onePlan, id)
	if err != nil {
		return sim, fmt.Errorf("read plan %d: %w", id, store.NotFound(err, "plans.refused.not_found", "There is no such plan."))
	}
	sim.Plan = p
	since, until, err := span(month)
	if err != nil || !plan.Valid(month) {
		return sim, models.Refuse(models.Invalid, "plans.refused.month", "Give a month.", nil).WithField("month", "plans.refused.month")
	}
	published, err := store.Select[plan.Plan](ctx, s.DB.Pool, inForce)
	if err != nil {
		return sim, fmt.Errorf("read plans in force: %w", err)
	}
	present, _ := plan.InForce(published, month)
	sim.Present, sim.Month = present, month
	t := tally{present: map[int64]int64{}, then: map[int64]int64{}}
	if err := s.simulate(ctx, &sim, &t, since, until); err != nil {
		return sim, err
	}
	stated, err := store.Select[struct{ Who, Sum int64 }](ctx, s.DB.Pool, statedOf, since, until)
	if err != nil {
		return sim, fmt.Errorf("read what statements gave: %w", err)
	}
	for _, r := range stated {
		t.present[r.Who] += r.Sum
	}
	return sim, s.compare(ctx, &sim, t)
}

// tally is centavos by earner.
type tally struct{ present, then map[int64]int64 }

// simulate counts a month seller by seller, some at a time, so that its memory does not grow with the month.
func (s *Service) simulate(ctx context.Context, sim *plan.Simulation, t *tally, since, until time.Time) error {
	sellers, err := store.Select[struct{ Seller, Orders int64 }](ctx, s.DB.Pool, sellersOf, since, until)
	if err != nil {
		return fmt.Errorf("read who sold in %s: %w", sim.Month, err)
	}
	var some []sellerMonth
	var orders int64
	for i, x := range sellers {
		some = append(some, sellerMonth{x.Seller, sim.Month})
		orders += x.Orders
		sim.Orders += x.Orders
		if orders < ordersAtOnce && i+1 < len(sellers) {
			continue
		}
		if err := s.simulateSome(ctx, sim, t, some); err != nil {
			return err
		}
		some, orders = some[:0], 0
	}
	return nil
}

func (s *Service) simulateSome(ctx context.Context, sim *plan.Simulation, t *tally, months []sellerMonth) error {
	facts, err := readFacts(ctx, s.DB.Pool, months)
	if err != nil {
		return err
	}
	ids, _ := columnsOf(months)
	rows, err := store.Select[struct {
		Seller    int64
		Upline    []int64
		Countries []string
	}](ctx, s.DB.Pool, aboveNow, ids, plan.MostLevels)
	if err != nil {
		return fmt.Errorf("read who stands above: %w", err)
	}
	above := make(map[int64][]plan.Upline, len(rows))
	for _, r := range rows {
		for i, id := range r.Upline {
			above[r.Seller] = append(above[r.Seller], plan.Upline{DistributorID: id, Country: r.Countries[i]})
		}
	}
	for _, m := range months {
		if sim.Present.ID != 0 {
			add(t.present, sim.Present.Terms.Accrue(m.Seller, above[m.Seller], facts[m]))
		}
		orders := facts[m]
		for i := range orders { // a statement speaks for what was, not for the plan
			orders[i].Events = slices.DeleteFunc(orders[i].Events, func(e plan.Event) bool { return e.Kind == plan.Stated })
		}
		add(t.then, sim.Plan.Terms.Accrue(m.Seller, above[m.Seller], orders))
	}
	return nil
}

func add(sums map[int64]int64, lines []plan.Line) {
	for _, l := range lines {
		sums[l.Earner] += l.Amount.Minor
	}
}

// compare names who earns what, the greatest difference first.
func (s *Service) compare(ctx context.Context, sim *plan.Simulation, t tally) error {
	sim.Then, sim.Now = models.Centavos(0), models.Centavos(0)
	rows := make([]plan.SimulatedRow, 0, len(t.then))
	for id, then := range t.then {
		rows = append(rows, plan.SimulatedRow{DistributorID: id, Now: models.Centavos(t.present[id]), Then: models.Centavos(then)})
		delete(t.present, id)
	}
	for id, now := range t.present {
		rows = append(rows, plan.SimulatedRow{DistributorID: id, Now: models.Centavos(now), Then: models.Centavos(0)})
	}
	rows = slices.DeleteFunc(rows, func(r plan.SimulatedRow) bool { return r.Now.Minor == 0 && r.Then.Minor == 0 })
	for _, r := range rows {
		sim.Now, sim.Then = sim.Now.Add(r.Now), sim.Then.Add(r.Then)
	}
	slices.SortFunc(rows, func(a, b plan.SimulatedRow) int {
		return cmp.Or(cmp.Compare(abs(b.Difference().Minor), abs(a.Difference().Minor)), cmp.Compare(a.DistributorID, b.DistributorID))
	})
	sim.People = len(rows)
	sim.Rows = rows[:min(len(rows), plan.SimulatedRows)]
	ids := make([]int64, len(sim.Rows))
	for i, r := range sim.Rows {
		ids[i] = r.DistributorID
	}
	names, err := store.Select[struct {
		ID         int64
		Code, Name string
	}](ctx, s.DB.Pool, namesOf, ids)
	if err != nil {
		return fmt.Errorf("read names of distributors: %w", err)
	}
	for _, n := range names {
		i := slices.Index(ids, n.ID)
		sim.Rows[i].Code, sim.Rows[i].Name = n.Code, n.Name
	}
	return nil
}

func abs(n int64) int64 { return max(n, -n) }
