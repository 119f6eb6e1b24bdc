package alerts

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

// Filter narrows a person's notices. The zero value is all of them.
type Filter struct {
	Unread bool
	Topic  models.Topic
}

// Empty answers whether nothing narrows the list.
func (f Filter) Empty() bool { return f == Filter{} }

func (f Filter) where(staff int64) (string, pgx.NamedArgs) {
	sql, args := "n.staff_id = @staff", pgx.NamedArgs{"staff": staff}
	if f.Unread {
		sql += " AND n.read_at IS NULL"
	}
	if f.Topic != "" {
		sql += " AND n.topic = @topic"
		args["topic"] = f.Topic
	}
	return sql, args
}

// PageSize is how many notices a page shows.
const PageSize = 50

const (
	noticeColumns = `n.id, e.kind, n.topic, e.subject_type, e.subject_id, e.facts, n.created_at, n.read_at`
	noticeTables  = ` FROM notices n JOIN events e ON e.id = n.event_id`
)

// List returns one page of a person's own notices, newest first, by one query.
func (s *Service) List(ctx context.Context, by models.Actor, f Filter, c store.Cursor) (store.Page[models.Notice], error) {
	where, args := f.where(by.StaffID)
	rows, err := store.Select[models.Notice](ctx, s.DB.Pool, `SELECT `+noticeColumns+noticeTables+` WHERE `+where+` AND `+c.Where("", "n.id")+
		` ORDER BY `+c.Order("", "n.id")+` LIMIT `+strconv.Itoa(PageSize+1), c.Bind(args))
	if err != nil {
		return store.Page[models.Notice]{}, fmt.Errorf("list notices of %d: %w", by.StaffID, err)
	}
	return store.MakePage(rows, PageSize, c, func(n models.Notice) store.Cursor { return store.Cursor{ID: n.ID} }), nil
}

// UnreadMost is what Unread counts up to.
const UnreadMost = 1000

// Unread counts a person's unread notices, of one topic unless that is "", up to UnreadMost.
func (s *Service) Unread(ctx context.Context, by models.Actor, topic models.Topic) (int, error) {
	where, args := Filter{Unread: true, Topic: topic}.where(by.StaffID)
	var n int
	err := s.DB.Pool.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 FROM notices n WHERE `+where+` LIMIT `+strconv.Itoa(UnreadMost)+`) x`, args).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count unread notices of %d: %w", by.StaffID, err)
	}
	return n, nil
}

// Badge is Unread for the frame of every page: it may be a second old.
func (s *Service) Badge(ctx context.Context, by models.Actor) (int, error) {
	if n, ok := s.unread.get(by.StaffID); ok {
		return n, nil
	}
	n, err := s.Unread(ctx, by, "")
	if err == nil {
		s.unread.keep(by.StaffID, n)
	}
	return n, err
}

const openNotice = `
WITH n AS (UPDATE notices SET read_at = COALESCE(read_at, $3) WHERE id = $1 AND staff_id = $2 RETURNING *)
SELECT ` + noticeColumns + ` FROM n JOIN events e ON e.id = n.event_id`

// Open marks one of a person's own notices as read and answers it. Somebody else's does not exist.
func (s *Service) Open(ctx context.Context, by models.Actor, id int64) (models.Notice, error) {
	n, err := store.SelectOne[models.Notice](ctx, s.DB.Pool, openNotice, id, by.StaffID, s.Now())
	if err != nil {
		return n, store.NotFound(fmt.Errorf("open notice %d: %w", id, err), "notices.not_found", "There is no such notice.")
	}
	s.unread.forget(by.StaffID)
	return n, nil
}

// ReadAll marks a person's notices as read, of one topic unless that is "", but none newer than the one they saw last.
func (s *Service) ReadAll(ctx context.Context, by models.Actor, topic models.Topic, newest int64) (int64, error) {
	where, args := Filter{Unread: true, Topic: topic}.where(by.StaffID)
	args["now"], args["newest"] = s.Now(), newest
	tag, err := s.DB.Pool.Exec(ctx, `UPDATE notices n SET read_at = @now WHERE `+where+` AND n.id <= @newest`, args)
	if err != nil {
		return 0, fmt.Errorf("mark notices of %d read: %w", by.StaffID, err)
	}
	s.unread.forget(by.StaffID)
	return tag.RowsAffected(), nil
}
