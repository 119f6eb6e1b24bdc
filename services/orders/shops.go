package orders

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const shopColumns = `s.id, s.kind, s.slug, s.name, s.prefix, s.active, s.version, s.changed_at`

const (
	listShops = `
SELECT ` + shopColumns + `, (SELECT count(*) FROM orders o WHERE o.shop_id = s.id),
    (SELECT max(d.received_at) FROM shop_deliveries d WHERE d.shop_id = s.id AND d.verdict = 'accepted'),
    (SELECT count(*) FROM shop_deliveries d WHERE d.shop_id = s.id AND d.verdict = 'rejected' AND d.received_at >= $1),
    (SELECT count(*) FROM shop_deliveries d WHERE d.shop_id = s.id AND d.outcome = 'refused')
FROM shops s ORDER BY s.id`
	oneShop    = `SELECT ` + shopColumns + ` FROM shops s WHERE s.id = $1`
	insertShop = `
INSERT INTO shops (kind, slug, name, prefix, active, secret, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id`
	updateShop = `
UPDATE shops SET name = $3, prefix = $4, active = $5, secret = COALESCE($6, secret), version = version + 1, changed_at = $7 WHERE id = $1 AND version = $2`
)

// shopLabel binds sealed secrets to their purpose.
const shopLabel = "shop"

// Shops lists every shop with what it sent, oldest first.
func (s *Service) Shops(ctx context.Context) ([]models.ShopRow, error) {
	rows, err := store.Select[models.ShopRow](ctx, s.DB.Pool, listShops, s.Now().Add(-24*time.Hour))
	if err != nil {
		return nil, fmt.Errorf("list shops: %w", err)
	}
	return rows, nil
}

// Shop reads one shop.
func (s *Service) Shop(ctx context.Context, id int64) (models.Shop, error) {
	row, err := store.SelectOne[models.Shop](ctx, s.DB.Pool, oneShop, id)
	return row, store.NotFound(err, "shops.not_found", "There is no such shop.")
}

var (
	errStaleShop = models.Refuse(models.Conflict, "shops.stale", "Somebody changed this shop after you opened it. Load it again.", nil)
	errShopSlug  = models.Refuse(models.Conflict, "connection.refused.slug", "Another connection has this short name.", nil).
			WithField("slug", "connection.refused.slug")
)

// SaveShop creates (ID 0) or changes a shop. The secret is replaced when given; the audit log says that, never which.
func (s *Service) SaveShop(ctx context.Context, by models.Actor, x models.Shop, secret string) (int64, error) {
	if !by.May(models.PermConnectionsEdit) {
		return 0, models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
	}
	x.Name, secret = strings.TrimSpace(x.Name), strings.TrimSpace(secret)
	if err := x.Check(secret); err != nil {
		return 0, err
	}
	if !shop.Kind(x.Kind).Valid() {
		return 0, models.Refuse(models.Invalid, "form.invalid", "Some fields need another look.", nil).WithField("kind", "form.required")
	}
	var sealed []byte
	if secret != "" {
		sealed = s.Vault.Seal([]byte(secret), shopLabel)
	}
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		entry := audit.Entry{By: by, Action: "shop.change", SubjectType: "shop", SubjectID: x.ID, After: shopFacts(x, sealed != nil)}
		if x.ID == 0 {
			ids, err := store.SelectTx[struct{ ID int64 }](tx, insertShop, x.Kind, x.Slug, x.Name, x.Prefix, x.Active, sealed, s.Now())
			if store.Constraint(err) == "shops_slug_key" {
				return errShopSlug
			}
			if err != nil {
				return fmt.Errorf("create shop: %w", err)
			}
			x.ID = ids[0].ID
			entry.Action, entry.SubjectID = "shop.create", x.ID
			return audit.Record(tx, entry)
		}
		before, err := store.SelectTx[models.Shop](tx, oneShop, x.ID)
		if err != nil || len(before) == 0 {
			return fmt.Errorf("read shop %d (%d rows): %w", x.ID, len(before), err)
		}
		entry.Before = shopFacts(before[0], false)
		n, err := store.ExecTx(tx, updateShop, x.ID, x.Version, x.Name, x.Prefix, x.Active, sealed, s.Now())
		if err != nil {
			return fmt.Errorf("save shop %d: %w", x.ID, err)
		}
		if n != 1 {
			return errStaleShop
		}
		return audit.Record(tx, entry)
	})
	return x.ID, err
}

func shopFacts(x models.Shop, secret bool) map[string]any {
	facts := map[string]any{"name": x.Name, "kind": x.Kind, "slug": x.Slug, "prefix": x.Prefix, "active": x.Active}
	if secret {
		facts["secret"] = "replaced"
	}
	return facts
}
