package webhooks

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/services/store"
)

// Filter narrows the webhook log. The zero value is everything.
type Filter struct {
	Verdict   Verdict
	Reason    Reason
	Reference string // a payout's code
	Outcome   string // of the last time it was worked on; "none" for not yet
	From, To  time.Time
	Cursor    store.Cursor
}

// Empty answers whether nothing narrows the log.
func (f Filter) Empty() bool {
	f.Cursor = store.Cursor{}
	return f == Filter{}
}

// Row is a notification as the log shows it.
type Row struct {
	ID         int64
	ReceivedAt time.Time
	Rail       string
	Connection string
	Remote     string
	Verdict    Verdict
	Reason     Reason
	Reference  string
	RailID     string
	PayoutID   int64
	Runs       int64
	Outcome    string // last
	Size       int
}

const rowColumns = `e.id, e.received_at, e.rail, COALESCE(c.name, ''), e.remote, e.verdict, e.reason, e.reference, e.rail_id, COALESCE(p.id, 0),
    COALESCE(r.runs, 0), COALESCE(r.outcome, ''), length(e.body)`

const rowTables = `webhook_events e LEFT JOIN connections c ON c.id = e.connection_id LEFT JOIN payouts p ON p.code = e.reference AND e.reference <> ''
LEFT JOIN LATERAL (SELECT count(*) AS runs, (array_agg(w.outcome ORDER BY w.id DESC))[1] AS outcome FROM webhook_runs w WHERE w.event_id = e.id) r ON true`

// List returns one page of the log, newest first, by one query.
func (s *Service) List(ctx context.Context, f Filter) (store.Page[Row], error) {
	var conditions []string
	args := pgx.NamedArgs{}
	add := func(when bool, condition, name string, value any) {
		if when {
			conditions, args[name] = append(conditions, condition), value
		}
	}
	add(f.Verdict != "", "e.verdict = @verdict", "verdict", string(f.Verdict))
	add(f.Reason != "", "e.reason = @reason", "reason", string(f.Reason))
	add(f.Reference != "", "e.reference = @reference", "reference", strings.ToUpper(f.Reference))
	add(f.Outcome != "", "COALESCE(r.outcome, 'none') = @outcome", "outcome", f.Outcome)
	add(!f.From.IsZero(), "e.received_at >= @from", "from", f.From)
	add(!f.To.IsZero(), "e.received_at < @to", "to", f.To)
	conditions = append(conditions, f.Cursor.Where("", "e.id"))
	sql := `SELECT ` + rowColumns + ` FROM ` + rowTables + ` WHERE ` + strings.Join(conditions, " AND ") +
		` ORDER BY ` + f.Cursor.Order("", "e.id") + ` LIMIT ` + strconv.Itoa(pageSize+1)
	rows, err := store.Select[Row](ctx, s.DB.Pool, sql, f.Cursor.Bind(args))
	if err != nil {
		return store.Page[Row]{}, fmt.Errorf("list notifications: %w", err)
	}
	return store.MakePage(rows, pageSize, f.Cursor, func(r Row) store.Cursor { return store.Cursor{ID: r.ID} }), nil
}

const pageSize = 50

// Event is a notification with everything that is known about it.
type Event struct {
	Row
	Headers string // JSON
	Body    []byte
	Work    []Run
}

// Run is one time a notification was worked on.
type Run struct {
	At        time.Time
	Outcome   string
	Note      string
	ActorName string // "" for the job
}

// Event reads one notification.
func (s *Service) Event(ctx context.Context, id int64) (Event, error) {
	type row struct {
		Row
		Headers string
		Body    []byte
	}
	r, err := store.SelectOne[row](ctx, s.DB.Pool, `SELECT `+rowColumns+`, e.headers, e.body FROM `+rowTables+` WHERE e.id = $1`, id)
	if err != nil {
		return Event{}, store.NotFound(err, "webhook.not_found", "There is no such notification.")
	}
	runs, err := store.Select[Run](ctx, s.DB.Pool, `SELECT at, outcome, note, actor_name FROM webhook_runs WHERE event_id = $1 ORDER BY id DESC`, id)
	if err != nil {
		return Event{}, fmt.Errorf("read work on notification %d: %w", id, err)
	}
	return Event{r.Row, r.Headers, r.Body, runs}, nil
}

// OfPayout lists the notifications that name a payout, newest first.
func (s *Service) OfPayout(ctx context.Context, code string) ([]Row, error) {
	page, err := s.List(ctx, Filter{Reference: code})
	return page.Rows, err
}

// Tallies returns how many notifications were accepted, duplicate and rejected, from running sums.
func (s *Service) Tallies(ctx context.Context) (map[Verdict]int64, error) {
	type line struct {
		Key string
		N   int64
	}
	rows, err := store.Select[line](ctx, s.DB.Pool, `SELECT key, CAST(sum(n) AS bigint) FROM tallies WHERE list = 'webhooks' GROUP BY key`)
	if err != nil {
		return nil, fmt.Errorf("tallies of notifications: %w", err)
	}
	tallies := map[Verdict]int64{}
	for _, r := range rows {
		tallies[Verdict(r.Key)] = r.N
	}
	return tallies, nil
}
