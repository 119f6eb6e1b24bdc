package review

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/events"
	"pagaduria/services/expiry"
	"pagaduria/services/mail"
	"pagaduria/services/onboarding"
	"pagaduria/services/store"
)

const (
	selectItems = `
SELECT i.item, i.required, i.state, i.version FROM kyc_items i WHERE i.case_id = $1 ORDER BY i.position FOR UPDATE OF i`
	selectHeld = `
SELECT (SELECT count(*) FROM screening_hits h WHERE h.distributor_id = d.id AND h.state IN ('open','undecided')), d.on_hold FROM distributors d WHERE d.id = $1 FOR NO KEY UPDATE OF d`
	selectWhy       = `SELECT kyc_four_eyes($1)`
	decisionColumns = `id, case_id, outcome, why, reason, to_payee, note, state, maker_id, maker_name, made_at, coalesce(checker_id, 0), checker_name, checked_at, answer`
	insertDecision  = `
INSERT INTO kyc_decisions (case_id, outcome, why, reason, to_payee, note, state, maker_id, maker_name, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`
	saveDecision = `UPDATE kyc_decisions SET state = $2, checker_id = nullif($3, 0), checker_name = $4, checked_at = $5, answer = $6 WHERE id = $1 AND state = 'open'`
)

// standing reads what a decision is judged by. The distributor is locked: no hit is found, and nothing is paid, meanwhile.
func (s *Service) standing(tx *gorm.DB, by models.Actor, c held) (st kyc.Standing, err error) {
	type row struct {
		Item     kyc.Item
		Required bool
		State    kyc.ItemState
		Version  int
	}
	rows, err := store.SelectTx[row](tx, selectItems, c.ID)
	if err != nil {
		return st, fmt.Errorf("read items of case %d: %w", c.ID, err)
	}
	for _, r := range rows {
		st.Items = append(st.Items, kyc.CaseItem{Item: r.Item, Required: r.Required, State: r.State, Version: r.Version})
	}
	hits, err := store.SelectTx[struct {
		Hits int
		Held bool
	}](tx, selectHeld, c.DistributorID)
	if err != nil || len(hits) == 0 {
		return st, fmt.Errorf("read hits of case %d (%d rows): %w", c.ID, len(hits), err)
	}
	st.Hits, st.Held = hits[0].Hits, hits[0].Held
	st.Own, err = onboarding.Own(tx, by, c.ID)
	return st, err
}

// why answers why approving needs a second person, by the rules in force.
func why(tx *gorm.DB, id int64) ([]kyc.Why, error) {
	rows, err := store.SelectTx[struct{ Why []string }](tx, selectWhy, id)
	if err != nil {
		return nil, fmt.Errorf("read rules for case %d: %w", id, err)
	}
	list := make([]kyc.Why, len(rows[0].Why))
	for i, w := range rows[0].Why {
		list[i] = kyc.Why(w)
	}
	return list, nil
}

// Judgement is what a reviewer decides about a case that was seen at a version.
type Judgement struct {
	Outcome kyc.Outcome
	Reason  kyc.Reason
	ToPayee string
	Note    string
	Seen    int
}

// Judge decides about a case. An approval that needs a second person is staged for one, and staged is true; everything
// else counts at once: the payee is verified or not, with the money that depends on it, in one transaction.
func (s *Service) Judge(ctx context.Context, by models.Actor, id int64, j Judgement) (staged bool, err error) {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return false, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		staged = false
		c, err := s.holdMine(tx, by, id)
		if err != nil {
			return err
		}
		if c.Version != j.Seen {
			return models.Refuse(models.Conflict, "case.refused.stale", "The case changed after you opened it. Load it again before you decide.", nil)
		}
		st, err := s.standing(tx, by, c)
		if err != nil {
			return err
		}
		d := kyc.CaseDecision{CaseID: id, Outcome: j.Outcome, Reason: j.Reason, ToPayee: j.ToPayee, Note: j.Note}
		if j.Outcome == kyc.Approving {
			if d.Why, err = why(tx, id); err != nil {
				return err
			}
		}
		if d.ToPayee == "" && d.Outcome == kyc.RetryReject {
			d.ToPayee = s.Words(c.Lang, d.Reason)
		}
		if d, err = kyc.NewDecision(d, st, by, s.Now()); err != nil {
			return err
		}
		if err := keepDecision(tx, &d); err != nil {
			return err
		}
		if d.State == kyc.DecisionFinal {
			return s.carryOut(tx, by, c, d)
		}
		staged = true
		return s.stage(tx, by, c, d)
	})
	return staged, err
}

func keepDecision(tx *gorm.DB, d *kyc.CaseDecision) error {
	whys := make([]string, len(d.Why))
	for i, w := range d.Why {
		whys[i] = string(w)
	}
	rows, err := store.SelectTx[struct{ ID int64 }](tx, insertDecision, d.CaseID, d.Outcome, whys, d.Reason, d.ToPayee, d.Note, d.State, d.MakerID, d.MakerName, d.MadeAt)
	if err != nil {
		return fmt.Errorf("keep decision on case %d: %w", d.CaseID, err)
	}
	d.ID = rows[0].ID
	return nil
}

