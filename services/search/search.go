// Package search is the one box for everything: a number that was typed in full leads to its record by an index, a
// part of a name to people by trigrams, within a budget of rows.
package search

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Service searches all areas.
type Service struct {
	DB *store.DB
}

const (
	shown      = 10  // rows of each group
	nameBudget = 200 // people that a search by name reads before it stops counting
	relatives  = 20  // people whose payouts are looked up
)

// Find looks for what was typed, among what the person may see.
func (s *Service) Find(ctx context.Context, by models.Actor, typed string) (models.Found, error) {
	var f models.Found
	q := parse(typed)
	if len(q.codes) == 0 {
		return f, nil
	}
	var people []int64
	for _, group := range []struct {
		perm models.Permission
		find func() error
	}{
		{models.PermDistributorsView, func() (err error) { people, err = s.distributors(ctx, q, &f); return err }},
		{models.PermPayoutsView, func() error { return s.payouts(ctx, q, people, &f) }},
		{models.PermBatchesView, func() error { return s.batches(ctx, q, &f) }},
		{models.PermOrdersView, func() error { return s.orders(ctx, q, &f) }},
	} {
		if !by.May(group.perm) {
			continue
		}
		if err := group.find(); err != nil {
			return models.Found{}, err
		}
	}
	if len(f.Exact) == 0 && by.May(models.PermDistributorsView) {
		if err := s.names(ctx, by, q, &f); err != nil {
			return models.Found{}, err
		}
	}
	return f, nil
}

// cut keeps what is shown of rows that were read one further.
func cut[T any](rows []T) models.FoundGroup[T] {
	if len(rows) > shown {
		return models.FoundGroup[T]{Rows: rows[:shown], Count: shown, Over: true}
	}
	return models.FoundGroup[T]{Rows: rows, Count: len(rows)}
}

const distributorColumns = `d.id, d.code, d.given_names, d.surnames, d.business_name, d.doc_type, d.doc_number, d.doc_dv, d.city, d.verification`

const exactDistributors = `
SELECT ` + distributorColumns + ` FROM distributors d
WHERE d.code = ANY(@codes) OR d.doc_number = ANY(@docs) OR d.doc_number = @nit AND d.doc_dv = @dv AND @nit <> ''
   OR d.phone = ANY(@phones) OR d.email = @email AND @email <> ''
ORDER BY d.id LIMIT 11`

// distributors finds people by code, document, phone and e-mail, each by its index.
func (s *Service) distributors(ctx context.Context, q query, f *models.Found) (ids []int64, err error) {
	rows, err := store.Select[models.FoundDistributor](ctx, s.DB.Pool, exactDistributors, pgx.NamedArgs{
		"codes": q.codes, "docs": q.docs, "nit": q.nit, "dv": q.dv, "phones": q.phones, "email": q.email})
	if err != nil {
		return nil, fmt.Errorf("search distributors: %w", err)
	}
	f.Distributors = cut(rows)
	for _, d := range f.Distributors.Rows {
		f.Exact = append(f.Exact, models.FoundExact{Kind: "distributor", ID: d.ID})
		ids = append(ids, d.ID)
	}
	return ids, nil
}

const payoutColumns = `p.id, p.code, p.rail_id, p.payee_name, p.state, p.method_kind, p.amount, p.created_at`

const exactPayouts = `
SELECT ` + payoutColumns + ` FROM payouts p
WHERE p.code = ANY(@codes) OR p.rail_id = ANY(@codes) AND p.rail_id <> '' ORDER BY p.id DESC LIMIT 11`

// payoutsOf walks the newest payouts of each person by their index.
const payoutsOf = `
SELECT ` + payoutColumns + ` FROM unnest(CAST(@people AS bigint[])) AS d(id)
CROSS JOIN LATERAL (SELECT * FROM payouts x WHERE x.distributor_id = d.id ORDER BY x.id DESC LIMIT 11) p ORDER BY p.id DESC LIMIT 11`

