package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// finding is whose an order is by the rules, 0 for nobody's.
type finding struct {
	distributor int64
	by          models.AttributionSource
}

const (
	codeHolders = `
SELECT c.code, COALESCE(d.merged_into, d.id) FROM attribution_codes c JOIN distributors d ON d.id = c.distributor_id WHERE c.code = ANY($1)
UNION ALL SELECT d.code, COALESCE(d.merged_into, d.id) FROM distributors d WHERE d.code = ANY($1)`
	phoneHolders = `
SELECT phone, min(COALESCE(merged_into, id)) FROM distributors WHERE phone = ANY($1)
GROUP BY phone HAVING count(DISTINCT COALESCE(merged_into, id)) = 1`
)

// find answers for many orders whose they are, by two queries.
func (s *Service) find(ctx context.Context, q store.Querier, rules models.AttributionRules, all []models.OrderCodes) ([]finding, error) {
	codes, phones := map[string]int64{}, map[string]int64{}
	for _, c := range all {
		some, tel := rules.Wanted(c)
		for _, code := range some {
			codes[code] = 0
		}
		for _, p := range tel {
			phones[p] = 0
		}
	}
	for _, look := range []struct {
		sql  string
		held map[string]int64
	}{{codeHolders, codes}, {phoneHolders, phones}} {
		if len(look.held) == 0 {
			continue
		}
		keys := make([]string, 0, len(look.held))
		for k := range look.held {
			keys = append(keys, k)
		}
		rows, err := store.Select[struct {
			Key string
			ID  int64
		}](ctx, q, look.sql, keys)
		if err != nil {
			return nil, fmt.Errorf("look up whose codes are: %w", err)
		}
		for _, r := range rows {
			look.held[r.Key] = r.ID
		}
	}
	found := make([]finding, len(all))
	for i, c := range all {
		found[i].distributor, found[i].by = rules.Find(c, models.Holders{Codes: codes, Phones: phones})
	}
	return found, nil
}

// attributed is whose the orders of a file are, by their place in the slice.
type attributed struct {
	version int64
	at      time.Time
	found   []finding
}

// codesOfFile is what the rules look at of an order of a file: its column counts as the link.
func codesOfFile(r *intake.OrderRow) models.OrderCodes {
	return models.OrderCodes{Link: models.CodeOf(r.Referral), Phone: r.Phone}
}

func (s *Service) attributeRows(tx *gorm.DB, v models.AttributionVersion, rows []*intake.OrderRow) (a attributed, err error) {
	all := make([]models.OrderCodes, len(rows))
	for i, r := range rows {
		all[i] = codesOfFile(r)
	}
	a = attributed{version: v.ID, at: s.Now()}
	err = store.Conn(tx, func(c *pgx.Conn) error {
		a.found, err = s.find(tx.Statement.Context, c, v.Rules, all)
		return err
	})
	return a, err
}

// values are the columns of the attribution of one order, in the order of written.
func (a attributed) values(v []any, i int, r *intake.OrderRow) {
	c := codesOfFile(r)
	v[0], v[1], v[2], v[3], v[4], v[5] = c.Link, nil, "", c.Key(), nil, nil
	if f := a.found[i]; f.distributor != 0 {
		v[1], v[2], v[4], v[5] = f.distributor, string(f.by), a.version, a.at
	}
}

const (
	orderCodes = `
SELECT id, discount_code, note_code, link_code, phone, attributed_by, attribution_key, COALESCE(distributor_id, 0) FROM orders WHERE id = $1 FOR UPDATE`
	// What a person said stands; the rules look again only when they see something else, or saw nobody.
	saveFound = `
UPDATE orders o SET distributor_id = NULLIF(u.distributor, 0), attributed_by = u.by, attribution_key = u.key, attribution_version = CASE WHEN u.distributor <> 0 THEN $5::bigint END,
    attribution_reason = '', attribution_actor = '', attributed_at = CASE WHEN u.distributor <> 0 THEN $6::timestamptz END
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) u (id, distributor, by, key)
WHERE o.id = u.id AND o.attributed_by NOT IN ('hand','house')`
)

