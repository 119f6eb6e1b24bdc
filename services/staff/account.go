package staff

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// ChangePassword sets another password for whoever asks, who must know the one they have. All other sessions end.
func (s *Service) ChangePassword(ctx context.Context, by models.Actor, old, next string) error {
	st, err := s.Get(ctx, by.StaffID)
	if err != nil {
		return err
	}
	spent, err := s.charge(ctx, s.limits("again", st.Email, by.Address, true))
	if err != nil {
		return err
	}
	account, err := s.account(ctx, st.Email, by.Address)
	if err != nil {
		return err
	}
	same, err := samePassword(old, account.PasswordHash)
	if err != nil {
		return fmt.Errorf("compare the password of staff %d: %w", st.ID, err)
	}
	if !same {
		return models.Refuse(models.Invalid, "setup.error.password", "That is not your password.", nil).WithField("old", "setup.error.password")
	}
	if err := CheckPassword(next, st.Email, st.Name); err != nil {
		return err
	}
	hash, err := hashPassword(next)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := store.ExecTx(tx, `UPDATE staff SET password_hash = $2, version = version + 1, updated_at = $3 WHERE id = $1`,
			st.ID, hash, s.now()); err != nil {
			return fmt.Errorf("change the password of staff %d: %w", st.ID, err)
		}
		if _, err := store.ExecTx(tx, `UPDATE staff_sessions SET revoked_at = $3 WHERE staff_id = $1 AND id <> $2 AND revoked_at IS NULL`,
			st.ID, by.SessionID, s.now()); err != nil {
			return fmt.Errorf("end sessions of staff %d: %w", st.ID, err)
		}
		if err := s.tell(tx, st.ID, toldPassword); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "staff.password", SubjectType: "staff", SubjectID: st.ID})
	})
	if err != nil {
		return err
	}
	return s.refund(ctx, spent)
}

// RenewRecoveryCodes replaces the recovery codes of whoever asks, against a code of their authenticator app, and
// answers the new ones, which nobody can see again.
func (s *Service) RenewRecoveryCodes(ctx context.Context, by models.Actor, code string) (codes []string, err error) {
	if err := s.CheckCode(ctx, by, code); err != nil {
		return nil, err
	}
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if codes, err = s.newRecoveryCodes(tx, by.StaffID); err != nil {
			return err
		}
		if err := s.tell(tx, by.StaffID, toldCodes); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "staff.recovery_codes", SubjectType: "staff", SubjectID: by.StaffID})
	})
	return codes, err
}

// RecoveryCodesLeft counts the unused recovery codes of an account.
func (s *Service) RecoveryCodesLeft(ctx context.Context, staffID int64) (n int, err error) {
	err = s.db.Pool.QueryRow(ctx, `SELECT count(*) FROM staff_recovery_codes WHERE staff_id = $1 AND used_at IS NULL`, staffID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count recovery codes of staff %d: %w", staffID, err)
	}
	return n, nil
}
