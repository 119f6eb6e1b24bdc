package distributors

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const methodColumns = `id, distributor_id, kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind, preferred, retired_at, created_at`

// preferred reads the preferred method, nil when there is none.
func preferred(tx *gorm.DB, distributor int64) (*models.PayoutMethod, error) {
	rows, err := store.SelectTx[models.PayoutMethod](tx, "SELECT "+methodColumns+" FROM payout_methods WHERE distributor_id = $1 AND preferred", distributor)
	if err != nil {
		return nil, fmt.Errorf("read preferred method of distributor %d: %w", distributor, err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// RetireMethod takes a method out of use, which needs no second person: nothing is paid to another place by it. It
// stays on record, because payouts may point at it. The preferred one may go only when it is the last: whoever has
// several says first which one takes its place.
func (s *Service) RetireMethod(ctx context.Context, by models.Actor, id int64, seen int, method int64) error {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := lock(tx, id, seen); err != nil {
			return err
		}
		m, err := s.active(tx, id, method)
		if err != nil {
			return err
		}
		others, err := store.SelectTx[struct{ N int64 }](tx, "SELECT count(*) FROM payout_methods WHERE distributor_id = $1 AND retired_at IS NULL AND id <> $2", id, method)
		if err != nil {
			return fmt.Errorf("count methods of distributor %d: %w", id, err)
		}
		if m.Preferred && others[0].N > 0 {
			return models.Refuse(models.Conflict, "distributors.method_preferred", "This is the preferred way. Make another one preferred first.", nil)
		}
		if err := tx.Exec("UPDATE payout_methods SET preferred = false, retired_at = now() WHERE id = ?", method).Error; err != nil {
			return fmt.Errorf("retire method %d: %w", method, err)
		}
		if err := followMethod(tx, id); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "distributor.method_retire", SubjectType: "distributor", SubjectID: id, After: maskedMethod(m.Destination, false)})
	})
}

func (s *Service) active(tx *gorm.DB, id, method int64) (models.PayoutMethod, error) {
	rows, err := store.SelectTx[models.PayoutMethod](tx, "SELECT "+methodColumns+" FROM payout_methods WHERE id = $1 AND distributor_id = $2", method, id)
	if err != nil {
		return models.PayoutMethod{}, fmt.Errorf("read method %d: %w", method, err)
	}
	switch {
	case len(rows) == 0:
		return models.PayoutMethod{}, models.Refuse(models.NotFound, "distributors.method_gone", "This way of being paid does not exist.", nil)
	case rows[0].RetiredAt != nil:
		return models.PayoutMethod{}, models.Refuse(models.Conflict, "distributors.method_retired", "This way of being paid was taken out of use.", nil)
	}
	return rows[0], nil
}

// followMethod keeps the column that lists filter by, and counts the change.
func followMethod(tx *gorm.DB, id int64) error {
	done := tx.Exec(`UPDATE distributors d SET method_kind = coalesce((SELECT m.kind FROM payout_methods m WHERE m.distributor_id = d.id AND m.preferred), ''),
		version = version + 1, updated_at = now() WHERE id = ?`, id)
	if done.Error != nil || done.RowsAffected != 1 {
		return fmt.Errorf("save methods of distributor %d (%d rows): %w", id, done.RowsAffected, done.Error)
	}
	return nil
}

func maskedMethod(d models.Destination, preferred bool) map[string]any {
	m := map[string]any{"kind": d.Kind, "preferred": preferred}
	if d.BankCode != "" {
		m["bank"] = d.BankCode
	}
	if to := d.Masked(); to != "" {
		m["to"] = to
	}
	return m
}