// stage puts a case before a second person.
func (s *Service) stage(tx *gorm.DB, by models.Actor, c held, d kyc.CaseDecision) error {
	if err := c.move(kyc.Escalate, s.Now()); err != nil {
		return err
	}
	if err := save(tx, c); err != nil {
		return err
	}
	err := events.Record(tx, events.Event{Kind: "case.second", SubjectType: "review", SubjectID: c.ID, Permission: models.PermKYCReview, Except: by.StaffID,
		Facts: map[string]any{"Who": by.Name, "Name": c.Name}})
	if err != nil {
		return err
	}
	return record(tx, by, "kyc.propose", c.ID, d.Note, map[string]any{"outcome": d.Outcome, "why": d.Why, "decision": d.ID})
}

// carryOut moves the case and the distributor as the decision says.
func (s *Service) carryOut(tx *gorm.DB, by models.Actor, c held, d kyc.CaseDecision) error {
	if d.Outcome == kyc.Approving {
		if err := s.Onboarding.Apply(tx, by, c.ID); err != nil {
			return err
		}
		if err := expiry.NoteIssued(tx, by, c.ID, s.Now()); err != nil {
			return err
		}
	} else if err := s.Onboarding.Distributors.Reject(tx, by, c.DistributorID, d.Outcome == kyc.FinalReject, fmt.Sprintf("Rejected in case %d.", c.ID)); err != nil {
		return err
	}
	if err := c.move(d.Outcome.Move(), s.Now()); err != nil {
		return err
	}
	c.Due, c.PausedAt, c.SnoozedUntil, c.Left = nil, nil, nil, 0
	if err := save(tx, c); err != nil {
		return err
	}
	if err := s.write(tx, c.ID, d); err != nil {
		return err
	}
	return record(tx, by, "kyc.decide", c.ID, d.Note, map[string]any{"outcome": d.Outcome, "reason": d.Reason, "decision": d.ID, "maker": d.MakerID, "checker": d.CheckerID})
}

const selectLetter = `
SELECT c.lang, coalesce(nullif(CASE c.contact_by WHEN 'mail' THEN c.contact_to ELSE '' END, ''), c.email), CASE WHEN d.given_names <> '' THEN d.given_names ELSE d.business_name END
FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id WHERE c.id = $1`

// write tells the payee what was decided, where they have an address.
func (s *Service) write(tx *gorm.DB, id int64, d kyc.CaseDecision) error {
	type to struct{ Lang, To, Name string }
	rows, err := store.SelectTx[to](tx, selectLetter, id)
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("read payee of case %d (%d rows): %w", id, len(rows), err)
	}
	if rows[0].To == "" {
		return nil
	}
	subject, body := s.Mailed(rows[0].Lang, rows[0].Name, d)
	if err := s.Onboarding.Mail.Write(tx, mail.Message{To: rows[0].To, Subject: subject, Body: body}); err != nil {
		return fmt.Errorf("write to the payee of case %d: %w", id, err)
	}
	return nil
}

// holdOpen locks a case that waits for a second person, with the decision that was seen.
func (s *Service) holdOpen(tx *gorm.DB, id, seen int64) (c held, d kyc.CaseDecision, err error) {
	if c, err = hold(tx, id); err != nil {
		return c, d, err
	}
	rows, err := store.SelectTx[kyc.CaseDecision](tx, "SELECT "+decisionColumns+" FROM kyc_decisions WHERE case_id = $1 AND id = $2 FOR UPDATE", id, seen)
	if err != nil {
		return c, d, fmt.Errorf("lock decision on case %d: %w", id, err)
	}
	if len(rows) == 0 || c.State != kyc.SecondReview {
		return c, d, models.Refuse(models.Conflict, "case.refused.checked", "This was decided already. Load the page again.", nil)
	}
	return c, rows[0], nil
}

func keepChecked(tx *gorm.DB, d kyc.CaseDecision) error {
	n, err := store.ExecTx(tx, saveDecision, d.ID, d.State, d.CheckerID, d.CheckerName, d.CheckedAt, d.Answer)
	if err != nil || n != 1 {
		return fmt.Errorf("save decision %d (%d rows): %w", d.ID, n, err)
	}
	return nil
}

// Confirm carries a staged decision out, by a second person.
func (s *Service) Confirm(ctx context.Context, by models.Actor, id, decision int64) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, d, err := s.holdOpen(tx, id, decision)
		if err != nil {
			return err
		}
		st, err := s.standing(tx, by, c)
		if err != nil {
			return err
		}
		if err := d.Confirm(st, by, s.Now()); err != nil {
			return err
		}
		if err := keepChecked(tx, d); err != nil {
			return err
		}
		return s.carryOut(tx, by, c, d)
	})
}

