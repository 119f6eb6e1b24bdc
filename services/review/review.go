// Package review is the work of compliance on cases that payees sent: who has which case and until when, what is decided
// about each answer and document, and about the case as a whole.
package review

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/kyc"
	"pagaduria/services/audit"
	"pagaduria/services/documents"
	"pagaduria/services/onboarding"
	"pagaduria/services/risk"
	"pagaduria/services/screening"
	"pagaduria/services/store"
)

// Service holds the use cases.
type Service struct {
	DB         *store.DB
	Onboarding *onboarding.Service
	Papers     *documents.Service
	Screening  *screening.Service
	Risk       *risk.Service
	Now        func() time.Time
	Words      func(lang string, r kyc.Reason) string // the usual text of a reason for a payee
	Mailed     func(lang, name string, d kyc.CaseDecision) (subject, body string)
}

// forbid refuses an actor who lacks a permission, whatever door was used.
func forbid(by models.Actor, p models.Permission) error {
	if by.May(p) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

// held is a case as its reviewers have it, under its row lock.
type held struct {
	ID            int64
	DistributorID int64
	State         kyc.State
	PersonKind    string
	Lang          string
	Version       int
	Name          string
	kyc.Reviewed
}

const heldColumns = `c.id, c.distributor_id, c.state, c.person_kind, c.lang, c.version, trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames),
    coalesce(c.reviewer_id, 0), c.assigned_at, c.due_at, c.paused_at, c.left_minutes, c.snoozed_until, c.desk, c.tags, c.asked_at`

const heldTables = ` FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id WHERE `

var errNoCase = models.Refuse(models.NotFound, "kyc.not_found", "There is no such case.", nil)

// hold locks a case that is under review.
func hold(tx *gorm.DB, id int64) (held, error) {
	rows, err := store.SelectTx[held](tx, "SELECT "+heldColumns+heldTables+"c.id = $1 FOR UPDATE OF c", id)
	if err != nil {
		return held{}, fmt.Errorf("lock case %d: %w", id, err)
	}
	if len(rows) == 0 {
		return held{}, errNoCase
	}
	return rows[0], needOpen(rows[0])
}

func needOpen(c held) error {
	if c.State.UnderReview() {
		return nil
	}
	return models.Refuse(models.Conflict, "case.refused.over", "This case is not under review any more. Load the page again.", map[string]any{"State": string(c.State)})
}

const saveReviewed = `
UPDATE kyc_cases SET state = $2, reviewer_id = NULLIF($3, 0), assigned_at = $4, due_at = $5, paused_at = $6, left_minutes = $7, snoozed_until = $8, desk = $9, tags = $10,
    asked_at = $11, version = $12
WHERE id = $1`

// save writes a case that is held. Its version counts up where what it shows to somebody who decides has changed.
func save(tx *gorm.DB, c held) error {
	n, err := store.ExecTx(tx, saveReviewed, c.ID, c.State, c.ReviewerID, c.AssignedAt, c.Due, c.PausedAt, c.Left, c.SnoozedUntil, c.Desk, c.Tags, c.AskedAt, c.Version)
	if err != nil || n != 1 {
		return fmt.Errorf("save case %d (%d rows): %w", c.ID, n, err)
	}
	return nil
}

// move makes a move of the case, or refuses it.
func (c *held) move(m kyc.Move, at time.Time) error {
	of := kyc.Case{State: c.State}
	if err := of.Apply(m, at); err != nil {
		return err
	}
	c.State = of.State
	c.Version++
	return nil
}

// assign gives the case to somebody; 0 is nobody.
func (c *held) assign(to int64, at time.Time) {
	c.ReviewerID, c.AssignedAt, c.SnoozedUntil = to, nil, nil
	if to != 0 {
		c.AssignedAt = &at
	}
}

func record(tx *gorm.DB, by models.Actor, action string, id int64, reason string, facts map[string]any) error {
	return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "kyc_case", SubjectID: id, Reason: reason, After: facts})
}

const selectSettings = `
SELECT v.id, v.open_from, v.open_to, v.weekdays, v.due_minutes, v.amber_minutes, v.capacity, v.four_eyes, v.at, coalesce(s.name, '')
FROM kyc_review_settings v LEFT JOIN staff s ON s.id = v.staff_id ORDER BY v.id DESC LIMIT 1`

type settingsRow struct {
	ID                             int64
	From, To                       int
	Weekdays                       []int32
	DueMinutes, AmberMinutes, Most int
	FourEyes                       []string
	At                             time.Time
	StaffName                      string
}

func (r settingsRow) settings() kyc.ReviewSettings {
	k := kyc.ReviewSettings{ID: r.ID, Hours: kyc.Hours{From: models.Minutes(r.From), To: models.Minutes(r.To)}, DueMinutes: r.DueMinutes, AmberMinutes: r.AmberMinutes,
		Capacity: r.Most, At: r.At, StaffName: r.StaffName}
	for _, w := range r.FourEyes {
		k.FourEyes = append(k.FourEyes, kyc.Why(w))
	}
	for _, d := range r.Weekdays {
		k.Hours.Weekdays = append(k.Hours.Weekdays, time.Weekday(d))
	}
	return k
}

