// Package risk scores how closely payees are looked at: rules that two people put in force give points for facts, and a
// person's word can stand in place of the score for a while. Nobody but compliance and auditors learns of it.
package risk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// Service holds what the use cases need.
type Service struct {
	DB    *store.DB
	Now   func() time.Time
	Today func() time.Time // the Bogotá date, as midnight UTC
}

// forbid refuses an actor who lacks a permission, whatever door was used.
func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

// RequestKinds are the changes that need a second person.
func (s *Service) RequestKinds() []requests.Kind {
	return []requests.Kind{
		{Name: models.RequestRiskRules, Decides: models.PermRiskEdit, Sees: models.PermRiskView, Apply: s.applyRules},
		{Name: models.RequestRiskOverride, Decides: models.PermRiskEdit, Sees: models.PermRiskView, Apply: s.applyOverride},
	}
}

const selectVersions = `SELECT id, rules, reason, maker_name, at FROM risk_versions ORDER BY id DESC LIMIT `

// Versions lists the sets of rules, the one in force first.
func (s *Service) Versions(ctx context.Context) ([]models.RiskVersion, error) {
	list, err := store.Select[models.RiskVersion](ctx, s.DB.Pool, selectVersions+"50")
	if err != nil {
		return nil, fmt.Errorf("list versions of risk rules: %w", err)
	}
	return list, nil
}

// inForce reads the rules of the day in a transaction.
func inForce(tx *gorm.DB) (models.RiskVersion, error) {
	list, err := store.SelectTx[models.RiskVersion](tx, selectVersions+"1")
	if err != nil || len(list) == 0 {
		return models.RiskVersion{}, fmt.Errorf("read risk rules (%d): %w", len(list), err)
	}
	return list[0], nil
}

// AskRules asks for other rules, and answers the request. They come in force when a second person consents, and everybody
// is scored again by them. seen is the version that was on the screen.
func (s *Service) AskRules(ctx context.Context, by models.Actor, seen int64, r models.RiskRules, reason string) (request int64, err error) {
	if err := forbid(by, models.PermRiskEdit); err != nil {
		return 0, err
	}
	if err := r.Check(); err != nil {
		return 0, err
	}
	if n := len([]rune(reason)); n == 0 || n > 1000 {
		return 0, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("reason", "risk.refused.reason")
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		was, err := inForce(tx)
		if err != nil {
			return err
		}
		if was.ID != seen {
			return models.Refuse(models.Conflict, "risk.refused.stale", "Other rules came in force after you opened the page. Load it again.", nil)
		}
		changes := differences(was.Rules, r)
		if len(changes) == 0 {
			return models.Refuse(models.Conflict, "risk.refused.same_rules", "These rules are in force already.", nil)
		}
		request, err = requests.Open(tx, by, requests.New{Kind: models.RequestRiskRules, SubjectType: "risk_rules", Payload: proposal{seen, r}, Reason: reason,
			Decides: models.PermRiskEdit, Changes: changes})
		return err
	})
	return request, err
}

// proposal is the payload of a request for other rules.
type proposal struct {
	Seen  int64            `json:"seen"`
	Rules models.RiskRules `json:"rules"`
}

// differences are the lines that the second person reads.
func differences(was, will models.RiskRules) (list []models.Change) {
	add := func(field, before, after string) {
		if before != after {
			list = append(list, models.Change{Field: field, Before: before, After: after})
		}
	}
	for _, k := range models.RiskRuleKinds {
		add("risk.rule."+string(k), ruleText(was.Of(k)), ruleText(will.Of(k)))
	}
	add("risk.window", fmt.Sprint(was.Window), fmt.Sprint(will.Window))
	add("risk.from_medium", fmt.Sprint(was.Medium), fmt.Sprint(will.Medium))
	add("risk.from_high", fmt.Sprint(was.High), fmt.Sprint(will.High))
	return list
}

// ruleText is a rule in figures: points, and what they are given for.
func ruleText(r models.RiskRule) string {
	text := fmt.Sprint(r.Points)
	if r.Amount != nil {
		text += " · ≥ " + r.Amount.String()
	}
	if r.Days > 0 {
		text += fmt.Sprintf(" · %d d", r.Days)
	}
	for i, v := range r.Values {
		if i == 0 {
			text += " · "
		} else {
			text += ", "
		}
		text += v
	}
	return text
}

const insertVersion = `INSERT INTO risk_versions (rules, reason, consent_id, maker_name, at) VALUES ($1, $2, $3, $4, $5) RETURNING id`

func (s *Service) applyRules(tx *gorm.DB, by models.Actor, r models.Request) error {
	var p proposal
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	if err := lock(tx); err != nil {
		return err
	}
	was, err := inForce(tx)
	if err != nil {
		return err
	}
	if was.ID != p.Seen {
		return models.Refuse(models.Conflict, "risk.refused.stale", "Other rules came in force after you opened the page. Load it again.", nil)
	}
	rules, err := json.Marshal(p.Rules)
	if err != nil {
		return err
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertVersion, string(rules), r.Reason, r.ID, r.MakerName, s.Now())
	if err != nil {
		return fmt.Errorf("save risk rules: %w", err)
	}
	if err := enqueueSweep(tx); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "risk.rules", SubjectType: "risk_rules", SubjectID: rows[0].ID, Reason: r.Reason, Before: was.Rules, After: p.Rules})
}
