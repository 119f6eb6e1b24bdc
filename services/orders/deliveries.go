package orders

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/models/shop"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// MaxDelivery is the largest message taken from a shop, in bytes: an order of 500 lines takes about 2 MB.
const MaxDelivery = 4 << 20

// rejectedDelivery is how much of a rejected message is kept.
const rejectedDelivery = 16 << 10

// Delivery is a message as it came. Slug is "" for the only shop of its kind.
type Delivery struct {
	Kind     shop.Kind
	Slug     string
	Header   http.Header
	Body     []byte
	TooLarge bool // Body is its beginning
	Remote   string
}

// Why messages are rejected.
const (
	RejectedShop      = "unknown_shop"
	RejectedPaused    = "paused"
	RejectedSize      = "too_large"
	RejectedSignature = "bad_signature"
)

const (
	addressed = `SELECT id, slug, active, secret FROM shops WHERE kind = $1 AND ($2 = '' OR slug = $2) LIMIT 2`

	// storeDelivery stores a message and enqueues the work on it: one statement, one commit.
	storeDelivery = `
WITH arrived AS (SELECT CAST($1 AS bigint) AS shop_id, CAST($2 AS text) AS kind, CAST($3 AS text) AS remote, CAST($4 AS text) AS topic, CAST($5 AS text) AS delivery,
    CAST($6 AS jsonb) AS headers, CAST($7 AS bytea) AS body, CAST($8 AS text) AS reason
), fresh AS (
    INSERT INTO shop_deliveries (shop_id, kind, remote, topic, delivery, headers, body, verdict)
    SELECT shop_id, kind, remote, topic, delivery, headers, body, 'accepted' FROM arrived WHERE reason = ''
    ON CONFLICT (shop_id, delivery) WHERE verdict = 'accepted' DO NOTHING RETURNING id
), other AS (
    INSERT INTO shop_deliveries (shop_id, kind, remote, topic, delivery, headers, body, verdict, reason)
    SELECT shop_id, kind, remote, topic, delivery, headers, body, CASE reason WHEN '' THEN 'duplicate' ELSE 'rejected' END, reason
    FROM arrived WHERE NOT EXISTS (SELECT 1 FROM fresh)
), enqueued AS (` + queue.InsertSQL + ` SELECT jsonb_build_object('id', id), $9, 25 FROM fresh)
SELECT count(*) FROM fresh`
)

// Receive checks a message and stores it, rejected ones too. Without an error it is on disk; reason is "" when the shop
// need not send it again.
func (s *Service) Receive(ctx context.Context, d Delivery) (reason string, err error) {
	var shopID *int64
	shopID, reason, err = s.judge(ctx, d)
	if err != nil {
		return "", err
	}
	if reason != "" {
		d.Body = d.Body[:min(len(d.Body), rejectedDelivery)]
	}
	topic, delivery := d.Kind.Topic(d.Header)
	if delivery == "" {
		hash := sha256.Sum256(d.Body)
		delivery = hex.EncodeToString(hash[:])
	}
	var fresh int
	err = s.DB.Pool.QueryRow(ctx, storeDelivery, shopID, string(d.Kind), d.Remote, clip(topic), clip(delivery), deliveryHeaders(d.Header), d.Body, reason,
		DeliveryArgs{}.Kind()).Scan(&fresh)
	if err != nil {
		return "", fmt.Errorf("store a message of a shop: %w", err)
	}
	return reason, nil
}

// clip bounds what a sender writes.
func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 128)], "") }

// judge finds the shop that a message is for and whether it may be believed.
func (s *Service) judge(ctx context.Context, d Delivery) (shopID *int64, reason string, err error) {
	type row struct {
		ID     int64
		Slug   string
		Active bool
		Secret []byte
	}
	found, err := store.Select[row](ctx, s.DB.Pool, addressed, string(d.Kind), d.Slug)
	if err != nil {
		return nil, "", fmt.Errorf("find the shop: %w", err)
	}
	if len(found) != 1 {
		return nil, RejectedShop, nil
	}
	x := found[0]
	secret, err := s.Vault.Open(x.Secret, shopLabel)
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("open the secret of shop %d (was the secret key changed?): %w", x.ID, err)
	case d.TooLarge:
		return &x.ID, RejectedSize, nil
	case !d.Kind.Signed(string(secret), d.Header, d.Body):
		return &x.ID, RejectedSignature, nil
	case !x.Active:
		return &x.ID, RejectedPaused, nil
	}
	return &x.ID, "", nil
}

