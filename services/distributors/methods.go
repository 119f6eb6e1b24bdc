package distributors

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/intake"
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

// AddMethod adds a way of paying a distributor seen at that version; makePreferred prefers it at once,
// and the first one always is.
func (s *Service) AddMethod(ctx context.Context, by models.Actor, id int64, seen int, d models.Destination, makePreferred MethodPlace) error {
	return s.changeMethods(ctx, by, id, seen, "distributor.method_add", func(tx *gorm.DB, of models.Distributor) (any, error) {
		payee := of.Payee()
		d = intake.CleanDestination(d, payee)
		faults, _ := intake.ValidateDestination(d, payee)
		if len(faults) > 0 {
			return nil, refuse(faults)
		}
		if err := refuseDouble(tx, id, d); err != nil {
			return nil, err
		}
		prefer := makePreferred == Preferred || of.MethodKind == ""
		if prefer {
			if err := tx.Exec("UPDATE payout_methods SET preferred = false WHERE distributor_id = ? AND preferred", id).Error; err != nil {
				return nil, fmt.Errorf("unprefer methods of distributor %d: %w", id, err)
			}
		}
		err := tx.Exec(`INSERT INTO payout_methods (distributor_id, kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind, preferred) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			id, d.Kind, d.BankCode, d.AccountType, d.AccountNumber, d.BreBKey, d.BreBKeyKind, prefer).Error
		if err != nil {
			return nil, fmt.Errorf("save method of distributor %d: %w", id, err)
		}
		return maskedMethod(d, prefer), nil
	})
}

// MethodPlace says where a new method stands among the others.
type MethodPlace bool

// The places.
const (
	Preferred   MethodPlace = true
	Alternative MethodPlace = false
)

func refuseDouble(tx *gorm.DB, id int64, d models.Destination) error {
	rows, err := store.SelectTx[struct{ ID int64 }](tx, `SELECT id FROM payout_methods WHERE distributor_id = $1 AND retired_at IS NULL
		AND (kind, bank_code, account_type, account_number, bre_b_key, bre_b_kind) = ($2, $3, $4, $5, $6, $7)`,
		id, string(d.Kind), d.BankCode, d.AccountType, d.AccountNumber, d.BreBKey, string(d.BreBKeyKind))
	if err != nil {
		return fmt.Errorf("compare methods of distributor %d: %w", id, err)
	}
	if len(rows) > 0 {
		return models.Refuse(models.Conflict, "distributors.method_double", "The distributor has this way of being paid already.", nil)
	}
	return nil
}

// PreferMethod makes one of the methods the preferred one. It is judged again: the phone that cash
// needs may have gone meanwhile.
func (s *Service) PreferMethod(ctx context.Context, by models.Actor, id int64, seen int, method int64) error {
	return s.changeMethods(ctx, by, id, seen, "distributor.method_prefer", func(tx *gorm.DB, of models.Distributor) (any, error) {
		m, err := s.active(tx, id, method)
		if err != nil {
			return nil, err
		}
		if faults, _ := intake.ValidateDestination(m.Destination, of.Payee()); len(faults) > 0 {
			return nil, models.Refuse(models.Conflict, "distributors.method_unfit", "This way of being paid does not work any more: "+faults[0].Message,
				map[string]any{"Why": faults[0].Message})
		}
		for _, sql := range []string{
			"UPDATE payout_methods SET preferred = false WHERE distributor_id = ? AND preferred AND id <> ?",
			"UPDATE payout_methods SET preferred = true WHERE distributor_id = ? AND id = ? AND retired_at IS NULL",
		} {
			if err := tx.Exec(sql, id, method).Error; err != nil {
				return nil, fmt.Errorf("prefer method %d: %w", method, err)
			}
		}
		return maskedMethod(m.Destination, true), nil
	})
}

// RetireMethod takes a method out of use. It stays on record, because payouts may point at it. The
// preferred one may go only when it is the last: whoever has several says first which one takes its place.
func (s *Service) RetireMethod(ctx context.Context, by models.Actor, id int64, seen int, method int64) error {
	return s.changeMethods(ctx, by, id, seen, "distributor.method_retire", func(tx *gorm.DB, _ models.Distributor) (any, error) {
		m, err := s.active(tx, id, method)
		if err != nil {
			return nil, err
		}
		others, err := store.SelectTx[struct{ N int64 }](tx, "SELECT count(*) FROM payout_methods WHERE distributor_id = $1 AND retired_at IS NULL AND id <> $2", id, method)
		if err != nil {
			return nil, fmt.Errorf("count methods of distributor %d: %w", id, err)
		}
		if m.Preferred && others[0].N > 0 {
			return nil, models.Refuse(models.Conflict, "distributors.method_preferred", "This is the preferred way. Make another one preferred first.", nil)
		}
		if err := tx.Exec("UPDATE payout_methods SET preferred = false, retired_at = now() WHERE id = ?", method).Error; err != nil {
			return nil, fmt.Errorf("retire method %d: %w", method, err)
		}
		return maskedMethod(m.Destination, false), nil
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

// changeMethods does one change under the distributor's lock, keeps the column the list filters by, and
// records the change.
func (s *Service) changeMethods(ctx context.Context, by models.Actor, id int64, seen int, action string, change func(*gorm.DB, models.Distributor) (any, error)) error {
	if err := forbid(by, models.PermDistributorsEdit); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		of, err := lock(tx, id, seen)
		if err != nil {
			return err
		}
		after, err := change(tx, of)
		if err != nil {
			return err
		}
		done := tx.Exec(`UPDATE distributors d SET method_kind = coalesce((SELECT m.kind FROM payout_methods m WHERE m.distributor_id = d.id AND m.preferred), ''),
			version = version + 1, updated_at = now() WHERE id = ? AND version = ?`, id, seen)
		if done.Error != nil || done.RowsAffected != 1 {
			return fmt.Errorf("save methods of distributor %d (%d rows): %w", id, done.RowsAffected, done.Error)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "distributor", SubjectID: id, After: after})
	})
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
