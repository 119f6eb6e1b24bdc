package review

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/kyc"
	"pagaduria/services/store"
)

// PageSize is how many cases a page of the queue holds.
const PageSize = 50

const (
	underReview = `c.state IN ('submitted','in_review','waiting','second_review')`
	selectQueue = `
SELECT c.id, d.code, trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames), c.person_kind, c.state, c.version, coalesce(c.reviewer_id, 0), coalesce(s.name, ''),
    c.due_at, c.left_minutes, c.queue_at, c.snoozed_until, c.desk, c.tags, c.asked_at, c.submitted_at,
    (SELECT count(*) FROM kyc_items i WHERE i.case_id = c.id AND i.required AND i.state = 'accepted'),
    (SELECT count(*) FROM kyc_items i WHERE i.case_id = c.id AND i.required AND i.item NOT IN ('consent','signature')),
    (SELECT count(*) FROM screening_hits h WHERE h.distributor_id = c.distributor_id AND h.state IN ('open','undecided')), d.on_hold,
    coalesce(k.score, 0), coalesce(k.band, '')
FROM kyc_cases c JOIN distributors d ON d.id = c.distributor_id LEFT JOIN staff s ON s.id = c.reviewer_id LEFT JOIN risk_scores k ON k.distributor_id = c.distributor_id WHERE `
)

// inTab is the condition of a tab. Overdue needs @now, mine needs @me.
func inTab(t kyc.Tab) string {
	switch t {
	case kyc.TabMine:
		return underReview + ` AND c.reviewer_id = @me`
	case kyc.TabNew:
		return underReview + ` AND c.state = 'submitted'`
	case kyc.TabReview:
		return underReview + ` AND c.state = 'in_review'`
	case kyc.TabWaiting:
		return underReview + ` AND c.state = 'waiting'`
	case kyc.TabSecond:
		return underReview + ` AND c.state = 'second_review'`
	case kyc.TabOverdue:
		return underReview + ` AND c.due_at <= @now AND c.queue_at <= @now`
	}
	return underReview
}

// conditions are the WHERE of a filter; every value is bound.
func conditions(f kyc.QueueFilter) (string, pgx.NamedArgs) {
	where, args := []string{inTab(f.Tab)}, pgx.NamedArgs{"me": f.Me, "now": f.Now}
	and := func(condition, name string, value any) {
		where = append(where, condition)
		args[name] = value
	}
	switch f.Reviewer {
	case 0:
	case kyc.Nobody:
		where = append(where, "c.reviewer_id IS NULL")
	default:
		and("c.reviewer_id = @reviewer", "reviewer", f.Reviewer)
	}
	if f.PersonKind != "" {
		and("c.person_kind = @kind", "kind", f.PersonKind)
	}
	if f.Tag != "" {
		and("c.tags @> ARRAY[CAST(@tag AS text)]", "tag", f.Tag)
	}
	if f.Desk != "" {
		and("c.desk = @desk", "desk", string(f.Desk))
	}
	if f.Band != "" {
		and("k.band = @band", "band", string(f.Band))
	}
	for i, w := range strings.Fields(models.Fold(f.Search)) {
		if i == 6 {
			break
		}
		name := fmt.Sprintf("word%d", i)
		and("EXISTS (SELECT 1 FROM distributor_search t WHERE t.distributor_id = d.id AND t.folded LIKE @"+name+")", name, store.Containing(w))
	}
	return strings.Join(where, " AND "), args
}

// beyond and order read the queue from what is due first. Newer of a cursor means nearer to that beginning.
func beyond(c store.Cursor) string {
	switch {
	case c.First():
		return "TRUE"
	case c.Newer:
		return "(c.queue_at, c.id) < (@cursor_at, @cursor_id)"
	}
	return "(c.queue_at, c.id) > (@cursor_at, @cursor_id)"
}

func order(c store.Cursor) string {
	if c.Newer {
		return "c.queue_at DESC, c.id DESC"
	}
	return "c.queue_at, c.id"
}

// Queue is one page of the cases under review, what is due first at the top, in one query. Risk is for those who may know
// of it.
func (s *Service) Queue(ctx context.Context, by models.Actor, f kyc.QueueFilter, c store.Cursor) (store.Page[kyc.QueueRow], error) {
	if err := forbid(by, models.PermKYCQueue); err != nil {
		return store.Page[kyc.QueueRow]{}, err
	}
	f.Me, f.Now = by.StaffID, s.Now()
	knows := by.May(models.PermRiskView)
	if !knows {
		f.Band = ""
	}
	where, args := conditions(f)
	args["size"] = PageSize + 1
	rows, err := store.Select[kyc.QueueRow](ctx, s.DB.Pool, selectQueue+where+" AND "+beyond(c)+" ORDER BY "+order(c)+" LIMIT @size", c.Bind(args))
	if err != nil {
		return store.Page[kyc.QueueRow]{}, fmt.Errorf("list cases under review: %w", err)
	}
	for i := range rows {
		if !knows {
			rows[i].Score, rows[i].Band = 0, ""
		}
	}
	return store.MakePage(rows, PageSize, c, func(r kyc.QueueRow) store.Cursor { return store.Cursor{At: r.QueueAt, ID: r.ID} }), nil
}

