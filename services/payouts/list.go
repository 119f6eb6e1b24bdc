package payouts

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Filter narrows the list of payouts. The zero value is everything.
type Filter struct {
	State         models.PayoutState
	Method        models.MethodKind
	DistributorID int64
	BatchID       int64
	Search        string // payout code, rail id, document, or folded name
	From, To      time.Time
	Cause         string
	Overdue       bool
	ExpiresBefore time.Time
	Cursor        store.Cursor
}

// Empty answers whether nothing narrows the list.
func (f Filter) Empty() bool {
	f.Cursor = store.Cursor{}
	return f == Filter{}
}

const rowColumns = `p.id, p.code, p.batch_id, p.distributor_id, p.state, p.amount, p.payee_name, p.doc_type, p.doc_number, p.method_kind,
    p.bank_code, CASE WHEN p.method_kind = 'bre_b' THEN p.bre_b_key ELSE p.account_number END, p.rail_id, p.cause, p.expires_at, p.overdue_at, p.state_at, p.created_at`

// rowOf reads rowColumns. The list is the page that is looked at most, and scanning by reflection was a third of it.
func rowOf(r store.Raw) models.PayoutRow {
	return models.PayoutRow{ID: r.Int(0), Code: string(r[1]), BatchID: r.Int(2), DistributorID: r.Int(3), State: models.PayoutState(r[4]), Amount: models.Centavos(r.Int(5)),
		PayeeName: string(r[6]), DocType: string(r[7]), DocNumber: string(r[8]), Method: models.MethodKind(r[9]), BankCode: string(r[10]), Account: string(r[11]),
		RailID: string(r[12]), Cause: string(r[13]), ExpiresAt: r.Moment(14), OverdueAt: r.Moment(15), StateAt: r.Time(16), CreatedAt: r.Time(17)}
}

// where builds the condition; names of arguments are fixed, values always travel apart.
func (f Filter) where(now time.Time) (string, pgx.NamedArgs) {
	var conditions []string
	args := pgx.NamedArgs{}
	add := func(when bool, condition, name string, value any) {
		if when {
			conditions = append(conditions, condition)
			if name != "" {
				args[name] = value
			}
		}
	}
	add(f.State != "", "p.state = @state", "state", string(f.State))
	add(f.Method != "", "p.method_kind = @method", "method", string(f.Method))
	add(f.DistributorID != 0, "p.distributor_id = @distributor", "distributor", f.DistributorID)
	add(f.BatchID != 0, "p.batch_id = @batch", "batch", f.BatchID)
	add(f.Cause != "", "p.cause = @cause", "cause", f.Cause)
	add(!f.From.IsZero(), "p.created_at >= @from", "from", f.From)
	add(!f.To.IsZero(), "p.created_at < @to", "to", f.To)
	add(f.Overdue, "p.overdue_at < @now", "now", now)
	add(!f.ExpiresBefore.IsZero(), "p.state = 'available' AND p.expires_at < @expires", "expires", f.ExpiresBefore)
	if f.Search != "" {
		conditions = append(conditions, searchCondition)
		bindSearch(args, f.Search)
	}
	return strings.Join(append(conditions, "TRUE"), " AND "), args
}

// bindSearch fills searchCondition.
func bindSearch(args pgx.NamedArgs, search string) {
	args["search"] = strings.ToUpper(strings.TrimPrefix(search, "#"))
	args["raw"] = search
	args["digits"] = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, search)
	args["like"] = store.Containing(models.Fold(search))
}

// Every form is found by an index of its own, and the payouts by their ids; a name is looked for among people, never in
// the payouts themselves.
const searchCondition = `p.id IN (
    SELECT id FROM payouts WHERE code = @search
    UNION SELECT id FROM payouts WHERE rail_id = @raw AND rail_id <> ''
    UNION SELECT x.id FROM payouts x JOIN distributors d ON d.id = x.distributor_id WHERE d.doc_number = @digits AND @digits <> ''
    UNION SELECT x.id FROM payouts x JOIN (SELECT distributor_id FROM distributor_search WHERE folded LIKE @like LIMIT 1000) n USING (distributor_id))`

