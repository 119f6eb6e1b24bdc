package review

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// fourEyes is what the request for other rules of two people asks for.
type fourEyes struct {
	Seen int64    `json:"seen"` // settings
	Why  []string `json:"why"`
}

// RequestKinds are the changes that need a second person.
func (s *Service) RequestKinds() []requests.Kind {
	return []requests.Kind{{Name: models.RequestFourEyes, Decides: models.PermKYCReview, Sees: models.PermKYCQueue, Apply: s.applyFourEyes}}
}

// AskFourEyes asks for other rules by which approvals need a second person, in the place of those that were seen.
func (s *Service) AskFourEyes(ctx context.Context, by models.Actor, seen int64, whys []kyc.Why, reason string) (request int64, err error) {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return 0, err
	}
	if err := kyc.CheckNote(reason); err != nil {
		return 0, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("reason", "case.fault.note")
	}
	will := []string{}
	for _, w := range kyc.Whys {
		if slices.Contains(whys, w) {
			will = append(will, string(w))
		}
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		old, err := settings(tx)
		if err != nil {
			return err
		}
		was := old.Rules()
		switch {
		case old.ID != seen:
			return models.Refuse(models.Conflict, "kyc.refused.stale", "Somebody changed these settings after you opened them. Load the page again.", nil)
		case slices.Equal(was, will):
			return models.Refuse(models.Conflict, "case.refused.same_rules", "These rules are in force already.", nil)
		}
		request, err = requests.Open(tx, by, requests.New{Kind: models.RequestFourEyes, SubjectType: "kyc_review_settings", SubjectID: 1, Payload: fourEyes{seen, will}, Reason: reason,
			Decides: models.PermKYCReview, Changes: []models.Change{{Field: "case.four_eyes_rules", Before: strings.Join(was, ", "), After: strings.Join(will, ", ")}}})
		return err
	})
	return request, err
}

const insertFourEyes = `
INSERT INTO kyc_review_settings (open_from, open_to, weekdays, due_minutes, amber_minutes, capacity, staff_id, at, four_eyes, consent_id)
SELECT open_from, open_to, weekdays, due_minutes, amber_minutes, capacity, $1, $2, $3, $4 FROM kyc_review_settings ORDER BY id DESC LIMIT 1 RETURNING id`

func (s *Service) applyFourEyes(tx *gorm.DB, by models.Actor, r models.Request) error {
	var p fourEyes
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	if err := tx.Exec(lockSettings).Error; err != nil {
		return fmt.Errorf("lock review settings: %w", err)
	}
	old, err := settings(tx)
	if err != nil {
		return err
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertFourEyes, r.MakerID, s.Now(), p.Why, r.ID)
	if err != nil {
		return fmt.Errorf("save rules of two people: %w", err)
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "kyc.four_eyes", SubjectType: "kyc_review_settings", SubjectID: rows[0].ID,
		Before: map[string]any{"four_eyes": old.Rules()}, After: map[string]any{"four_eyes": p.Why, "request": r.ID}})
}
