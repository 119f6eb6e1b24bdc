package onboarding

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/distributors"
	"pagaduria/services/store"
	"pagaduria/services/tasks"
	"pagaduria/services/vault"
)

// Invitations are to everybody whom a filter matches and who can be invited.
type Invitations struct {
	Filter   models.DistributorFilter
	Expected int64 // the count that was shown; another one is a Conflict
}

// InviteReach is what inviting a filtered set would do.
type InviteReach struct {
	Count     int64 // would be invited
	Open      int64 // have an open case
	Known     int64 // are verified
	Final     int64 // were rejected for good: each is for compliance
	NoContact int64 // cannot be written to
}

// What keeps a distributor d from being invited with others; @sms says whether SMS can be sent.
const (
	hasOpen   = `EXISTS (SELECT 1 FROM kyc_cases c WHERE c.distributor_id = d.id AND c.state NOT IN ('approved','rejected_retry','rejected_final','expired'))`
	isKnown   = `(d.verification = 'verified' AND (d.verified_until IS NULL OR d.verified_until >= CAST(@today AS date)))`
	isFinal   = `coalesce((SELECT c.state = 'rejected_final' FROM kyc_cases c WHERE c.distributor_id = d.id ORDER BY c.id DESC LIMIT 1), false)`
	noContact = `(d.email = '' AND (d.phone = '' OR NOT @sms))`
	whyNot    = `CASE WHEN ` + hasOpen + ` THEN 'open' WHEN ` + isKnown + ` THEN 'known' WHEN ` + isFinal + ` THEN 'final' WHEN ` + noContact + ` THEN 'no_contact' ELSE '' END`
)

// InviteReach counts what StartInvitations would do, for the person to see before.
func (s *Service) InviteReach(ctx context.Context, f models.DistributorFilter) (InviteReach, error) {
	where, args := distributors.Conditions(f)
	args["today"], args["sms"] = s.Today(), s.Texts()
	r, err := store.SelectOne[InviteReach](ctx, s.DB.Pool, `
SELECT count(*) FILTER (WHERE why = ''), count(*) FILTER (WHERE why = 'open'), count(*) FILTER (WHERE why = 'known'), count(*) FILTER (WHERE why = 'final'),
    count(*) FILTER (WHERE why = 'no_contact')
FROM (SELECT `+whyNot+` AS why FROM distributors d WHERE `+where+`) x`, args)
	if err != nil {
		return r, fmt.Errorf("count invitations: %w", err)
	}
	return r, nil
}

// TaskKind is the long work of inviting many.
func (s *Service) TaskKind() tasks.Kind { return tasks.Kind{Name: models.TaskInvite, Run: s.inviteAll} }

// StartInvitations has everybody whom the filter matches invited in the background, and answers the task.
func (s *Service) StartInvitations(ctx context.Context, by models.Actor, n Invitations) (id int64, err error) {
	if err := forbid(by, models.PermKYCInvite); err != nil {
		return 0, err
	}
	r, err := s.InviteReach(ctx, n.Filter)
	if err != nil {
		return 0, err
	}
	if r.Count != n.Expected || r.Count == 0 {
		return 0, countChanged(r.Count, n.Expected)
	}
	return id, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		id, err = tasks.Start(tx, by, tasks.New{Kind: models.TaskInvite, Name: s.Now().In(colombia.Bogota).Format(time.DateOnly), Payload: n})
		return err
	})
}

func countChanged(now, then int64) error {
	return models.Refuse(models.Conflict, "kyc.refused.count", fmt.Sprintf("The set changed meanwhile: %d now, %d when you looked. Nobody was invited. Look at it again.", now, then),
		map[string]any{"Now": now, "Then": then})
}

// inviteAll opens the cases and writes to everybody in one transaction: all or nobody.
func (s *Service) inviteAll(ctx context.Context, r *tasks.Run) error {
	var n Invitations
	if err := r.Payload(&n); err != nil {
		return err
	}
	by := r.By()
	held, err := store.Select[struct{ Roles []models.Role }](ctx, s.DB.Pool, `SELECT roles FROM staff WHERE id = $1 AND state <> 'disabled'`, by.StaffID)
	if err != nil {
		return fmt.Errorf("read roles of %d: %w", by.StaffID, err)
	}
	if len(held) == 1 {
		by.Roles = held[0].Roles // roles change while work waits
	}
	if err := forbid(by, models.PermKYCInvite); err != nil {
		return err
	}
	r.Expect(n.Expected)
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := s.openAll(tx, by, n, r); err != nil {
			return err
		}
		return r.Finish(tx, tasks.Result{SubjectType: "kyc_cases", Rows: n.Expected})
	})
}

