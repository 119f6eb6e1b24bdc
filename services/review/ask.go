package review

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/store"
)

const (
	selectAsked = `
SELECT i.item, v.to_payee FROM kyc_items i
JOIN LATERAL (SELECT v.verdict, v.to_payee FROM kyc_verdicts v WHERE v.case_id = i.case_id AND v.item = i.item AND v.version = i.version ORDER BY v.id DESC LIMIT 1) v ON v.verdict = 'again'
WHERE i.case_id = $1 AND i.state = 'again' ORDER BY i.position`
	pauseClock = `UPDATE kyc_cases SET due_at = NULL, paused_at = $2, left_minutes = $3, asked_at = $2 WHERE id = $1`
)

// Ask writes to the payee about everything that is asked again, by a link that opens those things alone. The clock
// stands still until the answer comes, which is the same reviewer's.
func (s *Service) Ask(ctx context.Context, by models.Actor, id int64, seen int) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := s.holdMine(tx, by, id)
		if err != nil {
			return err
		}
		if c.Version != seen {
			return models.Refuse(models.Conflict, "case.refused.stale", "The case changed after you opened it. Load it again before you decide.", nil)
		}
		return s.ask(tx, by, c)
	})
}

// ask writes to the payee of a case that is held, and stops its clock.
func (s *Service) ask(tx *gorm.DB, by models.Actor, c held) error {
	asked, err := store.SelectTx[kyc.Question](tx, selectAsked, c.ID)
	if err != nil {
		return fmt.Errorf("read what case %d is asked again: %w", c.ID, err)
	}
	if len(asked) == 0 {
		return models.Refuse(models.Conflict, "case.refused.nothing_asked", "Nothing is asked again. Decide first what the payee has to give again.", nil)
	}
	k, err := settings(tx)
	if err != nil {
		return err
	}
	if err := s.Onboarding.AskAgain(tx, by, c.ID, asked); err != nil {
		return err
	}
	now := s.Now()
	if _, err := store.ExecTx(tx, pauseClock, c.ID, now, c.Clock().Pause(k.Hours, now).Left); err != nil {
		return fmt.Errorf("pause clock of case %d: %w", c.ID, err)
	}
	return nil
}
