// Package plans keeps commission plans, and what orders earn by them.
package plans

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/plan"
	"pagaduria/services/audit"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// Service is the use cases of plans.
type Service struct {
	DB  *store.DB
	Now func() time.Time
}

// RequestKinds are the changes that need a second person.
func (s *Service) RequestKinds() []requests.Kind {
	return []requests.Kind{{Name: plan.RequestPublish, Decides: models.PermPlansConsent, Apply: s.publish}}
}

// month is the Bogotá month that now is.
func (s *Service) month() string { return monthAt(s.Now()) }

func monthAt(t time.Time) string { return t.In(colombia.Bogota).Format("2006-01") }

// Current is the plan in force at a moment; its ID is 0 when there is none.
func Current(ctx context.Context, q store.Querier, at time.Time) (plan.Plan, error) {
	published, err := store.Select[plan.Plan](ctx, q, inForce)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("read plans in force: %w", err)
	}
	p, _ := plan.InForce(published, monthAt(at))
	return p, nil
}

const (
	planColumns = `
SELECT id, name, state, from_month, terms, version, maker_id, maker_name, COALESCE(consent_id, 0), publisher, published_at, created_at, changed_at FROM plans`
	onePlan   = planColumns + ` WHERE id = $1`
	listPlans = planColumns + ` ORDER BY state, from_month DESC, published_at DESC, id DESC LIMIT 200`
	inForce   = planColumns + ` WHERE state = 'published' ORDER BY from_month, published_at`
)

// List is every plan: drafts first, then those published, the latest first. current is the id of the one in force, 0 for none.
func (s *Service) List(ctx context.Context) (list []plan.Plan, current int64, err error) {
	if list, err = store.Select[plan.Plan](ctx, s.DB.Pool, listPlans); err != nil {
		return nil, 0, fmt.Errorf("list plans: %w", err)
	}
	p, _ := plan.InForce(list, s.month())
	return list, p.ID, nil
}

// Plan reads a plan for its page.
func (s *Service) Plan(ctx context.Context, id int64) (p plan.Record, err error) {
	if p.Plan, err = store.SelectOne[plan.Plan](ctx, s.DB.Pool, onePlan, id); err != nil {
		return p, fmt.Errorf("read plan %d: %w", id, store.NotFound(err, "plans.refused.not_found", "There is no such plan."))
	}
	now, err := Current(ctx, s.DB.Pool, s.Now())
	if err != nil {
		return p, err
	}
	p.Month, p.Current = s.month(), now.ID == id
	p.Requests, err = requests.OfSubject(ctx, s.DB.Pool, "plan", id)
	return p, err
}

func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

const (
	insertPlan = `
INSERT INTO plans (name, from_month, terms, maker_id, maker_name, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id`
	updatePlan = `
UPDATE plans SET name = $3, from_month = $4, terms = $5, maker_id = $6, maker_name = $7, changed_at = $8, version = version + 1
WHERE id = $1 AND version = $2 AND state = 'draft'`
	dropPlan = `DELETE FROM plans WHERE id = $1 AND version = $2 AND state = 'draft'`
	// Orders that are being written either see the plan or are seen here: this waits for them, and they for this.
	stopOrders  = `LOCK TABLE orders IN SHARE MODE`
	markOrders  = `INSERT INTO accrual_marks (order_id) SELECT id FROM orders WHERE placed_at >= $1 AND distributor_id IS NOT NULL`
	publishPlan = `
UPDATE plans SET state = 'published', consent_id = $3, publisher = $4, published_at = $5, version = version + 1 WHERE id = $1 AND version = $2`
)

var errStale = models.Refuse(models.Conflict, "plans.refused.stale", "This plan changed after you opened it. Load it again.", nil)

// Begin makes a draft that says what another plan says, or, with no other, ten percent after eight days. It is to come in
// force next month.
func (s *Service) Begin(ctx context.Context, by models.Actor, from int64) (id int64, err error) {
	if err := forbid(by, models.PermPlansEdit); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		now := s.Now()
		first := now.In(colombia.Bogota)
		p := plan.Plan{Name: "Plan " + first.AddDate(0, 1, 1-first.Day()).Format("2006-01"), From: first.AddDate(0, 1, 1-first.Day()).Format("2006-01"),
			Terms: plan.Terms{Kind: plan.Percent, Percent: 1000, ReturnDays: 8, Remittance: true}}
		if from != 0 {
			rows, err := store.SelectTx[plan.Plan](tx, onePlan, from)
			if err != nil {
				return fmt.Errorf("read plan %d: %w", from, err)
			}
			if len(rows) == 0 {
				return errNoPlan
			}
			p.Terms = rows[0].Terms
		}
		id, err = s.insert(tx, by, p, now)
		return err
	})
	return id, err
}

var errNoPlan = models.Refuse(models.NotFound, "plans.refused.not_found", "There is no such plan.", nil)

func (s *Service) insert(tx *gorm.DB, by models.Actor, p plan.Plan, now time.Time) (int64, error) {
	terms, err := json.Marshal(p.Terms)
	if err != nil {
		return 0, err
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertPlan, p.Name, p.From, string(terms), by.StaffID, by.Name, now)
	if err != nil {
		return 0, fmt.Errorf("create plan: %w", err)
	}
	return rows[0].ID, audit.Record(tx, audit.Entry{By: by, Action: "plan.create", SubjectType: "plan", SubjectID: rows[0].ID, After: p.Terms})
}

