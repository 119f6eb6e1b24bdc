// Package exports writes everything that matches a list into a file, in the background: as CSV for the office's
// spreadsheet or for machines, or as a workbook. Who asked takes it away within seven days.
package exports

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/sheet"
	"pagaduria/services/audit"
	"pagaduria/services/blobs"
	"pagaduria/services/commissions"
	"pagaduria/services/distributors"
	"pagaduria/services/ledger"
	"pagaduria/services/orders"
	"pagaduria/services/payouts"
	"pagaduria/services/staff"
	"pagaduria/services/store"
	"pagaduria/services/tasks"
)

// The lists that can be exported.
const (
	Payouts      = "payouts"
	Commissions  = "commissions"
	Orders       = "orders"
	Distributors = "distributors"
	Audit        = "audit"
	Statement    = "statement"
)

// permissions say who may see the rows of a list.
var permissions = map[string]models.Permission{
	Payouts: models.PermPayoutsView, Commissions: models.PermCommissionsView, Orders: models.PermOrdersView,
	Distributors: models.PermDistributorsView, Audit: models.PermAuditView, Statement: models.PermLedgerView,
}

// Permission is what seeing the rows of a list needs.
func Permission(list string) models.Permission { return permissions[list] }

// Request is an export as it is asked for: the list, what narrows it, and how the file is to be. Only the filter of
// its list counts.
type Request struct {
	List          string
	Payouts       payouts.Filter
	Commissions   models.CommissionFilter
	Orders        models.OrderFilter
	Distributors  models.DistributorFilter
	Audit         models.AuditFilter
	DistributorID int64 // whose Statement

	Plain   bool        // documents and accounts in full, where the list has them
	XLSX    bool        // a workbook instead of CSV
	Comma   string      // between cells of CSV: "," or ";"
	Decimal string      // of amounts in CSV: "," or "."
	Head    [][2]string // lines above the table that say what it holds, in the reader's language; none for machines
	Count   string      // the words for how many rows and how much, for those lines
	Total   string
}

// allowed answers why by may not have such a file, nil when they may.
func (r Request) allowed(by models.Actor) error {
	switch p, ok := permissions[r.List]; {
	case !ok:
		return models.Refuse(models.NotFound, "export.refused.list", "There is no such list.", nil)
	case !by.May(p):
		return models.Refuse(models.Forbidden, "export.refused.permission", "Your role does not include the rows of this list.", nil)
	case r.Plain && !by.May(models.PermPersonalReveal):
		return models.Refuse(models.Forbidden, "payout.refused.reveal", "Your role may export documents and accounts only masked.", nil)
	}
	return nil
}

// fileName is the name that the download gets.
func (r Request) fileName(now time.Time) string {
	ext := ".csv"
	if r.XLSX {
		ext = ".xlsx"
	}
	return r.List + "-" + now.In(colombia.Bogota).Format(time.DateOnly) + ext
}

// Service makes exports.
type Service struct {
	DB           *store.DB
	Blobs        *blobs.Store
	Staff        *staff.Service
	Payouts      *payouts.Service
	Commissions  *commissions.Service
	Orders       *orders.Service
	Distributors *distributors.Service
	Now          func() time.Time
}

// TaskKind is the long work of an export.
func (s *Service) TaskKind() tasks.Kind { return tasks.Kind{Name: models.TaskExport, Run: s.run} }

// Ask has a file made and answers the task that makes it.
func (s *Service) Ask(ctx context.Context, by models.Actor, r Request) (id int64, err error) {
	if err := r.allowed(by); err != nil {
		return 0, err
	}
	r.Payouts.Cursor = store.Cursor{}
	return id, s.DB.InTx(ctx, func(tx *gorm.DB) error {
		id, err = tasks.Start(tx, by, tasks.New{Kind: models.TaskExport, Name: r.fileName(s.Now()), Payload: r})
		return err
	})
}

// Sum is how many rows a file will have and what they come to. ok is false for lists that are not counted before they
// are written; a list without amounts has no currency.
func (s *Service) Sum(ctx context.Context, r Request) (sum models.Sum, ok bool, err error) {
	switch r.List {
	case Payouts:
		r.Payouts.Cursor = store.Cursor{}
		x, err := s.Payouts.SumOf(ctx, r.Payouts)
		return models.Sum(x), true, err
	case Commissions:
		sum, err = s.Commissions.Sum(ctx, r.Commissions)
		return sum, true, err
	case Orders:
		sum, err = s.Orders.Sum(ctx, r.Orders)
		return sum, true, err
	case Distributors:
		sum.Count, err = s.Distributors.Count(ctx, r.Distributors)
		return sum, true, err
	}
	return sum, false, nil
}