// Settings are those in force.
func (s *Service) Settings(ctx context.Context) (kyc.ReviewSettings, error) {
	r, err := store.SelectOne[settingsRow](ctx, s.DB.Pool, selectSettings)
	if err != nil {
		return kyc.ReviewSettings{}, fmt.Errorf("read review settings: %w", err)
	}
	return r.settings(), nil
}

func settings(tx *gorm.DB) (kyc.ReviewSettings, error) {
	rows, err := store.SelectTx[settingsRow](tx, selectSettings)
	if err != nil || len(rows) == 0 {
		return kyc.ReviewSettings{}, fmt.Errorf("read review settings (%d rows): %w", len(rows), err)
	}
	return rows[0].settings(), nil
}

const (
	lockSettings   = `SELECT pg_advisory_xact_lock(hashtext('kyc_review_settings'))`
	insertSettings = `
INSERT INTO kyc_review_settings (open_from, open_to, weekdays, due_minutes, amber_minutes, capacity, staff_id, at, four_eyes)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, four_eyes FROM kyc_review_settings ORDER BY id DESC LIMIT 1 RETURNING id`
)

// SetSettings puts others in force, in the place of those that were seen. Clocks that run keep the moment they are due.
func (s *Service) SetSettings(ctx context.Context, by models.Actor, seen int64, k kyc.ReviewSettings) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	if err := k.Check(); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec(lockSettings).Error; err != nil {
			return fmt.Errorf("lock review settings: %w", err)
		}
		old, err := settings(tx)
		if err != nil {
			return err
		}
		if old.ID != seen {
			return models.Refuse(models.Conflict, "kyc.refused.stale", "Somebody changed these settings after you opened them. Load the page again.", nil)
		}
		days := make([]int32, len(k.Hours.Weekdays))
		for i, d := range k.Hours.Weekdays {
			days[i] = int32(d)
		}
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertSettings, int(k.Hours.From), int(k.Hours.To), days, k.DueMinutes, k.AmberMinutes, k.Capacity, by.StaffID, s.Now())
		if err != nil {
			return fmt.Errorf("save review settings: %w", err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "kyc.review_settings", SubjectType: "kyc_review_settings", SubjectID: rows[0].ID, Before: facts(old), After: facts(k)})
	})
}

func facts(k kyc.ReviewSettings) map[string]any {
	return map[string]any{"from": k.Hours.From.String(), "to": k.Hours.To.String(), "weekdays": k.Hours.Weekdays, "due_minutes": k.DueMinutes,
		"amber_minutes": k.AmberMinutes, "capacity": k.Capacity}
}

const (
	clockOf    = `SELECT due_at, paused_at, left_minutes FROM kyc_cases WHERE id = $1`
	startClock = `UPDATE kyc_cases SET due_at = $2, paused_at = NULL, left_minutes = 0, snoozed_until = NULL WHERE id = $1`
)

// Received starts the clock of a case that was just sent, or lets it run on where it stood when the payee was asked
// again. Who reviewed it has it still.
func (s *Service) Received(tx *gorm.DB, id int64) error {
	type row struct {
		Due, PausedAt *time.Time
		Left          int
	}
	rows, err := store.SelectTx[row](tx, clockOf, id)
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("read clock of case %d (%d rows): %w", id, len(rows), err)
	}
	k, err := settings(tx)
	if err != nil {
		return err
	}
	clock := k.Fresh(s.Now())
	if r := rows[0]; r.PausedAt != nil {
		clock = kyc.Clock{Left: r.Left}.Resume(k.Hours, s.Now())
	}
	if _, err := store.ExecTx(tx, startClock, id, clock.Due); err != nil {
		return fmt.Errorf("start clock of case %d: %w", id, err)
	}
	return nil
}

const selectOfficers = `
SELECT s.id, s.name, (SELECT count(*) FROM kyc_cases c WHERE c.reviewer_id = s.id AND c.state IN ('submitted','in_review','second_review')),
    EXISTS (SELECT 1 FROM absences a WHERE a.staff_id = s.id AND a.ended_at IS NULL AND CAST($1 AS date) BETWEEN a.from_day AND a.to_day), 0
FROM staff s WHERE s.state <> 'disabled' AND s.roles && $2 ORDER BY s.name, s.id`

// reviewers are the roles that may review.
var reviewers = func() (roles []string) {
	for _, r := range models.Roles {
		if r.Grants(models.PermKYCReview) {
			roles = append(roles, string(r))
		}
	}
	return roles
}()

func (s *Service) officersArgs() []any {
	return []any{s.Now().In(colombia.Bogota).Format(time.DateOnly), reviewers}
}

// Officers are those who review cases, by name.
func (s *Service) Officers(ctx context.Context) ([]kyc.Officer, error) {
	list, err := store.Select[kyc.Officer](ctx, s.DB.Pool, selectOfficers, s.officersArgs()...)
	if err != nil {
		return nil, fmt.Errorf("list reviewers: %w", err)
	}
	return list, nil
}

func (s *Service) officers(tx *gorm.DB) ([]kyc.Officer, error) {
	list, err := store.SelectTx[kyc.Officer](tx, selectOfficers, s.officersArgs()...)
	if err != nil {
		return nil, fmt.Errorf("list reviewers: %w", err)
	}
	return list, nil
}
