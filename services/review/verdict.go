package review

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/store"
)

const (
	selectItem = `
SELECT i.item, i.required, i.max_age_days, i.state, i.version, i.given_at, i.item IN ('identity','representative_identity') AND NOT c.sensitive
FROM kyc_items i JOIN kyc_cases c ON c.id = i.case_id WHERE i.case_id = $1 AND i.item = $2 FOR UPDATE OF i`
	lastVerdict   = `SELECT coalesce(max(id), 0) FROM kyc_verdicts WHERE case_id = $1 AND item = $2 AND version = $3`
	insertVerdict = `
INSERT INTO kyc_verdicts (case_id, item, version, verdict, reason, to_payee, note, issued_on, staff_id, staff_name, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	markItem = `UPDATE kyc_items SET state = $3, again_text = '', given_at = coalesce(given_at, $5) WHERE case_id = $1 AND item = $2 AND version = $4`
)

// Decide records what a reviewer says of one thing that was given, in the version that was on the screen. A case that
// nobody has is taken by it; one that somebody else has is refused.
func (s *Service) Decide(ctx context.Context, by models.Actor, id int64, what kyc.Item, d kyc.Decide) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := s.holdMine(tx, by, id)
		if err != nil {
			return err
		}
		return s.decide(tx, by, &c, what, func(kyc.CaseItem, int64) kyc.Decide { return d })
	})
}

// decide records a verdict on a case that is held; of answers it, for what is there with the newest decision on it.
func (s *Service) decide(tx *gorm.DB, by models.Actor, c *held, what kyc.Item, of func(i kyc.CaseItem, last int64) kyc.Decide) error {
	id := c.ID
	items, err := judged(tx, id, what)
	if err != nil {
		return err
	}
	last, err := store.SelectTx[struct{ ID int64 }](tx, lastVerdict, id, what, items[0].Version)
	if err != nil {
		return fmt.Errorf("read verdicts of case %d: %w", id, err)
	}
	d := of(items[0], last[0].ID)
	now := s.Now()
	sent := models.Day(now)
	if at := items[0].GivenAt; at != nil {
		sent = models.Day(*at)
	}
	if err := d.Check(items[0], last[0].ID, sent); err != nil {
		return err
	}
	if d.Verdict == kyc.AskAgain && d.ToPayee == "" {
		d.ToPayee = s.Words(c.Lang, d.Reason)
	}
	if d.Verdict != kyc.Accept || items[0].MaxAgeDays == 0 {
		d.IssuedOn = nil
	}
	if _, err := store.ExecTx(tx, insertVerdict, id, what, items[0].Version, d.Verdict, d.Reason, d.ToPayee, d.Note, d.IssuedOn, by.StaffID, by.Name, now); err != nil {
		return fmt.Errorf("keep verdict on %s of case %d: %w", what, id, err)
	}
	n, err := store.ExecTx(tx, markItem, id, what, d.Verdict.Makes(), items[0].Version, now)
	if err != nil || n != 1 {
		return fmt.Errorf("mark %s of case %d (%d rows): %w", what, id, n, err)
	}
	c.Version++
	if err := save(tx, *c); err != nil {
		return err
	}
	return record(tx, by, "kyc.verdict", id, "", map[string]any{"item": what, "version": items[0].Version, "verdict": d.Verdict, "reason": d.Reason})
}

// judged locks one item, as verdicts are given on it.
func judged(tx *gorm.DB, id int64, what kyc.Item) (list []kyc.CaseItem, err error) {
	type row struct {
		Item       kyc.Item
		Required   bool
		MaxAgeDays int
		State      kyc.ItemState
		Version    int
		GivenAt    *time.Time
		InPerson   bool
	}
	rows, err := store.SelectTx[row](tx, selectItem, id, what)
	if err != nil {
		return nil, fmt.Errorf("lock item %s of case %d: %w", what, id, err)
	}
	if len(rows) == 0 {
		return nil, models.Refuse(models.NotFound, "case.refused.no_item", "The case does not ask for this.", nil)
	}
	for _, r := range rows {
		list = append(list, kyc.CaseItem{Item: r.Item, Required: r.Required, MaxAgeDays: r.MaxAgeDays, State: r.State, Version: r.Version, GivenAt: r.GivenAt, InPerson: r.InPerson})
	}
	return list, nil
}

// holdMine locks a case for its reviewer, who has begun with it. One that nobody has is theirs from now on.
func (s *Service) holdMine(tx *gorm.DB, by models.Actor, id int64) (held, error) {
	c, err := hold(tx, id)
	if err != nil {
		return c, err
	}
	switch {
	case !slices.Contains([]kyc.State{kyc.Submitted, kyc.InReview}, c.State):
		return c, models.Refuse(models.Conflict, "kyc.refused.state", "This case has moved on, so that is not possible any more. Load the page again.", map[string]any{"State": string(c.State)})
	case c.ReviewerID != 0 && c.ReviewerID != by.StaffID:
		return c, models.Refuse(models.Conflict, "case.refused.not_yours", "Somebody else reviews this case. Have it handed over to you first.", nil)
	case c.State == kyc.InReview && c.ReviewerID == by.StaffID:
		return c, nil
	}
	if err := s.take(tx, by, c); err != nil {
		return c, err
	}
	return hold(tx, id)
}

const nextItem = `
SELECT i.item FROM kyc_items i, (SELECT position FROM kyc_items WHERE case_id = $1 AND item = $2) a
WHERE i.case_id = $1 AND i.state = 'given' AND i.item NOT IN ('consent','signature') ORDER BY i.position < a.position, i.position LIMIT 1`

// NextItem is the next thing of a case after one that nobody decided about, from the beginning again; the one itself
// when there is none.
func (s *Service) NextItem(ctx context.Context, by models.Actor, id int64, after kyc.Item) (kyc.Item, error) {
	if err := forbid(by, models.PermKYCQueue); err != nil {
		return "", err
	}
	rows, err := store.Select[struct{ Item kyc.Item }](ctx, s.DB.Pool, nextItem, id, after)
	if err != nil {
		return "", fmt.Errorf("read next item of case %d: %w", id, err)
	}
	if len(rows) == 0 {
		return after, nil
	}
	return rows[0].Item, nil
}
