// Package taxes keeps what payees declared about taxes and what the merchant set, both by the day they count from.
package taxes

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/tax"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// Service is the use cases of taxes.
type Service struct {
	DB    *store.DB
	Now   func() time.Time
	Today func() time.Time // Bogotá date, as midnight UTC
}

const profilesOf = `
SELECT id, distributor_id, valid_from AS "from", person, not_resident AS "foreign", declarant, simple, work_income, contract_over, iva, municipality, evidence, staff_name, at
FROM tax_profiles WHERE distributor_id = $1 ORDER BY valid_from DESC, id DESC LIMIT 100`

// Profiles lists what a payee declared, the latest to count first. now is the id of the one that counts today, 0 for none.
func (s *Service) Profiles(ctx context.Context, distributor int64) (list []tax.Profile, now int64, err error) {
	if list, err = store.Select[tax.Profile](ctx, s.DB.Pool, profilesOf, distributor); err != nil {
		return nil, 0, fmt.Errorf("list tax profiles of distributor %d: %w", distributor, err)
	}
	p, _ := tax.On(list, s.Today())
	return list, p.ID, nil
}

const (
	lockPayee     = `SELECT id, merged_into IS NOT NULL AS merged FROM distributors WHERE id = $1 FOR UPDATE`
	insertProfile = `
INSERT INTO tax_profiles (distributor_id, valid_from, person, not_resident, declarant, simple, work_income, contract_over, iva, municipality, evidence, staff_id, staff_name, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id`
)

// Declare records what a payee declared. It counts from its day on; what was recorded before stays as it is.
func (s *Service) Declare(ctx context.Context, by models.Actor, p tax.Profile) error {
	if err := forbid(by, models.PermTaxEdit); err != nil {
		return err
	}
	if err := p.Check(s.Today()); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		payees, err := store.SelectTx[struct {
			ID     int64
			Merged bool
		}](tx, lockPayee, p.DistributorID)
		switch {
		case err != nil:
			return fmt.Errorf("lock distributor %d: %w", p.DistributorID, err)
		case len(payees) == 0:
			return models.Refuse(models.NotFound, "documents.none_such", "There is no such distributor.", nil)
		case payees[0].Merged:
			return models.Refuse(models.Conflict, "tax.refused.merged", "This record is part of another one. Record the declaration there.", nil)
		}
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertProfile, p.DistributorID, p.From, p.Person, p.Foreign, p.Declarant, p.Simple, p.WorkIncome,
			p.ContractOver, p.IVA, p.Municipality, p.Evidence, by.StaffID, by.Name, s.Now())
		if err != nil {
			return fmt.Errorf("record tax profile of distributor %d: %w", p.DistributorID, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "tax.declare", SubjectType: "distributor", SubjectID: p.DistributorID,
			After: map[string]any{"id": rows[0].ID, "from": p.From.Format(time.DateOnly), "declaration": p.Declaration}})
	})
}

const paidInYear = `
SELECT COALESCE(sum(amount), 0)::bigint AS n FROM payouts WHERE distributor_id = $1 AND state = 'paid' AND paid_at >= $2 AND paid_at < $3`

// PaidBefore is what the payee was paid in the year before a day.
func (s *Service) PaidBefore(ctx context.Context, distributor int64, day time.Time) (models.Money, error) {
	// Bogotá is five hours behind UTC all year.
	from, to := time.Date(day.Year(), 1, 1, 5, 0, 0, 0, time.UTC), time.Date(day.Year(), day.Month(), day.Day(), 5, 0, 0, 0, time.UTC)
	sum, err := store.SelectOne[struct{ N int64 }](ctx, s.DB.Pool, paidInYear, distributor, from, to)
	if err != nil {
		return models.Money{}, fmt.Errorf("sum of distributor %d: %w", distributor, err)
	}
	return models.Centavos(sum.N), nil
}

func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}
