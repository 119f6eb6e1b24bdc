package screening

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/sanctions"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// AskThresholds asks for other thresholds, and answers the request. They come in force when a second person consents, and
// everybody is compared again by them.
func (s *Service) AskThresholds(ctx context.Context, by models.Actor, t sanctions.Thresholds, reason string) (request int64, err error) {
	if err := forbid(by, models.PermScreeningDecide); err != nil {
		return 0, err
	}
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if !t.Valid() {
		_ = refusal.WithField("review", "screening.refused.thresholds")
	}
	if reason == "" {
		_ = refusal.WithField("reason", "screening.refused.reason")
	}
	if len(refusal.Fields) > 0 {
		return 0, refusal
	}
	was, err := s.Thresholds(ctx)
	if err != nil {
		return 0, err
	}
	if was == t {
		return 0, models.Refuse(models.Conflict, "screening.refused.same_thresholds", "These thresholds are in force already.", nil)
	}
	say := func(n int) string { return fmt.Sprintf("%.3f", float64(n)/sanctions.Full) }
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		request, err = requests.Open(tx, by, requests.New{Kind: models.RequestThresholds, SubjectType: "screening_thresholds", Payload: t, Reason: reason, Decides: models.PermScreeningDecide,
			Changes: []models.Change{{Field: "screening.level.review", Before: say(was.Review), After: say(t.Review)}, {Field: "screening.level.hold", Before: say(was.Hold), After: say(t.Hold)}}})
		return err
	})
	return request, err
}

const insertThresholds = `INSERT INTO screening_thresholds (review, hold, staff_id, staff_name, reason) VALUES ($1, $2, $3, $4, $5)`

func (s *Service) applyThresholds(tx *gorm.DB, by models.Actor, r models.Request) error {
	var t sanctions.Thresholds
	if err := json.Unmarshal(r.Payload, &t); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	if _, err := store.ExecTx(tx, insertThresholds, t.Review, t.Hold, r.MakerID, r.MakerName, r.Reason); err != nil {
		return fmt.Errorf("save thresholds: %w", err)
	}
	if err := Enqueue(tx); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "screening.thresholds", SubjectType: "screening_thresholds", Reason: r.Reason, After: t})
}
