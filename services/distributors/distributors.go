// Package distributors keeps the people and companies that earn commissions: who they are, how they are
// paid, and whether compliance lets them be paid.
package distributors

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/blobs"
	"pagaduria/services/mail"
	"pagaduria/services/store"
)

// Service holds what the use cases need.
type Service struct {
	DB    *store.DB
	Blobs *blobs.Store
	Mail  *mail.Outbox
	Today func() time.Time // the Bogotá date, as midnight UTC
}

const distributorColumns = `d.id, d.code, d.person_kind, d.country, d.doc_type, d.doc_number, d.doc_dv, d.doc_issued_on, d.given_names,
    d.surnames, d.business_name, d.phone, d.email, d.divipola, d.city, d.address, d.tax_status, d.iva_responsible, d.joined_on,
    d.upline_id, d.lang, d.warnings, d.verification, d.verified_until, d.method_kind,
    d.account_changed_on, d.payable_from, d.merged_into, d.on_hold, d.version, d.created_at, d.updated_at`

// Get reads one distributor.
func (s *Service) Get(ctx context.Context, id int64) (models.Distributor, error) {
	d, err := store.SelectOne[models.Distributor](ctx, s.DB.Pool, "SELECT "+distributorColumns+" FROM distributors d WHERE d.id = $1", id)
	if err != nil {
		return d, notFound(fmt.Errorf("read distributor %d: %w", id, err))
	}
	return d, nil
}

// lock is hold for a person who looked at that version and wants to change it; another one is a Conflict, and so is a
// record that is part of another one.
func lock(tx *gorm.DB, id int64, seen int) (models.Distributor, error) {
	d, err := hold(tx, id)
	switch {
	case err != nil:
	case d.MergedInto != nil:
		err = models.Refuse(models.Conflict, "distributors.merged", "This record is part of another one, so it is not changed any more.", nil)
	case d.Version != seen:
		err = models.Refuse(models.Conflict, "distributors.moved_on",
			"This distributor was changed after you opened the page. Load it again before you decide.", nil)
	}
	return d, err
}

// hold reads one distributor and keeps others from changing it until the transaction ends. Rows that only name it can
// still be added meanwhile.
func hold(tx *gorm.DB, id int64) (models.Distributor, error) {
	rows, err := store.SelectTx[models.Distributor](tx, "SELECT "+distributorColumns+" FROM distributors d WHERE d.id = $1 FOR NO KEY UPDATE", id)
	if err != nil {
		return models.Distributor{}, fmt.Errorf("lock distributor %d: %w", id, err)
	}
	if len(rows) == 0 {
		return models.Distributor{}, notFound(fmt.Errorf("lock distributor %d: %w", id, gorm.ErrRecordNotFound))
	}
	return rows[0], nil
}

func notFound(err error) error {
	return store.NotFound(err, "distributors.not_found", "This distributor does not exist.")
}

// forbid refuses an actor who lacks a permission, whatever door was used.
func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}
