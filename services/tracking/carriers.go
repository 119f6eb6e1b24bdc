package tracking

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// word is the code of an event that is not understood: the carrier's code, else what it writes instead of one.
const word = `upper(btrim(COALESCE(nullif(e.code, ''), nullif(e.carrier_state, ''), nullif(e.status_text, ''), e.incident)))`

const (
	carrierColumns = `c.id, c.name, c.slug, c.codes_version, c.codes_applied, c.secret IS NOT NULL, c.version, c.stuck_days, c.remit_days, c.polling, c.poll_url, c.poll_rate`
	listCarriers   = `
SELECT ` + carrierColumns + `, (SELECT count(*) FROM carrier_codes k WHERE k.carrier_id = c.id), COALESCE(u.codes, 0), COALESCE(u.events, 0)
FROM carriers c LEFT JOIN (SELECT e.carrier, count(DISTINCT ` + word + `) AS codes, count(*) AS events FROM tracking_events e WHERE e.state = 'unknown' GROUP BY 1) u
    ON u.carrier = c.name
ORDER BY c.name`
	oneCarrier   = `SELECT ` + carrierColumns + ` FROM carriers c WHERE c.id = $1`
	carrierNames = `SELECT name FROM carriers ORDER BY name`

	// unknownCodes finds the parcels of each code by their numbers, and the orders by these.
	unknownCodes = `
WITH seen AS (
    SELECT ` + word + ` AS word, e.waybill, max(e.status_text) AS text, count(*) AS n, max(e.at) AS at
    FROM tracking_events e WHERE e.carrier = $1 AND e.state = 'unknown' GROUP BY 1, 2
), ranked AS (
    SELECT word, waybill, text, n, at, row_number() OVER (PARTITION BY word ORDER BY at DESC, waybill) AS place FROM seen
), codes AS (
    SELECT word, max(text) AS text, CAST(sum(n) AS bigint) AS n, max(at) AS at FROM ranked GROUP BY word ORDER BY n DESC, word LIMIT $2
)
SELECT c.word, c.text, c.n, c.at, array_agg(r.waybill ORDER BY r.place), array_agg(COALESCE(o.id, 0) ORDER BY r.place)
FROM codes c JOIN ranked r ON r.word = c.word AND r.place <= 3
LEFT JOIN LATERAL (SELECT o.id FROM orders o WHERE o.waybill = r.waybill AND o.waybill <> '' AND o.carrier = $1 ORDER BY o.id LIMIT 1) o ON TRUE
GROUP BY c.word, c.text, c.n, c.at ORDER BY c.n DESC, c.word`
)

// Carriers lists every carrier with how many of its codes are understood.
func (s *Service) Carriers(ctx context.Context) ([]models.CarrierRow, error) {
	rows, err := store.Select[models.CarrierRow](ctx, s.DB.Pool, listCarriers)
	if err != nil {
		return nil, fmt.Errorf("list carriers: %w", err)
	}
	return rows, nil
}

// mostUnknown bounds how many unknown codes a page shows; when some are mapped, others take their place.
const mostUnknown = 100

// Carrier reads a carrier for its page.
func (s *Service) Carrier(ctx context.Context, id int64) (b models.Codebook, err error) {
	if b.Carrier, err = store.SelectOne[models.Carrier](ctx, s.DB.Pool, oneCarrier, id); err != nil {
		return b, store.NotFound(err, "carriers.not_found", "There is no such carrier.")
	}
	if b.Codes, err = store.Select[models.CarrierCode](ctx, s.DB.Pool, codesOf, id); err != nil {
		return b, fmt.Errorf("read codes of carrier %d: %w", id, err)
	}
	if b.Unknown, err = store.Select[models.UnknownCode](ctx, s.DB.Pool, unknownCodes, b.Carrier.Name, mostUnknown); err != nil {
		return b, fmt.Errorf("read unknown codes of carrier %d: %w", id, err)
	}
	if b.Latest, err = s.deliveries(ctx, id); err != nil {
		return b, err
	}
	b.Polls, err = s.polls(ctx, id)
	return b, err
}

const (
	insertCarrier = `INSERT INTO carriers (name, slug, created_at) VALUES ($1, $2, $3) RETURNING id`
	namesInOrders = `SELECT DISTINCT carrier FROM orders WHERE carrier <> ''`
	renameOrders  = `UPDATE orders SET carrier = $1 WHERE carrier = ANY($2)`
)

var (
	errNameHeld = models.Refuse(models.Conflict, "carriers.refused.name", "There is a carrier of this name.", nil).WithField("name", "carriers.refused.name")
	errSlugHeld = models.Refuse(models.Conflict, "connection.refused.slug", "Another connection has this short name.", nil).WithField("slug", "connection.refused.slug")
)

// Add makes a carrier known. Orders that name it in other letters are brought to its name, so that they find their parcels.
func (s *Service) Add(ctx context.Context, by models.Actor, c models.Carrier) (id int64, err error) {
	if err := forbid(by, models.PermCarriersEdit); err != nil {
		return 0, err
	}
	c.Name = strings.Join(strings.Fields(c.Name), " ")
	if err := c.Check(); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		others, err := store.SelectTx[struct{ Name string }](tx, carrierNames)
		if err != nil {
			return fmt.Errorf("list carriers: %w", err)
		}
		for _, o := range others {
			if sheet.Key(o.Name) == sheet.Key(c.Name) {
				return errNameHeld
			}
		}
		ids, err := store.SelectTx[struct{ ID int64 }](tx, insertCarrier, c.Name, c.Slug, s.Now())
		switch store.Constraint(err) {
		case "carriers_name_key":
			return errNameHeld
		case "carriers_slug_key":
			return errSlugHeld
		}
		if err != nil {
			return fmt.Errorf("add carrier: %w", err)
		}
		id = ids[0].ID
		if err := nameOrders(tx, c.Name); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "carrier.create", SubjectType: "carrier", SubjectID: id,
			After: map[string]string{"name": c.Name, "slug": c.Slug}})
	})
	return id, err
}

func nameOrders(tx *gorm.DB, name string) error {
	written, err := store.SelectTx[struct{ Name string }](tx, namesInOrders)
	if err != nil {
		return fmt.Errorf("read carriers of orders: %w", err)
	}
	var same []string
	for _, w := range written {
		if w.Name != name && sheet.Key(w.Name) == sheet.Key(name) {
			same = append(same, w.Name)
		}
	}
	if len(same) == 0 {
		return nil
	}
	if _, err := store.ExecTx(tx, renameOrders, name, same); err != nil {
		return fmt.Errorf("name the carrier of orders: %w", err)
	}
	return nil
}
