package distributors

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
)

// Decision is what compliance decides about a verification.
type Decision struct {
	To     models.Verification
	Until  *time.Time // Verified only: the last day it is good for; nil is without end
	Reason string
}

// reasonLimit is how many characters of a reason are kept.
const reasonLimit = 1000

// check refuses an incomplete decision, field by field.
func (d Decision) check(today time.Time) error {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if !d.To.Valid() {
		_ = refusal.WithField("to", "distributors.choose_state")
	}
	if d.Reason == "" {
		_ = refusal.WithField("reason", "distributors.reason_needed")
	}
	if len([]rune(d.Reason)) > reasonLimit {
		_ = refusal.WithField("reason", "distributors.reason_long")
	}
	if d.Until != nil && (d.To != models.Verified || d.Until.Before(today)) {
		_ = refusal.WithField("until", "distributors.until_wrong")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// SetVerification records what compliance decided about one distributor, seen at that version.
// Payouts under way are not touched: handing a payout over checks the state again in its own
// transaction, and waits for this one because both take the distributor's row.
func (s *Service) SetVerification(ctx context.Context, by models.Actor, id int64, seen int, d Decision) error {
	if err := forbid(by, models.PermDistributorsJudge); err != nil {
		return err
	}
	if err := d.check(s.Today()); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		was, err := lock(tx, id, seen)
		if err != nil {
			return err
		}
		return s.decide(tx, by, was, d)
	})
}

// decide writes a decision about a distributor that is held.
func (s *Service) decide(tx *gorm.DB, by models.Actor, was models.Distributor, d Decision) error {
	if !was.Verification.CanMoveTo(d.To) {
		return models.Refuse(models.Conflict, "distributors.already", "The distributor is in this state already.", nil)
	}
	done := tx.Exec(`UPDATE distributors SET verification = ?, verified_until = ?, version = version + 1, updated_at = now() WHERE id = ? AND version = ?`,
		d.To, d.Until, was.ID, was.Version)
	if done.Error != nil || done.RowsAffected != 1 {
		return fmt.Errorf("save verification of distributor %d (%d rows): %w", was.ID, done.RowsAffected, done.Error)
	}
	err := tx.Exec(`INSERT INTO verifications (distributor_id, from_state, to_state, until, reason, staff_id, staff_name) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		was.ID, was.Verification, d.To, d.Until, d.Reason, by.StaffID, by.Name).Error
	if err != nil {
		return fmt.Errorf("save decision about distributor %d: %w", was.ID, err)
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "distributor.verify", SubjectType: "distributor", SubjectID: was.ID, Reason: d.Reason,
		Before: verificationState{was.Verification, day(was.VerifiedUntil)}, After: verificationState{d.To, day(d.Until)}})
}

type verificationState struct {
	State models.Verification `json:"state"`
	Until string              `json:"until,omitempty"`
}

// day writes a date as the audit log has it.
func day(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}

const expireOverdue = `
WITH overdue AS (
    SELECT id FROM distributors WHERE verification = 'verified' AND verified_until < CAST(@today AS date) ORDER BY id FOR UPDATE
), moved AS (
    UPDATE distributors d SET verification = 'expired', version = d.version + 1, updated_at = now()
    FROM overdue o WHERE o.id = d.id RETURNING d.id, d.verified_until
)
INSERT INTO verifications (distributor_id, from_state, to_state, until, reason, staff_id, staff_name)
SELECT id, 'verified', 'expired', verified_until, 'The verification ran out.', 0, @by FROM moved`

// ExpireVerifications moves those whose last day has passed to expired; a job calls it every day. They
// stopped being payable at midnight all the same, because the day is looked at wherever it counts.
func (s *Service) ExpireVerifications(ctx context.Context) (int64, error) {
	by := models.System("verification")
	var n int64
	err := s.DB.InTx(ctx, func(tx *gorm.DB) error {
		done := tx.Exec(expireOverdue, map[string]any{"today": s.Today(), "by": by.Name})
		if done.Error != nil {
			return fmt.Errorf("expire verifications: %w", done.Error)
		}
		n = done.RowsAffected
		if n == 0 {
			return nil
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "distributor.expire", SubjectType: "distributor", After: map[string]any{"count": n}})
	})
	return n, err
}
