package requests

import (
	"context"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
)

// Reveals answers whether requests of the kind hold more than their lines show.
func (s *Service) Reveals(kind models.RequestKind) bool {
	k, err := s.kind(kind)
	return err == nil && k.Whole != nil
}

// Reveal answers a request with its lines unmasked, and records who looked and why before it does.
func (s *Service) Reveal(ctx context.Context, by models.Actor, id int64, reason string) (models.Request, error) {
	if !by.May(models.PermPersonalReveal) {
		return models.Request{}, models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
	}
	if n := len([]rune(reason)); n == 0 || n > 1000 {
		return models.Request{}, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("reason", "distributors.reason_needed")
	}
	r, _, err := s.Request(ctx, by, id)
	if err != nil {
		return r, err
	}
	kind, err := s.kind(r.Kind)
	if err != nil {
		return r, err
	}
	if kind.Whole == nil {
		return r, errNoRequest
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "personal.reveal", SubjectType: "request", SubjectID: id, Reason: reason,
			After: map[string]any{"kind": r.Kind, "subject_type": r.SubjectType, "subject_id": r.SubjectID}})
	})
	if err != nil {
		return models.Request{}, err
	}
	r.Changes, err = kind.Whole(r)
	return r, err
}