// Return sends a staged decision back to who made it, by a second person.
func (s *Service) Return(ctx context.Context, by models.Actor, id, decision int64, answer string) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, d, err := s.holdOpen(tx, id, decision)
		if err != nil {
			return err
		}
		if err := d.Return(answer, by, s.Now()); err != nil {
			return err
		}
		if err := s.back(tx, c, d); err != nil {
			return err
		}
		err = events.Record(tx, events.Event{Kind: "case.returned", SubjectType: "review", SubjectID: id, Staff: []int64{d.MakerID}, Except: by.StaffID,
			Facts: map[string]any{"Who": by.Name, "Name": c.Name, "Reason": answer}})
		if err != nil {
			return err
		}
		return record(tx, by, "kyc.return", id, answer, map[string]any{"decision": d.ID, "to": d.MakerID})
	})
}

// Withdraw takes a staged decision back for who made it.
func (s *Service) Withdraw(ctx context.Context, by models.Actor, id, decision int64) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, d, err := s.holdOpen(tx, id, decision)
		if err != nil {
			return err
		}
		if err := d.Withdraw(by); err != nil {
			return err
		}
		if err := s.back(tx, c, d); err != nil {
			return err
		}
		return record(tx, by, "kyc.withdraw", id, "", map[string]any{"decision": d.ID})
	})
}

// back gives a case back to who decided first.
func (s *Service) back(tx *gorm.DB, c held, d kyc.CaseDecision) error {
	now := s.Now()
	if err := keepChecked(tx, d); err != nil {
		return err
	}
	if err := c.move(kyc.Return, now); err != nil {
		return err
	}
	c.assign(d.MakerID, now)
	return save(tx, c)
}

const (
	selectDecisions = "SELECT " + decisionColumns + " FROM kyc_decisions WHERE case_id = $1 ORDER BY id DESC"
	selectEffects   = `
SELECT (SELECT count(*) FROM commission_lines WHERE distributor_id = $1 AND state = 'eligible'),
    CAST(COALESCE((SELECT sum(amount) FROM commission_lines WHERE distributor_id = $1 AND state = 'eligible'), 0) AS bigint),
    count(*) FILTER (WHERE state IN ('in_batch','approved')), CAST(COALESCE(sum(amount) FILTER (WHERE state IN ('in_batch','approved')), 0) AS bigint),
    count(DISTINCT batch_id) FILTER (WHERE state IN ('in_batch','approved')),
    count(*) FILTER (WHERE state IN ('submitting','unknown','sent','available','on_hold')), CAST(COALESCE(sum(amount) FILTER (WHERE state IN ('submitting','unknown','sent','available','on_hold')), 0) AS bigint)
FROM payouts WHERE distributor_id = $1`
	selectOwn = `SELECT EXISTS (SELECT 1 FROM kyc_cases WHERE id = $1 AND submitted_by = $2) OR EXISTS (SELECT 1 FROM kyc_answers WHERE case_id = $1 AND staff_id = $2)`
)

// readDecisions reads what deciding about the case would do, and what stands in the way.
func (s *Service) readDecisions(ctx context.Context, by models.Actor, d *kyc.Desktop) (err error) {
	e := &d.Effects
	e.Payable, e.Amount, e.OnTheWay = models.Pesos(0), models.Pesos(0), models.Pesos(0)
	err = s.DB.Pool.QueryRow(ctx, selectEffects, d.DistributorID).Scan(&e.Lines, &e.Payable.Minor, &e.Batched, &e.Amount.Minor, &e.Batches, &e.AtRail, &e.OnTheWay.Minor)
	if err != nil {
		return fmt.Errorf("read effects of case %d: %w", d.ID, err)
	}
	var whys []string
	if err := s.DB.Pool.QueryRow(ctx, selectWhy, d.ID).Scan(&whys); err != nil {
		return fmt.Errorf("read rules for case %d: %w", d.ID, err)
	}
	for _, w := range whys {
		d.Why = append(d.Why, kyc.Why(w))
	}
	d.Standing = kyc.Standing{Items: d.Items, Held: d.OnFile.OnHold}
	for _, h := range d.Hits {
		if h.State == models.HitOpen || h.State == models.HitUndecided {
			d.Standing.Hits++
		}
	}
	if err := s.DB.Pool.QueryRow(ctx, selectOwn, d.ID, by.StaffID).Scan(&d.Standing.Own); err != nil {
		return fmt.Errorf("look who filled in case %d: %w", d.ID, err)
	}
	if !by.May(models.PermKYCReview) || !d.State.UnderReview() {
		return nil
	}
	d.Changes, d.Hindered = s.Onboarding.Changes(ctx, by, d.ID)
	if models.KindOf(d.Hindered) == "" {
		err, d.Hindered = d.Hindered, nil
	}
	return err
}