// attributeOne brings the attribution of an order of a shop up to what its codes say now.
func (s *Service) attributeOne(tx *gorm.DB, id int64) error {
	rows, err := store.SelectTx[openOrder](tx, orderCodes, id)
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("read codes of order %d (%d rows): %w", id, len(rows), err)
	}
	o := rows[0]
	if o.By == models.AttributedHand || o.By == models.AttributedHouse || o.Distributor != 0 && o.Key == o.codes().Key() {
		return nil
	}
	v, err := attributionInForceTx(tx)
	if err != nil {
		return err
	}
	_, err = s.attributeOpen(tx, v, rows)
	return err
}

// openOrder is an order that the rules look at.
type openOrder struct {
	ID                          int64
	Discount, Note, Link, Phone string
	By                          models.AttributionSource
	Key                         string
	Distributor                 int64
}

func (o openOrder) codes() models.OrderCodes {
	return models.OrderCodes{Discount: o.Discount, Note: o.Note, Link: o.Link, Phone: o.Phone}
}

func (s *Service) attributeOpen(tx *gorm.DB, v models.AttributionVersion, rows []openOrder) (done int, err error) {
	all := make([]models.OrderCodes, len(rows))
	for i, o := range rows {
		all[i] = o.codes()
	}
	var found []finding
	err = store.Conn(tx, func(c *pgx.Conn) error {
		found, err = s.find(tx.Statement.Context, c, v.Rules, all)
		return err
	})
	if err != nil {
		return 0, err
	}
	ids, distributors, bys, keys := make([]int64, 0, len(rows)), make([]int64, 0, len(rows)), make([]string, 0, len(rows)), make([]string, 0, len(rows))
	for i, o := range rows {
		if found[i].distributor == 0 && o.Distributor == 0 {
			continue
		}
		ids, distributors = append(ids, o.ID), append(distributors, found[i].distributor)
		bys, keys = append(bys, string(found[i].by)), append(keys, all[i].Key())
	}
	if len(ids) == 0 {
		return 0, nil
	}
	if _, err := store.ExecTx(tx, saveFound, ids, distributors, bys, keys, v.ID, s.Now()); err != nil {
		return 0, fmt.Errorf("attribute orders: %w", err)
	}
	return len(ids), nil
}

// AttributeArgs is the job that looks at the orders that are nobody's again, after other rules or codes. What it did stays
// done, so that it may run twice.
type AttributeArgs struct{}

// Kind names the job.
func (AttributeArgs) Kind() string { return "orders.attribute" }

const openOrders = `
SELECT id, discount_code, note_code, link_code, phone, attributed_by, attribution_key, 0 FROM orders
WHERE attributed_by = '' AND (placed_at, id) > ($1, $2) ORDER BY placed_at, id LIMIT $3 FOR UPDATE`

// AttributeOpen looks at all orders that are nobody's by the rules in force, some thousand in a transaction, and answers
// how many it attributed.
func (s *Service) AttributeOpen(ctx context.Context) (done int, err error) {
	after, id := time.Time{}, int64(0)
	for more := true; more && err == nil; {
		err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
			v, err := attributionInForceTx(tx)
			if err != nil {
				return err
			}
			rows, err := store.SelectTx[openOrder](tx, openOrders, after, id, chunkRows)
			if err != nil {
				return fmt.Errorf("read orders that are nobody's: %w", err)
			}
			if more = len(rows) == chunkRows; len(rows) == 0 {
				return nil
			}
			n, err := s.attributeOpen(tx, v, rows)
			if err != nil {
				return err
			}
			done, id = done+n, rows[len(rows)-1].ID
			last, err := store.SelectTx[struct{ At time.Time }](tx, `SELECT placed_at FROM orders WHERE id = $1`, id)
			if err != nil {
				return fmt.Errorf("read order %d: %w", id, err)
			}
			after = last[0].At
			if n == 0 {
				return nil
			}
			return audit.Record(tx, audit.Entry{By: models.System("attribution"), Action: "attribution.apply", SubjectType: "attribution_rules", SubjectID: v.ID,
				After: map[string]any{"orders": n}})
		})
	}
	return done, err
}

