package orders

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/services/store"
)

// PageSize is how many orders a page of the list shows; walkBudget how many of the newest a search by name
// reads for one page, before it stops and offers to go on.
const (
	PageSize   = 50
	walkBudget = 20_000
)

const rowColumns = `SELECT o.id, o.number, o.placed_at, o.status, o.buyer, o.doc_type, o.doc_number, o.phone, o.total, o.payment, o.carrier,
    o.waybill, COALESCE(s.state, ''), COALESCE(s.stage, ''), COALESCE(s.flags, '{}')`

const joinShipment = ` LEFT JOIN shipments s ON s.carrier = o.carrier AND s.waybill = o.waybill`

func scanRow(row pgx.CollectableRow) (r models.OrderRow, err error) {
	return r, row.Scan(rowFields(&r)...)
}

func rowFields(r *models.OrderRow) []any {
	return []any{&r.ID, &r.Number, &r.PlacedAt, &r.Status, &r.Buyer, &r.DocType, &r.DocNumber, &r.Phone, &r.Total, &r.Payment, &r.Carrier,
		&r.Waybill, &r.Shipment, &r.Stage, &r.Flags}
}

func place(r models.OrderRow) store.Cursor { return store.Cursor{At: r.PlacedAt, ID: r.ID} }

// Page is one page of orders. Walked says how many of the newest orders a search by name has read when it
// stopped before it could fill the page; Older goes on from there.
type Page struct {
	store.Page[models.OrderRow]
	Walked int
}

// List is one page of orders, newest first, read by one query.
func (s *Service) List(ctx context.Context, f models.OrderFilter, at store.Cursor) (Page, error) {
	where, args := conditions(f)
	where = append(where, at.Where("o.placed_at", "o.id"))
	args["size"] = PageSize + 1
	if name := nameQuery(f.Query); name != "" {
		return s.walk(ctx, name, where, at, at.Bind(args))
	}
	order := at.Order("o.placed_at", "o.id")
	sql := rowColumns + ` FROM (SELECT * FROM orders o WHERE ` + strings.Join(where, " AND ") + ` ORDER BY ` + order + ` LIMIT @size) o` +
		joinShipment + ` ORDER BY ` + order
	rows, err := s.DB.Pool.Query(ctx, sql, at.Bind(args))
	if err != nil {
		return Page{}, fmt.Errorf("list orders: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return Page{}, fmt.Errorf("list orders: %w", err)
	}
	return Page{Page: store.MakePage(list, PageSize, at, place)}, nil
}

// accents and plainLetters fold a name in SQL as fold does.
const foldedBuyer = `translate(lower(o.buyer), 'áéíóúüñàèìòùâêîôûäëïöç', 'aeiouunaeiouaeiouaeioc')`

// walk reads the newest orders up to the budget and keeps those whose buyer's name has the words. It answers where it
// stopped with every row, so that one query is enough.
func (s *Service) walk(ctx context.Context, name string, where []string, at store.Cursor, args pgx.NamedArgs) (Page, error) {
	args["name"], args["budget"] = store.Containing(name), walkBudget
	order, last := at.Order("o.placed_at", "o.id"), "ASC"
	if at.Newer {
		last = "DESC"
	}
	sql := `WITH walked AS MATERIALIZED (
    SELECT o.id, o.placed_at, o.buyer FROM orders o WHERE ` + strings.Join(where, " AND ") + ` ORDER BY ` + order + ` LIMIT @budget
), found AS (
    SELECT o.id FROM walked o WHERE ` + foldedBuyer + ` LIKE @name ORDER BY ` + order + ` LIMIT @size
), stopped AS (
    SELECT (SELECT count(*) FROM walked) AS n, w.placed_at, w.id FROM walked w ORDER BY w.placed_at ` + last + `, w.id ` + last + ` LIMIT 1
)
SELECT t.n, t.placed_at, t.id, o.* FROM stopped t LEFT JOIN (` + rowColumns + ` FROM orders o` + joinShipment + `
    WHERE o.id IN (SELECT id FROM found)) o ON TRUE ORDER BY ` + order
	rows, err := s.DB.Pool.Query(ctx, sql, args)
	if err != nil {
		return Page{}, fmt.Errorf("search orders by name: %w", err)
	}
	var walked int
	var stop store.Cursor
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (models.OrderRow, error) { return scanWalked(row, &walked, &stop) })
	if err != nil {
		return Page{}, fmt.Errorf("search orders by name: %w", err)
	}
	if len(list) == 1 && list[0].ID == 0 { // only where it stopped
		list = nil
	}
	page := Page{Page: store.MakePage(list, PageSize, at, place)}
	if len(list) <= PageSize && walked == walkBudget && !at.Newer {
		page.Walked, page.Older = walked, stop.String()
	}
	return page, nil
}

