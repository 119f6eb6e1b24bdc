// Package privacy answers to payees for the data kept about them (Ley 1581 de 2012): what they ask for with its
// deadlines, who looked at what, how long the law has it kept, and the erasing of what may be erased.
package privacy

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/services/audit"
	"pagaduria/services/distributors"
	"pagaduria/services/documents"
	"pagaduria/services/requests"
	"pagaduria/services/store"
)

// PageSize is how many requests a page of the list holds.
const PageSize = 50

// Service holds what the use cases need.
type Service struct {
	DB           *store.DB
	Distributors *distributors.Service
	Documents    *documents.Service
	Now          func() time.Time
	Today        func() time.Time // the Bogotá date, as midnight UTC
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
		{Name: models.RequestErase, Decides: models.PermPrivacyEdit, Sees: models.PermPrivacyView, Apply: s.erase},
		{Name: models.RequestLiftHold, Decides: models.PermPrivacyEdit, Sees: models.PermPrivacyView, Apply: s.lift},
	}
}

const selectRequests = `
SELECT p.id, p.distributor_id, p.kind, p.asked, p.received_on, p.due_on, p.extension, p.state, p.answer, p.staff_name, p.answered_by, p.answered_at, p.version,
    d.code, trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames)
FROM privacy_requests p JOIN distributors d ON d.id = p.distributor_id WHERE `

// List is one page of requests, newest first: state "open", "overdue", or "" for all.
func (s *Service) List(ctx context.Context, by models.Actor, state string, c store.Cursor) (store.Page[models.PrivacyRequest], error) {
	if err := forbid(by, models.PermPrivacyView); err != nil {
		return store.Page[models.PrivacyRequest]{}, err
	}
	where, args := c.Where("", "p.id"), pgx.NamedArgs{}
	switch state {
	case "open":
		where += " AND p.state = 'open'"
	case "overdue":
		where += " AND p.state = 'open' AND p.due_on < CAST(@today AS date)"
		args["today"] = s.Today()
	}
	rows, err := store.Select[models.PrivacyRequest](ctx, s.DB.Pool, selectRequests+where+" ORDER BY "+c.Order("", "p.id")+" LIMIT "+strconv.Itoa(PageSize+1), c.Bind(args))
	if err != nil {
		return store.Page[models.PrivacyRequest]{}, fmt.Errorf("list privacy requests: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(r models.PrivacyRequest) store.Cursor { return store.Cursor{ID: r.ID} }), nil
}

// Counts says how many requests are open, overdue, and there at all.
func (s *Service) Counts(ctx context.Context) (n struct{ Open, Overdue, All int64 }, err error) {
	n, err = store.SelectOne[struct{ Open, Overdue, All int64 }](ctx, s.DB.Pool,
		`SELECT count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'open' AND due_on < CAST($1 AS date)), count(*) FROM privacy_requests`, s.Today())
	if err != nil {
		return n, fmt.Errorf("count privacy requests: %w", err)
	}
	return n, nil
}

const (
	lastDuty = `
SELECT GREATEST((SELECT max(GREATEST(p.created_at, p.state_at)) FROM payouts p WHERE p.distributor_id = @id), (SELECT max(l.created_at) FROM commission_lines l WHERE l.distributor_id = @id),
    (SELECT max(c.submitted_at) FROM kyc_cases c WHERE c.distributor_id = @id), (SELECT max(v.at) FROM verifications v WHERE v.distributor_id = @id),
    (SELECT max(h.updated_at) FROM screening_hits h WHERE h.distributor_id = @id),
    (SELECT max(r.updated_at) FROM ros_reports r WHERE r.distributor_id = @id AND r.state <> 'dropped' AND @ros)),
    COALESCE((SELECT sum(l.amount) FROM commission_lines l WHERE l.distributor_id = @id AND l.state NOT IN ('paid','cancelled','refunded')), 0) <> 0,
    (SELECT at FROM erasures e WHERE e.distributor_id = @id)`
	holdsOf = `SELECT id, reason, staff_name, at, lifted_at FROM legal_holds WHERE distributor_id = $1 ORDER BY id DESC`
	looks   = `
SELECT e.id, e.at, e.actor_id, e.actor_name, e.address, e.session_id, e.action, e.subject_type, e.subject_id, e.reason,
    COALESCE(CAST(e.before AS text), ''), COALESCE(CAST(e.after AS text), ''), true
FROM audit_events e
WHERE e.action IN ('personal.reveal','document.view','privacy.report','kyc.evidence') AND (e.subject_type = 'distributor' AND e.subject_id = $1
    OR e.subject_type = 'document' AND e.subject_id IN (SELECT id FROM documents WHERE distributor_id = $1)
    OR e.subject_type = 'kyc_case' AND e.subject_id IN (SELECT id FROM kyc_cases WHERE distributor_id = $1))
ORDER BY e.id DESC LIMIT 200`
)

// Of reads everything the page of a payee's data shows.
func (s *Service) Of(ctx context.Context, by models.Actor, id int64) (d models.PrivacyDetail, err error) {
	if err := forbid(by, models.PermPrivacyView); err != nil {
		return d, err
	}
	if d.Of, err = s.Distributors.Get(ctx, id); err != nil {
		return d, err
	}
	if err := s.standing(ctx, s.DB.Pool, &d, by.May(models.PermROS)); err != nil {
		return d, err
	}
	if d.Requests, err = store.Select[models.PrivacyRequest](ctx, s.DB.Pool, selectRequests+"p.distributor_id = $1 ORDER BY p.id DESC LIMIT 50", id); err != nil {
		return d, fmt.Errorf("read privacy requests of distributor %d: %w", id, err)
	}
	if d.Looks, err = store.Select[models.AuditEvent](ctx, s.DB.Pool, looks, id); err != nil {
		return d, fmt.Errorf("read who looked at distributor %d: %w", id, err)
	}
	waiting, err := requests.OfSubject(ctx, s.DB.Pool, "privacy", id)
	for _, r := range waiting {
		if r.State == models.RequestOpen {
			d.Waiting = r.ID
		}
	}
	return d, err
}

// standing reads what decides whether something may be erased. Only who may know of reports of suspicious operations is
// shown a day that follows from one.
func (s *Service) standing(ctx context.Context, q store.Querier, d *models.PrivacyDetail, ros bool) error {
	type row struct {
		Last   *time.Time
		Owed   bool
		Erased *time.Time
	}
	r, err := store.SelectOne[row](ctx, q, lastDuty, pgx.NamedArgs{"id": d.Of.ID, "ros": ros})
	if err != nil {
		return fmt.Errorf("read what is kept of distributor %d: %w", d.Of.ID, err)
	}
	d.LastDuty, d.Owed, d.Erased = r.Last, r.Owed, r.Erased
	if d.Holds, err = store.Select[models.LegalHold](ctx, q, holdsOf, d.Of.ID); err != nil {
		return fmt.Errorf("read holds of distributor %d: %w", d.Of.ID, err)
	}
	return nil
}

const insertRequest = `
INSERT INTO privacy_requests (distributor_id, kind, asked, received_on, due_on, staff_name, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`

// Receive keeps what a payee asks for, with its deadline.
func (s *Service) Receive(ctx context.Context, by models.Actor, distributor int64, n models.NewPrivacyRequest) (id int64, err error) {
	if err := forbid(by, models.PermPrivacyEdit); err != nil {
		return 0, err
	}
	if err := n.Check(s.Today()); err != nil {
		return 0, err
	}
	days, _ := n.Kind.Days()
	due := models.AfterBusinessDays(n.ReceivedOn, days)
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[struct{ ID int64 }](tx, insertRequest, distributor, n.Kind, n.Asked, n.ReceivedOn, due, by.Name, s.Now())
		if err != nil {
			return fmt.Errorf("keep privacy request of distributor %d: %w", distributor, err)
		}
		id = rows[0].ID
		return audit.Record(tx, audit.Entry{By: by, Action: "privacy.receive", SubjectType: "privacy", SubjectID: distributor,
			After: map[string]any{"request": id, "kind": n.Kind, "due": due.Format(time.DateOnly)}})
	})
	return id, err
}