const (
	chosenOrders = `
SELECT id, number, attributed_by, COALESCE(distributor_id, 0), total FROM orders WHERE `
	saveByHand = `
UPDATE orders SET distributor_id = NULLIF($2, 0), attributed_by = $3, attribution_version = NULL, attribution_reason = $4, attribution_actor = $5, attributed_at = $6
WHERE id = ANY($1)`
)

// mostByHand bounds what one decision of a person covers.
const mostByHand = 5000

func choiceWhere(c models.OrderChoice) (string, []any) {
	if !c.All {
		return `id = ANY($1) ORDER BY id`, []any{c.IDs}
	}
	return openWhere + ` ORDER BY id LIMIT 5001`, []any{c.Code}
}

// openWhere are the orders that are nobody's, of one code when $1 is one.
const openWhere = `attributed_by = '' AND ($1 = '' OR $1 IN (discount_code, note_code, link_code))`

type chosenOrder struct {
	ID          int64
	Number      string
	By          models.AttributionSource
	Distributor int64
	Total       models.Money
}

func summed(rows []chosenOrder) models.Sum {
	sum := models.Sum{Total: models.Centavos(0)}
	for _, o := range rows {
		sum.Count++
		sum.Total = sum.Total.Add(o.Total)
	}
	return sum
}

// ChosenOrders counts and adds up what a person is about to attribute.
func (s *Service) ChosenOrders(ctx context.Context, c models.OrderChoice) (models.Sum, error) {
	where, args := choiceWhere(c)
	rows, err := store.Select[chosenOrder](ctx, s.DB.Pool, chosenOrders+where, args...)
	if err != nil {
		return models.Sum{}, fmt.Errorf("count orders to attribute: %w", err)
	}
	return summed(rows), nil
}

// Attribute says by a person's word whose orders are: a distributor's by code, or, with none, nobody's for good. The reason
// is kept with each. Rules do not touch them again.
func (s *Service) Attribute(ctx context.Context, by models.Actor, choice models.OrderChoice, distributor, reason string) (done models.Sum, err error) {
	if err := forbid(by, models.PermAttributionEdit); err != nil {
		return done, err
	}
	if err := reasoned(reason); err != nil {
		return done, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		id, how := int64(0), models.AttributedHouse
		if distributor != "" {
			if id, err = distributorOf(tx, distributor); err != nil {
				return err
			}
			how = models.AttributedHand
		}
		where, args := choiceWhere(choice)
		rows, err := store.SelectTx[chosenOrder](tx, chosenOrders+where+` FOR UPDATE`, args...)
		if err != nil {
			return fmt.Errorf("lock orders to attribute: %w", err)
		}
		done = summed(rows)
		switch {
		case done.Count == 0:
			return models.Refuse(models.Conflict, "attribution.refused.nothing", "No order is chosen any more. Go back to the list.", nil)
		case done.Count > mostByHand:
			return models.Refuse(models.Invalid, "attribution.refused.many", "More than 5000 orders at once are too many to answer for. Give the code to the distributor instead.", nil)
		case done != choice.Seen:
			return models.Refuse(models.Conflict, "attribution.refused.changed", "The orders changed after you counted them. Look at the count again.", nil)
		}
		ids, entries := make([]int64, len(rows)), make([]audit.Entry, len(rows))
		for i, o := range rows {
			ids[i] = o.ID
			entries[i] = audit.Entry{By: by, Action: "order.attribute", SubjectType: "order", SubjectID: o.ID, Reason: reason,
				Before: map[string]any{"distributor_id": o.Distributor, "by": o.By}, After: map[string]any{"distributor_id": id, "by": how}}
		}
		if _, err := store.ExecTx(tx, saveByHand, ids, id, string(how), reason, by.Name, s.Now()); err != nil {
			return fmt.Errorf("attribute orders: %w", err)
		}
		return audit.RecordAll(tx, entries)
	})
	return done, err
}