// keptDeliveryHeaders help support; signatures, authorisation and cookies are never kept.
var keptDeliveryHeaders = []string{"Content-Type", "User-Agent", "X-Shopify-Topic", "X-Shopify-Shop-Domain", "X-Shopify-Webhook-Id", "X-Shopify-Api-Version",
	"X-WC-Webhook-Topic", "X-WC-Webhook-Source", "X-WC-Webhook-Delivery-ID"}

func deliveryHeaders(h http.Header) string {
	kept := map[string]string{}
	for _, name := range keptDeliveryHeaders {
		if v := h.Get(name); v != "" {
			kept[name] = clip(v)
		}
	}
	b, _ := json.Marshal(kept) // a map of strings always marshals
	return string(b)
}

// DeliveryFilter narrows the log of messages. The zero value is everything.
type DeliveryFilter struct {
	ShopID  int64
	Verdict string
	Outcome string // "none" for not yet
	Number  string // of an order
	Cursor  store.Cursor
}

// Empty answers whether nothing narrows the log.
func (f DeliveryFilter) Empty() bool {
	f.Cursor = store.Cursor{}
	return f == DeliveryFilter{}
}

const (
	deliveryColumns = `d.id, COALESCE(d.shop_id, 0), COALESCE(s.name, ''), d.kind, d.received_at, d.remote, d.topic, d.delivery, d.verdict, d.reason, d.outcome,
    d.note, d.number, COALESCE(d.order_id, 0), d.worked_at, length(d.body)`
	deliveryTables   = ` FROM shop_deliveries d LEFT JOIN shops s ON s.id = d.shop_id`
	deliveryPage     = 50
	deliveryContents = `SELECT ` + deliveryColumns + `, CAST(d.headers AS text), d.body` + deliveryTables + ` WHERE d.id = $1`
	deliveryTallies  = `SELECT key, CAST(sum(n) AS bigint) FROM tallies WHERE list = 'shop_deliveries' GROUP BY key`
)

// Deliveries returns one page of the log, newest first, by one query.
func (s *Service) Deliveries(ctx context.Context, f DeliveryFilter) (store.Page[models.ShopDelivery], error) {
	var conditions []string
	args := pgx.NamedArgs{}
	add := func(when bool, condition, name string, value any) {
		if when {
			conditions, args[name] = append(conditions, condition), value
		}
	}
	add(f.ShopID != 0, "d.shop_id = @shop", "shop", f.ShopID)
	add(f.Verdict != "", "d.verdict = @verdict", "verdict", f.Verdict)
	add(f.Outcome != "" && f.Outcome != "none", "d.outcome = @outcome", "outcome", f.Outcome)
	add(f.Outcome == "none", "d.outcome = '' AND d.verdict = @accepted", "accepted", "accepted")
	add(f.Number != "", "d.number = @number", "number", strings.TrimPrefix(f.Number, "#"))
	conditions = append(conditions, f.Cursor.Where("", "d.id"))
	sql := `SELECT ` + deliveryColumns + deliveryTables + ` WHERE ` + strings.Join(conditions, " AND ") + ` ORDER BY ` + f.Cursor.Order("", "d.id") +
		` LIMIT ` + strconv.Itoa(deliveryPage+1)
	rows, err := store.Select[models.ShopDelivery](ctx, s.DB.Pool, sql, f.Cursor.Bind(args))
	if err != nil {
		return store.Page[models.ShopDelivery]{}, fmt.Errorf("list messages of shops: %w", err)
	}
	return store.MakePage(rows, deliveryPage, f.Cursor, func(d models.ShopDelivery) store.Cursor { return store.Cursor{ID: d.ID} }), nil
}

// DeliveryTallies is how many messages were accepted, duplicate and rejected, from running sums.
func (s *Service) DeliveryTallies(ctx context.Context) (map[string]int64, error) {
	type line struct {
		Key string
		N   int64
	}
	rows, err := store.Select[line](ctx, s.DB.Pool, deliveryTallies)
	if err != nil {
		return nil, fmt.Errorf("tallies of shops' messages: %w", err)
	}
	tallies := make(map[string]int64, len(rows))
	for _, r := range rows {
		tallies[r.Key] = r.N
	}
	return tallies, nil
}

// DeliveryContents is a message with its bytes.
type DeliveryContents struct {
	models.ShopDelivery
	Headers string // JSON
	Body    []byte
}

// Delivered reads one message.
func (s *Service) Delivered(ctx context.Context, id int64) (DeliveryContents, error) {
	d, err := store.SelectOne[DeliveryContents](ctx, s.DB.Pool, deliveryContents, id)
	return d, store.NotFound(err, "shops.delivery.not_found", "There is no such message.")
}
