package alerts

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const (
	preferenceColumns = `p.now, p.digest, p.urgent, p.quiet_from, p.quiet_to, p.quiet_weekends, p.quiet_holidays, p.digest_at`
	savePreferences   = `
INSERT INTO notice_preferences (staff_id, now, digest, urgent, quiet_from, quiet_to, quiet_weekends, quiet_holidays, digest_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (staff_id) DO UPDATE SET now = EXCLUDED.now, digest = EXCLUDED.digest, urgent = EXCLUDED.urgent, quiet_from = EXCLUDED.quiet_from,
    quiet_to = EXCLUDED.quiet_to, quiet_weekends = EXCLUDED.quiet_weekends, quiet_holidays = EXCLUDED.quiet_holidays,
    digest_at = EXCLUDED.digest_at, updated_at = EXCLUDED.updated_at`
)

// Preferences reads how a person wants to be told by mail.
func (s *Service) Preferences(ctx context.Context, by models.Actor) (models.NoticePreferences, error) {
	return preferencesOf(ctx, s.DB.Pool, by.StaffID)
}

func preferencesOf(ctx context.Context, q store.Querier, staff int64) (models.NoticePreferences, error) {
	p, err := store.SelectOne[models.NoticePreferences](ctx, q, `SELECT `+preferenceColumns+` FROM notice_preferences p WHERE p.staff_id = $1`, staff)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return models.DefaultNoticePreferences(), nil
	}
	if err != nil {
		return p, fmt.Errorf("read preferences of %d: %w", staff, err)
	}
	return p, nil
}

// SavePreferences keeps how a person wants to be told by mail. What waits already follows the new choice.
func (s *Service) SavePreferences(ctx context.Context, by models.Actor, p models.NoticePreferences) error {
	if err := p.Check(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		_, err := store.ExecTx(tx, savePreferences, by.StaffID, words(p.Now), words(p.Digest), words(p.Urgent), int(p.QuietFrom), int(p.QuietTo),
			p.QuietWeekends, p.QuietHolidays, int(p.DigestAt), s.Now())
		if err != nil {
			return fmt.Errorf("save preferences of %d: %w", by.StaffID, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "staff.notices", SubjectType: "staff", SubjectID: by.StaffID, After: p})
	})
}

func words(topics []models.Topic) []string {
	list := make([]string, len(topics))
	for i, t := range topics {
		list[i] = string(t)
	}
	return list
}
