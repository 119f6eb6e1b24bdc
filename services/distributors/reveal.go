package distributors

import (
	"context"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
)

// Reveal answers a distributor with everything unmasked, and records who looked and why before it does.
func (s *Service) Reveal(ctx context.Context, by models.Actor, id int64, reason string) (models.Distributor, error) {
	if err := forbid(by, models.PermPersonalReveal); err != nil {
		return models.Distributor{}, err
	}
	if n := len([]rune(reason)); n == 0 || n > reasonLimit {
		return models.Distributor{}, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("reason", "distributors.reason_needed")
	}
	d, err := s.Get(ctx, id)
	if err != nil {
		return d, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "personal.reveal", SubjectType: "distributor", SubjectID: id, Reason: reason})
	})
	if err != nil {
		return models.Distributor{}, err
	}
	return d, nil
}
