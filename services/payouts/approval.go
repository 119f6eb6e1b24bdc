package payouts

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/events"
	"pagaduria/services/store"
)

const (
	stepsOf = `SELECT rule, mode, roles, people, needed FROM batch_steps WHERE batch_id = $1 AND round = $2 ORDER BY step`
	givenOf = `
SELECT step, staff_id, COALESCE(for_id, 0) FROM batch_decisions
WHERE batch_id = $1 AND round = $2 AND content_hash = $3 AND decision = 'approve' ORDER BY id`
	// Whoever may decide or is named, with the absence that covers the day $2. $1 are the people to read in any case.
	approvers = `
SELECT s.id, s.name, s.roles, s.state = 'active', a.to_day, COALESCE(a.delegate_id, 0)
FROM staff s LEFT JOIN LATERAL (SELECT to_day, delegate_id FROM absences WHERE staff_id = s.id AND ended_at IS NULL AND $2::date BETWEEN from_day AND to_day
    ORDER BY to_day DESC, id DESC LIMIT 1) a ON true
WHERE 'approver' = ANY (s.roles) OR s.id = ANY ($1) ORDER BY s.name, s.id`
	insertStep = `INSERT INTO batch_steps (batch_id, round, step, rule, mode, roles, people, needed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	saveRound  = `UPDATE batches SET rules_id = $2, rules_why = $3, round = $4, expires_at = $5 WHERE id = $1`
)

// stepRow is a step as it is stored.
type stepRow struct {
	Rule   string
	Mode   models.StepMode
	Roles  []models.Role
	People []int64
	Needed int
}

func selectSteps(ctx context.Context, q store.Querier, batch int64, round int) ([]models.ApprovalStep, error) {
	rows, err := store.Select[stepRow](ctx, q, stepsOf, batch, round)
	if err != nil {
		return nil, fmt.Errorf("steps of batch %d: %w", batch, err)
	}
	steps := make([]models.ApprovalStep, len(rows))
	for i, r := range rows {
		steps[i] = models.ApprovalStep{Rule: r.Rule, Mode: r.Mode, Roles: r.Roles, People: r.People, Count: r.Needed}
	}
	return steps, nil
}

// selectApprovers reads whoever may decide on batches, and the people of those steps and approvals in any case.
func (s *Service) selectApprovers(ctx context.Context, q store.Querier, steps []models.ApprovalStep, given []models.Approval) ([]models.Approver, error) {
	also := []int64{}
	for _, step := range steps {
		also = append(also, step.People...)
	}
	for _, g := range given {
		also = append(also, g.StaffID, g.ForID)
	}
	people, err := store.Select[models.Approver](ctx, q, approvers, also, models.Day(s.Now()))
	if err != nil {
		return nil, fmt.Errorf("list approvers: %w", err)
	}
	return people, nil
}

// approvalOf reads how far the approval of a batch has come and who could go on with it.
func (s *Service) approvalOf(ctx context.Context, q store.Querier, b models.Batch) (a models.Approvals, err error) {
	if a.Steps, err = selectSteps(ctx, q, b.ID, b.Round); err != nil {
		return a, err
	}
	if a.Given, err = store.Select[models.Approval](ctx, q, givenOf, b.ID, b.Round, b.ContentHash); err != nil {
		return a, fmt.Errorf("approvals of batch %d: %w", b.ID, err)
	}
	a.People, err = s.selectApprovers(ctx, q, a.Steps, a.Given)
	return a, err
}

// evaluate applies the rules in force to a batch that waits, as its content is now, and begins its approval anew.
// saveBatch must follow: it says whether the batch is blocked.
func (s *Service) evaluate(tx *gorm.DB, b *models.Batch) error {
	var v models.RulesVersion
	var e models.Evaluation
	var people []models.Approver
	err := store.Conn(tx, func(c *pgx.Conn) (err error) {
		ctx := tx.Statement.Context
		if v, err = s.rulesInForce(ctx, c); err != nil {
			return err
		}
		var facts models.BatchFacts
		if len(v.Rules) > 0 {
			if facts, err = s.facts(ctx, c, *b, s.Now()); err != nil {
				return err
			}
		}
		e = v.Evaluate(facts)
		people, err = s.selectApprovers(ctx, c, e.Steps, nil)
		return err
	})
	if err != nil {
		return err
	}
	b.Evaluated(v, e, people)
	return saveEvaluation(tx, *b, e)
}

// saveOpen saves a batch that waits, and tells the admins when nobody can approve it.
func (s *Service) saveOpen(tx *gorm.DB, b models.Batch) error {
	if err := s.saveBatch(tx, b); err != nil || b.State != models.BatchBlocked {
		return err
	}
	return tellBlocked(tx, b)
}

func saveEvaluation(tx *gorm.DB, b models.Batch, e models.Evaluation) error {
	matches := e.Matches
	if matches == nil {
		matches = []models.RuleMatch{}
	}
	why, err := json.Marshal(matches)
	if err != nil {
		return fmt.Errorf("evaluate batch %d: %w", b.ID, err)
	}
	if _, err := store.ExecTx(tx, saveRound, b.ID, b.RulesID, string(why), b.Round, b.ExpiresAt); err != nil {
		return fmt.Errorf("evaluate batch %d: %w", b.ID, err)
	}
	for i, step := range e.Steps {
		roles, people := step.Roles, step.People
		if roles == nil {
			roles = []models.Role{}
		}
		if people == nil {
			people = []int64{}
		}
		if _, err := store.ExecTx(tx, insertStep, b.ID, b.Round, i+1, step.Rule, step.Mode, roles, people, step.Needed()); err != nil {
			return fmt.Errorf("evaluate batch %d: step %d: %w", b.ID, i+1, err)
		}
	}
	return nil
}

// tellBlocked tells the admins that a batch finds nobody to approve it.
func tellBlocked(tx *gorm.DB, b models.Batch) error {
	return events.Record(tx, events.Event{Kind: "batch.blocked", SubjectType: "batch", SubjectID: b.ID, Permission: models.PermStaffEdit,
		Facts: map[string]any{"Code": b.Code, "Name": b.Name, "Step": b.StuckStep}})
}

func approvalFacts(b models.Batch, g models.Approval) map[string]any {
	facts := batchFacts(b)
	facts["step"] = g.Step
	if g.ForID != 0 {
		facts["in_stead_of"] = g.ForID
	}
	return facts
}

// Judged is how a batch was evaluated, for its page.
type Judged struct {
	Number  int // of the version of the rules; 0 when it was not submitted yet
	RulesID int64
	Matches []models.RuleMatch
	Steps   []models.ApprovalStep
	People  []models.Approver
}

// Judged reads which version of the rules applied to a batch, why, and what it demanded.
func (s *Service) Judged(ctx context.Context, b models.Batch) (j Judged, err error) {
	if b.Round == 0 {
		return j, nil
	}
	j.RulesID = b.RulesID
	var why []byte
	err = s.DB.Pool.QueryRow(ctx, `SELECT v.number, b.rules_why FROM batches b JOIN rule_versions v ON v.id = b.rules_id WHERE b.id = $1`, b.ID).Scan(&j.Number, &why)
	if err == nil {
		err = json.Unmarshal(why, &j.Matches)
	}
	if err != nil {
		return j, fmt.Errorf("evaluation of batch %d: %w", b.ID, err)
	}
	if j.Steps, err = selectSteps(ctx, s.DB.Pool, b.ID, b.Round); err != nil {
		return j, err
	}
	j.People, err = s.selectApprovers(ctx, s.DB.Pool, j.Steps, nil)
	return j, err
}
