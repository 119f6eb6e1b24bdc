package payouts

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/providers"
	"pagaduria/services/store"
)

// FailureFilter narrows the payouts whose money came back and was not paid again. The zero value is all of them.
type FailureFilter struct {
	Search       string // as in Filter
	Cause        string
	Method       models.MethodKind
	ConnectionID int64
	Period       string // of one of its lines
	BatchID      int64
	Since        time.Time // came back since then
	Cursor       store.Cursor
}

const (
	// contradicted is true of a payout p that carries a line of a payout whose money was given back and which the rail
	// pays after all. There is hardly ever one, which the first condition finds out once for all rows.
	contradicted = `(EXISTS (SELECT 1 FROM payouts WHERE overdue_at IS NOT NULL AND state IN ('failed','expired','returned','cancelled'))
    AND EXISTS (SELECT 1 FROM payout_lines x JOIN payout_lines y ON y.line_id = x.line_id JOIN payouts r ON r.id = y.payout_id
        WHERE x.payout_id = p.id AND r.overdue_at IS NOT NULL AND r.state IN ('failed','expired','returned','cancelled')))`

	// failureFacts are read of a payout p, its distributor d and the method m that it would be paid by now.
	failureFacts = `p.state, CASE WHEN f.contradicted THEN 'contradicted' ELSE p.cause END, p.rail_code, p.rail_id <> '', p.connection_id, f.contradicted,
    (d.given_names, d.surnames, d.business_name) IS DISTINCT FROM (p.given_names, p.surnames, p.business_name),
    (d.country, d.doc_type, d.doc_number, d.doc_dv) IS DISTINCT FROM (p.country, p.doc_type, p.doc_number, p.doc_dv),
    d.phone <> p.phone, d.email <> p.email,
    (m.kind, m.bank_code, m.account_type, m.account_number, m.bre_b_key, m.bre_b_kind)
        IS DISTINCT FROM (p.method_kind, p.bank_code, p.account_type, p.account_number, p.bre_b_key, p.bre_b_kind)`

	// Money came back to a payout that failed, expired or was returned, and to one that was cancelled on purpose or because
	// its payee may not be paid: those that never left their batch have no cause.
	cameBack = `(p.state IN ('failed', 'expired', 'returned') OR p.state = 'cancelled' AND p.cause <> '')`
)

// failureTables joins a payout p with what is known of it now. Its lines are looked at once; newer says that one of them
// went into a later payout that got further than its batch.
var failureTables = ` FROM payouts p
JOIN distributors d ON d.id = p.distributor_id
LEFT JOIN payout_methods m ON m.distributor_id = d.id AND m.preferred
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE l.state = 'eligible') AS payable, count(*) FILTER (WHERE l.state = 'held') AS held,
        COALESCE(bool_or(EXISTS (SELECT 1 FROM payout_lines y JOIN payouts q ON q.id = y.payout_id
            WHERE y.line_id = x.line_id AND y.payout_id > x.payout_id AND (q.state <> 'cancelled' OR q.cause <> ''))), false) AS newer,
        ` + contradicted + ` AS contradicted
    FROM payout_lines x JOIN commission_lines l ON l.id = x.line_id WHERE x.payout_id = p.id) f
WHERE `

// stillOpen is models.Failed.Open in SQL.
const stillOpen = cameBack + ` AND f.payable + f.held > 0 AND NOT f.newer`

// facts are failureFacts as they are read.
type facts struct {
	State        models.PayoutState
	Cause        string
	RailCode     string
	AtRail       bool
	ConnectionID int64
	Contradicted bool
	Name         bool
	Document     bool
	Phone        bool
	Email        bool
	Method       bool
}

func (f facts) changed() models.Changed {
	return models.Changed{Name: f.Name, Document: f.Document, Phone: f.Phone, Email: f.Email, Method: f.Method}
}

func (f FailureFilter) where() (string, pgx.NamedArgs) {
	conditions, args := []string{stillOpen}, pgx.NamedArgs{}
	add := func(when bool, condition, name string, value any) {
		if when {
			conditions = append(conditions, condition)
			args[name] = value
		}
	}
	add(f.Cause != "", `CASE WHEN f.contradicted THEN 'contradicted' WHEN p.cause = '' THEN 'other' ELSE p.cause END = @cause`, "cause", f.Cause)
	add(f.Method != "", `p.method_kind = @method`, "method", string(f.Method))
	add(f.ConnectionID != 0, `p.connection_id = @connection`, "connection", f.ConnectionID)
	add(f.Period != "", `EXISTS (SELECT 1 FROM payout_lines x JOIN commission_lines l ON l.id = x.line_id WHERE x.payout_id = p.id AND l.period = @period)`, "period", f.Period)
	add(f.BatchID != 0, `p.batch_id = @batch`, "batch", f.BatchID)
	add(!f.Since.IsZero(), `p.state_at > @since`, "since", f.Since)
	if f.Search != "" {
		conditions = append(conditions, searchCondition)
		bindSearch(args, f.Search)
	}
	return strings.Join(conditions, " AND "), args
}

