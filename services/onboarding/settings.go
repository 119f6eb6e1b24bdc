package onboarding

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const settingsNow = `
SELECT k.id, k.link_days, k.case_days, k.remind_days, k.at, coalesce(s.name, '') FROM kyc_settings k LEFT JOIN staff s ON s.id = k.staff_id ORDER BY k.id DESC LIMIT 1`

func settings(tx *gorm.DB) (kyc.Settings, error) {
	rows, err := store.SelectTx[kyc.Settings](tx, settingsNow)
	if err != nil || len(rows) != 1 {
		return kyc.Settings{}, fmt.Errorf("read onboarding settings (%d rows): %w", len(rows), err)
	}
	return rows[0], nil
}

const (
	insertSettings = `INSERT INTO kyc_settings (link_days, case_days, remind_days, staff_id, at) VALUES ($1, $2, $3, $4, $5) RETURNING id`
	lockSettings   = `SELECT pg_advisory_xact_lock(hashtext('pagaduria.kyc_settings'))`
)

// Settings reads how long links and cases are good for.
func (s *Service) Settings(ctx context.Context) (kyc.Settings, error) {
	k, err := store.SelectOne[kyc.Settings](ctx, s.DB.Pool, settingsNow)
	if err != nil {
		return k, fmt.Errorf("read onboarding settings: %w", err)
	}
	return k, nil
}

// SetSettings replaces the settings that the person saw. Links and cases that are there keep their dates.
func (s *Service) SetSettings(ctx context.Context, by models.Actor, seen int64, k kyc.Settings) error {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return err
	}
	if err := k.Check(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec(lockSettings).Error; err != nil {
			return fmt.Errorf("lock onboarding settings: %w", err)
		}
		old, err := settings(tx)
		if err != nil {
			return err
		}
		if old.ID != seen {
			return models.Refuse(models.Conflict, "kyc.refused.stale", "Somebody changed these settings after you opened them. Load the page again.", nil)
		}
		days := k.RemindDays
		if days == nil {
			days = []int{}
		}
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertSettings, k.LinkDays, k.CaseDays, days, by.StaffID, s.Now())
		if err != nil {
			return fmt.Errorf("save onboarding settings: %w", err)
		}
		facts := func(k kyc.Settings) map[string]any {
			return map[string]any{"link_days": k.LinkDays, "case_days": k.CaseDays, "remind_days": k.RemindDays}
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "kyc.settings", SubjectType: "kyc_settings", SubjectID: rows[0].ID, Before: facts(old), After: facts(k)})
	})
}