const countQueue = `
SELECT count(*), count(*) FILTER (WHERE c.reviewer_id = $1), count(*) FILTER (WHERE c.state = 'submitted'), count(*) FILTER (WHERE c.state = 'in_review'),
    count(*) FILTER (WHERE c.state = 'waiting'), count(*) FILTER (WHERE c.state = 'second_review'), count(*) FILTER (WHERE c.due_at <= $2)
FROM kyc_cases c WHERE ` + underReview

// Counts is how many cases each tab has.
func (s *Service) Counts(ctx context.Context, by models.Actor) (kyc.QueueCounts, error) {
	type row struct{ All, Mine, New, Review, Waiting, Second, Overdue int64 }
	r, err := store.SelectOne[row](ctx, s.DB.Pool, countQueue, by.StaffID, s.Now())
	if err != nil {
		return nil, fmt.Errorf("count cases under review: %w", err)
	}
	return kyc.QueueCounts{kyc.TabAll: r.All, kyc.TabMine: r.Mine, kyc.TabNew: r.New, kyc.TabReview: r.Review, kyc.TabWaiting: r.Waiting, kyc.TabSecond: r.Second,
		kyc.TabOverdue: r.Overdue}, nil
}

// Tags are those in use, by name.
func (s *Service) Tags(ctx context.Context) ([]string, error) {
	rows, err := store.Select[struct{ Tag string }](ctx, s.DB.Pool, `SELECT DISTINCT unnest(c.tags) AS tag FROM kyc_cases c WHERE `+underReview+` AND c.tags <> '{}' ORDER BY tag LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	tags := make([]string, len(rows))
	for i, r := range rows {
		tags[i] = r.Tag
	}
	return tags, nil
}

// takeOldest skips what somebody else is taking in this moment, so that two officers never get the same case.
const takeOldest = `
SELECT ` + heldColumns + heldTables + `c.state IN ('submitted','in_review','waiting','second_review') AND c.state = 'submitted' AND c.reviewer_id IS NULL AND c.desk = ''
    AND coalesce(c.snoozed_until, '-infinity') <= $1
ORDER BY c.queue_at, c.id LIMIT 1 FOR UPDATE OF c SKIP LOCKED`

// TakeNext gives the case that is due first among those that nobody has to whoever asks, and answers it.
func (s *Service) TakeNext(ctx context.Context, by models.Actor) (id int64, err error) {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return 0, err
	}
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := store.SelectTx[held](tx, takeOldest, s.Now())
		if err != nil {
			return fmt.Errorf("take next case: %w", err)
		}
		if len(rows) == 0 {
			return models.Refuse(models.Conflict, "case.refused.none", "No case waits for somebody to take it.", nil)
		}
		id = rows[0].ID
		return s.take(tx, by, rows[0])
	})
	return id, err
}

// Take gives a case to whoever asks; one that somebody else has is handed over instead.
func (s *Service) Take(ctx context.Context, by models.Actor, id int64) error {
	if err := forbid(by, models.PermKYCReview); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		c, err := hold(tx, id)
		if err != nil {
			return err
		}
		if c.ReviewerID != 0 && c.ReviewerID != by.StaffID {
			return models.Refuse(models.Conflict, "case.refused.taken", "Somebody else has this case already. Hand it over if you are to have it.", nil)
		}
		return s.take(tx, by, c)
	})
}

// take begins the review of a case that is held, and does nothing for whoever has it already.
func (s *Service) take(tx *gorm.DB, by models.Actor, c held) error {
	if c.ReviewerID == by.StaffID && c.State != kyc.Submitted {
		return nil
	}
	now := s.Now()
	c.assign(by.StaffID, now)
	if c.State == kyc.Submitted {
		if err := c.move(kyc.Take, now); err != nil {
			return err
		}
	}
	if err := save(tx, c); err != nil {
		return err
	}
	return record(tx, by, "kyc.take", c.ID, "", nil)
}

// presence is how long somebody is said to have a case open after they were last seen there.
const presence = 2 * time.Minute

const (
	seeHere  = `INSERT INTO kyc_presence (case_id, staff_id, at) VALUES ($1, $2, $3) ON CONFLICT (case_id, staff_id) DO UPDATE SET at = EXCLUDED.at`
	othersAt = `SELECT s.name FROM kyc_presence p JOIN staff s ON s.id = p.staff_id WHERE p.case_id = $1 AND p.staff_id <> $2 AND p.at > $3 ORDER BY s.name`
)

// Here notes that somebody has a case open, and answers who else has.
func (s *Service) Here(ctx context.Context, by models.Actor, id int64) (others []string, err error) {
	if err := forbid(by, models.PermKYCQueue); err != nil {
		return nil, err
	}
	now := s.Now()
	if _, err := s.DB.Pool.Exec(ctx, seeHere, id, by.StaffID, now); err != nil {
		if store.Constraint(err) == "kyc_presence_case_id_fkey" {
			return nil, errNoCase
		}
		return nil, fmt.Errorf("note who has case %d open: %w", id, err)
	}
	rows, err := store.Select[struct{ Name string }](ctx, s.DB.Pool, othersAt, id, by.StaffID, now.Add(-presence))
	if err != nil {
		return nil, fmt.Errorf("read who has case %d open: %w", id, err)
	}
	for _, r := range rows {
		others = append(others, r.Name)
	}
	return others, nil
}
