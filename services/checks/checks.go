// Package checks makes the long checks that people ask for: of the books, of the audit log, and of approval rules on
// past batches. They run in the background, and what each found is kept.
package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/events"
	"pagaduria/services/ledger"
	"pagaduria/services/payouts"
	"pagaduria/services/store"
	"pagaduria/services/tasks"
)

// Service makes checks and keeps what they found.
type Service struct {
	DB      *store.DB
	Payouts *payouts.Service
	Now     func() time.Time
}

// kinds are the checks in the order they are registered.
var kinds = []models.CheckKind{models.CheckLedger, models.CheckAudit, models.CheckRules}

// TaskKinds are the long work of checks.
func (s *Service) TaskKinds() []tasks.Kind {
	list := make([]tasks.Kind, len(kinds))
	for i, k := range kinds {
		list[i] = tasks.Kind{Name: k.TaskKind(), Run: func(ctx context.Context, r *tasks.Run) error { return s.run(ctx, k, r) }}
	}
	return list
}

// lockCheck has two people who ask at once wait for each other.
const lockCheck = `SELECT pg_advisory_xact_lock(hashtextextended($1, $2))`

// Start asks for a check and answers the task that makes it: the one that is under way, when there is one. subject is
// the version of the approval rules, 0 for the others.
func (s *Service) Start(ctx context.Context, by models.Actor, kind models.CheckKind, subject int64) (task int64, err error) {
	if !by.May(kind.Permission()) {
		return 0, models.Refuse(models.Forbidden, "checks.refused.permission", "Your role does not include this check.", nil)
	}
	name := ""
	if kind == models.CheckRules {
		v, err := s.Payouts.RuleVersion(ctx, subject)
		if err != nil {
			return 0, err
		}
		name = strconv.Itoa(v.Number)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		if _, err := store.ExecTx(tx, lockCheck, string(kind), subject); err != nil {
			return fmt.Errorf("lock check of %s: %w", kind, err)
		}
		var busy models.Task
		var ok bool
		err := store.Conn(tx, func(c *pgx.Conn) (err error) {
			busy, ok, err = tasks.OfSubject(ctx, c, subjectType(kind), subject)
			return err
		})
		if err != nil {
			return err
		}
		if ok && busy.State.Busy() {
			task = busy.ID
			return nil
		}
		task, err = tasks.Start(tx, by, tasks.New{Kind: kind.TaskKind(), Name: name, SubjectType: subjectType(kind), SubjectID: subject})
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "check.ask", SubjectType: subjectType(kind), SubjectID: subject, After: map[string]any{"task": task}})
	})
	return task, err
}

// subjectType is what the task and the audit log say is checked.
func subjectType(kind models.CheckKind) string {
	if kind == models.CheckRules {
		return "rules"
	}
	return string(kind)
}

// Last is the last check of a kind and the work on the next one.
type Last struct {
	Check models.Check
	Found bool        // there is a Check
	Task  models.Task // the last one asked for, whatever became of it
	Asked bool        // there is a Task
}

const latest = `SELECT id, staff_name, began_at, ended_at, sound, found FROM checks WHERE kind = $1 AND subject_id = $2 ORDER BY id DESC LIMIT 1`

// Last reads the last check of a kind and decodes what it found into found.
func (s *Service) Last(ctx context.Context, kind models.CheckKind, subject int64, found any) (l Last, err error) {
	list, err := store.Select[models.Check](ctx, s.DB.Pool, latest, kind, subject)
	if err != nil {
		return l, fmt.Errorf("read last check of %s: %w", kind, err)
	}
	if len(list) > 0 {
		l.Check, l.Found = list[0], true
		if err := json.Unmarshal(l.Check.Found, found); err != nil {
			return l, fmt.Errorf("read what check %d found: %w", l.Check.ID, err)
		}
	}
	l.Task, l.Asked, err = tasks.OfSubject(ctx, s.DB.Pool, subjectType(kind), subject)
	return l, err
}

const insertCheck = `
INSERT INTO checks (kind, subject_id, staff_id, staff_name, began_at, ended_at, sound, found) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

func (s *Service) run(ctx context.Context, kind models.CheckKind, r *tasks.Run) error {
	began := s.Now()
	found, sound, err := s.make(ctx, kind, r)
	if err != nil {
		return err
	}
	text, err := json.Marshal(found)
	if err != nil {
		return fmt.Errorf("keep check of %s: %w", kind, err)
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		_, err := store.ExecTx(tx, insertCheck, kind, r.Task.SubjectID, r.Task.StaffID, r.Task.StaffName, began, s.Now(), sound, string(text))
		if err != nil {
			return fmt.Errorf("keep check of %s: %w", kind, err)
		}
		if !sound {
			err := events.Record(tx, events.Event{Kind: "check." + string(kind) + "_fault", SubjectType: subjectType(kind), Permission: kind.Permission(), Except: r.Task.StaffID})
			if err != nil {
				return err
			}
		}
		err = audit.Record(tx, audit.Entry{By: r.By(), Action: "check.made", SubjectType: subjectType(kind), SubjectID: r.Task.SubjectID,
			After: map[string]any{"task": r.Task.ID, "sound": sound}})
		if err != nil {
			return err
		}
		return r.Finish(tx, tasks.Result{})
	})
}

// make makes the check and answers what it found, and whether that is as it must be.
func (s *Service) make(ctx context.Context, kind models.CheckKind, r *tasks.Run) (found any, sound bool, err error) {
	switch kind {
	case models.CheckLedger:
		report, err := ledger.Verify(ctx, s.DB, r)
		return report, report.Fault == "", err
	case models.CheckAudit:
		report, err := audit.Verify(ctx, s.DB, r)
		return report, report.Fault == nil, err
	}
	trial, err := s.Payouts.TryRules(ctx, r.Task.SubjectID, r)
	return trial, true, err
}