// asker is who asked, with the roles they hold now.
func (s *Service) asker(ctx context.Context, id int64) (models.Actor, error) {
	st, err := s.Staff.Get(ctx, id)
	if err != nil {
		return models.Actor{}, err
	}
	if st.State != models.StaffActive {
		return models.Actor{}, models.Refuse(models.Forbidden, "export.refused.permission", "Your role does not include the rows of this list.", nil)
	}
	return models.Actor{StaffID: st.ID, Name: st.Name, Roles: st.Roles}, nil
}

// fileLimit bounds a file.
const fileLimit = 8 << 30

// run writes the file beside the store, because the store takes it as a whole, and keeps it for its owner. What the
// person may see is asked again: roles change.
func (s *Service) run(ctx context.Context, r *tasks.Run) error {
	var q Request
	if err := r.Payload(&q); err != nil {
		return err
	}
	by, err := s.asker(ctx, r.Task.StaffID)
	if err != nil {
		return err
	}
	if err := q.allowed(by); err != nil {
		return err
	}
	file, err := os.CreateTemp("", "export-*")
	if err != nil {
		return fmt.Errorf("make export file: %w", err)
	}
	defer func() { _ = file.Close(); _ = os.Remove(file.Name()) }()
	rows, err := s.fill(ctx, by, q, r, file)
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind export file: %w", err)
	}
	put, err := s.Blobs.Put(ctx, "exports", r.Task.Name, file, fileLimit)
	if err != nil {
		return err
	}
	until := s.Now().Add(tasks.FileKept)
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		err := audit.Record(tx, audit.Entry{By: by, Action: "export.made", SubjectType: "task", SubjectID: r.Task.ID,
			After: map[string]any{"list": q.List, "file": r.Task.Name, "rows": rows, "unmasked": q.Plain}})
		if err != nil {
			return err
		}
		return r.Finish(tx, tasks.Result{Rows: rows, FileKey: put.Key, FileSize: put.Size, FileUntil: &until, Permission: permissions[q.List]})
	})
	if err != nil {
		_ = s.Blobs.Delete(context.WithoutCancel(ctx), put.Key)
	}
	return err
}

// fill writes the lines above the table and the table, and answers how many rows it has.
func (s *Service) fill(ctx context.Context, by models.Actor, q Request, r *tasks.Run, file io.Writer) (int64, error) {
	sum, known, err := s.Sum(ctx, q)
	if err != nil {
		return 0, err
	}
	r.Expect(sum.Count)
	var out sheet.Sink = newCSV(file, q)
	if q.XLSX {
		if out, err = newWorkbook(file); err != nil {
			return 0, err
		}
	}
	head := q.Head
	if len(head) > 0 && known {
		head = append(head, [2]string{q.Count, strconv.FormatInt(sum.Count, 10)})
		if whole, err := sum.Total.Whole(); err == nil && sum.Total.Currency != "" {
			head = append(head, [2]string{q.Total, strconv.FormatInt(whole, 10)})
		}
	}
	for _, line := range head {
		if err := out.Write(line[0], line[1]); err != nil {
			return 0, err
		}
	}
	if len(head) > 0 {
		if err := out.Write("", ""); err != nil {
			return 0, err
		}
	}
	table := &counted{Sink: out, did: r.Did, rows: -1}
	if err := s.write(ctx, by, q, table); err != nil {
		return 0, err
	}
	return max(table.rows, 0), nil
}

// write has the area write its rows.
func (s *Service) write(ctx context.Context, by models.Actor, q Request, out sheet.Sink) error {
	switch q.List {
	case Payouts:
		return s.Payouts.Export(ctx, by, q.Payouts, q.Plain, out)
	case Commissions:
		return s.Commissions.Export(ctx, by, q.Commissions, out)
	case Orders:
		return s.Orders.Export(ctx, by, q.Orders, out)
	case Distributors:
		return s.Distributors.Export(ctx, by, q.Distributors, out)
	case Audit:
		return audit.Export(ctx, s.DB, q.Audit, out)
	}
	return ledger.ExportStatement(ctx, s.DB, by, q.DistributorID, out)
}

// counted counts the rows behind the one of the columns' names.
type counted struct {
	sheet.Sink
	did  func(int64)
	rows int64 // -1 before the names
}

func (c *counted) Write(cells ...string) error {
	if c.rows++; c.rows > 0 {
		c.did(1)
	}
	return c.Sink.Write(cells...)
}
