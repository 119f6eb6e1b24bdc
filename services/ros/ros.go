// Package ros keeps reports of suspicious operations to the UIAF. Nobody but compliance learns that one exists: nothing of
// them is in counts, notices, tasks, searches or the audit log of others.
package ros

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/store"
)

// PageSize is how many reports a page of the list holds.
const PageSize = 50

// Service holds what the use cases need.
type Service struct {
	DB    *store.DB
	Now   func() time.Time
	Today func() time.Time // the Bogotá date, as midnight UTC
	// Write says a report in the reader's language, as a PDF.
	Write func(context.Context, io.Writer, models.ROS) error
}

var errNoReport = models.Refuse(models.NotFound, "ros.not_found", "There is no such report.", nil)

// forbid refuses who may not know of reports.
func forbid(by models.Actor) error {
	if by.May(models.PermROS) {
		return nil
	}
	return models.Refuse(models.Forbidden, "error.not_yours", "Your role does not allow this. Ask an administrator if you need it.", nil)
}

const selectReports = `
SELECT r.id, r.distributor_id, r.operation, r.signals, r.amount, r.from_on, r.to_on, r.state, r.sirel_number, r.filed_on, r.outcome, r.author_name, r.decider_name, r.version,
    r.created_at, r.updated_at, d.code, trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames), d.doc_type, d.doc_number || d.doc_dv
FROM ros_reports r JOIN distributors d ON d.id = r.distributor_id WHERE `

// List is one page of reports, newest first, and how many are in each state.
func (s *Service) List(ctx context.Context, by models.Actor, state models.ROSState, c store.Cursor) (page store.Page[models.ROS], counts map[models.ROSState]int64, err error) {
	if err := forbid(by); err != nil {
		return page, nil, err
	}
	tallies, err := store.Select[struct {
		State models.ROSState
		N     int64
	}](ctx, s.DB.Pool, `SELECT state, count(*) FROM ros_reports GROUP BY state`)
	if err != nil {
		return page, nil, fmt.Errorf("count reports: %w", err)
	}
	counts = map[models.ROSState]int64{}
	for _, t := range tallies {
		counts[t.State] = t.N
	}
	rows, err := store.Select[models.ROS](ctx, s.DB.Pool, selectReports+"(@state = '' OR r.state = @state) AND "+c.Where("", "r.id")+" ORDER BY "+c.Order("", "r.id")+" LIMIT "+strconv.Itoa(PageSize+1),
		c.Bind(pgx.NamedArgs{"state": string(state)}))
	if err != nil {
		return page, nil, fmt.Errorf("list reports: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(r models.ROS) store.Cursor { return store.Cursor{ID: r.ID} }), counts, nil
}

// Report reads one.
func (s *Service) Report(ctx context.Context, by models.Actor, id int64) (models.ROS, error) {
	if err := forbid(by); err != nil {
		return models.ROS{}, err
	}
	r, err := store.SelectOne[models.ROS](ctx, s.DB.Pool, selectReports+"r.id = $1", id)
	if err != nil {
		return r, store.NotFound(fmt.Errorf("read report %d: %w", id, err), errNoReport.Key, errNoReport.Message)
	}
	return r, nil
}

const insertReport = `
INSERT INTO ros_reports (distributor_id, operation, signals, amount, from_on, to_on, author_id, author_name, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING id`

// Draft begins a report.
func (s *Service) Draft(ctx context.Context, by models.Actor, r models.ROS) (id int64, err error) {
	if err := forbid(by); err != nil {
		return 0, err
	}
	if err := r.Check(s.Today()); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertReport, r.DistributorID, r.Operation, r.Signals, r.Minor, r.From, r.To, by.StaffID, by.Name, s.Now())
		if err != nil {
			return fmt.Errorf("draft report on distributor %d: %w", r.DistributorID, err)
		}
		id = rows[0].ID
		return audit.Record(tx, audit.Entry{By: by, Action: "ros.draft", SubjectType: "ros", SubjectID: id, After: map[string]any{"distributor": r.DistributorID}})
	})
	return id, err
}