// FailureGroup is every failure of one cause.
type FailureGroup struct {
	Cause   string
	Cure    models.Cure // of most of them
	Sum     Sum
	Offered Sum // of these, what can be issued again as far as the cause goes
}

// cures answers what each rail's codes ask for, as of now.
func (s *Service) cures(ctx context.Context) (func(facts) models.Cure, error) {
	connections, err := s.Connections(ctx)
	if err != nil {
		return nil, err
	}
	rails := map[int64]providers.Provider{}
	for _, c := range connections {
		if _, rails[c.ID], err = s.Rail(ctx, c.ID); err != nil {
			return nil, err
		}
	}
	return func(f facts) models.Cure {
		if f.Contradicted {
			return models.CureRail
		}
		if rail := rails[f.ConnectionID]; f.RailCode != "" && rail != nil && rail.Explain(f.RailCode, f.AtRail).Retry {
			return models.CureRetry
		}
		return providers.Cause(f.Cause).Cure()
	}, nil
}

// FailureGroups groups the failures that match by their cause, the largest sum first.
func (s *Service) FailureGroups(ctx context.Context, f FailureFilter) ([]FailureGroup, error) {
	cure, err := s.cures(ctx)
	if err != nil {
		return nil, err
	}
	type line struct {
		facts
		Held bool
		Sum
	}
	where, args := f.where()
	lines, err := store.Select[line](ctx, s.DB.Pool, `SELECT `+failureFacts+`, f.payable = 0, count(*), CAST(sum(p.amount) AS bigint)`+failureTables+where+
		` GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12`, args)
	if err != nil {
		return nil, fmt.Errorf("group failures: %w", err)
	}
	groups := []FailureGroup{}
	most := map[string]int64{} // of the cure that was chosen
	for _, l := range lines {
		name := known(l.Cause)
		i := slices.IndexFunc(groups, func(g FailureGroup) bool { return g.Cause == name })
		if i < 0 {
			i = len(groups)
			groups = append(groups, FailureGroup{Cause: name, Sum: Sum{Total: models.Pesos(0)}, Offered: Sum{Total: models.Pesos(0)}})
		}
		g := &groups[i]
		c := cure(l.facts)
		g.Sum = g.Sum.plus(l.Sum)
		if !l.Contradicted && !l.Held && c.Effected(l.changed()) {
			g.Offered = g.Offered.plus(l.Sum)
		}
		if l.Count > most[name] {
			g.Cure, most[name] = c, l.Count
		}
	}
	slices.SortStableFunc(groups, func(a, b FailureGroup) int { return int(b.Sum.Total.Minor/100) - int(a.Sum.Total.Minor/100) })
	return groups, nil
}

// FailureSum adds up the failures that match.
func (s *Service) FailureSum(ctx context.Context, f FailureFilter) (Sum, error) {
	where, args := f.where()
	rows, err := store.Select[Sum](ctx, s.DB.Pool, `SELECT count(*), CAST(COALESCE(sum(p.amount), 0) AS bigint)`+failureTables+where, args)
	if err != nil {
		return Sum{}, fmt.Errorf("sum failures: %w", err)
	}
	return rows[0], nil
}

func (a Sum) plus(b Sum) Sum { return Sum{Count: a.Count + b.Count, Total: a.Total.Add(b.Total)} }

// known is the cause that words exist for.
func known(cause string) string {
	if cause == "" || !slices.Contains(Causes(), cause) {
		return string(providers.CauseOther)
	}
	return cause
}

// Failure is one payout whose money came back.
type Failure struct {
	models.PayoutRow
	ConnectionID int64
	RailCode     string
	Cure         models.Cure
	Changed      models.Changed
	Why          models.Refusal // why it is not issued again now, "" when only its payee could stand in the way
}

const failureColumns = rowColumns + `, f.payable, f.held, f.newer, ` + failureFacts

// failureRow is how a Failure is read.
type failureRow struct {
	models.PayoutRow
	Payable, Held int
	Newer         bool
	Facts         facts
}

