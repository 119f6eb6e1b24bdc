package payouts

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// rulesPublish is the request to put a version of the approval rules in force. An admin drafts and asks, since admins
// neither prepare nor approve money; an approver consents, who works under the rules and had no part in the draft.
const rulesPublish models.RequestKind = "rules.publish"

var (
	errNoRules    = models.Refuse(models.NotFound, "rules.not_found", "There is no such version of the approval rules.", nil)
	errStaleRules = models.Refuse(models.Conflict, "rules.refused.stale", "This draft changed after you opened it. Look at it again before you go on.", nil)
)

// RuleVersions lists every version of the approval rules, newest first.
func (s *Service) RuleVersions(ctx context.Context) ([]models.RulesVersion, error) {
	return selectRules(ctx, s.DB.Pool, `ORDER BY number DESC LIMIT 200`)
}

// RuleVersion reads one version.
func (s *Service) RuleVersion(ctx context.Context, id int64) (models.RulesVersion, error) {
	return oneRules(selectRules(ctx, s.DB.Pool, `WHERE id = $1`, id))
}

// RulesInForce is the version by which batches are evaluated now.
func (s *Service) RulesInForce(ctx context.Context) (models.RulesVersion, error) {
	return s.rulesInForce(ctx, s.DB.Pool)
}

func oneRules(list []models.RulesVersion, err error) (models.RulesVersion, error) {
	if err != nil {
		return models.RulesVersion{}, err
	}
	if len(list) == 0 {
		return models.RulesVersion{}, errNoRules
	}
	return list[0], nil
}

func lockRules(tx *gorm.DB, id int64) (v models.RulesVersion, err error) {
	err = store.Conn(tx, func(c *pgx.Conn) error {
		v, err = oneRules(selectRules(tx.Statement.Context, c, `WHERE id = $1 FOR UPDATE`, id))
		return err
	})
	return v, err
}

// Approvers lists who may be named in a rule, and whoever version v names already.
func (s *Service) Approvers(ctx context.Context, v models.RulesVersion) ([]models.Approver, error) {
	var steps []models.ApprovalStep
	for _, r := range v.Rules {
		steps = append(steps, r.Steps...)
	}
	return s.selectApprovers(ctx, s.DB.Pool, steps, nil)
}

const insertRules = `
INSERT INTO rule_versions (number, rules, expire_days, author_ids, created_at) SELECT max(number) + 1, $1, $2, ARRAY[$3::bigint], $4 FROM rule_versions
ON CONFLICT DO NOTHING RETURNING id`

// DraftRules makes a draft out of the version in force. There is one draft at a time.
func (s *Service) DraftRules(ctx context.Context, by models.Actor) (id int64, err error) {
	if err := (models.RulesVersion{State: models.RulesDraft}).EditableBy(by); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		var v models.RulesVersion
		if err := store.Conn(tx, func(c *pgx.Conn) error { v, err = s.rulesInForce(ctx, c); return err }); err != nil {
			return err
		}
		rules, err := rulesJSON(v)
		if err != nil {
			return err
		}
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertRules, rules, v.ExpireDays, by.StaffID, s.Now())
		if err != nil {
			return fmt.Errorf("draft approval rules: %w", err)
		}
		if len(rows) == 0 {
			return models.Refuse(models.Conflict, "rules.refused.one_draft", "There is a draft already. Go on with it, or drop it first.", nil)
		}
		id = rows[0].ID
		return audit.Record(tx, audit.Entry{By: by, Action: "rules.draft", SubjectType: "rules", SubjectID: id, After: map[string]any{"from": v.Number}})
	})
	return id, err
}

func rulesJSON(v models.RulesVersion) (string, error) {
	rules := v.Rules
	if rules == nil {
		rules = []models.ApprovalRule{}
	}
	text, err := json.Marshal(rules)
	return string(text), err
}

const saveRules = `
UPDATE rule_versions SET state = $3, rules = $4, expire_days = $5, author_ids = $6, decider_id = NULLIF($7, 0), in_force_at = $8, version = version + 1, updated_at = $9
WHERE id = $1 AND version = $2`

func (s *Service) saveRules(tx *gorm.DB, v models.RulesVersion) error {
	rules, err := rulesJSON(v)
	if err != nil {
		return err
	}
	n, err := store.ExecTx(tx, saveRules, v.ID, v.Version, v.State, rules, v.ExpireDays, v.AuthorIDs, v.DeciderID, v.InForceAt, s.Now())
	if err != nil {
		return fmt.Errorf("save approval rules %d: %w", v.ID, err)
	}
	if n != 1 {
		return errStaleRules
	}
	return nil
}

// EditRules changes a draft as it was seen at that version.
func (s *Service) EditRules(ctx context.Context, by models.Actor, id int64, seen int, edit models.RulesEdit) error {
	return s.changeRules(ctx, by, id, seen, "rules.edit", func(_ *gorm.DB, v *models.RulesVersion) error { return edit.Apply(v) })
}

// changeRules changes a draft under its lock; whoever does has a part in it.
func (s *Service) changeRules(ctx context.Context, by models.Actor, id int64, seen int, action string, change func(*gorm.DB, *models.RulesVersion) error) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		v, err := lockRules(tx, id)
		if err != nil {
			return err
		}
		if err := v.EditableBy(by); err != nil {
			return err
		}
		if v.Version != seen {
			return errStaleRules
		}
		before := v.Rules
		v.Author(by)
		if err := change(tx, &v); err != nil {
			return err
		}
		if err := s.saveRules(tx, v); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "rules", SubjectID: id,
			Before: map[string]any{"rules": before}, After: map[string]any{"state": v.State, "rules": v.Rules, "expire_days": v.ExpireDays}})
	})
}