const (
	unattributedPage = 50
	seenCode         = `COALESCE(NULLIF(o.discount_code, ''), NULLIF(o.note_code, ''), o.link_code)`
	unattributedRows = `SELECT o.id, o.number, o.placed_at, o.buyer, ` + seenCode + `, o.total, COALESCE(h.name, '')
FROM orders o LEFT JOIN shops h ON h.id = o.shop_id WHERE o.attributed_by = '' AND (@code = '' OR @code IN (o.discount_code, o.note_code, o.link_code)) AND `
	// The codes of the newest ones say enough; reading all of them would take a while.
	unattributedCodes = `
SELECT code, count(*), CAST(sum(total) AS bigint) FROM (
    SELECT ` + seenCode + ` AS code, o.total FROM orders o WHERE o.attributed_by = '' ORDER BY o.placed_at DESC, o.id DESC LIMIT 20000
) o WHERE code <> '' GROUP BY code ORDER BY count(*) DESC, code LIMIT 12`
	unattributedCount = `SELECT count(*) FROM (SELECT 1 FROM orders WHERE attributed_by = '' LIMIT 100001) o`
)

// Unattributed is one page of the orders that are nobody's, newest first.
func (s *Service) Unattributed(ctx context.Context, code string, at store.Cursor) (store.Page[models.UnattributedRow], error) {
	sql := unattributedRows + at.Where("o.placed_at", "o.id") + ` ORDER BY ` + at.Order("o.placed_at", "o.id") + fmt.Sprintf(` LIMIT %d`, unattributedPage+1)
	rows, err := store.Select[models.UnattributedRow](ctx, s.DB.Pool, sql, at.Bind(pgx.NamedArgs{"code": code}))
	if err != nil {
		return store.Page[models.UnattributedRow]{}, fmt.Errorf("list orders that are nobody's: %w", err)
	}
	return store.MakePage(rows, unattributedPage, at, func(r models.UnattributedRow) store.Cursor { return store.Cursor{At: r.PlacedAt, ID: r.ID} }), nil
}

// UnattributedCodes are the codes that came most often with orders that are nobody's, and how many such orders there are.
func (s *Service) UnattributedCodes(ctx context.Context) (codes []models.UnattributedCode, all int64, err error) {
	if codes, err = store.Select[models.UnattributedCode](ctx, s.DB.Pool, unattributedCodes); err != nil {
		return nil, 0, fmt.Errorf("count codes that are nobody's: %w", err)
	}
	n, err := store.SelectOne[struct{ N int64 }](ctx, s.DB.Pool, unattributedCount)
	if err != nil {
		return nil, 0, fmt.Errorf("count orders that are nobody's: %w", err)
	}
	return codes, n.N, nil
}

const (
	attributionOf = `
SELECT COALESCE(o.distributor_id, 0), COALESCE(d.code, ''), COALESCE(` + distributorName + `, ''), o.attributed_by, ` + seenCode + `,
    COALESCE(o.attribution_version, 0), o.attribution_reason, o.attribution_actor, o.attributed_at
FROM orders o LEFT JOIN distributors d ON d.id = o.distributor_id WHERE o.id = $1`
	changesOf = `
SELECT COALESCE(w.code, ''), COALESCE(d.code, ''), c.was_by, c.will_by, COALESCE(c.version, 0), c.reason, c.actor, c.at
FROM attribution_changes c LEFT JOIN distributors w ON w.id = c.was_id LEFT JOIN distributors d ON d.id = c.will_id
WHERE c.order_id = $1 ORDER BY c.id DESC LIMIT 20`
)

// AttributionOf is whose an order is, and what it was before.
func (s *Service) AttributionOf(ctx context.Context, id int64) (a models.Attribution, changes []models.AttributionChange, err error) {
	if a, err = store.SelectOne[models.Attribution](ctx, s.DB.Pool, attributionOf, id); err != nil {
		return a, nil, fmt.Errorf("read attribution of order %d: %w", id, store.NotFound(err, "orders.refused.not_found", "There is no such order."))
	}
	if changes, err = store.Select[models.AttributionChange](ctx, s.DB.Pool, changesOf, id); err != nil {
		return a, nil, fmt.Errorf("read changes of order %d: %w", id, err)
	}
	return a, changes, nil
}