const (
	openMany = `
WITH chosen AS (
    SELECT d.* FROM distributors d WHERE %s AND ` + whyNot + ` = '' ORDER BY d.id FOR UPDATE OF d
)
INSERT INTO kyc_cases (distributor_id, state, person_kind, lang, email, phone, staff_id, created_at, expires_at)
SELECT id, 'invited', person_kind, CASE WHEN lang IN ('es','en','zh') THEN lang ELSE 'es' END, email, phone, @staff, @now, @until FROM chosen ORDER BY id
RETURNING id`
	openedMany = `
SELECT c.id, c.lang, c.email, c.phone, CASE WHEN d.given_names <> '' THEN d.given_names ELSE d.business_name END
FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id WHERE c.id = ANY($1) ORDER BY c.id`
	askMany = `
INSERT INTO kyc_items (case_id, item, step, position, required, max_age_days)
SELECT c.id, x.item, x.step, x.position, x.required, x.days
FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::boolean[], $7::integer[]) AS x(kind, item, step, position, required, days)
JOIN kyc_cases c ON c.person_kind = x.kind WHERE c.id = ANY($1)`
)

// openAll opens the cases of a set and writes to everybody in it.
func (s *Service) openAll(tx *gorm.DB, by models.Actor, n Invitations, r *tasks.Run) error {
	rules, err := settings(tx)
	if err != nil {
		return err
	}
	now := s.Now()
	where, args := distributors.Conditions(n.Filter)
	for name, value := range (pgx.NamedArgs{"today": s.Today(), "sms": s.Texts(), "staff": by.StaffID, "now": now, "until": now.AddDate(0, 0, rules.CaseDays)}) {
		args[name] = value
	}
	made, err := store.SelectTx[struct{ ID int64 }](tx, fmt.Sprintf(openMany, where), args)
	if err != nil {
		return fmt.Errorf("open cases: %w", err)
	}
	if int64(len(made)) != n.Expected {
		return countChanged(int64(len(made)), n.Expected)
	}
	ids := make([]int64, len(made))
	for i, m := range made {
		ids[i] = m.ID
	}
	if err := s.askAll(tx, ids); err != nil {
		return err
	}
	if err := s.writeAll(tx, by, ids, now.AddDate(0, 0, rules.LinkDays), r); err != nil {
		return err
	}
	entries := make([]audit.Entry, len(ids))
	for i, id := range ids {
		entries[i] = audit.Entry{By: by, Action: "kyc.invite", SubjectType: "kyc_case", SubjectID: id, After: map[string]any{"task": r.Task.ID}}
	}
	return audit.RecordAll(tx, entries)
}

// askAll writes what the cases ask for.
func (s *Service) askAll(tx *gorm.DB, ids []int64) error {
	var kinds, items, steps []string
	var positions, days []int
	var required []bool
	for _, kind := range []string{"natural", "juridical"} {
		for n, a := range kyc.AskedOf(kind, s.Today()) {
			kinds, items, steps = append(kinds, kind), append(items, string(a.Item)), append(steps, string(a.Step))
			positions, required, days = append(positions, n), append(required, a.Required), append(days, a.MaxAgeDays)
		}
	}
	if _, err := store.ExecTx(tx, askMany, ids, kinds, items, steps, positions, required, days); err != nil {
		return fmt.Errorf("ask in %d cases: %w", len(ids), err)
	}
	return nil
}

// writeAll makes the links of new cases and sends them.
func (s *Service) writeAll(tx *gorm.DB, by models.Actor, ids []int64, until time.Time, r *tasks.Run) error {
	type opened struct {
		ID                       int64
		Lang, Email, Phone, Name string
	}
	list, err := store.SelectTx[opened](tx, openedMany, ids)
	if err != nil {
		return fmt.Errorf("read new cases: %w", err)
	}
	now, nonces := s.Now(), make([][]byte, len(list))
	for i := range list {
		nonces[i] = vault.Random(nonceSize)
	}
	links := pgx.CopyFromSlice(len(list), func(i int) ([]any, error) { return []any{list[i].ID, nonces[i], by.StaffID, now, until}, nil })
	if _, err := store.Copy(tx, pgx.Identifier{"kyc_links"}, []string{"case_id", "nonce", "staff_id", "created_at", "expires_at"}, links); err != nil {
		return err
	}
	for i, c := range list {
		to := kyc.Case{ID: c.ID, Lang: c.Lang, Email: c.Email, Phone: c.Phone}
		if err := s.write(tx, to, kyc.Letter{Kind: kyc.LetterInvitation, Lang: c.Lang, Name: c.Name, Until: until}, nonces[i]); err != nil {
			return err
		}
		r.Did(1)
	}
	return nil
}
