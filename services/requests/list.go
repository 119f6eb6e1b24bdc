package requests

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"pagaduria/models"
	"pagaduria/services/store"
)

const (
	requestColumns = `r.id, r.kind, r.subject_type, r.subject_id, r.subject_name, r.payload, r.changes, r.reason, r.state, r.maker_id, m.name AS maker_name,
    COALESCE(r.decider_id, 0) AS decider_id, COALESCE(d.name, '') AS decider_name, r.decided_at, r.answer, r.version, r.created_at`
	requestTables = ` FROM requests r JOIN staff m ON m.id = r.maker_id LEFT JOIN staff d ON d.id = r.decider_id`
)

// PageSize is how many requests a page of the list holds.
const PageSize = 50

// Request reads one request; may says whether by could decide on it, and why not.
func (s *Service) Request(ctx context.Context, by models.Actor, id int64) (r models.Request, may error, err error) {
	r, err = store.SelectOne[models.Request](ctx, s.DB.Pool, `SELECT `+requestColumns+requestTables+` WHERE r.id = $1`, id)
	if err != nil {
		return r, nil, store.NotFound(fmt.Errorf("read request %d: %w", id, err), "request.not_found", "There is no such request.")
	}
	kind, err := s.kind(r.Kind)
	if err != nil {
		return r, nil, err
	}
	if kind.hidden(by) {
		return models.Request{}, nil, errNoRequest
	}
	return r, r.DecidableBy(by, kind.Decides), nil
}

// hidden answers whether by may not know of requests of the kind.
func (k Kind) hidden(by models.Actor) bool { return k.Sees != "" && !by.May(k.Sees) }

// List returns one page of the requests that by may know of, newest first, by one query. state "" is all.
func (s *Service) List(ctx context.Context, by models.Actor, state models.RequestState, c store.Cursor) (store.Page[models.Request], error) {
	hidden := []string{}
	for _, k := range s.Kinds {
		if k.hidden(by) {
			hidden = append(hidden, string(k.Name))
		}
	}
	rows, err := store.Select[models.Request](ctx, s.DB.Pool, `SELECT `+requestColumns+requestTables+
		` WHERE (@state = '' OR r.state = @state) AND r.kind <> ALL(@hidden) AND `+c.Where("", "r.id")+` ORDER BY `+c.Order("", "r.id")+` LIMIT `+strconv.Itoa(PageSize+1),
		c.Bind(pgx.NamedArgs{"state": string(state), "hidden": hidden}))
	if err != nil {
		return store.Page[models.Request]{}, fmt.Errorf("list requests: %w", err)
	}
	return store.MakePage(rows, PageSize, c, func(r models.Request) store.Cursor { return store.Cursor{ID: r.ID} }), nil
}

// OfSubject lists the requests about a record, newest first.
func OfSubject(ctx context.Context, q store.Querier, subjectType string, id int64) ([]models.Request, error) {
	rows, err := store.Select[models.Request](ctx, q, `SELECT `+requestColumns+requestTables+` WHERE r.subject_type = $1 AND r.subject_id = $2 ORDER BY r.id DESC LIMIT 20`, subjectType, id)
	if err != nil {
		return nil, fmt.Errorf("list requests of %s %d: %w", subjectType, id, err)
	}
	return rows, nil
}

// ForMe lists the open requests that by may decide on, oldest first.
func (s *Service) ForMe(ctx context.Context, by models.Actor) ([]models.Request, error) {
	kinds := []string{}
	for _, k := range s.Kinds {
		if by.May(k.Decides) {
			kinds = append(kinds, string(k.Name))
		}
	}
	rows, err := store.Select[models.Request](ctx, s.DB.Pool, `SELECT `+requestColumns+requestTables+
		` WHERE r.state = 'open' AND r.kind = ANY($1) AND r.maker_id <> $2 ORDER BY r.id LIMIT 50`, kinds, by.StaffID)
	if err != nil {
		return nil, fmt.Errorf("list requests for %d: %w", by.StaffID, err)
	}
	return rows, nil
}