// payouts finds payouts by code and by the rail's number, else those of the people that were found.
func (s *Service) payouts(ctx context.Context, q query, people []int64, f *models.Found) error {
	rows, err := store.Select[models.FoundPayout](ctx, s.DB.Pool, exactPayouts, pgx.NamedArgs{"codes": q.codes})
	if err != nil {
		return fmt.Errorf("search payouts: %w", err)
	}
	for _, p := range rows[:min(len(rows), shown)] {
		f.Exact = append(f.Exact, models.FoundExact{Kind: "payout", ID: p.ID})
	}
	f.Payouts = cut(rows)
	if len(rows) > 0 || len(people) == 0 {
		return nil
	}
	return s.payoutsOf(ctx, people, f)
}

func (s *Service) payoutsOf(ctx context.Context, people []int64, f *models.Found) error {
	rows, err := store.Select[models.FoundPayout](ctx, s.DB.Pool, payoutsOf, pgx.NamedArgs{"people": people[:min(len(people), relatives)]})
	if err != nil {
		return fmt.Errorf("search payouts of people: %w", err)
	}
	f.Payouts = cut(rows)
	return nil
}

// batches finds a batch by its code.
func (s *Service) batches(ctx context.Context, q query, f *models.Found) error {
	rows, err := store.Select[models.FoundBatch](ctx, s.DB.Pool,
		`SELECT id, code, name, state, items, total, created_at FROM batches WHERE code = ANY(@codes) ORDER BY id DESC LIMIT 11`, pgx.NamedArgs{"codes": q.codes})
	if err != nil {
		return fmt.Errorf("search batches: %w", err)
	}
	for _, b := range rows {
		f.Exact = append(f.Exact, models.FoundExact{Kind: "batch", ID: b.ID})
	}
	f.Batches = cut(rows)
	return nil
}

const exactOrders = `
SELECT o.id, o.number, o.buyer, o.waybill, o.status, o.total, o.placed_at FROM orders o
WHERE o.number = ANY(@codes) OR o.waybill = ANY(@codes) AND o.waybill <> '' OR o.doc_number = ANY(@docs) AND o.doc_number <> ''
   OR o.phone = ANY(@phones) AND o.phone <> ''
ORDER BY o.placed_at DESC, o.id DESC LIMIT 11`

// orders finds orders by number, waybill, and the buyer's document and phone.
func (s *Service) orders(ctx context.Context, q query, f *models.Found) error {
	rows, err := store.Select[models.FoundOrder](ctx, s.DB.Pool, exactOrders, pgx.NamedArgs{"codes": q.codes, "docs": q.docs, "phones": q.phones})
	if err != nil {
		return fmt.Errorf("search orders: %w", err)
	}
	for _, o := range rows[:min(len(rows), shown)] {
		f.Exact = append(f.Exact, models.FoundExact{Kind: "order", ID: o.ID})
	}
	f.Orders = cut(rows)
	return nil
}

// names finds people by parts of names and numbers, and their newest payouts.
func (s *Service) names(ctx context.Context, by models.Actor, q query, f *models.Found) error {
	words := q.searchable()
	if len(words) == 0 {
		return nil
	}
	conditions, args := make([]string, len(words)), pgx.NamedArgs{"budget": nameBudget + 1, "shown": shown}
	for i, w := range words {
		name := fmt.Sprintf("word%d", i)
		conditions[i], args[name] = "t.folded LIKE @"+name, store.Containing(w)
	}
	sql := `WITH hits AS MATERIALIZED (SELECT t.distributor_id AS id FROM distributor_search t WHERE ` + strings.Join(conditions, " AND ") + ` LIMIT @budget)
SELECT (SELECT count(*) FROM hits), ` + distributorColumns + ` FROM distributors d JOIN hits USING (id)
ORDER BY d.business_name, d.surnames, d.given_names, d.id LIMIT @shown`
	type hit struct {
		Count int
		models.FoundDistributor
	}
	rows, err := store.Select[hit](ctx, s.DB.Pool, sql, args)
	if err != nil {
		return fmt.Errorf("search people by name: %w", err)
	}
	var people []int64
	for _, r := range rows {
		f.Distributors.Rows = append(f.Distributors.Rows, r.FoundDistributor)
		f.Distributors.Count, f.Distributors.Over = min(r.Count, nameBudget), r.Count > nameBudget
		people = append(people, r.ID)
	}
	if len(people) == 0 || !by.May(models.PermPayoutsView) {
		return nil
	}
	return s.payoutsOf(ctx, people, f)
}