// change locks a draft that was seen at a version, and records what is done with it.
func (s *Service) change(ctx context.Context, by models.Actor, id int64, seen int, action, reason, sql string, args ...any) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		n, err := store.ExecTx(tx, `UPDATE ros_reports SET `+sql+`, version = version + 1, updated_at = $3 WHERE id = $1 AND version = $2 AND state = 'draft'`, append([]any{id, seen, s.Now()}, args...)...)
		if err != nil {
			return fmt.Errorf("%s %d: %w", action, id, err)
		}
		if n == 0 {
			return models.Refuse(models.Conflict, "ros.refused.stale", "This report was changed or closed after you opened it. Load it again.", nil)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: action, SubjectType: "ros", SubjectID: id, Reason: reason})
	})
}

// Edit changes a draft.
func (s *Service) Edit(ctx context.Context, by models.Actor, id int64, seen int, r models.ROS) error {
	if err := forbid(by); err != nil {
		return err
	}
	if err := r.Check(s.Today()); err != nil {
		return err
	}
	return s.change(ctx, by, id, seen, "ros.edit", "", `operation = $4, signals = $5, amount = $6, from_on = $7, to_on = $8`, r.Operation, r.Signals, r.Minor, r.From, r.To)
}

// File says that a report went to the UIAF, under the number that SIREL gave. The law wants it at once, so that it needs no
// second person; what was filed is not changed any more.
func (s *Service) File(ctx context.Context, by models.Actor, id int64, seen int, number string, on time.Time) error {
	if err := forbid(by); err != nil {
		return err
	}
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	if n := len([]rune(number)); n == 0 || n > 60 {
		_ = refusal.WithField("number", "form.required")
	}
	if on.IsZero() || on.After(s.Today()) {
		_ = refusal.WithField("filed_on", "ros.refused.filed_on")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return s.change(ctx, by, id, seen, "ros.file", "", `state = 'filed', sirel_number = $4, filed_on = $5, decider_name = $6`, number, on, by.Name)
}

// Drop closes a draft that turned out not to be suspicious. That needs somebody else than who wrote it: one person alone
// must not make a report go away.
func (s *Service) Drop(ctx context.Context, by models.Actor, id int64, seen int, why string) error {
	if err := forbid(by); err != nil {
		return err
	}
	if n := len([]rune(why)); n == 0 || n > 2000 {
		return models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil).WithField("why", "ros.refused.why")
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[struct{ Author int64 }](tx, `SELECT author_id FROM ros_reports WHERE id = $1 FOR UPDATE`, id)
		if err != nil {
			return fmt.Errorf("lock report %d: %w", id, err)
		}
		if len(rows) == 0 {
			return errNoReport
		}
		if rows[0].Author == by.StaffID {
			return models.Refuse(models.Conflict, "ros.refused.own", "You wrote this report, so somebody else has to drop it.", nil)
		}
		n, err := store.ExecTx(tx, `UPDATE ros_reports SET state = 'dropped', outcome = $3, decider_name = $4, version = version + 1, updated_at = $5 WHERE id = $1 AND version = $2 AND state = 'draft'`,
			id, seen, why, by.Name, s.Now())
		if err != nil {
			return fmt.Errorf("drop report %d: %w", id, err)
		}
		if n == 0 {
			return models.Refuse(models.Conflict, "ros.refused.stale", "This report was changed or closed after you opened it. Load it again.", nil)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "ros.drop", SubjectType: "ros", SubjectID: id, Reason: why})
	})
}

// Download writes a report, and records who took it before it does.
func (s *Service) Download(ctx context.Context, by models.Actor, id int64) (func(io.Writer) error, error) {
	r, err := s.Report(ctx, by, id)
	if err != nil {
		return nil, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		return audit.Record(tx, audit.Entry{By: by, Action: "ros.download", SubjectType: "ros", SubjectID: id})
	})
	return func(out io.Writer) error { return s.Write(ctx, out, r) }, err
}
