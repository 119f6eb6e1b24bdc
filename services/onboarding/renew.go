package onboarding

import (
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

const (
	reopenMany = `
INSERT INTO kyc_cases (distributor_id, state, person_kind, lang, email, phone, staff_id, created_at, expires_at)
SELECT id, 'invited', person_kind, CASE WHEN lang IN ('es','en','zh') THEN lang ELSE 'es' END, email, phone, $2, $3, $4 FROM distributors WHERE id = ANY($1) ORDER BY id
RETURNING id`
	reopened = `
SELECT c.id, c.lang, c.email, c.phone, CASE WHEN d.given_names <> '' THEN d.given_names ELSE d.business_name END
FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id WHERE c.id = ANY($1) ORDER BY c.id`
)

// Reopen asks distributors anew whom the caller holds locked, who have no open case and can be written to: each gets a
// case and a link, as an invitation does.
func (s *Service) Reopen(tx *gorm.DB, by models.Actor, distributors []int64) error {
	rules, err := settings(tx)
	if err != nil {
		return err
	}
	now := s.Now()
	made, err := store.SelectTx[struct{ ID int64 }](tx, reopenMany, distributors, by.StaffID, now, now.AddDate(0, 0, rules.CaseDays))
	if err != nil {
		return fmt.Errorf("open cases anew: %w", err)
	}
	ids := make([]int64, len(made))
	entries := make([]audit.Entry, len(made))
	for i, m := range made {
		ids[i] = m.ID
		entries[i] = audit.Entry{By: by, Action: "kyc.renew", SubjectType: "kyc_case", SubjectID: m.ID}
	}
	if err := s.askAll(tx, ids); err != nil {
		return err
	}
	list, err := store.SelectTx[struct {
		ID                       int64
		Lang, Email, Phone, Name string
	}](tx, reopened, ids)
	if err != nil {
		return fmt.Errorf("read new cases: %w", err)
	}
	for _, x := range list {
		c := kyc.Case{ID: x.ID, Lang: x.Lang, Email: x.Email, Phone: x.Phone, ExpiresAt: now.AddDate(0, 0, rules.CaseDays)}
		if err := s.newLink(tx, by, c, kyc.Letter{Kind: kyc.LetterInvitation, Lang: c.Lang, Name: x.Name}); err != nil {
			return err
		}
	}
	return audit.RecordAll(tx, entries)
}