func lockPlan(tx *gorm.DB, id int64) (plan.Plan, error) {
	rows, err := store.SelectTx[plan.Plan](tx, onePlan+` FOR UPDATE`, id)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("lock plan %d: %w", id, err)
	}
	if len(rows) == 0 {
		return plan.Plan{}, errNoPlan
	}
	return rows[0], nil
}

// Save changes a draft: its name, its month and its terms; p.Version is what was on the page.
func (s *Service) Save(ctx context.Context, by models.Actor, p plan.Plan) error {
	if err := forbid(by, models.PermPlansEdit); err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		was, err := s.draft(tx, p.ID, p.Version)
		if err != nil {
			return err
		}
		terms, err := json.Marshal(p.Terms)
		if err != nil {
			return err
		}
		n, err := store.ExecTx(tx, updatePlan, p.ID, p.Version, p.Name, p.From, string(terms), by.StaffID, by.Name, s.Now())
		if err != nil || n != 1 {
			return fmt.Errorf("save plan %d (%d rows): %w", p.ID, n, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "plan.change", SubjectType: "plan", SubjectID: p.ID,
			Before: facts(was), After: facts(p)})
	})
}

func facts(p plan.Plan) map[string]any {
	return map[string]any{"name": p.Name, "from": p.From, "terms": p.Terms}
}

// draft locks a plan that is still one and as it was seen.
func (s *Service) draft(tx *gorm.DB, id int64, seen int) (plan.Plan, error) {
	p, err := lockPlan(tx, id)
	switch {
	case err != nil:
		return p, err
	case p.State != plan.Draft:
		return p, models.Refuse(models.Conflict, "plans.refused.published", "This plan is published, so it never changes. Make a new one from it.", nil)
	case p.Version != seen:
		return p, errStale
	}
	return p, nil
}

// Drop removes a draft.
func (s *Service) Drop(ctx context.Context, by models.Actor, id int64, seen int) error {
	if err := forbid(by, models.PermPlansEdit); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		p, err := s.draft(tx, id, seen)
		if err != nil {
			return err
		}
		if n, err := store.ExecTx(tx, dropPlan, id, seen); err != nil || n != 1 {
			return fmt.Errorf("drop plan %d (%d rows): %w", id, n, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "plan.drop", SubjectType: "plan", SubjectID: id, Before: facts(p)})
	})
}

// proposal is the payload of a request to publish: the draft as it was seen.
type proposal struct {
	Version int `json:"version"`
}

// Ask asks a second person to publish a draft, and answers the request.
func (s *Service) Ask(ctx context.Context, by models.Actor, id int64, seen int, reason string) (request int64, err error) {
	if err := forbid(by, models.PermPlansEdit); err != nil {
		return 0, err
	}
	if n := len([]rune(reason)); n == 0 || n > 1000 {
		return 0, models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("reason", "plans.refused.reason")
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		p, err := s.draft(tx, id, seen)
		if err != nil {
			return err
		}
		if err := p.Publishable(s.month()); err != nil {
			return err
		}
		published, err := store.SelectTx[plan.Plan](tx, inForce)
		if err != nil {
			return fmt.Errorf("read plans in force: %w", err)
		}
		before, _ := plan.InForce(published, p.From)
		request, err = requests.Open(tx, by, requests.New{Kind: plan.RequestPublish, SubjectType: "plan", SubjectID: id, SubjectName: p.Name,
			Payload: proposal{seen}, Reason: reason, Decides: models.PermPlansConsent, Changes: changes(before, p)})
		return err
	})
	return request, err
}

// publish is the consent: the plan is in force from its month on, and orders of that month and later are counted anew.
func (s *Service) publish(tx *gorm.DB, by models.Actor, r models.Request) error {
	var seen proposal
	if err := json.Unmarshal(r.Payload, &seen); err != nil {
		return fmt.Errorf("read request %d: %w", r.ID, err)
	}
	p, err := s.draft(tx, r.SubjectID, seen.Version)
	if err != nil {
		return err
	}
	if err := p.Publishable(s.month()); err != nil {
		return err
	}
	if by.StaffID == p.MakerID {
		return models.Refuse(models.Forbidden, "plans.refused.own", "You wrote this plan, so somebody else has to consent.", nil)
	}
	if n, err := store.ExecTx(tx, publishPlan, p.ID, p.Version, r.ID, by.Name, s.Now()); err != nil || n != 1 {
		return fmt.Errorf("publish plan %d (%d rows): %w", p.ID, n, err)
	}
	if err := markFrom(tx, p.From); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{By: by, Action: "plan.publish", SubjectType: "plan", SubjectID: p.ID, Reason: r.Reason, After: facts(p)})
}

// markFrom has the orders of a month and later counted.
func markFrom(tx *gorm.DB, month string) error {
	since, _, err := span(month)
	if err != nil {
		return err
	}
	if _, err := store.ExecTx(tx, stopOrders); err != nil {
		return fmt.Errorf("wait for orders: %w", err)
	}
	if _, err := store.ExecTx(tx, markOrders, since); err != nil {
		return fmt.Errorf("mark orders from %s: %w", month, err)
	}
	return nil
}