// DropRules removes a draft.
func (s *Service) DropRules(ctx context.Context, by models.Actor, id int64, seen int) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		v, err := lockRules(tx, id)
		if err != nil {
			return err
		}
		if err := v.EditableBy(by); err != nil {
			return err
		}
		if v.Version != seen {
			return errStaleRules
		}
		if _, err := store.ExecTx(tx, `DELETE FROM rule_versions WHERE id = $1`, id); err != nil {
			return fmt.Errorf("drop approval rules %d: %w", id, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "rules.drop", SubjectType: "rules", SubjectID: id, Before: map[string]any{"number": v.Number, "rules": v.Rules}})
	})
}

// PublishRules asks an approver to put the draft in force, and answers the request.
func (s *Service) PublishRules(ctx context.Context, by models.Actor, id int64, seen int, reason string) (request int64, err error) {
	if reason == "" {
		return 0, models.Refuse(models.Invalid, "rules.refused.reason", "Say why, so that who consents knows.", nil).WithField("note", "rules.refused.reason")
	}
	inForce, err := s.RulesInForce(ctx)
	if err != nil {
		return 0, err
	}
	err = s.changeRules(ctx, by, id, seen, "rules.publish", func(tx *gorm.DB, v *models.RulesVersion) error {
		var people []models.Approver
		err := store.Conn(tx, func(c *pgx.Conn) (err error) {
			people, err = s.selectApprovers(ctx, c, nil, nil)
			return err
		})
		if err != nil {
			return err
		}
		if err := v.Submit(by, people); err != nil {
			return err
		}
		request, err = requests.Open(tx, by, requests.New{Kind: rulesPublish, SubjectType: "rules", SubjectID: id, SubjectName: strconv.Itoa(v.Number), Payload: map[string]int{"number": v.Number},
			Changes: []models.Change{
				{Field: "rules.change.version", Before: strconv.Itoa(inForce.Number), After: strconv.Itoa(v.Number)},
				{Field: "rules.change.rules", Before: ruleNames(inForce), After: ruleNames(*v)},
				{Field: "rules.change.expire_days", Before: strconv.Itoa(inForce.ExpireDays), After: strconv.Itoa(v.ExpireDays)},
			}, Reason: reason, Decides: models.PermBatchesDecide})
		return err
	})
	return request, err
}

func ruleNames(v models.RulesVersion) (names string) {
	for i, r := range v.Rules {
		if i > 0 {
			names += ", "
		}
		names += r.Name
	}
	return names
}

// enforceRules is the consent: the version is in force, and the one before it is replaced.
func (s *Service) enforceRules(tx *gorm.DB, by models.Actor, r models.Request) error {
	v, err := lockRules(tx, r.SubjectID)
	if err != nil {
		return err
	}
	if err := v.Enforce(by, s.Now()); err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, `UPDATE rule_versions SET state = 'replaced', replaced_at = $1, version = version + 1 WHERE state = 'in_force'`, s.Now()); err != nil {
		return fmt.Errorf("replace approval rules: %w", err)
	}
	return s.saveRules(tx, v)
}

// reopenRules makes a version that was refused or withdrawn a draft again.
func (s *Service) reopenRules(tx *gorm.DB, _ models.Actor, r models.Request) error {
	v, err := lockRules(tx, r.SubjectID)
	if err != nil {
		return err
	}
	v.State = models.RulesDraft
	return s.saveRules(tx, v)
}

// A version is tried out on so many past batches, fewer when they are large.
const (
	triedBatches = 20
	triedPayouts = 500_000
)

// TryRules evaluates the last batches by a version and by the one in force, as they were when they were submitted.
func (s *Service) TryRules(ctx context.Context, id int64, progress store.Progress) (models.RulesTrial, error) {
	v, err := s.RuleVersion(ctx, id)
	if err != nil {
		return models.RulesTrial{}, err
	}
	inForce, err := s.RulesInForce(ctx)
	if err != nil {
		return models.RulesTrial{}, err
	}
	list, err := s.triedOn(ctx)
	if err != nil {
		return models.RulesTrial{}, err
	}
	progress.Expect(int64(len(list)))
	trial := models.RulesTrial{Version: v, InForce: inForce}
	for _, b := range list {
		facts, err := s.facts(ctx, s.DB.Pool, b, *b.SubmittedAt)
		if err != nil {
			return models.RulesTrial{}, err
		}
		draft, before := v.Evaluate(facts), inForce.Evaluate(facts)
		trial.Tried = append(trial.Tried, models.RulesTried{ID: b.ID, Code: b.Code, Name: b.Name, Total: b.Total, Draft: draft, Before: before,
			Differs: !models.SameSteps(draft.Steps, before.Steps)})
		progress.Did(1)
	}
	return trial, nil
}

// triedOn are the batches that a version is tried out on: the last ones, at least one.
func (s *Service) triedOn(ctx context.Context) ([]models.Batch, error) {
	list, err := selectBatches(ctx, s.DB.Pool, `WHERE b.submitted_at IS NOT NULL ORDER BY b.id DESC LIMIT `+strconv.Itoa(triedBatches))
	if err != nil {
		return nil, fmt.Errorf("list batches to try rules on: %w", err)
	}
	looked := 0
	for i, b := range list {
		if looked += b.Items; looked > triedPayouts && i > 0 {
			return list[:i], nil
		}
	}
	return list, nil
}
