package onboarding

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/distributors"
)

// Staff fill a case in for somebody who comes in person or calls. What they write is marked as theirs; the proof of the
// authorisation, and the signature, is a paper that the payee signed.

// AgreePaper keeps the signed paper by which a payee authorised the use of their data.
func (s *Service) AgreePaper(ctx context.Context, by models.Actor, id int64, a Agreement, paper distributors.Evidence) error {
	if err := forbid(by, models.PermKYCFill); err != nil {
		return err
	}
	if paper.Body == nil {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("file", "kyc.fault.paper")
	}
	put, err := s.Blobs.Put(ctx, "evidence", paper.Name, paper.Body, distributors.EvidenceLimit)
	if err != nil {
		return err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		var file int64
		err = tx.Raw("INSERT INTO files (key, name, mime, size, sha256, created_by) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
			put.Key, paper.Name, paper.Mime, put.Size, put.SHA256, by.StaffID).Scan(&file).Error
		if err != nil {
			return fmt.Errorf("keep paper of case %d: %w", id, err)
		}
		return s.agree(tx, &c, writer{by: by}, a, file)
	})
	if err != nil {
		_ = s.Blobs.Delete(context.WithoutCancel(ctx), put.Key)
	}
	return err
}

// FillIn keeps one step that staff fill in for a payee.
func (s *Service) FillIn(ctx context.Context, by models.Actor, id int64, step kyc.Step, f kyc.Form) error {
	if err := forbid(by, models.PermKYCFill); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		return s.answer(tx, &c, writer{by: by}, kyc.Item(step), f)
	})
}

// SignFor sends a case for a payee who signed on paper.
func (s *Service) SignFor(ctx context.Context, by models.Actor, id int64, g Signing) error {
	if err := forbid(by, models.PermKYCFill); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		return s.submit(ctx, tx, &c, writer{by: by}, g)
	})
}