// Reply is what happens to a request: an answer, a refusal, or more time.
type Reply struct {
	Seen int    // version
	To   string // answered, refused, extended
	Text string
}

// Answer replies to a request of a payee. Time can be taken once, before the deadline.
func (s *Service) Answer(ctx context.Context, by models.Actor, id int64, r Reply) (distributor int64, err error) {
	if err := forbid(by, models.PermPrivacyEdit); err != nil {
		return 0, err
	}
	if n := len([]rune(r.Text)); n == 0 || n > 2000 {
		return 0, models.Refuse(models.Invalid, "privacy.refused.text", "Say it, in 2000 characters at most.", nil)
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[models.PrivacyRequest](tx, selectRequests+"p.id = $1 FOR UPDATE OF p", id)
		if err != nil {
			return fmt.Errorf("lock privacy request %d: %w", id, err)
		}
		if len(rows) == 0 {
			return models.Refuse(models.NotFound, "privacy.not_found", "There is no such request.", nil)
		}
		p := rows[0]
		distributor = p.DistributorID
		if p.State != "open" || p.Version != r.Seen {
			return models.Refuse(models.Conflict, "privacy.refused.stale", "This request changed after you opened the page. Load it again.", nil)
		}
		switch r.To {
		case "answered", "refused":
			_, err = store.ExecTx(tx, `UPDATE privacy_requests SET state = $2, answer = $3, answered_by = $4, answered_at = $5, version = version + 1 WHERE id = $1`, id, r.To, r.Text, by.Name, s.Now())
		case "extended":
			if p.Extension != "" || p.DueOn.Before(s.Today()) {
				return models.Refuse(models.Conflict, "privacy.refused.extended", "Time is taken once, before the deadline.", nil)
			}
			_, more := p.Kind.Days()
			_, err = store.ExecTx(tx, `UPDATE privacy_requests SET extension = $2, due_on = $3, version = version + 1 WHERE id = $1`, id, r.Text, models.AfterBusinessDays(p.DueOn, more))
		default:
			return models.Refuse(models.Invalid, "privacy.refused.kind", "Choose one.", nil)
		}
		if err != nil {
			return fmt.Errorf("reply to privacy request %d: %w", id, err)
		}
		return audit.Record(tx, audit.Entry{By: by, Action: "privacy." + r.To, SubjectType: "privacy", SubjectID: distributor, Reason: r.Text, After: map[string]any{"request": id, "kind": p.Kind}})
	})
	return distributor, err
}
