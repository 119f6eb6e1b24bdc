package tracking

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// tokenLabel binds sealed tokens to their purpose.
const tokenLabel = "carrier token"

const (
	tokenStored = `SELECT poll_token IS NOT NULL FROM carriers WHERE id = $1`
	savePolling = `
UPDATE carriers SET polling = $3, poll_url = $4, poll_rate = $5, poll_token = COALESCE($6, poll_token), version = version + 1 WHERE id = $1 AND version = $2`
	pollSum = `
SELECT count(*), count(*) FILTER (WHERE failures > 0), count(*) FILTER (WHERE note = '` + models.PollUnknown + `'), max(asked_at),
    COALESCE((array_agg(note ORDER BY asked_at DESC NULLS LAST) FILTER (WHERE note NOT IN ('', '` + models.PollUnknown + `')))[1], '')
FROM parcel_polls WHERE carrier_id = $1`
)

// SetPolling says how a carrier is asked for its events; c.Version is what was on the page. The token is replaced when
// given; the audit log says that, never which.
func (s *Service) SetPolling(ctx context.Context, by models.Actor, c models.Carrier, token string) error {
	if err := forbid(by, models.PermConnectionsEdit); err != nil {
		return err
	}
	token = strings.TrimSpace(token)
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		stored, err := store.SelectTx[struct{ Stored bool }](tx, tokenStored, c.ID)
		if err != nil {
			return fmt.Errorf("read carrier %d: %w", c.ID, err)
		}
		if err := c.CheckPolling(token != "" || len(stored) > 0 && stored[0].Stored); err != nil {
			return err
		}
		var sealed []byte
		facts := map[string]any{"polling": c.Polling, "url": c.PollURL, "rate": c.PollRate}
		if token != "" {
			sealed, facts["token"] = s.Vault.Seal([]byte(token), tokenLabel), "replaced"
		}
		n, err := store.ExecTx(tx, savePolling, c.ID, c.Version, c.Polling, c.PollURL, c.PollRate, sealed)
		if err != nil {
			return fmt.Errorf("save how carrier %d is asked: %w", c.ID, err)
		}
		if n == 0 {
			return errStaleSettings
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "carrier.polling", SubjectType: "carrier", SubjectID: c.ID, After: facts})
	})
}

func (s *Service) polls(ctx context.Context, carrier int64) (models.PollSum, error) {
	sum, err := store.SelectOne[models.PollSum](ctx, s.DB.Pool, pollSum, carrier)
	if err != nil {
		return sum, fmt.Errorf("count questions to carrier %d: %w", carrier, err)
	}
	return sum, nil
}