func scanFailure(row pgx.CollectableRow) (r failureRow, err error) {
	f := &r.Facts
	return r, row.Scan(&r.ID, &r.Code, &r.BatchID, &r.DistributorID, &r.State, &r.Amount, &r.PayeeName, &r.DocType, &r.DocNumber, &r.Method, &r.BankCode, &r.Account,
		&r.RailID, &r.Cause, &r.ExpiresAt, &r.OverdueAt, &r.StateAt, &r.CreatedAt, &r.Payable, &r.Held, &r.Newer,
		&f.State, &f.Cause, &f.RailCode, &f.AtRail, &f.ConnectionID, &f.Contradicted, &f.Name, &f.Document, &f.Phone, &f.Email, &f.Method)
}

func selectFailures(ctx context.Context, q store.Querier, cure func(facts) models.Cure, sql string, args ...any) ([]Failure, error) {
	rows, err := q.Query(ctx, `SELECT `+failureColumns+failureTables+sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read failures: %w", err)
	}
	read, err := pgx.CollectRows(rows, scanFailure)
	if err != nil {
		return nil, fmt.Errorf("read failures: %w", err)
	}
	list := make([]Failure, len(read))
	for i, r := range read {
		c := cure(r.Facts)
		failed := models.Failed{State: r.State, Cure: c, Changed: r.Facts.changed(), Contradicted: r.Facts.Contradicted, Payable: r.Payable, Held: r.Held, Newer: r.Newer}
		r.PayoutRow.Cause = known(r.Facts.Cause)
		list[i] = Failure{PayoutRow: r.PayoutRow, ConnectionID: r.Facts.ConnectionID, RailCode: r.Facts.RailCode, Cure: c, Changed: failed.Changed, Why: failed.WhyNot()}
	}
	return list, nil
}

// Failures returns one page of the failures that match, newest first.
func (s *Service) Failures(ctx context.Context, f FailureFilter) (store.Page[Failure], error) {
	cure, err := s.cures(ctx)
	if err != nil {
		return store.Page[Failure]{}, err
	}
	where, args := f.where()
	list, err := selectFailures(ctx, s.DB.Pool, cure, where+` AND `+f.Cursor.Where("p.created_at", "p.id")+` ORDER BY `+f.Cursor.Order("p.created_at", "p.id")+
		` LIMIT `+strconv.Itoa(PageSize+1), f.Cursor.Bind(args))
	if err != nil {
		return store.Page[Failure]{}, err
	}
	return store.MakePage(list, PageSize, f.Cursor, func(x Failure) store.Cursor { return store.Cursor{At: x.CreatedAt, ID: x.ID} }), nil
}

// FailureOf reads one payout as a failure, whether it is one or not: Why says so.
func (s *Service) FailureOf(ctx context.Context, id int64) (Failure, error) {
	list, err := s.failuresOf(ctx, s.DB.Pool, []int64{id})
	if err != nil {
		return Failure{}, err
	}
	if len(list) == 0 {
		return Failure{}, errNoPayout
	}
	return list[0], nil
}

func (s *Service) failuresOf(ctx context.Context, q store.Querier, ids []int64) ([]Failure, error) {
	cure, err := s.cures(ctx)
	if err != nil {
		return nil, err
	}
	return selectFailures(ctx, q, cure, `p.id = ANY($1) ORDER BY p.id`, ids)
}

// Link is one step of the chain that a payout's money went.
type Link struct {
	ID      int64
	Code    string
	State   models.PayoutState
	Amount  models.Money
	StateAt time.Time
	Named   bool // it was issued again on purpose, else its lines went into an ordinary batch
}

const (
	earlier = `
SELECT DISTINCT q.id, q.code, q.state, q.amount, q.state_at, q.id = p.replaces_id FROM payouts p JOIN payout_lines x ON x.payout_id = p.id
JOIN payout_lines y ON y.line_id = x.line_id AND y.payout_id < x.payout_id JOIN payouts q ON q.id = y.payout_id
WHERE p.id = $1 AND (q.state <> 'cancelled' OR q.cause <> '' OR q.id = p.replaces_id) ORDER BY q.id LIMIT 20`
	later = `
SELECT DISTINCT q.id, q.code, q.state, q.amount, q.state_at, COALESCE(q.replaces_id = p.id, false) FROM payouts p JOIN payout_lines x ON x.payout_id = p.id
JOIN payout_lines y ON y.line_id = x.line_id AND y.payout_id > x.payout_id JOIN payouts q ON q.id = y.payout_id WHERE p.id = $1 ORDER BY q.id LIMIT 20`
)

// Chain returns the payouts that carried lines of this one before and after it, oldest first.
func (s *Service) Chain(ctx context.Context, id int64) (before, after []Link, err error) {
	if before, err = store.Select[Link](ctx, s.DB.Pool, earlier, id); err == nil {
		after, err = store.Select[Link](ctx, s.DB.Pool, later, id)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("chain of payout %d: %w", id, err)
	}
	return before, after, nil
}
