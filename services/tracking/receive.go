package tracking

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/parcel"
	"pagaduria/services/audit"
	"pagaduria/services/queue"
	"pagaduria/services/store"
)

// MaxDelivery is the largest message taken from a carrier, in bytes: it tells of one event.
const MaxDelivery = 64 << 10

// rejectedDelivery is how much of a rejected message is kept.
const rejectedDelivery = 4 << 10

// Delivery is a message as it came.
type Delivery struct {
	Slug     string
	Header   http.Header
	Body     []byte
	TooLarge bool // Body is its beginning
	Remote   string
}

// Why messages are rejected.
const (
	RejectedCarrier   = "unknown_carrier"
	RejectedClosed    = "no_secret"
	RejectedSize      = "too_large"
	RejectedSignature = "bad_signature"
)

const (
	addressed = `SELECT id, secret FROM carriers WHERE slug = $1`

	// storeDelivery stores a message and enqueues the work on it: one statement, one commit.
	storeDelivery = `
WITH arrived AS (SELECT CAST($1 AS bigint) AS carrier_id, CAST($2 AS text) AS remote, CAST($3 AS text) AS delivery, CAST($4 AS bytea) AS body, CAST($5 AS text) AS reason
), fresh AS (
    INSERT INTO carrier_deliveries (carrier_id, remote, delivery, body, verdict)
    SELECT carrier_id, remote, delivery, body, 'accepted' FROM arrived WHERE reason = ''
    ON CONFLICT (carrier_id, delivery) WHERE verdict = 'accepted' DO NOTHING RETURNING id
), other AS (
    INSERT INTO carrier_deliveries (carrier_id, remote, delivery, body, verdict, reason)
    SELECT carrier_id, remote, delivery, body, CASE reason WHEN '' THEN 'duplicate' ELSE 'rejected' END, reason FROM arrived WHERE NOT EXISTS (SELECT 1 FROM fresh)
), enqueued AS (` + queue.InsertSQL + ` SELECT jsonb_build_object('id', id), $6, 25 FROM fresh)
SELECT count(*) FROM fresh`
)

// Receive checks a message and stores it, rejected ones too. Without an error it is on disk; reason is "" when the carrier
// need not send it again.
func (s *Service) Receive(ctx context.Context, d Delivery) (reason string, err error) {
	var carrierID *int64
	if carrierID, reason, err = s.judge(ctx, d); err != nil {
		return "", err
	}
	if reason != "" {
		d.Body = d.Body[:min(len(d.Body), rejectedDelivery)]
	}
	delivery := clip(parcel.ID(d.Body))
	if delivery == "" {
		hash := sha256.Sum256(d.Body)
		delivery = hex.EncodeToString(hash[:])
	}
	var fresh int
	err = s.DB.Pool.QueryRow(ctx, storeDelivery, carrierID, d.Remote, delivery, d.Body, reason, DeliveryArgs{}.Kind()).Scan(&fresh)
	if err != nil {
		return "", fmt.Errorf("store a message of a carrier: %w", err)
	}
	return reason, nil
}

// clip bounds what a sender writes.
func clip(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), 200)], ""), "\x00", "")
}

// judge finds the carrier that a message is from and whether it may be believed.
func (s *Service) judge(ctx context.Context, d Delivery) (carrierID *int64, reason string, err error) {
	found, err := store.Select[struct {
		ID     int64
		Secret []byte
	}](ctx, s.DB.Pool, addressed, d.Slug)
	if err != nil {
		return nil, "", fmt.Errorf("find the carrier: %w", err)
	}
	if len(found) != 1 {
		return nil, RejectedCarrier, nil
	}
	x := found[0]
	if x.Secret == nil {
		return &x.ID, RejectedClosed, nil
	}
	secret, err := s.Vault.Open(x.Secret, secretLabel)
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("open the secret of carrier %d (was the secret key changed?): %w", x.ID, err)
	case d.TooLarge:
		return &x.ID, RejectedSize, nil
	case !parcel.Signed(string(secret), d.Header, d.Body):
		return &x.ID, RejectedSignature, nil
	}
	return &x.ID, "", nil
}

// secretLabel binds sealed secrets to their purpose.
const secretLabel = "carrier"

const replaceSecret = `UPDATE carriers SET secret = $2 WHERE id = $1`

// NewSecret makes the secret that a carrier signs with from now on, and answers it: it is never shown again. One made
// before is worth nothing any more.
func (s *Service) NewSecret(ctx context.Context, by models.Actor, carrier int64) (secret string, err error) {
	if err := forbid(by, models.PermConnectionsEdit); err != nil {
		return "", err
	}
	secret = rand.Text()
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		n, err := store.ExecTx(tx, replaceSecret, carrier, s.Vault.Seal([]byte(secret), secretLabel))
		if err != nil {
			return fmt.Errorf("replace the secret of carrier %d: %w", carrier, err)
		}
		if n == 0 {
			return models.Refuse(models.NotFound, "carriers.not_found", "There is no such carrier.", nil)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "carrier.secret", SubjectType: "carrier", SubjectID: carrier, After: map[string]string{"secret": "replaced"}})
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

const latestDeliveries = `
SELECT id, received_at, remote, delivery, verdict, reason, outcome, note, waybill FROM carrier_deliveries WHERE carrier_id = $1 ORDER BY id DESC LIMIT $2`

// shownDeliveries is how many messages the page of a carrier shows.
const shownDeliveries = 20

func (s *Service) deliveries(ctx context.Context, carrier int64) ([]models.CarrierDelivery, error) {
	rows, err := store.Select[models.CarrierDelivery](ctx, s.DB.Pool, latestDeliveries, carrier, shownDeliveries)
	if err != nil {
		return nil, fmt.Errorf("read messages of carrier %d: %w", carrier, err)
	}
	return rows, nil
}