// scanWalked reads a row that may be empty but for where the walk stopped.
func scanWalked(row pgx.CollectableRow, walked *int, stop *store.Cursor) (r models.OrderRow, err error) {
	var (
		id                                                        *int64
		number, status, buyer, docType, docNumber, phone, payment *string
		carrier, waybill, shipment, stage                         *string
		placedAt                                                  *time.Time
		total                                                     *int64
		flags                                                     []string
	)
	err = row.Scan(walked, &stop.At, &stop.ID, &id, &number, &placedAt, &status, &buyer, &docType, &docNumber, &phone, &total, &payment,
		&carrier, &waybill, &shipment, &stage, &flags)
	if err != nil || id == nil {
		return r, err
	}
	return models.OrderRow{ID: *id, Number: *number, PlacedAt: *placedAt, Status: models.OrderStatus(*status), Buyer: *buyer, DocType: *docType,
		DocNumber: *docNumber, Phone: *phone, Total: models.Centavos(*total), Payment: *payment, Carrier: *carrier, Waybill: *waybill,
		Shipment: models.ShipmentState(*shipment), Stage: models.TrackingMeaning(*stage), Flags: flags}, nil
}

func conditions(f models.OrderFilter) ([]string, pgx.NamedArgs) {
	where, args := []string{"TRUE"}, pgx.NamedArgs{}
	and := func(condition, name string, value any) {
		where = append(where, condition)
		args[name] = value
	}
	if f.Status != "" {
		and("o.status = @status", "status", string(f.Status))
	}
	if f.Payment != "" {
		and("o.payment = @payment", "payment", f.Payment)
	}
	if f.Carrier != "" {
		and("o.carrier = @carrier", "carrier", f.Carrier)
	}
	if f.Parcel != "" {
		and("EXISTS (SELECT 1 FROM parcel_alarms a WHERE a.kind = @parcel AND a.order_id = o.id)", "parcel", string(f.Parcel))
	}
	if !f.From.IsZero() {
		and("o.placed_at >= @from", "from", midnight(f.From))
	}
	if !f.To.IsZero() {
		and("o.placed_at < @to", "to", midnight(f.To.AddDate(0, 0, 1)))
	}
	if q := strings.TrimSpace(f.Query); q != "" && nameQuery(q) == "" {
		and(exact, "number", strings.TrimPrefix(q, "#"))
		args["digits"], args["phone"] = onlyDigits(q), phone(q)
	}
	return where, args
}

// exact finds an order by one of the numbers that name it or its buyer; each has its index.
const exact = `o.id = ANY(ARRAY(SELECT id FROM orders WHERE number = @number
    UNION SELECT id FROM orders WHERE waybill = @number AND waybill <> ''
    UNION SELECT id FROM orders WHERE doc_number = @digits AND doc_number <> ''
    UNION SELECT id FROM orders WHERE phone = @phone AND phone <> ''))`

// nameQuery is q as a name is searched, "" when q holds a digit and so is a number.
func nameQuery(q string) string {
	if q = strings.TrimSpace(q); strings.ContainsFunc(q, unicode.IsDigit) {
		return ""
	}
	return fold(q)
}

// midnight is the beginning of a Bogotá date.
func midnight(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, colombia.Bogota)
}

// phone writes what may be a Colombian mobile number in the form in which orders keep it.
func phone(q string) string {
	d := strings.TrimPrefix(strings.TrimPrefix(onlyDigits(q), "00"), "57")
	return "+57" + d
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// fold drops accents and case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

const tallies = `SELECT key, CAST(sum(n) AS bigint), CAST(sum(total) AS bigint) FROM tallies WHERE list = 'orders' GROUP BY key`

// Tallies are the counts and sums of all statuses, from the running counts.
func (s *Service) Tallies(ctx context.Context) (map[models.OrderStatus]models.Sum, error) {
	rows, err := store.Select[struct {
		Status models.OrderStatus
		Count  int64
		Total  models.Money
	}](ctx, s.DB.Pool, tallies)
	if err != nil {
		return nil, fmt.Errorf("count orders: %w", err)
	}
	sums := make(map[models.OrderStatus]models.Sum, len(rows))
	for _, r := range rows {
		sums[r.Status] = models.Sum{Count: r.Count, Total: r.Total}
	}
	return sums, nil
}

// Sum counts and adds up all orders that match.
func (s *Service) Sum(ctx context.Context, f models.OrderFilter) (models.Sum, error) {
	if !f.Free() {
		sums, err := s.Tallies(ctx)
		return models.SumOf(sums, f.Status), err
	}
	where, args := conditions(f)
	if name := nameQuery(f.Query); name != "" {
		where = append(where, foldedBuyer+" LIKE @name")
		args["name"] = store.Containing(name)
	}
	sum, err := store.SelectOne[models.Sum](ctx, s.DB.Pool,
		"SELECT count(*), CAST(COALESCE(sum(o.total), 0) AS bigint) FROM orders o WHERE "+strings.Join(where, " AND "), args)
	if err != nil {
		return sum, fmt.Errorf("add up orders: %w", err)
	}
	return sum, nil
}