// PageSize is how many rows a list shows.
const PageSize = 50

// List returns one page of payouts, newest first, by one query.
func (s *Service) List(ctx context.Context, f Filter) (store.Page[models.PayoutRow], error) {
	where, args := f.where(s.Now())
	sql := `SELECT ` + rowColumns + ` FROM payouts p WHERE ` + where + ` AND ` + f.Cursor.Where("p.created_at", "p.id") +
		` ORDER BY ` + f.Cursor.Order("p.created_at", "p.id") + ` LIMIT ` + strconv.Itoa(PageSize+1)
	rows := make([]models.PayoutRow, 0, PageSize+1)
	err := store.EachRaw(ctx, s.DB.Pool, func(r store.Raw) error {
		rows = append(rows, rowOf(r))
		return nil
	}, sql, f.Cursor.Bind(args))
	if err != nil {
		return store.Page[models.PayoutRow]{}, fmt.Errorf("list payouts: %w", err)
	}
	return store.MakePage(rows, PageSize, f.Cursor, func(r models.PayoutRow) store.Cursor { return store.Cursor{At: r.CreatedAt, ID: r.ID} }), nil
}

// Sum is how many rows there are and how much they come to.
type Sum struct {
	Count int64
	Total models.Money
}

// SumOf adds up a filter. Lists ask for it after the rows. Everything, and everything in one state, is known from the
// running sums.
func (s *Service) SumOf(ctx context.Context, f Filter) (Sum, error) {
	if (Filter{State: f.State, Cursor: f.Cursor}) == f {
		sums, err := s.tallies(ctx, "payouts")
		return sumOfState(sums, f.State), err
	}
	where, args := f.where(s.Now())
	rows, err := store.Select[Sum](ctx, s.DB.Pool, `SELECT count(*), CAST(COALESCE(sum(p.amount), 0) AS bigint) FROM payouts p WHERE `+where, args)
	if err != nil {
		return Sum{}, fmt.Errorf("sum payouts: %w", err)
	}
	return rows[0], nil
}

// sumOfState is one state of running sums, or all of them together.
func sumOfState(sums map[string]Sum, state models.PayoutState) Sum {
	if state != "" {
		return Sum{sums[string(state)].Count, models.Centavos(sums[string(state)].Total.Minor)}
	}
	all := Sum{Total: models.Centavos(0)}
	for _, sum := range sums {
		all.Count, all.Total = all.Count+sum.Count, all.Total.Add(sum.Total)
	}
	return all
}

const tallies = `SELECT key, CAST(sum(n) AS bigint), CAST(sum(total) AS bigint) FROM tallies WHERE list = $1 GROUP BY key`

func (s *Service) tallies(ctx context.Context, list string) (map[string]Sum, error) {
	type line struct {
		Key string
		Sum
	}
	rows, err := store.Select[line](ctx, s.DB.Pool, tallies, list)
	if err != nil {
		return nil, fmt.Errorf("tallies of %s: %w", list, err)
	}
	sums := make(map[string]Sum, len(rows))
	for _, r := range rows {
		sums[r.Key] = r.Sum
	}
	return sums, nil
}

// Tallies returns the count and sum of each payout state, from running sums. They may be a second old.
func (s *Service) Tallies(ctx context.Context) (map[string]Sum, error) {
	return s.recent.get("payouts", func() (map[string]Sum, error) { return s.tallies(ctx, "payouts") })
}

// Waiting returns how many batches wait for approval. The number may be a second old.
func (s *Service) Waiting(ctx context.Context) (int64, error) {
	sums, err := s.recent.get("batches", func() (map[string]Sum, error) { return s.tallies(ctx, "batches") })
	return sums[string(models.BatchInApproval)].Count, err
}

// BatchTallies returns the count and sum of each batch state, from running sums.
func (s *Service) BatchTallies(ctx context.Context) (map[string]Sum, error) {
	return s.tallies(ctx, "batches")
}
